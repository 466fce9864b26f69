"""Paired differences of test scores over seeds, and what they decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from sbp_brian.experiments.records import Record
from sbp_brian.report.learning import scores
from sbp_brian.report.text import minus
from sbp_brian.training.scores import paired_gain

__all__ = ["FAILS", "HOLDS", "OPEN", "Difference", "compare"]

HOLDS, FAILS, OPEN = "holds", "does not hold", "undecided"


class Difference(NamedTuple):
    """Paired differences over seeds: their mean and the 95 % interval (NaN for one seed), as fractions."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def verdict(self) -> str:
        """Whether the first scores above the second: `HOLDS`, `FAILS` (below it), or `OPEN`."""
        return HOLDS if self.low > 0 else FAILS if self.high < 0 else OPEN

    @property
    def words(self) -> str:
        """E.g. ``+1.21 points (95 % interval +0.90 to +1.52, 3 seeds)``."""
        mean, low, high = (100 * end for end in (self.mean, self.low, self.high))
        if math.isnan(low):
            return minus(f"{mean:+.2f} points (one seed)")
        return minus(f"{mean:+.2f} points (95 % interval {low:+.2f} to {high:+.2f}, {self.n} seeds)")


def compare(first: Sequence[Record], second: Sequence[Record]) -> Difference | None:
    """Test scores of the first less those of the second, over the seeds that both have; None where there is none."""
    pairs = [(a, b) for a in first for b in second if a.seed == b.seed]
    if not pairs:
        return None
    return Difference(*paired_gain(scores([a for a, _ in pairs]), scores([b for _, b in pairs])), len(pairs))
