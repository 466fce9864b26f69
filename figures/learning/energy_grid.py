"""The energy-based network over its free and nudged steps, with SBP and without: every cell as it was measured."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.learning.sweep_grids import along, axis, has_axes, rank, seeds_of
from sbp_brian.figures.style import BLACK, COLUMNS, GREY, WHITE
from sbp_brian.report.text import minus
from sbp_brian.report.together import value

__all__ = ["FIGURE", "grid", "sweep"]

COMMAND = "sbp sweep mnist -s model=sbp_energy -s learning=sbp,without-sbp -s free_steps=1:21:5 -s nudged_steps=1:21:5"
AXES = ("learning", "nudged_steps", "free_steps")
COMPARED = ("sbp", "without-sbp")


def sweep(records):
    """Of the sweeps over learning and both numbers of steps the one with most runs, then the newest; or None."""
    found = [
        record
        for record in records
        if has_axes(record, AXES) and set(COMPARED) <= set(axis(record, "learning").tolist()) and rank(record)[0]
    ]
    return max(found, key=rank, default=None)


def lacks(records) -> str:
    """What is lacking, in words; empty where the figure can be drawn."""
    return "" if sweep(records) else f"a sweep over the steps of the energy-based network ({COMMAND})"


def measure(record) -> str:
    """The array that is drawn: validation scores."""
    return next(n for n in ("validation_accuracy", "validation_cosine") if n in record.array_info)


def grid(record) -> np.ndarray:
    """Scores in per cent, shape (2: with SBP, without; nudged steps, free steps, seeds); other axes are averaged."""
    names = axis(record, "learning").tolist()
    return 100 * along(record, measure(record), AXES)[[names.index(name) for name in COMPARED]]


def draw(records):
    """A map with SBP and one without, and their difference."""
    record = sweep(records)
    scores = grid(record).mean(-1)
    drawing, axes = new(COLUMNS, 58, ncols=3)
    low, high = np.nanmin(scores), np.nanmax(scores)
    for ax, score, name in zip(axes, scores, ("with SBP", "without SBP"), strict=False):
        _map(ax, record, score, name, vmin=low, vmax=high)
    image = axes[1].images[0]
    drawing.colorbar(image, ax=axes[1], label=f"{measure(record).replace('_', ' ')} (%)")
    gain = scores[0] - scores[1]
    most = np.nanmax(np.abs(gain)) or 1
    _map(axes[2], record, gain, "difference", vmin=-most, vmax=most, cmap="RdBu_r")
    drawing.colorbar(axes[2].images[0], ax=axes[2], label="with less without (points)")
    label_panels(*axes, n=[seeds_of(grid(record))] * 3)
    return drawing


def _map(ax, record, score, title, **colours) -> None:
    """One cell a pair of numbers of steps, with its score; a cell without a run is crossed out."""
    ax.imshow(score, origin="lower", aspect="auto", interpolation="nearest", **colours)
    free, nudged = axis(record, "free_steps"), axis(record, "nudged_steps")
    ax.set(xlabel="free steps, $N_s$", ylabel="nudged steps, $N_w$", title=title)
    ax.set_xticks(range(len(free)), [f"{n:g}" for n in free])
    ax.set_yticks(range(len(nudged)), [f"{n:g}" for n in nudged])
    image = ax.images[0]
    for (y, x), found in np.ndenumerate(score):
        if not np.isfinite(found):
            ax.text(x, y, "\u00d7", ha="center", va="center", color=GREY)
            continue
        red, green, blue, _ = image.cmap(image.norm(found))
        dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.5
        ax.text(x, y, minus(f"{found:.1f}"), ha="center", va="center", fontsize=6, color=WHITE if dark else BLACK)


def caption(records) -> str:
    """What is seen."""
    record = sweep(records)
    scores = grid(record)
    gain = (scores[0] - scores[1]).mean(-1)
    seeds = scores.shape[-1]
    return (
        f"The energy-based network on {value(record, 'swept protocol')}: score on validation samples over the steps of "
        f"the free phase and of the nudged phase, after {value(record, 'epochs')} epochs of "
        f"{np.nanmax(record.array('train_samples')):,.0f} samples, {seeds} seed{'s' if seeds > 1 else ''} a cell. a, "
        f"with SBP as released; b, without; c, their difference, {np.nanmin(gain):+.1f} to {np.nanmax(gain):+.1f} "
        "points. Settings with and without SBP are those of ten steps a phase and were not chosen anew for a cell."
    )


FIGURE = Figure(
    name="energy-grid",
    title="The energy-based network over its steps",
    caption=caption,
    needs=("sweep",),
    draw=draw,
    lacks=lacks,
)
