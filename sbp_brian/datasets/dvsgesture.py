"""DvsGesture: hand gestures seen by a 128 x 128 event camera, in the three forms in which they are handed on.

- ``ibmGestureTrain/user02_led/3.npy`` and ``ibmGestureTest/...`` (tonic): a gesture a file, columns x, y, polarity and
  time in milliseconds; the file's name is the class, counted from 0.
- ``user02_led.aedat`` with ``user02_led_labels.csv`` (the original): a recording a file, AEDAT 3.1; the table gives
  class (from 1), start and stop in microseconds; trials_to_train.txt and trials_to_test.txt list the recordings.
- ``.bs2``, five bytes an event (`sbp_brian.datasets.event_streams`): the ten recordings of one subject that the tests
  of slayerPytorch hold.

Clips are read one at a time, when asked for: the whole set is several gigabytes.

Source: Amir et al. 2017, CVPR, doi:10.1109/CVPR.2017.781; CC BY 4.0.
"""

from __future__ import annotations

import csv
import re
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.event_streams import EventStream, read_bs2
from sbp_brian.datasets.lookup import locate, places, sizes
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

SENSOR = 128
#: The classes in their order; the eleventh is whatever the subject thought of.
GESTURES = (
    "hand clapping",
    "right hand wave",
    "left hand wave",
    "right arm clockwise",
    "right arm counter-clockwise",
    "left arm clockwise",
    "left arm counter-clockwise",
    "arm roll",
    "air drums",
    "air guitar",
    "other gestures",
)
TEN_RECORDINGS = "ten recordings, one subject"
_FOLDERS = {"train": "ibmGestureTrain", "test": "ibmGestureTest"}
_LISTS = {"train": "trials_to_train.txt", "test": "trials_to_test.txt"}
_ITEM, _HEADER, _POLARITY = 8, 28, 1  # AEDAT 3.1: bytes of a polarity event and of a packet's header; event type


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
        if (folder / _FOLDERS[split]).is_dir() or (folder / _LISTS[split]).is_file():
            return _told(folder, split)
    if (folder := locate(entry)) is None:
        searched = ", ".join(str(place / entry.folder) for place in places())
        raise DatasetError(f"DvsGesture was not found in {searched}; get it by {entry.remedy}, or set SBP_DATA")
    archive = folder / entry.files[split].name
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
    except (OSError, tarfile.TarError) as error:
        raise DatasetError(
            f"{archive} cannot be unpacked into {folder} ({error}); make room or remove it and get it "
            f"again ({entry.remedy})"
        ) from None
    return _told(folder, split)


def _told(folder: Path, split: str) -> list[Clip]:
    """The clips of a folder, told as data that is used."""
    clips = dvsgesture_clips(folder, split)
    unpacked = folder / _FOLDERS[split]
    files = unpacked.glob("*/*.npy") if unpacked.is_dir() else [*folder.glob("*.aedat"), *folder.glob("*_labels.csv")]
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
        clips = []
        for path in sorted(gestures.glob("*/*.npy"), key=lambda path: (path.parent.name, int(_class_name(path)))):
            clips.append(Clip(int(path.stem), path.parent.name, partial(read_gesture_npy, path)))
    elif listing.is_file():
        clips = []
        for name in listing.read_text().split():
            path = folder / name
            table = path.with_name(f"{path.stem}_labels.csv")
            clips += [
                Clip(label, path.stem, partial(_cut_file, path, start, stop))
                for label, start, stop in read_gesture_labels(table)
            ]
    else:
        raise DatasetError(f"{folder} has neither {gestures.name} (tonic's layout) nor {listing.name} (the original's)")
    if not clips:
        raise DatasetError(f"{folder} holds no clip of split {split!r}; get the data again")
    return clips


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
            lacking = [k for k in range(1, 11) if not (folder / f"{k}.bs2").is_file()]
            if lacking:
                raise DatasetError(f"{folder} lacks {lacking[0]}.bs2; complete it or remove it")
            content = digest([(folder / f"{k}.bs2").read_bytes() for k in range(1, 11)])
            used("dvsgesture-ten", "DvsGesture (ten recordings)", content)
            return [Clip(k - 1, str(k), partial(read_bs2, folder / f"{k}.bs2", SENSOR, SENSOR)) for k in range(1, 11)]
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


def read_gesture_npy(path: str | Path) -> EventStream:
    """A file of tonic's DvsGesture: shape (events, 4), columns x, y, polarity, time in milliseconds.

    Raises
    ------
    DatasetError
        A file that cannot be read or has another shape.
    """
    try:
        table = np.load(path)
    except (OSError, ValueError, EOFError) as error:
        raise DatasetError(f"{path} cannot be read as an array ({error}); get it again") from None
    if table.ndim != 2 or table.shape[1] != 4:
        raise DatasetError(f"{path} holds an array of shape {table.shape}, not (events, 4) with columns x, y, p, t")
    t = np.round(table[:, 3].astype(float) * 1000).astype(np.int64)
    x, y, p = (table[:, k].astype(np.int64) for k in range(3))
    return _named(path, x, y, p, t - (t.min() if len(t) else 0))


def read_aedat31(path: str | Path) -> EventStream:
    """The valid polarity events of an AEDAT 3.1 file; other events are passed over.

    A text header (lines that begin with #), then packets: 28 bytes of header (type, source: int16; size, offset of the
    time stamp, its overflows, capacity, number, valid: int32), then the events. A polarity event is a word (bit 0:
    valid, 1: polarity, 2 to 16: y, 17 to 31: x) and a time stamp in microseconds, 31 bits; overflows are added to it.

    Raises
    ------
    DatasetError
        A file that cannot be read, is of another version or is truncated.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}; check its name and permissions") from None
    if not content.startswith(b"#!AER-DAT3."):
        raise DatasetError(f"{path} is not an AEDAT 3 file; it must begin with #!AER-DAT3.1")
    place = 0
    while content[place : place + 1] == b"#":
        end = content.find(b"\n", place)
        line, place = content[place:end], (end + 1 if end >= 0 else len(content))
        if line.startswith(b"#!END-HEADER"):
            break
    words, times = [], []
    while place < len(content):
        header = content[place : place + _HEADER]
        if len(header) < _HEADER:
            raise DatasetError(f"{path} is truncated in a packet's header at byte {place:,}; get it again")
        kind, _ = np.frombuffer(header, "<i2", 2)
        size, _, overflow, capacity, number, _ = (int(v) for v in np.frombuffer(header, "<i4", 6, offset=4))
        place += _HEADER
        if size <= 0 or number < 0 or capacity < number or place + size * number > len(content):
            raise DatasetError(f"{path} is truncated or damaged at byte {place:,}; get it again")
        if kind == _POLARITY and size == _ITEM:
            items = np.frombuffer(content, [("data", "<u4"), ("t", "<i4")], number, offset=place)
            valid = items["data"] & 1 == 1
            words.append(items["data"][valid])
            times.append(items["t"][valid].astype(np.int64) + (overflow << 31))
        place += size * number
    word = np.concatenate(words) if words else np.zeros(0, np.uint32)
    t = np.concatenate(times) if times else np.zeros(0, np.int64)
    return _named(path, (word >> 17) & 0x7FFF, (word >> 2) & 0x7FFF, (word >> 1) & 1, t)


def read_gesture_labels(path: str | Path) -> list[tuple[int, int, int]]:
    """The gestures of a recording, ``(class from 0, start, stop)`` in microseconds of the recording's clock.

    Raises
    ------
    DatasetError
        A table that cannot be read, or with other columns than class, startTime_usec, endTime_usec.
    """
    names = ["class", "startTime_usec", "endTime_usec"]
    try:
        with open(path, newline="") as file:
            rows = [[field.strip() for field in row] for row in csv.reader(file) if row]
        if not rows or rows[0] != names:
            raise DatasetError(f"its first line must be {','.join(names)}")
        found = [tuple(map(int, row)) for row in rows[1:]]
        for label, start, stop in found:
            if not 1 <= label <= len(GESTURES) or stop <= start:
                raise DatasetError(f"class {label} from {start} to {stop} us makes no sense")
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as a table of gestures: {error}; get it again") from None
    return [(label - 1, start, stop) for label, start, stop in found]


def cut_gestures(recording: EventStream, labels: Iterable[tuple[int, int, int]]) -> list[tuple[int, EventStream]]:
    """Each gesture with its class from 0; times start at 0."""
    return [(label, recording.cut(start, stop)) for label, start, stop in labels]


def _cut_file(path: Path, start: int, stop: int) -> EventStream:
    return _last_recording(path).cut(start, stop)


@lru_cache(maxsize=1)
def _last_recording(path: Path) -> EventStream:
    return read_aedat31(path)  # its dozen gestures follow one another


def _class_name(path: Path) -> str:
    if not path.stem.isdigit() or int(path.stem) >= len(GESTURES):
        raise DatasetError(f"{path} is not named by a class, 0.npy to {len(GESTURES) - 1}.npy")
    return path.stem


def _named(path, x, y, p, t) -> EventStream:
    try:
        return EventStream.sorted(x.astype(np.int16), y.astype(np.int16), p, t, SENSOR, SENSOR)
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from None
