"""The idx format: two zero bytes, a type byte (8: uint8), the number of dimensions, big-endian sizes, the bytes."""

from __future__ import annotations

import hashlib
import math
import struct
from pathlib import Path

import numpy as np

from sbp_brian.datasets.reading import read_file, read_gzip
from sbp_brian.errors import DatasetError

__all__ = ["read_idx"]


def read_idx(path: Path, shape: tuple[int, ...], md5: str | None, remedy: str) -> np.ndarray:
    """Read an idx file of bytes, gzipped or not, and check it.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        What it must hold; no more than that is read or unpacked.
    md5 : str or None
        Of the content after gunzip; None leaves it unchecked.
    remedy : str
        How to get a good copy, for the message.

    Returns
    -------
    ndarray, uint8
        Read-only, of ``shape``.

    Raises
    ------
    DatasetError
        Where the file cannot be read, is truncated or goes on, has another shape or another checksum.
    """
    again = f"remove it and get it again ({remedy})"
    start = 4 + 4 * len(shape)
    size = start + math.prod(shape)
    content = (read_gzip if path.suffix == ".gz" else read_file)(path, size, again)
    if len(content) < start or content[:4] != bytes([0, 0, 8, len(shape)]):
        raise DatasetError(f"{path} is not an idx file of {len(shape)} dimensions; {again}")
    found = struct.unpack(f">{len(shape)}I", content[4:start])
    if found != shape:
        raise DatasetError(f"{path} holds {_times(found)} values, not {_times(shape)}; {again}")
    if len(content) != size:
        raise DatasetError(f"{path} is truncated: {len(content):,} bytes, not {size:,}; {again}")
    if md5 is not None and hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise DatasetError(f"{path} does not have the checksum of the published file; {again}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
