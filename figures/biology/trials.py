"""Single trials, and their means: bars with points beside each other, and courses in bins of time."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.style import BLACK, DOWN, NONE, SOFT, UP, WHITE

__all__ = ["around", "bars", "course", "scatter", "sd", "strip"]


def sd(values: np.ndarray) -> np.ndarray:
    """Sample standard deviation over trials (the last axis); zero for a single trial."""
    return values.std(-1, ddof=1) if values.shape[-1] > 1 else np.zeros(values.shape[:-1])


def strip(ax, place: float, values: np.ndarray, colour: str, width: float = 0.56) -> None:
    """Single trials beside each other at one place, in the order of their seeds.

    Parameters
    ----------
    ax : matplotlib axes
    place : float
    values : ndarray, shape (n_trials,)
        Relative changes.
    colour : str
    width : float
        Of the strip.
    """
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
    ax : matplotlib axes
    groups : sequence of ndarray, shape (n_trials,)
        Relative changes.
    labels : sequence of str
    """
    for place, values in enumerate(groups):
        mean, spread = 100 * values.mean(), 100 * float(sd(values))
        changed = abs(mean) > 5
        colour = (UP if mean > 0 else DOWN) if changed else NONE
        ax.bar(
            place,
            mean,
            width=0.72,
            facecolor=colour if changed else WHITE,
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
        strip(ax, place, values, colour if changed else SOFT)
        ax.errorbar(place, mean, spread, color=BLACK, linewidth=0.8, capsize=2, zorder=4)
    ax.axhline(0, color=BLACK, linewidth=0.6)
    ax.set_xticks(range(len(labels)), labels)
    ax.tick_params(axis="x", length=0)


def scatter(ax, x, values, colour: str, *, marker: str, single: str) -> None:
    """Single trials as small points, and their means as open symbols.

    Parameters
    ----------
    ax : matplotlib axes
    x : ndarray, shape (n,)
    values : ndarray, shape (n, n_trials)
    colour : str
    marker, single : str
        Of means, of single trials.
    """
    ax.plot(
        np.repeat(x, values.shape[1]),
        values.ravel(),
        linestyle="none",
        marker=single,
        markersize=1.8,
        color=colour,
        alpha=0.45,
        markeredgewidth=0,
        zorder=3,
    )
    ax.plot(
        x,
        values.mean(-1),
        linestyle="none",
        marker=marker,
        markersize=4,
        markerfacecolor=WHITE,
        markeredgecolor=colour,
        markeredgewidth=1,
        zorder=5,
    )


def course(ax, minutes, values, phases, width, *, colour, marker, label, fill="full", shift=0.0) -> None:
    """Mean over trials in bins of some minutes, with the standard error over trials; a line a phase.

    Parameters
    ----------
    ax : matplotlib axes
    minutes : ndarray, min, shape (n,)
    values : ndarray, shape (n_trials, n)
    phases : sequence of ndarray
        Where the bins of each phase begin, min; what lies in no bin is not drawn.
    width : float
        Of a bin, min.
    colour, marker, label, fill : str
        Its look.
    shift : float
        By which points are displaced, so that those of several courses do not hide each other, min.
    """
    for starts in phases:
        bins = [(minutes >= low - 1e-6) & (minutes < low + width - 1e-6) for low in starts]
        bins = [inside for inside in bins if inside.any()]
        each = np.array([values[:, inside].mean(-1) for inside in bins])
        ax.errorbar(
            np.array([minutes[inside].mean() for inside in bins]) + shift,
            each.mean(-1),
            sd(each) / np.sqrt(each.shape[1]),
            color=colour,
            marker=marker,
            markersize=3,
            fillstyle=fill,
            linestyle="-",
            linewidth=0.8,
            capsize=0,
            elinewidth=0.6,
            label=label,
        )
        label = None  # once in the legend


def around(ax, minutes, values, *, width=4.0, end=0.0, label, **look) -> None:
    """`course` before and after an induction that lasts from ``end`` (min, at most 0) to 0, when nothing is drawn."""
    before, after = minutes < end + 1e-6, minutes >= -1e-6
    first, last = np.arange(minutes.min(), end - 1e-6, width), np.arange(0, minutes.max() - width / 2, width)
    course(ax, minutes[before], values[:, before], [first], width, label=label, **look)
    course(ax, minutes[after], values[:, after], [last], width, label=None, **look)
