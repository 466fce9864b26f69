"""One entry of the cache: a folder that is written once, checked before each use, and locked while it is used.

``entry.json`` lists the entry's files with the size and the SHA-256 of each, the entry's own name and the version of
this form; its own digest stands in it. An entry that differs from its list in any of this is removed, with a warning,
and made anew. Reading all bytes costs about 0.8 ms a megabyte, once in a process; after that, files whose size, times
and inode are the same are taken for the same.

An entry appears by one rename of a folder that is complete and on the disk. Who uses one holds a shared lock on its
folder, who removes one needs the exclusive lock.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from sbp_brian.targets.cache_place import warn_of

__all__ = [
    "SEAL",
    "Entry",
    "Staging",
    "discard",
    "fault",
    "file_digest",
    "find",
    "making",
    "publish",
    "remove_unused",
    "staging",
]

SEAL = "entry.json"
#: The version of this form.
FORMAT = 1
#: Where a file system knows no locks, an entry counts as in use for so long after its last use (s).
_UNLOCKED = 86400.0


@dataclass(eq=False)
class Entry:
    """An entry that was checked, and that nobody removes while this object lives.

    Attributes
    ----------
    path : Path
    """

    path: Path
    _lease: _Lease
    _seen: tuple

    def intact(self) -> bool:
        """Whether it still is what was checked; reads the files again only where one was touched."""
        now = _signature(self.path)
        if now is None or now != self._seen:
            if fault(self.path) is not None:
                return False
            self._seen = _signature(self.path) or ()
        return True


class _Lease:
    """A lock on a folder, held until the object goes; None as descriptor where the file system has no locks."""

    def __init__(self, descriptor: int | None):
        self.descriptor = descriptor
        if descriptor is not None:
            weakref.finalize(self, os.close, descriptor)


_leases: weakref.WeakValueDictionary[tuple[Path, int], _Lease] = weakref.WeakValueDictionary()
_checked: dict[Path, tuple] = {}  # what was found whole in this process
_guard = threading.RLock()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ------------------------------------------------------------------------------------------------------------- checking
def fault(folder: Path) -> str | None:
    """What is wrong with an entry, or None where it holds exactly what was written."""
    about = _listed(folder)
    if isinstance(about, str):
        return about
    for name, (size, content, executable) in about["files"].items():
        path = folder / name
        try:
            state = os.lstat(path)
            if not stat.S_ISREG(state.st_mode):
                return f"{name} is no file"
            if state.st_uid not in (os.geteuid(), 0):
                return f"{name} belongs to another user"
            if state.st_size != size:
                return f"{name} has {state.st_size} bytes instead of {size}"
            if executable and not os.access(path, os.X_OK):
                return f"{name} cannot be executed"
            if file_digest(path) != content:
                return f"{name} has changed"
        except FileNotFoundError:
            return f"{name} is missing"
        except OSError as error:
            return f"{name} cannot be read: {error.strerror}"
    return None


def _listed(folder: Path) -> dict[str, Any] | str:
    """The list of an entry's files; a text where it cannot be believed."""
    try:
        about = json.loads((folder / SEAL).read_bytes())
        said = about.pop("digest")
        if said != _own_digest(about):
            return f"{SEAL} has changed"
        if about["format"] != FORMAT:
            return "it is of another version"
        if about["name"] != _name(folder):
            return "it is another entry's"
        return about
    except FileNotFoundError:
        return f"{SEAL} is missing"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"{SEAL} cannot be read"


def _own_digest(about: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def _signature(folder: Path) -> tuple | None:
    """What changes when somebody writes to one of the files; None where the list or a file is gone."""
    about = _listed(folder)
    if isinstance(about, str):
        return None
    found: list[tuple] = []
    try:
        for name in (SEAL, *about["files"]):
            state = os.lstat(folder / name)
            found.append((state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_mode))
    except OSError:
        return None
    return tuple(found)


# --------------------------------------------------------------------------------------------------------------- using
def find(folder: Path) -> Entry | None:
    """The entry in `folder`, checked and locked; None where there is none, or a damaged one, which is removed."""
    lease = _hold(folder)
    if lease is None:
        return None
    with _guard:
        seen = _signature(folder)
        if seen is None or _checked.get(folder) != seen:
            why = fault(folder)
            if why is not None:
                warn_of(f"the cache's entry {_name(folder)} is damaged ({why}); it is made anew")
                discard(folder)
                return None
            seen = _checked[folder] = _signature(folder) or ()
    with suppress(OSError):
        os.utime(folder)
    return Entry(folder, lease, seen)


def _hold(folder: Path) -> _Lease | None:
    """A shared lock on the folder that stands there now; None where none stands there."""
    with _guard:
        for _ in range(10):  # it may be removed, or made anew, meanwhile
            try:
                key = folder, os.lstat(folder).st_ino
                lease = _leases.get(key)
                if lease is not None:
                    return lease
                lease = _Lease(_locked(folder, fcntl.LOCK_SH))
                if os.lstat(folder).st_ino == key[1]:
                    _leases[key] = lease
                    return lease
            except NotADirectoryError:
                discard(folder)
                return None
            except OSError:
                return None
    return None


def _locked(folder: Path, how: int) -> int | None:
    """The descriptor of a folder with a lock on it; None where there are no locks, or no descriptors left.

    Raises
    ------
    FileNotFoundError, NotADirectoryError, BlockingIOError
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return None
        raise
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        os.close(descriptor)
        raise
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


# -------------------------------------------------------------------------------------------------------------- making
@contextmanager
def making(folder: Path) -> Iterator[None]:
    """Let one process at a time make an entry; where there are no locks, several make the same and one is taken."""
    number = int(hashlib.sha256(folder.name.encode()).hexdigest()[:2], 16)
    place = folder.parent.parent / "locks" / folder.parent.name
    place.mkdir(parents=True, mode=0o700, exist_ok=True)
    lock = FileLock(place / f"{number:02x}.lock")  # few files, which need not be removed
    try:
        lock.acquire()
    except (OSError, NotImplementedError):
        yield
        return
    try:
        yield
    finally:
        lock.release()


@dataclass
class Staging:
    """A folder in the making; locked, so that it can be told from one that a killed process left."""

    path: Path
    _lease: _Lease


@contextmanager
def staging(parent: Path) -> Iterator[Staging]:
    """A folder of the cache in which an entry is made; it is gone afterwards unless it was published."""
    parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
    try:
        yield Staging(place, _Lease(_locked(place, fcntl.LOCK_SH)))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def publish(made: Staging, folder: Path) -> Entry:
    """Make what lies in a staging folder the entry `folder`: list its files, bring all to the disk, rename once.

    Where another process has meanwhile made the same entry, that one is taken.

    Raises
    ------
    OSError
        It cannot be written.
    """
    _seal(made.path, _name(folder))
    found = find(folder)
    if found is not None:
        return found
    try:
        os.rename(made.path, folder)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            found = find(folder)
            if found is not None:
                return found
        raise
    _sync(folder.parent)
    lease = made._lease
    with _guard:
        _leases[folder, os.lstat(folder).st_ino] = lease
        seen = _checked[folder] = _signature(folder) or ()
    return Entry(folder, lease, seen)


def _seal(folder: Path, name: str) -> None:
    files = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != SEAL):
        state = path.stat()
        listed = [state.st_size, file_digest(path), bool(state.st_mode & stat.S_IXUSR)]
        files[path.relative_to(folder).as_posix()] = listed
        _sync(path)
    about: dict[str, Any] = dict(format=FORMAT, name=name, files=files)
    about["digest"] = _own_digest(about)
    (folder / SEAL).write_text(json.dumps(about))
    for path in (folder / SEAL, *(p for p in folder.rglob("*") if p.is_dir()), folder):
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ------------------------------------------------------------------------------------------------------------ removing
def discard(folder: Path) -> None:
    """Remove an entry, whoever uses it: by a rename first, so that nobody sees half of it."""
    _checked.pop(folder, None)
    try:
        gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=folder.parent))
        os.rename(folder, gone / folder.name)
        shutil.rmtree(gone, ignore_errors=True)
    except OSError:
        with suppress(OSError):
            shutil.rmtree(folder) if folder.is_dir() and not folder.is_symlink() else folder.unlink()


def remove_unused(folder: Path) -> bool:
    """Remove an entry unless a process uses it; whether it is gone."""
    try:
        descriptor = _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if descriptor is None and time.time() - folder.stat().st_mtime < _UNLOCKED:
            return False
    except BlockingIOError:
        return False
    except OSError:
        return not os.path.lexists(folder)
    try:
        discard(folder)
    finally:
        if descriptor is not None:
            os.close(descriptor)
    return True
