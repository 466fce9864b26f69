"""DvsGesture: hand gestures seen by a 128 x 128 event camera, in the three forms in which they are handed on.

- ``ibmGestureTrain/user02_led/3.npy`` and ``ibmGestureTest/...`` (tonic): a gesture a file, columns x, y, polarity and
  time in milliseconds; the file's name is the class, counted from 0.
- ``user02_led.aedat`` with ``user02_led_labels.csv`` (the original): a recording a file, AEDAT 3.1; the table gives
  class (from 1), start and stop in microseconds; trials_to_train.txt and trials_to_test.txt list the recordings.
- ``.bs2``, five bytes an event (`sbp_brian.datasets.event_streams`): the ten recordings of one subject that the tests
  of slayerPytorch hold.

Clips are read one at a time, when asked for: the whole set is several gigabytes. `load_dvsgesture` gives it whole or
not at all; `dvsgesture_clips` reads any part.

Source: Amir et al. 2017, CVPR, doi:10.1109/CVPR.2017.781; CC BY 4.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.archives import check_md5, holds_files, make_room, unpack_tar
from sbp_brian.datasets.catalogue import Entry
from sbp_brian.datasets.checks import check_number
from sbp_brian.datasets.event_streams import EventStream, read_bs2
from sbp_brian.datasets.gesture_files import (
    GESTURES,
    MOST_GESTURE,
    MOST_TEXT,
    SENSOR,
    cut_gesture,
    cut_gestures,
    read_aedat31,
    read_gesture_labels,
    read_gesture_npy,
)
from sbp_brian.datasets.lookup import locate, places, sizes
from sbp_brian.datasets.reading import naming, read_file, read_text
from sbp_brian.errors import DatasetError
from sbp_brian.identity import digest, used
from sbp_brian.wording import takes_booleans, unknown

__all__ = [
    "GESTURES",
    "SENSOR",
    "TEN_RECORDINGS",
    "Clip",
    "clip_frames",
    "cut_gestures",
    "dvsgesture_clips",
    "load_dvsgesture",
    "read_aedat31",
    "read_gesture_labels",
    "read_gesture_npy",
    "ten_recordings",
]

TEN_RECORDINGS = "ten recordings, one subject"
_FOLDERS = {"train": "ibmGestureTrain", "test": "ibmGestureTest"}
_LISTS = {"train": "trials_to_train.txt", "test": "trials_to_test.txt"}


@dataclass(frozen=True)
class Clip:
    """One gesture.

    Attributes
    ----------
    label : int
        Class from 0, see `GESTURES`.
    recording : str
        E.g. ``"user02_led"``.
    read : callable
        ``read()`` gives its `EventStream`, 128 x 128, with times from the start of the clip.
    """

    label: int
    recording: str
    read: Callable[[], EventStream]

    @property
    def user(self) -> int | None:
        """Number of the subject, None where the recording's name does not tell."""
        found = re.match(r"user(\d+)", self.recording)
        return int(found.group(1)) if found else None


def load_dvsgesture(split: str) -> list[Clip]:
    """The official set, wherever it is found (`sbp_brian.datasets.lookup`): as tonic's archives or as the original.

    Parameters
    ----------
    split : str
        ``"train"`` (subjects 1 to 23) or ``"test"`` (subjects 24 to 29).

    Raises
    ------
    DatasetError
        Unknown split, or the set is not there.
    """
    if split not in _FOLDERS:
        raise DatasetError(unknown("split", split, _FOLDERS))
    entry = catalogue.entry("dvsgesture")
    for place in places():
        folder = place / entry.folder
        if holds_files(folder / _FOLDERS[split]) or (folder / _LISTS[split]).is_file():
            return _told(entry, folder, split)
    if (folder := locate(entry)) is None:
        searched = ", ".join(str(place / entry.folder) for place in places())
        raise DatasetError(f"DvsGesture was not found in {searched}; get it by {entry.remedy}, or set SBP_DATA")
    archive = folder / entry.files[split].name
    make_room(archive, _FOLDERS[split], entry.remedy)
    check_md5(archive, entry.files[split].md5, entry.remedy)
    again = f"remove it and get it again ({entry.remedy})"
    unpack_tar(archive, _FOLDERS[split], MOST_GESTURE, again, lambda beside: _whole_set(entry, beside, split))
    return _told(entry, folder, split)


def _whole_set(entry: Entry, folder: Path, split: str) -> list[Clip]:
    """The clips of a folder, once it is known to hold all of the split."""
    clips = dvsgesture_clips(folder, split)
    tonic = (folder / _FOLDERS[split]).is_dir()
    where, archive = folder / (_FOLDERS if tonic else _LISTS)[split], folder / entry.files[split].name
    again = f"it is unpacked again from {archive.name}" if archive.is_file() else f"get it again ({entry.remedy})"
    check_number(
        len(clips),
        entry.numbers[split if tonic else f"{split} (original)"],
        f"clips of {entry.title}",
        where,
        f"remove it, and {again}; a part that is meant is read by dvsgesture_clips(folder, {split!r})",
    )
    return clips


def _told(entry: Entry, folder: Path, split: str) -> list[Clip]:
    """The clips of a folder, told as data that is used."""
    clips = _whole_set(entry, folder, split)
    unpacked = folder / _FOLDERS[split]
    files = unpacked.glob("*/*.npy") if unpacked.is_dir() else [*folder.glob("*.aedat"), *folder.glob("*_labels.csv")]
    with naming(f"the files of {folder} cannot be counted", "check their permissions"):
        used(f"dvsgesture/{split}", "DvsGesture", sizes(files))
    return clips


def dvsgesture_clips(folder: str | Path, split: str) -> list[Clip]:
    """The clips of a folder in one of the two official layouts, in a fixed order (recording, then time or class).

    Raises
    ------
    DatasetError
        Where the folder has neither layout, or a file in it is wrong.
    """
    if split not in _FOLDERS:
        raise DatasetError(unknown("split", split, _FOLDERS))
    folder = Path(folder)
    gestures, listing = folder / _FOLDERS[split], folder / _LISTS[split]
    if gestures.is_dir():
        with naming(f"{gestures} cannot be listed", "check its permissions"):
            paths = sorted(gestures.glob("*/*.npy"), key=lambda path: (path.parent.name, int(_class_name(path))))
        clips = [Clip(int(path.stem), path.parent.name, partial(read_gesture_npy, path)) for path in paths]
    elif listing.is_file():
        clips = [clip for path in _listed(listing) for clip in _clips_of(path)]
    else:
        raise DatasetError(
            f"{folder} has neither {gestures.name} (tonic's layout) nor {listing.name} (the original's); name the "
            "folder that has"
        )
    if not clips:
        raise DatasetError(f"{folder} holds no clip of split {split!r}; get the data again")
    return clips


def _listed(listing: Path) -> list[Path]:
    """The recordings that a list names, which lie beside it with their tables."""
    names = read_text(listing, MOST_TEXT, "get it again").split()
    for name in names:
        if Path(name).name != name or not name.endswith(".aedat") or names.count(name) > 1:
            raise DatasetError(
                f"{listing} names {name[:60]!r}, which is no recording beside it, or twice; get it again"
            )
        for path in (listing.parent / name, _table(listing.parent / name)):
            if not path.is_file():
                raise DatasetError(
                    f"{listing.parent} lacks {path.name}, of a recording in {listing.name}; get it again"
                )
    return [listing.parent / name for name in names]


def _table(recording: Path) -> Path:
    return recording.with_name(f"{recording.stem}_labels.csv")


def _clips_of(recording: Path) -> list[Clip]:
    return [
        Clip(label, recording.stem, partial(_cut_file, recording, start, stop))
        for label, start, stop in read_gesture_labels(_table(recording))
    ]


def ten_recordings() -> list[Clip]:
    """Ten real recordings of 1.45 s, one a class, class 11 missing, all of one subject; the labels were inferred.

    Raises
    ------
    DatasetError
        Where they are not found (folder dvsgesture_slayer10); they cannot be fetched.
    """
    for place in places():
        folder = place / "dvsgesture_slayer10"
        if folder.is_dir():
            paths = [folder / f"{k}.bs2" for k in range(1, 11)]
            lacking = [path.name for path in paths if not path.is_file()]
            if lacking:
                raise DatasetError(f"{folder} lacks {lacking[0]} ({len(lacking)} of 10); complete it or remove it")
            content = digest([read_file(path, MOST_GESTURE, "copy it again") for path in paths])
            used("dvsgesture-ten", "DvsGesture (ten recordings)", content)
            return [Clip(k, path.stem, partial(read_bs2, path, SENSOR, SENSOR)) for k, path in enumerate(paths)]
    raise DatasetError(
        "the ten recordings (folder dvsgesture_slayer10) were not found; copy the DvsGesture test files "
        "of slayerPytorch, 1.bs2 to 10.bs2, there and set SBP_DATA to the folder above"
    )


@takes_booleans
def clip_frames(
    clips: Iterable[Clip], window_us: int, n: int, *, pool: int = 4, polarities: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames of all clips, one below the other: frame f of clip s is row ``s*n + f``.

    Parameters
    ----------
    clips : iterable of Clip
    window_us, n : int
        Length of a frame (microseconds), and frames a clip; a clip that ends early fills up with empty frames.
    pool : int
        Pixels summed in each direction; 4 gives 32 x 32.
    polarities : bool
        Count on and off events apart.

    Returns
    -------
    frames : ndarray of int, shape (clips*n, pixels)
    labels : ndarray of int, shape (clips*n,)
    clip : ndarray of int, shape (clips*n,)
        Which clip each row belongs to.
    """
    clips = list(clips)
    frames = [clip.read().pooled(pool).frames(window_us, n, polarities=polarities) for clip in clips]
    return (np.concatenate(frames), np.repeat([clip.label for clip in clips], n), np.repeat(np.arange(len(clips)), n))


def _cut_file(path: Path, start: int, stop: int) -> EventStream:
    with naming(f"{path} cannot be read", "check its permissions"):
        found = path.stat()
    recording = _last_recording(path, found.st_size, found.st_mtime_ns)
    try:
        return cut_gesture(recording, start, stop)
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from None


@lru_cache(maxsize=1)
def _last_recording(path: Path, *state: int) -> EventStream:
    return read_aedat31(path)  # its dozen gestures follow one another


def _class_name(path: Path) -> str:
    if not path.stem.isdigit() or int(path.stem) >= len(GESTURES):
        raise DatasetError(f"{path} is not named by a class, 0.npy to {len(GESTURES) - 1}.npy")
    return path.stem
