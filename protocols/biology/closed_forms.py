"""What the retrograde signal does according to its equations, without a network: for comparison, and for predictions.

Carriers travel a chain of stages (delay length/velocity) into a pool at the soma and move the relative change x of the
inputs by ``dx = rate (p (upper - x) - n (x + lower))``, p and n being what arrives of the LTP and the LTD signal. With
one sign x ends at ``upper (1 - exp(-rate M))``, M the total relative change at the outputs.
"""

from __future__ import annotations

import numpy as np

from sbp_brian.models.circuits import culture_sbp

__all__ = ["both_signs", "course", "latency", "one_sign"]


def one_sign(total, sbp=None):
    """Final relative change of an input after a signed total change at the outputs.

    Parameters
    ----------
    total : float or ndarray
        Sum of relative changes at the outputs; negative: LTD.
    sbp : RetrogradeSBP, optional
        `culture_sbp` by default.
    """
    sbp, total = culture_sbp() if sbp is None else sbp, np.asarray(total, dtype=float)
    bound = np.where(total > 0, sbp.upper, -sbp.lower)
    return bound * (1 - np.exp(-sbp.rate * np.abs(total)))


def both_signs(up: float, down: float, sbp=None) -> float:
    """Final relative change where totals of both signs (not negative) arrive side by side all the time."""
    sbp = culture_sbp() if sbp is None else sbp
    goal = (sbp.upper * up - sbp.lower * down) / (up + down)
    return float(goal * (1 - np.exp(-sbp.rate * (up + down))))


def course(seconds: np.ndarray, up, down=(), sbp=None, length=None) -> np.ndarray:
    """Relative change of an input in time.

    Parameters
    ----------
    seconds : ndarray, shape (n,)
        From the first emission on, in order and close together.
    up, down : sequences of (time in s, size)
        What the outputs emit.
    sbp : RetrogradeSBP, optional
        `culture_sbp` by default; needs a chain with a pool.
    length : Quantity, m, optional
        Of the axon, where it is not the chain's.

    Returns
    -------
    ndarray, shape (n,)
    """
    sbp = culture_sbp() if sbp is None else sbp
    arrived = [
        sum((size * _arrived(seconds - time, sbp.transport, length) for time, size in emitted), np.zeros_like(seconds))
        for emitted in (up, down)
    ]
    grown, shrunk = (np.diff(total, prepend=0.0) for total in arrived)
    change, out = 0.0, np.empty_like(seconds)
    for k, (p, n) in enumerate(zip(grown, shrunk, strict=True)):
        if p + n > 0:
            goal = (sbp.upper * p - sbp.lower * n) / (p + n)
            change = goal + (change - goal) * np.exp(-sbp.rate * (p + n))
        out[k] = change
    return out


def latency(share: float, pairs: int, period: float, size: float, sbp=None, length=None) -> float:
    """Time (min) from the end of pairing until an input has this share of its final change."""
    seconds = np.arange(0, 5400.0, 1.0)
    values = course(seconds, [(k * period, size) for k in range(pairs)], sbp=sbp, length=length)
    return float(np.interp(share * values[-1], values, seconds) - pairs * period) / 60


def _arrived(seconds: np.ndarray, chain, length) -> np.ndarray:
    """Share of an emission that has left the pool after a time: a gamma distribution and an exponential one, summed."""
    from scipy.integrate import cumulative_trapezoid  # with the next line more than half a second to import
    from scipy.stats import gamma

    length = chain.length if length is None else length
    mean = float(length / chain.velocity)
    fine = np.arange(0, max(1.0, seconds.max()) + 0.5, 0.5)
    inflow = gamma.pdf(fine, chain.stages, scale=mean / chain.stages)
    pool = float(chain.pool)
    content = np.exp(-fine / pool) * cumulative_trapezoid(inflow * np.exp(fine / pool), fine, initial=0)
    left = gamma.cdf(fine, chain.stages, scale=mean / chain.stages) - content
    return np.interp(seconds, fine, np.clip(left, 0, 1), left=0.0)
