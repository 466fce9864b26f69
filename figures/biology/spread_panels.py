"""The panels of an experiment on spread in the nine-cell circuit: circuit, time courses, all positions, controls."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import label_panels, means, new
from sbp_brian.figures.biology.circuits import culture
from sbp_brian.figures.biology.trials import bars, course, sd
from sbp_brian.figures.style import BLACK, COLUMNS, GREEN, GREY, ORANGE, PINK, SHADE

__all__ = ["draw_spread"]

#: synapse -> (where it lies, colour, marker, fillstyle); none has a colour that stands for up or down elsewhere
LOOKS = {
    "A->B": ("induced", BLACK, "o", "full"),
    "I->A": ("back", GREEN, "s", "full"),
    "A->C": ("lateral", ORANGE, "^", "full"),
    "D->B": ("convergent", PINK, "D", "none"),
    "B->E": ("forward", GREY, "v", "none"),
    "A->G": ("GABAergic target", GREY, "v", "none"),
}
COURSES = ("A->B", "I->A", "A->C", "D->B", "B->E")


def draw_spread(record, shown, short, width_ratios=(1, 1.22)):
    """Four panels from one record of a spread experiment.

    Parameters
    ----------
    record : Record
        With the arrays synapses, conditions, changes, minutes, course.
    shown : sequence of str
        Synapses of the panel of controls.
    short : dict
        Condition -> label that fits under the axis.
    width_ratios : tuple of float
        Widths of the columns.
    """
    synapses = [str(name) for name in record.array("synapses")]
    conditions = [str(name) for name in record.array("conditions")]
    changes = record.array("changes")
    fig, ((top_left, top_right), (low_left, low_right)) = new(COLUMNS, 122, nrows=2, ncols=2, width_ratios=width_ratios)
    culture(top_left, dict(zip(synapses, changes[0].mean(-1), strict=True)), "A->B")
    draw_courses(top_right, record.array("minutes"), dict(zip(synapses, record.array("course"), strict=True)))
    bars(low_left, list(changes[0]), [name.replace("->", "\u2192") for name in synapses])
    low_left.tick_params(axis="x", rotation=45)
    low_left.set_ylabel("EPSC change (%)")
    draw_controls(low_right, conditions, synapses, changes, shown, short)
    n = changes.shape[-1]
    label_panels(top_left, top_right, low_left, low_right, n=(None, n, n, n))
    return fig


def draw_courses(ax, minutes, courses) -> None:
    """Mean over trials of the normalised EPSC in bins of 2 min, with the standard error."""
    width = 2.0
    phases = [np.arange(minutes.min(), -width, width), np.arange(0, minutes.max(), width)]
    ax.axvspan(-1, 0, ymax=0.8, color=SHADE, linewidth=0)
    ax.axvspan(20, 30, ymax=0.03, color=BLACK, linewidth=0)
    ax.axhline(100, color=BLACK, linewidth=0.6, linestyle=(0, (1, 2)))
    for shift, name in enumerate(COURSES):
        word, colour, marker, fill = LOOKS[name]
        course(
            ax,
            minutes,
            100 * courses[name],
            phases,
            width,
            colour=colour,
            marker=marker,
            fill=fill,
            label=f"{name.replace('->', chr(0x2192))} {word}",
            shift=0.12 * (shift - 2),
        )
    ax.set(xlabel="time after pairing (min)", ylabel="normalised EPSC (%)")
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.06 * (high - low), high + 0.3 * (high - low))
    ax.legend(ncols=3, loc="upper center", columnspacing=1.0, handlelength=1.6, borderpad=0)


def draw_controls(ax, conditions, synapses, changes, shown, short) -> None:
    """Change of some synapses under each condition: means with SD."""
    for shift, name in enumerate(shown):
        _, colour, marker, fill = LOOKS[name]
        trials = 100 * changes[:, synapses.index(name)]
        places = np.arange(len(conditions)) + 0.2 * (shift - 1.5)
        means(
            ax,
            places,
            trials.mean(-1),
            sd(trials),
            (colour, marker, fill),
            name.replace("->", "\u2192"),
            size=4,
            width=0.8,
        )
    ax.axhline(0, color=BLACK, linewidth=0.6)
    for edge in np.arange(len(conditions) - 1) + 0.5:
        ax.axvline(edge, ymax=0.9, color=SHADE, linewidth=0.6, zorder=0)
    ax.set_xticks(range(len(conditions)), [short.get(name, name) for name in conditions])
    ax.tick_params(axis="x", length=0)
    low, high = ax.get_ylim()
    ax.set(ylabel="EPSC change (%)", xlim=(-0.5, len(conditions) - 0.5), ylim=(low, high + 0.16 * (high - low)))
    ax.legend(ncols=4, loc="upper right", columnspacing=1.0, handletextpad=0.3, handlelength=1.2, borderpad=0)
