"""Kernels that many synapses share, before and after learning, and what learning by each way is worth."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from sbp_brian.figures.base import Figure, label_panels, new, without_empty
from sbp_brian.figures.style import COLUMNS, colour, rank
from sbp_brian.report.learning import learning, model
from sbp_brian.report.together import groups, one_a_seed, value

__all__ = ["FIGURE", "by_learning"]

KERNELS = "kernels_after"
#: Kernels of a way of learning that are shown.
MOST = 8


def by_learning(records):
    """(task, {way of learning: its runs, one a seed}) of the network with most ways of learning; MNIST first."""
    ours = [r for r in records if model(r) == "stdbp_conv" and KERNELS in r.array_info]
    names = ("maps", "kernel", "stride", "pooling", "dense", "epochs", "train_samples")
    found = groups(ours, key=learning, of=lambda r: (r.protocol, *(value(r, name) for name in names)))
    if not found:
        return None, {}
    network = max(found, key=lambda key: (key[0] == "mnist", len(found[key])))
    return network[0], {name: one_a_seed(found[network][name]) for name in sorted(found[network], key=rank)}


def lacks(records) -> str:
    """What is lacking, in words."""
    return "" if by_learning(records)[1] else "mnist with model=stdbp_conv (sbp run mnist -s model=stdbp_conv)"


def draw(records):
    """A row of kernels before learning and one for each way of learning; accuracy over training and on the test set."""
    _, found = by_learning(records)
    drawing, (kernels, curves, bars) = new(COLUMNS, 60, ncols=3)
    _kernels(kernels, found)
    for name, runs in found.items():
        for record in runs:
            accuracy = 100 * record.array("validation_accuracy_by_epoch")
            curves.plot(record.array("epoch"), accuracy, color=colour(name), marker="o", markersize=3, alpha=0.7)
    curves.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    curves.set(xlabel="epoch", ylabel="right, validation (%)")
    for place, (name, runs) in enumerate(found.items()):
        test = [100 * record.metric("test_accuracy")["value"] for record in runs]
        bars.bar(place, np.mean(test), 0.7, color=colour(name), alpha=0.6)
        bars.plot([place] * len(test), test, "k.", markersize=3)
    bars.set_xticks(range(len(found)), list(found), rotation=30, ha="right")
    bars.set(ylabel="right, test (%)")
    seeds = {len(runs) for runs in found.values()}
    label_panels(*without_empty([kernels, curves, bars]), n={kernels: 1, curves: seeds, bars: seeds})
    return drawing


def _kernels(ax, found) -> None:
    """Those of the lowest seed, a row each, all on one scale."""
    first = next(iter(found.values()))[0]
    rows = {"before": first.array("kernels_before"), **{name: runs[0].array(KERNELS) for name, runs in found.items()}}
    side = first.array(KERNELS).shape[1]
    picture = np.full((len(rows) * (side + 1), MOST * (side + 1)), np.nan)
    for row, kernels in enumerate(rows.values()):
        for place, kernel in enumerate(kernels[:MOST]):
            top, left = row * (side + 1), place * (side + 1)
            picture[top : top + side, left : left + side] = kernel
    most = np.nanmax(np.abs(picture))
    ax.imshow(picture, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="none", aspect="auto")
    ax.set_yticks([row * (side + 1) + (side - 1) / 2 for row in range(len(rows))], list(rows))
    ax.set_xticks([])
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


FIGURE = Figure(
    name="shared-kernels",
    title="Kernels that synapses share, and what teaches them",
    caption="a, kernels of one seed before learning, and after it by what the cells behind them are told: the exact "
    "gradient of spike times, w dw of their output synapses (sbp), its sign (sbp-bit), dw alone (sbp-change), nothing "
    "(frozen); red excites, blue inhibits, all on one scale. b, validation samples by epoch, a line a seed. c, test "
    "samples after the last epoch; bars are means, dots seeds.",
    needs=(),
    uses=("mnist", "fashion-mnist"),
    draw=draw,
    lacks=lacks,
)
