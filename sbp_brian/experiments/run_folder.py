"""The folder of one run: checked before anything is built, locked while it goes on, kept when it is interrupted."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sbp_brian.errors import CheckpointError, RecordError
from sbp_brian.experiments.made_of import other
from sbp_brian.experiments.records import recover, sweep_up

__all__ = ["RunFolder", "interrupted"]

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
        self.final = Path(out).absolute() / protocol / run  # a protocol may change the folder it is in
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
            sweep_up(self.final)
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
            if not self.work.exists():
                _identity_file(self.work).unlink(missing_ok=True)
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

    def compare(self, now: Mapping[str, Any], names: tuple[str, ...]) -> None:
        """Refuse to go on with an interrupted run that was made of something else than this one is made of `now`.

        Parameters
        ----------
        now : mapping
            See `sbp_brian.experiments.made_of`; of its data, only those called `names` are compared.
        names : tuple of str

        Raises
        ------
        CheckpointError
            Says what differs, and how to go on all the same or start anew.
        """
        earlier = interrupted(self.work)
        if earlier:
            data = earlier.get("data", {})
            earlier = {**earlier, "data": {name: data[name] for name in names if name in data}}
            now = {**now, "data": {name: now["data"][name] for name in earlier["data"]}}
        if said := other(earlier, now):
            raise CheckpointError(
                f"{self.work.parent.name}: an interrupted run of this command is there, but {_clause(said)}; "
                "--fresh starts anew, --take-over goes on with it all the same"
            )

    def tell(self, now: Mapping[str, Any]) -> None:
        """Keep what this run is made of beside its checkpoints; data that an earlier part of it told of stay."""
        data = {**(interrupted(self.work).get("data", {}) if self.resumed else {}), **now["data"]}
        file = _identity_file(self.work)
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps({**now, "data": data}), encoding="utf-8")
        draft.replace(file)

    def restart(self) -> None:
        """Forget what an interrupted run left."""
        _remove(self.work)
        self.work.mkdir()
        self.resumed = False

    def finish(self) -> None:
        """The record is written: the checkpoints are no longer needed."""
        with suppress(OSError):
            _remove(self.work)

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


def interrupted(work: Path) -> dict[str, Any]:
    """What an interrupted run told of itself beside its work folder; empty where it did not."""
    try:
        return dict(json.loads(_identity_file(work).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _remove(folder: Path) -> None:
    """Remove a folder; where it is a link, its end as well."""
    if folder.is_symlink():
        shutil.rmtree(folder.resolve())
        folder.unlink()
    else:
        shutil.rmtree(folder)


def _identity_file(work: Path) -> Path:
    return work.with_suffix(".identity")


def _clause(said: str) -> str:
    return said if said.startswith("it ") else f"made with {said}"
