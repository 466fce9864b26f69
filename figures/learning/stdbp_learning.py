"""Learning by single spike times: the ramp among kernels, what bounds its gradient, spikes, accuracy, robustness."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from sbp_brian.figures.base import (
    BLACK,
    BLUE,
    COLUMNS,
    GREEN,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    Figure,
    label_panels,
    new,
)

COLOURS = {
    "exact": VERMILION,
    "sbp": ORANGE,
    "sbp-change": GREEN,
    "frozen": GREY,
    "rank-order": BLUE,
    "shuffled-labels": BLACK,
}
KERNELS = {
    "ReL-PSP": (VERMILION, lambda s: s),
    "alpha": (BLUE, lambda s: s * np.exp(1 - s)),
    "exponential": (GREEN, lambda s: np.exp(-s) * (s > 0)),
}


def ours(records):
    """The longest record of each arm for the network with most of them, MNIST before others; of equals the newest."""
    found = {}
    for record in sorted(records, key=lambda r: (len(r.array("epoch")), r.started)):
        given = {name: about["value"] for name, about in record.parameters.items()}
        if given.get("model") == "stdbp":
            network = record.protocol, *(given.get(name) for name in ("hidden", "depth", "step", "jitter"))
            found.setdefault(network, {})["exact" if given["arm"] == "own" else given["arm"]] = record
    network = max(found, key=lambda key: (key[0] == "mnist", len(found[key]))) if found else (None,)
    return network[0], found.get(network, {})


def rastered(record):
    """Layers of which the record holds spike times, input first, each with its colour."""
    hidden = sorted(
        name[len("spike_times_") : -len("_ms")] for name in record.array_info if name.startswith("spike_times_hidden")
    )
    return {"pixels": GREY, **dict.fromkeys(hidden, BLUE), "output": VERMILION}


def crossing_steepness(kernel, weights):
    """|dt/dV| at the first crossing of threshold 1 by one input of each weight; NaN where there is none."""
    s = np.linspace(1e-4, 6, 60_001)
    rise = np.gradient(kernel(s), s)
    result = np.full(len(weights), np.nan)
    for n, w in enumerate(weights):
        above = w * kernel(s) >= 1
        at = above.argmax()
        if above.any() and w * rise[at] > 0:
            result[n] = 1 / (w * rise[at])
    return result


def draw(records):
    """Six panels; those on learning show the arms of one task."""
    drawing, axes = new(COLUMNS, 120, nrows=2, ncols=3)
    kernels, steep, raster, curve, robust, early = axes.ravel()
    s = np.linspace(0, 4, 400)
    weights = np.geomspace(0.3, 4, 300)
    for name, (colour, kernel) in KERNELS.items():
        kernels.plot(s, kernel(s), color=colour, label=name)
        if name != "exponential":  # it jumps over the threshold: no slope on the way up
            steep.plot(weights, crossing_steepness(kernel, weights), color=colour, label=name)
    kernels.set(xlabel=r"time since input ($\tau$)", ylabel="potential", ylim=(0, 2.5))
    kernels.legend()
    steep.axvspan(weights[0], 1, color="#EEEEEE")
    steep.text(0.55, 20, "alpha:\nno spike", ha="center", fontsize=7)
    steep.set(xlabel="weight of the input", ylabel=r"|dt/dV| at the crossing ($\tau$)", xscale="log", yscale="log")
    steep.set_xticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
    steep.minorticks_off()

    _, arms = ours(records)
    label_panels(*axes.ravel())
    if not arms:
        for ax in (raster, curve, robust, early):
            ax.text(0.5, 0.5, "no record of\nmodel=stdbp", ha="center", transform=ax.transAxes)
        return drawing
    shown = arms.get("exact", next(iter(arms.values())))
    layers = rastered(shown)
    for place, (layer, colour) in enumerate(layers.items()):
        times = np.sort(shown.array(f"spike_times_{layer}_ms"))
        raster.plot(
            times, place + 0.9 * (np.arange(len(times)) + 0.5) / max(1, len(times)), "|", color=colour, markersize=4
        )
    names = ["input", *(("hidden" if len(layers) == 3 else name) for name in list(layers)[1:-1]), "output"]
    raster.set(xlabel="time after onset (ms)", yticks=np.arange(len(layers)) + 0.45, yticklabels=names)

    for name in (name for name in COLOURS if name in arms):
        record = arms[name]
        epoch = record.array("epoch")
        curve.plot(epoch, 100 * (1 - record.array("validation_accuracy_by_epoch")), color=COLOURS[name], label=name)
        test = next(row["value"] for row in record.metrics if row["name"] == "test_accuracy")
        curve.plot(epoch[-1], 100 * (1 - test), "*", color=COLOURS[name], markersize=7)
    curve.set(xlabel="epoch", ylabel="wrong, validation (%)", yscale="log", ylim=(None, 130))
    curve.set_yticks(ticks := [0.5, 1, 2, 5, 10, 20, 50, 100], [f"{at:g}" for at in ticks])
    curve.set_ylim(curve.dataLim.y0 / 1.3, 130)
    curve.minorticks_off()
    curve.xaxis.set_major_locator(MaxNLocator(integer=True))
    curve.legend()

    kinds = {
        "jitter": (VERMILION, r"spike-time jitter ($\tau$)"),
        "missing": (BLUE, "missing spikes (share)"),
        "weight_noise": (ORANGE, "weight noise (share)"),
    }
    tested = next((r for r in arms.values() if "accuracy_by_jitter" in r.array_info), None)
    if tested is None:
        robust.text(0.5, 0.5, "run with\n-s robustness=true", ha="center", transform=robust.transAxes)
    else:
        for kind, (colour, label) in kinds.items():
            robust.plot(
                tested.array(f"{kind}_level"),
                100 * tested.array(f"accuracy_by_{kind}"),
                color=colour,
                marker="o",
                markersize=3,
                label=label,
            )
        robust.legend()
    robust.set(xlabel="strength of the disturbance", ylabel="test accuracy (%)", ylim=(0, 100))

    for name in (name for name in COLOURS if name in arms):
        early.plot(
            arms[name].array("decision_limit_ms"),
            100 * arms[name].array("accuracy_by_decision_limit"),
            color=COLOURS[name],
        )
    early.axvline(10, color=SKY, linestyle=":")
    early.set(xlabel="decision no later than (ms)", ylabel="right decisions (%)", ylim=(0, 100))
    return drawing


def caption(records) -> str:
    """What is seen."""
    task, arms = ours(records)
    return (
        "Learning by the time of one spike per cell. a, the postsynaptic potential of the ReL-PSP neuron is a ramp. b, "
        "how far a spike moves for a change of the potential: it grows without bound where an alpha-shaped potential "
        "crosses near its maximum, and below that there is no spike to learn from; for the ramp it is one over the "
        "weight. c, one sample through the layers, cells of each in order of their spikes. d, errors on "
        f"{task or 'no task'} by what hidden cells are told "
        f"({', '.join(name for name in COLOURS if name in arms)}); stars, test set after the last epoch. e, test "
        "accuracy under disturbance; jitter in \u03c4, the others as shares. f, "
        "right decisions by the time that is left to decide; dotted, end of the input."
    )


FIGURE = Figure(
    name="stdbp-learning",
    title="Learning by single spike times",
    caption=caption,
    needs=("mnist",),
    uses=("yin-yang", "fashion-mnist"),
    draw=draw,
)
