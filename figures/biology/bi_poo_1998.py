"""The STDP window, its dependence on strength, and its controls, as Bi & Poo 1998 show them."""

from __future__ import annotations

import numpy as np

from sbp_brian.experiments.records import latest
from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.biology.trials import scatter
from sbp_brian.figures.style import BLACK, COLUMNS, DOWN, GREY, UP
from sbp_brian.report.text import minus
from sbp_brian.report.together import deviation

__all__ = ["FIGURE"]

BAND = 5.0  # points, at the intervals that are scored
SCORED = (5, 10, 20)  # ms
ATTRIBUTED = {1: (77.7, 16.8), -1: (-27.3, 33.7)}


def draw(records):
    """Window with fit and band; change against strength; controls."""
    record = latest(records, "bi-poo-1998")
    fig, axes = new(COLUMNS, 72, ncols=3, width_ratios=(1.7, 1.1, 1))
    draw_window(axes[0], record)
    draw_strength(axes[1], record)
    draw_controls(axes[2], record)
    label_panels(*axes, n=record.parameters["seeds"]["value"])
    return fig


def draw_window(ax, record) -> None:
    """Single trials, means, the fit, and the band around the attributed fit."""
    intervals, changes = record.array("interval"), 100 * record.array("changes")
    for side, word, colour in ((-1, "minus", DOWN), (1, "plus", UP)):
        mine = intervals * side > 0
        reach = np.linspace(1, np.abs(intervals).max(), 200)
        amplitude, tau = ATTRIBUTED[side]
        ax.plot(
            side * reach,
            amplitude * np.exp(-reach / tau),
            color=BLACK,
            linewidth=0.8,
            linestyle=(0, (2, 2)),
            label="attributed fit" if side > 0 else None,
            zorder=4.5,
        )
        for dt in SCORED:
            if side * dt in intervals:
                middle = amplitude * np.exp(-dt / tau)
                ax.fill_between(
                    [side * dt - 1.8, side * dt + 1.8],
                    middle - BAND,
                    middle + BAND,
                    facecolor="none",
                    edgecolor=BLACK,
                    linewidth=0.7,
                    zorder=6,
                    label=f"\u00b1{BAND:g} points" if (side, dt) == (1, SCORED[0]) else None,
                )
        (a, t), low, high = record.array(f"fit_{word}")
        ax.plot(side * reach, 100 * a * np.exp(-reach / t), color=colour, linestyle="-", zorder=4)
        ax.text(
            36 if side > 0 else -104,
            40 if side > 0 else 22,
            color=colour,
            va="center",
            fontsize=7,
            s=f"fit: \u03c4 = {t:.1f} ms\n({low[1]:.1f} to {high[1]:.1f})",
        )
        scatter(ax, intervals[mine], changes[mine], colour, marker="o" if side > 0 else "s", single="o")
    ax.axhline(0, color=BLACK, linewidth=0.6)
    ax.axvline(0, color=BLACK, linewidth=0.6)
    ax.set(xlabel="postsynaptic minus presynaptic spike (ms)", ylabel="EPSC change (%)")
    ax.set_ylim(top=ax.get_ylim()[1] * 1.1)
    ax.legend(loc="upper left", handlelength=1.6, borderpad=0)


def draw_strength(ax, record) -> None:
    """Change of single trials against the EPSC amplitude at the start."""
    for name, colour, marker, text in (("ltp_strength", UP, "o", "+10 ms"), ("ltd_strength", DOWN, "s", "-10 ms")):
        epsc, change = record.array(name)
        ax.semilogx(
            epsc,
            100 * change,
            linestyle="none",
            marker=marker,
            markersize=2.4,
            color=colour,
            fillstyle="full" if marker == "o" else "none",
            markeredgewidth=0.6,
            alpha=0.7,
            label=minus(text),
        )
    ax.axhline(0, color=BLACK, linewidth=0.6)
    ax.set_xticks([30, 100, 300, 1000, 3000], ["30", "100", "300", "1000", "3000"])
    ax.minorticks_off()
    ax.set(xlabel="EPSC at the start (pA)", ylabel="EPSC change (%)")
    ax.set_ylim(top=ax.get_ylim()[1] * 1.15)
    ax.legend(loc="upper right", handletextpad=0.1, ncols=2, columnspacing=0.8, borderpad=0)


def draw_controls(ax, record) -> None:
    """Changes under controls, beside those of the window: mean and SD."""
    names = (
        ("A\u2192B", "A->B, {} ms"),
        ("no post\nspikes", "A->B, {} ms, no postsynaptic spikes"),
        ("NMDA\nblocked", "A->B, {} ms, NMDA receptors blocked"),
        ("GABA\ntarget", "A->G, {} ms, GABAergic target"),
        ("H\u2192I", "H->I, {} ms, three-hop chain"),
        ("signal\nblocked", "A->B, {} ms, retrograde signal blocked"),
    )
    known = {row["name"] for row in record.metrics}
    for shift, (sign, colour, marker) in enumerate((("+10", UP, "o"), ("-10", DOWN, "s"))):
        for place, (_, name) in enumerate(names):
            if name.format(sign) in known:
                row = record.metric(name.format(sign))
                ax.errorbar(
                    100 * row["value"],
                    place + 0.3 * (shift - 0.5),
                    xerr=100 * (deviation(row) or 0),
                    color=colour,
                    marker=marker,
                    markersize=3.5,
                    linestyle="none",
                    elinewidth=0.8,
                    fillstyle="full" if marker == "o" else "none",
                )
    ax.axvline(0, color=BLACK, linewidth=0.6)
    for edge in np.arange(len(names) - 1) + 0.5:
        ax.axhline(edge, color=GREY, linewidth=0.4, linestyle="-", zorder=0)
    ax.set_yticks(range(len(names)), [label for label, _ in names])
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="EPSC change (%)", ylim=(len(names) - 0.5, -0.5))


def caption(records) -> str:
    """What is seen, with the number of trials."""
    record = latest(records, "bi-poo-1998")
    n = record.array("changes").shape[1]
    return (
        f"Spike-timing-dependent plasticity, EPSC change 20 to 30 min after 60 pairs at 1 Hz (n = {n} trials at "
        "each interval). a, The window: single trials, means (open), fits of A exp(\u2212|\u0394t|/\u03c4) with "
        "the 95 % interval of \u03c4, and the fit commonly attributed to Bi & Poo (dashed; unverified) with the "
        "acceptance band of this project. b, Change at +10 and \u221210 ms against the EPSC amplitude at the "
        "start: LTP at weak synapses only, LTD regardless. c, Controls (colours and markers as in b; mean and "
        "SD): no postsynaptic spikes, NMDA receptors blocked, a GABAergic target, the synapse H\u2192I of the "
        "chain H\u2192I\u2192A\u2192B, the retrograde signal blocked. The window's form and the dependence on "
        "strength are built into the model."
    )


FIGURE = Figure(
    name="bi-poo-1998",
    title="The window of spike-timing-dependent plasticity",
    caption=caption,
    needs=("bi-poo-1998",),
    draw=draw,
)
