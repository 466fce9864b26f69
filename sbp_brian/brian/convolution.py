"""Which cells of two groups of feature maps a convolution's kernels connect: arithmetic, and nothing stored.

A cell of the maps behind sees a patch of all maps before, through the kernel of its own map; cells of one map share the
kernel. As everywhere in the field the kernel is not flipped: weight (y, x) belongs to the row and column that many
cells below and to the right of the patch's first. Source: LeCun et al. 1989, doi:10.1162/neco.1989.1.4.541.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from sbp_brian.errors import KernelError
from sbp_brian.wording import names_parameters, number_in

__all__ = ["Convolution", "Maps"]


@names_parameters
@dataclass(frozen=True)
class Maps:
    """Feature maps: how the cells of a group are numbered.

    Parameters
    ----------
    maps, rows, columns : int
        At least 1 each.
    maps_last : bool
        False: cell (m, r, c) has the number ``(m*rows + r)*columns + c``. True: ``(r*columns + c)*maps + m``, which
        lets compiled code go through many maps in one stretch of memory.

    Raises
    ------
    KernelError
        A number that is none.
    """

    maps: int
    rows: int
    columns: int
    maps_last: bool = False

    def __post_init__(self) -> None:
        for name in ("maps", "rows", "columns"):
            _whole(f"{name} of Maps", getattr(self, name), 1)

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.maps * self.rows * self.columns

    @property
    def steps(self) -> tuple[int, int, int]:
        """By how much a cell's number grows from map to map, row to row and column to column."""
        if self.maps_last:
            return 1, self.columns * self.maps, self.maps
        return self.rows * self.columns, self.columns, 1

    def number(self, m: Any, row: Any, column: Any) -> Any:
        """The number of a cell; arrays are taken element by element."""
        of_map, of_row, of_column = self.steps
        return m * of_map + row * of_row + column * of_column

    def places(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Map, row and column of cells given by their numbers."""
        return tuple(
            cells // step % size for step, size in zip(self.steps, (self.maps, self.rows, self.columns), strict=True)
        )


@names_parameters
@dataclass(frozen=True)
class Convolution:
    """Kernels between feature maps.

    Parameters
    ----------
    source : Maps
        The presynaptic cells.
    maps : int
        How many there are behind.
    kernel : int or (int, int)
        Side, or height and width, of a kernel (cells).
    stride : int or (int, int)
        Distance of neighbouring patches, vertical and horizontal (cells).
    padding : int or (int, int)
        Rows above and below, and columns left and right, in which nothing is, that patches reach into.
    maps_last : bool
        How the cells behind are numbered; see `Maps`.

    Raises
    ------
    KernelError
        A number that is none; kernels larger than the maps with their padding.
    """

    source: Maps
    maps: int
    kernel: int | tuple[int, int]
    stride: int | tuple[int, int] = 1
    padding: int | tuple[int, int] = 0
    maps_last: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.source, Maps):
            raise KernelError(f"source of Convolution must be Maps(maps, rows, columns), got {self.source!r}")
        _whole("maps of Convolution", self.maps, 1)
        for name, least in (("kernel", 1), ("stride", 1), ("padding", 0)):
            object.__setattr__(self, name, _pair(f"{name} of Convolution", getattr(self, name), least))
        for side, size, kernel, padding in zip(
            ("rows", "columns"), (self.source.rows, self.source.columns), self.sides, self.paddings, strict=True
        ):
            if kernel > size + 2 * padding:
                padded = f" and {padding} of padding on either side" if padding else ""
                raise KernelError(
                    f"a kernel over {kernel} {side} is larger than maps of {size} {side}{padded}; make it smaller, or "
                    "the padding larger"
                )

    # ------------------------------------------------------------------------------------------------- what there is
    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of a kernel."""
        return self.kernel  # type: ignore[return-value]

    @property
    def strides(self) -> tuple[int, int]:
        """Vertical and horizontal."""
        return self.stride  # type: ignore[return-value]

    @property
    def paddings(self) -> tuple[int, int]:
        """Vertical and horizontal."""
        return self.padding  # type: ignore[return-value]

    @property
    def target(self) -> Maps:
        """The postsynaptic cells."""
        rows, columns = (
            (size + 2 * padding - kernel) // stride + 1
            for size, kernel, stride, padding in zip(
                (self.source.rows, self.source.columns), self.sides, self.strides, self.paddings, strict=True
            )
        )
        return Maps(self.maps, rows, columns, self.maps_last)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Of the kernels as an array: maps behind, maps before, height, width."""
        return self.maps, self.source.maps, *self.sides

    @property
    def weights(self) -> int:
        """How many there are."""
        return prod(self.shape)

    @property
    def fan_in(self) -> int:
        """Weights that a cell behind sees, if its patch lies within the maps."""
        return prod(self.shape[1:])

    @property
    def told(self) -> str:
        """In words, for tables."""
        after, before, height, width = self.shape
        text = f"convolution: {after} x {before} kernels of {height} x {width}"
        for name, pair, plain in (("stride", self.strides, 1), ("padding", self.paddings, 0)):
            if pair != (plain, plain):
                text += f", {name} {pair[0]}" + (f" and {pair[1]}" if pair[0] != pair[1] else "")
        return text

    # ----------------------------------------------------------------------------------------------------- numbering
    @property
    def steps(self) -> tuple[int, int, int, int]:
        """By how much a weight's number grows along each axis of `shape`."""
        _, before, height, width = self.shape
        if self.maps_last:
            return 1, height * width * self.maps, width * self.maps, self.maps
        return before * height * width, height * width, width, 1

    def flat(self, kernels: np.ndarray) -> np.ndarray:
        """Values of all weights in the order of their numbers.

        Parameters
        ----------
        kernels : ndarray, of the shape `shape`

        Returns
        -------
        ndarray, shape (weights,)
        """
        kernels = np.asarray(kernels)
        if kernels.shape != self.shape:
            raise KernelError(f"kernels must have the shape {self.shape}, got {kernels.shape}")
        return (kernels.transpose(1, 2, 3, 0) if self.maps_last else kernels).ravel()

    def array(self, values: np.ndarray) -> np.ndarray:
        """The reverse of `flat`: an array of the shape `shape`."""
        values = np.asarray(values)
        if values.shape != (self.weights,):
            raise KernelError(f"there are {self.weights} weights, got values of the shape {values.shape}")
        if self.maps_last:
            after, before, height, width = self.shape
            return values.reshape(before, height, width, after).transpose(3, 0, 1, 2)
        return values.reshape(self.shape)

    # -------------------------------------------------------------------------------------------- who is connected
    def from_source(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What cells before reach: one entry for each pair of cells and its weight, those of a cell together.

        Parameters
        ----------
        cells : ndarray of int

        Returns
        -------
        source, target, weight : ndarray of int32
            Numbers of the cells and of the weight.
        """
        cells = np.asarray(cells)
        m, *place = self.source.places(cells)
        (row, y), (column, x) = (
            self._positions(place[k], size, axis=k) for k, size in enumerate((self.target.rows, self.target.columns))
        )
        after = np.arange(self.maps)
        target = _table(self.target.steps, after, row, column)
        weight = _table((self.steps[0], *self.steps[2:]), after, y, x) + m[:, None, None, None] * self.steps[1]
        return _those(cells, target, weight, row, column)

    def _positions(self, place: np.ndarray, size: int, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows (or columns) behind whose patches hold one before, -1 where there is none; and the weight's."""
        reach = (self.sides[axis] - 1) // self.strides[axis] + 1  # at most so many patches overlap
        last = (place + self.paddings[axis]) // self.strides[axis]
        found = last[:, None] - np.arange(reach)[::-1]
        weight = place[:, None] + self.paddings[axis] - self.strides[axis] * found
        there = (found >= 0) & (found < size) & (weight < self.sides[axis])
        return np.where(there, found, -1), weight

    def from_target(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What cells behind see: as `from_source`, those of a cell behind together."""
        cells = np.asarray(cells)
        m, *place = self.target.places(cells)
        y, x = (np.arange(side) for side in self.sides)
        row, column = (
            _within(place[k][:, None] * self.strides[k] - self.paddings[k] + offsets, size)
            for k, (offsets, size) in enumerate(((y, self.source.rows), (x, self.source.columns)))
        )
        before = np.arange(self.source.maps)
        source = _table(self.source.steps, before, row, column)
        weight = _table(self.steps[1:], before, y[None], x[None]) + m[:, None, None, None] * self.steps[0]
        target, source, weight = _those(cells, source, weight, row, column)
        return source, target, weight

    def fan_out(self) -> np.ndarray:
        """How many cells behind each cell before reaches; their sum is the number of synapses, if unrolled."""
        _, *place = self.source.places(np.arange(self.source.cells))
        row, column = (
            (self._positions(place[k], size, axis=k)[0] >= 0).sum(1)
            for k, size in enumerate((self.target.rows, self.target.columns))
        )
        return self.maps * row * column

    def patches(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Presynaptic cell, postsynaptic cell and weight of each synapse, if the kernels are unrolled."""
        return self.from_target(np.arange(self.target.cells))


def _within(place: np.ndarray, size: int) -> np.ndarray:
    return np.where((place >= 0) & (place < size), place, -1)


def _table(steps: tuple[int, ...], maps: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Numbers for each cell, map, row and column."""
    of_map, of_row, of_column = steps
    maps = maps[None, :, None, None] * of_map
    return maps + rows[:, None, :, None] * of_row + columns[:, None, None, :] * of_column


def _those(cells, others, weights, rows, columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What there is of a table of pairs."""
    there = np.broadcast_to((rows >= 0)[:, None, :, None] & (columns >= 0)[:, None, None, :], others.shape)
    cells = np.broadcast_to(cells[:, None, None, None], others.shape)
    weights = np.broadcast_to(weights, others.shape)
    return tuple(table[there].astype(np.int32) for table in (cells, others, weights))


def _whole(what: str, value: Any, least: int) -> int:
    if refusal := number_in(what, value, f"[{least}, inf)", whole=True):
        raise KernelError(refusal)
    return int(value)


def _pair(what: str, value: Any, least: int) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2:
        raise KernelError(f"{what} must be one whole number or two, vertical and horizontal, got {value!r}")
    return _whole(what, pair[0], least), _whole(what, pair[1], least)
