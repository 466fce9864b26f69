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
from dataclasses import dataclass, field, replace
from numbers import Integral, Real
from typing import Any

import numpy as np

from sbp_brian.errors import PatternError, SettingError
from sbp_brian.identity import digest
from sbp_brian.training.checkpoints import Checkpoints, Epoch
from sbp_brian.training.encoding import check_displacement
from sbp_brian.training.loop import EpochTraining, identity_of
from sbp_brian.training.rows import DividedRows
from sbp_brian.training.scores import cosines
from sbp_brian.wording import number_in, unknown

__all__ = ["NumpyModel", "NumpyTraining", "Patterns", "cosine", "displaced", "first_maximum", "one_hot"]


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Class numbers, shape (n,), as rows of zeros with a one, shape (n, classes), float32."""
    labels = np.asarray(labels)
    numbers = labels.ndim == 1 and (not len(labels) or labels.dtype.kind in "biu")
    if not numbers or (len(labels) and not 0 <= labels.min() <= labels.max() < classes):
        raise PatternError(f"labels must be class numbers from 0 to {classes - 1}, one a sample; correct them")
    return np.eye(classes, dtype=np.float32)[labels.astype(np.intp)]


def first_maximum(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Whether the first largest output is the first largest target, of each row: accuracy, for one-hot targets."""
    return (outputs.argmax(1) == targets.argmax(1)).astype(float)


def cosine(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """`cosines` of each row as a score of `Patterns`: 0 where an output is all zero."""
    return cosines(outputs, targets, silent=0.0)


def displaced(x: np.ndarray, by: np.ndarray, width: int) -> np.ndarray:
    """Images moved by whole pixels; what leaves them is lost, what enters is 0.

    Parameters
    ----------
    x : ndarray, shape (n, height * width)
    by : ndarray of int, shape (n, 2)
        Pixels to the right and down, of each image.
    width : int

    Returns
    -------
    ndarray, shape (n, height * width)
    """
    n, height = len(x), x.shape[1] // width
    rows, columns = np.arange(height) - by[:, 1:], np.arange(width) - by[:, :1]
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    taken = x.reshape(n, height, width)[
        np.arange(n)[:, None, None], rows[:, :, None] % height, columns[:, None, :] % width
    ]
    return (taken * inside).reshape(x.shape)


@dataclass(frozen=True, eq=False)
class Patterns(DividedRows):
    """Inputs with the outputs that are wanted, and which rows are for what.

    Parameters
    ----------
    inputs : ndarray, shape (n, features)
        Finite numbers; a network receives them times `scale`.
    targets : ndarray, shape (n, outputs)
        From 0 to 1.
    training, validation, test : ndarray of int
        Rows of each part; no row may be in two.
    scale : float
        E.g. 1/255 for bytes.
    score : callable
        ``score(outputs, targets)`` gives a number from 0 to 1 for each row.

    Raises
    ------
    PatternError
        Shapes that do not fit, numbers that are not finite or out of range, rows with two purposes or none at all.
    """

    inputs: np.ndarray
    targets: np.ndarray
    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    scale: float = 1.0
    score: Callable[[np.ndarray, np.ndarray], np.ndarray] = first_maximum

    def __post_init__(self):
        if self.inputs.ndim != 2 or self.targets.ndim != 2 or len(self.inputs) != len(self.targets):
            raise PatternError(
                "inputs and targets must have the shapes (n, features) and (n, outputs), not "
                f"{self.inputs.shape} and {self.targets.shape}"
            )
        if self.inputs.dtype.kind not in "biuf" or self.targets.dtype.kind not in "biuf":
            raise PatternError(
                "inputs and targets must hold real numbers, not "
                f"{self.inputs.dtype} and {self.targets.dtype}; convert them"
            )
        if not (np.issubdtype(self.inputs.dtype, np.integer) or np.isfinite(self.inputs).all()):
            raise PatternError("inputs hold NaN or infinite values; remove or repair those samples")
        if not ((self.targets >= 0) & (self.targets <= 1)).all():
            raise PatternError("targets must be numbers from 0 to 1; rescale them")
        self._check_rows(len(self.inputs), PatternError, "row")

    def _content(self) -> dict[str, object]:
        return {"inputs": (self.inputs, self.scale), "targets": self.targets, "score": self.score}

    @classmethod
    def join(cls, parts: Mapping[str, tuple[np.ndarray, np.ndarray]], **settings) -> Patterns:
        """From separate (inputs, targets) named training, validation and test."""
        (inputs, targets), rows = cls._joined(parts)
        return cls(inputs, np.asarray(targets, np.float32), **rows, **settings)

    def with_shuffled_training_targets(self, seed: int) -> Patterns:
        """The control in which training targets tell nothing about the inputs."""
        return replace(self, targets=self._shuffled(self.targets, seed))

    def batch(self, rows: np.ndarray, dtype) -> np.ndarray:
        """Scaled inputs of these rows, shape (len(rows), features)."""
        return np.multiply(self.inputs[rows], dtype(self.scale), dtype=dtype)


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
        `training` and `validation` are mean scores.
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
        began, total, told = time.perf_counter(), 0.0, 0.0
        earlier = sum(-(-len(self.rows_of(k)) // self.batch) for k in range(number))
        for first in range(0, len(order), self.batch):
            rows = order[first : first + self.batch]
            x, y = patterns.batch(rows, model.dtype), patterns.targets[rows].astype(model.dtype, copy=False)
            if self.jitter:
                x = displaced(x, rng.integers(-self.jitter, self.jitter + 1, (len(rows), 2)), self.width)
            with np.errstate(over="ignore", invalid="ignore"):  # said once, below
                outputs = model.learn(x, y, rows)
            total += float(patterns.score(outputs, y).sum())
            if self.means:
                self._average(earlier + first // self.batch + 1)
            if time.perf_counter() - told > 0.2:
                told = time.perf_counter()
                progress(first / len(order))
        self._refuse_infinite(number, model.arrays)
        seconds = time.perf_counter() - began
        counted = {name: value / len(order) for name, value in model.counted.items()}
        validation = float(self.score(patterns.validation)) if len(patterns.validation) else float("nan")
        return Epoch(number + 1, total / len(order), validation, counted, seconds, len(order))

    def _after(self, number: int) -> None:
        patterns = self.patterns
        held_out = np.concatenate([patterns.validation, patterns.test])
        with self.averaged():
            for first in range(0, len(held_out), self.SHOWN):
                rows = held_out[first : first + self.SHOWN]
                self.model.follow(patterns.batch(rows, self.model.dtype), rows)

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
        """
        rng = np.random.default_rng([self.seed, 2**20])
        parts = [rows[k : k + self.SHOWN] for k in range(0, len(rows), self.SHOWN)]
        with self.averaged() if learned is None else self._answering(self._own(learned)):
            return np.concatenate(
                [
                    self.model.predict(self.patterns.batch(part, self.model.dtype), rng, None if anew else part)
                    for part in parts
                ]
            )

    def _own(self, kept: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What the model answers with of a checkpoint: its arrays, and the running means in the place of weights."""
        return {name: kept[f"mean.{name}" if name in self.means else name] for name in self.model.arrays}

    def score(self, rows: np.ndarray) -> float:
        """Mean score of these rows."""
        return float(self.patterns.score(self.outputs(rows), self.patterns.targets[rows]).mean())
