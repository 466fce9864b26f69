"""How a command ends: by itself, by Ctrl+C, TERM or HUP, it leaves no process running and no temporary file."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sbp_brian import children
from sbp_brian.brian import log
from sbp_brian.interruption import heeded, held, undisturbed

__all__ = ["clean_end"]

_PREFIX, _LOCK = "sbp-command-", ".lock"


@contextmanager
def clean_end() -> Iterator[None]:
    """Run a command within: signals are heeded, and after them nothing of it is left."""
    before = children.of_this_process()
    children.adopt_orphans()
    try:
        with heeded(), _temporary_folder():
            try:
                yield
            except KeyboardInterrupt:
                with undisturbed():
                    children.end(before)
                    log.no_unused_objects()
                raise
    finally:
        children.adopt_orphans(False)


@contextmanager
def _temporary_folder() -> Iterator[None]:
    """One folder for all temporary files of a command, compilers' among them, removed when it ends.

    It is locked as long as the command goes on; those of commands that were killed are removed by the next one.
    """
    earlier = os.environ.get("TMPDIR"), tempfile.tempdir
    folder, lock = None, -1
    try:
        with held():
            with suppress(OSError):  # no room or no permission: what needs a temporary file says so
                _remove_leftovers(Path(tempfile.gettempdir()))
                folder = tempfile.mkdtemp(prefix=_PREFIX)
                lock = os.open(Path(folder, _LOCK), os.O_CREAT | os.O_RDWR, 0o600)
                fcntl.flock(lock, fcntl.LOCK_EX)
            if folder is not None:
                os.environ["TMPDIR"] = tempfile.tempdir = folder
        yield
    finally:
        with undisturbed():
            tempfile.tempdir = earlier[1]
            os.environ.pop("TMPDIR", None)
            if earlier[0] is not None:
                os.environ["TMPDIR"] = earlier[0]
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
                log.forget_files()
            if lock >= 0:
                os.close(lock)


def _remove_leftovers(place: Path) -> None:
    """Remove the temporary folders of this user's commands that were killed: nobody holds their lock any more."""
    for path in place.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):
            lock = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock).st_uid == os.getuid():
                    shutil.rmtree(path.parent, ignore_errors=True)
            finally:
                os.close(lock)
