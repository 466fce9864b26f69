"""The height of what leaves a cascade, against the probabilities of all ticks written out."""

from __future__ import annotations

from math import comb

import pytest

from sbp_brian.retrograde.cascade import height, passed_on


@pytest.mark.parametrize(("mean", "stages"), [(2, 1), (10, 1), (7, 2), (12.5, 3), (100, 6), (40, 10)])
def test_the_height_is_the_largest_probability_of_a_tick(mean, stages):
    p = stages / mean
    ticks = range(stages, int(20 * mean))
    h = [comb(k - 1, stages - 1) * p**stages * (1 - p) ** (k - stages) for k in ticks]
    assert sum(h) == pytest.approx(1, abs=1e-6)
    assert sum(k * each for k, each in zip(ticks, h, strict=True)) == pytest.approx(mean, rel=1e-4)
    assert height(mean, stages) == pytest.approx(max(h), rel=1e-10)


def test_what_enters_leaves_by_these_probabilities():
    stages, p = ["a", "b", "c"], 0.3
    state = {**dict.fromkeys(stages, 0.0), "p": p}
    left = []
    for tick in range(40):
        left.append(p * state["c"])
        for line in passed_on(stages, "1" if tick == 0 else "0", "p"):
            exec(line, {}, state)
    expected = [0.0] + [comb(k - 1, 2) * p**3 * (1 - p) ** (k - 3) if k >= 3 else 0.0 for k in range(1, 40)]
    assert left == pytest.approx(expected, abs=1e-12)
