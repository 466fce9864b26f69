"""Which rows of a table are for what: the checks, joins and control that all samples share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from sbp_brian.errors import SBPError
from sbp_brian.identity import digest

__all__ = ["PARTS", "DividedRows", "check_rows"]

#: What rows may be for.
PARTS = ("training", "validation", "test")


def check_rows(rows, n: int, error: type[SBPError], called: str = "what is shown") -> None:
    """Refuse what names no rows of a table of `n`: other than whole numbers, or outside 0 to n - 1.

    Parameters
    ----------
    rows : array_like
    n : int
    error : type of SBPError
        What is raised.
    called : str
        What the rows are for.
    """
    rows = np.asarray(rows)
    if rows.size and (rows.ndim != 1 or rows.dtype.kind not in "iu"):
        raise error(f"{called} must name rows by whole numbers, not {rows.dtype} of shape {rows.shape}")
    if rows.size and not 0 <= rows.min() <= rows.max() < n:
        raise error(f"rows must be from 0 to {n - 1}, got {rows.min()} to {rows.max()} in {called}; correct them")


def check_arrays(owner: object, names: Sequence[str], error: type[SBPError]) -> None:
    """Refuse attributes that are no arrays of numpy."""
    for name in names:
        if not isinstance(value := getattr(owner, name), np.ndarray):
            raise error(f"{name} must be an array of numpy, not {type(value).__name__}; convert it with numpy.asarray")


class DividedRows:
    """Base of `Samples` and `Patterns`: their fields ``training``, ``validation`` and ``test`` name rows of a table."""

    def _check_rows(self, n: int, error: type[SBPError], row: str) -> None:
        """Refuse rows outside a table of `n`, rows with two purposes, and a division without training rows.

        Parameters
        ----------
        n : int
            Rows of the table.
        error : type of SBPError
            What is raised.
        row : str
            What a row is called, e.g. ``"sample"``.
        """
        for part in PARTS:
            check_rows(getattr(self, part), n, error, part)
        rows = np.concatenate([getattr(self, part) for part in PARTS])
        if len(np.unique(rows)) != len(rows):
            raise error(f"a {row} is in two of training, validation and test; give each row one purpose")
        if not len(self.training):
            raise error(f"there are no training {row}s; give at least one")

    @staticmethod
    def _joined(parts: Mapping[str, tuple]) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
        """Separate arrays, named by `PARTS`, one behind the other; and the rows of each part."""
        ends = np.cumsum([0, *(len(parts[name][1]) for name in PARTS)])
        rows = {name: np.arange(ends[k], ends[k + 1]) for k, name in enumerate(PARTS)}
        return [np.concatenate([parts[name][k] for name in PARTS]) for k in (0, 1)], rows

    def _shuffled(self, values: np.ndarray, seed: int) -> np.ndarray:
        """A copy whose training rows have changed places: the control in which they tell nothing of the inputs."""
        order = np.random.default_rng([seed, 7]).permutation(len(self.training))
        values = values.copy()
        values[self.training] = values[self.training][order]
        return values

    def _content(self) -> dict[str, object]:
        """Name -> what counts as content beside the rows; for `identity`."""
        raise NotImplementedError

    @cached_property
    def identity(self) -> dict[str, str]:
        """Digests by name: of inputs, labels or targets, and of the rows of each part."""
        content = {name: digest(value) for name, value in self._content().items()}
        return content | {f"{part} rows": digest(np.asarray(getattr(self, part), np.int64)) for part in PARTS}
