"""Learning by single spike times: the ramp among kernels, what bounds its gradient, spikes, accuracy, robustness."""

from __future__ import annotations

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sbp_brian.figures.base import Figure, label_panels, new, without_empty
from sbp_brian.figures.style import BLUE, COLUMNS, GREEN, GREY, ORANGE, SHADE, SKY, VERMILION, colour, rank
from sbp_brian.report.learning import NETWORKS, learning, model
from sbp_brian.report.together import groups, value

__all__ = ["FIGURE", "longest"]

OWN = NETWORKS["stdbp"].learning
KERNELS = {
    "ReL-PSP": (VERMILION, lambda s: s),
    "alpha": (BLUE, lambda s: s * np.exp(1 - s)),
    "exponential": (GREEN, lambda s: np.exp(-s) * (s > 0)),
}
#: Disturbance -> its colour and what it is called.
DISTURBED = {
    "jitter": (VERMILION, r"spike-time jitter ($\tau$)"),
    "missing": (BLUE, "missing spikes (share)"),
    "weight_noise": (ORANGE, "weight noise (share)"),
}


def longest(records):
    """(task, {way of learning: its longest record}) of the network with most of them; MNIST before other tasks.

    Of records of equal length the newest; the paper's own way of learning first, then in the order of a legend.
    """
    ours = sorted((r for r in records if model(r) == "stdbp"), key=lambda r: (len(r.array("epoch")), r.started))
    found = groups(
        ours,
        key=learning,
        of=lambda r: (r.protocol, *(value(r, name) for name in ("hidden", "depth", "step", "jitter"))),
    )
    if not found:
        return None, {}
    network = max(found, key=lambda key: (key[0] == "mnist", len(found[key])))
    ways = sorted(found[network], key=lambda name: (name != OWN, rank(name)))
    return network[0], {name: found[network][name][-1] for name in ways}


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
    """Six panels, of disturbance where it was measured; those on learning show the ways of learning of one task."""
    drawing, axes = new(COLUMNS, 120, nrows=2, ncols=3)
    kernels, steep, raster, curve, robust, early = axes.ravel()
    _kernels(kernels, steep)
    _, found = longest(records)
    _raster(raster, found.get(OWN, next(iter(found.values()))))
    _errors(curve, found)
    if (disturbed := _with_disturbance(found)) is not None:
        _disturbed(robust, disturbed)
    for name, record in found.items():
        limits = record.array("decision_limit_ms")
        early.plot(limits, 100 * record.array("accuracy_by_decision_limit"), color=colour(name))
    early.axvline(10, color=SKY, linestyle=":")
    early.set(xlabel="decision no later than (ms)", ylabel="right decisions (%)", ylim=(0, 100))
    label_panels(*without_empty(axes), n=dict.fromkeys((raster, curve, robust, early), 1))
    return drawing


def lacks(records) -> str:
    """What is lacking, in words."""
    return "" if longest(records)[1] else "a task with model=stdbp (sbp run yin-yang)"


def _with_disturbance(found):
    """The first record that tells of disturbances, or None."""
    return next((r for r in found.values() if "accuracy_by_jitter" in r.array_info), None)


def _kernels(kernels, steep) -> None:
    """The postsynaptic potentials, and how steeply a spike's time depends on the potential."""
    s = np.linspace(0, 4, 400)
    weights = np.geomspace(0.3, 4, 300)
    for name, (of_kernel, kernel) in KERNELS.items():
        kernels.plot(s, kernel(s), color=of_kernel, label=name)
        if name != "exponential":  # it jumps over the threshold: no slope on the way up
            steep.plot(weights, crossing_steepness(kernel, weights), color=of_kernel, label=name)
    kernels.set(xlabel=r"time since input ($\tau$)", ylabel="potential", ylim=(0, 2.5))
    kernels.legend()
    steep.axvspan(weights[0], 1, color=SHADE)
    steep.text(0.55, 20, "alpha:\nno spike", ha="center", fontsize=7)
    steep.set(xlabel="weight of the input", ylabel=r"|dt/dV| at the crossing ($\tau$)", xscale="log", yscale="log")
    steep.set_xticks([0.5, 1, 2, 4], ["0.5", "1", "2", "4"])
    steep.minorticks_off()


def _raster(ax, record) -> None:
    """The spikes of one sample, layer above layer, cells in the order of their spikes."""
    layers = rastered(record)
    for place, (layer, of_layer) in enumerate(layers.items()):
        times = np.sort(record.array(f"spike_times_{layer}_ms"))
        height = place + 0.9 * (np.arange(len(times)) + 0.5) / max(1, len(times))
        ax.plot(times, height, "|", color=of_layer, markersize=4)
    names = ["input", *(("hidden" if len(layers) == 3 else name) for name in list(layers)[1:-1]), "output"]
    ax.set(xlabel="time after onset (ms)", yticks=np.arange(len(layers)) + 0.45, yticklabels=names)


def _errors(ax, found) -> None:
    """Validation error by epoch, and the test error as a star."""
    for name, record in found.items():
        epoch = record.array("epoch")
        ax.plot(epoch, 100 * (1 - record.array("validation_accuracy_by_epoch")), color=colour(name), label=name)
        test = record.metric("test_accuracy")["value"]
        ax.plot(epoch[-1], 100 * (1 - test), "*", color=colour(name), markersize=7)
    ax.set(xlabel="epoch", ylabel="wrong, validation (%)", yscale="log", ylim=(None, 130))
    ax.set_yticks(ticks := [0.5, 1, 2, 5, 10, 20, 50, 100], [f"{at:g}" for at in ticks])
    ax.set_ylim(ax.dataLim.y0 / 1.3, 130)
    ax.minorticks_off()
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    lines, names = ax.get_legend_handles_labels()
    star = Line2D([], [], marker="*", color=GREY, markersize=7, linestyle="none")
    ax.legend([*lines, star], [*names, "test"])


def _disturbed(ax, record) -> None:
    """Test accuracy by the strength of each disturbance."""
    for kind, (of_kind, label) in DISTURBED.items():
        level, accuracy = record.array(f"{kind}_level"), 100 * record.array(f"accuracy_by_{kind}")
        ax.plot(level, accuracy, color=of_kind, marker="o", markersize=3, label=label)
    ax.legend()
    ax.set(xlabel="strength of the disturbance", ylabel="test accuracy (%)", ylim=(0, 100))


def caption(records) -> str:
    """What is seen."""
    task, found = longest(records)
    return (
        "Learning by the time of one spike per cell. a, the postsynaptic potential of the ReL-PSP neuron is a ramp. b, "
        "how far a spike moves for a change of the potential: it grows without bound where an alpha-shaped potential "
        "crosses near its maximum, and below that there is no spike to learn from; for the ramp it is one over the "
        "weight. c, one sample through the layers, cells of each in order of their spikes. d, errors on "
        f"{task or 'no task'} by what hidden cells are told "
        f"({', '.join(found)}); stars, test set after the last epoch. "
        + (
            "e, test accuracy under disturbance; jitter in \u03c4, the others as shares. f, "
            if _with_disturbance(found) is not None
            else "e, "
        )
        + "right decisions by the time that is left to decide; dotted, end of the input."
    )


FIGURE = Figure(
    name="stdbp-learning",
    title="Learning by single spike times",
    caption=caption,
    needs=(),
    uses=("mnist", "yin-yang", "fashion-mnist"),
    draw=draw,
    lacks=lacks,
)
