"""Where the wall time of a run goes: parts that add up to the whole.

Who builds or runs a network says so by `part`; the innermost part counts. What no part covers is preparation until the
first network is built or run, and the rest after that. Only the thread that started the watch counts: what others do
for it side by side is time that it waits in one part.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["PARTS", "Stopwatch", "part"]

#: Key in a record's ``timing`` -> what was done in that time.
PARTS = {
    "preparing_s": "preparing data",
    "build_s": "building",
    "run_s": "running",
    "beside_s": "for what stands beside the run",
    "rest_s": "for the rest",
}

_current: ContextVar[Stopwatch | None] = ContextVar("stopwatch", default=None)


class Stopwatch:
    """Measures the parts of what is done within it, as a context manager.

    Attributes
    ----------
    seconds : dict of str to float
        Wall time (s) of each of `PARTS`.
    """

    def __init__(self):
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._thread = threading.get_ident()
        self._parts = ["preparing_s"]
        self._last = 0.0

    @property
    def total_s(self) -> float:
        """The sum of the parts (s)."""
        return sum(self.seconds.values())

    def __enter__(self) -> Stopwatch:
        self._token = _current.set(self)
        self._last = time.perf_counter()
        return self

    def __exit__(self, *_error) -> None:
        self._count()
        _current.reset(self._token)

    def counts_here(self) -> bool:
        """Whether this is the thread that it measures."""
        return threading.get_ident() == self._thread

    def begin(self, name: str) -> None:
        """From now on, until `end`, time belongs to a part."""
        self._count()
        if name != "preparing_s":
            self._parts[0] = "rest_s"
        self._parts.append(name)

    def end(self) -> None:
        """Time belongs again to the part before."""
        self._count()
        self._parts.pop()

    def _count(self) -> None:
        now = time.perf_counter()
        self.seconds[self._parts[-1]] += now - self._last
        self._last = now


@contextmanager
def part(name: str) -> Iterator[None]:
    """Count what is done within as a part of the run that is measured; where none is, do nothing.

    Parameters
    ----------
    name : str
        A key of `PARTS`.
    """
    watch = _current.get()
    if watch is None or not watch.counts_here():
        yield
        return
    watch.begin(name)
    try:
        yield
    finally:
        watch.end()
