"""BDNF on the tectum and the inputs of a ganglion cell, as Du & Poo 2004 show them, with the locus as a prediction."""

from __future__ import annotations

import numpy as np

from sbp_brian.experiments.records import latest
from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.biology.circuits import retina
from sbp_brian.figures.biology.trials import around, bars, sd, strip
from sbp_brian.figures.style import BLACK, COLUMNS, GREEN, GREY, SHADE, UP, VERMILION, WHITE
from sbp_brian.report.text import minus
from sbp_brian.report.together import value

__all__ = ["FIGURE"]

SHORT = {
    "BDNF": "BDNF",
    "vehicle": "vehicle",
    "TrkB blocked": "no\nTrkB",
    "PLC blocked": "no\nPLC\u03b3",
    "retrograde signal blocked": "no\nsignal",
}


def draw(records):
    """Pathway, EPSCs, spikes to light; blockers, dose-response, paired pulses."""
    record = latest(records, "du-poo-2004")
    synapses = [str(name) for name in record.array("synapses")]
    treatments = [str(name) for name in record.array("treatments")]
    changes = record.array("changes")
    fig, ((a, b, c), (d, e, f)) = new(COLUMNS, 116, nrows=2, ncols=3, width_ratios=(1.45, 1.1, 1))
    means = {name: (value,) for name, value in zip(synapses, changes[0].mean(-1), strict=True)}
    retina(a, means, "RGC->TC")
    a.annotate(
        "BDNF",
        xy=(7.38, 2.12),
        xytext=(7.3, 2.95),
        ha="center",
        fontsize=7,
        fontweight="bold",
        color=UP,
        arrowprops={"arrowstyle": "-|>", "color": UP, "linewidth": 0.8, "mutation_scale": 7},
    )
    draw_courses(b, record, synapses)
    draw_spikes(c, record)
    bipolar = changes[:, synapses.index("BC->RGC")]
    bars(d, [bipolar[treatments.index(name)] for name in SHORT], list(SHORT.values()))
    d.set_ylabel("EPSC change at BC\u2192RGC (%)")
    draw_dose(e, record)
    draw_pairs(f, record)
    label_panels(a, b, c, d, e, f, n=(None, *[record.parameters["seeds"]["value"]] * 5))
    return fig


def draw_courses(ax, record, synapses) -> None:
    """Normalised currents against time."""
    minutes, courses = record.array("minutes"), record.array("course")
    puff = value(record, "puff") / 60
    ax.axvspan(-puff, 0, ymax=0.76, color=SHADE, linewidth=0)
    ax.axvspan(20, 30, ymax=0.03, color=BLACK, linewidth=0)
    ax.axhline(100, color=BLACK, linewidth=0.6, linestyle=(0, (1, 2)))
    for name, word, colour, marker, fill in (
        ("RGC->TC", "RGC\u2192TC", VERMILION, "o", "full"),
        ("BC->RGC", "BC\u2192RGC", GREEN, "s", "full"),
        ("AC->RGC", "AC\u2192RGC (IPSC)", GREY, "v", "none"),
        ("BC->RGC2", "BC\u2192RGC$_2$", BLACK, "^", "none"),
    ):
        look = {"colour": colour, "marker": marker, "fill": fill, "label": word}
        around(ax, minutes, 100 * courses[synapses.index(name)], end=-puff, **look)
    low, high = ax.get_ylim()
    ax.set(
        xlabel="time after the puff (min)",
        ylabel="normalised current (%)",
        ylim=(low - 0.05 * (high - low), high + 0.36 * (high - low)),
    )
    ax.legend(loc="upper center", ncols=2, columnspacing=0.8, handlelength=1.4, borderpad=0, handletextpad=0.4)


def draw_spikes(ax, record) -> None:
    """Spikes to a light pulse against time."""
    minutes, spikes = record.array("light_minutes"), record.array("spikes")
    puff = value(record, "puff") / 60
    ax.axvspan(-puff, 0, ymax=0.86, color=SHADE, linewidth=0)
    for values, word, colour, marker, fill in zip(
        spikes, ("RGC", "RGC$_2$"), (GREEN, BLACK), "s^", ("full", "none"), strict=True
    ):
        look = {"colour": colour, "marker": marker, "fill": fill, "label": word}
        around(ax, minutes, values, width=5.0, end=-puff, **look)
    low, high = ax.get_ylim()
    ax.set(
        xlabel="time after the puff (min)",
        ylabel="spikes per light pulse",
        ylim=(max(0, low - 0.1 * (high - low)), high + 0.16 * (high - low)),
    )
    ax.legend(loc="upper left", ncols=2, columnspacing=0.8, handlelength=1.4, borderpad=0, handletextpad=0.4)


def draw_dose(ax, record) -> None:
    """Change at BC->RGC against what a partial block leaves of TrkB, beside its closed form."""
    left, changes = 100 * record.array("dose"), record.array("dose_changes")
    dense = np.linspace(0, 1, 100)
    ax.plot(
        100 * dense,
        60 * -np.expm1(-1.4 * value(record, "dose") * dense),
        color=BLACK,
        linewidth=0.9,
        linestyle=(0, (3, 1.5)),
        label="closed form",
        zorder=5,
    )
    for place, values in zip(left, changes, strict=True):
        strip(ax, place, values, UP, width=10)
    ax.errorbar(
        left,
        100 * changes.mean(-1),
        100 * sd(changes),
        linestyle="none",
        marker="o",
        markersize=4,
        color=BLACK,
        markerfacecolor=WHITE,
        elinewidth=0.8,
        zorder=6,
        label="mean \u00b1 SD",
    )
    ax.axhline(0, color=BLACK, linewidth=0.6)
    ax.set(xlabel="TrkB left by a blocker (%)", ylabel="EPSC change at BC\u2192RGC (%)", xticks=[0, 25, 50, 75, 100])
    ax.legend(loc="upper left", borderpad=0, handlelength=1.6)


def draw_pairs(ax, record) -> None:
    """Paired-pulse ratio before and after, for either locus."""
    paired, quiet = record.array("paired"), record.array("paired_quiet")
    for shift, (before, late), colour, marker, fill in (
        (0, paired[0], GREEN, "o", "full"),
        (1, paired[1], GREY, "s", "none"),
    ):
        places = np.array([0.2, 0.8]) + 1.2 * shift
        ax.plot(places, [before, late], color=colour, linewidth=0.4, linestyle="-", alpha=0.4)
        for place, values in zip(places, (before, late), strict=True):
            ax.errorbar(
                place,
                values.mean(),
                values.std(ddof=1) if values.size > 1 else 0,
                color=BLACK,
                marker=marker,
                markersize=4.5,
                fillstyle=fill,
                markerfacecolor=colour if fill == "full" else WHITE,
                elinewidth=0.8,
                zorder=4,
            )
        change, still = late.mean() / before.mean() - 1, quiet[shift] if abs(quiet[shift]) > 5e-4 else 0
        ax.text(
            places.mean(),
            0.99,
            minus(f"{100 * change:+.1f} %\nwithout noise\n{100 * still:.1f} %"),
            ha="center",
            va="top",
            fontsize=7,
            transform=ax.get_xaxis_transform(),
        )
    ax.axvline(1.1, color=SHADE, linewidth=0.6, zorder=0)
    ax.set_xticks(
        [0.2, 0.5, 0.8, 1.4, 1.7, 2.0], ["before", "\npostsynaptic", "after", "before", "\npresynaptic", "after"]
    )
    ax.tick_params(axis="x", length=0)
    low, high = ax.get_ylim()
    ax.set(ylabel="paired-pulse ratio", xlim=(-0.1, 2.3), ylim=(low, high + 0.26 * (high - low)))


def caption(records) -> str:
    """What is seen, with the number of trials."""
    record = latest(records, "du-poo-2004")
    n = record.array("changes").shape[-1]
    length, velocity = value(record, "length"), value(record, "velocity")
    return (
        f"BDNF puffed on the terminals of a ganglion cell in the tectum (n = {n} trials). a, The circuit: "
        "photoreceptor PR, bipolar cell BC, ganglion cells RGC, tectal cells TC; grey squares are GABAergic "
        "(amacrine cell AC, whose synapse on RGC2 is not drawn; tectal cell TG); synapses by their mean change 20 "
        "to 30 min after the puff (%, thick: potentiated, thin: unchanged). b, Currents relative to baseline, mean "
        "and standard error; puff shaded, time of measurement marked below. c, Spikes to a light pulse of 0.5 s. "
        "d, Bipolar input under blockers of TrkB, of phospholipase C\u03b3 and of the retrograde signal: mean, SD "
        "and single trials. e, Partial block of TrkB, with the closed form. f, Paired-pulse ratio at "
        "BC\u2192RGC for expression by receptors (as reported) and, for contrast, by release: single trials, mean "
        f"and SD. Axon {length:g} um and effective velocity {velocity:g} um/s are assumptions; the dose, and that "
        "IPSCs do not take part, are built in; the paper's percentages are not known to this project."
    ).replace(" um", " \u00b5m")


FIGURE = Figure(
    name="du-poo-2004",
    title="BDNF on the tectum strengthens retinal inputs",
    caption=caption,
    needs=("du-poo-2004",),
    draw=draw,
)
