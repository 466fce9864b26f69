"""Valid files of each format that data come in, and hostile variants of them by a seed.

``attempt(kind, seed, folder)`` damages a valid file, lays it where the package looks for it, and reads it. Checksums
are set aside, so that the damage reaches what takes the format apart. What comes back is read, or refused in one line.
"""

import contextlib
import gzip
import io
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from unittest import mock

import numpy as np
from scipy.io import savemat

from sbp_brian.datasets import catalogue
from sbp_brian.datasets.dvsgesture import load_dvsgesture
from sbp_brian.datasets.event_streams import EventStream, encode_bs2, read_bs2
from sbp_brian.datasets.gesture_files import read_aedat31, read_gesture_labels, read_gesture_npy
from sbp_brian.datasets.idx import read_idx
from sbp_brian.datasets.nettalk import load_nettalk
from sbp_brian.datasets.nettalk_split import TEST_ROWS
from sbp_brian.datasets.nmnist import nmnist_clips, nmnist_small
from sbp_brian.errors import DatasetError
from tests.helpers.made_data import idx

SHAPE = (20, 6, 6)


# ------------------------------------------------------------------------------------------------------------ damages
def truncate(content, rng):
    """Without what comes after a random byte."""
    return content[: rng.integers(0, max(1, len(content)))]


def flip(content, rng):
    """One to eight bytes changed, anywhere."""
    return _changed(content, rng, len(content))


def flip_head(content, rng):
    """One to eight bytes changed among the first hundred, where headers are."""
    return _changed(content, rng, 100)


def swap(content, rng):
    """Two stretches in one another's place."""
    a, b, c = np.sort(rng.integers(0, len(content) + 1, 3))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def extend(content, rng):
    """With random bytes behind."""
    return content + rng.bytes(int(rng.integers(1, 200)))


def repeat(content, rng):
    """A part of it twice."""
    a, b = np.sort(rng.integers(0, len(content) + 1, 2))
    return content[:b] + content[a:]


def empty(content, rng):
    """Nothing."""
    return b""


def noise(content, rng):
    """Random bytes, as many."""
    return rng.bytes(len(content))


DAMAGES = (truncate, flip, flip_head, swap, extend, repeat, empty, noise)


def _changed(content, rng, within):
    changed = bytearray(content)
    for place in rng.integers(0, max(1, min(within, len(content))), rng.integers(1, 9)):
        changed[place] ^= int(rng.integers(1, 256))
    return bytes(changed)


# ------------------------------------------------------------------------------------------------------- header lies
def npy_bytes(array):
    """The bytes of an .npy file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npy_promising(shape, descr="<f8", behind=b"\0" * 64):
    """An .npy file whose header promises this, whatever is behind it."""
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + behind


def npy_lie(content, rng):
    """A header of other sizes or another kind of number."""
    shapes = ((2**40, 4), (2**62, 4), (-1, 4), (0, 4), (4,), (), (1, 1, 4), (2, 5), (True, 4), (2**70, 4))
    kinds = ("<f8", "<i8", "<u8", "|O", "<U9", "<c16", "<M8[us]", "|V8", "|b1", "nonsense")
    return npy_promising(shapes[rng.integers(len(shapes))], kinds[rng.integers(len(kinds))], content[128:])


def idx_lie(content, rng):
    """A header of other sizes."""
    return content[:4] + rng.bytes(12) + content[16:]


def packed_idx_lie(content, rng):
    """The same within gzip, or behind it a bomb."""
    content = gzip.decompress(content)
    return gzip.compress(idx_lie(content, rng) if rng.integers(2) else content + bytes(1 << 22), 1)


def npz_lie(content, rng):
    """One of the arrays replaced by one that does not fit, or left out."""
    arrays = _unzipped(content)
    name = list(arrays)[rng.integers(len(arrays))]
    values = np.load(io.BytesIO(arrays[name]))
    other = (
        npy_promising((2**41,), "<i8"),
        npy_bytes(values[:-1]),
        npy_bytes(values.astype(float) * np.nan),
        npy_bytes(-1 - values.astype(np.int64)),
        npy_bytes(values.astype(np.int64) + 2**40),
        npy_bytes(values[::-1].copy()),
        bytes(1 << 22),
        None,
    )[rng.integers(8)]
    return _zipped({key: other if key == name else value for key, value in arrays.items()})


def zip_lie(content, rng):
    """A digit that unpacks to far too much, or lies about its size, its place or its packing."""
    members, choice = _unzipped(content), rng.integers(5)
    name = list(members)[rng.integers(len(members))]
    if choice == 0:
        members[name] = bytes(1 << 22)
    elif choice == 1:
        members["Train/3/" + name.rpartition("/")[2]] = members[name]
    elif choice == 2:
        members[f"../../{name}"] = members.pop(name)
    packed = bytearray(_zipped(members, zipfile.ZIP_BZIP2 if choice == 3 else zipfile.ZIP_DEFLATED))
    if choice == 4:  # in the list of the archive: packed size, unpacked size, kind of packing, flags
        place = packed.find(b"PK\x01\x02") + int(rng.choice([8, 10, 20, 24]))
        packed[place : place + 4] = rng.bytes(4)
    return bytes(packed)


def tar_lie(content, rng):
    """A member that is a link, lies elsewhere, or is larger than gestures are."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as packed:
        member = tarfile.TarInfo("ibmGestureTrain/user01_led/3.npy")
        kind = rng.integers(6)
        if kind < 2:
            member.name = ("ibmGestureTrain/../../outside.npy", "/outside.npy")[kind]
        elif kind < 4:
            member.type, member.linkname = (tarfile.SYMTYPE, tarfile.LNKTYPE)[kind - 2], "/etc/passwd"
        elif kind == 4:
            member.size = 1 << 45
        else:
            member.type = tarfile.FIFOTYPE
        packed.addfile(member)
    return file.getvalue()


def packet_lie(content, rng):
    """Another number in the header of the first packet."""
    place = content.index(b"END-HEADER\r\n") + 12 + int(rng.choice([0, 4, 8, 12, 16, 20, 24]))
    return content[:place] + rng.bytes(4) + content[place + 4 :]


def text_lie(content, rng):
    """A field replaced: no text, no number, out of range; or lines in another order."""
    lines = content.split(b"\n")
    if rng.integers(3) == 0:
        return b"\n".join(lines[k] for k in rng.permutation(len(lines)))
    for separator in (b",", b"\t", b" "):
        if separator in content:
            fields = content.split(separator)
            strange = (b"\xff\xfe", b"-5", b"nan", b"", b"9" * 30, b"\0", "é".encode(), b'"', b"12")
            fields[rng.integers(len(fields))] = strange[rng.integers(len(strange))]
            return separator.join(fields)
    return content[::-1]


def _unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def _zipped(members, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as packed:
        for name, content in members.items():
            if content is not None:
                packed.writestr(name, content)
    return file.getvalue()


# ------------------------------------------------------------------------------------------------------------ formats
@dataclass(frozen=True)
class Format:
    """A valid file: where it lies below a folder of data, how it is read, what may be made of it.

    Attributes
    ----------
    path : str
    content : bytes
    read : callable
        ``read(path)``: all that is in it, by the functions of the package.
    lies : tuple of callable
        Damages of this format alone.
    beside : dict of str to bytes
        Other files that belong to it.
    """

    path: str
    content: bytes
    read: Callable[[Path], object]
    lies: tuple[Callable, ...] = ()
    beside: dict[str, bytes] | None = None


def events(n=60, size=34, length_us=300_000, seed=3):
    """Events at random."""
    rng = np.random.default_rng(seed)
    return EventStream.sorted(
        rng.integers(0, size, n),
        rng.integers(0, size, n),
        rng.integers(0, 2, n),
        rng.integers(0, length_us, n),
        size,
        size,
    )


def wrapped():
    """Four events a second around the end of what five bytes an event can count."""
    t = (np.arange(8) * 250_000 + 7_500_000) % 2**23
    rows = np.column_stack([np.zeros(8), np.zeros(8), t >> 16, (t >> 8) & 255, t & 255]).astype(np.uint8)
    return rows.tobytes()


@lru_cache(maxsize=1)
def formats() -> dict[str, Format]:
    """The formats by name."""
    rng = np.random.default_rng(4)
    images = idx(rng.integers(0, 256, SHAPE, dtype=np.uint8))
    stream = events()
    gesture = npy_bytes(np.column_stack([stream.x, stream.y, stream.p, stream.t / 1000]))
    digits = {f"Train/{k}/{k + 1:05}.bin": encode_bs2(events(seed=k)) for k in range(3)}
    corpus = {"nettalk/nettalk.data": _DICTIONARY, "nettalk/nettalk.list": b"so\n(AN\n OX) so\n"}
    return {
        "idx": Format("images-idx3-ubyte", images, lambda p: read_idx(p, SHAPE, None, "get it"), (idx_lie,)),
        "idx.gz": Format(
            "images-idx3-ubyte.gz",
            gzip.compress(images),
            lambda p: read_idx(p, SHAPE, None, "get it"),
            (packed_idx_lie,),
        ),
        "npy": Format("3.npy", gesture, read_gesture_npy, (npy_lie,)),
        "npz": Format("nmnist_small/nmnist_small.npz", _small_set(), _read_small, (npz_lie,)),
        "zip": Format("train.zip", _zipped(digits), lambda p: [clip.read() for clip in nmnist_clips(p)], (zip_lie,)),
        "tar.gz": Format(
            "dvsgesture/ibmGestureTrain.tar.gz",
            _tar({"ibmGestureTrain/user01_led/3.npy": gesture, "ibmGestureTrain/user01_led/4.npy": gesture}),
            _read_tar,
            (tar_lie,),
            {"dvsgesture/ibmGestureTest.tar.gz": b""},
        ),
        "bs2": Format("1.bs2", encode_bs2(stream), lambda p: read_bs2(p, 34, 34)),
        "aedat": Format("user01_led.aedat", _aedat(stream), read_aedat31, (packet_lie,)),
        "csv": Format(
            "user01_led_labels.csv",
            b"class,startTime_usec,endTime_usec\n3,1000,40000\n11,50000,80000\n1,80000,90000\n",
            read_gesture_labels,
            (text_lie,),
        ),
        "nettalk.data": Format("nettalk/nettalk.data", _DICTIONARY, _read_corpus, (text_lie,), corpus),
        "nettalk.list": Format(
            "nettalk/nettalk.list", corpus["nettalk/nettalk.list"], _read_corpus, (text_lie,), corpus
        ),
        "mat": Format("nettalk/nettalk_small.mat", _mat(), lambda p: load_nettalk(source="authors", verify=False)),
    }


_DICTIONARY = b"a comment\n\nan\t@n\t1<\t0\nox\tax\t1<\t0\nox\tox\t1>\t0\nup\t^p\t1<\t0\n"


def _small_set():
    made = [events(seed=k) for k in range(4)]
    x, y, p, t = (np.concatenate([getattr(stream, name) for stream in made]) for name in "xypt")
    file = io.BytesIO()
    np.savez(
        file,
        x=x.astype(np.uint8),
        y=y.astype(np.uint8),
        p=p,
        t_us=t.astype(np.uint32),
        offsets=np.cumsum([0, *map(len, made)]),
        labels=np.arange(4, dtype=np.uint8),
        mnist_id=np.arange(4),
        is_train=np.arange(4) < 3,
    )
    return file.getvalue()


def _tar(files):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return file.getvalue()


def _aedat(stream):
    header = struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, len(stream), len(stream), len(stream))
    words = (np.array(stream.x, "<u4") << 17) | (np.array(stream.y, "<u4") << 2) | (stream.p.astype("<u4") << 1) | 1
    items = np.column_stack([words, stream.t.astype("<u4")]).astype("<u4").tobytes()
    return b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n" + header + items


def _mat():
    rng, n = np.random.default_rng(5), max(TEST_ROWS) + 1
    inputs = np.eye(27, dtype=np.uint8)[rng.integers(0, 27, (n, 7))].reshape(n, -1)
    file = io.BytesIO()
    targets = np.eye(26, dtype=np.uint8)[inputs.argmax(1) % 26]
    savemat(file, {"word_x": inputs, "word_phoneme": targets}, do_compression=True)
    return file.getvalue()


def _read_small(path):
    return [clip.read() for split in ("train", "test") for clip in nmnist_small(split)]


def _read_corpus(path):
    with mock.patch("sbp_brian.datasets.nettalk.TEST_ROWS", (1, 2)):
        return load_nettalk(source="corpus", verify=False)


def _read_tar(path):
    with mock.patch("sbp_brian.datasets.dvsgesture.check_md5"):
        return [clip.read() for clip in load_dvsgesture("train")]


# ----------------------------------------------------------------------------------------------------------- attempts
def variant(kind: str, seed: int) -> tuple[str, bytes]:
    """What was done to a valid file of this kind, and what came of it; a third of all are lies of the format."""
    form, rng = formats()[kind], np.random.default_rng([seed, 19])
    damages = form.lies if form.lies and rng.integers(3) == 0 else DAMAGES
    damage = damages[rng.integers(len(damages))]
    return damage.__name__, damage(form.content, rng)


@contextlib.contextmanager
def laid(kind: str, content: bytes, folder: Path) -> Iterator[Path]:
    """A file of this kind with other content in `folder`, where data are looked for first."""
    form, entry = formats()[kind], catalogue.CATALOGUE["dvsgesture"]
    for name, text in ((form.beside or {}) | {form.path: content}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    numbers = {"dvsgesture": replace(entry, numbers={"train": 2})}
    with mock.patch.dict(os.environ, SBP_DATA=str(folder)), mock.patch.dict(catalogue.CATALOGUE, numbers):
        yield folder / form.path


def attempt(kind: str, seed: int, folder: Path) -> tuple[str, str | None]:
    """Read a hostile variant: what was done to it, and the message that refused it or None where it was read.

    Any other error than the package's own comes through.
    """
    damage, content = variant(kind, seed)
    with laid(kind, content, folder) as path:
        try:
            formats()[kind].read(path)
        except DatasetError as error:
            return damage, str(error)
    return damage, None
