"""Training by epochs: what trainings of Brian2 networks and of networks in numpy share.

Epochs that were done before are found as checkpoints; each new one is learned, refused where its weights are no longer
finite, and kept. All randomness of an epoch derives from the seed and the epoch's number, so a training that was killed
goes on from its last checkpoint and ends with the same weights to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from sbp_brian import identity
from sbp_brian.errors import DivergedError, SettingError
from sbp_brian.training.checkpoints import Checkpoints, Epoch
from sbp_brian.training.rows import DividedRows

__all__ = ["EpochTraining", "identity_of"]


def identity_of(samples: DividedRows, facts: Mapping[str, Any], **known: Any) -> dict[str, Any]:
    """What identifies a training: the content of its samples, its settings, its network, the code that computes.

    Parameters
    ----------
    samples : Samples or Patterns
    facts : mapping
        What a caller adds; under a name that is known here, both count.
    **known
        Settings and digests of the network.

    Returns
    -------
    dict
        Of texts, numbers, lists and dicts.
    """
    known |= {**samples.identity, "code": identity.library_code(), "versions": identity.versions()}
    both = {name: [known[name], value] for name, value in facts.items() if name in known}
    return {**facts, **known, **both}


class EpochTraining:
    """Base of `Training` and `NumpyTraining`.

    A subclass gives `_learn` (one epoch), `_state` (all that one epoch leaves to the next) and `_restore`, and calls
    `_resume` at the end of its constructor.

    Attributes
    ----------
    history : list of Epoch
    resumed_from : int
        Epochs that were found done.
    checkpoints : Checkpoints
    turns : tuple of ndarray of int
        Rows that the first epoch learns from, the second ...; behind the last the first follow again. Where no turns
        were asked for, all training rows in every epoch.
    """

    def __init__(self, samples: DividedRows, *, seed: int, decay: float, turns: Sequence[np.ndarray] | None = None):
        if not isinstance(decay, Real) or not 0 < decay <= 1:
            raise SettingError(f"decay must be in (0, 1], got {decay}")
        self.seed, self.decay = seed, decay
        self.turns = (samples.training,) if turns is None else _checked(turns, samples)
        self.history: list[Epoch] = []
        self.resumed_from = 0

    def rows_of(self, number: int) -> np.ndarray:
        """Rows that epoch `number` (from 0) learns from."""
        return self.turns[number % len(self.turns)]

    def _learn(self, number: int, progress: Callable[[float], None]) -> Epoch:
        """Learn in epoch `number` (from 0); `progress` takes the share of it that is done."""
        raise NotImplementedError

    def _state(self) -> dict[str, np.ndarray]:
        raise NotImplementedError

    def _restore(self, kept: Mapping[str, np.ndarray]) -> None:
        raise NotImplementedError

    def _after(self, number: int) -> None:
        """What a subclass does once epoch `number` stands in the history, before it is kept; by default nothing."""

    def _resume(self, checkpoints: Checkpoints, samples: DividedRows) -> None:
        """Go on from the newest checkpoint, where there is one; tell who listens which samples are used.

        Raises
        ------
        CheckpointError
            They belong to another training.
        """
        _tell(samples)
        self.checkpoints = checkpoints
        if (found := checkpoints.newest(self._state())) is not None:
            self.history, kept = found
            self._restore(kept)
        self.resumed_from = len(self.history)

    def run(self, epochs: int, progress: Callable[[float], None] | None = None) -> list[Epoch]:
        """Train until `epochs` epochs are done, counting those found as checkpoints.

        Parameters
        ----------
        epochs : int
        progress : callable, optional
            Called as ``progress(fraction)`` of the epochs still to do.

        Returns
        -------
        list of Epoch
            Of the first `epochs` epochs.

        Raises
        ------
        DivergedError
            Weights are no longer finite; earlier epochs are kept.
        Interrupted
            After Ctrl+C; finished epochs are kept and the next call goes on behind them.
        OSError
            A checkpoint could not be written; earlier ones are kept.
        """
        if not isinstance(epochs, Integral) or epochs < 0:
            raise SettingError(f"epochs must be at least 0, got {epochs!r}")
        first = len(self.history)
        for number in range(first, epochs):

            def share(fraction, _elapsed_s=None, number=number):
                if progress is not None:
                    progress((number - first + fraction) / (epochs - first))

            epoch = self._learn(number, share)
            self.history.append(epoch)
            self._after(number)
            self.checkpoints.save(self._state(), self.history)
            share(1.0)
        return self.history[:epochs]

    def checkpoint(self, number: int) -> dict[str, np.ndarray]:
        """What had been learned after epoch `number` (from 1)."""
        return self.checkpoints.read(number)

    @staticmethod
    def _refuse_infinite(number: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Stop where epoch `number` (from 0) has left values that are not finite."""
        wrong = [name for name, values in arrays.items() if not np.isfinite(values).all()]
        if wrong:
            raise DivergedError(
                f"weights are no longer finite after epoch {number + 1}; lower the learning rates "
                f"(the first are {wrong[0]}; earlier epochs are kept)"
            )


def _checked(turns: Sequence[np.ndarray], samples: DividedRows) -> tuple[np.ndarray, ...]:
    """The rows of each turn, refused where there are none or where they are no training rows."""
    found = tuple(np.asarray(rows) for rows in turns)
    if not found:
        raise SettingError("turns hold no rows; leave them out, so that every epoch learns from all training rows")
    for number, rows in enumerate(found, 1):
        if not len(rows) or not np.isin(rows, samples.training).all():
            raise SettingError(f"turn {number} must be rows of the training part, at least one; correct it")
    return found


def _tell(samples: DividedRows) -> None:
    """Where a run is noted that has told of no data set, its samples count as its data."""
    noted = identity.being_noted()
    if noted is not None and all(name.startswith("samples") for name in noted.data):
        content = identity.digest(samples.identity)
        if content not in {part["digest"] for part in noted.data.values()}:
            count = len(noted.data)
            name = f"samples {count + 1}" if count else "samples"
            identity.used(name, "samples of the protocol's own", content)
