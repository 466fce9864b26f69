"""Checks of a network's parameters: each raises `ModelError`, one line that names the parameter and what it may be."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Quantity, get_dimensions, second

from sbp_brian import wording
from sbp_brian.errors import ModelError, SampleError

__all__ = ["labels_have_cells", "not_negative", "one_of", "positive", "share", "time", "whole"]


def one_of(name: str, value: Any, known) -> None:
    """A value among the known ones."""
    if value not in known:
        raise ModelError(wording.one_of(name, value, known))


def whole(name: str, value: Any, least: int = 1, of: str = "") -> None:
    """A whole number of at least `least`; `of` says of what."""
    if not _number(value) or value != int(value) or value < least:
        what = f"a whole number of {of}" if of else "a whole number"
        raise ModelError(f"{name} must be {what}, at least {least}, got {value}")


def share(name: str, value: Any) -> None:
    """A number from 0 to below 1."""
    if not _number(value) or not 0 <= value < 1:
        raise ModelError(f"{name} must be a share from 0 to below 1, got {value}")


def not_negative(name: str, value: Any) -> None:
    """A finite number from 0 on."""
    if not _number(value) or value < 0:
        raise ModelError(f"{name} must be zero or positive and finite, got {value}")


def positive(name: str, value: Any, remedy: str = "") -> None:
    """A finite number above 0."""
    if not _number(value) or value <= 0:
        raise ModelError(f"{name} must be positive and finite, got {value}{remedy and f'; {remedy}'}")


def time(name: str, value: Any) -> None:
    """A time above 0."""
    if not isinstance(value, Quantity) or np.ndim(value) or get_dimensions(value) != second.dim:
        raise ModelError(f"{name} must be in units of time, e.g. 20*ms, got {value!r}")
    if not 0 < float(value) < np.inf:
        raise ModelError(f"{name} must be positive and finite, got {value}")


def labels_have_cells(labels: np.ndarray, cells: int) -> None:
    """An output cell for each label.

    Raises
    ------
    SampleError
    """
    if labels.max() >= cells:
        first = int(np.argmax(labels >= cells))
        raise SampleError(
            f"label {labels[first]} of sample {first} has no output cell: layer 'output' has {cells}; "
            f"give it at least {labels.max() + 1}"
        )


def _number(value: Any) -> bool:
    return np.ndim(value) == 0 and get_dimensions(value).is_dimensionless and bool(np.isfinite(float(value)))
