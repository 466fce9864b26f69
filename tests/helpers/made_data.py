"""Small data sets in the formats and under the names of the published ones, of random content.

For tests that ask what a run would be made of, not what real data are.
"""

import hashlib
import struct
from dataclasses import replace

import numpy as np
from scipy.io import savemat

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.event_streams import EventStream, encode_bs2
from sbp_brian.datasets.nettalk_split import TEST_ROWS
from sbp_brian.datasets.yin_yang import yin_yang, yin_yang_class


def idx(array):
    """The bytes of an idx file."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def publish(patch, name, *, numbers=None, archives=None):
    """Say in the catalogue that what a test has made is the published set: how many samples, what archives by role."""
    entry = catalogue.CATALOGUE[name]
    files = {
        role: replace(entry.files[role], md5=hashlib.md5(path.read_bytes()).hexdigest())
        for role, path in (archives or {}).items()
    }
    patch.setitem(
        catalogue.CATALOGUE, name, replace(entry, files=entry.files | files, numbers=entry.numbers | (numbers or {}))
    )


def lay_out(folder, patch):
    """Make all sets in `folder`, where they are found first; `patch` is pytest's monkeypatch."""
    rng = np.random.default_rng(7)
    images(folder, "fashion-mnist", patch)
    _windows(folder / "nettalk", rng, patch)
    recordings(folder)
    _digits(folder / "nmnist_small", rng)
    letters(folder, patch, of=3)
    patch.setenv("SBP_DATA", str(folder))


def images(place, name, patch, n_train=6100, n_test=20):
    """MNIST or Fashion-MNIST below `place`."""
    entry, files, folder, rng = catalogue.CATALOGUE[name], {}, place / name, np.random.default_rng(1)
    folder.mkdir()
    for role, file in entry.files.items():
        n = n_train if role.startswith("train") else n_test
        shape = (n, 28, 28) if role.endswith("images") else (n,)
        content = idx(rng.integers(0, 256 if len(shape) > 1 else 10, shape, dtype=np.uint8))
        (folder / file.name).write_bytes(content)
        files[role] = replace(file, shape=shape, md5=hashlib.md5(content).hexdigest())
    patch.setitem(catalogue.CATALOGUE, name, replace(entry, files=files))


def _windows(folder, rng, patch, letters=27, features=26):
    folder.mkdir()
    n = max(TEST_ROWS) + 1
    inputs = np.eye(letters, dtype=np.uint8)[rng.integers(0, letters, (n, 7))].reshape(n, -1)
    targets = np.eye(features, dtype=np.uint8)[rng.integers(0, features, n)]
    path = folder / "nettalk_small.mat"
    savemat(path, {"word_x": inputs, "word_phoneme": targets}, do_compression=True)
    entry = catalogue.CATALOGUE["nettalk-small"]
    file = replace(entry.files["arrays"], md5=hashlib.md5(path.read_bytes()).hexdigest())
    patch.setitem(catalogue.CATALOGUE, "nettalk-small", replace(entry, files={"arrays": file}))


def recordings(place, n=20_000, length_us=1_450_000):
    """Ten recordings of gestures below `place`; each has its events in a square of its own, and more of them."""
    folder, rng = place / "dvsgesture_slayer10", np.random.default_rng(2)
    folder.mkdir()
    for k in range(1, 11):
        events = n + 2000 * k
        x, y = np.array([[9 * k], [90 - 9 * k]], np.uint8) + rng.integers(0, 32, (2, events), dtype=np.uint8)
        on = rng.integers(0, 2, events, dtype=np.uint8)
        stream = EventStream(x, y, on, _times(rng, events, length_us), 128, 128)
        (folder / f"{k}.bs2").write_bytes(encode_bs2(stream))


def _digits(folder, rng, n_train=60, n_test=20, events=200):
    folder.mkdir()
    n = n_train + n_test
    x, y = rng.integers(0, 34, (2, n * events), dtype=np.uint8)
    np.savez(
        folder / "nmnist_small.npz",
        x=x,
        y=y,
        p=rng.integers(0, 2, n * events, dtype=np.uint8),
        t_us=np.concatenate([_times(rng, events, 300_000) for _ in range(n)]).astype(np.uint32),
        offsets=events * np.arange(n + 1),
        labels=rng.integers(0, 10, n, dtype=np.uint8),
        mnist_id=np.arange(n),
        is_train=np.arange(n) < n_train,
    )


def letters(place, patch, repetitions=50, of=27):
    """Recordings of Braille letters below `place`: a press whose time and taxel are the letter's."""
    folder, rng = place / "braille", np.random.default_rng(3)
    folder.mkdir()
    labels, repetition = (each.ravel() for each in np.mgrid[:of, :repetitions])
    lengths = 76 + np.arange(len(labels)) % 2
    offsets = np.r_[0, np.cumsum(lengths)]
    taxels = np.full((offsets[-1], 12), 255, np.uint8)
    for k, label in enumerate(labels):
        start = offsets[k] + 4 + 2 * label
        taxels[start : start + 6, (1, 2, 6, 10)[label % 4]] = 215 - rng.integers(0, 10, 6)
    path = folder / "braille_taxels.npz"
    np.savez(path, taxels=taxels, offsets=offsets.astype(np.uint32), label=labels, repetition=repetition)
    publish(patch, "braille", archives={"taxels": path})


def published_points(place, patch, sizes=(("train", 40), ("validation", 6), ("test", 6))):
    """Yin-Yang's published files below `place`, of fewer points; as published, classes 0 and 1 change places."""
    folder, archives = place / "yin_yang_publication", {}
    folder.mkdir()
    for k, (part, n) in enumerate(sizes):
        images, labels = yin_yang(n, k)
        x, y = images[:, :2].T / 255
        kind = yin_yang_class(x, y)
        kept = kind == labels  # a rounded point may lie beyond a border
        samples = np.column_stack([x, y, 1 - x, 1 - y])[kept]
        for name, values in (("samples", samples), ("labels", np.array([1, 0, 2])[kind[kept]])):
            archives[f"{part}-{name}"] = folder / f"{part}_{name}.npy"
            np.save(archives[f"{part}-{name}"], values)
    publish(patch, "yin-yang-publication", archives=archives)


def _times(rng, n, length_us):
    return np.sort(rng.integers(0, length_us, n))
