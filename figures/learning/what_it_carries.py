"""What a retrograde signal must carry: scores by what a synapse reports, among mixed signs and under Dale's law."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sbp_brian.experiments.results import Number
from sbp_brian.figures.base import label_panels, new
from sbp_brian.figures.learning.score_axis import score_axis
from sbp_brian.figures.results import Found, ResultFigure, single
from sbp_brian.figures.style import BLUE, COLUMN, COLUMNS, SHADE, VERMILION

__all__ = ["FIGURE", "REPORTS", "TASKS"]

#: Way of learning -> what an output synapse reports, in words and in signs; in the order of the figure.
REPORTS = {
    "bit": ("one bit", "sgn(w) sgn(dw)"),
    "strength/activity": ("change of strength", "sgn(w) dw"),
    "weighted/activity": ("in proportion to strength", "w dw"),
    "relative/activity": ("relative to strength, floor", "dw / w"),
    "proportion/activity": ("in proportion, without sign of w", "|w| dw"),
    "change/activity": ("change of the value", "dw"),
    "value-bit": ("bit of the value", "sgn(dw)"),
    "frozen": ("nothing: hidden layer frozen", ""),
    "shuffled-labels": ("as proportion, labels shuffled", ""),
}


class Task(NamedTuple):
    """A panel: what it is called, and its recipes by world."""

    name: str
    mixed: str
    dale: str


TASKS = (
    Task("MNIST", "reports-mnist-mixed", "reports-mnist-dale"),
    Task("Fashion-MNIST", "reports-fashion-mnist-mixed", "reports-fashion-mnist-dale"),
    Task("NETtalk", "reports-nettalk-mixed", "reports-nettalk-dale"),
)
#: World -> colour, marker, fill, place beside the row's middle.
WORLDS = {"mixed": (BLUE, "o", "full", -0.17), "dale": (VERMILION, "s", "none", 0.17)}
WORDS = {"mixed": "mixed signs", "dale": "Dale's law"}


def _cells(found: Found, task: Task) -> dict[str, Mapping[str, Number]]:
    """World -> way of learning -> its score, of what has been measured."""
    of = {"mixed": task.mixed, "dale": task.dale}
    cells = {world: found[name].rows() for world, name in of.items() if name in found}
    return {
        world: {p["learning"]: number for p, number in rows if p.get("learning") in REPORTS}
        for world, rows in cells.items()
        if rows
    }


def draw(found: Found):
    """A panel for each task of which there is a result; a row for each report."""
    shown = [(task, _cells(found, task)) for task in TASKS]
    shown = [(task, cells) for task, cells in shown if cells]
    drawing, axes = new(COLUMNS if len(shown) > 1 else 1.4 * COLUMN, 92, ncols=len(shown), sharey=True, squeeze=False)
    for ax, (task, cells) in zip(axes[0], shown, strict=True):
        for world, numbers in cells.items():
            _points(ax, numbers, world)
        cosine = task.name == "NETtalk"
        seen = [n.mean for numbers in cells.values() for n in numbers.values()]
        score_axis(ax, "x", seen, "test score (cosine)" if cosine else "test accuracy (%)", not cosine)
        ax.set_title(task.name)
        for row in range(1, len(REPORTS)):
            ax.axhline(row - 0.5, color=SHADE, linewidth=0.4, zorder=0)
        ax.tick_params(axis="y", length=0)
    axes[0][0].set_yticks(range(len(REPORTS)), [_row(name) for name in REPORTS])
    axes[0][0].set_ylim(len(REPORTS) - 0.5, -0.5)
    handles: dict = {}
    for ax in axes[0]:
        handles |= dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    labels = [words for words in WORDS.values() if words in handles]
    drawing.legend([handles[words] for words in labels], labels, loc="outside upper right", ncols=len(labels))
    label_panels(*axes[0], n=[{each.n for of in cells.values() for each in of.values()} for _, cells in shown])
    return drawing


def _row(name: str) -> str:
    words, signs = REPORTS[name]
    return f"{words}\n{signs}" if signs else words


def _points(ax, numbers: Mapping[str, Number], world: str) -> None:
    """Mean and SD of each report, and its single seeds."""
    colour, marker, fill, beside = WORLDS[world]
    rows = [(place, numbers[name]) for place, name in enumerate(REPORTS) if name in numbers]
    for place, number in rows:
        seeds = 1 - single(number)
        ax.plot(seeds, np.full(len(seeds), place + beside), "|", color=colour, markersize=5, alpha=0.6, zorder=1)
    ax.errorbar(
        [1 - number.mean for _, number in rows],
        [place + beside for place, _ in rows],
        xerr=[number.sd or 0.0 for _, number in rows],
        color=colour,
        marker=marker,
        fillstyle=fill,
        linestyle="none",
        elinewidth=0.8,
        label=WORDS[world],
        zorder=2,
    )


def caption(found: Found) -> str:
    """What is seen, and of how many seeds."""
    runs = [n for task in TASKS for numbers in _cells(found, task).values() for n in numbers.values()]
    counts = sorted({n.n for n in runs})
    over = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    used = [name for task in TASKS for name in (task.mixed, task.dale) if name in found]
    return (
        "Score on the test set by what each output synapse reports to its presynaptic cell, of which alone the hidden "
        "layer learns; rates of each report chosen on validation samples by one and the same search. Filled, cells of "
        "mixed signs; open, half of the cells inhibitory and no weight ever changes its sign (Dale's law). Large "
        f"marks and bars, mean and SD over {over} seeds; ticks, single seeds. The axis is logarithmic in the error. "
        "All but one bit and the bit of the value are divided by the cell's activity. From the committed results of "
        f"the recipes {', '.join(used)}."
    )


FIGURE = ResultFigure(
    name="what-it-carries",
    title="What a retrograde signal must carry",
    caption=caption,
    needs=(),
    draw=draw,
    recipes=tuple(name for task in TASKS for name in (task.mixed, task.dale)),
)
