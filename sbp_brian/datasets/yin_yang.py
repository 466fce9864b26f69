"""Yin-Yang: points in a disc of three classes, yin, yang and their two dots; made, not loaded.

The disc of radius 1/2 is cut by two half circles of radius 1/4; a dot of radius 1/10 lies in the middle of each half.
Points are drawn so that each class is equally likely. A linear classifier reaches about 64 % (not verified).

Source: Kriener, Göltz & Petrovici 2022, NICE, doi:10.1145/3517343.3517380.
"""

from __future__ import annotations

from numbers import Integral

import numpy as np

from sbp_brian.errors import DatasetError
from sbp_brian.identity import used
from sbp_brian.wording import names_parameters, number_in

__all__ = ["yin_yang", "yin_yang_class"]

RADIUS, DOT = 0.5, 0.1


def yin_yang_class(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Class of points with coordinates 0 to 1: 0 yin, 1 yang, 2 dots, -1 outside the disc.

    Parameters
    ----------
    x, y : ndarray of float, shape (n,)

    Returns
    -------
    ndarray of int, shape (n,)

    Raises
    ------
    DatasetError
        Coordinates that are no numbers.
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DatasetError("coordinates must be finite; remove points with NaN or infinite ones")
    x, y = np.asarray(x, float) - RADIUS, np.asarray(y, float) - RADIUS
    left, right = np.hypot(x + RADIUS / 2, y), np.hypot(x - RADIUS / 2, y)
    yin = (left <= RADIUS / 2) | ((y > 0) & (right > RADIUS / 2))
    kind = np.where(yin, 0, 1)
    kind[np.minimum(left, right) < DOT] = 2
    kind[np.hypot(x, y) > RADIUS] = -1
    return kind


@names_parameters
def yin_yang(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points as latency-coded samples: x, y, 1 - x, 1 - y and a constant, each one byte of at least 1.

    Parameters
    ----------
    n : int
        Number of points.
    seed : int
        Same seed, same points.

    Returns
    -------
    images : ndarray of uint8, shape (n, 5)
    labels : ndarray of int, shape (n,)

    Raises
    ------
    DatasetError
        `n` below 1, or a seed below 0.
    """
    used("yin-yang", "Yin-Yang (computed)", "computed")  # from the code, n and the seed alone
    if not isinstance(n, Integral) or n < 1:
        raise DatasetError(f"yin_yang needs at least 1 point, a whole number of them, got {n!r}")
    if wrong := number_in("seed", seed, "[0, inf)", whole=True):
        raise DatasetError(wrong)
    rng = np.random.default_rng([seed, 3])
    wanted = rng.integers(0, 3, n)
    points = np.empty((n, 2))
    missing = np.arange(n)
    while len(missing):  # an outcome of the wrong class is drawn again
        points[missing] = rng.random((len(missing), 2))
        missing = missing[yin_yang_class(*points[missing].T) != wanted[missing]]
    features = np.column_stack([points, 1 - points, np.ones(n)])
    return np.clip(np.round(255 * features), 1, 255).astype(np.uint8), wanted
