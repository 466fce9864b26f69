"""Parts that figures of retina and tectum share."""

from __future__ import annotations

import numpy as np
from matplotlib.patches import FancyBboxPatch

from sbp_brian.figures.base import BLACK, NONE
from sbp_brian.figures.biology.experiments import line_style, percent

__all__ = ["binned", "pathway", "setting"]

PLACES = {
    "PR": (0, 2.0),
    "BC": (2.0, 2.0),
    "AC": (4.6, 0.4),
    "RGC": (4.6, 2.0),
    "RGC2": (4.6, 3.8),
    "TC": (8.2, 2.0),
    "TG": (8.2, 0.4),
    "TC2": (8.2, 3.8),
}
NAMES = {"RGC2": "RGC$_2$", "TC2": "TC$_2$"}
GABAERGIC = ("AC", "TG")
WIDTH, HEIGHT = 0.68, 0.4  # half the size of a cell
#: Where the change of a synapse is written, from its middle; a synapse that is not here is not drawn.
BESIDE = {
    "PR->BC": (0, 0.62),
    "BC->RGC": (0, -0.7),
    "AC->RGC": (0.62, -0.02),
    "BC->RGC2": (-0.75, 0.3),
    "RGC->TC": (0.3, 0.4),
    "RGC->TG": (0.75, 0.22),
    "RGC2->TC2": (0.25, 0.34),
}


def pathway(ax, changes: dict[str, tuple[float, ...]], induced: str, axon: str = "") -> None:
    """Draw retina and tectum, synapses by their (first) change.

    Parameters
    ----------
    ax : matplotlib axes
    changes : dict of str to tuple of float
        Synapse -> relative changes, shown beside it with a stroke between them.
    induced : str
        The synapse that was changed in the tectum.
    axon : str
        What to say of the axon.
    """
    ax.plot([5.72, 5.72], [-0.2, 4.6], color="#AAAAAA", linewidth=0.7, linestyle=(0, (2, 2)), zorder=0)
    for x, word in ((2.4, "retina"), (7.4, "tectum")):
        ax.text(x, 4.65, word, ha="center", fontsize=7.5, style="italic")
    for synapse in BESIDE:
        values = changes[synapse]
        pre, post = synapse.split("->")
        start, end, (ux, uy) = _ends(pre, post)
        look = line_style(values[0])
        ax.plot(*zip(start, end, strict=True), zorder=1, solid_capstyle="butt", **look)
        if pre in GABAERGIC:
            ax.plot(
                [end[0] - 0.16 * uy, end[0] + 0.16 * uy],
                [end[1] + 0.16 * ux, end[1] - 0.16 * ux],
                color=look["color"],
                linewidth=2,
                zorder=2,
            )
        else:
            tip, tail = ((end[0] + by * ux, end[1] + by * uy) for by in (0.14, -0.05))
            ax.annotate(
                "",
                xy=tip,
                xytext=tail,
                zorder=2,
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": look["color"],
                    "linewidth": 0.5,
                    "shrinkA": 0,
                    "shrinkB": 0,
                    "mutation_scale": 8,
                },
            )
        dx, dy = BESIDE[synapse]
        text = " / ".join(percent(value) for value in values)
        ax.text(
            (start[0] + end[0]) / 2 + dx,
            (start[1] + end[1]) / 2 + dy,
            text,
            ha="center",
            va="center",
            fontsize=7,
            color=look["color"] if look["color"] != NONE else "#555555",
            fontweight="bold" if synapse == induced else "normal",
            zorder=0.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )  # over the border of the tectum
    for name, (x, y) in PLACES.items():
        gaba = name in GABAERGIC
        ax.add_patch(
            FancyBboxPatch(
                (x - WIDTH, y - HEIGHT),
                2 * WIDTH,
                2 * HEIGHT,
                zorder=3,
                linewidth=0.8,
                boxstyle=f"round,pad=0,rounding_size={0.02 if gaba else 0.33}",
                facecolor="#DDDDDD" if gaba else "white",
                edgecolor=BLACK,
            )
        )
        ax.text(x, y - 0.02, NAMES.get(name, name), ha="center", va="center", fontsize=7, zorder=4)
    if axon:
        ax.text(-0.6, -0.7, axon, ha="left", va="center", fontsize=7, color="#555555")
    ax.set(xlim=(-0.8, 9.0), ylim=(-1.0, 5.2), aspect="equal")
    ax.axis("off")


def _ends(pre: str, post: str):
    """Where the line of a synapse begins and ends, and its direction."""
    (x0, y0), (x1, y1) = PLACES[pre], PLACES[post]
    length = np.hypot(x1 - x0, y1 - y0)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    edge = min(WIDTH / max(abs(ux), 1e-9), HEIGHT / max(abs(uy), 1e-9))
    return (x0 + edge * ux, y0 + edge * uy), (x1 - (edge + 0.2) * ux, y1 - (edge + 0.2) * uy), (ux, uy)


def binned(ax, minutes, values, colour, marker, label, width=4.0, fill="full", end=0.0) -> None:
    """Mean over trials in bins of some minutes before and after induction, with the standard error.

    Parameters
    ----------
    ax : matplotlib axes
    minutes : ndarray, min, shape (n,)
    values : ndarray, shape (n_trials, n)
    colour, marker, label, fill : str
        Its look.
    width : float
        Of a bin, min.
    end : float
        Nothing is drawn between this time (min, at most 0) and 0.
    """
    phases = np.arange(minutes.min(), end - 1e-6, width), np.arange(0, minutes.max() - width / 2, width)
    phase = minutes < end + 1e-6, minutes >= -1e-6
    for starts, mine, word in zip(phases, phase, (label, None), strict=True):
        bins = [mine & (minutes >= low - 1e-6) & (minutes < low + width - 1e-6) for low in starts]
        bins = [inside for inside in bins if inside.any()]
        each = np.array([values[:, inside].mean(-1) for inside in bins])
        middle = np.array([minutes[inside].mean() for inside in bins])
        error = each.std(-1, ddof=1) / np.sqrt(each.shape[1]) if each.shape[1] > 1 else np.zeros(len(each))
        ax.errorbar(
            middle,
            each.mean(-1),
            error,
            color=colour,
            marker=marker,
            markersize=3,
            fillstyle=fill,
            linestyle="-",
            linewidth=0.8,
            capsize=0,
            elinewidth=0.6,
            label=word,
        )


def setting(record, name: str) -> float:
    """A parameter of the record's protocol, in the unit in which it is declared."""
    return record.parameters[name]["value"]
