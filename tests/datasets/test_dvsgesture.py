"""DvsGesture in each of its formats, written here byte by byte; frames, sums and the row of each frame."""

import signal
import struct
import subprocess
import sys
import tarfile

import numpy as np
import pytest

from sbp_brian.datasets import available, catalogue, dvsgesture
from sbp_brian.datasets.dvsgesture import (
    clip_frames,
    cut_gestures,
    dvsgesture_clips,
    load_dvsgesture,
    read_aedat31,
    read_gesture_labels,
    read_gesture_npy,
    ten_recordings,
)
from sbp_brian.datasets.event_streams import EventStream, decode_bs2, encode_bs2, read_bs2
from sbp_brian.errors import DatasetError
from tests.helpers.gestures import save_gesture
from tests.helpers.made_data import publish


def stream(n=500, seed=0, last=90_000, size=128):
    random = np.random.default_rng(seed)
    return EventStream(
        random.integers(0, size, n),
        random.integers(0, size, n),
        random.integers(0, 2, n, np.uint8),
        np.sort(random.integers(0, last, n)),
        size,
        size,
    )


def same(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("x", "y", "p", "t"))


def packet(events, overflow=0, kind=1, size=8):
    header = struct.pack("<hhiiiiii", kind, 1, size, 4, overflow, len(events), len(events), len(events))
    words = [((x << 17) | (y << 2) | (p << 1) | valid, t) for x, y, p, valid, t in events]
    return header + b"".join(struct.pack("<Ii", *word) for word in words)


HEADER = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n"


def aedat(s, start=0):
    rows = [(*map(int, row), 1, int(t) + start) for *row, t in zip(s.x, s.y, s.p, s.t, strict=True)]
    half = len(rows) // 2
    return HEADER + packet(rows[:half]) + packet([(1, 1, 1, 1, 5)], kind=0) + packet(rows[half:])


# ------------------------------------------------------------------------------------------------- streams and frames
def test_streams_are_checked():
    good = {"x": np.array([3, 1]), "y": np.array([0, 2]), "p": np.array([1, 0]), "t": np.array([1, 2])}
    with pytest.raises(DatasetError, match="x of the events runs from 1 to 4, outside 0 to 3"):
        EventStream(**{**good, "x": np.array([4, 1])}, width=4, height=4)
    with pytest.raises(DatasetError, match="not in the order of their times"):
        EventStream(**{**good, "t": np.array([2, 1])}, width=4, height=4)
    with pytest.raises(DatasetError, match="one entry an event"):
        EventStream(**{**good, "p": np.array([1])}, width=4, height=4)
    assert EventStream.sorted([3, 1], [0, 2], [1, 0], [2, 1], 4, 4).x.tolist() == [1, 3]


def test_summing_keeps_every_event():
    s = stream()
    small = s.pooled(4)
    assert (small.width, small.height, len(small)) == (32, 32, len(s))
    image = np.zeros((128, 128), int)
    np.add.at(image, (s.y, s.x), 1)
    assert np.array_equal(small.frames(100_000)[0].reshape(32, 32), image.reshape(32, 4, 32, 4).sum((1, 3)))
    with pytest.raises(DatasetError, match="128 x 128 cannot be summed by 5"):
        s.pooled(5)


def test_frames_count_events_in_their_windows():
    x, y, p, t = np.array([[0, 1, 1, 3], [0, 0, 0, 1], [1, 0, 1, 1], [0, 9, 10, 39]])
    s = EventStream(x, y, p, t, 4, 2)
    frames = s.frames(10)
    assert frames.shape == (4, 8)
    assert frames.tolist() == [[1, 1, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0], [0] * 8, [0] * 7 + [1]]
    both = s.frames(10, 2, polarities=True)
    assert both.shape == (2, 16)
    assert both[0].nonzero()[0].tolist() == [0, 9]  # on at pixel 0; off at pixel 1
    assert s.frames(10, 6).shape == (6, 8)  # empty windows at the end are kept
    assert len(s.cut(9, 39)) == 2
    assert s.cut(9, 39).t.tolist() == [0, 1]
    with pytest.raises(DatasetError, match="longer than 0"):
        s.frames(0)


def test_each_frame_has_a_row_of_its_own():
    streams = [stream(seed=k) for k in range(3)]
    clips = [dvsgesture.Clip(k + 4, f"user0{k + 1}_led", lambda k=k: streams[k]) for k in range(3)]
    frames, labels, clip = clip_frames(clips, 10_000, 5)
    assert frames.shape == (15, 1024)
    assert labels.tolist() == [4] * 5 + [5] * 5 + [6] * 5
    assert clip.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    for s, f in ((0, 0), (1, 3), (2, 4)):
        assert np.array_equal(frames[s * 5 + f], streams[s].pooled(4).frames(10_000)[f])
    assert (frames.sum(1) > 0).all()  # no row is blank
    assert [c.user for c in clips] == [1, 2, 3]


# ------------------------------------------------------------------------------------------------------------ formats
def test_five_byte_events():
    content = bytes([7, 100, 0x80, 0, 1]) + bytes([127, 0, 0x7F, 0xFF, 0xFE])
    s = decode_bs2(content, 128, 128)
    assert (s.x.tolist(), s.y.tolist(), s.p.tolist(), s.t.tolist()) == ([7, 127], [100, 0], [1, 0], [1, 2**23 - 2])
    assert encode_bs2(s) == content
    with pytest.raises(DatasetError, match="9 bytes are no whole number of five-byte events"):
        decode_bs2(content[:-1], 128, 128)
    with pytest.raises(DatasetError, match="x of the events runs from 7 to 127, outside 0 to 33"):
        decode_bs2(content, 34, 34)
    with pytest.raises(DatasetError, match="cut the stream"):
        encode_bs2(EventStream(s.x, s.y, s.p, s.t + 2, 128, 128))


def test_npy(tmp_path):
    s = stream()
    path = tmp_path / "3.npy"
    for kind in (float, np.float32):
        np.save(path, np.column_stack([s.x, s.y, s.p, (s.t - s.t[0]) / 1000]).astype(kind))
        read = read_gesture_npy(path)
        assert same(read, EventStream(s.x, s.y, s.p, s.t - s.t[0], 128, 128))
    np.save(path, np.zeros((4, 3)))
    with pytest.raises(DatasetError, match=r"3.npy holds an array of shape \(4, 3\)"):
        read_gesture_npy(path)
    path.write_bytes(b"")
    with pytest.raises(DatasetError, match=r"3.npy cannot be read as an array"):
        read_gesture_npy(path)


def test_aedat(tmp_path):
    s, path = stream(), tmp_path / "a.aedat"
    path.write_bytes(aedat(s))
    assert same(read_aedat31(path), s)
    path.write_bytes(HEADER + packet([(1, 2, 1, 1, 7), (3, 4, 0, 0, 8)]) + packet([(5, 6, 0, 1, 9)], overflow=1))
    read = read_aedat31(path)  # the event that is not valid is left out
    assert (read.x.tolist(), read.y.tolist(), read.t.tolist()) == ([1, 5], [2, 6], [7, 2**31 + 9])
    path.write_bytes(HEADER)
    assert len(read_aedat31(path)) == 0
    for content, message in (
        (aedat(s)[:-3], "truncated or damaged"),
        (aedat(s) + b"abc", "truncated in a packet's header"),
        (b"#!AER-DAT2.0\r\n", "is not an AEDAT 3 file"),
        (HEADER + packet([(200, 2, 1, 1, 7)]), "x of the events runs from 200"),
    ):
        path.write_bytes(content)
        with pytest.raises(DatasetError, match=message):
            read_aedat31(path)


TABLE = "class,startTime_usec,endTime_usec\n3,1000,40000\n11,50000,80000\n"


def test_label_tables(tmp_path):
    path = tmp_path / "a_labels.csv"
    path.write_text(TABLE)
    assert read_gesture_labels(path) == [(2, 1000, 40000), (10, 50000, 80000)]
    s = stream()
    for (label, part), (expected, start, stop) in zip(
        cut_gestures(s, read_gesture_labels(path)), [(2, 1000, 40000), (10, 50000, 80000)]
    ):
        assert label == expected
        inside = (s.t >= start) & (s.t < stop)
        assert np.array_equal(part.t, s.t[inside] - start)
        assert np.array_equal(part.x, s.x[inside])
    for text, message in (
        ("a,b\n1,2\n", "its first line must be class,startTime_usec,endTime_usec"),
        (TABLE + "12,1,2\n", "class 12 from 1 to 2 us makes no sense"),
        (TABLE + "1,x,2\n", "cannot be read as a table"),
    ):
        path.write_text(text)
        with pytest.raises(DatasetError, match=message):
            read_gesture_labels(path)


# ------------------------------------------------------------------------------------------------------------ layouts
def original(folder):
    folder.mkdir(parents=True)
    for k, name in enumerate(("user01_fluorescent", "user24_led")):
        (folder / f"{name}.aedat").write_bytes(aedat(stream(seed=k)))
        (folder / f"{name}_labels.csv").write_text(TABLE)
    (folder / "trials_to_train.txt").write_text("user01_fluorescent.aedat\n")
    (folder / "trials_to_test.txt").write_text("user24_led.aedat\n\n")
    return folder


def tonic(folder):
    for split, name, seed in (("Train", "user01_fluorescent", 0), ("Test", "user24_led", 1)):
        for label, start, stop in ((2, 1000, 40000), (10, 50000, 80000)):
            s = stream(seed=seed).cut(start, stop)
            save_gesture(folder, split, name, label, s.x, s.y, s.p, s.t)
    return folder


@pytest.mark.parametrize("layout", [original, tonic])
def test_both_official_layouts_give_the_same_clips(layout, monkeypatch, tmp_path):
    layout(tmp_path / "dvsgesture")
    publish(monkeypatch, "dvsgesture", numbers={"train": 2, "test": 2, "train (original)": 2, "test (original)": 2})
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    for split, seed, user in (("train", 0, 1), ("test", 1, 24)):
        clips = load_dvsgesture(split)
        assert [(clip.label, clip.user) for clip in clips] == [(2, user), (10, user)]
        for clip, (start, stop) in zip(clips, ((1000, 40000), (50000, 80000))):
            expected = stream(seed=seed).cut(start, stop)
            first = expected.t[0] if layout is tonic else 0  # tonic's times start with the first event
            assert same(clip.read(), EventStream(expected.x, expected.y, expected.p, expected.t - first, 128, 128))


@pytest.fixture
def archives(monkeypatch, tmp_path):
    """The folder with both archives, two clips each, and what the catalogue says of them."""
    tonic(tmp_path / "made")
    folder = tmp_path / "dvsgesture"
    folder.mkdir()
    packed = {split.lower(): folder / f"ibmGesture{split}.tar.gz" for split in ("Train", "Test")}
    for path in packed.values():
        with tarfile.open(path, "w:gz") as archive:
            name = path.name.removesuffix(".tar.gz")
            archive.add(tmp_path / "made" / name, name)
    publish(monkeypatch, "dvsgesture", numbers={"train": 2, "test": 2}, archives=packed)
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    return folder


def test_archives_are_unpacked_once(archives):
    assert len(load_dvsgesture("train")) == 2
    assert len(load_dvsgesture("test")) == 2
    (archives / "ibmGestureTrain.tar.gz").unlink()
    assert ("dvsgesture", str(archives), "") in available()
    assert len(load_dvsgesture("train")) == 2
    assert catalogue.entry("dvsgesture").files["train"].served == "ibmGestureTrain.tar.gz"


def test_archives_are_unpacked_whole_or_not_at_all(archives, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    left = archives / ".ibmGestureTrain.abc.part" / "ibmGestureTrain" / "user01_led"  # by one that was killed
    left.mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr("sbp_brian.datasets.archives.os.rename", stop)
        with pytest.raises(KeyboardInterrupt):
            load_dvsgesture("train")
    assert not (archives / "ibmGestureTrain").exists()
    assert [path.name for path in archives.glob(".*.part")] == []
    assert len(load_dvsgesture("train")) == 2
    next((archives / "ibmGestureTrain").glob("*/*.npy")).unlink()
    with pytest.raises(DatasetError, match=r"holds 1 of the 2 clips .* unpacked again from ibmGestureTrain.tar.gz"):
        load_dvsgesture("train")
    assert len(dvsgesture_clips(archives, "train")) == 1  # a part that is meant
    archive = archives / "ibmGestureTest.tar.gz"
    archive.write_bytes(archive.read_bytes()[:-20])
    with pytest.raises(DatasetError, match=r"ibmGestureTest.tar.gz does not have the checksum .*sbp data fetch dvsg"):
        load_dvsgesture("test")
    assert not (archives / "ibmGestureTest").exists()


KILLED = """
import hashlib, os, signal, sys, tarfile
from dataclasses import replace
from pathlib import Path
from sbp_brian.datasets import catalogue
from sbp_brian.datasets.dvsgesture import load_dvsgesture
extract, done = tarfile.TarFile.extract, []
def stop(self, member, *args, **more):
    extract(self, member, *args, **more)
    done.append(member)
    if len(done) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
tarfile.TarFile.extract = stop
entry = catalogue.CATALOGUE["dvsgesture"]
archive = Path(os.environ["SBP_DATA"], "dvsgesture", "ibmGestureTrain.tar.gz")
file = replace(entry.files["train"], md5=hashlib.md5(archive.read_bytes()).hexdigest())
catalogue.CATALOGUE["dvsgesture"] = replace(entry, files=entry.files | {"train": file})
load_dvsgesture("train")
"""


def test_a_process_killed_while_it_unpacks_leaves_no_half_set(archives):
    done = subprocess.run([sys.executable, "-c", KILLED], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(archives.glob(".*.part/*"))) == 1, "it was killed between two files"
    assert not (archives / "ibmGestureTrain").exists()
    assert [len(clip.read()) > 0 for clip in load_dvsgesture("train")] == [True, True]
    assert list(archives.glob(".*")) == []


def test_an_archive_with_fewer_clips_than_published_leaves_nothing(archives, monkeypatch):
    publish(monkeypatch, "dvsgesture", numbers={"train": 3})
    with pytest.raises(DatasetError, match="holds 2 of the 3 clips"):
        load_dvsgesture("train")
    assert sorted(path.name for path in archives.iterdir() if path.name[0] != ".") == [
        "ibmGestureTest.tar.gz",
        "ibmGestureTrain.tar.gz",
    ]


def test_bad_requests(monkeypatch, tmp_path):
    with pytest.raises(DatasetError, match="unknown split 'tests'; did you mean 'test'"):
        load_dvsgesture("tests")
    monkeypatch.setenv("SBP_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match="get it by 'sbp data fetch dvsgesture'"):
        load_dvsgesture("test")
    with pytest.raises(DatasetError, match="has neither ibmGestureTest"):
        dvsgesture_clips(tmp_path, "test")
    (tmp_path / "ibmGestureTest" / "user24_led").mkdir(parents=True)
    with pytest.raises(DatasetError, match="holds no clip"):
        dvsgesture_clips(tmp_path, "test")
    np.save(tmp_path / "ibmGestureTest" / "user24_led" / "11.npy", np.zeros((1, 4)))
    with pytest.raises(DatasetError, match=r"11.npy is not named by a class, 0.npy to 10.npy"):
        dvsgesture_clips(tmp_path, "test")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_bs2(tmp_path / "none.bs2", 128, 128)


def test_the_ten_recordings():
    try:
        clips = ten_recordings()
    except DatasetError:
        pytest.skip("the ten recordings are not on this machine")
    assert [clip.label for clip in clips] == list(range(10))
    first = clips[0].read()
    assert (len(first), first.width, int(first.t[-1])) == (63_471, 128, 1_449_996)
    frames, labels, _ = clip_frames(clips[:2], 100_000, 14)
    assert frames.shape == (28, 1024)
    assert np.bincount(labels).tolist() == [14, 14]
    assert frames[:14].sum() == np.count_nonzero(first.t < 1_400_000)
