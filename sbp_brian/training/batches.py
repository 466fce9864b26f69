"""Training of networks written in plain numpy: epochs, validation, checkpoints, resume to the bit.

`Training` of sbp_brian.training.spiking does the same for Brian2 networks; samples here are shown in batches, and
whatever changes is one dictionary of arrays. All randomness of an epoch derives from the seed and the epoch's number,
so a training that was killed goes on from its last checkpoint and ends with the same arrays to the bit.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

import numpy as np

from sbp_brian.errors import DivergedError, PatternError, SettingError
from sbp_brian.identity import digest
from sbp_brian.targets.recordings import Weights
from sbp_brian.training.checkpoints import Checkpoints, Epoch
from sbp_brian.training.divergence import NO_UNIT, unit_of, what_is_lost
from sbp_brian.training.encoding import check_displacement
from sbp_brian.training.loop import EpochTraining, identity_of
from sbp_brian.training.patterns import Patterns, cosine, displaced, first_maximum, one_hot
from sbp_brian.training.rows import check_rows
from sbp_brian.wording import names_parameters, number_in, takes_booleans, unknown

__all__ = ["NumpyModel", "NumpyTraining", "Patterns", "cosine", "displaced", "first_maximum", "one_hot"]


@dataclass
class NumpyModel:
    """What `NumpyTraining` asks of a network; `arrays` holds everything that an epoch leaves to the next.

    Attributes
    ----------
    arrays : dict of str to ndarray
        Weights, biases, the optimiser's memory, persistent states; changed in place.
    counted : dict of str to float
        Totals of the present epoch, reset by `begin_epoch`, e.g. hidden spikes.
    """

    arrays: dict[str, np.ndarray] = field(init=False, repr=False, default_factory=dict)
    counted: dict[str, float] = field(init=False, repr=False, default_factory=dict)

    #: floating type of all arithmetic
    dtype = np.float32
    #: whether inputs, once scaled, must lie between 0 and 1
    unit_inputs = False

    def check(self, choices: Mapping[str, Iterable[str]], ranges: Mapping[str, tuple[float, float]]) -> None:
        """Refuse settings that make no network; `layers` become a tuple of int.

        Parameters
        ----------
        choices : mapping of str to iterable of str
            Setting -> the names that it may have.
        ranges : mapping of str to (low, high)
            Setting -> its bounds; where its default is an int it must be a whole number.

        Raises
        ------
        SettingError
            One line that names the setting, what was given, and what it may be.
        """
        try:
            self.layers = tuple(operator.index(n) for n in self.layers)
        except TypeError:
            raise SettingError(f"layers must be whole numbers such as (784, 500, 10), got {self.layers!r}") from None
        for name, known in choices.items():
            given = getattr(self, name)
            if not (isinstance(given, str) and given in known):
                raise SettingError(unknown(name, str(given), known))
        for name, (low, high) in ranges.items():
            whole = isinstance(self.__dataclass_fields__[name].default, int)
            if refusal := number_in(name, getattr(self, name), f"[{low}, {high}]", whole=whole):
                raise SettingError(refusal)

    def start(self, seed: int, n_rows: int) -> None:
        """Set `arrays` to their start; `n_rows` is the number of rows that `learn` may name."""
        raise NotImplementedError

    def begin_epoch(self, number: int, rng: np.random.Generator, factor: float) -> None:
        """Epoch `number` (from 0) begins: its randomness, and the factor on all learning rates."""
        self.number, self.rng, self.factor = number, rng, self.dtype(factor)
        self.counted.clear()

    def learn(self, x: np.ndarray, y: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Show a batch, change the arrays, give the outputs before the change, shape (len(rows), outputs)."""
        raise NotImplementedError

    def predict(self, x: np.ndarray, rng: np.random.Generator, rows: np.ndarray | None = None) -> np.ndarray:
        """Outputs for inputs of shape (n, features); nothing changes. `rows` names them where states are kept."""
        raise NotImplementedError

    def follow(self, x: np.ndarray, rows: np.ndarray) -> None:
        """After each epoch, for rows of validation and test: let kept states follow the weights; by default nothing."""

    def moved_by(self, name: str) -> tuple[str, ...]:
        """The parameters by which an array changes: what to lower where it diverges.

        By default those called after a rate: of ``rate_hidden`` and ``rate_output`` the one of the array's layer.
        """
        rates = tuple(n for n in getattr(self, "__dataclass_fields__", ()) if "rate" in n)
        layer = name.rpartition(".")[2]
        if rates == ("rate_hidden", "rate_output") and layer[0] in "Wb" and layer[1:].isdigit():
            return rates[1:] if int(layer[1:]) == len(self.layers) - 1 else rates[:1]
        return rates or ("its learning rate",)


def _fits(model: NumpyModel, patterns: Patterns) -> None:
    """Refuse patterns that the network cannot be shown."""
    inputs, outputs = patterns.inputs.shape[1], patterns.targets.shape[1]
    layers = getattr(model, "layers", None)
    if layers and (layers[0], layers[-1]) != (inputs, outputs):
        raise SettingError(
            f"layers={layers} have {layers[0]} inputs and {layers[-1]} outputs, but the patterns have "
            f"{inputs} and {outputs}; give the network these numbers"
        )
    low, high = patterns.inputs.min() * patterns.scale, patterns.inputs.max() * patterns.scale
    if model.unit_inputs and not (low >= 0 and high <= 1 + 1e-6):
        raise PatternError(
            f"inputs must be from 0 to 1 for {type(model).__name__}, which takes them as probabilities; "
            f"they are from {low:g} to {high:g}; give Patterns another scale"
        )


@names_parameters
@takes_booleans
class NumpyTraining(EpochTraining):
    """Training by epochs with checkpoints; see `EpochTraining.run`.

    Parameters
    ----------
    model : NumpyModel
        Its ``repr`` identifies it in the checkpoints.
    patterns : Patterns
    folder : path
        For the checkpoints.
    seed, batch : int
        Everything random derives from the seed; samples per change of the weights.
    decay : float
        All learning rates are multiplied by it after each epoch.
    facts : mapping
        Whatever else identifies this training, beside the content of the patterns, the model, the settings and the code
        that computes; checkpoints of another one are refused.
    take_over : bool
        Go on from checkpoints of another training all the same.
    running_mean : float
        Share that a running mean of weights and biases keeps at each batch, from 0 to below 1: it reaches back over
        about 1/(1 - running_mean) batches, and is their plain mean as long as there were fewer. Learning goes on from
        the weights themselves; scores, and the states kept of validation and test rows, are by the mean. 0: no mean.
    jitter, width : int
        Training samples are displaced by up to `jitter` pixels each way, at random, in rows of `width` pixels; what
        leaves the image is lost. 0: not at all.
    turns : sequence of ndarray of int, optional
        Training rows that the first epoch learns from, the second ..., and so on from the first again. By default every
        epoch learns from all.
    keep : int, optional
        Checkpoints that stay, the newest; None: all.

    Attributes
    ----------
    history : list of Epoch
        `running` and `validation` are mean scores.
    resumed_from : int
        Epochs that were found done.

    Raises
    ------
    SettingError
        `batch`, `decay`, `running_mean` or `jitter` out of range, or a network and patterns that do not fit.
    CheckpointError
        The folder holds another training.
    """

    #: rows shown at once where nothing is learned
    SHOWN = 1000

    def __init__(
        self,
        model: NumpyModel,
        patterns: Patterns,
        folder,
        *,
        seed: int = 0,
        batch: int = 100,
        decay: float = 1.0,
        facts: Mapping[str, Any] | None = None,
        running_mean: float = 0.0,
        jitter: int = 0,
        width: int = 28,
        turns: Sequence[np.ndarray] | None = None,
        keep: int | None = 1,
        take_over: bool = False,
    ):
        super().__init__(patterns, seed=seed, decay=decay, turns=turns)
        if not isinstance(running_mean, Real) or not 0 <= running_mean < 1:
            raise SettingError(f"running_mean must be a number from 0 to below 1, got {running_mean!r}")
        if not isinstance(batch, Integral) or batch < 1:
            raise SettingError(f"batch must be a whole number of samples, at least 1, got {batch}")
        if keep is not None and (refusal := number_in("keep", keep, "[1, inf)", whole=True)):
            raise SettingError(f"{refusal}; None keeps all")
        _fits(model, patterns)
        check_displacement("jitter", jitter, width, patterns.inputs.shape[1])
        self.jitter, self.width = jitter, width
        self.model, self.patterns, self.batch, self.running_mean = model, patterns, batch, running_mean
        own = {"model": repr(model), "network": digest(type(model), repr(model))}
        own |= {"seed": seed, "batch": batch, "decay": decay}
        own |= {"running_mean": running_mean} if running_mean else {}
        own |= {"jitter": jitter, "width": width} if jitter else {}
        own |= {} if turns is None else {"turns": digest(self.turns)}
        model.start(seed, len(patterns.inputs))
        self.initial = {name: values.copy() for name, values in model.arrays.items() if name[0] in "Wb"}
        weights = [name for name in self.initial if model.arrays[name].dtype.kind == "f"]
        self.means = {name: model.arrays[name].copy() for name in weights if running_mean}
        facts = identity_of(patterns, facts or {}, **own)
        self._resume(Checkpoints(folder, facts, keep=keep, take_over=take_over), patterns)

    def _state(self) -> dict[str, np.ndarray]:
        """What a checkpoint holds: the arrays of the model, and the running means as "mean." + name."""
        return {**self.model.arrays, **{f"mean.{name}": values for name, values in self.means.items()}}

    def _restore(self, kept: Mapping[str, np.ndarray]) -> None:
        for name, values in self._state().items():
            values[...] = kept[name]

    def weights(self, result: Any = None) -> tuple[Weights, ...]:
        """See `EpochTraining.weights`: weights and biases, or their running means, as whole arrays."""
        kept = {name: self.means.get(name, self.model.arrays[name]) for name in self.initial}
        return tuple(Weights("", name, "", values.copy()) for name, values in kept.items())

    def _take(self, given: Mapping[str, np.ndarray]) -> None:
        self._refuse_diverged(given, "before it was asked")
        for name, values in given.items():
            self.model.arrays[name][...] = values
            if name in self.means:
                self.means[name][...] = values

    def _moved_by(self, name: str) -> tuple[str, ...]:
        return self.model.moved_by(name.removeprefix("mean."))

    def _units(self) -> dict[str, float]:
        """Of weights, biases and states; what an optimiser remembers has none."""
        return {
            name: NO_UNIT if "." in name.removeprefix("mean.") else unit_of(values)
            for name, values in self._state().items()
        }

    def _average(self, batches: int) -> None:
        """Let the running mean follow the weights after so many batches."""
        share = max(1 - self.running_mean, 1 / batches)
        for name, mean in self.means.items():
            mean += mean.dtype.type(share) * (self.model.arrays[name] - mean)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """While it lasts, the model answers with the running mean of its weights, if there is one."""
        with self._answering(self.means):
            yield

    @contextmanager
    def _answering(self, arrays: Mapping[str, np.ndarray]) -> Iterator[None]:
        """While it lasts, the model answers with these arrays."""
        own = {name: self.model.arrays[name] for name in arrays}
        self.model.arrays.update(arrays)
        try:
            yield
        finally:
            self.model.arrays.update(own)

    def _learn(self, number: int, progress: Callable[[float], None]) -> Epoch:
        model, patterns = self.model, self.patterns
        rng = np.random.default_rng([self.seed, number, 1])
        order = rng.permutation(self.rows_of(number))
        model.begin_epoch(number, rng, self.decay**number)
        began, total, silent, told = time.perf_counter(), 0.0, 0, 0.0
        earlier = sum(-(-len(self.rows_of(k)) // self.batch) for k in range(number))
        for first in range(0, len(order), self.batch):
            rows = order[first : first + self.batch]
            x, y = patterns.batch(rows, model.dtype), patterns.targets[rows].astype(model.dtype, copy=False)
            if self.jitter:
                x = displaced(x, rng.integers(-self.jitter, self.jitter + 1, (len(rows), 2)), self.width)
            with np.errstate(over="ignore", invalid="ignore"):  # said once, below
                outputs = model.learn(x, y, rows)
            total += float(patterns.score(outputs, y).sum())
            silent += int(patterns.unanswered(outputs).sum())
            if self.means:
                self._average(earlier + first // self.batch + 1)
            if time.perf_counter() - told > 0.2:
                told = time.perf_counter()
                progress(first / len(order))
        try:
            self._refuse_diverged(self._state(), f"in epoch {number + 1}", self._said_kept(number))
        except DivergedError:
            self._go_back(number)
            raise
        seconds = time.perf_counter() - began
        counted = {name: value / len(order) for name, value in model.counted.items()}
        validation = float(self.score(patterns.validation)) if len(patterns.validation) else float("nan")
        share = silent / len(order)
        return Epoch(number + 1, total / len(order), validation, counted, seconds, len(order), share)

    def _go_back(self, done: int) -> None:
        """Let the model be what it was after `done` epochs, whose arrays have been changed in place."""
        if done:
            self._restore(self.checkpoint(done))
            return
        self.model.start(self.seed, len(self.patterns.inputs))
        for name, values in self.means.items():
            values[...] = self.model.arrays[name]

    def _after(self, number: int) -> None:
        patterns = self.patterns
        held_out = np.concatenate([patterns.validation, patterns.test])
        with self.averaged():
            for first in range(0, len(held_out), self.SHOWN):
                rows = held_out[first : first + self.SHOWN]
                self.model.follow(patterns.batch(rows, self.model.dtype), rows)

    @takes_booleans
    def outputs(
        self, rows: np.ndarray, anew: bool = False, learned: Mapping[str, np.ndarray] | None = None
    ) -> np.ndarray:
        """What the network answers to these rows, (len(rows), outputs).

        Parameters
        ----------
        rows : ndarray of int
        anew : bool
            Without the states kept of them.
        learned : mapping, optional
            Arrays to use instead of the present ones, e.g. a checkpoint's.

        Raises
        ------
        PatternError
            Rows that are none of the patterns'.
        DivergedError
            Arrays or outputs that are not finite, or beyond what their type can carry.
        """
        check_rows(rows, len(self.patterns.inputs), PatternError)
        self._refuse_diverged(self._state() if learned is None else learned, "before it was asked")
        rng = np.random.default_rng([self.seed, 2**20])
        parts = [rows[k : k + self.SHOWN] for k in range(0, len(rows), self.SHOWN)]
        with (
            self.averaged() if learned is None else self._answering(self._own(learned)),
            np.errstate(over="ignore", invalid="ignore"),  # said once, below
        ):
            found = np.concatenate(
                [
                    self.model.predict(self.patterns.batch(part, self.model.dtype), rng, None if anew else part)
                    for part in parts
                ]
            )
        for name, why in what_is_lost({"an output": found}, {}).items():
            raise DivergedError(f"the network diverged when it was asked: {name} {why}", self.model.moved_by(name))
        return found

    def _own(self, kept: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the model answers with of a checkpoint: its arrays, and the running means in the place of weights."""
        return {name: kept[f"mean.{name}" if name in self.means else name] for name in self.model.arrays}

    def score(self, rows: np.ndarray) -> float:
        """Mean score of these rows."""
        return float(self.patterns.score(self.outputs(rows), self.patterns.targets[rows]).mean())
