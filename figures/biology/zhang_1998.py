"""Convergent retinotectal inputs: the window, time courses and controls, as Zhang et al. 1998 show them."""

from __future__ import annotations

import numpy as np

from sbp_brian.experiments.records import latest
from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.biology.trials import bars, course, scatter
from sbp_brian.figures.style import BLACK, COLUMNS, DOWN, GREY, NONE, SHADE, UP, WHITE
from sbp_brian.report.text import minus

__all__ = ["FIGURE"]

SHORT = {
    "W alone": "W\nalone",
    "-10 ms, W suprathreshold": "-10,\nW\nstrong",
    "+10 ms, spikes of T prevented": "+10,\nno\nspikes",
    "-10 ms, spikes of T prevented": "-10,\nno\nspikes",
    "+10 ms, NMDA receptors blocked": "+10,\nno\nNMDA",
    "-10 ms, NMDA receptors blocked": "-10,\nno\nNMDA",
}


def draw(records):
    """Circuit and order of activity, the window, time courses, conditions."""
    record = latest(records, "zhang-1998")
    fig, ((top_left, top_right), (low_left, low_right)) = new(
        COLUMNS, 118, nrows=2, ncols=2, width_ratios=(1, 1.35), height_ratios=(1, 1)
    )
    draw_circuit(top_left)
    draw_window(top_right, record)
    draw_courses(low_left, record)
    conditions, changes = [str(name) for name in record.array("conditions")], record.array("changes")
    weak = [str(name) for name in record.array("synapses")].index("W->T")
    names = ["+10 ms", "-10 ms", *(name for name in SHORT if name in conditions)]
    bars(
        low_right,
        [changes[conditions.index(name), weak] for name in names],
        [minus(SHORT.get(name, name.replace(" ms", "\nms"))) for name in names],
    )
    low_right.set_ylabel("change of W\u2192T (%)")
    n = record.parameters["seeds"]["value"]
    label_panels(top_left, top_right, low_left, low_right, n=(None, n, n, n))
    return fig


def draw_circuit(ax) -> None:
    """The tectal cell with its inputs, and what comes first in the two orders."""
    inputs = {
        "R": (0, 3.0, 2.6, "strong: makes T fire"),
        "W": (0, 2.0, 1.0, "weak: does not"),
        "N": (0, 1.0, 1.0, "silent"),
    }
    for name, (x, y, width, word) in inputs.items():
        ax.annotate(
            "",
            xy=(2.32, 2 + 0.25 * (y - 2)),
            xytext=(x + 0.28, y),
            zorder=1,
            arrowprops={
                "arrowstyle": "-|>",
                "color": BLACK if name != "N" else GREY,
                "linewidth": width,
                "shrinkA": 0,
                "shrinkB": 0,
                "mutation_scale": 8,
            },
        )
        ax.plot(x, y, marker="o", markersize=12.5, color=WHITE, markeredgecolor=BLACK, markeredgewidth=0.8, zorder=3)
        ax.text(x, y - 0.02, name, ha="center", va="center", fontsize=7.5, zorder=4)
        ax.text(x - 0.3, y, word.replace(": ", ":\n"), ha="right", va="center", fontsize=7)
    ax.plot(2.65, 2, marker="o", markersize=16, color=SHADE, markeredgecolor=BLACK, markeredgewidth=0.8, zorder=3)
    ax.text(2.65, 1.98, "T", ha="center", va="center", fontsize=8, zorder=4)
    for y, word, first, change, colour in (
        (-0.3, "+10 ms", True, "W\u2192T up", UP),
        (-1.3, "\u221210 ms", False, "W\u2192T down", DOWN),
    ):
        ax.plot([-1.5, 1.5], [y, y], color=GREY, linewidth=0.6, linestyle="-")
        spike, weak = 0.25, -0.75 if first else 1.25
        ax.plot([spike, spike], [y, y + 0.6], color=BLACK, linewidth=1.4, linestyle="-")
        ax.plot([weak, weak], [y, y + 0.3], color=colour, linewidth=1.4, linestyle="-")
        ax.text(spike + 0.06, y + 0.5, "T", fontsize=7, va="center")
        ax.text(weak, y + 0.36, "W", fontsize=7, ha="center", va="bottom", color=colour)
        ax.text(-1.65, y + 0.15, word, fontsize=7, ha="right", va="center")
        ax.text(1.65, y + 0.15, change, fontsize=7, ha="left", va="center", color=colour)
    ax.set(xlim=(-2.7, 3.3), ylim=(-1.6, 3.5))
    ax.axis("off")


def draw_window(ax, record) -> None:
    """Single trials, means and fits; the windows of the abstract and of the later table as bars below."""
    intervals, changes = record.array("interval"), 100 * record.array("window")
    for side, word, colour, marker in ((-1, "minus", DOWN, "s"), (1, "plus", UP, "o")):
        mine = intervals * side > 0
        reach = np.linspace(1, np.abs(intervals).max(), 200)
        (a, tau), _, _ = record.array(f"fit_{word}")
        ax.plot(side * reach, 100 * a * np.exp(-reach / tau), color=colour, linestyle="-", zorder=2)
        scatter(ax, intervals[mine], changes[mine], colour, marker=marker, single=marker)
    low, high = ax.get_ylim()
    for level, ends, word in ((0.06, (-20, 20), "abstract"), (0.16, (-20, 40), "later table")):
        y = low - level * (high - low)
        ax.plot(ends, (y, y), color=BLACK, linewidth=2, linestyle="-", solid_capstyle="butt")
        ax.text(44, y, word, fontsize=7, va="center")
    ax.axhline(0, color=BLACK, linewidth=0.6)
    ax.axvline(0, color=BLACK, linewidth=0.6)
    ax.set(
        xlabel="spike of T minus activity of W (ms)",
        ylabel="change of W\u2192T (%)",
        ylim=(low - 0.24 * (high - low), high),
    )


def draw_courses(ax, record) -> None:
    """Mean over trials of the normalised EPSC of W (both orders) and N in bins of 2 min, with the standard error."""
    minutes, courses = record.array("minutes"), record.array("course")
    names = [str(name) for name in record.array("synapses")]
    ax.axvspan(minutes[minutes < 0].max(), 0, ymax=0.86, color=SHADE, linewidth=0)
    ax.axvspan(20, 30, ymax=0.03, color=BLACK, linewidth=0)
    ax.axhline(100, color=BLACK, linewidth=0.6, linestyle=(0, (1, 2)))
    shown = (
        (0, "W->T", "W, +10 ms", UP, "o", "full"),
        (1, "W->T", "W, \u221210 ms", DOWN, "s", "full"),
        (0, "N->T", "N, silent", NONE, "v", "none"),
    )
    width, end = 2.0, minutes[minutes < 0].max() + 1e-3
    phases = [
        np.arange(end - width * np.floor((end - minutes.min()) / width), end - 1e-6, width),
        np.arange(0, minutes.max(), width),
    ]
    for shift, (order, synapse, label, colour, marker, fill) in enumerate(shown):
        values = 100 * courses[order, names.index(synapse)]
        look = {"colour": colour, "marker": marker, "fill": fill, "label": label}
        course(ax, minutes, values, phases, width, shift=0.15 * (shift - 1), **look)
    ax.set(xlabel="time after pairing (min)", ylabel="normalised EPSC (%)")
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.06 * (high - low), high + 0.16 * (high - low))
    ax.legend(ncols=3, loc="upper right", columnspacing=0.8, handlelength=1.2, handletextpad=0.4, borderpad=0)


def caption(records) -> str:
    """What is seen, with the number of trials."""
    record = latest(records, "zhang-1998")
    n = record.array("window").shape[1]
    pairs = record.parameters["pairs"]["value"]
    return (
        f"Convergent inputs of a tectal cell ({pairs} pairings at 1 Hz unless changed, n = {n} trials in "
        "each condition). a, The strong input R makes T fire, the weak input W is active before (+) or "
        "after (\u2212) that spike, N never (the control H\u2192I\u2192W is not "
        "drawn). b, Change of W\u2192T 20 to 30 min after pairing: single "
        "trials, means (open), fits of A exp(\u2212|\u0394t|/\u03c4); below, the windows given in the "
        "abstract (20 ms to either side) and in a later table (\u221220 to 40 ms). c, EPSCs relative to "
        "baseline, mean and standard error; pairing shaded, time of measurement marked by the bar below. "
        "d, Both orders, W without R, a W that is itself suprathreshold, no spikes of T, NMDA receptors "
        "blocked (intervals in ms): mean, SD and single trials. The form of the window is built in and its "
        "height a choice; the paper's percentages are not known to this project."
    )


FIGURE = Figure(
    name="zhang-1998",
    title="Cooperation and competition of retinotectal inputs",
    caption=caption,
    needs=("zhang-1998",),
    draw=draw,
)
