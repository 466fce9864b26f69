"""Where the cache lies, and what happens where it cannot be used: a warning, and a temporary folder in its place.

The folder is the user's cache (``~/.cache/sbp_brian`` on Linux) or the environment variable ``SBP_CACHE``. It is used
where it is the user's own, nobody else may write to it, and it can be written; what lies there is run as a program.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
import warnings
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_dir

from sbp_brian.errors import StorageError

__all__ = ["CacheWarning", "cache_folder", "one_line", "temporary_instead", "trouble_with", "usable_cache", "warn_of"]

_FULL = "make room there, or name another folder in SBP_CACHE"
_instead: dict[Path, Path] = {}
_guard = threading.Lock()


class CacheWarning(UserWarning):
    """Something about the cache of compiled programs, which does not change what is computed."""


def cache_folder(folder=None) -> Path:
    """The folder of the cache: `folder`, else ``SBP_CACHE``, else the user's cache folder; nothing is checked."""
    named = Path(folder or os.environ.get("SBP_CACHE") or user_cache_dir("sbp_brian"))
    with suppress(RuntimeError):  # the home of a user that does not exist
        named = named.expanduser()
    return named.absolute()


def usable_cache(folder=None) -> Path:
    """The folder of the cache, made and checked; a temporary one, with a warning, where it cannot be used."""
    named = cache_folder(folder)
    trouble = trouble_with(named)
    return named if trouble is None else temporary_instead(named, *trouble)


def one_line(path: Path) -> str:
    """A path as a message shows it: quoted where it holds what would break the line."""
    return str(path) if str(path).isprintable() else repr(str(path))


def trouble_with(folder: Path) -> tuple[str, str] | None:
    """Why a folder cannot be the cache, and the remedy; None where it can. Makes the folder where there is none."""
    shown = one_line(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.stat()
        if about.st_uid != os.geteuid():
            return "it belongs to another user", "name a folder of your own in SBP_CACHE"
        if about.st_mode & 0o022:
            return "others may write to it", f"chmod go-w {shown}, or name another folder in SBP_CACHE"
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return error.strerror or str(error), f"make {shown} writable, or name another folder in SBP_CACHE"
    return None


def temporary_instead(cache: Path, why: str, remedy: str = _FULL) -> Path:
    """A temporary folder in the place of a cache, with a warning; the same for the whole process, and gone at its end.

    Raises
    ------
    StorageError
        If `cache` is that temporary folder itself, or none can be made.
    """
    with _guard:
        if cache in _instead.values():
            raise StorageError(
                f"the temporary folder {one_line(cache)} cannot be used: {why}; make room, or set TMPDIR"
            )
        place = _instead.get(cache)
        if place is None or not place.is_dir():
            try:
                place = Path(tempfile.mkdtemp(prefix="sbp-cache-"))
            except OSError as error:
                raise StorageError(f"no temporary folder can be made ({error.strerror}): set TMPDIR") from error
            atexit.register(_remove, place, os.getpid())
            _instead[cache] = place
            warn_of(
                f"the cache {one_line(cache)} is not used: {why}; what is compiled now lasts until this process "
                f"ends ({remedy})"
            )
    return place


def warn_of(text: str) -> None:
    """Tell the user of the cache, in one line."""
    warnings.warn(text, CacheWarning, stacklevel=3)


def _remove(place: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(place, ignore_errors=True)
