"""Programs and processes that this one starts: they end with it, and leave nothing running behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["adopt_orphans", "die_with_parent", "end", "of_this_process", "run", "stop_running"]

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # of Linux, in <linux/prctl.h>
_PATIENCE = 5.0  # seconds until killed processes are gone
_running: dict[int, int] = {}  # process -> the thread that waits for it


def run(command: Sequence[str], *, timeout: float | None = None, **options: Any) -> subprocess.CompletedProcess:
    """Run a program as `subprocess.run` does; where it is interrupted, all that the program has started ends, too.

    Parameters
    ----------
    command : sequence of str
    timeout : float, optional
        Seconds.
    **options
        Of `subprocess.Popen`.

    Raises
    ------
    subprocess.TimeoutExpired
    OSError
        It cannot be started.
    """
    # a session of its own: Ctrl+C in the terminal reaches this process alone, which ends the whole group
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        _running[process.pid] = threading.get_ident()
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            _kill_group(process.pid)
            raise
        finally:
            _running.pop(process.pid, None)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def stop_running(thread: int | None = None) -> None:
    """Kill what `run` runs now, in the thread of this identifier or in whichever, with all that it has started."""
    for pid, waiting in list(_running.items()):
        if thread in (None, waiting):
            _kill_group(pid)


def adopt_orphans(wanted: bool = True) -> None:
    """Become the parent of processes whose own parent has ended, so that `of_this_process` finds them (Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, int(wanted))


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Be sent a signal when the parent ends, be it killed (Linux)."""
    _prctl(_PR_SET_PDEATHSIG, int(number))


def of_this_process(root: int | None = None, without: Iterable[int] = ()) -> list[int]:
    """All processes that this one (or `root`) has started, and those that they have; none where there is no /proc.

    Those `without` are left out, with what they have started.
    """
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = status.read_text(errors="replace").rpartition(")")[2].split()[:2]
        except (OSError, ValueError):  # it has ended meanwhile
            continue
        if state != "Z":
            parents.setdefault(int(parent), []).append(int(status.parent.name))
    found, waiting, left_out = [], [os.getpid() if root is None else root], set(without)
    while waiting:
        own = [pid for pid in parents.get(waiting.pop(), []) if pid not in left_out]
        found += own
        waiting += own
    return found


def end(spared: Iterable[int] = ()) -> list[int]:
    """Kill all processes that this one has started, but those `spared` and theirs; gives those that did not end."""
    until = time.monotonic() + _PATIENCE
    while True:
        # what these have started becomes ours when they have ended: look again until there is none
        going = [pid for pid in of_this_process(without=spared) if not _keeps_account(pid)]
        if not going or time.monotonic() > until:
            return going
        for pid in going:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def _keeps_account(pid: int) -> bool:
    """Whether it is the process by which Python clears up after others; it ends by itself."""
    try:
        return b"multiprocessing.resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
