"""Windows of feature maps that are pooled: which cell of them belongs to which cell behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sbp_brian.brian.convolution import Maps

__all__ = ["Windows"]


@dataclass(frozen=True)
class Windows:
    """Windows of ``side`` x ``side`` cells beside one another; what does not fill one, at the lower and right edge, is
    seen by nobody.

    Parameters
    ----------
    maps : Maps
        Of what is pooled.
    side : int
    """

    maps: Maps
    side: int

    @property
    def behind(self) -> Maps:
        """The maps of the cells that pool."""
        return Maps(self.maps.maps, self.maps.rows // self.side, self.maps.columns // self.side, self.maps.maps_last)

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each cell that is pooled: its place in the window, -1 where it is in none, and the cell that pools it."""
        m, row, column = self.maps.places(np.arange(self.maps.cells))
        inside = (row // self.side < self.behind.rows) & (column // self.side < self.behind.columns)
        place = np.where(inside, row % self.side * self.side + column % self.side, -1)
        pool = np.where(inside, self.behind.number(m, row // self.side, column // self.side), 0)
        return place, pool

    def members(self) -> np.ndarray:
        """The cells of each window, one row for each place in it."""
        place, pool = self.places()
        members = np.empty((self.side**2, self.behind.cells), int)
        inside = place >= 0
        members[place[inside], pool[inside]] = np.flatnonzero(inside)
        return members
