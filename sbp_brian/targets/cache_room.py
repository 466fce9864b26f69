"""How much the cache may hold: its contents, its limit, and what makes room for what is new.

What was used longest ago goes first; nothing goes that a process uses. Arrays that several entries share are counted
once, and go with the last of them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sbp_brian.errors import SettingError
from sbp_brian.targets.cache_entry import SEAL, remove_unused
from sbp_brian.wording import takes_booleans

__all__ = ["KINDS", "Kept", "clear", "contents", "limit_of", "make_room", "parse_size", "set_limit", "show_size"]

#: Folders of entries, and what an entry of each is.
KINDS = {
    "programs": "a compiled program with its sources",
    "networks": "description and data of a network",
    "headers": "precompiled headers",
    "objects": "a compiled file of a CUDA program",
}
ARRAYS = "arrays"
#: Files of fewer bytes are not shared: a block of the disk is as large as they are.
SHARED = 1 << 16
#: Bytes that the cache may hold unless ``SBP_CACHE_LIMIT`` or ``sbp cache --limit`` say something else.
DEFAULT_LIMIT = 2 * 10**9
VARIABLE = "SBP_CACHE_LIMIT"
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)\s*")
#: Names that this package gives; whatever else lies in a folder that somebody chose is left alone.
_OWN = re.compile(r"[0-9a-f]{24,64}(-[0-9a-z]+)?(\.lock|\.o|\.log)?")
_KEPT_LOGS = 20
#: What has no list of its files, and was not used for so long, is of an earlier form of the cache (s).
_EARLIER = 3600.0
#: A folder in the making that nobody holds is younger than this only while it is being locked (s).
_UNHELD = 60.0


@dataclass(frozen=True)
class Kept:
    """One entry.

    Attributes
    ----------
    kind, name : str
    own : int
        Bytes of files that it has alone.
    shared : dict of int to int
        Inode -> bytes of the arrays that it shares.
    used : float
        When it was used last (s since 1970).
    path : Path
    """

    kind: str
    name: str
    own: int
    shared: dict[int, int]
    used: float
    path: Path

    @property
    def size(self) -> int:
        """Bytes, those of shared arrays included."""
        return self.own + sum(self.shared.values())


# ------------------------------------------------------------------------------------------------------------ the limit
def parse_size(text: str, name: str = "a size") -> int:
    """Bytes that a text such as ``2GB``, ``500 MB``, ``1.5GiB`` or ``0`` stands for.

    Raises
    ------
    SettingError
    """
    found = _SIZE.fullmatch(text)
    if found is None or found[2].upper() not in _UNITS:
        raise SettingError(f"{name} must be a number of bytes such as 2GB, 500MB or 1.5GiB, got {text!r}")
    return round(float(found[1]) * _UNITS[found[2].upper()])


def show_size(size: float) -> str:
    """Bytes as a reader likes them: ``1.9 GB``."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit != "MB" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


def limit_of(cache: Path) -> int:
    """Bytes that a cache may hold: ``SBP_CACHE_LIMIT``, else what `set_limit` wrote there, else 2 GB.

    Raises
    ------
    SettingError
        If ``SBP_CACHE_LIMIT`` is no size.
    """
    said = os.environ.get(VARIABLE)
    if said:
        return parse_size(said, VARIABLE)
    try:
        return parse_size((cache / "limit").read_text())
    except (OSError, ValueError):  # none, or not readable: the default is as good
        return DEFAULT_LIMIT


def set_limit(cache: Path, size: int) -> None:
    """Keep a limit for a cache, for all who use it without ``SBP_CACHE_LIMIT``."""
    draft = cache / f"limit.{os.getpid()}"
    draft.write_text(f"{size}\n")
    os.replace(draft, cache / "limit")


# --------------------------------------------------------------------------------------------------------- the contents
@takes_booleans
def contents(cache: Path, usable: bool = False) -> list[Kept]:
    """All entries, or those alone that can be used (that have a list); the one that was used last first."""
    found = []
    for kind in KINDS:
        for path in _own_names(cache / kind):
            with suppress(OSError):  # another process removes it
                if (path / SEAL).exists() or (not usable and path.is_dir() and not path.is_symlink()):
                    own, shared = _sizes(path)
                    found.append(Kept(kind, path.name, own, shared, path.stat().st_mtime, path))
    return sorted(found, key=lambda kept: -kept.used)


def total(kept: list[Kept]) -> int:
    """Bytes of entries, shared arrays once."""
    shared = {inode: size for entry in kept for inode, size in entry.shared.items()}
    return sum(entry.own for entry in kept) + sum(shared.values())


def _own_names(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if _OWN.fullmatch(path.name)]
    except OSError:
        return []


def _sizes(folder: Path) -> tuple[int, dict[int, int]]:
    """Bytes of files that belong to an entry alone; of those that have more than one name, by inode."""
    own, shared = 0, {}
    for name, size in _listed_sizes(folder):
        if size >= SHARED:
            state = os.lstat(folder / name)
            size = state.st_size
            if state.st_nlink > 1:
                shared[state.st_ino] = size
                continue
        own += size
    return own, shared


def _listed_sizes(folder: Path) -> list[tuple[str, int]]:
    """Files of an entry and their bytes, as its list says, which is faster than to ask for each; else as they are."""
    try:
        listed = json.loads((folder / SEAL).read_bytes())["files"]
        return [(name, int(about[0])) for name, about in listed.items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return [(file.path, file.stat(follow_symlinks=False).st_size) for file in _walked(folder)]


def _walked(folder: Path) -> Iterator[os.DirEntry]:
    """All files below a folder."""
    with os.scandir(folder) as items:
        for item in items:
            if item.is_dir(follow_symlinks=False):
                yield from _walked(Path(item.path))
            else:
                yield item


# ---------------------------------------------------------------------------------------------------------- making room
def make_room(cache: Path, limit: int | None = None) -> None:
    """Remove what was used longest ago until the rest is within the limit, and what killed processes left.

    What is in use stays, also where it alone is more than the limit.
    """
    limit = limit_of(cache) if limit is None else limit
    _tidy(cache)
    kept = contents(cache, usable=True)
    excess = total(kept) - limit
    users = Counter(inode for entry in kept for inode in entry.shared)
    while excess > 0 and kept:
        oldest = kept.pop()
        if remove_unused(oldest.path):
            users.subtract(list(oldest.shared))
            excess -= oldest.own + sum(size for inode, size in oldest.shared.items() if not users[inode])
    _drop_unshared(cache)


def clear(cache: Path) -> list[Kept]:
    """Remove all that no process uses; gives what is left."""
    _tidy(cache)
    for kept in contents(cache):
        remove_unused(kept.path)
    _drop_unshared(cache)
    for log in _own_names(cache / "failed"):
        log.unlink(missing_ok=True)
    return contents(cache)


def _drop_unshared(cache: Path) -> None:
    """Remove arrays that no entry has any more."""
    for path in _own_names(cache / ARRAYS):
        with suppress(OSError):
            if path.lstat().st_nlink == 1:
                path.unlink()


def _tidy(cache: Path) -> None:
    """Remove folders that killed processes left half made, what is of earlier forms of the cache, and old logs."""
    now = time.time()
    for kind in (*KINDS, ARRAYS):
        for path in (cache / kind).glob(".*"):
            with suppress(OSError):
                if now - path.lstat().st_mtime < _UNHELD:
                    continue
                if not path.is_dir():
                    path.unlink()
                elif path.name.startswith(".new-"):
                    remove_unused(path)
                else:
                    shutil.rmtree(path, ignore_errors=True)
        for path in _own_names(cache / kind) if kind in KINDS else ():
            with suppress(OSError):
                # who knows that form has no locks
                if (path / SEAL).exists() or now - path.lstat().st_mtime < _EARLIER:
                    continue
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    logs = _own_names(cache / "failed")
    for log in sorted(logs, key=_age)[_KEPT_LOGS:]:
        log.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0
