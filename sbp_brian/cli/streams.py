"""What commands print: replaced where a terminal cannot show it, and dropped where nobody reads it any more."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sbp_brian.errors import StorageError

__all__ = ["patient"]

#: What stands for a sign that an encoding does not have; any other becomes a question mark.
_PLAIN = {
    "\u2192": "->",
    "\u2190": "<-",
    "\u2212": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u00b1": "+-",
    "\u00d7": "x",
    "\u00b7": ".",
    "\u2026": "...",
    "\u2713": "+",
    "\u2717": "x",
    "\u2248": "~",
    "\u03bc": "u",
    "\u00b5": "u",
    "\u00a0": " ",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
}
_ERRORS = "sbp_brian.plain"


@contextmanager
def patient() -> Iterator[None]:
    """Let nothing that is printed meanwhile fail for its reader's sake.

    A sign that the encoding of the terminal lacks is replaced; what is printed after the reader has gone (``| head``),
    or into a stream that was closed from the start, is dropped. A full disk is an error as ever.
    """
    _open_closed_ones()
    codecs.register_error(_ERRORS, _plain)
    earlier = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (_patient(stream) for stream in earlier)
    try:
        yield
    finally:
        now, (sys.stdout, sys.stderr) = (sys.stdout, sys.stderr), earlier
        for stream in now:
            stream.flush()


class _Reader(io.RawIOBase):
    """The raw stream of a file descriptor whose reader may go."""

    def __init__(self, descriptor: int):
        self._descriptor, self._gone = descriptor, False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, content) -> int:
        if not self._gone:
            try:
                return os.write(self._descriptor, content)
            except OSError as error:
                if error.errno not in (errno.EPIPE, errno.EIO):  # EIO: the terminal was closed
                    raise StorageError(f"the output cannot be written: {error.strerror}") from error
                self._gone = True
        return len(content)


def _patient(stream):
    """The stream with these manners; one that has no file of its own (a test's) has them as far as it can."""
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ERRORS)
        return stream
    stream.flush()
    raw = io.BufferedWriter(_Reader(descriptor))
    return io.TextIOWrapper(raw, stream.encoding, _ERRORS, line_buffering=True, write_through=stream is sys.stderr)


def _open_closed_ones() -> None:
    """Open what was closed from the start onto nothing, so that no file of ours becomes the output of a child."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free, this one
            setattr(sys, name, open(os.devnull, "r" if number == 0 else "w", encoding="utf-8"))  # noqa: SIM115


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    if all("\udc80" <= sign <= "\udcff" for sign in found):  # bytes of a file's name that are no text
        return bytes(ord(sign) & 0xFF for sign in found), error.end
    return "".join(_PLAIN.get(sign, "?") for sign in found), error.end
