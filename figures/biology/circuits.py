"""The circuits of the experiments, synapses drawn by their change: nine cells in culture, and retina and tectum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.patches import FancyBboxPatch

from sbp_brian.figures.style import BLACK, GREY, NONE, SHADE, SOFT, WHITE, by_change
from sbp_brian.report.text import whole_percent

__all__ = ["culture", "retina"]

#: Where the cells of the nine-cell circuit are drawn (columns from upstream to downstream).
CULTURE = {
    "H": (0, 3),
    "I": (1.5, 3),
    "J": (1.5, 1),
    "A": (3, 2),
    "D": (3, 4),
    "B": (4.5, 3.3),
    "C": (4.5, 2),
    "G": (4.5, 0.7),
    "E": (6, 3.3),
}
#: Where the change of a synapse is written, from its middle.
CULTURE_TEXT = {
    "H->I": (0, 0.38),
    "I->A": (0.22, 0.36),
    "J->A": (0.3, -0.42),
    "A->B": (-0.14, 0.42),
    "A->C": (0.03, 0.24),
    "A->G": (-0.18, -0.42),
    "D->B": (0.4, 0.36),
    "B->E": (0, 0.38),
}
RETINA = {
    "PR": (0, 2.0),
    "BC": (2.0, 2.0),
    "AC": (4.6, 0.4),
    "RGC": (4.6, 2.0),
    "RGC2": (4.6, 3.8),
    "TC": (8.2, 2.0),
    "TG": (8.2, 0.4),
    "TC2": (8.2, 3.8),
}
#: The same; a synapse that is not here is not drawn.
RETINA_TEXT = {
    "PR->BC": (0, 0.62),
    "BC->RGC": (0, -0.7),
    "AC->RGC": (0.62, -0.02),
    "BC->RGC2": (-0.75, 0.3),
    "RGC->TC": (0.3, 0.4),
    "RGC->TG": (0.75, 0.22),
    "RGC2->TC2": (0.25, 0.34),
}
NAMES = {"RGC2": "RGC$_2$", "TC2": "TC$_2$"}
GABAERGIC = ("J", "G", "AC", "TG")
WIDTH, HEIGHT = 0.68, 0.4  # half the size of a cell of retina or tectum


def culture(ax, changes: Mapping[str, float], induced: str) -> None:
    """Draw the nine-cell circuit.

    Parameters
    ----------
    ax : matplotlib axes
    changes : mapping of str to float
        Synapse -> relative change.
    induced : str
        The synapse at which plasticity was induced.
    """
    for synapse, change in changes.items():
        (x0, y0), (x1, y1), (ux, uy) = _direction(CULTURE, synapse)
        start, end = (x0 + 0.36 * ux, y0 + 0.36 * uy), (x1 - 0.42 * ux, y1 - 0.42 * uy)
        tip = x1 - 0.34 * ux, y1 - 0.34 * uy
        _synapse(ax, synapse, change, start, end, (ux, uy), 0.14, (tip, end))
        dx, dy = CULTURE_TEXT.get(synapse, (0, 0.3))
        _change(ax, synapse, [change], ((x0 + x1) / 2 + dx, (y0 + y1) / 2 + dy), induced)
    for name, (x, y) in CULTURE.items():
        gaba = name in GABAERGIC
        ax.plot(
            x,
            y,
            marker="s" if gaba else "o",
            markersize=12.5,
            color=SHADE if gaba else WHITE,
            markeredgecolor=BLACK,
            markeredgewidth=0.8,
            zorder=3,
        )
        ax.text(x, y - 0.02, name, ha="center", va="center", fontsize=7.5, zorder=4)
    ax.set(xlim=(-0.5, 6.5), ylim=(0.1, 4.6), aspect="equal")
    ax.axis("off")


def retina(ax, changes: Mapping[str, Sequence[float]], induced: str, axon: str = "") -> None:
    """Draw retina and tectum, synapses by their (first) change.

    Parameters
    ----------
    ax : matplotlib axes
    changes : mapping of str to sequence of float
        Synapse -> relative changes, shown beside it with a stroke between them.
    induced : str
        The synapse that was changed in the tectum.
    axon : str
        What to say of the axon.
    """
    ax.plot([5.72, 5.72], [-0.2, 4.6], color=GREY, linewidth=0.7, linestyle=(0, (2, 2)), zorder=0)
    for x, word in ((2.4, "retina"), (7.4, "tectum")):
        ax.text(x, 4.65, word, ha="center", fontsize=7.5, style="italic")
    for synapse, (dx, dy) in RETINA_TEXT.items():
        (x0, y0), (x1, y1), (ux, uy) = _direction(RETINA, synapse)
        edge = min(WIDTH / max(abs(ux), 1e-9), HEIGHT / max(abs(uy), 1e-9))
        start, end = (x0 + edge * ux, y0 + edge * uy), (x1 - (edge + 0.2) * ux, y1 - (edge + 0.2) * uy)
        tip, tail = ((end[0] + by * ux, end[1] + by * uy) for by in (0.14, -0.05))
        _synapse(ax, synapse, changes[synapse][0], start, end, (ux, uy), 0.16, (tip, tail))
        middle = (start[0] + end[0]) / 2 + dx, (start[1] + end[1]) / 2 + dy
        over_the_border = {"zorder": 0.5, "bbox": {"facecolor": WHITE, "edgecolor": "none", "pad": 0.5}}
        _change(ax, synapse, changes[synapse], middle, induced, **over_the_border)
    for name, (x, y) in RETINA.items():
        gaba = name in GABAERGIC
        ax.add_patch(
            FancyBboxPatch(
                (x - WIDTH, y - HEIGHT),
                2 * WIDTH,
                2 * HEIGHT,
                zorder=3,
                linewidth=0.8,
                boxstyle=f"round,pad=0,rounding_size={0.02 if gaba else 0.33}",
                facecolor=SHADE if gaba else WHITE,
                edgecolor=BLACK,
            )
        )
        ax.text(x, y - 0.02, NAMES.get(name, name), ha="center", va="center", fontsize=7, zorder=4)
    if axon:
        ax.text(-0.6, -0.7, axon, ha="left", va="center", fontsize=7, color=SOFT)
    ax.set(xlim=(-0.8, 9.0), ylim=(-1.0, 5.2), aspect="equal")
    ax.axis("off")


def _direction(places, synapse: str):
    """The places of both cells of a synapse, and the unit vector from one to the other."""
    (x0, y0), (x1, y1) = (places[cell] for cell in synapse.split("->"))
    length = np.hypot(x1 - x0, y1 - y0)
    return (x0, y0), (x1, y1), ((x1 - x0) / length, (y1 - y0) / length)


def _synapse(ax, synapse: str, change: float, start, end, direction, half: float, arrow) -> None:
    """A line by its change; it ends in a stroke (of this half length) where it is GABAergic, or else in an arrow."""
    look, (ux, uy) = by_change(change), direction
    ax.plot(*zip(start, end, strict=True), zorder=1, solid_capstyle="butt", **look)
    if synapse.split("->")[0] in GABAERGIC:
        ax.plot(
            [end[0] - half * uy, end[0] + half * uy],
            [end[1] + half * ux, end[1] - half * ux],
            color=look["color"],
            linewidth=2,
            zorder=2,
        )
        return
    tip, tail = arrow
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


def _change(ax, synapse: str, changes, place, induced: str, **how) -> None:
    """The change of a synapse in percent; that of the induced one is bold."""
    colour = by_change(changes[0])["color"]
    ax.text(
        *place,
        " / ".join(whole_percent(change) for change in changes),
        ha="center",
        va="center",
        fontsize=7,
        color=colour if colour != NONE else SOFT,
        fontweight="bold" if synapse == induced else "normal",
        **how,
    )
