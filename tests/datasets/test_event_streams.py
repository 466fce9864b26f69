"""Streams of events: numbers of every kind are counted alike or refused; times beyond those of five bytes."""

import numpy as np
import pytest

from sbp_brian.datasets.event_streams import EventStream, encode_bs2, read_bs2
from sbp_brian.errors import DatasetError
from tests.helpers import hostile

STREAM = {"x": [0, 1, 2], "y": [0, 0, 0], "p": [1, 0, 1], "t": [0, 1500, 2600]}


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint64, np.uint32, np.uint16, np.float64])
def test_times_of_every_kind_are_counted_alike(dtype):
    with pytest.raises(DatasetError, match=r"event 1 is at 1500 us, the next at 900 us; use EventStream.sorted"):
        EventStream(**{**STREAM, "t": np.array([0, 1500, 900], dtype)}, width=8, height=1)
    stream = EventStream(**{**STREAM, "t": np.array(STREAM["t"], dtype)}, width=8, height=1)
    assert stream.t.dtype == np.int64
    assert stream.cut(1000, 3000).t.tolist() == [500, 1600]
    assert stream.frames(1000).sum(1).tolist() == [1, 1, 1]
    assert encode_bs2(stream) == encode_bs2(EventStream(**STREAM, width=8, height=1))
    mixed = EventStream.sorted(**{**STREAM, "t": np.array([2600, 0, 1500], dtype)}, width=8, height=1)
    assert mixed.x.tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"t": [0, 1.5, 3]}, r"t of event 1 is 1.5, no whole number; give microseconds"),
        ({"t": [0, np.nan, 3]}, r"t of event 1 is nan \(1 of 3 events are so\); remove them"),
        ({"t": [-5, 0, 3]}, r"t of the events goes down to -5 us; count them from the first"),
        ({"t": np.array([0, 1, 2**64 - 5], np.uint64)}, "goes up to 18446744073709551611 us, beyond 285 years"),
        (
            {"t": np.array([6, 9, 5], np.uint32) - np.uint32(6)},
            "t jumps from 3 to 4294967295 us .* int64 before you",
        ),
        ({"t": [0, 1e300, 3]}, "no whole number"),
        ({"t": ["0", "1", "2"]}, r"t of the events must be whole numbers, not <U1; use .astype"),
        ({"t": [[0], [1], [2]]}, r"must have the shape \(events,\), not \(3, 1\); use .ravel"),
        ({"x": [0, -1, 2]}, "x of the events runs from -1 to 2, outside 0 to 7"),
        ({"x": np.array([0, 255, 2], np.uint8)}, "x of the events runs from 0 to 255, outside 0 to 7"),
        ({"x": [0, np.inf, 2]}, "x of event 1 is inf"),
        ({"y": [0, 0.5, 0]}, "y of event 1 is 0.5, no whole number; give whole pixels"),
        ({"p": [1, 2, 0]}, "p of the events runs from 0 to 2, outside 0 to 1"),
        ({"p": [1, -1, 0]}, "p of the events runs from -1 to 1, outside 0 to 1"),
        ({"p": [1, 0]}, "one entry an event"),
        ({"width": 0}, "width must be a whole number of at least 1, got 0 pixels"),
        ({"height": 1.5}, "height must be a whole number of at least 1, got 1.5 pixels"),
    ],
)
def test_events_of_ones_own_are_checked(change, message):
    given = {**STREAM, "width": 8, "height": 1, **change}
    with pytest.raises(DatasetError, match=message):
        EventStream(**given)
    if "one entry" not in message:
        with pytest.raises(DatasetError, match=message):
            EventStream.sorted(**given)


def test_truth_values_are_polarities():
    stream = EventStream(**{**STREAM, "p": np.array([True, False, True])}, width=8, height=1)
    assert (stream.p.dtype, stream.p.tolist()) == (np.uint8, [1, 0, 1])


def test_five_byte_times_beyond_their_range(tmp_path):
    path = tmp_path / "long.bs2"
    path.write_bytes(hostile.wrapped())
    with pytest.raises(DatasetError, match="read with unwrap=True"):
        read_bs2(path, 34, 34)
    assert read_bs2(path, 34, 34, unwrap=True).t.tolist() == (np.arange(8) * 250_000 + 7_500_000).tolist()
    path.write_bytes(
        hostile.wrapped() + hostile.wrapped()[:5] + bytes([0, 0, 0x40, 0, 0])
    )  # a fall by 3.3 s is no end of the range
    with pytest.raises(DatasetError, match=r"event 8 is at 7500000 us, the next at 4194304 us; the file is damaged"):
        read_bs2(path, 34, 34, unwrap=True)
    path.write_bytes(bytes(5 * 11))
    with pytest.raises(DatasetError, match=r"holds 55 bytes, more than the 50 bytes .* or give most_events="):
        read_bs2(path, 34, 34, most_events=10)


def test_frames_that_would_not_fit_are_refused():
    stream = EventStream(**{**STREAM, "t": [0, 1, 10**15]}, width=128, height=128)
    with pytest.raises(DatasetError, match=r"1,000,000,000,001 windows of 1000 us of a sensor of 128 x 128 take .* GB"):
        stream.frames(1000)
    for window, n in ((0.5, None), (-1, None), (100, -1), (100, 1.5)):
        with pytest.raises(DatasetError, match=r"a window must be longer than 0|n must be a whole number"):
            stream.frames(window, n)
    with pytest.raises(DatasetError, match="factor must be a whole number of at least 1, got 0"):
        stream.pooled(0)
