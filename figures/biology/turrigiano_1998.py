"""Synaptic scaling over two days: course, ranked amplitudes, distributions, short-term depression."""

from __future__ import annotations

import numpy as np

from sbp_brian.experiments.records import latest
from sbp_brian.figures.base import Figure, label_panels, means, new
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, DOWN, GREY, ORANGE, UP

__all__ = ["FIGURE"]

LOOK = {
    "activity blocked": (UP, "o", "full", "-"),
    "activity halved": (ORANGE, "^", "none", "--"),
    "undisturbed": (GREY, "D", "none", ":"),
    "activity doubled": (DOWN, "s", "full", "-."),
}


def draw(records):
    """Factor against time; ranked amplitudes; cumulative distributions; trains before and after."""
    record = latest(records, "turrigiano-1998")
    fig, ((top_left, top_right), (low_left, low_right)) = new(COLUMNS, 118, nrows=2, ncols=2)
    names = [str(name) for name in record.array("conditions")]
    draw_course(top_left, record, names)
    draw_ranks(top_right, record, names)
    draw_distributions(low_left, record, names)
    draw_trains(low_right, record, names)
    label_panels(top_left, top_right, low_left, low_right, n=record.parameters["seeds"]["value"])
    return fig


def draw_course(ax, record, names) -> None:
    """Mean amplitude relative to the start: mean and SD over cells, with the closed forms."""
    hours, course, closed = record.array("hours"), record.array("course"), record.array("closed")
    for name, (colour, marker, fill, dash) in LOOK.items():
        k = names.index(name)
        spread = course[k].std(0, ddof=1) if course.shape[1] > 1 else None
        ax.plot(hours, closed[k], color=colour, linestyle=dash, linewidth=1)
        means(ax, hours, course[k].mean(0), spread, (colour, marker, fill), name, size=3, width=0.7, capsize=0)
    last = hours.max()
    ax.plot([last + 2] * 2, [1.5, 2.3], color=BLACK, linewidth=1.2, clip_on=False)
    ax.text(last + 3, 1.9, "accepted", rotation=90, va="center", fontsize=7)
    ax.set(
        xlabel="time of exposure (h)", ylabel="mean mEPSC / start", xlim=(hours.min() - 1, last + 7), ylim=(0.4, 2.45)
    )
    ax.set_xticks([0, 12, 24, 36, 48] if last > 40 else np.linspace(0, last, 4).round())
    ax.legend(loc="upper left", handletextpad=0.2, borderpad=0)


def draw_ranks(ax, record, names) -> None:
    """Ranked amplitudes of one cell after against before, with the lines through the origin."""
    before, after, slopes = record.array("before"), record.array("after"), record.array("slope")
    longest = 1.05 * before.max()
    for name in ("activity blocked", "activity doubled"):
        colour, marker, fill, dash = LOOK[name]
        k = names.index(name)
        ax.plot(
            np.sort(before[k]),
            np.sort(after[k]),
            linestyle="none",
            marker=marker,
            markersize=2.4,
            fillstyle=fill,
            color=colour,
            markeredgewidth=0.4,
            alpha=0.8,
        )
        ax.plot([0, longest], [0, slopes[k] * longest], color=BLACK, linestyle=dash, linewidth=0.9)
        ax.text(
            1.02 * longest, slopes[k] * longest, f"{name}:\n\u00d7 {slopes[k]:.2f}", fontsize=7, va="top", ha="left"
        )
    ax.plot([0, longest], [0, longest], color=GREY, linewidth=0.8, linestyle=(0, (1, 1.5)))
    ax.text(1.02 * longest, longest, "unchanged", fontsize=7, va="center", ha="left")
    ax.set(xlabel="ranked mEPSC before (pA)", ylabel="ranked mEPSC after (pA)", xlim=(0, 1.5 * longest), ylim=(0, None))


def draw_distributions(ax, record, names) -> None:
    """Cumulative distributions: before, after blockade, and after blockade divided by the factor."""
    before, after = record.array("pooled_before"), record.array("pooled_after")
    k = names.index("activity blocked")
    factor = after[k].mean() / before[k].mean()
    share = np.linspace(0, 1, before.shape[1])
    ax.plot(np.sort(before[k]), share, color=GREY, linewidth=2.4, label="before")
    ax.plot(np.sort(after[k]), share, color=UP, linestyle="--", label="after blockade")
    ax.plot(
        np.sort(after[k]) / factor,
        share,
        color=BLACK,
        linestyle=(0, (2, 1.5)),
        linewidth=0.9,
        label=f"after blockade / {factor:.2f}",
    )
    ax.set(
        xlabel="mEPSC amplitude (pA)",
        ylabel="cumulative share",
        xlim=(0, np.percentile(after[k], 99.7)),
        ylim=(0, 1.02),
    )
    ax.legend(loc="lower right", borderpad=0)


def draw_trains(ax, record, names) -> None:
    """EPSCs of a test train relative to the first one before the drug."""
    trains = record.array("trains")[names.index("activity blocked")]
    pulses = np.arange(1, trains.shape[-1] + 1)
    for which, word, colour, marker, fill in ((0, "before", GREY, "D", "none"), (1, "after blockade", UP, "o", "full")):
        spread = trains[:, which].std(0, ddof=1) if len(trains) > 1 else None
        ax.errorbar(
            pulses,
            trains[:, which].mean(0),
            spread,
            color=colour,
            marker=marker,
            markersize=3.5,
            fillstyle=fill,
            linestyle="-",
            linewidth=0.8,
            elinewidth=0.7,
            capsize=0,
            label=word,
        )
    scaled = trains[:, 1] / trains[:, 1, :1]
    ax.plot(
        pulses,
        scaled.mean(0),
        color=BLUE,
        marker="x",
        markersize=4,
        linestyle="none",
        markeredgewidth=0.9,
        label="after, relative to its own first",
    )
    ax.set(xlabel="pulse of the test train (20 Hz)", ylabel="EPSC / first before", ylim=(0, None))
    ax.set_xticks(pulses)
    ax.legend(loc="upper right", borderpad=0)


def caption(records) -> str:
    """What is seen, with the number of cells."""
    record = latest(records, "turrigiano-1998")
    n, inputs = record.array("course").shape[1], record.parameters["inputs"]["value"]
    return (
        f"Synaptic scaling (n = {n} cells with {inputs} excitatory synapses each). a, Mean amplitude of miniature "
        "EPSCs relative to the start, mean and SD over cells, with the closed forms (lines); the bar is the range "
        "accepted for 48 h of blockade. b, Ranked amplitudes of one cell after 48 h against before, with lines "
        "through the origin: scaling is multiplicative. c, Cumulative distributions of all amplitudes: those after "
        "blockade, divided by one factor, fall onto those before. d, EPSCs in a test train before and after: "
        "larger, but depressing as before. That the rule is multiplicative and its time constant (a choice) are "
        "built into the model."
    )


FIGURE = Figure(
    name="turrigiano-1998", title="Synaptic scaling by activity", caption=caption, needs=("turrigiano-1998",), draw=draw
)
