"""Scores of answers: cosines against their definition, paired gains against scipy's own test, and what is refused."""

import warnings

import numpy as np
import pytest
from scipy import stats

from sbp_brian.errors import SettingError
from sbp_brian.training.scores import (
    CosineScore,
    PairedGain,
    cosine_score,
    cosines,
    equivalence,
    mean_known,
    paired_gain,
)


def test_cosines_are_those_of_the_definition():
    rng = np.random.default_rng(3)
    outputs, targets = rng.normal(size=(2, 40, 5))
    expected = [float(a @ b / np.sqrt((a @ a) * (b @ b))) for a, b in zip(outputs, targets, strict=True)]
    np.testing.assert_allclose(cosines(outputs, targets), expected, rtol=1e-12)
    np.testing.assert_allclose(cosines(outputs * 7, targets * 0.1), expected, rtol=1e-12)


@pytest.mark.parametrize("answer", [[0, 0], [np.nan, 1], [np.inf, 1], [-np.inf, np.nan]])
def test_an_output_without_direction_counts_as_told(answer):
    given = [[3, 4], answer], [[1, 0], [1, 0]]
    np.testing.assert_allclose(cosines(*given), [0.6, np.nan])
    np.testing.assert_allclose(cosines(*given, silent=0), [0.6, 0])
    np.testing.assert_allclose(cosines(*given, silent=-1), [0.6, -1])


def test_whole_numbers_are_scored_as_numbers():
    small = np.array([[100, 100], [-128, 0]], np.int8)
    np.testing.assert_allclose(cosines(small, np.abs(small.astype(int))), [1, -1])
    np.testing.assert_allclose(cosines([[1, 0]], np.array([[100, 100]], np.int8)), [np.sqrt(0.5)])
    right = np.array([True, False, True])
    assert paired_gain(right, ~right).mean == pytest.approx(1 / 3)
    for scores, control in ((np.array([1, 2], np.uint8), [2, 4]), ([1, 2], np.array([2, 4], np.uint8))):
        assert paired_gain(scores, control).mean == -1.5
    assert paired_gain(np.array([1, 2], np.uint8), np.array([2, 4], np.uint8)).mean == -1.5


def test_the_mean_of_what_is_known():
    assert mean_known([np.nan, 1, 0.5, np.nan]) == 0.75
    assert isinstance(mean_known([1, 0]), float)
    assert mean_known(["1", "3"]) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(mean_known([np.nan, np.nan]))


def test_the_score_tells_what_was_left_out():
    score = cosine_score([[3, 4], [0, 0], [2, 0], [np.nan, 1]], [[1, 0], [1, 0], [1, 0], [1, 1]])
    assert score == CosineScore(mean=pytest.approx(0.8), n=2, omitted=2, with_omitted=pytest.approx(0.4))


def test_the_score_of_silence_is_no_number_and_counted_it_is_zero():
    score = cosine_score(np.zeros((3, 2)), np.ones((3, 2)))
    assert np.isnan(score.mean)
    assert score[1:] == (0, 3, 0.0)


def test_the_score_of_nothing_is_no_number():
    score = cosine_score(np.zeros((0, 2)), np.zeros((0, 2)))
    assert np.isnan(score.mean)
    assert np.isnan(score.with_omitted)
    assert (score.n, score.omitted) == (0, 0)


@pytest.mark.parametrize("score", [cosines, cosine_score])
@pytest.mark.parametrize(
    ("outputs", "targets", "message"),
    [
        (
            np.ones((2, 3)),
            np.ones((3, 2)),
            "shapes of outputs and targets, (2, 3) and (3, 2), must be equal, (n, m)",
        ),
        (np.ones(3), np.ones(3), "shapes of outputs and targets, (3,) and (3,), must be equal, (n, m)"),
        (np.ones((3, 1)), [[1], [0], [0]], "target 1 is all zero and has no direction; leave it out"),
    ],
)
def test_answers_that_cannot_be_scored(score, outputs, targets, message):
    with pytest.raises(SettingError) as caught:
        score(outputs, targets)
    assert str(caught.value) == message


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_a_gain_is_the_interval_of_the_paired_test(level):
    a, b = np.random.default_rng(5).normal(size=(2, 9))
    low, high = stats.ttest_rel(a, b).confidence_interval(level)
    np.testing.assert_allclose(paired_gain(a, b, level), [np.mean(a - b), low, high], rtol=1e-10)


def test_a_gain_of_two_pairs_has_an_interval_of_95_per_cent():
    low, high = stats.ttest_rel([0.8, 0.9], [0.5, 0.7]).confidence_interval(0.95)
    np.testing.assert_allclose(paired_gain([0.8, 0.9], [0.5, 0.7]), [0.25, low, high], rtol=1e-10)


# Two one-sided tests of Welch, by hand: t with the degrees of freedom of Welch and Satterthwaite.
def by_hand(a, b, margin):
    parts = np.var(a, ddof=1) / len(a), np.var(b, ddof=1) / len(b)
    error, freedom = np.sqrt(sum(parts)), sum(parts) ** 2 / sum(v**2 / (n - 1) for v, n in zip(parts, (len(a), len(b))))
    apart = np.mean(a) - np.mean(b)
    tails = [stats.t.sf((apart + margin) / error, freedom), stats.t.cdf((apart - margin) / error, freedom)]
    return max(tails), apart - error * stats.t.ppf(0.95, freedom), apart + error * stats.t.ppf(0.95, freedom)


@pytest.mark.parametrize(("shift", "margin"), [(0.0, 0.2), (0.15, 0.2), (-0.3, 0.2), (0.05, 0.02)])
def test_two_one_sided_tests_are_those_of_welch(shift, margin):
    rng = np.random.default_rng(3)
    a, b = 98 + shift + 0.06 * rng.normal(size=5), 98 + 0.15 * rng.normal(size=9)
    found = equivalence(a, b, margin)
    p, low, high = by_hand(a, b, margin)
    np.testing.assert_allclose(found[:4], [np.mean(a) - np.mean(b), low, high, p], rtol=1e-9)
    assert found.shown == (p < 0.05)
    assert found.shown == (-margin < low and high < margin)


def test_few_seeds_with_a_wide_spread_show_nothing_however_equal_their_means():
    assert not equivalence([97.0, 99.0], [97.5, 98.5], 0.2).shown
    assert equivalence([98.0, 98.01, 98.02], [98.01, 98.02, 98.0], 0.2).shown


@pytest.mark.parametrize(
    ("scores", "others", "margin", "level", "message"),
    [
        ([1], [1, 2], 0.2, 0.05, "scores of shapes (1,) and (2,) must be (n,), at least two each: run more seeds"),
        ([1, 2], [1], 0.2, 0.05, "scores of shapes (2,) and (1,) must be (n,), at least two each: run more seeds"),
        ([[1, 2]], [1, 2], 1, 0.05, "scores of shapes (1, 2) and (2,) must be (n,), at least two each: run more seeds"),
        ([1, 2], [1, 2], 0, 0.05, "margin must be above 0 and level between 0 and 0.5, got 0 and 0.05"),
        ([1, 2], [1, 2], float("nan"), 0.05, "margin must be above 0 and level between 0 and 0.5, got nan and 0.05"),
        ([1, 2], [1, 2], 0.2, 0.5, "margin must be above 0 and level between 0 and 0.5, got 0.2 and 0.5"),
        (
            [1, 1],
            [2, 2],
            0.2,
            0.05,
            "neither set of scores has any spread, so nothing can be tested; compare them as they are",
        ),
    ],
)
def test_what_cannot_be_tested_for_equivalence(scores, others, margin, level, message):
    with pytest.raises(SettingError) as caught:
        equivalence(scores, others, margin, level)
    assert str(caught.value) == message


def test_a_single_pair_has_a_gain_and_no_interval():
    gain = paired_gain([0.9], [0.5])
    assert isinstance(gain, PairedGain)
    assert gain.mean == pytest.approx(0.4)
    assert np.isnan(gain[1:]).all()


@pytest.mark.parametrize(
    ("scores", "control", "level", "message"),
    [
        ([1, 2], [1], 0.9, "scores of shape (2,) and control of shape (1,) must be equal, (n,), with a pair at least"),
        ([], [], 0.9, "scores of shape (0,) and control of shape (0,) must be equal, (n,), with a pair at least"),
        (
            [[1, 2]],
            [[1, 2]],
            0.9,
            "scores of shape (1, 2) and control of shape (1, 2) must be equal, (n,), with a pair at least",
        ),
        ([1, 2], [1, 2], 0, "level must be between 0 and 1, got 0"),
        ([1, 2], [1, 2], 1, "level must be between 0 and 1, got 1"),
        ([1, 2], [1, 2], 1.5, "level must be between 0 and 1, got 1.5"),
    ],
)
def test_what_does_not_pair(scores, control, level, message):
    with pytest.raises(SettingError) as caught:
        paired_gain(scores, control, level)
    assert str(caught.value) == message
