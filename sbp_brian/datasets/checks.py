"""What a loaded data set is, and what is refused before a network sees it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sbp_brian.errors import DatasetError

__all__ = ["Dataset", "check_images", "check_labels", "check_number"]


@dataclass(frozen=True)
class Dataset:
    """Images with their labels, and where they came from.

    Attributes
    ----------
    images : ndarray, uint8, shape (n, pixels)
        Grey values from 0 to 255, row by row.
    labels : ndarray, uint8, shape (n,)
    name : str
        E.g. ``"MNIST"``.
    split : str
        ``"train"``, ``"fit"``, ``"validation"`` or ``"test"``.
    which : str
        ``"full"``, or what part of the data set this is.
    where : Path
        The file or folder that was read.
    classes : int
        Number of classes; labels are below it.
    """

    images: np.ndarray
    labels: np.ndarray
    name: str
    split: str
    which: str
    where: Path
    classes: int = 10

    def __len__(self) -> int:
        return len(self.labels)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """``(images, labels)``."""
        return self.images, self.labels

    @property
    def embedded(self) -> bool:
        """Whether this is only the small sample that a dependency ships."""
        return self.which != "full"

    @property
    def provenance(self) -> str:
        """What was read, in words and without a path, for a record or a report."""
        return f"{self.name} ({self.which}), {self.split} split: {len(self):,} images"


def check_images(images, labels, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Refuse what a network cannot learn from; give both back as arrays.

    Parameters
    ----------
    images : array_like, shape (n, pixels)
        Real numbers, all finite.
    labels : array_like, shape (n,)
        Whole numbers from 0 to ``classes - 1``.
    classes : int

    Returns
    -------
    images, labels : ndarray

    Raises
    ------
    DatasetError
        Naming the first image or label that is wrong.
    """
    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim != 2 or not np.issubdtype(images.dtype, np.number) or np.iscomplexobj(images):
        raise DatasetError(
            f"images must be real numbers of shape (n, pixels), not {images.dtype} of shape "
            f"{images.shape}; use images.reshape(len(images), -1)"
        )
    if labels.ndim != 1 or len(labels) != len(images):
        raise DatasetError(f"{len(images)} images need labels of shape ({len(images)},), not {labels.shape}")
    if len(images) == 0:
        raise DatasetError("there are no images; choose a split or a number of samples greater than 0")
    if not np.issubdtype(images.dtype, np.integer):
        bad = np.flatnonzero(~np.isfinite(images).all(axis=1))
        if len(bad):
            raise DatasetError(
                f"image {bad[0]} holds NaN or infinite values ({len(bad)} of {len(images)} images do); "
                "remove or repair them"
            )
    if not np.issubdtype(labels.dtype, np.integer):
        raise DatasetError(f"labels must be whole numbers, not {labels.dtype}; use labels.astype(int)")
    bad = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(bad):
        raise DatasetError(
            f"label {labels[bad[0]]} of image {bad[0]} is outside 0 to {classes - 1} "
            f"({len(bad)} labels are); correct the labels or the number of classes"
        )
    return images, labels


def check_number(found: int, published: int, what: str, where: Path, remedy: str) -> None:
    """Refuse part of a published set where the whole is asked for, or more than it.

    Raises
    ------
    DatasetError
        Naming both numbers.
    """
    if found != published:
        why = "it was unpacked or copied in part" if found < published else "something else lies among them"
        raise DatasetError(f"{where} holds {found:,} of the {published:,} {what}: {why}; {remedy}")


def check_labels(labels: np.ndarray, classes: int, where: str | Path, remedy: str) -> None:
    """Refuse labels of a file that are outside its classes.

    Raises
    ------
    DatasetError
        Naming the file and the first of them.
    """
    bad = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(bad):
        raise DatasetError(
            f"{where} has the label {labels[bad[0]]} at {bad[0]:,}, outside 0 to {classes - 1} ({len(bad):,} are); "
            f"{remedy}"
        )
