"""A piece of work in a process of its own, forked from this one: bounded in time, its peak of memory told."""

from __future__ import annotations

import atexit
import os
import pickle
import resource
import select
import signal
import sys
import time
import traceback
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Ended", "forked", "members"]

_MIB = 1024  # ru_maxrss is told in KiB


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Attributes
    ----------
    value : object
        What the work gave; None where it did not end by itself.
    error : str
        The traceback of an exception that left it.
    status : int
        As `os.waitpid` tells it: 0, an exit code, or minus the signal.
    seconds, mib : float
        How long it took; by how much its memory grew at most.
    late : bool
        Whether it was killed for its time.
    left : tuple of int
        Processes of its session, or with the mark in their environment, that were there after it; they are killed.
    """

    value: Any
    error: str
    status: int
    seconds: float
    mib: float
    late: bool
    left: tuple[int, ...]


def forked(
    work: Callable[[], Any],
    limit_s: float,
    output: Path | None = None,
    signal_after: tuple[float, int] | None = None,
    whole_group: bool = False,
    mark: str = "",
    mib: int | None = None,
) -> Ended:
    """Carry out ``work()`` in a child that leads a session of its own.

    Parameters
    ----------
    work : callable
        Its value must be picklable.
    limit_s : float
        After this time (s) the child is killed.
    output : path, optional
        Takes what it writes on both streams; by default that is thrown away.
    signal_after : (float, int), optional
        Send it a signal after a time (s).
    whole_group : bool
        Send that to its whole process group, as a terminal does.
    mark : str
        A text by which processes that it starts are known, wherever they are: part of their environment.
    mib : int, optional
        How much memory it may take beyond what this process has (MiB); at more, allocations fail.
    """
    read, write = os.pipe()
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(read)
        _carry_out(work, write, output, mib)
    os.close(write)
    got, late = _listen(read, child, began, limit_s, signal_after, whole_group)
    _, status, _ = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    left = tuple(members(child, mark))
    for process in left:
        _kill(process, signal.SIGKILL)
    while left and set(left) & set(members(child, mark)) and time.perf_counter() < began + limit_s + 5:
        time.sleep(0.01)  # they may be writing to the end
    value, error, mib = pickle.loads(got) if got else (None, "", float("nan"))
    return Ended(value, error, os.waitstatus_to_exitcode(status), seconds, mib, late, left)


def _carry_out(work, write: int, output: Path | None, mib: int | None) -> None:
    """The child's life."""
    code = 1
    try:
        os.setsid()
        sink = os.open(output or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        for inherited in list(weakref.finalize._registry):
            inherited.atexit = False  # temporary folders of the parent stay
        if logger := sys.modules.get("brian2.utils.logger"):
            atexit.unregister(logger.clean_up_logging)  # its file is the parent's
        if mib is not None:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            most = pages * os.sysconf("SC_PAGE_SIZE") + (mib << 20)
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        value, error = None, ""
        try:
            value, code = work(), 0
        except BaseException:
            error = traceback.format_exc()
        atexit._run_exitfuncs()  # as at the end of a program, which os._exit leaves out
        sys.stdout.flush()
        sys.stderr.flush()
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / _MIB
        told = pickle.dumps((value, error, grown))
        while told:
            told = told[os.write(write, told) :]
    finally:
        os._exit(code)


def _listen(read: int, child: int, began: float, limit_s: float, signal_after, whole_group: bool) -> tuple[bytes, bool]:
    got, late = b"", False
    due = None if signal_after is None else began + signal_after[0]
    while True:
        now = time.perf_counter()
        ends = [began + limit_s] if due is None else [began + limit_s, due]
        ready, _, _ = select.select([read], [], [], max(0.0, min(ends) - now))
        if ready:
            part = os.read(read, 1 << 16)
            if not part:
                break
            got += part
        elif due is not None and time.perf_counter() >= due:
            _kill(-child if whole_group else child, signal_after[1])
            due = None
        elif time.perf_counter() >= began + limit_s:
            late = True
            _kill(-child, signal.SIGKILL)
            _kill(child, signal.SIGKILL)
            break
    os.close(read)
    return got, late


def members(session: int, mark: str = "") -> list[int]:
    """The living processes of a session, and those with a text in their environment, from /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            state, _, _, own = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if state in "ZX":
                continue
            if int(own) == session or (mark and mark.encode() in (entry / "environ").read_bytes()):
                found.append(int(entry.name))
        except (OSError, ValueError):  # it has just ended, or is another user's
            continue
    return found


def _kill(process: int, which: int) -> None:
    try:
        if process < 0:
            os.killpg(-process, which)
        else:
            os.kill(process, which)
    except ProcessLookupError:
        pass
