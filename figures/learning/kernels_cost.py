"""What shared kernels cost beside a synapse for each pair of cells, and how much each layer of them names right."""

from __future__ import annotations

from sbp_brian.figures.base import label_panels, new
from sbp_brian.figures.results import Found, ResultFigure
from sbp_brian.figures.style import BLUE, COLUMNS, GREEN, ORANGE, SKY, VERMILION

__all__ = ["COST", "FIGURE", "LAYERS"]

COST = "speed-kernels"
#: Recipe -> cell -> what it is called, colour and line.
LAYERS = {
    "decolle-shared-kernels": {"": ("MNIST", SKY, "-")},
    "decolle-paper-kernels": {"": ("MNIST, 1/8", BLUE, "-")},
    "nmnist-shared-kernels": {
        "in order": ("N-MNIST", VERMILION, "-"),
        "time shuffled": ("N-MNIST, shuffled", VERMILION, "--"),
    },
    "nmnist-paper-kernels": {
        "local": ("N-MNIST, 1/4", GREEN, "-"),
        "time shuffled": ("N-MNIST, 1/4, shuffled", GREEN, "--"),
    },
}
FORMS = {"unrolled": (ORANGE, "s"), "shared": (BLUE, "o")}


def _layers(found: Found):
    """Name, colour, line and the number of each layer, of what was measured."""
    for recipe, cells in LAYERS.items():
        for cell, look in cells.items():
            numbers = found[recipe].result.cells.get(cell, {}) if recipe in found else {}
            shares = []
            while f"test_accuracy_layer{len(shares) + 1}" in numbers:
                shares.append(numbers[f"test_accuracy_layer{len(shares) + 1}"])
            if shares:
                yield *look, shares


def draw(found: Found):
    """Time of a sample and numbers stored, both forms side by side; test accuracy by layer."""
    panels, by_layer = [], list(_layers(found))
    drawing, axes = new(COLUMNS, 58, ncols=2 * (COST in found) + bool(by_layer), squeeze=False)
    left, counts = list(axes[0]), {}
    for metric, words in (("milliseconds", "time of a sample (ms)"), ("stored", "numbers stored")):
        if COST not in found:
            break
        ax, named = left.pop(0), found[COST].named(metric)
        networks = list(dict.fromkeys(name.split(", ")[0] for name in named))
        for form, (colour, marker) in FORMS.items():
            heights = [named[f"{network}, {form}"].mean for network in networks]
            ax.plot(range(len(networks)), heights, marker, color=colour, linestyle="none", label=form)
        ax.set(yscale="log", ylabel=words)
        ax.set_xticks(range(len(networks)), networks)
        ax.set_xlim(-0.5, len(networks) - 0.5)
        panels.append(ax)
        counts[ax] = {number.n for number in named.values()}
    if panels:
        panels[0].legend()
    if by_layer:
        ax = left.pop(0)
        for name, colour, line, shares in by_layer:
            ax.plot(
                range(1, len(shares) + 1),
                [100 * number.mean for number in shares],
                color=colour,
                linestyle=line,
                marker="o",
                label=name,
            )
        ax.set_xticks(range(1, 1 + max(len(shares) for *_, shares in by_layer)))
        ax.set(xlabel="layer", ylabel="right, test (%)", ylim=(0, 100))
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        panels.append(ax)
        counts[ax] = {number.n for *_, shares in by_layer for number in shares}
    label_panels(*panels, n=counts)
    return drawing


def caption(found: Found) -> str:
    """What is seen."""
    parts = []
    if COST in found:
        parts.append(
            "Processor time of a learning sample and weights or synapses that are stored, of a network with 16 kernels "
            "that spikes once a cell (STDBP, MNIST) and one of three layers (DECOLLE, N-MNIST): a synapse for "
            "each pair of cells, linked to its weight (unrolled), and shared kernels. The axes are logarithmic."
        )
    if list(_layers(found)):
        parts.append(
            "Test digits named right by each of three layers of kernels that learn by local losses: small layers, or "
            "those of the paper with an eighth or a quarter of their maps; dashed, the steps of each digit in a random "
            "order."
        )
    return f"{' '.join(parts)} From the committed results of the recipes {', '.join(found)}."


FIGURE = ResultFigure(
    name="kernels-cost",
    title="What shared kernels cost, and what their layers learn",
    caption=caption,
    needs=(),
    draw=draw,
    recipes=(COST, *LAYERS),
)
