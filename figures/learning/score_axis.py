"""An axis for scores near their ceiling: logarithmic in the error, named as the score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import NullLocator

__all__ = ["score_axis"]

#: Scores that are named, the best first; where two come too close the later is left out.
_NAMED = (0.995, 0.99, 0.98, 0.97, 0.95, 0.92, 0.9, 0.85, 0.8, 0.7, 0.5, 0.3, 0.1)
#: Those of an axis on which fewer than three of these lie.
_FINER = tuple(sorted({*_NAMED, *(n / 100 for n in range(90, 100))}, reverse=True))
#: Least distance of two of them, as a share of the axis.
_APART = {"x": 0.12, "y": 0.07}

_LEAST = 1e-4  # error that is still told from none


def score_axis(ax, which: str, scores: Sequence[float], label: str = "", percent: bool = True) -> None:
    """Let one axis of a panel, on which errors (1 - score) are drawn, read as the score; better is right, or up.

    Parameters
    ----------
    ax : matplotlib Axes
    which : str
        ``"x"`` or ``"y"``.
    scores : sequence of float
        All that has to be seen, as fractions.
    label : str
    percent : bool
        Named in per cent, else as fractions.
    """
    errors = 1 - np.asarray(scores, dtype=float)
    worst, best = min(1.0, 1.15 * errors.max()), max(errors.min(), _LEAST) / 1.15
    axis = {"x": ax.xaxis, "y": ax.yaxis}[which]
    ax.set(**{f"{which}lim": (worst, best), f"{which}label": label})  # before the scale, which would look for limits
    ax.set(**{f"{which}scale": "log"})
    least = _APART[which] * np.log(worst / best)
    kept = _kept(_NAMED, worst, best, least)
    if len(kept) < 3:
        kept = _kept(_FINER, worst, best, least)
    axis.set_ticks([1 - tick for tick in kept], [f"{100 * tick:g}" if percent else f"{tick:g}" for tick in kept])
    axis.set_minor_locator(NullLocator())


def _kept(named: Sequence[float], worst: float, best: float, least: float) -> list[float]:
    """The scores whose errors are within the axis, without those that come too close to one before them."""
    kept: list[float] = []
    for tick in named:
        inside = best <= 1 - tick <= worst
        if inside and all(np.log((1 - tick) / (1 - other)) > least for other in kept[-1:]):
            kept.append(tick)
    return kept
