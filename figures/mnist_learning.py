"""MNIST: accuracy by epoch, what the hidden cells spend, what is confused, and how the weights have moved."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import BLACK, BLUE, COLUMNS, GREY, ORANGE, VERMILION, Figure, label_panels, new

MARKERS = {"weighted/activity": "o", "weighted": "s", "change": "v", "relative": "^", "frozen": "x",
           "shuffled-labels": "+"}
COLOURS = {"weighted/activity": VERMILION, "weighted": ORANGE, "change": BLUE, "relative": "#56B4E9", "frozen": GREY,
           "shuffled-labels": BLACK}


def arm(record) -> str:
    """How the hidden layer learned in this run."""
    name = record.parameters["arm"]["value"]
    return "weighted/activity" if name == "own" else name


def of_sbp(records):
    """The records of the network that learns by SBP; those of other models have figures of their own."""
    return [r for r in records if r.parameters.get("model", {"value": "sbp_network"})["value"] == "sbp_network"]


def draw(records):
    """Four panels; the first two show every arm of which there is a record, the others the newest learning one."""
    records = of_sbp(records)
    drawing, axes = new(COLUMNS, 105, nrows=2, ncols=2)
    curve, spent, confused, weights = axes.ravel()
    newest = {}
    for record in sorted(records, key=lambda r: (len(r.array("epoch")), r.started)):
        newest[arm(record)] = record
    for name, record in sorted(newest.items(), key=lambda item: list(COLOURS).index(item[0])):
        style = {"color": COLOURS[name], "marker": MARKERS[name], "markersize": 4}
        epoch = record.array("epoch")
        curve.plot(epoch, 100 * (1 - record.array("validation_accuracy_by_epoch")), label=name, **style)
        spent.plot(epoch, record.array("hidden_spikes_by_epoch"), label=name, **style)
        test = next(row["value"] for row in record.metrics if row["name"] == "test_accuracy")
        curve.plot(epoch[-1] + 0.15, 100 * (1 - test), marker="*", color=COLOURS[name], markersize=8, linestyle="none")
    curve.set(xlabel="epoch", ylabel="validation error (%)", yscale="log")
    errors = np.concatenate([100 * (1 - r.array("validation_accuracy_by_epoch")) for r in newest.values()])
    ticks = [t for t in (1, 1.5, 2, 3, 5, 10, 20, 50, 90) if errors.min() / 1.4 <= t <= errors.max() * 1.4]
    curve.set_yticks(ticks, [f"{t:g}" for t in ticks])
    curve.minorticks_off()
    curve.legend(title="hidden layer learns by")
    spent.set(xlabel="epoch", ylabel="hidden spikes per sample", ylim=(0, None))
    longest = max(len(r.array("epoch")) for r in newest.values())
    for ax in (curve, spent):
        ax.set_xticks(range(1, longest + 1, 1 if longest <= 12 else longest // 6))

    shown = newest.get("weighted/activity", next(reversed(newest.values())))
    table = shown.array("confusion").astype(float)
    share = 100 * table / np.maximum(table.sum(1, keepdims=True), 1)
    np.fill_diagonal(share, np.nan)
    image = confused.imshow(share, cmap="Greys", vmin=0, aspect="auto")
    confused.set(xlabel="answer", ylabel="digit", xticks=range(10), yticks=range(10))
    confused.figure.colorbar(image, ax=confused, label="of the digit's images (%)")
    for (row, column), value in np.ndenumerate(share):
        if value >= 0.6:
            dark = value > 0.6 * np.nanmax(share)
            confused.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=7,
                          color="white" if dark else "black")

    for kind, colour, line in (("inputs", BLUE, "-"), ("outputs", ORANGE, "-")):
        edges = shown.array(f"weights_{kind}_edges")
        for when, dash, width in (("before", ":", 0.9), ("after", line, 1.3)):
            counts = shown.array(f"weights_{kind}_{when}").astype(float)
            density = counts / counts.sum() / np.diff(edges)
            density[counts == 0] = np.nan
            label = f"{kind}, {when}"
            weights.stairs(density, edges, color=colour, linestyle=dash, linewidth=width, label=label)
    weights.set(xlabel="weight", ylabel="density", yscale="log", ylim=(1e-4, 3e3))
    weights.set_yticks([1e-3, 1e-1, 1e1])
    weights.legend(ncol=2, loc="upper center", columnspacing=1.2, handlelength=1.6)
    label_panels(curve, spent, confused, weights)
    return drawing


def caption(records) -> str:
    """What is seen."""
    arms = sorted({arm(record) for record in of_sbp(records)}, key=list(COLOURS).index)
    return (
        "A spiking network, 784-500-10, whose hidden layer learns by nothing but self-backpropagation, on MNIST. "
        f"a, error on the validation images after each epoch ({', '.join(arms)}); stars, error on the test images with the "
        "weights of the last epoch. b, spikes of the hidden layer per image. c, confusions on the test images (diagonal "
        "left out). d, weights before and after learning."
    )


FIGURE = Figure(
    name="mnist-learning", title="MNIST learned by self-backpropagation", caption=caption, needs=("mnist",), draw=draw
)
