"""Events of a neuromorphic camera: what they are, the five-byte format, frames.

A camera's pixel sends an event where its brightness rises (polarity 1) or falls (0).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sbp_brian.errors import DatasetError
from sbp_brian.wording import takes_booleans

__all__ = ["EventStream", "decode_bs2", "encode_bs2", "read_bs2"]


@dataclass(frozen=True)
class EventStream:
    """Events in the order of their times.

    Attributes
    ----------
    x, y : ndarray of int, shape (n,)
        Column and row of the pixel.
    p : ndarray of uint8, shape (n,)
        Polarity, 1 on, 0 off.
    t : ndarray of int64, shape (n,)
        Time in microseconds; never decreasing.
    width, height : int
        Of the sensor, in pixels.

    Raises
    ------
    DatasetError
        Arrays of different lengths, events outside the sensor, polarities that are neither 0 nor 1, or times that
        decrease.
    """

    x: np.ndarray
    y: np.ndarray
    p: np.ndarray
    t: np.ndarray
    width: int
    height: int

    def __post_init__(self):
        if not len(self.x) == len(self.y) == len(self.p) == len(self.t):
            raise DatasetError("x, y, p and t of a stream must have one entry an event")
        if not len(self.t):
            return
        for name, values, size in (("x", self.x, self.width), ("y", self.y, self.height), ("p", self.p, 2)):
            low, high = values.min(), values.max()
            if low < 0 or high >= size:
                raise DatasetError(
                    f"{name} of the events runs from {low} to {high}, outside 0 to {size - 1}; "
                    "was the file written for another sensor or format?"
                )
        if (np.diff(self.t) < 0).any():
            raise DatasetError("the events are not in the order of their times; use EventStream.sorted(...)")

    @classmethod
    def sorted(cls, x, y, p, t, width: int, height: int) -> EventStream:
        """A stream of events in any order; those of one time keep theirs."""
        x, y, p, t = np.asarray(x), np.asarray(y), np.asarray(p, np.uint8), np.asarray(t, np.int64)
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
        if window_us <= 0:
            raise DatasetError(f"a window must be longer than 0, not {window_us} us")
        if n is None:
            n = int(self.t[-1] // window_us) + 1 if len(self) else 0
        size = self.width * self.height
        channels = 2 if polarities else 1
        place = (self.t // window_us) * (channels * size) + self.pixel
        if polarities:
            place = place + (1 - self.p.astype(np.int64)) * size
        inside = (self.t >= 0) & (self.t < n * window_us)
        return np.bincount(place[inside], minlength=n * channels * size).reshape(n, channels * size)


def decode_bs2(content: bytes, width: int, height: int) -> EventStream:
    """Events of five bytes each: x, y, then a bit of polarity and 23 bits of time in microseconds, high byte first.

    The format of N-MNIST's .bin and of .bs2 files (Orchard et al. 2015, doi:10.3389/fnins.2015.00437).

    Parameters
    ----------
    content : bytes
    width, height : int
        Of the sensor.

    Raises
    ------
    DatasetError
        Where the length is not a multiple of five, an event lies outside the sensor, or times decrease.
    """
    if len(content) % 5:
        raise DatasetError(
            f"{len(content):,} bytes are no whole number of five-byte events; the file is truncated or "
            "of another format"
        )
    rows = np.frombuffer(content, np.uint8).reshape(-1, 5)
    t = ((rows[:, 2].astype(np.int64) & 0x7F) << 16) | (rows[:, 3].astype(np.int64) << 8) | rows[:, 4]
    return EventStream(rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2] >> 7, t, width, height)


def encode_bs2(stream: EventStream) -> bytes:
    """The bytes that `decode_bs2` reads.

    Raises
    ------
    DatasetError
        Where a time does not fit into 23 bits (8.39 s), or a coordinate into a byte.
    """
    if len(stream) and (stream.t[-1] >= 1 << 23 or stream.t[0] < 0 or max(stream.width, stream.height) > 256):
        raise DatasetError("the five-byte format holds times from 0 to 8.388607 s and 256 x 256 pixels; cut the stream")
    t = stream.t
    rows = np.column_stack([stream.x, stream.y, (stream.p.astype(np.int64) << 7) | (t >> 16), (t >> 8) & 255, t & 255])
    return rows.astype(np.uint8).tobytes()


def read_bs2(path: str | Path, width: int, height: int) -> EventStream:
    """Read a .bs2 or .bin file, see `decode_bs2`; a message names the file."""
    try:
        return decode_bs2(Path(path).read_bytes(), width, height)
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}; check its name and permissions") from None
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from None
