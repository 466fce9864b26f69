"""Reading files that may be damaged or lie: never more than was asked for, and one line that names file and remedy.

A file is read, or unpacked, up to the size that its format can have, and refused where it goes on. What a reader of a
format raises is told as a `DatasetError` by `naming`.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sbp_brian.errors import DatasetError, SBPError

__all__ = ["naming", "one_line", "read_file", "read_gzip", "read_text"]

#: What readers of damaged files raise: numpy, scipy, csv, gzip, zipfile, tarfile.
_FOREIGN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    tarfile.TarError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
_PIECE = 1 << 20


def one_line(error: BaseException) -> str:
    """What an error says, in one line of at most 120 characters."""
    text = getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0]
    text = str(text).strip() or type(error).__name__
    return text if len(text) < 120 else text[:117] + "..."


@contextmanager
def naming(what: str, remedy: str) -> Iterator[Callable[[str], DatasetError]]:
    """Tell whatever a reader raises as a `DatasetError`: ``what (why); remedy``. Own errors go through as they are.

    It gives ``wrong(why)``, which makes such an error.
    """

    def wrong(why: str) -> DatasetError:
        return DatasetError(f"{what} ({why}); {remedy}")

    try:
        yield wrong
    except SBPError:
        raise
    except _FOREIGN as error:
        why = "not enough memory" if isinstance(error, MemoryError) else one_line(error)
        raise wrong(why) from None


def read_file(path: str | Path, most: int, remedy: str) -> bytes:
    """The content of a file of at most `most` bytes.

    Parameters
    ----------
    path : str or Path
    most : int
        More than what a good file of this kind holds (bytes); nothing is read from a larger one.
    remedy : str
        How to get a good one, for the message.

    Raises
    ------
    DatasetError
        A file that is not there, cannot be read, is no file or is larger.
    """
    path = Path(path)
    size = _size(path, most, remedy)
    try:
        with path.open("rb") as file:
            content = file.read(size + 1)
            while len(content) <= most and (piece := file.read(_PIECE)):  # it grows, or its size is unknown
                content += piece
    except MemoryError:
        raise DatasetError(f"{path} does not fit into memory; {remedy}") from None
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {one_line(error)}; check its name and permissions") from None
    if len(content) > most:
        raise _too_large(path, "more", most, remedy)
    return content


def read_text(path: str | Path, most: int, remedy: str, encoding: str = "utf-8") -> str:
    """The text of a file of at most `most` bytes; as `read_file`, and one in another encoding is refused."""
    with naming(f"{path} is no text in {encoding}", remedy):
        return read_file(path, most, remedy).decode(encoding)


def read_gzip(path: str | Path, most: int, remedy: str) -> bytes:
    """The content of a gzip file, unpacked: at most `most` bytes are, and what goes on is refused.

    Raises
    ------
    DatasetError
        As `read_file`; a file that is truncated, damaged, no gzip file, or holds more.
    """
    path = Path(path)
    packed = read_file(path, 2 * most + _PIECE, remedy)  # even bytes at random take less
    with naming(f"{path} is truncated or not a gzip file", remedy), gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
        content = bytearray()
        while piece := file.read(min(_PIECE, most + 1 - len(content))):
            content += piece
            if len(content) > most:
                raise _too_large(path, "unpacked more", most, remedy)
    return bytes(content)


def _size(path: Path, most: int, remedy: str) -> int:
    """Of a file (bytes), once it is known to be one and not too large."""
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read: {one_line(error)}; check its name and permissions") from None
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a device or pipe"
        raise DatasetError(f"{path} is {kind}, not a file; {remedy}")
    if found.st_size > most:
        raise _too_large(path, f"{found.st_size:,} bytes, more", most, remedy)
    return found.st_size


def _too_large(path: Path, what: str, most: int, remedy: str) -> DatasetError:
    return DatasetError(f"{path} holds {what} than the {most:,} bytes that such a file can have; {remedy}")
