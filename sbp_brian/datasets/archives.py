"""Archives: checked against their checksum, read or unpacked within bounds, and unpacked whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath

from filelock import FileLock

from sbp_brian.datasets.reading import naming
from sbp_brian.errors import DatasetError

__all__ = [
    "check_md5",
    "clear_leftovers",
    "holds_files",
    "make_room",
    "read_member",
    "unpack_tar",
    "usable_members",
    "zip_member",
    "zip_members",
]

_PIECE = 1 << 20
#: Deflate makes at most about a thousand bytes of one.
_RATIO = 1100
#: Of the headers between the files of a tar archive (bytes), which tarfile reads whole.
_TAR_HEADER = 1 << 20
#: Of an unpacked archive (bytes); the largest that is known here takes 13 GB.
_TAR_TOTAL = 1 << 36


def check_md5(path: Path, md5: str, remedy: str) -> None:
    """Refuse a file that is not the published one; a file that does not change is read once a process.

    Raises
    ------
    DatasetError
        The file cannot be read, or has another checksum.
    """
    with naming(f"{path} cannot be read", remedy):
        found = path.stat()
        sum_found = _md5(path, found.st_size, found.st_mtime_ns)
    if sum_found != md5:
        raise DatasetError(
            f"{path} does not have the checksum of the published file: it is truncated, damaged or another; "
            f"remove it and get it again ({remedy})"
        )


@lru_cache(maxsize=16)
def _md5(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


# ------------------------------------------------------------------------------------------------------------- zip
def usable_members(file: zipfile.ZipFile, path: str | Path, remedy: str) -> dict[str, zipfile.ZipInfo]:
    """The files in an archive by name.

    Raises
    ------
    DatasetError
        Two of one name, or one that lies outside, is encrypted or packed in a way that cannot be unpacked bit by bit.
    """
    members: dict[str, zipfile.ZipInfo] = {}
    for member in file.infolist():
        if member.is_dir():
            continue
        why = None
        if member.filename in members:
            why = "is in it twice"
        elif member.filename.startswith("/") or ".." in PurePosixPath(member.filename).parts:
            why = "lies outside the archive"
        elif member.flag_bits & 1:
            why = "is encrypted"
        elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            why = "is neither stored nor deflated"
        elif member.file_size > _RATIO * (member.compress_size + 1):
            why = f"says that it unpacks to {member.file_size:,} bytes from {member.compress_size:,}"
        if why:
            raise DatasetError(f"{path}: {member.filename} {why}; {remedy}")
        members[member.filename] = member
    return members


def read_member(file: zipfile.ZipFile, member: zipfile.ZipInfo, most: int, path: str | Path, remedy: str) -> bytes:
    """The content of one file of a zip archive; what unpacks to more than `most` bytes is refused before it is."""
    if member.file_size > most:
        raise DatasetError(
            f"{path}: {member.filename} unpacks to {member.file_size:,} bytes, more than the {most:,} that such a "
            f"file can have; {remedy}"
        )
    with naming(f"{path}: {member.filename} cannot be read", remedy) as wrong, file.open(member) as packed:
        content = bytearray()
        while piece := packed.read(_PIECE):  # never all at once: the size that it tells may be a lie
            content += piece
        if len(content) != member.file_size:
            raise wrong(f"{len(content):,} bytes, not {member.file_size:,}")
    return bytes(content)


def zip_members(path: Path, remedy: str) -> dict[str, zipfile.ZipInfo]:
    """The files in a zip archive by name, see `usable_members`."""
    return _opened(path, remedy)[1]


def zip_member(path: Path, name: str, most: int, remedy: str) -> bytes:
    """The content of the file `name` of a zip archive, see `read_member`; the archive's list is read once."""
    file, members = _opened(path, remedy)
    if name not in members:
        raise DatasetError(f"{path} has no file {name}; {remedy}")
    return read_member(file, members[name], most, path, remedy)


def _opened(path: Path, remedy: str) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    with naming(f"{path} cannot be read as a zip file", remedy):
        found = path.stat()
        return _open(path, remedy, found.st_size, found.st_mtime_ns, os.getpid())


@lru_cache(maxsize=2)
def _open(path: Path, remedy: str, *state: int) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    file = zipfile.ZipFile(path)  # stays open: a set of 60,000 files is read one by one
    try:
        return file, usable_members(file, path, remedy)
    except BaseException:
        file.close()
        raise


# ------------------------------------------------------------------------------------------------------------- tar
def make_room(archive: Path, name: str, remedy: str) -> None:
    """Make the empty folder that an archive is to be unpacked to: before gigabytes are read it is told if none can be.

    Where the archive is refused the empty folder stays, which counts as none (`holds_files`).

    Raises
    ------
    DatasetError
        It cannot be made.
    """
    with naming(f"{archive} cannot be unpacked into {archive.parent}", f"check permissions, or {remedy}"):
        (archive.parent / name).mkdir(exist_ok=True)


def holds_files(folder: Path) -> bool:
    """Whether there is such a folder, and it is not empty, as one whose archive was refused."""
    return folder.is_dir() and any(folder.iterdir())


def unpack_tar(archive: Path, name: str, most: int, remedy: str, check: Callable[[Path], None]) -> Path:
    """Unpack the folder `name` of a .tar.gz archive beside the archive: whole, or not at all.

    It is unpacked into a folder beside, checked, and then takes its name. Two processes that do it
    wait for one another; what one left that was killed is removed.

    Parameters
    ----------
    archive : Path
    name : str
        The one folder that it holds.
    most : int
        Of one file (bytes).
    remedy : str
        How to get a good archive.
    check : callable
        ``check(folder)`` is called on the folder that holds `name` before that gets its place, and raises where
        something is lacking.

    Raises
    ------
    DatasetError
        An archive that is damaged, holds something else than files in that folder, or more than they can have; a
        folder that cannot be written.
    """
    home = archive.parent
    place, lock = home / name, home / f".{name}.lock"
    what = f"{archive} cannot be unpacked into {home}"
    with naming(what, f"make room and check permissions, or {remedy}"), FileLock(lock):
        _remove_parts(home, name)
        if not holds_files(place):  # else another process was first
            beside = Path(tempfile.mkdtemp(prefix=f".{name}.", suffix=".part", dir=home))
            try:
                _extract(archive, name, beside, most, remedy)
                try:
                    check(beside)
                except DatasetError as error:
                    raise DatasetError(str(error).replace(f"{beside}{os.sep}", f"{archive}: ")) from None
                os.rename(beside / name, place)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        lock.unlink(missing_ok=True)  # whoever still waits for it finds the folder
    return place


def clear_leftovers(home: Path, name: str) -> None:
    """Remove what a process left beside an unpacked folder that was killed once that had its name."""
    lock = home / f".{name}.lock"
    if lock.exists():  # it goes last
        with suppress(OSError, NotImplementedError), FileLock(lock, timeout=0):
            _remove_parts(home, name)
            lock.unlink(missing_ok=True)


def _remove_parts(home: Path, name: str) -> None:
    for left in home.glob(f".{name}.*.part"):
        shutil.rmtree(left, ignore_errors=True)


class _Headers(gzip.GzipFile):
    """An unpacked archive of which no header is read that is larger than headers are."""

    def read(self, size=-1):
        if size is None or size < 0 or size > _TAR_HEADER:
            raise tarfile.ReadError(f"it has a header of {size:,} bytes")
        return super().read(size)


def _extract(archive: Path, name: str, into: Path, most: int, remedy: str) -> None:
    total = 0
    with _Headers(archive) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as packed:
        for member in packed:
            parts, why = PurePosixPath(member.name).parts, None
            if not parts or parts[0] != name or ".." in parts:
                why = f"lies outside {name}"
            elif not (member.isdir() or member.isreg()) or member.issparse():
                why = "is neither a file nor a folder"
            elif member.size > most:
                why = f"unpacks to {member.size:,} bytes, more than the {most:,} that such a file can have"
            elif (total := total + member.size) > _TAR_TOTAL:
                why = f"is beyond the {_TAR_TOTAL:,} bytes that the archive can unpack to"
            if why:
                raise DatasetError(f"{archive}: {member.name} {why}; {remedy}")
            packed.extract(member, into, filter="data")
        rest = 0  # to the end, where the sum of all bytes stands
        while piece := unpacked.read(_TAR_HEADER):
            if (rest := rest + len(piece)) > _TAR_HEADER:
                raise DatasetError(f"{archive} goes on behind its end; {remedy}")
    if not (into / name).is_dir():
        raise DatasetError(f"{archive} holds no folder {name}; {remedy}")
