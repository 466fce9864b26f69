"""SBP in artificial networks: what it gains over a control that does not learn, replacement of the gradient, depth."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.style import BLACK, COLUMNS, LOOKS, colour, look, marker, rank
from sbp_brian.report.differences import compare
from sbp_brian.report.learning import NETWORKS, SHUFFLED, TASKS, artificial, scores, validated
from sbp_brian.report.together import value

__all__ = ["FIGURE", "curves", "gains"]

MODELS = ("sbp_perceptron", "sbp_spiking_perceptron", "sbp_energy")
SHOWN = ("mnist", "nettalk")


def gains(records):
    """(task, model) -> [(way of learning, mean, low, high)] against its control, from the fullest group of runs.

    Points in per cent; runs are paired by seed, low and high are NaN where there are fewer than two pairs.
    """
    best = {}
    for (task, model, rest), runs in artificial(records, MODELS).items():
        found = {name: same for (name,), same in runs.items()}
        control = validated(found, NETWORKS[model].controls)
        size = (sum(len(same) for same in found.values()), rest)
        whole = value(next(iter(found.values()))[0], "learning_share", 1) == 1
        if control and len(found) > 1 and whole and size > best.get((task, model), ((0,), None))[0]:
            compared = {
                name: compare(same, control)
                for name, same in found.items()
                if name in LOOKS and name not in (SHUFFLED, *NETWORKS[model].controls)
            }
            rows = [(name, 100 * d.mean, 100 * d.low, 100 * d.high) for name, d in compared.items() if d is not None]
            best[task, model] = size, sorted(rows, key=lambda row: rank(row[0]))
    order = [(task, model) for model in MODELS for task in SHOWN]
    return {key: best[key][1] for key in order if key in best}


def curves(records, name):
    """The group of runs with most values of parameter `name`: (task, model, {way of learning: {value: scores}})."""
    best = None
    for (task, model, _), runs in artificial(records, MODELS, name).items():
        lines: dict = {}
        for (which, at), same in runs.items():
            lines.setdefault(which, {})[at] = 100 * scores(same)
        lines = {which: line for which, line in lines.items() if len(line) > 2}
        size = sum(len(line) for line in lines.values())
        if lines and (best is None or size > best[0]):
            best = size, task, model, lines
    return None if best is None else best[1:]


def draw(records):
    """Three panels."""
    drawing, axes = new(COLUMNS, 120, nrows=2, ncols=2, width_ratios=(1.25, 1))
    grid = axes[0, 0].get_gridspec()
    for ax in axes[:, 0]:
        ax.remove()
    gained = drawing.add_subplot(grid[:, 0])
    _gained(gained, gains(records))
    for ax, name, label, scale in (
        (axes[0, 1], "learning_share", "share of batches that learn so (%)", 100),
        (axes[1, 1], "depth", "hidden layers", 1),
    ):
        _curves(ax, curves(records, name), label, scale)
    label_panels(gained, *axes[:, 1])
    return drawing


def _gained(ax, found) -> None:
    at, ticks, names = 0.0, [], []
    for (task, model), rows in found.items():
        ax.text(
            0.01,
            at,
            f"{TASKS[task]}, {NETWORKS[model].name}",
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=7,
            fontweight="bold",
            bbox={"color": "white", "pad": 1},
        )
        for name, mean, low, high in rows:
            at += 1
            if np.isfinite(low):
                ax.plot([low, high], [at, at], color=colour(name), linewidth=1.4, linestyle="-")
            ax.plot(mean, at, marker(name), color=colour(name), markersize=4)
            ticks.append(at)
            names.append(name)
        at += 1.6
    ax.axvline(0, color=BLACK, linewidth=0.6)
    ax.set(
        xlabel="gain over a hidden layer that never learns (points)",
        yticks=ticks,
        yticklabels=names,
        ylim=(at - 0.6, -1),
    )
    ax.tick_params(axis="y", length=0)
    if not found:
        ax.text(0.5, 0.5, "no records of an artificial network\nand its control", ha="center", transform=ax.transAxes)


def _curves(ax, found, label, scale) -> None:
    if found is None:
        ax.text(0.5, 0.5, "no records with\nthree values or more", ha="center", transform=ax.transAxes)
        ax.set(xlabel=label, xticks=[], yticks=[])
        return
    task, model, lines = found
    for name in sorted((name for name in lines if name in LOOKS and name != SHUFFLED), key=rank):
        x = np.array(sorted(lines[name]), float)
        each = [lines[name][at] for at in sorted(lines[name])]
        middle = np.array([np.mean(v) for v in each])
        reach = np.array([[np.mean(v) - min(v), max(v) - np.mean(v)] for v in each]).T
        ax.errorbar(scale * x, middle, reach, markersize=3.5, capsize=1.5, label=name, **look(name))
    unit = "accuracy (%)" if task == "mnist" else "cosine (x 100)"
    ax.set(xlabel=label, ylabel=f"{TASKS[task]}, test {unit}")
    if scale == 1:
        ax.set_xticks(sorted({at for line in lines.values() for at in line}))
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.4 * (high - low), high)  # room for the legend below the curves
    ax.legend(title=NETWORKS[model].name, fontsize=6.5, loc="lower left", ncols=2)


def caption(records) -> str:
    """What is seen."""
    found = {name: curves(records, name) for name in ("learning_share", "depth")}
    told = {name: f" ({NETWORKS[f[1]].name}, {TASKS[f[0]]})" if f else "" for name, f in found.items()}
    return (
        "Self-backpropagation in artificial networks. a, test score less that of the same network whose hidden layer "
        "never learns, paired by seed: mean and, where there are two seeds or more, the 95 % interval of Student's t. "
        "b, the share of batches that learn in the way named, the others by the exact gradient"
        f"{told['learning_share']}. c, depth{told['depth']}; mean and range over seeds."
    )


FIGURE = Figure(
    name="artificial",
    title="Self-backpropagation in artificial networks",
    caption=caption,
    needs=(),
    draw=draw,
    uses=SHOWN,
)
