"""Training by epochs: what trainings of Brian2 networks and of networks in numpy share.

Epochs that were done before are found as checkpoints; each new one is learned, refused where it has diverged
(`sbp_brian.training.divergence`), and kept. A training that diverges stops at that epoch: what was learned before
stays, in memory as on the disk, and the error names the variable, the epoch and the parameter to lower. All randomness
of an epoch derives from the seed and the epoch's number, so a training that was killed goes on from its last checkpoint
and ends with the same weights to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from sbp_brian import identity
from sbp_brian.errors import CheckpointError, DivergedError, SettingError
from sbp_brian.targets.recordings import Weights
from sbp_brian.training.checkpoints import Checkpoints, Epoch
from sbp_brian.training.divergence import unit_of, what_is_lost
from sbp_brian.training.rows import DividedRows
from sbp_brian.wording import number_in, unknown

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
    if not isinstance(facts, Mapping):
        raise SettingError(f"facts must be a mapping of names to values, not {type(facts).__name__}")
    known |= {**samples.identity, "code": identity.library_code(), "versions": identity.versions()}
    both = {name: [known[name], value] for name, value in facts.items() if name in known}
    return {**facts, **known, **both}


class EpochTraining:
    """Base of `Training` and `NumpyTraining`.

    A subclass gives `_learn` (one epoch), `_state` (all that one epoch leaves to the next), `_restore` and `_moved_by`
    (the parameters to lower), and calls `_resume` at the end of its constructor.

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
        for refusal in (number_in("seed", seed, "[0, inf)", whole=True), number_in("decay", decay, "(0, 1]")):
            if refusal:
                raise SettingError(refusal)
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

    def _moved_by(self, name: str) -> Sequence[str]:
        """The parameters by which a variable of the state changes, as the model calls them."""
        raise NotImplementedError

    def _units(self) -> dict[str, float]:
        """One unit of each variable of the state, where it starts; see `sbp_brian.training.divergence`."""
        return {name: unit_of(values) for name, values in self._state().items()}

    def weights(self, result: Any = None) -> tuple[Weights, ...]:
        """What was learned, as the test asks it: named, with units, and with the cells of each synapse.

        Parameters
        ----------
        result : Result, optional
            Of a run of the network, which tells the cells of each synapse.
        """
        raise NotImplementedError

    def load_weights(self, weights: Iterable[Weights]) -> tuple[str, ...]:
        """Answer with these weights from now on; gives the names of what was set.

        Raises
        ------
        CheckpointError
            They are not those of this network: a name, a shape or a unit differs.
        """
        own, given = {w.name: w for w in self.weights()}, {}
        for w in weights:
            name = w.name
            if name not in own:
                raise CheckpointError(f"{unknown('weight', name, own)}; load weights of the same network")
            if np.shape(w.values) != np.shape(own[name].values) or w.unit != own[name].unit:
                raise CheckpointError(
                    f"{name} has shape {np.shape(w.values)} and unit {w.unit or 'none'}, but this network wants "
                    f"{np.shape(own[name].values)} and {own[name].unit or 'none'}; load weights of the same network"
                )
            given[name] = np.asarray(w.values)
        if lacking := own.keys() - given.keys():
            raise CheckpointError(f"{', '.join(sorted(lacking))} is not among the weights; load weights of all layers")
        self._take(given)
        return tuple(given)

    def _take(self, given: Mapping[str, np.ndarray]) -> None:
        """Answer with weights that fit."""
        raise NotImplementedError

    def _after(self, number: int) -> None:
        """What a subclass does once epoch `number` stands in the history, before it is kept; by default nothing."""

    def _resume(self, checkpoints: Checkpoints, samples: DividedRows) -> None:
        """Go on from the newest checkpoint, where there is one; tell who listens which samples are used.

        Raises
        ------
        CheckpointError
            They belong to another training, or the newest holds what a training that has diverged would.
        """
        _tell(samples)
        self.checkpoints, self.units = checkpoints, self._units()
        if (found := checkpoints.newest(self._state())) is not None:
            self.history, kept = found
            self._refuse_kept(len(self.history), kept)
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
            Weights or states are no longer finite, or beyond what their type can carry; what the last good epoch left
            stays, and earlier epochs are kept.
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
        """What had been learned after epoch `number` (from 1).

        Raises
        ------
        CheckpointError
            It holds what a training that has diverged would.
        """
        kept = self.checkpoints.read(number)
        self._refuse_kept(number, kept)
        return kept

    def _refuse_kept(self, number: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Refuse what was kept after epoch `number` (from 1), where it has diverged."""
        for name, why in what_is_lost(arrays, self.units).items():
            raise CheckpointError(
                f"{self.checkpoints.file(number)} cannot be used: {name} {why}; remove this file, and the training "
                "goes on from the one before or begins anew"
            )

    def _refuse_diverged(self, arrays: Mapping[str, np.ndarray], when: str, kept: str = "") -> None:
        """Stop where values of the state mean nothing any more."""
        lost = what_is_lost(arrays, self.units)
        if not lost:
            return
        (name, why), *others = lost.items()
        also = f" (lost as well: {', '.join(other for other, _ in others[:3])}{', ...' * (len(others) > 3)})"
        raise DivergedError(
            f"the training diverged {when}: {name} {why}{also * bool(others)}",
            tuple(dict.fromkeys(parameter for name in lost for parameter in self._moved_by(name))),
            kept,
        )

    def _said_kept(self, done: int) -> str:
        """What is left of a training that stops after `done` whole epochs."""
        if not done:
            return "it was the first epoch, nothing is kept"
        return f"what epoch {done} left is kept in {self.checkpoints.file(done)}"


def _checked(turns: Sequence[np.ndarray], samples: DividedRows) -> tuple[np.ndarray, ...]:
    """The rows of each turn, refused where there are none or where they are no training rows."""
    found = tuple(np.asarray(rows) for rows in turns)
    if not found:
        raise SettingError("turns hold no rows; leave them out, so that every epoch learns from all training rows")
    for number, rows in enumerate(found, 1):
        whole = rows.ndim == 1 and rows.dtype.kind in "iu"
        if not whole or not len(rows) or not np.isin(rows, samples.training).all():
            raise SettingError(f"turn {number} must name rows of the training part, at least one; correct it")
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
