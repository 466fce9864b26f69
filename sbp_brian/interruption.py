"""Signals that ask a run to end: Ctrl+C, and TERM and HUP as Ctrl+C; one that was ignored from the start stays ignored.

A shell lets its background jobs ignore Ctrl+C (SIGINT), ``nohup`` lets a command ignore HUP. Brian2 puts a handler of
its own before what was there, which cannot go on to "ignored"; `honour_ignored` puts that right.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["again", "handled", "heeded", "held", "honour_ignored", "ignored", "undisturbed"]

#: What is heeded as Ctrl+C is.
AS_INTERRUPT = (signal.SIGTERM, signal.SIGHUP)
_SAME = 2.0  # seconds within which a second TERM or HUP is the same request: a closed terminal sends several
_last = {"number": int(signal.SIGINT), "at": -_SAME}


def nothing(_number: int, _frame: Any) -> None:
    """Stand for an ignored signal; what this process starts does not ignore it, since no handler is inherited."""


def ignored() -> bool:
    """Whether Ctrl+C was ignored when this process began."""
    handler = signal.getsignal(signal.SIGINT)
    handler = getattr(handler, "previous_handler", handler)  # what Brian2 found
    return handler is signal.SIG_IGN or handler is nothing


def honour_ignored() -> None:
    """Ignore Ctrl+C where it was ignored when this process began; elsewhere nothing changes.

    Programs and processes that are started from now on heed it, so that whoever started them can stop them.
    """
    if threading.current_thread() is threading.main_thread() and ignored():
        signal.signal(signal.SIGINT, nothing)


@contextmanager
def heeded() -> Iterator[None]:
    """Heed TERM and HUP as Ctrl+C meanwhile, where they would end this process at once; in the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    honour_ignored()
    taken = [number for number in AS_INTERRUPT if signal.getsignal(number) is signal.SIG_DFL]
    hook, sys.unraisablehook = sys.unraisablehook, _never_lost
    for number in taken:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
        sys.unraisablehook = hook


@contextmanager
def held(*numbers: int) -> Iterator[None]:
    """Let signals that ask for an end (or those of these numbers) wait meanwhile; they arrive at the end of it.

    They do not reach a process that is started meanwhile, for as long as it lives.
    """
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, numbers or (signal.SIGINT, *AS_INTERRUPT))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let no signal that asks for an end cut short what is done meanwhile, such as the removal of files."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {number: signal.signal(number, nothing) for number in (signal.SIGINT, *AS_INTERRUPT)}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def again() -> None:
    """Ask again, a moment later, for the end that was asked for last: an exception of it was dropped by Python."""
    _last["at"] = -_SAME
    threading.Timer(0.01, os.kill, (os.getpid(), _last["number"])).start()


def handled() -> None:
    """Tell Python that a Ctrl+C was handled, so that the process ends with the status that it asks for.

    Python remembers one that passed through code in a string (``exec``, ``eval``; making a dataclass is such), kills
    the process by SIGINT when it ends, and forgets it only when it runs code in a string again.
    """
    eval("None")


def _interrupt(number: int, frame: Any) -> None:
    """Do what Ctrl+C does now, whoever handles it."""
    now = time.monotonic()
    if now - _last["at"] < _SAME:
        return
    _last.update(number=number, at=now)
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler) and not ignored():
        handler(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt


def _never_lost(unraisable: Any) -> None:
    """Python drops exceptions where an object is freed; a Ctrl+C at such a moment is sent again."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        again()
    else:
        sys.__unraisablehook__(unraisable)
