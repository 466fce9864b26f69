"""How a network's recordings are read as answers: spike counts, the first spike, or graded outputs.

Each form names recordings of shape (outputs, samples + 1), whose column k + 1 holds what belongs to sample k (the first
column is recorded before anything was shown), and answers two questions about the first n samples of a run:

``outputs(result, n)``
    What was recorded, ndarray of shape (outputs, n).
``answers(result, n)``
    The number of the output that each sample gets, ndarray of int, shape (n,); -1 where there is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

__all__ = ["FirstSpike", "Graded", "Readout", "SpikeCounts"]


class Readout(Protocol):
    """What `TrialModel.readout` has to answer; see the head of this module."""

    def outputs(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """What was recorded for the first `n` samples, shape (outputs, n)."""

    def answers(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The number of the output that each of the first `n` samples gets, -1 for none; shape (n,)."""


def _samples(result: Mapping[str, Any], name: str, n: int) -> np.ndarray:
    return np.array(result[name])[:, 1 : n + 1]


@dataclass(frozen=True)
class SpikeCounts:
    """The output with most spikes answers; between equal counts the larger remainder decides.

    Parameters
    ----------
    counts : str
        "object.variable" of the recorded spike counts.
    remainder : str
        The same for what decides between equal counts, e.g. the membrane potentials; it never outweighs a spike.
    """

    counts: str
    remainder: str

    def outputs(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """Spike counts, shape (outputs, n)."""
        return _samples(result, self.counts, n)

    def evidence(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """Spike counts with a share of a spike for the remainder, shape (outputs, n); the largest answers."""
        score = np.asarray(result[self.counts]) + 0.5 * np.tanh(np.asarray(result[self.remainder]))
        return score[:, 1 : n + 1]

    def answers(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The output with most spikes, shape (n,)."""
        return self.evidence(result, n).argmax(0)


@dataclass(frozen=True)
class FirstSpike:
    """The output that spikes first answers; where all are equal, as where none spikes, there is no answer.

    Parameters
    ----------
    times : str
        "object.variable" of the recorded spike times; an output that is silent has the latest.
    """

    times: str

    def outputs(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """Spike times, shape (outputs, n), in the unit of the recording."""
        return _samples(result, self.times, n)

    def answers(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The output that spikes first, -1 where all are equal; shape (n,)."""
        times = self.outputs(result, n)
        return np.where(times.min(0) < times.max(0), times.argmin(0), -1)


@dataclass(frozen=True)
class Graded:
    """The largest output answers.

    Parameters
    ----------
    values : str
        "object.variable" of the recorded outputs.
    """

    values: str

    def outputs(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The recorded outputs, shape (outputs, n)."""
        return _samples(result, self.values, n)

    def answers(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The largest output, shape (n,)."""
        return self.outputs(result, n).argmax(0)
