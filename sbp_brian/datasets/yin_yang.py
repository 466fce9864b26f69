"""Yin-Yang: points in a disc of three classes, yin, yang and their two dots; made, or those that were published.

The disc of radius 1/2 is cut by two half circles of radius 1/4; a dot of radius 1/10 lies in the middle of each half.
Points are drawn so that each class is equally likely. A linear classifier reaches about 64 % (not verified).

Source: Kriener, Göltz & Petrovici 2022, NICE, doi:10.1145/3517343.3517380.
"""

from __future__ import annotations

from numbers import Integral

import numpy as np

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.archives import check_md5
from sbp_brian.datasets.lookup import locate, places
from sbp_brian.datasets.npy import read_npy
from sbp_brian.errors import DatasetError
from sbp_brian.identity import digest, used
from sbp_brian.wording import names_parameters, number_in, unknown

__all__ = ["PARTS", "published_yin_yang", "yin_yang", "yin_yang_class"]

RADIUS, DOT = 0.5, 0.1
#: Of the published points.
PARTS = ("train", "validation", "test")
_MOST = 1 << 24


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
    return _as_bytes(points), wanted


def published_yin_yang(part: str) -> tuple[np.ndarray, np.ndarray]:
    """The points that were published, rounded to bytes as those of `yin_yang`; class 0 is yang here, and 1 yin.

    Parameters
    ----------
    part : str
        ``"train"`` (5,000), ``"validation"`` or ``"test"`` (1,000 each).

    Returns
    -------
    images : ndarray of uint8, shape (n, 5)
    labels : ndarray of int, shape (n,)

    Raises
    ------
    DatasetError
        Unknown part, or files that are not there, not the published ones, or not what their names say.
    """
    if part not in PARTS:
        raise DatasetError(unknown("part", part, PARTS))
    entry = catalogue.entry("yin-yang-publication")
    if (folder := locate(entry)) is None:
        searched = ", ".join(str(place / entry.folder) for place in places())
        raise DatasetError(f"{entry.title} was not found in {searched}; get it by {entry.remedy}")
    values = []
    for kind in ("samples", "labels"):
        file = entry.files[f"{part}-{kind}"]
        check_md5(folder / file.name, file.md5, entry.remedy)
        values.append(read_npy(folder / file.name, _MOST, entry.remedy))
    samples, labels = values
    if samples.shape != (len(samples), 4) or samples.dtype.kind != "f" or labels.shape != (len(samples),):
        raise DatasetError(
            f"{folder}: the {part} points must be (n, 4) and their labels (n,), not {samples.shape} and "
            f"{labels.shape}; get them again by {entry.remedy}"
        )
    points = samples[:, :2]
    if not np.array_equal(np.array([1, 0, 2, -1])[yin_yang_class(*points.T)], labels):
        raise DatasetError(f"{folder}: {part} labels are not those of their points; get them again by {entry.remedy}")
    used(f"yin-yang-publication/{part}", f"{entry.title}, {part}", digest(samples, labels))
    return _as_bytes(points), labels.astype(int)


def _as_bytes(points: np.ndarray) -> np.ndarray:
    """Coordinates, what they lack of 1, and a constant."""
    features = np.column_stack([points, 1 - points, np.ones(len(points))])
    return np.clip(np.round(255 * features), 1, 255).astype(np.uint8)
