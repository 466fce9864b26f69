"""When a retrograde signal arrives: its closed form, and how it is read off a time course."""

from __future__ import annotations

import numpy as np
from scipy.special import gammainc

__all__ = ["arrived", "crossing", "mean_latency", "time_to"]

GRID = 1.0  # s


def arrived(minutes, length: float, velocity: float, stages: int, pool: float, induction: float) -> np.ndarray:
    r"""Share of a signal that has been expressed by a time.

    A signal that is emitted evenly during induction passes `stages` stages, each exponential with mean
    :math:`L/(n v)` (together a gamma distribution with mean :math:`L/v`), and leaves an exponential pool.

    Parameters
    ----------
    minutes : array_like, min
        Times after the end of induction.
    length, velocity : float
        Of the axon (m) and of the carrier (m/s).
    stages : int
    pool, induction : float
        Time constant of the pool, and duration of the emission (s).

    Returns
    -------
    ndarray, between 0 and 1
    """
    seconds = np.asarray(minutes, dtype=float) * 60 + induction
    since = np.arange(0, seconds.max() + 2 * GRID, GRID)  # time since induction began
    passed = np.diff(gammainc(stages, since * (stages * velocity) / length), prepend=0)
    left = np.convolve(passed, -np.expm1(-since / pool))[: since.size]
    total = np.concatenate([[0], np.cumsum((left[1:] + left[:-1]) / 2 * GRID)])
    emitted = np.interp(since, since, total) - np.interp(since - induction, since, total)
    return np.interp(seconds, since, emitted / induction)


def crossing(minutes: np.ndarray, course: np.ndarray, share: float, final: float | None = None) -> float:
    """First time (min) at which a course from 0 reaches a share of its final value; nan where it never does."""
    goal = share * (course[-1] if final is None else final)
    past = np.nonzero(course * np.sign(goal) >= abs(goal))[0] if goal else np.array([])
    if past.size == 0:
        return float("nan")
    k = past[0]
    if k == 0:
        return float(minutes[0])
    part = (goal - course[k - 1]) / (course[k] - course[k - 1])
    return float(minutes[k - 1] + part * (minutes[k] - minutes[k - 1]))


def time_to(share: float, total: float, rate: float, arrived_share: np.ndarray, minutes: np.ndarray) -> float:
    """Closed form of `crossing` for the saturating expression of a signal of size `total`."""
    course = -np.expm1(-rate * total * arrived_share) / -np.expm1(-rate * total)
    return crossing(minutes, course, share, 1.0)


def mean_latency(minutes: np.ndarray, change: np.ndarray, bound: float) -> float:
    """Mean time (min) at which a signal is expressed, from the relative change of a synapse that it saturates.

    The change x is undone to the signal expressed, -log(1 - x/bound); its mean time is the area above that curve.

    Parameters
    ----------
    minutes : ndarray, min, shape (n,)
        From before the first arrival on.
    change : ndarray, shape (n,)
    bound : float
        The bound of the change, with its sign.
    """
    signal = -np.log1p(-change / bound)
    share = signal / signal[-1]
    return float(minutes[0] + np.sum((1 - (share[1:] + share[:-1]) / 2) * np.diff(minutes)))
