"""Scores of a network's answers."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["CosineScore", "cosine_score", "cosines"]


class CosineScore(NamedTuple):
    """Mean cosine of output and target.

    Attributes
    ----------
    mean : float
        Over the outputs that have a direction; NaN where none has.
    n : int
        How many those are.
    omitted : int
        Outputs that are all zero (or not finite), which have no direction and are left out.
    with_omitted : float
        The mean with those counted as 0.
    """

    mean: float
    n: int
    omitted: int
    with_omitted: float


def cosine_score(outputs, targets) -> CosineScore:
    """The accuracy of NETtalk as the code of Zhang et al. 2021 computes it (doi:10.1126/sciadv.abh0146).

    One minus the mean cosine distance of output and target, with undefined distances left out.

    Parameters
    ----------
    outputs, targets : array_like, shape (n, m)

    Raises
    ------
    ValueError
        Where the shapes differ, or a target is all zero.
    """
    cosine = cosines(outputs, targets)
    known = np.isfinite(cosine)
    n, total = int(known.sum()), len(cosine)
    return CosineScore(float(cosine[known].mean()) if n else float("nan"), n, total - n,
                       float(cosine[known].sum() / total) if total else float("nan"))


def cosines(outputs, targets) -> np.ndarray:
    """The cosine of each output and its target; NaN where the output has no direction.

    Parameters
    ----------
    outputs, targets : array_like, shape (n, m)

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    ValueError
        Where the shapes differ, or a target is all zero.
    """
    outputs, targets = np.asarray(outputs, float), np.asarray(targets, float)
    if outputs.ndim != 2 or outputs.shape != targets.shape:
        raise ValueError(f"outputs of shape {outputs.shape} and targets of shape {targets.shape} must be equal, (n, m)")
    length, wanted = np.linalg.norm(outputs, axis=1), np.linalg.norm(targets, axis=1)
    if len(targets) and not wanted.all():
        raise ValueError(f"target {int(wanted.argmin())} is all zero and has no direction; leave it out")
    known = (length > 0) & np.isfinite(length)
    result = np.full(len(outputs), np.nan)
    result[known] = np.einsum("ij,ij->i", outputs[known], targets[known]) / (length[known] * wanted[known])
    return result
