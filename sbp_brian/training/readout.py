"""How a network's recordings are read as answers: spike counts, votes, the first spike, or graded outputs.

Each form names recordings of shape (outputs, samples + 1), whose column k + 1 holds what belongs to sample k (the first
column is recorded before anything was shown), and answers two questions about the first n samples of a run:

``recordings``
    "object.variable" of all that it reads: what must be finite for an answer to mean anything.
``outputs(result, n)``
    What was recorded, ndarray of shape (outputs, n).
``answers(result, n)``
    The number of the output that each sample gets, ndarray of int, shape (n,); -1 where there is no answer.

There is no answer where no output spikes, or where all outputs are equal in everything that decides; several, but not
all, that are equal and best are decided for the first (`sbp_brian.training.answers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sbp_brian.training.answers import NO_ANSWER, largest

__all__ = ["FirstSpike", "Graded", "Readout", "SpikeCounts", "Votes"]


class Readout(Protocol):
    """What `TrialModel.readout` has to answer; see the head of this module."""

    @property
    def recordings(self) -> tuple[str, ...]:
        """Names of all that is read."""

    def outputs(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """What was recorded for the first `n` samples, shape (outputs, n)."""

    def answers(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The number of the output that each of the first `n` samples gets, -1 for none; shape (n,)."""


def _samples(result: Mapping[str, Any], name: str, n: int) -> np.ndarray:
    return np.array(result[name])[:, 1 : n + 1]


@dataclass(frozen=True)
class Votes:
    """The output with most votes answers; between equal counts the larger remainder decides.

    Parameters
    ----------
    counts : str
        "object.variable" of the recorded votes.
    remainder : str
        The same for what decides between equal counts, e.g. the sum of the outputs; it never outweighs a vote.
    """

    counts: str
    remainder: str

    @property
    def recordings(self) -> tuple[str, ...]:
        """Counts and remainder."""
        return self.counts, self.remainder

    def outputs(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The counts, shape (outputs, n)."""
        return _samples(result, self.counts, n)

    def evidence(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """What decides, shape (outputs, n): the counts, and less than one more by the remainder."""
        return self.outputs(result, n) + 0.5 * np.tanh(_samples(result, self.remainder, n))

    def answers(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The output with most votes, -1 where nothing sets one apart; shape (n,)."""
        return largest(self.evidence(result, n), axis=0)


@dataclass(frozen=True)
class SpikeCounts(Votes):
    """The output with most spikes answers; between equal counts the larger remainder. No spike at all is no answer.

    Parameters
    ----------
    counts : str
        "object.variable" of the recorded spike counts.
    remainder : str
        The same for what decides between equal counts, e.g. the membrane potentials; it never outweighs a spike.
    """

    def evidence(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """As of votes; nothing speaks for any output where none spikes."""
        return np.where(self.outputs(result, n).max(0) > 0, super().evidence(result, n), 0.0)


@dataclass(frozen=True)
class FirstSpike:
    """The output that spikes first answers; where all are equal, as where none spikes, there is no answer.

    Parameters
    ----------
    times : str
        "object.variable" of the recorded spike times; an output that is silent has the latest.
    """

    times: str

    @property
    def recordings(self) -> tuple[str, ...]:
        """The times."""
        return (self.times,)

    def outputs(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """Spike times, shape (outputs, n), in the unit of the recording."""
        return _samples(result, self.times, n)

    def answers(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The output that spikes first, -1 where all are equal; shape (n,)."""
        times = self.outputs(result, n)
        return np.where(times.min(0) < times.max(0), largest(-times, axis=0), NO_ANSWER)


@dataclass(frozen=True)
class Graded:
    """The largest output answers; where all are equal, as where all are 0, there is no answer.

    Parameters
    ----------
    values : str
        "object.variable" of the recorded outputs.
    """

    values: str

    @property
    def recordings(self) -> tuple[str, ...]:
        """The outputs."""
        return (self.values,)

    def outputs(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The recorded outputs, shape (outputs, n)."""
        return _samples(result, self.values, n)

    def answers(self, result: Mapping[str, Any], n: int) -> np.ndarray:
        """The largest output, -1 where all are equal; shape (n,)."""
        return largest(self.outputs(result, n), axis=0)
