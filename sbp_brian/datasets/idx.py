"""The idx format: two zero bytes, a type byte (8: uint8), the number of dimensions, big-endian sizes, the bytes."""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np

from sbp_brian.errors import DatasetError

__all__ = ["read_idx"]


def read_idx(path: Path, shape: tuple[int, ...], md5: str | None, remedy: str) -> np.ndarray:
    """Read an idx file of bytes, gzipped or not, and check it.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        What it must hold.
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
        Where the file cannot be read, is truncated, has another shape or another checksum.
    """
    replace = f"; remove it and get it again ({remedy})"
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DatasetError(f"{path} is truncated or not a gzip file ({error}){replace}") from None
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}; check its permissions") from None
    start = 4 + 4 * len(shape)
    if len(content) < start or content[:4] != bytes([0, 0, 8, len(shape)]):
        raise DatasetError(f"{path} is not an idx file of {len(shape)} dimensions{replace}")
    found = struct.unpack(f">{len(shape)}I", content[4:start])
    if found != shape:
        raise DatasetError(f"{path} holds {_times(found)} values, not {_times(shape)}{replace}")
    if len(content) != start + int(np.prod(shape)):
        raise DatasetError(f"{path} is truncated: {len(content):,} bytes, not {start + int(np.prod(shape)):,}{replace}")
    if md5 is not None and hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise DatasetError(f"{path} does not have the checksum of the published file{replace}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
