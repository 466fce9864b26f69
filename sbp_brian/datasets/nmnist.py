"""N-MNIST: MNIST's digits seen by a moving event camera, in the forms in which they are handed on.

- ``Train/5/00001.bin`` and ``Test/7/00001.bin`` (official, as folders or as train.zip and test.zip): a digit a file,
  five bytes an event (`sbp_brian.datasets.event_streams`), 34 x 34 pixels, three saccades in about 0.3 s.
  The whole set or nothing: what has fewer digits than were published is refused. `nmnist_clips` reads any part.
- ``nmnist_small/nmnist_small.npz``: 1,000 digits to train and 100 to test, those that the tests of slayerPytorch hold.

Source: Orchard, Jayawant, Cohen & Thakor 2015, Front Neurosci 9:437, doi:10.3389/fnins.2015.00437; CC BY-SA 4.0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path, PurePosixPath

import numpy as np

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.archives import check_md5, zip_member, zip_members
from sbp_brian.datasets.checks import check_labels, check_number
from sbp_brian.datasets.dvsgesture import Clip
from sbp_brian.datasets.event_streams import EVENT_BYTES, EventStream, decode_bs2, read_bs2
from sbp_brian.datasets.lookup import find_file, locate, places, sizes
from sbp_brian.datasets.npy import opened_npz
from sbp_brian.datasets.reading import naming
from sbp_brian.errors import DatasetError
from sbp_brian.identity import digest, used
from sbp_brian.wording import number_in, unknown

__all__ = ["SENSOR", "SIDE", "load_nmnist", "nmnist_clips", "nmnist_small", "packed_events"]

SENSOR = 34
#: Columns and rows that are left when the margin is cut off.
SIDE = 32
_FOLDERS = {"train": "Train", "test": "Test"}
#: Events of a digit; there are some 4,000 in its 0.3 s.
MOST_EVENTS = 1 << 18
#: Digits in nmnist_small.npz, and their events.
_MOST_DIGITS, _MOST_IN_ALL = 70_000, 1 << 24
_AGAIN = "get it again"


def load_nmnist(split: str) -> list[Clip]:
    """The official set, wherever it is found (`sbp_brian.datasets.lookup`): unpacked or as zip files.

    Parameters
    ----------
    split : str
        ``"train"`` (60,000) or ``"test"`` (10,000).

    Returns
    -------
    list of Clip
        In the order of MNIST; a digit's events are read when asked for.

    Raises
    ------
    DatasetError
        Unknown split; the set is not there, only in part, or its zip file is not the published one.
    """
    if split not in _FOLDERS:
        raise DatasetError(unknown("split", split, _FOLDERS))
    entry = catalogue.entry("nmnist")
    part = "a part that is meant is read by nmnist_clips(folder)"
    for place in places():
        folder = place / entry.folder / _FOLDERS[split]
        if folder.is_dir():
            clips = nmnist_clips(folder)
            remedy = f"complete it or remove it, then {entry.remedy}; {part}"
            check_number(len(clips), entry.numbers[split], f"digits of {entry.title}", folder, remedy)
            with naming(f"the files of {folder} cannot be counted", "check their permissions"):
                used(f"nmnist/{split}", "N-MNIST", sizes(folder.glob("[0-9]/*.bin")))
            return clips
    if (folder := locate(entry)) is None:
        searched = ", ".join(str(place / entry.folder) for place in places())
        raise DatasetError(f"N-MNIST was not found in {searched}; get it by {entry.remedy}, or set SBP_DATA")
    archive = find_file(folder, entry.files[split].name)
    check_md5(archive, entry.files[split].md5, entry.remedy)
    clips = nmnist_clips(archive)
    remedy = f"remove it and get it again ({entry.remedy}); {part}"
    check_number(len(clips), entry.numbers[split], f"digits of {entry.title}", archive, remedy)
    members = zip_members(archive, _AGAIN).values()
    used(f"nmnist/{split}", "N-MNIST", digest(sorted((file.filename, file.CRC) for file in members)))
    return clips


def nmnist_clips(where: str | Path) -> list[Clip]:
    """The digits of a folder with one folder a class, or of a zip file of it.

    Raises
    ------
    DatasetError
        Where there are none, two of one number, or the zip file is damaged or holds more than digits can have.
    """
    where = Path(where)
    if where.is_dir():
        with naming(f"{where} cannot be listed", "check its permissions"):
            paths = sorted(where.glob("[0-9]/*.bin"), key=lambda path: path.stem)
        clips = [Clip(int(path.parent.name), path.stem, partial(_from_file, path)) for path in paths]
    else:
        members = zip_members(where, _AGAIN)
        names = sorted(map(PurePosixPath, members), key=lambda name: name.stem)
        names = [name for name in names if name.suffix == ".bin" and name.parent.name in set("0123456789")]
        for name in names:
            if (size := members[str(name)].file_size) > EVENT_BYTES * MOST_EVENTS:
                raise DatasetError(
                    f"{where}: {name} unpacks to {size // EVENT_BYTES:,} events, more than the {MOST_EVENTS:,} of a "
                    f"digit; {_AGAIN}"
                )
        clips = [Clip(int(name.parent.name), name.stem, partial(_from_zip, where, str(name))) for name in names]
    if not clips:
        raise DatasetError(f"{where} holds no digits as <class>/<number>.bin; get the data again")
    for clip, following in pairwise(clips):
        if clip.recording == following.recording:
            raise DatasetError(
                f"{where} holds digit {clip.recording} in the classes {clip.label} and {following.label}; get the data "
                "again"
            )
    return clips


def nmnist_small(split: str) -> list[Clip]:
    """1,000 digits to train (MNIST's first) or 100 to test.

    Raises
    ------
    DatasetError
        Unknown split, the file is not there (it cannot be fetched), or what it holds is wrong.
    """
    if split not in _FOLDERS:
        raise DatasetError(unknown("split", split, _FOLDERS))
    path = next((found for place in places() if (found := place / "nmnist_small" / "nmnist_small.npz").is_file()), None)
    if path is None:
        raise DatasetError(
            "the 1,100 digits (nmnist_small/nmnist_small.npz) were not found; 'sbp data fetch nmnist' "
            "gets the whole set, or set SBP_DATA to the folder above nmnist_small"
        )
    x, y, p, t, offsets, labels, number, train = arrays = _small_arrays(path)
    used(f"nmnist-small/{split}", f"N-MNIST ({len(labels):,} digits)", digest(*arrays))

    def read(k):
        part = slice(offsets[k], offsets[k + 1])
        try:
            return EventStream(x[part], y[part], p[part], t[part].astype(np.int64), SENSOR, SENSOR)
        except DatasetError as error:
            raise DatasetError(f"{path}: digit {number[k]}: {error}") from None

    return [Clip(int(labels[k]), str(number[k]), partial(read, k)) for k in np.flatnonzero(train == (split == "train"))]


def _small_arrays(path: Path) -> tuple[np.ndarray, ...]:
    """x, y, p, t, offsets, labels, numbers and whether to train with it, once they fit together."""
    again = "copy it again"
    with opened_npz(path, again) as read:
        offsets, labels, number, train = (
            read(name, 8 * (_MOST_DIGITS + 1)) for name in ("offsets", "labels", "mnist_id", "is_train")
        )
        n = len(labels) if labels.ndim else 0
        shapes = [values.shape for values in (labels, number, train, offsets)]
        kinds = {values.dtype.kind for values in (labels, number, offsets)} | {train.dtype.kind.replace("b", "u")}
        if not n or shapes != [(n,)] * 3 + [(n + 1,)] or not kinds <= set("iu"):
            raise DatasetError(f"{path}: offsets, labels, mnist_id and is_train do not fit together; {again}")
        check_labels(labels, 10, path, again)
        ends = offsets.astype(np.int64)  # differences of unsigned numbers would wrap
        if ends[0] != 0 or (np.diff(ends) < 0).any() or ends[-1] > _MOST_IN_ALL:
            raise DatasetError(f"{path}: the offsets do not rise from 0 to at most {_MOST_IN_ALL:,} events; {again}")
        x, y, p, t = (read(name, 8 * int(offsets[-1])) for name in ("x", "y", "p", "t_us"))
    for name, values in (("x", x), ("y", y), ("p", p), ("t_us", t)):
        if values.shape != (offsets[-1],) or values.dtype.kind not in "iub":
            raise DatasetError(
                f"{path}: {name} must hold {offsets[-1]:,} whole numbers, not {values.dtype} {values.shape}; {again}"
            )
    return x, y, p, t, offsets, labels, number, train


def packed_events(clips: Sequence[Clip], steps: int, step_us: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Digits as spikes in steps, cropped to 32 x 32: a cell for each pixel and polarity, on first.

    Several events of a pixel in one step make one spike; what comes after the last step is left out.

    Parameters
    ----------
    clips : sequence of Clip
    steps : int
    step_us : int
        Length of a step (microseconds).

    Returns
    -------
    bits : ndarray of uint8, shape (n, steps*2*32*32/8)
        As `numpy.packbits` packs spikes of shape (n, steps, 2048).
    labels : ndarray of int, shape (n,)

    Raises
    ------
    DatasetError
        `steps` or `step_us` below 1, or a clip that cannot be read.
    """
    for name, value in (("steps", steps), ("step_us", step_us)):
        if wrong := number_in(name, value, "[1, inf)", whole=True):
            raise DatasetError(wrong)
    bits = np.zeros((len(clips), -(-steps * 2 * SIDE * SIDE // 8)), np.uint8)
    for row, clip in zip(bits, clips, strict=True):
        row[:] = np.packbits(_cropped(clip.read()).frames(step_us, steps, polarities=True).ravel() > 0)
    return bits, np.array([clip.label for clip in clips], int)


def _cropped(stream: EventStream) -> EventStream:
    """Without the last columns and rows."""
    kept = (stream.x < SIDE) & (stream.y < SIDE)
    return EventStream(stream.x[kept], stream.y[kept], stream.p[kept], stream.t[kept], SIDE, SIDE)


def _from_file(path: Path) -> EventStream:
    return read_bs2(path, SENSOR, SENSOR, most_events=MOST_EVENTS)


def _from_zip(archive: Path, name: str) -> EventStream:
    content = zip_member(archive, name, EVENT_BYTES * MOST_EVENTS, _AGAIN)
    if not content:
        raise DatasetError(f"{archive}: {name} is empty; {_AGAIN}")
    try:
        return decode_bs2(content, SENSOR, SENSOR)
    except DatasetError as error:
        raise DatasetError(f"{archive}: {name}: {error}") from None
