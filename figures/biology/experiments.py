"""Parts that figures of biological experiments share."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import BLACK, DOWN, NONE, UP

__all__ = ["bars", "circuit", "line_style", "minus", "percent", "strip"]

#: Where the cells of the nine-cell circuit are drawn (columns from upstream to downstream).
PLACES = {
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
GABAERGIC = ("J", "G")


def minus(text: str) -> str:
    """The text with typographic minus signs."""
    return text.replace("-", "\u2212")


def percent(change: float) -> str:
    """A relative change in whole percent without its sign of percent, zero without a sign."""
    whole = round(100 * change)
    return minus(f"{whole:+d}") if whole else "0"


def line_style(change: float, least: float = 0.05) -> dict:
    """Colour, width and dash of a synapse by its change, so that it can be read in grey too."""
    if change > least:
        return {"color": UP, "linewidth": 2.2, "linestyle": "-"}
    if change < -least:
        return {"color": DOWN, "linewidth": 2.2, "linestyle": (0, (4, 1.2))}
    return {"color": NONE, "linewidth": 1.0, "linestyle": "-"}


def circuit(ax, changes: dict[str, float], induced: str) -> None:
    """Draw the nine-cell circuit, its synapses by their change.

    Parameters
    ----------
    ax : matplotlib axes
    changes : dict of str to float
        Synapse -> relative change.
    induced : str
        The synapse at which plasticity was induced.
    """
    beside = {
        "H->I": (0, 0.38),
        "I->A": (0.22, 0.36),
        "J->A": (0.3, -0.42),
        "A->B": (-0.14, 0.42),
        "A->C": (0.03, 0.24),
        "A->G": (-0.18, -0.42),
        "D->B": (0.4, 0.36),
        "B->E": (0, 0.38),
    }
    for synapse, change in changes.items():
        pre, post = synapse.split("->")
        (x0, y0), (x1, y1) = PLACES[pre], PLACES[post]
        length = np.hypot(x1 - x0, y1 - y0)
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        start, end = (x0 + 0.36 * ux, y0 + 0.36 * uy), (x1 - 0.42 * ux, y1 - 0.42 * uy)
        look = line_style(change)
        ax.plot(*zip(start, end, strict=True), zorder=1, solid_capstyle="butt", **look)
        if pre in GABAERGIC:
            ax.plot(
                [end[0] - 0.14 * uy, end[0] + 0.14 * uy],
                [end[1] + 0.14 * ux, end[1] - 0.14 * ux],
                color=look["color"],
                linewidth=2,
                zorder=2,
            )
        else:
            ax.annotate(
                "",
                xy=(x1 - 0.34 * ux, y1 - 0.34 * uy),
                xytext=end,
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
        dx, dy = beside.get(synapse, (0, 0.3))
        ax.text(
            (x0 + x1) / 2 + dx,
            (y0 + y1) / 2 + dy,
            percent(change),
            ha="center",
            va="center",
            fontsize=7,
            color=look["color"] if look["color"] != NONE else "#555555",
            fontweight="bold" if synapse == induced else "normal",
        )
    for name, (x, y) in PLACES.items():
        gaba = name in GABAERGIC
        ax.plot(
            x,
            y,
            marker="s" if gaba else "o",
            markersize=12.5,
            color="#DDDDDD" if gaba else "white",
            markeredgecolor=BLACK,
            markeredgewidth=0.8,
            zorder=3,
        )
        ax.text(x, y - 0.02, name, ha="center", va="center", fontsize=7.5, zorder=4)
    ax.set(xlim=(-0.5, 6.5), ylim=(0.1, 4.6), aspect="equal")
    ax.axis("off")


def strip(ax, place: float, values: np.ndarray, colour: str, width: float = 0.56) -> None:
    """Single trials beside each other at one place, in the order of their seeds."""
    offsets = np.linspace(-width / 2, width / 2, values.size) if values.size > 1 else np.zeros(1)
    ax.plot(
        place + offsets,
        100 * values,
        linestyle="none",
        marker="o",
        markersize=1.8,
        color=colour,
        markeredgewidth=0,
        alpha=0.75,
        zorder=3,
    )


def bars(ax, groups, labels) -> None:
    """Bars of means with SD, and the single trials; colour and hatch tell up, down and no change apart.

    Parameters
    ----------
    groups : sequence of ndarray, shape (n_trials,)
        Relative changes.
    labels : sequence of str
    """
    for place, values in enumerate(groups):
        mean, spread = 100 * values.mean(), 100 * values.std(ddof=1) if values.size > 1 else 0
        changed = abs(mean) > 5
        colour = (UP if mean > 0 else DOWN) if changed else NONE
        ax.bar(
            place,
            mean,
            width=0.72,
            facecolor=colour if changed else "white",
            alpha=0.35 if changed else 1,
            edgecolor="none",
            zorder=1,
        )
        ax.bar(
            place,
            mean,
            width=0.72,
            facecolor="none",
            edgecolor=colour,
            linewidth=0.8,
            zorder=2,
            hatch="" if mean > 0 or not changed else "////",
        )
        strip(ax, place, values, colour if changed else "#555555")
        ax.errorbar(place, mean, spread, color=BLACK, linewidth=0.8, capsize=2, zorder=4)
    ax.axhline(0, color=BLACK, linewidth=0.6)
    ax.set_xticks(range(len(labels)), labels)
    ax.tick_params(axis="x", length=0)
