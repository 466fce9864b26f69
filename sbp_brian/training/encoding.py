"""Sample tables that a running network reads: images stored once, as bytes, found by row and column.

A `TimedArray` holds eight bytes a value and one row for each presentation; 70,000 images of 784 pixels, shown for ten
epochs, would take 4 GB. A `ByteTable` holds each image once, in one byte a pixel, and is read by a compiled function.
"""

from __future__ import annotations

from numbers import Integral

import numpy as np
from brian2 import Function, Nameable, Quantity, get_dimensions, second

from sbp_brian.errors import ModelError, TableError

__all__ = ["BitTable", "ByteTable", "Table", "check_displacement", "latency_bytes", "spike_bytes"]

_CPP = """
%MODIFIER%static inline double %NAME%(const double row, const int column)
{
    return ((uint8_t)_namespace%NAME%_bytes[(size_t)(row + 0.5)*%COLUMNS% + (size_t)column])*%SCALE%;
}
"""
_CYTHON = """
cdef double %NAME%(const double row, const int column):
    global _namespace%NAME%_bytes
    return (<int>_namespace%NAME%_bytes[<size_t>(row + 0.5)*%COLUMNS% + <size_t>column] & 255)*%SCALE%
"""
_BIT_CPP = """
%MODIFIER%static inline double %NAME%(const double row, const int column)
{
    return (((uint8_t)_namespace%NAME%_bytes[(size_t)(row + 0.5)*%COLUMNS% + (size_t)(column >> 3)])
            >> (7 - (column & 7))) & 1;
}
"""
_BIT_CYTHON = """
cdef double %NAME%(const double row, const int column):
    global _namespace%NAME%_bytes
    return (<int>_namespace%NAME%_bytes[<size_t>(row + 0.5)*%COLUMNS% + <size_t>(column >> 3)]
            >> (7 - (column & 7))) & 1
"""


def check_displacement(name: str, pixels: int, width: int, n_input: int) -> None:
    """Refuse a displacement of images, called `name`, that rows of `width` pixels cannot have.

    Raises
    ------
    ModelError
    """
    if not isinstance(pixels, Integral) or pixels < 0 or (pixels and (width < 1 or n_input % width)):
        raise ModelError(
            f"{name} needs 0 or more pixels, and rows of a width that divides the {n_input} inputs; got "
            f"{name}={pixels}, width={width}"
        )


class Table(Function, Nameable):
    """A table as a function for Brian2 code on every target; what derives from it has the code and the array.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
        Contiguous.
    name : str
        Name under which code calls it.
    cython : ndarray
        What Cython reads.
    cpp : ndarray
        The same for C++ and CUDA.
    """

    _cpp, _cython, _array = "", "", "values"
    _arguments: tuple[str, ...] = ("row", "column")

    def __init__(self, values: np.ndarray, name: str, cython: np.ndarray, cpp: np.ndarray):
        Nameable.__init__(self, name)
        self.values = values
        look_up, names = self._look_up(), list(self._arguments)
        Function.__init__(self, pyfunc=look_up, arg_units=[1] * len(names), return_unit=1, arg_names=names)
        self.implementations.add_implementation("numpy", code=look_up)
        for target, code, data, modifier in (
            ("cpp", self._cpp, cpp, ""),
            ("cython", self._cython, cython, ""),
            ("cuda", self._cpp, cpp, "__host__ __device__ "),
        ):
            for old, new in {**self._texts(), "%MODIFIER%": modifier}.items():
                code = code.replace(old, new)
            self.implementations.add_implementation(
                target, code=code, namespace={f"{self.name}_{self._array}": data}, name=self.name
            )

    def _look_up(self):
        """The function on numpy arrays."""
        raise NotImplementedError

    def _texts(self) -> dict[str, str]:
        """What the code of this table holds."""
        return {"%NAME%": self.name, "%COLUMNS%": str(self.values.shape[1])}


class ByteTable(Table):
    """A table of bytes as a function of row and column for Brian2 code, ``name(row, column)``, on every target.

    Parameters
    ----------
    values : ndarray of uint8, shape (rows, columns)
        One sample a row, e.g. images. Not copied where it is contiguous already.
    scale : float
        The function's value is the byte times `scale` (dimensionless).
    name : str
        Name under which code calls it.

    Raises
    ------
    TableError
        Where `values` is not a two-dimensional array of uint8.
    """

    _cpp, _cython, _array = _CPP, _CYTHON, "bytes"

    def __init__(self, values: np.ndarray, scale: float = 1 / 255, name: str = "sample_table*"):
        values = np.asarray(values)
        if values.dtype != np.uint8:
            raise TableError(
                f"{type(self).__name__} needs values of type uint8 (0 to 255), got {values.dtype}; scale and convert "
                "them: np.round(255*x).astype(np.uint8)"
            )
        if values.ndim != 2 or not values.size:
            raise TableError(
                f"{type(self).__name__} needs one row a sample, shape (rows, columns), got shape {values.shape}"
            )
        values = np.ascontiguousarray(values)
        self.scale = float(scale)
        flat = values.ravel()
        signed = flat.view(np.int8)  # Brian2's C++ has no unsigned bytes, its Cython no signed ones
        super().__init__(values, name, flat, signed)

    def _texts(self) -> dict[str, str]:
        return {**super()._texts(), "%SCALE%": repr(self.scale)}

    def _look_up(self):
        table, factor = self.values, self.scale

        def look_up(row, column):
            return table[np.asarray(np.round(row), dtype=int), column] * factor

        return look_up


class BitTable(ByteTable):
    """A table of bits as a function of row and column, 0 or 1: which cell spikes at which step, eight to a byte.

    Parameters
    ----------
    values : ndarray of uint8, shape (rows, bytes)
        As `numpy.packbits(bits, axis=1)` gives it; column c is bit 7 - c % 8 of byte c // 8.
    name : str
        Name under which code calls it.

    Raises
    ------
    TableError
        As `ByteTable`.
    """

    _cpp, _cython = _BIT_CPP, _BIT_CYTHON

    def __init__(self, values: np.ndarray, name: str = "bit_table*"):
        super().__init__(values, 1, name)

    def _look_up(self):
        table = self.values

        def look_up(row, column):
            column = np.asarray(column, dtype=int)
            return (table[np.asarray(np.round(row), dtype=int), column >> 3] >> (7 - (column & 7))) & 1

        return look_up


def spike_bytes(spikes: np.ndarray) -> np.ndarray:
    """Samples for a network that reads spikes as they are, eight to a byte: bit ``step*inputs + input`` of a row.

    Parameters
    ----------
    spikes : ndarray of bool or of 0 and 1, shape (samples, steps, inputs)

    Returns
    -------
    ndarray of uint8, shape (samples, ceil(steps*inputs/8))

    Raises
    ------
    TableError
        Another shape, or values that are neither 0 nor 1.
    """
    spikes = np.asarray(spikes)
    if spikes.ndim != 3:
        raise TableError(f"spikes must have the shape (samples, steps, inputs), got {spikes.shape}")
    if spikes.dtype != bool:
        bad = np.argwhere((spikes != 0) & (spikes != 1))  # NaN among them
        if len(bad):
            sample, step, cell = bad[0]
            raise TableError(
                f"spikes must be 0 or 1; input {cell} of sample {sample} has {spikes[sample, step, cell]} in step "
                f"{step}: where they are counts of events, give counts > 0"
            )
    return np.packbits(spikes.reshape(len(spikes), spikes.shape[1] * spikes.shape[2]) != 0, axis=1)


def latency_bytes(times: Quantity, tau: Quantity) -> np.ndarray:
    """Samples for a network that reads a byte b as a spike at ``tau*(1 - b/255)``, from the spike times themselves.

    Times are rounded to 1/255 of `tau`; what would be rounded to `tau` itself comes 1/255 earlier, for 0 is no spike.

    Parameters
    ----------
    times : Quantity (second), shape (samples, inputs)
        After the sample's onset; infinite or NaN where an input does not spike.
    tau : Quantity (second)
        Length of the window in which inputs may spike.

    Returns
    -------
    ndarray of uint8, shape (samples, inputs)

    Raises
    ------
    TableError
        `times` or `tau` is no time; another shape, a `tau` that is not positive, or a time outside the window, from 0
        to `tau`; the message names the first.
    """
    for name, value in (("times", times), ("tau", tau)):
        if not isinstance(value, Quantity) or get_dimensions(value) != second.dim:
            raise TableError(f"{name} must be in units of time, e.g. values*ms, got {type(value).__name__}")
    if not tau > 0 * second:
        raise TableError(f"tau = {tau} must be positive")
    shares = np.asarray(times / tau, dtype=float)
    if shares.ndim != 2:
        raise TableError(f"times must have one row a sample, shape (samples, inputs), got shape {shares.shape}")
    spikes = np.isfinite(shares)
    outside = np.argwhere(spikes & ((shares < 0) | (shares > 1)) | np.isneginf(shares))
    if len(outside):
        sample, cell = outside[0]
        raise TableError(
            f"input {cell} of sample {sample} spikes at {times[sample, cell]}, outside the window of 0 to {tau} "
            f"({len(outside)} such spikes); scale the times, or mark inputs that do not spike by an infinite time"
        )
    return np.where(spikes, np.maximum(1, np.round(255 * (1 - np.where(spikes, shares, 0)))), 0).astype(np.uint8)
