"""Files that are damaged or lie: refused in one line that names file and remedy, and never read beyond bounds."""

import gzip
import io
import os
import re
import struct
import tarfile
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from sbp_brian.datasets import archives, dvsgesture, lookup, mnist, nmnist
from sbp_brian.datasets.catalogue import entry
from sbp_brian.datasets.event_streams import read_bs2
from sbp_brian.datasets.idx import read_idx
from sbp_brian.datasets.nettalk import load_nettalk
from sbp_brian.errors import DatasetError
from tests.helpers import hostile
from tests.helpers.made_data import idx, images, publish

KINDS = tuple(hostile.formats())
REMEDY = re.compile(r"[;:,] .*\b(get|copy|check|remove|complete|read|use|give|count|put|make)\b")


@pytest.mark.parametrize("kind", KINDS)
def test_variants_by_chance_are_read_or_refused(kind, tmp_path):
    refused = 0
    for seed in range(40):
        folder = tmp_path / str(seed)
        _, message = hostile.attempt(kind, seed, folder)
        refused += message is not None
        if message is not None:
            assert "\n" not in message
            assert hostile.formats()[kind].path.rpartition("/")[2] in message
            assert REMEDY.search(message), message
    assert refused >= 12, "damage is seen, where the format shows it"
    with hostile.laid(kind, hostile.formats()[kind].content, tmp_path / "good") as path:
        assert hostile.formats()[kind].read(path) is not None


def refused(kind, content, tmp_path):
    with hostile.laid(kind, content, tmp_path) as path:
        with pytest.raises(DatasetError) as caught:
            hostile.formats()[kind].read(path)
        message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    assert REMEDY.search(message), message
    return message


def good(kind):
    return hostile.formats()[kind].content


def gesture(column, value):
    table = np.load(io.BytesIO(good("npy")))
    table[3, column] = value
    return hostile.npy_bytes(table)


def rezipped(**arrays):
    with np.load(io.BytesIO(good("npz"))) as file:
        content = dict(file)
    file = io.BytesIO()
    np.savez(file, **{name: value for name, value in (content | arrays).items() if value is not None})
    return file.getvalue()


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return file.getvalue()


def tarred(**changes):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as packed:
        member = tarfile.TarInfo("ibmGestureTrain/user01_led/3.npy")
        for name, value in changes.items():
            setattr(member, name, value)
        packed.addfile(member)
    return file.getvalue()


def table(*rows):
    return "\n".join(["class,startTime_usec,endTime_usec", *rows]).encode()


def dictionary(line):
    return b"an\t@n\t1<\t0\n" + line


TABLE = [
    ("idx", lambda: idx(np.zeros((20, 6, 6), np.uint8))[:-1], "is truncated: 735 bytes, not 736"),
    ("idx", lambda: good("idx") + b"\0", "holds 737 bytes, more than the 736 bytes that such a file can have"),
    ("idx", lambda: b"\0\0\x0d\3" + good("idx")[4:], "is not an idx file of 3 dimensions"),
    ("idx", lambda: b"\0\0\x08\4" + good("idx")[4:], "is not an idx file of 3 dimensions"),
    ("idx", lambda: idx(np.zeros((6, 20, 6), np.uint8)), "holds 6 x 20 x 6 values, not 20 x 6 x 6"),
    ("idx", lambda: good("idx")[:4] + b"\xff" * 12 + good("idx")[16:], "holds 4294967295 x 4294967295 x 4294967295"),
    ("idx", lambda: b"", "is not an idx file"),
    ("idx.gz", lambda: b"", "is not an idx file"),
    ("idx.gz", lambda: good("idx.gz")[:-9], "is truncated or not a gzip file"),
    ("idx.gz", lambda: good("idx.gz")[:-8] + b"\0" * 8, "is truncated or not a gzip file (CRC check failed"),
    ("idx.gz", lambda: gzip.compress(good("idx") + bytes(1)), "holds unpacked more than the 736 bytes"),
    ("npy", lambda: b"", "cannot be read as an array"),
    ("npy", lambda: hostile.npy_promising((2**38, 4)), "promises 8,796,093,022,208 bytes of values and 64 are there"),
    ("npy", lambda: hostile.npy_promising((-1, 4)), "its shape is (-1, 4)"),
    ("npy", lambda: hostile.npy_promising((0, 4), behind=b""), "holds no event"),
    ("npy", lambda: hostile.npy_promising((8,)), "holds an array of shape (8,), not (events, 4)"),
    ("npy", lambda: hostile.npy_promising((2, 4), "|O"), "it holds object, not plain numbers"),
    ("npy", lambda: gesture(0, np.nan), "x of event 3 is nan (1 of 60 events are so)"),
    ("npy", lambda: gesture(0, 65_536.0), "x of the events runs from 0 to 65536, outside 0 to 127"),
    ("npy", lambda: gesture(1, 2.5), "y of event 3 is 2.5, no whole number"),
    ("npy", lambda: gesture(2, 2.0), "p of the events runs from 0 to 2, outside 0 to 1"),
    ("npy", lambda: gesture(3, np.inf), "the times in the last column are not all numbers of milliseconds"),
    ("npy", lambda: gesture(3, 4_294_967.0), "not in the order of their times, which fall by 42"),
    ("npz", lambda: b"PK", "cannot be read (File is not a zip file)"),
    ("npz", lambda: good("npz")[:-200], "cannot be read (File is not a zip file)"),
    ("npz", lambda: rezipped(t_us=None), "has no array 't_us'"),
    ("npz", lambda: rezipped(labels=np.arange(5)), "do not fit together"),
    ("npz", lambda: rezipped(labels=np.array([0, 1, 2, 10])), "has the label 10 at 3, outside 0 to 9 (1 are)"),
    ("npz", lambda: rezipped(offsets=np.array([0, 60, 240, 120, 240])), "the offsets do not rise"),
    ("npz", lambda: rezipped(offsets=np.array([0, 60, 120, 180, 2**50])), "the offsets do not rise from 0 to at most"),
    ("npz", lambda: rezipped(x=np.zeros(239, np.uint8)), "x must hold 240 whole numbers, not uint8 (239,)"),
    ("npz", lambda: rezipped(y=np.full(240, 34, np.uint8)), "digit 0: y of the events runs from 34 to 34"),
    (
        "npz",
        lambda: rezipped(t_us=np.arange(240, dtype=np.uint32)[::-1].copy()),
        "event 0 is at 239 us, the next at 238",
    ),
    ("npz", lambda: rezipped(x=bytes(8)), "x cannot be read as an array (it holds |S8, not plain numbers)"),
    ("zip", lambda: b"", "cannot be read as a zip file"),
    ("zip", lambda: good("zip")[:-30], "cannot be read as a zip file"),
    (
        "zip",
        lambda: zipped([("Train/3/00001.bin", bytes(5 << 19))]),
        "unpacks to 524,288 events, more than the 262,144",
    ),
    ("zip", lambda: zipped([("Train/3/1.bin", b""), ("Train/4/2.bin", b"")]), "Train/3/1.bin is empty"),
    (
        "zip",
        lambda: zipped([("Train/3/1.bin", b"abcde"), ("Train/4/1.bin", b"abcde")]),
        "digit 1 in the classes 3 and 4",
    ),
    ("zip", lambda: zipped([("../Train/3/1.bin", b"abcde")]), "../Train/3/1.bin lies outside the archive"),
    ("zip", lambda: zipped([("Train/3/1.bin", b"abcde")], zipfile.ZIP_LZMA), "is neither stored nor deflated"),
    ("zip", lambda: zipped([("Train/ten/1.bin", b"abcde")]), "holds no digits as <class>/<number>.bin"),
    (
        "zip",
        lambda: zipped([("Train/3/1.bin", b"\x28\0\0\0\1")]),
        "x of the events runs from 40 to 40, outside 0 to 33",
    ),
    ("tar.gz", lambda: b"", "cannot be unpacked"),
    ("tar.gz", lambda: good("tar.gz")[:-300], "cannot be unpacked"),
    ("tar.gz", lambda: tarred(size=1 << 40), "unpacks to 1,099,511,627,776 bytes, more than the 536,870,912"),
    ("tar.gz", lambda: tarred(name="ibmGestureTrain/../../3.npy"), "lies outside ibmGestureTrain"),
    ("tar.gz", lambda: tarred(name="/ibmGestureTrain/3.npy"), "lies outside ibmGestureTrain"),
    ("tar.gz", lambda: tarred(type=tarfile.SYMTYPE, linkname="/etc"), "is neither a file nor a folder"),
    ("tar.gz", lambda: tarred(type=tarfile.LNKTYPE, linkname="x"), "is neither a file nor a folder"),
    ("tar.gz", lambda: tarred(type=tarfile.CHRTYPE), "is neither a file nor a folder"),
    ("tar.gz", lambda: tarred(type=tarfile.XHDTYPE, size=1 << 32), "it has a header of 4,294,967,296 bytes"),
    ("tar.gz", lambda: tarred(), "ibmGestureTrain holds 1 of the 2 clips of DvsGesture"),
    ("bs2", lambda: b"", "is empty"),
    ("bs2", lambda: good("bs2")[:-2], "298 bytes are no whole number of five-byte events"),
    ("bs2", lambda: bytes([3, 3, 0, 0, 9, 3, 3, 0, 0, 1]), "event 0 is at 9 us, the next at 1 us; the file is damaged"),
    ("bs2", hostile.wrapped, "longer than the 8.388608 s of the five-byte format is read with unwrap=True"),
    ("aedat", lambda: b"", "is not an AEDAT 3 file"),
    ("aedat", lambda: good("aedat")[:-3], "is truncated or damaged at byte"),
    ("aedat", lambda: good("aedat") + b"abc", "is truncated in a packet's header at byte"),
    (
        "aedat",
        lambda: good("aedat").replace(struct.pack("<i", 60), struct.pack("<i", 2**31 - 1)),
        "is truncated or damag",
    ),
    ("aedat", lambda: good("aedat") + good("aedat")[-28 - 480 :], "not in the order of their times, which fall by"),
    ("csv", lambda: b"", "its first line must be class,startTime_usec,endTime_usec"),
    ("csv", lambda: table(), "it has no gesture"),
    ("csv", lambda: table("1,0,5", "2,9,12", "3,6,8"), "the gesture after that from 9 to 12 us begins at 6 us"),
    ("csv", lambda: table("1,0,5", "2,4,12"), "the gesture after that from 0 to 5 us begins at 4 us"),
    ("csv", lambda: table("1,5,5"), "class 1 from 5 to 5 us makes no sense"),
    ("csv", lambda: table("0,1,5"), "class 0 from 1 to 5 us makes no sense"),
    ("csv", lambda: table("1,-1,5"), "1,-1,5 is no class with start and stop"),
    ("csv", lambda: table("1,1"), "1,1 is no class with start and stop"),
    ("csv", lambda: table("1,1," + "9" * 5000), "is no class with start and stop"),
    ("csv", lambda: table("1,1,\xe9").decode().encode("latin-1"), "is no text in utf-8"),
    ("csv", lambda: table('1,1,"' + "x" * 200_000), "holds 200,039 bytes, more than the 65,536 bytes"),
    ("nettalk.data", lambda: b"", "has the word 'an', which nettalk.data lacks"),
    ("nettalk.data", lambda: dictionary(b"ox\ta7\t1<\t0\n"), "the word 'ox' with the unknown phoneme '7'"),
    ("nettalk.data", lambda: dictionary(b"ox\tax\t1x\t0\n"), "the word 'ox' with the unknown stress 'x'"),
    ("nettalk.data", lambda: dictionary(b"ox\tax\t1<1\t0\n"), "the word 'ox' with 3 signs of stress, not 2"),
    ("nettalk.data", lambda: bytes(1 << 23), "holds 8,388,608 bytes, more than the 4,194,304 bytes"),
    ("nettalk.list", lambda: b"", "has no words between a parenthesis"),
    ("nettalk.list", lambda: b"(a)\n(O\xff)", "is no text in utf-8"),
    ("nettalk.list", lambda: b"\n(an)", "2 windows, fewer than the task has"),
    ("mat", lambda: b"", "cannot be read (Mat file appears to be truncated)"),
    ("mat", lambda: good("mat")[:-9], "cannot be read ("),
    ("mat", lambda: bytes(1 << 19), "holds 524,288 bytes, more than the 262,144 bytes"),
]


@pytest.mark.parametrize(("kind", "content", "expected"), TABLE, ids=range(len(TABLE)))
def test_each_lie_is_told(kind, content, expected, tmp_path):
    assert expected in refused(kind, content(), tmp_path)


# --------------------------------------------------------------------------------------------------------------- memory
def bombs():
    """Files of at most 6 MB that unpack to, or promise, a gigabyte or more."""
    block = 1 << 24
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = squeezed.compress(bytes(block)) + squeezed.flush(zlib.Z_FULL_FLUSH)  # may be repeated
    packed = zeros * 64 + squeezed.flush()
    small = zipped([("Train/3/00001.bin", b"abcde")])
    local, central = small.index(b"PK\3\4"), small.index(b"PK\1\2")
    name = len("Train/3/00001.bin")
    for said in (64 * block, 5):  # what it says that it unpacks to: the truth, or a lie
        head = bytearray(small[local : local + 30 + name])
        head[18:26] = struct.pack("<II", len(packed), said)
        entry_ = bytearray(small[central : central + 46 + name])
        entry_[20:28] = struct.pack("<II", len(packed), said)
        end = bytearray(small[small.index(b"PK\5\6") :])
        end[16:20] = struct.pack("<I", len(head) + len(packed))
        yield "zip", bytes(head) + packed + bytes(entry_) + bytes(end)
    yield "idx.gz", gzip.compress(bytes(block)) * 60
    yield "idx.gz", gzip.compress(good("idx"))[:-8] + zeros
    yield "npy", hostile.npy_promising((2**40, 4))
    yield "npz", rezipped(x=np.zeros(1 << 22, np.uint8))
    header = tarfile.TarInfo("ibmGestureTrain/user01_led/3.npy")
    header.size, header.type = 1 << 30, tarfile.GNUTYPE_LONGNAME
    yield "tar.gz", gzip.compress(header.tobuf(tarfile.GNU_FORMAT)) + gzip.compress(bytes(block)) * 64


def test_bombs_take_little_memory(tmp_path):
    for k, (kind, content) in enumerate(bombs()):
        assert len(content) < 6_000_000
        tracemalloc.start()
        try:
            refused(kind, content, tmp_path / str(k))
            assert tracemalloc.get_traced_memory()[1] < 4 * len(content) + 12_000_000, kind
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("kind", ["idx", "npy", "bs2", "aedat", "csv", "nettalk.data", "mat"])
def test_files_with_holes_are_not_read(kind, tmp_path):
    with hostile.laid(kind, b"", tmp_path) as path:
        os.truncate(path, 1 << 40)
        with pytest.raises(DatasetError, match=r"holds 1,099,511,627,776 bytes, more than the [\d,]+ bytes"):
            hostile.formats()[kind].read(path)


def test_what_is_no_file_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"cannot be read: No such file or directory; check its name"):
        read_bs2(tmp_path / "none.bs2", 34, 34)
    with pytest.raises(DatasetError, match="is a folder, not a file; remove it and get it again"):
        read_idx(tmp_path, (3,), None, "get it")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DatasetError, match="is a device or pipe, not a file"):
        read_bs2(tmp_path / "pipe", 34, 34)
    with pytest.raises(DatasetError, match="check its name"):
        read_bs2("a\0b", 34, 34)
    (tmp_path / "train-images-idx3-ubyte").mkdir()
    with pytest.raises(DatasetError, match="train-images-idx3-ubyte is a folder, not a file; put the file there"):
        lookup.find_file(tmp_path, "train-images-idx3-ubyte")


def test_a_set_whose_folder_is_a_file_is_told(tmp_path, monkeypatch):
    (tmp_path / "mnist").write_text("")
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match=r"mnist is a file, not a folder; remove it, then 'sbp data fetch mnist'"):
        mnist.load_mnist("test")


def test_an_archive_that_cannot_be_unpacked_here_is_told(tmp_path, monkeypatch):
    def full(*_args, **_more):
        raise OSError(28, "No space left on device")

    with hostile.laid("tar.gz", good("tar.gz"), tmp_path) as path:
        monkeypatch.setattr(tarfile.TarFile, "extract", full)
        with pytest.raises(DatasetError, match=r"cannot be unpacked into .*No space left on device.; make room"):
            hostile.formats()["tar.gz"].read(path)
        monkeypatch.undo()
        assert [left.name for left in path.parent.glob("*.part")] == []


# ----------------------------------------------------------------------------------------------------------- whole sets
def test_labels_that_belong_to_other_images_are_refused(tmp_path, monkeypatch):
    images(tmp_path, "mnist", monkeypatch)
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    labels = tmp_path / "mnist" / entry("mnist").files["t10k-labels"].name
    labels.write_bytes(idx(np.zeros(19, np.uint8)))
    with pytest.raises(DatasetError, match=r"t10k-labels-idx1-ubyte holds 19 values, not 20; remove it"):
        mnist.load_mnist("test", verify=False)
    labels.write_bytes(idx(np.full(20, 10, np.uint8)))
    with pytest.raises(
        DatasetError, match=r"t10k-labels-idx1-ubyte has the label 10 at 0, outside 0 to 9 .20 are.; get"
    ):
        mnist.load_mnist("test", verify=False)


def test_zip_files_of_nmnist_are_held_to_checksum_and_number(tmp_path, monkeypatch):
    folder = tmp_path / "nmnist"
    folder.mkdir()
    paths = {split: folder / f"{split}.zip" for split in ("train", "test")}
    for split, path in paths.items():
        path.write_bytes(zipped((f"{split.title()}/{k}/{k:05}.bin", good("bs2")) for k in range(3)))
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match=r"train.zip does not have the checksum .*'sbp data fetch nmnist'"):
        nmnist.load_nmnist("train")
    publish(monkeypatch, "nmnist", archives=paths)
    with pytest.raises(
        DatasetError, match=r"train.zip holds 3 of the 60,000 digits of N-MNIST: .*nmnist_clips\(folder\)"
    ):
        nmnist.load_nmnist("train")
    publish(monkeypatch, "nmnist", numbers={"train": 3})
    assert [clip.label for clip in nmnist.load_nmnist("train")] == [0, 1, 2]
    assert len(nmnist.nmnist_clips(paths["test"])) == 3, "a part that is meant"


def test_lists_of_recordings_stay_in_their_folder(tmp_path):
    for text, message in (
        ("../user01_led.aedat", r"trials_to_train.txt names '../user01_led.aedat', which is no recording beside it"),
        ("user01_led.aedat\nuser01_led.aedat", "or twice; get it again"),
        ("user01_led.txt", "which is no recording beside it"),
        ("user01_led.aedat", "lacks user01_led.aedat, of a recording in trials_to_train.txt; get it again"),
    ):
        (tmp_path / "trials_to_train.txt").write_text(text)
        with pytest.raises(DatasetError, match=message):
            dvsgesture.dvsgesture_clips(tmp_path, "train")
    (tmp_path / "trials_to_train.txt").write_bytes(b"user\xff")
    with pytest.raises(DatasetError, match="is no text in utf-8"):
        dvsgesture.dvsgesture_clips(tmp_path, "train")


def test_gestures_outside_their_recording_are_refused(tmp_path):
    recording, name = hostile.events(length_us=300_000), "user01_led"
    (tmp_path / f"{name}.aedat").write_bytes(good("aedat"))
    (tmp_path / "trials_to_train.txt").write_text(f"{name}.aedat\n")
    for row, message in (
        (
            "1,0,9000000",
            r"user01_led.aedat: a gesture from 0 to 9000000 us lies outside the recording, which has events",
        ),
        ("1,299999,300000", "the recording has no event from 299999 to 300000 us"),
    ):
        (tmp_path / f"{name}_labels.csv").write_bytes(table(row))
        with pytest.raises(DatasetError, match=message):
            dvsgesture.dvsgesture_clips(tmp_path, "train")[0].read()
        with pytest.raises(DatasetError, match="get"):
            dvsgesture.cut_gestures(recording, [tuple(map(int, row.split(",")))])


def test_the_published_table_that_overlaps_is_read(tmp_path):
    rows = table("9,97000000,110590564", "10,105000000,112000000")
    (tmp_path / "user22_led_labels.csv").write_bytes(rows)
    assert len(dvsgesture.read_gesture_labels(tmp_path / "user22_led_labels.csv")) == 2
    (tmp_path / "user21_led_labels.csv").write_bytes(rows)
    with pytest.raises(DatasetError, match="begins at 105000000 us"):
        dvsgesture.read_gesture_labels(tmp_path / "user21_led_labels.csv")


def test_authors_file_without_its_windows(tmp_path, monkeypatch):
    from scipy.io import savemat

    (tmp_path / "nettalk").mkdir()
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    path = tmp_path / "nettalk" / "nettalk_small.mat"
    for arrays, message in (
        ({"word_x": np.zeros((9, 189), np.uint8)}, r"nettalk_small.mat cannot be read .'word_phoneme'.; remove it"),
        (
            {"word_x": np.full((9, 189), np.nan), "word_phoneme": np.zeros((9, 26), np.uint8)},
            r"float64 of shape \(9, 189\), not zeros and ones of 189 columns",
        ),
    ):
        savemat(path, arrays)
        with pytest.raises(DatasetError, match=message):
            load_nettalk(source="authors", verify=False)


def test_digits_in_steps_that_are_none():
    for steps, step_us in ((0, 1000), (2.5, 1000), (30, 0)):
        with pytest.raises(DatasetError, match=r"step(s|_us) must be a whole number of at least 1"):
            nmnist.packed_events([], steps, step_us)


def test_checksums_are_taken_anew_when_a_file_changes(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(b"a")
    archives.check_md5(path, "0cc175b9c0f1b6a831c399e269772661", "get it")
    path.write_bytes(b"bb")
    with pytest.raises(DatasetError, match=r"a.zip does not have the checksum .*\(get it\)"):
        archives.check_md5(path, "0cc175b9c0f1b6a831c399e269772661", "get it")
