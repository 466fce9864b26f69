"""The folder of one run: checked before anything is built, locked while it goes on, kept when it is interrupted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from filelock import FileLock, Timeout

from sbp_brian.errors import RecordError
from sbp_brian.experiments.records import recover

__all__ = ["RunFolder"]

_NEEDED = 50 * 2**20  # bytes free before a run may start: a record with its arrays is a few MiB


class RunFolder:
    """``DIR/<protocol>/<run>`` with its lock and its work folder; a context manager.

    Attributes
    ----------
    final : Path
        Where the record will be.
    work : Path
        The run's own folder for checkpoints: survives an interruption, removed by `finish`.
    resumed : bool
        Whether an interrupted run left something in ``work``.

    Raises
    ------
    RecordError
        On entering: a part of the path is a file, it cannot be written, the disk is full, or another run holds it.
    """

    def __init__(self, out: str | os.PathLike, protocol: str, run: str):
        self.final = Path(out) / protocol / run
        self.work = self.final.parent / f".{run}.work"
        self._lock = FileLock(self.final.parent / f".{run}.lock")
        self._made: list[Path] = []  # folders that were not there, the innermost first
        self.resumed = False

    def __enter__(self) -> RunFolder:
        self._prepare()
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise RecordError(
                f"another run is writing to {self.final}; wait until it ends or give another --out"
            ) from None
        try:
            recover(self.final)
            self.work.mkdir(exist_ok=True)
            self.resumed = any(self.work.iterdir())
        except OSError as error:
            self._lock.release()
            raise RecordError(f"cannot use {self.work}: {error.strerror or error}; give another --out") from error
        return self

    def __exit__(self, _type, error, _traceback) -> None:
        try:
            if self.work.is_dir() and not any(self.work.iterdir()):
                self.work.rmdir()
            if error is not None and not self.work.exists():
                self._leave_nothing()
        finally:
            self._lock.release()

    def _leave_nothing(self) -> None:
        """Remove the lock and the folders that this run made, as far as nobody else has put anything into them."""
        if not self.final.exists():
            Path(self._lock.lock_file).unlink(missing_ok=True)
        self._remove_made()

    def _remove_made(self) -> None:
        for folder in self._made:
            try:
                folder.rmdir()
            except OSError:  # another run has come in
                return

    def restart(self) -> None:
        """Forget what an interrupted run left."""
        shutil.rmtree(self.work)
        self.work.mkdir()
        self.resumed = False

    def finish(self) -> None:
        """The record is written: the checkpoints are no longer needed."""
        shutil.rmtree(self.work, ignore_errors=True)

    def _prepare(self) -> None:
        for part in [*reversed(self.final.parents), self.final]:
            if part.exists() and not part.is_dir():
                raise RecordError(f"{part} is a file, not a folder; remove it or give another --out")
        parent = self.final.parent
        self._made = [folder for folder in (parent, *parent.parents) if not folder.exists()]
        try:
            parent.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(parent).free
        except OSError as error:
            raise RecordError(f"cannot make {parent}: {error.strerror or error}; give another --out") from error
        if not os.access(parent, os.W_OK | os.X_OK):
            raise RecordError(f"{parent} is not writable; change its permissions or give another --out")
        if free < _NEEDED:
            self._remove_made()
            raise RecordError(
                f"{parent} has {free / 2**20:.0f} MiB left, a run needs {_NEEDED / 2**20:.0f}; "
                "make room or give another --out"
            )
