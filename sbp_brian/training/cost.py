"""What learning costs: the measure of Zhang et al. 2021 as their code computes it, and operations that were counted.

**Their measure** (doi:10.1126/sciadv.abh0146, Figs 3 to 5; read in the authors' notebooks). For each seed the methods
that are compared define a range of errors: from `lowest`, the largest of their least errors, to `highest`, the least of
their largest errors (capped). The mean over five equally spaced levels of that range of the first epoch at which the
error is at or below the level is the method's *mean epochs*; times the synapse-like operations of one epoch
(`complexity`), which count neither samples nor time steps, it is the *computational cost*. Where two methods have the
same complexity, as SBP and no SBP do, the saving is a ratio of epochs and says nothing of work done.

**Operations** are what a network itself counted while it learned (`sbp_brian.training.spiking.TrialModel.counted`):
deliveries of events to synapses, weights visited by plasticity, reports to cells. `until` gives their sum when a level
was reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sbp_brian.errors import SettingError
from sbp_brian.wording import unknown

__all__ = ["COMPLEXITY", "Cost", "Range", "complexity", "cost", "error_range", "mean_epochs", "saved", "until"]

LEVELS = 5

#: Method -> operations of one epoch by their count, for m inputs, n hidden cells and k outputs.
COMPLEXITY = {
    "SNN-SBP": lambda m, n, k: m * n + n * k + n,
    "SNN without SBP": lambda m, n, k: m * n + n * k + n,
    "BBT": lambda m, n, k: m * n + n * k + n + m,
    "SNU": lambda m, n, k: 2 * (m * n + n * k),
    "STBP": lambda m, n, k: 2 * (m * n + n * k),
    "RBM": lambda m, n, k: 2 * (m * n + n * k),
    "e-prop": lambda m, n, k: m * n + 2 * n**2 + 2 * n * k + k * m,
    "NRR": lambda m, n, k: m * n + 2 * n**2 + 2 * n * k + k * m,
    "BRP": lambda m, n, k: m * n + 2 * n * k + k * m,
    "S-MLP-SBP": lambda m, n, k: round(m * n + n * k + 0.1 * n * k + 0.9 * n * k + 0.1 * m * n + 0.9 * n),
    "Diehl": lambda m, n, k: m * n + n * k,
    "SOM": lambda m, n, k: m * n + n * k,
}


def complexity(method: str, m: int, n: int, k: int) -> int:
    """Operations of one epoch by the paper's count.

    Parameters
    ----------
    method : str
        A name in `COMPLEXITY`.
    m, n, k : int
        Inputs, hidden cells, outputs.

    Raises
    ------
    SettingError
        Unknown method, or a size below 1.
    """
    if method not in COMPLEXITY:
        raise SettingError(unknown("method", method, COMPLEXITY))
    if min(m, n, k) < 1:
        raise SettingError(f"sizes must be at least 1, got {m}, {n} and {k}")
    return COMPLEXITY[method](m, n, k)


class Range(NamedTuple):
    """Errors between which methods are compared.

    Attributes
    ----------
    lowest, highest : float
        Fractions. Where `lowest` exceeds `highest`, some method never comes as low as another begins: the mean epochs
        of such a range mean nothing (as published for the gradient methods on NETtalk and DvsGesture).
    """

    lowest: float
    highest: float

    @property
    def meaningful(self) -> bool:
        """Whether every method passes through the whole range."""
        return self.lowest <= self.highest


def error_range(curves: Mapping[str, Sequence[float]], cap: float | None = None) -> Range:
    """The range of errors of methods that are compared, of one seed.

    Parameters
    ----------
    curves : mapping of method to array_like, shape (epochs,)
        Test error by epoch, fractions.
    cap : float, optional
        The most that `highest` may be.

    Raises
    ------
    SettingError
        No curves, an empty one, or errors that are not finite.
    """
    if not curves:
        raise SettingError("there are no curves to compare; give at least one")
    for name, curve in curves.items():
        if len(curve) == 0 or not np.isfinite(curve).all():
            raise SettingError(f"the errors of {name!r} are empty or not finite; leave the method out")
    highest = min(float(np.max(curve)) for curve in curves.values())
    return Range(max(float(np.min(curve)) for curve in curves.values()), highest if cap is None else min(highest, cap))


def mean_epochs(errors: Sequence[float], within: Range, never: int | None = None) -> float:
    """The first epoch (from 1) at which the error is at or below a level, mean over five levels of a range.

    Parameters
    ----------
    errors : array_like, shape (epochs,)
    within : Range
    never : int, optional
        What an unreached level counts as; by default the number of epochs.
    """
    errors = np.asarray(errors, float)
    first = []
    for level in np.linspace(*within, LEVELS):
        reached = np.flatnonzero(errors <= level)
        first.append(reached[0] + 1 if len(reached) else never or len(errors))
    return float(np.mean(first))


class Cost(NamedTuple):
    """Mean and population standard deviation over seeds, of the epochs and of their product with the complexity."""

    epochs: float
    epochs_spread: float
    cost: float
    cost_spread: float
    n: int


def cost(
    curves: Mapping[str, np.ndarray],
    complexities: Mapping[str, int],
    cap: float | None = None,
) -> dict[str, Cost]:
    """The paper's computational cost of methods that are compared with one another.

    Parameters
    ----------
    curves : mapping of method to ndarray, shape (seeds, epochs)
        Test errors; the range of errors is that of each seed.
    complexities : mapping of method to int
    cap : float, optional
        See `error_range`.

    Raises
    ------
    SettingError
        Different numbers of seeds.
    """
    curves = {name: np.atleast_2d(np.asarray(c, float)) for name, c in curves.items()}
    if len({len(c) for c in curves.values()}) > 1:
        counts = ", ".join(f"{name} has {len(c)}" for name, c in curves.items())
        raise SettingError(f"methods are compared seed by seed and need as many seeds each: {counts}")
    ranges = [
        error_range({name: c[k] for name, c in curves.items()}, cap)
        for k in range(len(next(iter(curves.values()), [])))
    ]
    found = {}
    for name, c in curves.items():
        epochs = np.array([mean_epochs(row, within) for row, within in zip(c, ranges, strict=True)])
        found[name] = Cost(
            float(epochs.mean()),
            float(epochs.std()),
            float(epochs.mean()) * complexities[name],
            float(epochs.std()) * complexities[name],
            len(epochs),
        )
    return found


def saved(without: float, with_it: float) -> float:
    """The share of a cost that is saved: 0.54 where it falls from 1.916e7 to 0.879e7."""
    return 1 - with_it / without


def until(level: float, accuracy: Sequence[float], spent: Sequence[float]) -> float:
    """What had been spent after the first epoch at which an accuracy was reached; NaN where it never was.

    Parameters
    ----------
    level : float
    accuracy, spent : array_like, shape (epochs,)
        By epoch; `spent` is that of each epoch alone.
    """
    reached = np.flatnonzero(np.asarray(accuracy, float) >= level)
    return float(np.sum(np.asarray(spent, float)[: reached[0] + 1])) if len(reached) else float("nan")
