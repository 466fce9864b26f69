"""Arrays that networks of the cache share: each content is on the disk once, under its digest, and networks link to it.

A table of images is the same for all networks that are trained with it. ``arrays/<SHA-256>`` is one more name of the
file; how many names a file has tells whether a network still uses it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from sbp_brian.targets.cache_entry import file_digest
from sbp_brian.targets.cache_room import ARRAYS, SHARED

__all__ = ["link_arrays"]


def link_arrays(cache: Path, arrays: Path, place: Path) -> None:
    """Put the files of the folder `arrays` into the new folder `place` of an entry, large ones as links.

    A shared file that has changed is replaced first. Where a file system has no links, files are copied.

    Raises
    ------
    OSError
        They cannot be written.
    """
    place.mkdir()
    for path in sorted(arrays.iterdir()):
        target = place / path.name
        if path.stat().st_size < SHARED:
            shutil.copyfile(path, target)
        else:
            _link(cache / ARRAYS, path, target)


def _link(store: Path, path: Path, target: Path) -> None:
    """Link `target` to the file of the store that has the content of `path`, which is put there where it lacks."""
    store.mkdir(mode=0o700, exist_ok=True)
    content = file_digest(path)
    shared = store / content
    try:
        if file_digest(shared) == content:
            os.link(shared, target)
            return
    except OSError:  # it is not there, or not any more
        target.unlink(missing_ok=True)
    shutil.copyfile(path, target)
    draft = Path(tempfile.mkdtemp(prefix=".new-", dir=store)) / content
    try:
        os.link(target, draft)
        os.replace(draft, shared)
    except OSError:  # no links here, or too many of this file: this copy has one name
        pass
    finally:
        shutil.rmtree(draft.parent, ignore_errors=True)
