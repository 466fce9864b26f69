"""The formats in which recordings of DvsGesture are handed on: tonic's .npy, AEDAT 3.1 with tables of gestures.

Events whose times fall by less than a millisecond are brought into order, for that much is lost where times are in
milliseconds; what falls by more is refused.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from sbp_brian.datasets.event_streams import EventStream
from sbp_brian.datasets.npy import read_npy
from sbp_brian.datasets.reading import read_file, read_text
from sbp_brian.errors import DatasetError

__all__ = [
    "GESTURES",
    "SENSOR",
    "cut_gesture",
    "cut_gestures",
    "read_aedat31",
    "read_gesture_labels",
    "read_gesture_npy",
]

SENSOR = 128
#: The classes in their order; the eleventh is whatever the subject thought of.
GESTURES = (
    "hand clapping",
    "right hand wave",
    "left hand wave",
    "right arm clockwise",
    "right arm counter-clockwise",
    "left arm clockwise",
    "left arm counter-clockwise",
    "arm roll",
    "air drums",
    "air guitar",
    "other gestures",
)
#: Of one gesture (bytes): 16 million events, four numbers of eight bytes each; the sensor sends a million in a second.
MOST_GESTURE = 1 << 29
#: Of a recording (bytes): minutes of events of eight bytes.
MOST_RECORDED = 1 << 30
#: Of a table or list (bytes).
MOST_TEXT = 1 << 16
#: By how much times may fall (microseconds), and how far a gesture may reach beyond the events of its recording.
DISORDER_US, SILENCE_US = 1000, 1_000_000
#: A row of the published tables that reaches into the next: file, class from 1, stop.
_PUBLISHED_OVERLAP = ("user22_led_labels.csv", 9, 110_590_564)
_ITEM, _HEADER, _POLARITY = 8, 28, 1  # AEDAT 3.1: bytes of a polarity event and of a packet's header; event type
_AGAIN = "get it again"


def read_gesture_npy(path: str | Path) -> EventStream:
    """A file of tonic's DvsGesture: shape (events, 4), columns x, y, polarity, time in milliseconds.

    Raises
    ------
    DatasetError
        A file that cannot be read, promises more than it holds, or has another shape; values that are no numbers, lie
        outside the sensor or are out of order.
    """
    table = read_npy(path, MOST_GESTURE, _AGAIN)
    if table.ndim != 2 or table.shape[1] != 4:
        raise DatasetError(
            f"{path} holds an array of shape {table.shape}, not (events, 4) with columns x, y, p, t; {_AGAIN}"
        )
    if not len(table):
        raise DatasetError(f"{path} holds no event; {_AGAIN}")
    t = np.round(table[:, 3].astype(float) * 1000)
    if not (np.abs(t) < 2**61).all():  # NaN is not
        raise DatasetError(f"{path}: the times in the last column are not all numbers of milliseconds; {_AGAIN}")
    t = t.astype(np.int64)
    return _named(path, table[:, 0], table[:, 1], table[:, 2], t - t.min())


def read_aedat31(path: str | Path) -> EventStream:
    """The valid polarity events of an AEDAT 3.1 file; other events are passed over.

    A text header (lines that begin with #), then packets: 28 bytes of header (type, source: int16; size, offset of the
    time stamp, its overflows, capacity, number, valid: int32), then the events. A polarity event is a word (bit 0:
    valid, 1: polarity, 2 to 16: y, 17 to 31: x) and a time stamp in microseconds, 31 bits; overflows are added to it.

    Raises
    ------
    DatasetError
        A file that cannot be read, is of another version or is truncated.
    """
    content = read_file(path, MOST_RECORDED, _AGAIN)
    if not content.startswith(b"#!AER-DAT3."):
        raise DatasetError(f"{path} is not an AEDAT 3 file; it must begin with #!AER-DAT3.1: {_AGAIN}")
    place = 0
    while content[place : place + 1] == b"#":
        end = content.find(b"\n", place)
        line, place = content[place:end], (end + 1 if end >= 0 else len(content))
        if line.startswith(b"#!END-HEADER"):
            break
    words, times = [], []
    while place < len(content):
        header = content[place : place + _HEADER]
        if len(header) < _HEADER:
            raise DatasetError(f"{path} is truncated in a packet's header at byte {place:,}; {_AGAIN}")
        kind, _ = np.frombuffer(header, "<i2", 2)
        size, _, overflow, capacity, number, _ = (int(v) for v in np.frombuffer(header, "<i4", 6, offset=4))
        place += _HEADER
        if size <= 0 or number < 0 or capacity < number or place + size * number > len(content):
            raise DatasetError(f"{path} is truncated or damaged at byte {place:,}; {_AGAIN}")
        if kind == _POLARITY and size == _ITEM:
            items = np.frombuffer(content, [("data", "<u4"), ("t", "<i4")], number, offset=place)
            valid = items["data"] & 1 == 1
            words.append(items["data"][valid])
            times.append(items["t"][valid].astype(np.int64) + (overflow << 31))
        place += size * number
    word = np.concatenate(words) if words else np.zeros(0, np.uint32)
    t = np.concatenate(times) if times else np.zeros(0, np.int64)
    return _named(path, (word >> 17) & 0x7FFF, (word >> 2) & 0x7FFF, (word >> 1) & 1, t)


def read_gesture_labels(path: str | Path) -> list[tuple[int, int, int]]:
    """The gestures of a recording, ``(class from 0, start, stop)`` in microseconds of the recording's clock.

    One of the published tables, user22_led_labels.csv, has a gesture that goes on into the next; it is read as it is.

    Raises
    ------
    DatasetError
        A table that cannot be read, with other columns than class, startTime_usec, endTime_usec, without a gesture, or
        with gestures that are out of order or overlap.
    """
    names = ["class", "startTime_usec", "endTime_usec"]
    text = read_text(path, MOST_TEXT, _AGAIN)
    try:
        rows = [[field.strip() for field in row] for row in csv.reader(text.splitlines()) if row]
    except csv.Error as error:
        raise _no_table(path, str(error)) from None
    if not rows or rows[0] != names:
        raise _no_table(path, f"its first line must be {','.join(names)}")
    if len(rows) == 1:
        raise _no_table(path, "it has no gesture")
    found = [_gesture(row, path) for row in rows[1:]]
    for (label, start, stop), (_, following, _) in pairwise(found):
        if following < start or (following < stop and (Path(path).name, label, stop) != _PUBLISHED_OVERLAP):
            raise _no_table(path, f"the gesture after that from {start} to {stop} us begins at {following} us")
    return [(label - 1, start, stop) for label, start, stop in found]


def _no_table(path: str | Path, why: str) -> DatasetError:
    return DatasetError(f"{path} cannot be read as a table of gestures ({why}); {_AGAIN}")


def _gesture(row: list[str], path: str | Path) -> tuple[int, int, int]:
    if len(row) != 3 or not all(field.isascii() and field.isdecimal() and len(field) < 19 for field in row):
        raise _no_table(path, f"{','.join(row)[:60]} is no class with start and stop")
    label, start, stop = map(int, row)
    if not 1 <= label <= len(GESTURES) or stop <= start:
        raise _no_table(path, f"class {label} from {start} to {stop} us makes no sense")
    return label, start, stop


def cut_gestures(recording: EventStream, labels: Iterable[tuple[int, int, int]]) -> list[tuple[int, EventStream]]:
    """Each gesture with its class from 0; times start at 0. Raises as `cut_gesture`."""
    return [(label, cut_gesture(recording, start, stop)) for label, start, stop in labels]


def cut_gesture(recording: EventStream, start: int, stop: int) -> EventStream:
    """The events from `start` to before `stop` (microseconds); times start at 0.

    Raises
    ------
    DatasetError
        A gesture that begins or ends more than a second outside the recording's events, or has none.
    """
    first, last = (int(recording.t[0]), int(recording.t[-1])) if len(recording) else (0, 0)
    if start < first - SILENCE_US or stop > last + SILENCE_US:
        raise DatasetError(
            f"a gesture from {start} to {stop} us lies outside the recording, which has events from {first} to {last} "
            "us; get the recording and its table of gestures again"
        )
    part = recording.cut(start, stop)
    if not len(part):
        raise DatasetError(
            f"the recording has no event from {start} to {stop} us, where its table has a gesture; get both again"
        )
    return part


def _named(path, x, y, p, t) -> EventStream:
    try:
        fall = int(np.max(np.maximum.accumulate(t) - t, initial=0))
        if fall > DISORDER_US:
            raise DatasetError(f"the events are not in the order of their times, which fall by {fall} us; {_AGAIN}")
        stream = EventStream.sorted(x, y, p, t, SENSOR, SENSOR)
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from None
    return replace(stream, x=stream.x.astype(np.int16), y=stream.y.astype(np.int16))
