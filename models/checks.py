"""Checks of a network's parameters: each raises `ModelError`, one line that names the parameter and what it may be."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
from brian2 import Quantity, get_dimensions, second

from sbp_brian import wording
from sbp_brian.errors import ModelError, SampleError
from sbp_brian.training.samples import Samples

__all__ = ["have_cells", "inputs_have_cells", "labels_have_cells", "number", "one_of", "targets_have_cells", "time"]


def one_of(name: str, value: Any, known) -> None:
    """A value among the known ones."""
    if not isinstance(value, Hashable) or value not in known:
        raise ModelError(wording.one_of(name, value, known))


def number(name: str, value: Any, interval: str, *, whole: bool = False, remedy: str = "") -> None:
    """A finite number of an interval, written as in `sbp_brian.wording.number_in`; `remedy` says what to do instead."""
    if refusal := wording.number_in(name, _plain(value, whole), interval, whole=whole):
        raise ModelError(f"{refusal}{remedy and f'; {remedy}'}")


def time(name: str, value: Any) -> None:
    """A time above 0."""
    if not isinstance(value, Quantity) or np.ndim(value) or get_dimensions(value) != second.dim:
        raise ModelError(f"{name} must be in units of time, e.g. 20*ms, got {value!r}")
    if not 0 < float(value) < np.inf:
        raise ModelError(f"{name} must be positive and finite, got {value}")


def inputs_have_cells(samples: Samples, cells: int) -> None:
    """As many input cells as a sample has features.

    Raises
    ------
    SampleError
    """
    columns = samples.images.shape[1]
    if columns != cells:
        raise SampleError(f"samples have {columns} features, the input layer {cells} cells; give both the same number")


def have_cells(samples: Samples, cells: int, layer: str = "output") -> None:
    """An output cell for each label, and as many as there are targets, where samples have them.

    Raises
    ------
    SampleError
    """
    labels_have_cells(samples.labels, cells, layer)
    if samples.targets is not None:
        targets_have_cells(samples.targets.shape[1], cells, layer)


def targets_have_cells(targets: int, cells: int, layer: str = "output") -> None:
    """As many output cells as a sample has targets, or classes where it has none.

    Raises
    ------
    SampleError
    """
    if targets != cells:
        raise SampleError(
            f"samples need {targets} outputs, layer {layer!r} has {cells} cells; give both the same number"
        )


def labels_have_cells(labels: np.ndarray, cells: int, layer: str = "output") -> None:
    """An output cell for each label.

    Raises
    ------
    SampleError
    """
    if labels.max() >= cells:
        first = int(np.argmax(labels >= cells))
        raise SampleError(
            f"label {labels[first]} of sample {first} has no output cell: layer {layer!r} has {cells}; "
            f"give it at least {labels.max() + 1}"
        )


def _plain(value: Any, whole: bool) -> Any:
    """A number of numpy or Brian2 without a dimension as one of Python; anything else as it is."""
    if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0 and get_dimensions(value).is_dimensionless:
        value = np.asarray(value).item()
    return int(value) if whole and isinstance(value, float) and value.is_integer() else value
