"""The window of spike-timing-dependent plasticity: the fit attributed to Bi & Poo, and fits to what is recorded.

Source: Bi & Poo 2001, Annu Rev Neurosci 24:139, doi:10.1146/annurev.neuro.24.1.139 (attributed; not verified there).
"""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

__all__ = ["FIT", "fit_side", "label", "window"]

#: The fit commonly attributed to Bi & Poo: change after the whole protocol and time constant (ms), by side.
FIT = {"+": (0.777, 16.8), "-": (-0.273, 33.7)}


def window(interval_ms):
    """The attributed fit: relative change after 60 pairs at an interval (ms), positive where pre comes first."""
    interval = np.asarray(interval_ms, dtype=float)
    (up, tau_up), (down, tau_down) = FIT["+"], FIT["-"]
    return np.where(interval > 0, up * np.exp(-np.abs(interval) / tau_up), down * np.exp(-np.abs(interval) / tau_down))


def label(interval_ms: float) -> str:
    """How a condition is called."""
    return f"{interval_ms:+g} ms"


def fit_side(intervals_ms: np.ndarray, changes: np.ndarray, sign: str) -> dict[str, np.ndarray]:
    """Least-squares fit of ``A exp(-|dt|/tau)`` to one side of the window.

    Points are weighted: EPSCs vary in proportion to their size, so changes do in proportion to 1 + change.

    Parameters
    ----------
    intervals_ms, changes : ndarray, shape (n_points,)
        Of this side: intervals (ms), relative changes of single trials.
    sign : {"+", "-"}

    Returns
    -------
    dict
        ``value`` = (A, tau in ms), ``low`` and ``high``: ends of their 95 % confidence intervals.
    """
    from scipy.optimize import curve_fit  # a tenth of a second, and not every run fits

    def decay(dt, amplitude, tau):
        return amplitude * np.exp(-dt / tau)

    distance = np.abs(intervals_ms)
    first, _ = curve_fit(decay, distance, changes, p0=(0.5 if sign == "+" else -0.3, 25.0))
    spread = np.clip(1 + decay(distance, *first), 0.1, None)
    value, covariance = curve_fit(decay, distance, changes, p0=first, sigma=spread)
    half = stdtrit(max(1, len(changes) - 2), 0.975) * np.sqrt(np.diag(covariance))
    return {"value": value, "low": value - half, "high": value + half}
