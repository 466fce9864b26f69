"""What experiments need of scipy's statistics and signals, to the bit as they give it.

Importing `scipy.stats` and `scipy.signal` takes longer than most runs of an experiment; `scipy.special` and
`scipy.fft`, on which both stand, are there sooner.
"""

from __future__ import annotations

import numpy as np

__all__ = ["convolution", "gamma_cdf", "gamma_pdf", "integral", "line_slope"]


def line_slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope of the straight line through points by least squares, and its standard error.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Of two points, or where all y are the same, the error is not a number.
    """
    from_x, from_y = x - x.mean(), y - y.mean()
    xx, xy, yy = (np.vecdot(*pair) / x.size for pair in ((from_x, from_x), (from_x, from_y), (from_y, from_y)))
    correlation = np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0) if yy else np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(xy / xx), float(np.sqrt((1 - correlation**2) * yy / xx / (x.size - 2)))


def gamma_cdf(x: np.ndarray, shape: float, scale: float) -> np.ndarray:
    """Distribution function of the gamma distribution, at numbers that are not negative."""
    from scipy.special import gammainc

    return gammainc(shape, x / scale)


def gamma_pdf(x: np.ndarray, shape: float, scale: float) -> np.ndarray:
    """Density of the gamma distribution, at numbers that are not negative."""
    from scipy.special import gammaln, xlogy

    scaled = x / scale
    return np.exp(xlogy(shape - 1.0, scaled) - scaled - gammaln(shape)) / scale


def convolution(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Convolution of two series of numbers by Fourier transforms, shape (n + m - 1,)."""
    from scipy.fft import irfft, next_fast_len, rfft

    size = one.size + other.size - 1
    fast = next_fast_len(size, real=True)
    return irfft(rfft(one, fast) * rfft(other, fast), fast)[:size]


def integral(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Integral of a function of which some values are given, from the first of them to each, by trapezoids."""
    return np.concatenate([[0.0], np.cumsum(np.diff(x) * (y[1:] + y[:-1]) / 2.0)])
