"""Inputs with the outputs that are wanted, for networks in numpy; how outputs are scored; displaced images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np

from sbp_brian.errors import PatternError
from sbp_brian.training.answers import largest, without_direction
from sbp_brian.training.rows import DividedRows, check_arrays
from sbp_brian.training.scores import cosines
from sbp_brian.wording import names_parameters

__all__ = ["Patterns", "cosine", "displaced", "first_maximum", "one_hot"]


@names_parameters
def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Class numbers, shape (n,), as rows of zeros with a one, shape (n, classes), float32."""
    labels = np.asarray(labels)
    numbers = labels.ndim == 1 and (not len(labels) or labels.dtype.kind in "biu")
    if not numbers or (len(labels) and not 0 <= labels.min() <= labels.max() < classes):
        raise PatternError(f"labels must be class numbers from 0 to {classes - 1}, one a sample; correct them")
    return np.eye(classes, dtype=np.float32)[labels.astype(np.intp)]


def first_maximum(outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Whether the first largest output is the first largest target, of each row: accuracy, for one-hot targets.

    Outputs of which nothing sets one apart are no answer, and not right (`sbp_brian.training.answers`).
    """
    answered = largest(outputs)
    return ((answered == largest(targets)) & (answered >= 0)).astype(float)


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


@names_parameters
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
        check_arrays(self, ("inputs", "targets"), PatternError)
        if not isinstance(self.scale, Real) or not np.isfinite(self.scale):
            raise PatternError(f"scale must be one finite number, got {self.scale!r}")
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

    def unanswered(self, outputs: np.ndarray) -> np.ndarray:
        """Whether outputs, shape (n, outputs), are no answer: without a direction, or where classes are, without one.

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        return without_direction(outputs) if self.score is cosine else largest(outputs) < 0

    def batch(self, rows: np.ndarray, dtype) -> np.ndarray:
        """Scaled inputs of these rows, shape (len(rows), features)."""
        return np.multiply(self.inputs[rows], dtype(self.scale), dtype=dtype)
