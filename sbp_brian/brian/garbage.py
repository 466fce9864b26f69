"""Python's search for garbage, paused while much is made that stays: it would go through all of that repeatedly."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["no_search"]


@contextmanager
def no_search(*, leave_out: bool = False) -> Iterator[None]:
    """Let nobody search for garbage meanwhile; what is there at the end is left out of later searches, if wanted.

    Parameters
    ----------
    leave_out : bool
        For what stays as long as the process, as modules do.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        if leave_out:
            gc.freeze()
            atexit.register(gc.unfreeze)  # objects end before the modules that their ends need
    finally:
        gc.enable()
