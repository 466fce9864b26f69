"""DECOLLE's regression: targets and readouts by layer over training, R2, and the three factors of one synapse."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, GREY, LAYERS, ORANGE, VERMILION
from sbp_brian.report.together import value


def _of(records, which):
    """The record of this way of learning with most passes, the newest of them."""
    found = [r for r in records if value(r, "learning", "local") == which]
    return max(found, key=lambda r: (len(r.array("passes")), r.started)) if found else None


def _smooth(values, width=15):
    """A running mean over `width` steps."""
    return np.convolve(np.pad(values, width // 2, mode="edge"), np.ones(width) / width, "valid")


def draw(records):
    """Three rows: readouts of each layer; R2; factors."""
    drawing, axes = new(COLUMNS, 120, nrows=3, ncols=3)
    record = _of(records, "local") or records[0]
    aims, readouts, passes = (record.array(name) for name in ("targets", "readouts", "readout_passes"))
    steps = np.arange(aims.shape[1]) + readouts.shape[2] - aims.shape[1]
    for k, ax in enumerate(axes[0]):
        for n, colour in ((0, GREY), (len(passes) - 1, LAYERS[k])):
            y = readouts[k, n, -aims.shape[1] :]
            if n:
                ax.plot(steps, y, color=colour, alpha=0.25, linewidth=0.5, linestyle="-")
            ax.plot(steps, _smooth(y), color=colour, linestyle="-", label=f"{passes[n]} passes")
        ax.plot(steps, aims[k], color=BLACK, linestyle="--", linewidth=1, label="target")
        ax.set(xlabel="time (ms)", ylabel=f"readout, layer {k + 1}")
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.45 * (high - low))
        ax.legend(fontsize=6, loc="upper left", ncols=2)
    score = record.array("R2")
    control = _of(records, "frozen")
    for k, ax in enumerate(axes[1]):
        for seed in score[:, k]:
            ax.plot(record.array("passes"), seed, color=LAYERS[k], alpha=0.4, linewidth=0.7, linestyle="-")
        ax.plot(record.array("passes"), score[:, k].mean(0), color=LAYERS[k], linestyle="-", label="local")
        if control is not None:
            ax.plot(
                control.array("passes"),
                control.array("R2")[:, k].mean(0),
                color=GREY,
                linestyle="-",
                label="frozen",
            )
        ax.axhline(0.75, color=BLACK, linestyle=":", linewidth=0.8)
        ax.set(xlabel="passes", ylabel=f"R², layer {k + 1}", ylim=(-2, 1.05))
        ax.legend(fontsize=6)
    trace, slope, error = (record.array(f"factor_{name}") for name in ("trace", "slope", "error"))
    time = np.arange(len(trace))
    for ax, values, label, colour in zip(
        axes[2],
        (trace, slope, error),
        ("presynaptic trace P", "surrogate derivative", "local error"),
        (BLUE, ORANGE, VERMILION),
        strict=True,
    ):
        ax.plot(time, values, color=colour, linewidth=0.8, linestyle="-", drawstyle="steps-post")
        ax.set(xlabel="time (ms)", ylabel=label)
    label_panels(*axes.ravel(), n=[1] * 3 + [len(score)] * 3 + [1] * 3)
    return drawing


FIGURE = Figure(
    name="decolle-regression",
    title="Three layers, three functions of time",
    caption="A frozen Poisson pattern of 500 ms, shown again and again. a to c, the readout of each layer before and "
    "after learning, shown without learning (bold: running mean over 15 ms; pale: as it is), and its target. "
    "d to f, R² of the unsmoothed readout over training (thin: each seed; bold: their mean; grey: frozen weights); "
    "dotted, 0.75. g to i, the three factors of one synapse of the first layer during the first pass: their "
    "product, step by step, is what changes its weight.",
    needs=("decolle-regression",),
    draw=draw,
)
