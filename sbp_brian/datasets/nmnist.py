"""N-MNIST: MNIST's digits seen by a moving event camera, in the forms in which they are handed on.

- ``Train/5/00001.bin`` and ``Test/7/00001.bin`` (official, as folders or as train.zip and test.zip): a digit a file,
  five bytes an event (`sbp_brian.datasets.event_streams`), 34 x 34 pixels, three saccades in about 0.3 s.
- ``nmnist_small/nmnist_small.npz``: 1,000 digits to train and 100 to test, those that the tests of slayerPytorch hold.

Source: Orchard, Jayawant, Cohen & Thakor 2015, Front Neurosci 9:437, doi:10.3389/fnins.2015.00437; CC BY-SA 4.0.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.dvsgesture import Clip
from sbp_brian.datasets.event_streams import EventStream, decode_bs2, read_bs2
from sbp_brian.datasets.lookup import find_file, locate, places, sizes
from sbp_brian.errors import DatasetError
from sbp_brian.identity import digest, used
from sbp_brian.wording import unknown

__all__ = ["SENSOR", "SIDE", "load_nmnist", "nmnist_clips", "nmnist_small", "packed_events"]

SENSOR = 34
#: Columns and rows that are left when the margin is cut off.
SIDE = 32
_FOLDERS = {"train": "Train", "test": "Test"}


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
        Unknown split, or the set is not there.
    """
    if split not in _FOLDERS:
        raise DatasetError(unknown("split", split, _FOLDERS))
    entry = catalogue.entry("nmnist")
    for place in places():
        if (place / entry.folder / _FOLDERS[split]).is_dir():
            folder = place / entry.folder / _FOLDERS[split]
            used(f"nmnist/{split}", "N-MNIST", sizes(folder.glob("[0-9]/*.bin")))
            return nmnist_clips(folder)
    if (folder := locate(entry)) is None:
        searched = ", ".join(str(place / entry.folder) for place in places())
        raise DatasetError(f"N-MNIST was not found in {searched}; get it by {entry.remedy}, or set SBP_DATA")
    archive = find_file(folder, entry.files[split].name)
    clips = nmnist_clips(archive)
    with zipfile.ZipFile(archive) as packed:
        used(f"nmnist/{split}", "N-MNIST", digest(sorted((file.filename, file.CRC) for file in packed.infolist())))
    return clips


def nmnist_clips(where: str | Path) -> list[Clip]:
    """The digits of a folder with one folder a class, or of a zip file of it.

    Raises
    ------
    DatasetError
        Where there are none, or the zip file is damaged.
    """
    where = Path(where)
    if where.is_dir():
        paths = sorted(where.glob("[0-9]/*.bin"), key=lambda path: path.stem)
        clips = [Clip(int(path.parent.name), path.stem, partial(read_bs2, path, SENSOR, SENSOR)) for path in paths]
    else:
        try:
            with zipfile.ZipFile(where) as packed:
                names = [Path(name) for name in packed.namelist() if name.endswith(".bin")]
        except (OSError, zipfile.BadZipFile) as error:
            raise DatasetError(f"{where} cannot be read as a zip file ({error}); get it again") from None
        clips = [
            Clip(int(name.parent.name), name.stem, partial(_from_zip, where, name.as_posix()))
            for name in sorted(names, key=lambda name: name.stem)
            if name.parent.name in set("0123456789")
        ]
    if not clips:
        raise DatasetError(f"{where} holds no digits as <class>/<number>.bin; get the data again")
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
    try:
        with np.load(path) as file:
            x, y, p, t, offsets, labels, number, train = (
                file[name] for name in ("x", "y", "p", "t_us", "offsets", "labels", "mnist_id", "is_train")
            )
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); copy it again") from None

    used(f"nmnist-small/{split}", "N-MNIST (1,100 digits)", digest(x, y, p, t, offsets, labels, number, train))

    def read(k):
        part = slice(offsets[k], offsets[k + 1])
        return EventStream(x[part], y[part], p[part], t[part].astype(np.int64), SENSOR, SENSOR)

    return [Clip(int(labels[k]), str(number[k]), partial(read, k)) for k in np.flatnonzero(train == (split == "train"))]


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
    """
    bits = np.zeros((len(clips), -(-steps * 2 * SIDE * SIDE // 8)), np.uint8)
    for row, clip in zip(bits, clips, strict=True):
        row[:] = np.packbits(_cropped(clip.read()).frames(step_us, steps, polarities=True).ravel() > 0)
    return bits, np.array([clip.label for clip in clips], int)


def _cropped(stream: EventStream) -> EventStream:
    """Without the last columns and rows."""
    kept = (stream.x < SIDE) & (stream.y < SIDE)
    return EventStream(stream.x[kept], stream.y[kept], stream.p[kept], stream.t[kept], SIDE, SIDE)


def _from_zip(archive: Path, name: str) -> EventStream:
    try:
        with zipfile.ZipFile(archive) as packed:
            return decode_bs2(packed.read(name), SENSOR, SENSOR)
    except (OSError, KeyError, zipfile.BadZipFile, DatasetError) as error:
        raise DatasetError(f"{archive}: {name}: {error}") from None
