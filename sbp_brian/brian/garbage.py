"""Python's search for garbage, where it would go through much that stays.

Brian2 begins each run with one, for networks that collect their objects by themselves. It visits everything that Python
holds: a tenth of a second once the libraries are imported, which is more than many a small network runs. A network that
was made by a function has its objects already. And while modules are imported, or code is generated, Python searches
again and again through what has just been made and stays.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["no_search", "nothing_old_searched"]

_left_out_by_others = False


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


@contextmanager
def nothing_old_searched(*, search: bool = False) -> Iterator[None]:
    """Leave out of garbage collection meanwhile what is there now; what is made meanwhile is collected as always.

    Where somebody has left out objects for good (``gc.freeze()``), nothing is changed.

    Parameters
    ----------
    search : bool
        At the end, look for garbage in what was made: Brian2 then tells of objects that are in no network.
    """
    global _left_out_by_others
    # which counts one by one, and so is asked no more where it was some
    _left_out_by_others = _left_out_by_others or gc.get_freeze_count() > 0
    if _left_out_by_others:
        yield
        return
    gc.freeze()
    try:
        yield
        if search:
            gc.collect()
    finally:
        gc.unfreeze()
