"""The standard headers, compiled while Python is busy: the first program of a cache need not wait for them.

A thread of its own starts the compiler. Where it takes other flags than the program then does, the program's are
compiled as if there had been none; what fails here fails there, too, and is told there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sbp_brian import children
from sbp_brian.errors import SBPError
from sbp_brian.targets.cache_place import cache_folder, trouble_with
from sbp_brian.targets.compiling import compile_headers

__all__ = ["headers_meanwhile"]

_guard = threading.Lock()
_going: set[Path] = set()


@contextmanager
def headers_meanwhile(cache: Path | None = None) -> Iterator[None]:
    """Compile the standard headers beside what runs within, and wait for them at its end; where it fails, stop.

    Parameters
    ----------
    cache : Path, optional
        The user's by default.
    """
    place = cache_folder(cache)
    with _guard:
        mine = place not in _going
        _going.add(place)
    if not mine:  # who began is waited for where a program is compiled
        yield
        return
    thread = threading.Thread(target=_compile, args=(place,), name="sbp-headers", daemon=True)
    try:
        with suppress(RuntimeError):  # there may be no room for one more
            thread.start()
        try:
            yield
        except BaseException:
            while thread.is_alive():
                children.stop_running(thread.ident)
                thread.join(0.05)
            raise
        if thread.ident is not None:
            thread.join()
    finally:
        with _guard:
            _going.discard(place)


def _compile(cache: Path) -> None:
    with suppress(SBPError, OSError):
        if trouble_with(cache) is None:
            compile_headers(cache)
