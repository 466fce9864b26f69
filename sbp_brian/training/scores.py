"""Scores of a network's answers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from sbp_brian.errors import SettingError
from sbp_brian.training.answers import without_direction

__all__ = [
    "CosineScore",
    "Equivalence",
    "PairedGain",
    "cosine_score",
    "cosines",
    "equivalence",
    "mean_known",
    "paired_gain",
]


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


class Equivalence(NamedTuple):
    """What two one-sided tests say of two sets of scores.

    Attributes
    ----------
    difference : float
        Of the means, the first less the second.
    low, high : float
        The interval that lies within the margin where they are equivalent: of 90 % for tests at 5 %.
    p : float
        The larger of the two tests' probabilities.
    shown : bool
        Whether the difference is shown to be smaller than the margin.
    """

    difference: float
    low: float
    high: float
    p: float
    shown: bool


def equivalence(scores, others, margin: float, level: float = 0.05) -> Equivalence:
    """Whether two sets of independent scores are the same to a margin: two one-sided tests of Welch.

    That two means are not told apart shows nothing: few seeds never tell. Here both that the difference is as large as
    the margin, and that it is as small as minus the margin, has to be refused (Schuirmann 1987,
    doi:10.1007/BF01068419).

    Parameters
    ----------
    scores, others : array_like, shape (n,), (m,)
        At least two each, e.g. of seeds.
    margin : float
        The least difference that would matter, chosen beforehand; above 0, in the unit of the scores.
    level : float
        Of each test, between 0 and 0.5.

    Raises
    ------
    SettingError
        Too few scores, scores without any spread, or a margin or level out of range.
    """
    scores, others = np.asarray(scores, float), np.asarray(others, float)
    if scores.ndim != 1 or others.ndim != 1 or min(len(scores), len(others)) < 2:
        raise SettingError(
            f"scores of shapes {scores.shape} and {others.shape} must be (n,), at least two each: run more seeds"
        )
    if not margin > 0 or not 0 < level < 0.5:
        raise SettingError(f"margin must be above 0 and level between 0 and 0.5, got {margin} and {level}")
    if not scores.std() and not others.std():
        raise SettingError("neither set of scores has any spread, so nothing can be tested; compare them as they are")
    from scipy import stats  # half a second, for tests of results alone

    above = stats.ttest_ind(scores + margin, others, equal_var=False, alternative="greater")
    below = stats.ttest_ind(scores - margin, others, equal_var=False, alternative="less")
    low, high = stats.ttest_ind(scores, others, equal_var=False).confidence_interval(1 - 2 * level)
    p = float(max(above.pvalue, below.pvalue))
    return Equivalence(float(scores.mean() - others.mean()), float(low), float(high), p, p < level)


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
    reach = float(stdtrit(len(difference) - 1, 0.5 + level / 2) * (difference.std(ddof=1) / np.sqrt(len(difference))))
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
