"""Which output answers, and when none does: one rule for every readout, score and classifier.

There is no answer where nothing sets one output apart: all outputs are equal, as where all are silent, or one of them
is NaN, or the best is infinite. No answer is never right, and is counted apart (`no_answer` in records). Where several
outputs, but not all, are equal and best, the first of them answers: a choice that does not depend on the label.
"""

from __future__ import annotations

import numpy as np

__all__ = ["NO_ANSWER", "largest", "without_direction"]

#: The number of the output that answers where none does.
NO_ANSWER = -1


def largest(outputs, axis: int = 1) -> np.ndarray:
    """The number of the largest output of each sample, `NO_ANSWER` where nothing sets one apart.

    Parameters
    ----------
    outputs : array_like, shape (n, outputs)
        A single output answers where it is not 0.
    axis : int
        That of the outputs: 0 where the shape is (outputs, n).

    Returns
    -------
    ndarray of int, shape (n,)
    """
    outputs = np.asarray(outputs)
    low, high = outputs.min(axis), outputs.max(axis)  # NaN where one is
    apart = low < high if outputs.shape[axis] > 1 else np.abs(high) > 0
    return np.where(apart & (high < np.inf), outputs.argmax(axis), NO_ANSWER)


def without_direction(outputs) -> np.ndarray:
    """Whether a sample's outputs, as a vector, have no direction: all are zero, or one is not finite.

    Parameters
    ----------
    outputs : array_like, shape (n, outputs)

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    length = np.linalg.norm(np.asarray(outputs, float), axis=1)
    return ~((length > 0) & (length < np.inf))
