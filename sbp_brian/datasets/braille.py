"""Braille letters read by a robot's fingertip that slides over them: frames of four taxels, and events made from these.

``braille/braille_taxels.npz``: 27 letters (the blank, A to Z), 50 repetitions of each; twelve capacitive taxels at 40
frames a second, of which four vary. A value of 255 is an idle taxel, less is pressure.

Source: Müller-Cleve et al. 2022, Front Neurosci 16:951164, doi:10.3389/fnins.2022.951164; CC BY 4.0.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.archives import check_md5
from sbp_brian.datasets.checks import check_labels
from sbp_brian.datasets.lookup import locate, places
from sbp_brian.datasets.npy import opened_npz
from sbp_brian.errors import DatasetError
from sbp_brian.identity import digest, used
from sbp_brian.wording import number_in

__all__ = ["CHANNELS", "FRAMES", "FRAME_MS", "LETTERS", "Recordings", "event_counts", "load_braille"]

LETTERS, REPETITIONS = 27, 50
#: Frames of a recording that are kept: all have as many, and some one more.
FRAMES, FRAME_MS = 76, 25
#: Taxels that vary, of twelve.
TAXELS = (1, 2, 6, 10)
#: Of events: each taxel's rises of pressure, then each taxel's falls.
CHANNELS = 2 * len(TAXELS)
_MOST = 1 << 24


class Recordings(NamedTuple):
    """Recordings in the order of their repetitions, and of their letters within one.

    Attributes
    ----------
    frames : ndarray of uint8, shape (n, 76, 4)
        Pressure on each taxel that varies, 0 where it is idle.
    labels : ndarray of int, shape (n,)
        Letter, 0 the blank, 1 to 26 A to Z.
    repetitions : ndarray of int, shape (n,)
        0 to 49.
    """

    frames: np.ndarray
    labels: np.ndarray
    repetitions: np.ndarray


def load_braille() -> Recordings:
    """All recordings, wherever they are found (`sbp_brian.datasets.lookup`).

    Raises
    ------
    DatasetError
        The file is not there (it cannot be fetched), is not the published one, or its arrays do not fit together.
    """
    entry = catalogue.entry("braille")
    if (folder := locate(entry)) is None:
        searched = ", ".join(str(place / entry.folder) for place in places())
        raise DatasetError(f"{entry.title} were not found in {searched}; get them by {entry.remedy}")
    file = entry.files["taxels"]
    check_md5(folder / file.name, file.md5, entry.remedy)
    frames, labels, repetitions = _arrays(folder / file.name, entry.remedy)
    used("braille", f"{entry.title} ({len(labels):,} recordings)", digest(frames, labels, repetitions))
    order = np.lexsort((labels, repetitions))
    return Recordings(frames[order], labels[order].astype(int), repetitions[order].astype(int))


def _arrays(path: Path, remedy: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames as pressures, letters and repetitions, once they fit together."""
    with opened_npz(path, remedy) as read:
        taxels, offsets, labels, repetitions = (
            read(name, _MOST) for name in ("taxels", "offsets", "label", "repetition")
        )
    n = len(labels) if labels.ndim else 0
    if (
        not n
        or taxels.ndim != 2
        or taxels.shape[1] <= max(TAXELS)
        or taxels.dtype != np.uint8
        or [values.shape for values in (labels, repetitions, offsets)] != [(n,), (n,), (n + 1,)]
        or not {values.dtype.kind for values in (labels, repetitions, offsets)} <= set("iu")
    ):
        raise DatasetError(f"{path}: taxels, offsets, label and repetition do not fit together; {remedy}")
    ends = offsets.astype(np.int64)  # differences of unsigned numbers would wrap
    if ends[0] != 0 or ends[-1] != len(taxels) or np.diff(ends).min() < FRAMES:
        raise DatasetError(
            f"{path}: the offsets do not cut {len(taxels):,} frames into recordings of {FRAMES}; {remedy}"
        )
    check_labels(labels, LETTERS, path, remedy)
    check_labels(repetitions, REPETITIONS, path, remedy)
    kept = ends[:-1, None] + np.arange(FRAMES)
    return 255 - taxels[kept][:, :, TAXELS], labels, repetitions


def event_counts(frames: np.ndarray, steps: int, threshold: int = 1) -> np.ndarray:
    """How many events each taxel gives in each step, by delta coding.

    Between two frames pressure changes along a straight line. An event comes whenever it has moved by `threshold` from
    where it was at the taxel's last event, or at first from where it began; rises and falls have channels of their own.
    An event at the very end of a step belongs to it.

    Parameters
    ----------
    frames : ndarray of int, shape (n, frames, taxels)
    steps : int
        Equal steps into which the time from the first frame to the last is cut.
    threshold : int
        In units of `frames`.

    Returns
    -------
    ndarray of int, shape (n, steps, 2*taxels)
        Rises of all taxels, then falls.

    Raises
    ------
    DatasetError
        `steps` or `threshold` below 1 or not whole, or fewer than two frames.
    """
    for name, value in (("steps", steps), ("threshold", threshold)):
        if wrong := number_in(name, value, "[1, inf)", whole=True):
            raise DatasetError(wrong)
    values = np.asarray(frames, np.int64)
    if values.ndim != 3 or values.shape[1] < 2:
        raise DatasetError(f"frames must have the shape (n, frames, taxels), two frames or more, got {values.shape}")
    n, length, taxels = values.shape
    counts = np.zeros((n, steps, 2 * taxels), np.int64)
    level = values[:, 0].copy()
    for k in range(1, length):
        before, after = values[:, k - 1], values[:, k]
        sign, crossed = np.sign(after - level), np.abs(after - level) // threshold
        for j in range(1, int(crossed.max(initial=0)) + 1):
            sample, taxel = np.nonzero(crossed >= j)
            up, start = sign[sample, taxel], before[sample, taxel]
            passed = np.abs(level[sample, taxel] + up * j * threshold - start)
            whole = np.abs(after[sample, taxel] - start)
            step = (((k - 1) * whole + passed) * steps - 1) // ((length - 1) * whole)
            np.add.at(counts, (sample, step, taxel + taxels * (up < 0)), 1)
        level += sign * crossed * threshold
    return counts
