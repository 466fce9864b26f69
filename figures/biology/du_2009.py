"""Spread of LTP and LTD from tectum to retina, the two blockers, and latency against length (Du et al. 2009)."""

from __future__ import annotations

import numpy as np

from sbp_brian.experiments.records import latest
from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.biology.circuits import retina
from sbp_brian.figures.biology.trials import around, sd, strip
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, DOWN, GREEN, GREY, ORANGE, SHADE, UP, VERMILION, WHITE
from sbp_brian.report.together import value

__all__ = ["FIGURE"]

BLOCKERS = ("", ", BDNF blocked", ", NO blocked")
LABELS = ("none", "BDNF", "NO")
LOOKS = (
    (BLACK, "o", "-"),
    (BLUE, "s", (0, (5, 1.5))),
    (GREEN, "^", (0, (3, 1, 1, 1))),
    (ORANGE, "D", (0, (1, 1))),
    (GREY, "v", "-"),
)


def draw(records):
    """Pathway, EPSCs, the 2 x 2 of blockers, latency."""
    record = latest(records, "du-2009")
    synapses = [str(name) for name in record.array("synapses")]
    treatments = [str(name) for name in record.array("treatments")]
    changes = record.array("changes")
    fig, ((a, b), (c, d)) = new(COLUMNS, 122, nrows=2, ncols=2, width_ratios=(1.1, 1))
    ltp, ltd = (changes[treatments.index(kind)].mean(-1) for kind in ("LTP", "LTD"))
    retina(
        a,
        {name: (up, down) for name, up, down in zip(synapses, ltp, ltd, strict=True)},
        "RGC->TC",
        "numbers: LTP / LTD (%)",
    )
    draw_courses(b, record, synapses)
    draw_blockers(c, changes[:, synapses.index("BC->RGC")], treatments)
    draw_latency(d, record.array("latency"))
    n = record.parameters["seeds"]["value"]
    label_panels(a, b, c, d, n=(None, n, n, n))
    return fig


def draw_courses(ax, record, synapses) -> None:
    """Normalised EPSCs against time for LTP and LTD."""
    minutes, courses = record.array("minutes"), record.array("course")
    pairing = value(record, "pairs") * value(record, "period") / 60
    ax.axvspan(-pairing, 0, ymax=0.8, color=SHADE, linewidth=0)
    ax.axvspan(20, 30, ymax=0.03, color=BLACK, linewidth=0)
    ax.axhline(100, color=BLACK, linewidth=0.6, linestyle=(0, (1, 2)))
    for kind, word, colour, marker in ((0, "LTP", VERMILION, "o"), (1, "LTD", BLUE, "s")):
        for name, fill in (("RGC->TC", "none"), ("BC->RGC", "full")):
            look = {"colour": colour, "marker": marker, "fill": fill}
            values, label = 100 * courses[kind, synapses.index(name)], f"{word} {name.replace('->', chr(0x2192))}"
            around(ax, minutes, values, end=-pairing, label=label, **look)
    other = {"colour": GREY, "marker": "v", "fill": "none", "label": "LTP BC\u2192RGC$_2$"}
    around(ax, minutes, 100 * courses[0, synapses.index("BC->RGC2")], end=-pairing, **other)
    low, high = ax.get_ylim()
    ax.set(
        xlabel="time after pairing (min)",
        ylabel="normalised EPSC (%)",
        ylim=(low - 0.05 * (high - low), high + 0.3 * (high - low)),
    )
    ax.legend(loc="upper center", ncols=3, columnspacing=0.8, handlelength=1.4, borderpad=0, handletextpad=0.4)


def draw_blockers(ax, bipolar, treatments) -> None:
    """Change at BC->RGC: LTP and LTD, without a blocker and with either."""
    for side, (kind, colour, hatch) in enumerate((("LTP", UP, ""), ("LTD", DOWN, "////"))):
        for k, blocker in enumerate(BLOCKERS):
            values = bipolar[treatments.index(kind + blocker)]
            place, mean = k + 4 * side, 100 * values.mean()
            ax.bar(place, mean, width=0.74, facecolor=colour, alpha=0.3, edgecolor="none")
            ax.bar(place, mean, width=0.74, facecolor="none", edgecolor=colour, linewidth=0.8, hatch=hatch, zorder=2)
            strip(ax, place, values, colour)
            ax.errorbar(place, mean, 100 * float(sd(values)), color=BLACK, linewidth=0.8, zorder=4)
        ax.text(
            4 * side + 1,
            0.985,
            f"{kind} in the tectum",
            ha="center",
            va="top",
            fontsize=7.5,
            transform=ax.get_xaxis_transform(),
        )
    ax.axhline(0, color=BLACK, linewidth=0.6)
    ax.axvline(3, color=SHADE, linewidth=0.6, zorder=0)
    ax.set_xticks([0, 1, 2, 4, 5, 6], LABELS * 2)
    ax.tick_params(axis="x", length=0)
    low, high = ax.get_ylim()
    bound = (low, high + 0.1 * (high - low))
    ax.set(xlabel="blocked in the tectum", ylabel="EPSC change at BC\u2192RGC (%)", ylim=bound)


def draw_latency(ax, latency) -> None:
    """Time to half of the spread against axon length, by the velocity that is assumed."""
    ltp, ltd = (latency[latency[:, 0] == kind] for kind in (0, 1))
    for velocity, (colour, marker, dash) in zip(np.unique(ltp[:, 2]), LOOKS, strict=False):
        mine = ltp[ltp[:, 2] == velocity]
        order = np.argsort(mine[:, 1])
        length, (t50, closed) = mine[order, 1], mine[order][:, [4, 6]].T
        ax.plot(length, closed, color=colour, linestyle=dash, linewidth=0.9)
        ax.errorbar(length, mine[order, 8], mine[order, 9], color=colour, linestyle="none", elinewidth=0.8)
        ax.plot(
            length,
            t50,
            color=colour,
            linestyle="none",
            marker=marker,
            markersize=4.5,
            markerfacecolor=WHITE,
            label=f"{velocity:g} um/s".replace("u", "\u00b5"),
        )
    if ltd.size:
        ax.plot(
            ltd[:, 1],
            ltd[:, 4],
            color=BLACK,
            linestyle="none",
            marker="x",
            markersize=5,
            label=f"LTD carrier, {ltd[0, 2]:g} \u00b5m/s",
        )
    high = ax.get_ylim()[1]
    ax.set(xlabel="axon length (\u00b5m; assumption)", ylabel="time to half of the spread (min)", ylim=(0, 1.34 * high))
    ax.legend(
        ncols=3,
        loc="upper center",
        title="effective velocity (every one is an assumption)",
        borderpad=0,
        columnspacing=1.0,
        handletextpad=0.4,
        handlelength=1.2,
    )


def caption(records) -> str:
    """What is seen, with the number of trials."""
    record = latest(records, "du-2009")
    n, pairs = record.array("changes").shape[-1], value(record, "pairs")
    return (
        f"Spread of LTP and LTD from tectum to retina ({pairs:g} pairings at RGC\u2192TC, ganglion cell 10 ms "
        f"before or after the tectal cell; n = {n} trials). a, The circuit (cells as for du-poo-2004); "
        "synapses by their mean change 20 to 30 min after LTP and LTD (thick: changed). b, EPSCs relative to "
        "baseline, mean and standard error; pairing shaded, time of measurement marked below. c, Spread to the "
        "bipolar input with BDNF or nitric oxide blocked in the tectum: mean, SD and single trials; that each "
        "carrier has its blocker is built in. d, Time from the end of pairing to half of the spread against axon "
        "length for LTP carriers of several velocities (symbols: the synapse; bars: mean \u00b1 SD as read off "
        "noisy EPSCs; lines: closed form) and for an LTD carrier of its own velocity (crosses). No length or "
        f"velocity was measured: all are assumptions. In a to c the axon is {value(record, 'length'):g} um, the "
        f"LTP carrier has {value(record, 'velocity'):g} um/s, the LTD carrier "
        f"{value(record, 'velocity_ltd'):g} um/s."
    ).replace(" um", " \u00b5m")


FIGURE = Figure(
    name="du-2009", title="Spread of LTP and LTD from tectum to retina", caption=caption, needs=("du-2009",), draw=draw
)
