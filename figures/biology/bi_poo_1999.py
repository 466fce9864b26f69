"""Remote synapses against the inter-pulse interval: circuit, scan, peaks and controls, after Bi & Poo 1999."""

from __future__ import annotations

import numpy as np

from sbp_brian.experiments.records import latest
from sbp_brian.figures.base import Figure, label_panels, means, new
from sbp_brian.figures.biology.trials import sd
from sbp_brian.figures.style import BLACK, COLUMNS, GREEN, PINK, SHADE, WHITE
from sbp_brian.report.text import minus

__all__ = ["FIGURE"]

PLACES = {"S": (0, 1.5), "X": (2, 2.6), "Y": (1.2, 0.4), "Z": (2.8, 0.4), "T": (4.4, 2.6), "U": (4.4, 0.4)}
STRONG = ("S->X", "S->Y", "Y->Z", "X->T", "Z->U")
#: The two remote synapses: colour, marker, fill, dash.
LOOKS = {"Z->T": (GREEN, "o", "full", "-"), "X->U": (PINK, "s", "none", (0, (4, 1.2)))}
BAND = 5.0  # ms
SHORT = {
    "-10 ms": "-10\nms",
    "+10 ms": "+10\nms",
    "single pulses": "single\npulses",
    "control interval": "far\ninter-\nval",
    "fast route cut": "fast\nroute\ncut",
    "T held below threshold": "T\nsilent",
    "T held below threshold, signal open": "T silent\nsignal\nopen",
    "T GABAergic": "T\nGABA-\nergic",
    "NMDA receptors blocked": "no\nNMDA",
    "retrograde signal blocked": "no\nsignal",
}


def draw(records):
    """Circuit, scan of intervals, peak against delay difference, conditions."""
    record = latest(records, "bi-poo-1999")
    fig, axes = new(COLUMNS, 118, nrows=2, ncols=2, width_ratios=(1, 1.55))
    (top_left, top_right), (low_left, low_right) = axes
    draw_circuit(top_left, record.array("delays"))
    draw_scan(top_right, record)
    draw_peaks(low_left, record)
    draw_conditions(low_right, record)
    n = record.parameters["seeds"]["value"]
    label_panels(top_left, top_right, low_left, low_right, n=(None, n, n, n))
    return fig


def draw_circuit(ax, delays) -> None:
    """The stimulated cell and the two routes to T and U; thick synapses make a cell fire."""
    for synapse in (*STRONG, *LOOKS):
        pre, post = synapse.split("->")
        (x0, y0), (x1, y1) = PLACES[pre], PLACES[post]
        length = np.hypot(x1 - x0, y1 - y0)
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        colour, _, _, dash = LOOKS.get(synapse, (BLACK, "", "", "-"))
        ax.annotate(
            "",
            xy=(x1 - 0.36 * ux, y1 - 0.36 * uy),
            xytext=(x0 + 0.34 * ux, y0 + 0.34 * uy),
            zorder=1,
            arrowprops={
                "arrowstyle": "-|>",
                "color": colour,
                "linewidth": 1.8 if synapse in STRONG else 1.2,
                "linestyle": dash,
                "shrinkA": 0,
                "shrinkB": 0,
                "mutation_scale": 8,
            },
        )
    for name, (x, y) in PLACES.items():
        ax.plot(
            x,
            y,
            marker="o",
            markersize=12.5,
            color=SHADE if name == "S" else WHITE,
            markeredgecolor=BLACK,
            markeredgewidth=0.8,
            zorder=3,
        )
        ax.text(x, y - 0.02, name, ha="center", va="center", fontsize=7.5, zorder=4)
    ax.text(2, 3.12, f"fast route, {delays[0]:g} ms", fontsize=7, ha="center", va="center")
    ax.text(2, -0.14, f"slow route, {delays[1]:g} ms", fontsize=7, ha="center", va="center")
    ax.text(-0.05, 2.35, "paired\npulses", fontsize=7, ha="center", va="center")
    for x in (-0.2, 0.1):
        ax.plot([x, x], [1.86, 2.06], color=BLACK, linewidth=1)
    ax.text(4.25, 1.9, "Z\u2192T", fontsize=7, color=GREEN, ha="left", va="center")
    ax.text(4.25, 1.1, "X\u2192U", fontsize=7, color=PINK, ha="left", va="center")
    ax.set(xlim=(-0.6, 5), ylim=(-0.5, 3.5))
    ax.axis("off")


def draw_scan(ax, record) -> None:
    """Change of both remote synapses against the inter-pulse interval: trials and means."""
    difference = float(np.diff(record.array("delays"))[0])
    interval, scan = difference + record.array("offset"), 100 * record.array("scan")
    ax.axvspan(difference - BAND, difference + BAND, color=SHADE, linewidth=0, zorder=0)
    for (name, (colour, marker, fill, dash)), trials in zip(LOOKS.items(), scan, strict=True):
        ax.plot(
            np.repeat(interval, trials.shape[1]),
            trials.ravel(),
            linestyle="none",
            marker=marker,
            markersize=1.6,
            color=colour,
            alpha=0.35,
            markeredgewidth=0,
            zorder=3,
        )
        ax.plot(
            interval,
            trials.mean(-1),
            color=colour,
            marker=marker,
            markersize=3.6,
            linestyle=dash,
            fillstyle=fill,
            linewidth=1,
            zorder=4,
            label=name.replace("->", "\u2192"),
        )
    ax.axhline(0, color=BLACK, linewidth=0.6)
    ax.axvline(difference, color=BLACK, linewidth=0.6, linestyle=(0, (1, 2)))
    low, high = ax.get_ylim()
    ax.set(xlabel="inter-pulse interval (ms)", ylabel="EPSC change (%)", ylim=(low, high + 0.12 * (high - low)))
    ax.text(
        difference + BAND + 2,
        high + 0.1 * (high - low),
        "delay difference\n\u00b15 ms",
        fontsize=7,
        ha="left",
        va="top",
    )
    ax.legend(loc="upper left", borderpad=0)


def draw_peaks(ax, record) -> None:
    """The interval of strongest potentiation in single trials against the delay difference."""
    peaks = record.array("peaks")
    ends = np.array([peaks[:, 0].min() - 15, peaks[:, 0].max() + 15])
    ax.fill_between(ends, ends - BAND, ends + BAND, color=SHADE, linewidth=0, zorder=0)
    ax.plot(ends, ends, color=BLACK, linewidth=0.6, linestyle=(0, (1, 2)))
    for k, (name, (colour, marker, fill, _)) in enumerate(LOOKS.items()):
        mine = peaks[peaks[:, 1] == k]
        spread = mine[:, 2:].std(-1, ddof=1) if mine.shape[1] > 3 else np.zeros(len(mine))
        means(
            ax,
            mine[:, 0] + 3 * (k - 0.5),
            mine[:, 2:].mean(-1),
            spread,
            (colour, marker, fill),
            name.replace("->", "\u2192"),
            size=4,
            width=0.8,
        )
    ax.set(xlabel="delay difference (ms)", ylabel="interval of largest potentiation (ms)", xlim=ends, ylim=ends)
    ax.legend(loc="upper left", borderpad=0, handletextpad=0.3)


def draw_conditions(ax, record) -> None:
    """Change of both remote synapses in the conditions: means with SD, and single trials."""
    conditions, changes = [str(name) for name in record.array("conditions")], 100 * record.array("changes")
    shown = [name for name in SHORT if name in conditions]
    for shift, (name, (colour, marker, fill, _)) in enumerate(LOOKS.items()):
        trials = np.array([changes[conditions.index(one), shift] for one in shown])
        places = np.arange(len(shown)) + 0.34 * (shift - 0.5)
        for place, values in zip(places, trials, strict=True):
            ax.plot(
                place + np.linspace(-0.1, 0.1, values.size),
                values,
                linestyle="none",
                marker="o",
                markersize=1.4,
                color=colour,
                alpha=0.4,
                markeredgewidth=0,
            )
        means(
            ax,
            places,
            trials.mean(-1),
            sd(trials),
            (colour, marker, fill),
            name.replace("->", "\u2192"),
            size=4,
            width=0.8,
            capsize=1.5,
        )
    ax.axhline(0, color=BLACK, linewidth=0.6)
    for edge in np.arange(len(shown) - 1) + 0.5:
        ax.axvline(edge, ymax=0.9, color=SHADE, linewidth=0.6, zorder=0)
    ax.set_xticks(range(len(shown)), [minus(SHORT[name]) if name[0] in "+-" else SHORT[name] for name in shown])
    ax.tick_params(axis="x", length=0)
    low, high = ax.get_ylim()
    ax.set(ylabel="EPSC change (%)", xlim=(-0.5, len(shown) - 0.5), ylim=(low, high + 0.14 * (high - low)))
    ax.legend(ncols=2, loc="upper right", columnspacing=1.0, handletextpad=0.3, handlelength=1.2, borderpad=0)


def caption(records) -> str:
    """What is seen, with the number of trials."""
    record = latest(records, "bi-poo-1999")
    n = record.array("scan").shape[-1]
    fast, slow = record.array("delays")
    pairs = record.parameters["pairs"]["value"]
    return (
        f"Paired pulses to one cell and the synapses far from it ({pairs} pairs of pulses at 1 Hz unless changed, "
        f"n = {n} trials in each condition). a, The stimulated cell S and two routes; thick synapses make their "
        "target fire, Z\u2192T and X\u2192U do not (the control H\u2192I\u2192S is not drawn). b, Change 20 to 30 "
        "min later against the inter-pulse interval, "
        f"routes of {fast:g} and {slow:g} ms: single trials and means. c, Interval of largest potentiation "
        "against the delay difference (mean and SD of single trials; intervals were tried in steps of 5 ms). d, 10 "
        "ms below and above the delay difference, single pulses, an interval far from it, and controls at +10 ms: "
        "mean, SD and single trials. Where T or the fast route is silent, or T GABAergic, the retrograde signal is "
        "blocked too; left open it carries LTP of Z\u2192U to Z\u2192T (a prediction). Delays are assumptions; "
        "what is known of the paper's results is qualitative and unverified. Grey: the project's acceptance band."
    )


FIGURE = Figure(
    name="bi-poo-1999", title="Paired pulses change remote synapses", caption=caption, needs=("bi-poo-1999",), draw=draw
)
