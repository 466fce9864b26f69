"""Score over lambda_p and lambda_f as it was measured: no smoothing, nothing added, the axes as they are named."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import Rectangle

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.learning.sweep_grids import along, axis, has_axes, rank, seeds_of
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, GREY, VERMILION, WHITE
from sbp_brian.report.together import value

__all__ = ["FIGURE", "maps"]

COMMAND = "sbp sweep mnist -s lambda_p=0.1:1:0.1 -s lambda_f=0.1:1:0.1"


def maps(records) -> list:
    """Sweeps over lambda_p and lambda_f: of each task and model the one with most runs, then the newest."""
    chosen = {}
    for record in records:
        if has_axes(record, ("lambda_p", "lambda_f")):
            key = value(record, "swept protocol"), value(record, "model")
            if key not in chosen or rank(record) > rank(chosen[key]):
                chosen[key] = record
    return [chosen[key] for key in sorted(chosen, key=str)]


def lacks(records) -> str:
    """What is lacking, in words; empty where the figure can be drawn."""
    return "" if maps(records) else f"a sweep over lambda_p and lambda_f ({COMMAND})"


def grid(record, name: str) -> np.ndarray:
    """One array of a sweep as (lambda_p, lambda_f, seed), other axes averaged."""
    return along(record, name, ("lambda_p", "lambda_f"))


def measure(record) -> str:
    """The array that is drawn: validation scores, which settings may be compared on."""
    return next(
        n
        for n in ("validation_accuracy", "validation_cosine", "test_accuracy", "test_cosine")
        if n in record.array_info
    )


def draw(records):
    """A row a sweep: the map, the score against each of the two, and the weights that plasticity visited."""
    found = maps(records)
    drawing, axes = new(COLUMNS, 62 * len(found), nrows=len(found), ncols=3, squeeze=False, width_ratios=(1.35, 1, 1))
    numbers = {}
    for row, record in zip(axes, found, strict=True):
        numbers |= dict.fromkeys(row, seeds_of(grid(record, measure(record))))
        draw_map(row[0], record)
        draw_lines(row[1], record, 0)
        draw_lines(row[2], record, 1)
    label_panels(*axes.ravel(), n=numbers)
    return drawing


def draw_map(ax, record) -> None:
    """One cell a pair of values, with its number; a cell without a run is crossed out."""
    p, f = axis(record, "lambda_p"), axis(record, "lambda_f")
    mean = 100 * grid(record, measure(record)).mean(-1)
    image = ax.imshow(mean, origin="lower", aspect="auto", interpolation="nearest")
    ax.set(xlabel=r"$\lambda_f$, share of the signal", ylabel=r"$\lambda_p$, share of the synapses")
    ax.set_xticks(range(len(f)), [f"{v:g}" for v in f])
    ax.set_yticks(range(len(p)), [f"{v:g}" for v in p])
    low, high = np.nanmin(mean), np.nanmax(mean)
    for (y, x), score in np.ndenumerate(mean):
        if not np.isfinite(score):
            ax.text(x, y, "\u00d7", ha="center", va="center", color=GREY)
        elif max(mean.shape) <= 8:
            dark = score < (low + high) / 2
            ax.text(x, y, f"{score:.1f}", ha="center", va="center", fontsize=7, color=WHITE if dark else BLACK)
    y, x = np.unravel_index(np.nanargmax(mean), mean.shape)
    ax.add_patch(Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, fill=False, edgecolor=VERMILION, linewidth=1.5))
    ax.figure.colorbar(image, ax=ax, label=f"{measure(record).replace('_', ' ')} (%)")


def draw_lines(ax, record, varied: int) -> None:
    """Score against one of the two at the least, a middle and the largest value of the other; range over seeds."""
    name, other = (("lambda_p", "lambda_f"), ("lambda_f", "lambda_p"))[varied]
    x, levels = axis(record, name), axis(record, other)
    values = 100 * np.moveaxis(grid(record, measure(record)), varied, 0)
    looks = ((BLUE, ":", "v"), (GREY, "--", "s"), (VERMILION, "-", "o"))
    chosen = sorted({0, len(levels) // 2, len(levels) - 1})
    for k, (colour, line, marker) in zip(chosen, looks[-len(chosen) :], strict=True):
        letter = other[-1]
        ax.plot(
            x,
            values[:, k].mean(-1),
            color=colour,
            linestyle=line,
            marker=marker,
            markersize=3,
            label=rf"$\lambda_{letter}$ = {levels[k]:g}",
        )
        if values.shape[-1] > 1:
            ax.fill_between(x, values[:, k].min(-1), values[:, k].max(-1), color=colour, alpha=0.2, linewidth=0)
    ax.set(xlabel=rf"$\lambda_{name[-1]}$", ylabel=f"{measure(record).replace('_', ' ')} (%)", xlim=(0, 1.05))
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.4 * (high - low), high)
    ax.legend(loc="lower right")


def caption(records) -> str:
    """What is seen."""
    parts = []
    for record in maps(records):
        values = 100 * grid(record, measure(record))
        mean = values.mean(-1)
        best = np.unravel_index(np.nanargmax(mean), mean.shape)
        p, f = axis(record, "lambda_p")[best[0]], axis(record, "lambda_f")[best[1]]
        done, n = int(np.isfinite(values).sum()), len(record.array("seeds"))
        samples = record.array("train_samples")
        parts.append(
            f"{value(record, 'swept protocol')}, {value(record, 'model', 'its model')}: {done} of {values.size} runs, "
            f"{n} seed{'s' if n > 1 else ''} a cell, {value(record, 'epochs', '?')} epochs of "
            f"{np.nanmax(samples):,.0f} samples; scores from {np.nanmin(mean):.2f} to {np.nanmax(mean):.2f} %, the "
            f"highest (framed) at lambda_p {p:g} and lambda_f {f:g}"
        )
    return (
        "Score on validation samples over the share of a hidden cell's input synapses that take part (lambda_p) "
        "and the share of the signal that they express (lambda_f): the map, then the score against each of the "
        "two. Every cell is what was measured; nothing is smoothed or added. "
        + "; ".join(parts)
        + ". lambda_f multiplies the learning rate of the hidden layer and nothing else."
    )


FIGURE = Figure(
    name="lambda-maps",
    title="Score over lambda_p and lambda_f",
    caption=caption,
    needs=("sweep",),
    draw=draw,
    lacks=lacks,
)
