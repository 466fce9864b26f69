"""Events of a neuromorphic camera: what they are, the five-byte format, frames.

A camera's pixel sends an event where its brightness rises (polarity 1) or falls (0).
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np

from sbp_brian.datasets.reading import read_file
from sbp_brian.errors import DatasetError
from sbp_brian.wording import number_in, takes_booleans

__all__ = ["EVENT_BYTES", "EventStream", "decode_bs2", "encode_bs2", "read_bs2"]

#: Of an event in the five-byte format.
EVENT_BYTES = 5
_PERIOD = 1 << 23  # of its times (microseconds)
#: Events of one such file: one for each microsecond that it counts.
MOST_EVENTS = _PERIOD

#: Later than any clock of a camera in microseconds: 285 years.
_LATEST = 1 << 53
#: Counts in one array of frames (eight bytes each).
_MOST_COUNTS = 1 << 31


@dataclass(frozen=True)
class EventStream:
    """Events in the order of their times.

    Parameters
    ----------
    x, y : array_like of whole numbers, shape (n,)
        Column and row of the pixel.
    p : array_like, shape (n,)
        Polarity, 1 on, 0 off.
    t : array_like of whole numbers, shape (n,)
        Time in microseconds, 0 or later; never decreasing. Unsigned times are taken, too.
    width, height : int
        Of the sensor, in pixels.

    Attributes
    ----------
    x, y : ndarray of int
    p : ndarray of uint8
    t : ndarray of int64

    Raises
    ------
    DatasetError
        Arrays of different lengths or of other than whole numbers (NaN among them), events outside the sensor,
        polarities that are neither 0 nor 1, times below 0 or that decrease.
    """

    x: np.ndarray
    y: np.ndarray
    p: np.ndarray
    t: np.ndarray
    width: int
    height: int

    def __post_init__(self):
        for name in ("width", "height"):
            if wrong := number_in(name, getattr(self, name), "[1, inf)", whole=True):
                raise DatasetError(f"{wrong} pixels")
        for name in ("x", "y", "p", "t"):
            object.__setattr__(self, name, _whole(name, getattr(self, name)))
        if not len(self.x) == len(self.y) == len(self.p) == len(self.t):
            raise DatasetError("x, y, p and t of a stream must have one entry an event")
        if len(self.t):
            self._check()
        object.__setattr__(self, "p", self.p.astype(np.uint8, copy=False))
        object.__setattr__(self, "t", self.t.astype(np.int64, copy=False))

    def _check(self):
        for name, values, size in (("x", self.x, self.width), ("y", self.y, self.height), ("p", self.p, 2)):
            low, high = values.min(), values.max()
            if low < 0 or high >= size:
                raise DatasetError(
                    f"{name} of the events runs from {low} to {high}, outside 0 to {size - 1}; "
                    "check the size of the sensor, and the format of the file"
                )
        low, high = int(self.t.min()), int(self.t.max())
        if low < 0:
            raise DatasetError(f"t of the events goes down to {low} us; count them from the first: t - t.min()")
        if high >= _LATEST:
            raise DatasetError(
                f"t of the events goes up to {high} us, beyond 285 years; give microseconds, and make unsigned times "
                "int64 before you subtract"
            )
        falls = np.flatnonzero(self.t[1:] < self.t[:-1])
        if len(falls):
            k = int(falls[0])
            raise DatasetError(
                f"the events are not in the order of their times: event {k} is at {self.t[k]} us, the next at "
                f"{self.t[k + 1]} us; use EventStream.sorted(...), or if the clock starts anew there, add what it "
                "counts to later times"
            )
        if self.t.dtype == np.uint32 and len(jumps := np.flatnonzero(np.diff(self.t) > 1 << 31)):
            k = int(jumps[0])
            raise DatasetError(
                f"t jumps from {self.t[k]} to {self.t[k + 1]} us after event {k}, as unsigned times do that fall below "
                "0 or start anew; make them int64 before you subtract, or add what the clock counts to later times"
            )

    @classmethod
    def sorted(cls, x, y, p, t, width: int, height: int) -> EventStream:
        """A stream of events in any order; those of one time keep theirs."""
        x, y, p, t = (_whole(name, values) for name, values in (("x", x), ("y", y), ("p", p), ("t", t)))
        if not len(x) == len(y) == len(p) == len(t):
            raise DatasetError("x, y, p and t of a stream must have one entry an event")
        order = np.argsort(t, kind="stable")
        return cls(x[order], y[order], p[order], t[order], width, height)

    def __len__(self) -> int:
        return len(self.t)

    @property
    def pixel(self) -> np.ndarray:
        """Number of the pixel, row by row: ``y*width + x``."""
        return self.y.astype(np.int64) * self.width + self.x

    def cut(self, start_us: int, stop_us: int) -> EventStream:
        """The events from ``start_us`` to before ``stop_us``, counted in time from the start."""
        first, last = np.searchsorted(self.t, [start_us, stop_us])
        part = slice(first, last)
        return EventStream(self.x[part], self.y[part], self.p[part], self.t[part] - start_us, self.width, self.height)

    def pooled(self, factor: int) -> EventStream:
        """The same events on a sensor of ``factor`` times fewer columns and rows; every event is kept.

        Raises
        ------
        DatasetError
            Where the sensor's size is not a multiple.
        """
        if wrong := number_in("factor", factor, "[1, inf)", whole=True):
            raise DatasetError(wrong)
        if self.width % factor or self.height % factor:
            raise DatasetError(
                f"a sensor of {self.width} x {self.height} cannot be summed by {factor}; choose a divisor of both"
            )
        return EventStream(
            self.x // factor, self.y // factor, self.p, self.t, self.width // factor, self.height // factor
        )

    @takes_booleans
    def frames(self, window_us: int, n: int | None = None, *, polarities: bool = False) -> np.ndarray:
        """Counts of events in windows that follow one another from time 0.

        Parameters
        ----------
        window_us : int
            Length of a window (microseconds).
        n : int, optional
            Number of windows; by default those that the events fill, the last perhaps in part.
        polarities : bool
            Count on and off events apart (on first), else together.

        Returns
        -------
        ndarray of int, shape (n, height*width) or (n, 2*height*width)
        """
        if not isinstance(window_us, Integral) or window_us <= 0:
            raise DatasetError(f"a window must be longer than 0, a whole number of microseconds, not {window_us} us")
        if n is None:
            n = int(self.t[-1] // window_us) + 1 if len(self) else 0
        elif wrong := number_in("n", n, "[0, inf)", whole=True):
            raise DatasetError(wrong)
        size = self.width * self.height
        channels = 2 if polarities else 1
        if n * channels * size > _MOST_COUNTS:
            raise DatasetError(
                f"{n:,} windows of {window_us} us of a sensor of {self.width} x {self.height} take "
                f"{8e-9 * n * channels * size:,.0f} GB; choose longer windows, or cut the stream"
            )
        place = (self.t // window_us) * (channels * size) + self.pixel
        if polarities:
            place = place + (1 - self.p.astype(np.int64)) * size
        inside = self.t < n * window_us
        return np.bincount(place[inside], minlength=n * channels * size).reshape(n, channels * size)


@takes_booleans
def decode_bs2(content: bytes, width: int, height: int, *, unwrap: bool = False) -> EventStream:
    """Events of five bytes each: x, y, then a bit of polarity and 23 bits of time in microseconds, high byte first.

    The format of N-MNIST's .bin and of .bs2 files (Orchard et al. 2015, doi:10.3389/fnins.2015.00437). Its times start
    anew every 8.388608 s.

    Parameters
    ----------
    content : bytes
    width, height : int
        Of the sensor.
    unwrap : bool
        Count on where times start anew, which is taken to be wherever they fall by more than 4.194304 s; a pause as
        long as that can hide it.

    Raises
    ------
    DatasetError
        Where the length is not a multiple of five, an event lies outside the sensor, or times decrease.
    """
    if len(content) % EVENT_BYTES:
        raise DatasetError(
            f"{len(content):,} bytes are no whole number of five-byte events; the file is truncated or "
            "of another format: get it again"
        )
    rows = np.frombuffer(content, np.uint8).reshape(-1, EVENT_BYTES)
    t = ((rows[:, 2].astype(np.int64) & 0x7F) << 16) | (rows[:, 3].astype(np.int64) << 8) | rows[:, 4]
    steps = np.diff(t)
    anew = steps < -_PERIOD // 2
    falls = np.flatnonzero((steps < 0) & ~anew if unwrap else steps < 0)
    if len(falls):
        k = int(falls[0])
        remedy = (
            "a recording longer than the 8.388608 s of the five-byte format is read with unwrap=True"
            if anew[k]
            else "the file is damaged or of another format: get it again"
        )
        raise DatasetError(
            f"the events are not in the order of their times: event {k} is at {t[k]} us, the next at {t[k + 1]} us; "
            + remedy
        )
    t[1:] += np.cumsum(anew) * _PERIOD
    return EventStream(rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2] >> 7, t, width, height)


def encode_bs2(stream: EventStream) -> bytes:
    """The bytes that `decode_bs2` reads.

    Raises
    ------
    DatasetError
        Where a time does not fit into 23 bits (8.39 s), or a coordinate into a byte.
    """
    if len(stream) and (stream.t[-1] >= _PERIOD or max(stream.width, stream.height) > 256):
        raise DatasetError("the five-byte format holds times from 0 to 8.388607 s and 256 x 256 pixels; cut the stream")
    t = stream.t
    rows = np.column_stack([stream.x, stream.y, (stream.p.astype(np.int64) << 7) | (t >> 16), (t >> 8) & 255, t & 255])
    return rows.astype(np.uint8).tobytes()


@takes_booleans
def read_bs2(
    path: str | Path, width: int, height: int, *, unwrap: bool = False, most_events: int = MOST_EVENTS
) -> EventStream:
    """Read a .bs2 or .bin file.

    Parameters
    ----------
    path : str or Path
    width, height, unwrap
        As of `decode_bs2`.
    most_events : int
        A file with more is not read.

    Raises
    ------
    DatasetError
        As `decode_bs2`, naming the file; a file that cannot be read, is empty or larger.
    """
    content = read_file(path, EVENT_BYTES * most_events, "get it again, or give most_events=")
    if not content:
        raise DatasetError(f"{path} is empty; get it again")
    try:
        return decode_bs2(content, width, height, unwrap=unwrap)
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from None


def _whole(name: str, values) -> np.ndarray:
    """One number an event, whole; floats that are become int64."""
    values = np.asarray(values)
    if values.ndim != 1:
        raise DatasetError(f"{name} of the events must have the shape (events,), not {values.shape}; use .ravel()")
    if values.dtype.kind in "iu":
        return values
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind != "f":
        raise DatasetError(f"{name} of the events must be whole numbers, not {values.dtype}; use .astype(np.int64)")
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise DatasetError(
            f"{name} of event {bad[0]} is {values[bad[0]]} ({len(bad)} of {len(values)} events are so); remove them"
        )
    bad = np.flatnonzero((values != np.floor(values)) | (np.abs(values) >= 1 << 62))
    if len(bad):
        raise DatasetError(
            f"{name} of event {bad[0]} is {values[bad[0]]}, no whole number; give "
            + (
                "microseconds: np.round(1e6*t) where t is in seconds"
                if name == "t"
                else "whole pixels, and 0 or 1 as p"
            )
        )
    return values.astype(np.int64)
