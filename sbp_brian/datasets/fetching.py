"""Downloading, only when asked for: checksummed, file by file, so that an interrupted fetch goes on."""

from __future__ import annotations

from pathlib import Path

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.lookup import cache
from sbp_brian.datasets.reading import one_line
from sbp_brian.errors import DatasetError
from sbp_brian.wording import takes_booleans

__all__ = ["fetch"]


@takes_booleans
def fetch(name: str, *, url: str | None = None, folder: Path | None = None, progress: bool = False) -> Path:
    """Download a data set into the user's cache; files that are there and whole are not fetched again.

    Parameters
    ----------
    name : str
        A name that ``sbp data list`` shows.
    url : str, optional
        Another place that serves the same files (a mirror); the checksums stay the same.
    folder : Path, optional
        Another folder than the user's cache.
    progress : bool
        Say on the standard error stream which file is being fetched.

    Returns
    -------
    Path
        The folder with the files.

    Raises
    ------
    DatasetError
        Where the set is offered at no address, a file cannot be fetched or has the wrong checksum, or the folder
        cannot be written.
    """
    import logging
    import sys

    import pooch

    entry = catalogue.entry(name)
    target = (folder or cache()) / entry.folder
    if not (place := url or entry.url):
        raise DatasetError(f"{entry.title} can be fetched from no address that is known; get it by {entry.remedy}")
    base = place.rstrip("/") + "/"
    pooch.get_logger().setLevel(logging.ERROR)
    for file in entry.files.values():
        source = base + file.served if url or not file.url else file.url
        if progress:
            print(f"{source} -> {target}", file=sys.stderr)
        try:
            pooch.retrieve(source, known_hash=f"md5:{file.gz_md5 or file.md5}", fname=file.served, path=target)
        except ValueError as error:
            reason = "has the wrong checksum" if "hash" in str(error) else f"cannot be fetched ({one_line(error)})"
            raise DatasetError(f"{source} {reason}; try again later or name a mirror with --url") from None
        except OSError as error:  # requests' errors are OSErrors too
            raise DatasetError(
                f"{source} cannot be fetched or written to {target} ({one_line(error)}); check network "
                "and disk, then give the same command again: files already fetched are kept"
            ) from None
    return target
