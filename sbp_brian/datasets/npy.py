"""Arrays of numpy, .npy and .npz, whose headers are believed only as far as the file goes."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from sbp_brian.datasets.archives import read_member, usable_members
from sbp_brian.datasets.reading import naming, read_file
from sbp_brian.errors import DatasetError

__all__ = ["array_of", "opened_npz", "read_npy"]

#: Of a header (bytes); those of plain arrays have 128.
HEADER = 1 << 14


def array_of(content: bytes, name: str, remedy: str) -> np.ndarray:
    """The array in the bytes of an .npy file: plain numbers, as many as there are.

    Parameters
    ----------
    content : bytes
    name : str
        Of the file, for messages.
    remedy : str
        How to get a good one.

    Returns
    -------
    ndarray
        Of numbers or truth values; read-only, a view of `content`.

    Raises
    ------
    DatasetError
        No .npy file, of objects or records, or a header that promises another size than there is.
    """
    file = io.BytesIO(content)
    with naming(f"{name} cannot be read as an array", remedy) as wrong:
        version = npy.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise wrong(f"version {version[0]}.{version[1]} of the format is not known")
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(file)
        if dtype.kind not in "biuf":
            raise wrong(f"it holds {dtype}, not plain numbers")
        if min(shape, default=0) < 0:
            raise wrong(f"its shape is {shape}")
    there, promised = len(content) - file.tell(), math.prod(shape) * dtype.itemsize
    if there != promised:
        raise DatasetError(
            f"{name} cannot be read as an array: its header promises {promised:,} bytes of values and {there:,} "
            f"are there; {remedy}"
        )
    with naming(f"{name} cannot be read as an array", remedy):
        values = np.frombuffer(content, dtype, offset=file.tell())
        return values.reshape(shape, order="F" if fortran else "C")


def read_npy(path: str | Path, most: int, remedy: str) -> np.ndarray:
    """The array of an .npy file with at most `most` bytes of values; see `array_of`."""
    return array_of(read_file(path, most + HEADER, remedy), str(path), remedy)


@contextmanager
def opened_npz(path: str | Path, remedy: str) -> Iterator[Callable[[str, int], np.ndarray]]:
    """A reader of the arrays of an .npz file: ``read(name, most)``, with `most` bytes of values at most.

    Raises
    ------
    DatasetError
        No zip file, an array that it lacks, that is damaged or that holds more.
    """
    with naming(f"{path} cannot be read", remedy), zipfile.ZipFile(path) as file:
        members = usable_members(file, path, remedy)

        def read(name: str, most: int) -> np.ndarray:
            if f"{name}.npy" not in members:
                raise DatasetError(f"{path} has no array {name!r}; {remedy}")
            content = read_member(file, members[f"{name}.npy"], most + HEADER, path, remedy)
            return array_of(content, f"{path}: {name}", remedy)

        yield read
