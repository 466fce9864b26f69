"""Samples, which of them are for what, and what a running network may ask about the one that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from brian2 import Quantity

from sbp_brian.brian.copies import by_copy
from sbp_brian.errors import SampleError
from sbp_brian.training.deformation import ImageTable
from sbp_brian.training.encoding import BitTable, ByteTable
from sbp_brian.training.rows import DividedRows, check_arrays, check_rows
from sbp_brian.wording import names_parameters, number_in, takes_booleans

__all__ = ["Presentation", "Samples"]


@names_parameters
@dataclass(frozen=True, eq=False)
class Samples(DividedRows):
    """Labelled samples and which of them are for what.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, features)
        One sample a row; 0 is silence.
    labels : ndarray of int, shape (n,)
        Class of each sample, 0 to classes - 1.
    classes : int
        Number of classes.
    training, validation, test : ndarray of int
        Rows of each part; no row may be in two.
    targets : ndarray of uint8, shape (n, outputs), optional
        Where several outputs may be right at once: 1 for those, 0 for the others. Answers are then scored by the cosine
        of outputs and targets instead of by the class.

    Raises
    ------
    SampleError
        NaN in images, wrong types or shapes, labels outside the classes, targets that are neither 0 nor 1 or all 0,
        rows outside the table, or a row that serves two purposes.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: int
    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    targets: np.ndarray | None = None

    def __post_init__(self):
        check_arrays(self, ("images", "labels"), SampleError)
        if self.targets is not None:
            check_arrays(self, ("targets",), SampleError)
        if refusal := number_in("classes", self.classes, "[1, inf)", whole=True):
            raise SampleError(refusal)
        if self.images.dtype.kind == "f" and self.images.ndim and not np.isfinite(self.images).all():
            wrong = np.argwhere(~np.isfinite(self.images))[0][0]
            raise SampleError(f"image {wrong} holds NaN or an infinite value; remove or repair it")
        if self.images.dtype != np.uint8 or self.images.ndim != 2:
            got = f"{self.images.dtype} {self.images.shape}"
            raise SampleError(f"images must be uint8 of shape (n, features), got {got}")
        if self.labels.shape != (len(self.images),):
            raise SampleError(f"{len(self.images)} images need as many labels, got shape {self.labels.shape}")
        if self.labels.dtype.kind not in "iu":
            raise SampleError(f"labels must be whole numbers, not {self.labels.dtype}; use labels.astype(int)")
        wrong = np.flatnonzero((self.labels < 0) | (self.labels >= self.classes))
        if len(wrong):
            raise SampleError(
                f"label {self.labels[wrong[0]]} of sample {wrong[0]} is outside the classes 0 to {self.classes - 1}"
            )
        if self.targets is not None and (
            self.targets.dtype != np.uint8 or self.targets.ndim != 2 or len(self.targets) != len(self.images)
        ):
            got = f"{self.targets.dtype} {self.targets.shape}"
            raise SampleError(f"targets must be uint8 of shape ({len(self.images)}, outputs), got {got}")
        if self.targets is not None and self.targets.size and self.targets.max() > 1:
            wrong = int(self.targets.max(1).argmax())
            raise SampleError(
                f"targets must be 0 or 1, those of sample {wrong} reach {self.targets[wrong].max()}; correct them"
            )
        self._check_rows(len(self.images), SampleError, "sample")
        if self.targets is not None:
            used = np.concatenate([np.asarray(rows, int) for rows in (self.training, self.validation, self.test)])
            if len(empty := used[~self.targets[used].any(1)]):
                raise SampleError(f"the targets of sample {empty[0]} are all 0, which no answer meets; leave it out")

    def _content(self) -> dict[str, object]:
        return {"inputs": self.images, "labels": (np.asarray(self.labels, np.int64), self.classes)} | (
            {} if self.targets is None else {"targets": self.targets}
        )

    @classmethod
    def join(
        cls, parts: Mapping[str, tuple[np.ndarray, np.ndarray]], classes: int, targets: np.ndarray | None = None
    ) -> Samples:
        """Samples from separate arrays (images, labels) named training, validation and test; targets in that order."""
        (images, labels), rows = cls._joined(parts)
        numbers = labels.astype(int) if np.isfinite(labels).all() else labels
        return cls(images, numbers if (numbers == labels).all() else labels, classes, **rows, targets=targets)

    def with_shuffled_training_labels(self, seed: int) -> Samples:
        """The control in which the training labels tell nothing about the images."""
        targets = None if self.targets is None else self._shuffled(self.targets, seed)
        return replace(self, labels=self._shuffled(self.labels, seed), targets=targets)

    @property
    def target_table(self) -> np.ndarray:
        """The targets, or where there are none 1 for each sample's class; uint8, shape (n, outputs)."""
        return np.eye(self.classes, dtype=np.uint8)[self.labels] if self.targets is None else self.targets


@dataclass(frozen=True, eq=False)
class Presentation:
    """What the code of a network may ask about the sample that is being shown.

    ======================= ==================================================================
    in code                 value (dimensionless)
    ======================= ==================================================================
    ``sample_value(k, i)``  feature i of sample k, 0 to 1 (`ByteTable`)
    ``sample_at(k, y, x)``  what sample k has at row y and column x, between pixels too (`ImageTable`); on request
    ``sample_bit(k, i)``    in its place, where samples are read as bits: bit i of sample k (`BitTable`)
    ``shown(t)``            number of the sample shown at time t
    ``target_class(t)``     its class
    ``target_value(k, j)``  what output j should be for sample k, 0 or 1; where `targets` are given
    ``teaching(t)``         1 where there is a teacher, else 0
    ======================= ==================================================================

    Parameters
    ----------
    images : ndarray of uint8, shape (n, features)
    capacity : int
        The most samples that one run shows.
    duration : Quantity (second)
        How long each is shown.
    targets : ndarray of uint8, shape (n, outputs), optional
    """

    images: np.ndarray
    capacity: int
    duration: Quantity
    targets: np.ndarray | None = None

    @takes_booleans
    def namespace(self, *, bits: bool = False, width: int | None = None) -> dict[str, Any]:
        """The functions, new ones for each network; all samples are row 0 without a teacher until a run sets them.

        Parameters
        ----------
        bits : bool
            Samples are bits, as `sbp_brian.training.encoding.spike_bytes` packs them.
        width : int, optional
            Samples are images with so many pixels in a row, and may be read between pixels: ``sample_at``.
        """
        nothing = np.zeros(self.capacity + 1)
        tables = (
            {"sample_bit": BitTable(self.images, name="sample_bit")}
            if bits
            else {"sample_value": ByteTable(self.images, name="sample_value")}
        )
        if width is not None:
            tables["sample_at"] = ImageTable(self.images, width, name="sample_at")
        if self.targets is not None:
            tables["target_value"] = ByteTable(self.targets, scale=1.0, name="target_value")
        return tables | {
            name: by_copy(nothing.copy(), self.duration, name) for name in ("shown", "target_class", "teaching")
        }

    def check(self, rows: np.ndarray) -> None:
        """Refuse rows that cannot be shown: outside the table, which a compiled program would read all the same.

        Raises
        ------
        SampleError
            Rows that are no whole numbers or name no sample, or are more than one run can show.
        """
        check_rows(rows, len(self.images), SampleError)
        if len(rows) > self.capacity:
            raise SampleError(f"{len(rows)} samples are more than the {self.capacity} that one run can show")

    def settings(self, rows: np.ndarray, labels: np.ndarray, teaching: np.ndarray) -> dict[str, np.ndarray]:
        """Run arguments that show the samples `rows` in this order; see `check` for what is refused."""
        self.check(rows)
        padded = {}
        for name, values in (("shown", rows), ("target_class", labels), ("teaching", teaching)):
            padded[f"{name}.values"] = np.zeros(self.capacity + 1)
            padded[f"{name}.values"][: len(rows)] = values
        return padded
