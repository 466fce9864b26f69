"""Scores of a network's answers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from sbp_brian.errors import SettingError
from sbp_brian.training.answers import without_direction

__all__ = ["CosineScore", "PairedGain", "cosine_score", "cosines", "mean_known", "paired_gain"]


def mean_known(scores) -> float:
    """Mean of the scores that are known; NaN where none is."""
    scores = np.asarray(scores, float)
    return float(np.nanmean(scores)) if not np.isnan(scores).all() else np.nan


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


class PairedGain(NamedTuple):
    """Mean difference of paired scores, and the limits of its confidence interval (NaN from a single pair)."""

    mean: float
    low: float
    high: float


def paired_gain(scores, control, level: float = 0.95) -> PairedGain:
    """By how much scores lie above those of a control, by Student's t of the differences.

    Parameters
    ----------
    scores, control : array_like, shape (n,)
        Of the same seeds in the same order.
    level : float
        Confidence, between 0 and 1.

    Raises
    ------
    SettingError
        Where the numbers do not pair, or the level is out of range.
    """
    scores, control = np.asarray(scores, float), np.asarray(control, float)
    if scores.ndim != 1 or scores.shape != control.shape or not len(scores):
        raise SettingError(
            f"scores of shape {scores.shape} and control of shape {control.shape} must be equal, (n,), "
            "with a pair at least"
        )
    if not 0 < level < 1:
        raise SettingError(f"level must be between 0 and 1, got {level}")
    difference = scores - control
    mean = float(difference.mean())
    if len(difference) < 2:
        return PairedGain(mean, np.nan, np.nan)
    reach = float(stats.t.ppf(0.5 + level / 2, len(difference) - 1) * stats.sem(difference))
    return PairedGain(mean, mean - reach, mean + reach)


def cosine_score(outputs, targets) -> CosineScore:
    """The accuracy of NETtalk as the code of Zhang et al. 2021 computes it (doi:10.1126/sciadv.abh0146).

    One minus the mean cosine distance of output and target, with undefined distances left out.

    Parameters
    ----------
    outputs, targets : array_like, shape (n, m)

    Raises
    ------
    SettingError
        Where the shapes differ, or a target is all zero.
    """
    cosine = cosines(outputs, targets)
    known = np.isfinite(cosine)
    n, total = int(known.sum()), len(cosine)
    return CosineScore(
        float(cosine[known].mean()) if n else np.nan,
        n,
        total - n,
        float(cosine[known].sum() / total) if total else np.nan,
    )


def cosines(outputs, targets, silent: float = np.nan) -> np.ndarray:
    """The cosine of each output and its target.

    Parameters
    ----------
    outputs, targets : array_like, shape (n, m)
    silent : float
        What an output counts as that has no direction, being all zero (or not finite): NaN to leave it out of a mean,
        0 to count it as wrong.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    SettingError
        Where the shapes differ, or a target is all zero.
    """
    outputs, targets = np.asarray(outputs, float), np.asarray(targets, float)
    if outputs.ndim != 2 or outputs.shape != targets.shape:
        raise SettingError(f"shapes of outputs and targets, {outputs.shape} and {targets.shape}, must be equal, (n, m)")
    wanted, known = np.linalg.norm(targets, axis=1), ~without_direction(outputs)
    if len(targets) and not wanted.all():
        raise SettingError(f"target {int(wanted.argmin())} is all zero and has no direction; leave it out")
    result = np.full(len(outputs), float(silent))
    length = np.linalg.norm(outputs[known], axis=1)
    result[known] = (outputs[known] * targets[known]).sum(1) / (length * wanted[known])
    return result
