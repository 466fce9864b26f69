"""Angles between what each report changes in the input weights and minus the true gradient, over training."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import MultipleLocator

from sbp_brian.experiments.results import Number
from sbp_brian.figures.base import label_panels, new
from sbp_brian.figures.results import Found, ResultFigure
from sbp_brian.figures.style import COLUMNS, SOFT, label, look, rank

__all__ = ["FIGURE", "courses"]

#: Name of a metric -> epochs after which it was measured; 0: before learning.
_BY_EPOCH = re.compile(r"angle_inputs_degrees_epoch_(\d+)")
WORLDS = {"mixed": "mixed signs", "dale": "Dale's law"}


def courses(found: Found) -> dict[str, dict[str, dict[int, Number]]]:
    """World -> way of learning -> epoch -> angle (degrees)."""
    ways: dict[str, dict[str, dict[int, Number]]] = {}
    for measured in found.values():
        for cell in measured.recipe.cells:
            angles = _angles(measured.result.cells.get(cell.name, {}))
            if angles:
                world = "dale" if cell.parameters.get("dale") == "yes" else "mixed"
                ways.setdefault(world, {})[cell.parameters["learning"]] = angles
    return {world: ways[world] for world in WORLDS if world in ways}


def _angles(numbers: Mapping[str, Number]) -> dict[int, Number]:
    matched = ((_BY_EPOCH.fullmatch(name), number) for name, number in numbers.items())
    return {int(match[1]): number for match, number in matched if match}


def draw(found: Found):
    """A panel for each world, a line for each report."""
    shown = courses(found)
    drawing, axes = new(
        COLUMNS if len(shown) > 1 else COLUMNS / 2 + 30, 68, ncols=len(shown), sharey=True, squeeze=False
    )
    handles = {}
    for ax, (world, ways) in zip(axes[0], shown.items(), strict=True):
        for learning in sorted(ways, key=rank):
            epochs = sorted(ways[learning])
            mean, sd = (
                np.array([getattr(ways[learning][epoch], of) or 0.0 for epoch in epochs]) for of in ("mean", "sd")
            )
            handles[label(learning)] = ax.errorbar(epochs, mean, sd, elinewidth=0.7, **look(learning))
        ax.axhline(90, color=SOFT, linestyle=":", linewidth=0.8)
        ax.set(xlabel="epochs", title=WORLDS[world])
        ax.set_xticks(epochs)
        ax.yaxis.set_major_locator(MultipleLocator(30))
    axes[0][0].set_ylim(0, None)  # of both panels, now that both are drawn
    axes[0][0].set_ylabel("angle to minus the gradient (degrees)")
    drawing.legend(handles.values(), handles.keys(), loc="outside right upper")
    label_panels(*axes[0], n=[{a.n for angles in ways.values() for a in angles.values()} for ways in shown.values()])
    return drawing


def caption(found: Found) -> str:
    """What is seen, and of how many seeds."""
    numbers = [n for ways in courses(found).values() for angles in ways.values() for n in angles.values()]
    counts = sorted({number.n for number in numbers})
    over = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return (
        "Angle between what the network changes in its input weights over validation images, by what each output "
        "synapse reports, and minus the gradient of its rate model at the same weights; before learning and after "
        f"each epoch, mean and SD of {over} seed{'s' if counts[-1] > 1 else ''}. Dotted, 90 degrees: below it "
        "small steps lower the error. From the committed results of the recipe {', '.join(found)}."
    )


FIGURE = ResultFigure(
    name="report-angles",
    title="How far a report points from the gradient",
    caption=caption,
    needs=(),
    draw=draw,
    recipes=("reports-angle",),
)
