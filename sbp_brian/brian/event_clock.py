"""A clock that ticks only where something can happen, for cells and synapses: silence costs nothing, exactly.

`brian2.EventClock` (Brian2 2.10) runs code at a list of times, but cells with synapses ask a clock for its time step
(to round delays) and `brian2.Network.store` asks it to set its time; this one answers both. It keeps the name of its
base class because Brian2's C++ templates recognise event clocks by it.
"""

from __future__ import annotations

import brian2
import numpy as np
from brian2 import Quantity, second

__all__ = ["EventClock", "bursts"]


class EventClock(brian2.EventClock):
    """Ticks at given times; usable as ``clock=`` of cells with synapses, after `drive` has been called with the cells.

    Exact for whatever changes only at events: spikes, event-driven traces, code on slow clocks. Equations that are
    integrated step by step (``dv/dt`` of cells) cannot use it, and synaptic delays must be zero.

    Parameters
    ----------
    times : Quantity, s, shape (n,)
        When it ticks; no time twice.
    resolution : Quantity, s
        The grid on which spike times lie.
    name : str

    Raises
    ------
    ValueError
        If a time is given twice.
    """

    def __init__(self, times, resolution, name: str = "eventclock*"):
        super().__init__(times, name=name)
        self.variables.add_array(
            "dt",
            dimensions=second.dim,
            size=1,
            values=float(resolution),
            dtype=np.float64,
            read_only=True,
            constant=True,
            scalar=True,
        )

    @property
    def dt(self) -> Quantity:
        """The grid on which spike times lie (s)."""
        return self.dt_ * second

    @property
    def dt_(self) -> float:
        """The same without its unit."""
        return float(self.variables["dt"].get_value().item())

    def drive(self, cells) -> None:
        """Let `cells`, made with this clock, tell synapses its resolution as their ``dt``."""
        cells.variables.add_reference("dt", self)

    def _set_t_update_dt(self, target_t=0 * second) -> None:
        step = int(np.searchsorted(np.asarray(self._times, dtype=float), float(target_t)))
        self.variables["timestep"].set_value(step)
        self.variables["t"].set_value(self._times[step])


def bursts(starts, length, resolution, also=()) -> Quantity:
    """Times for an `EventClock`: a fine grid after each start, and single times besides.

    Parameters
    ----------
    starts : Quantity, s, shape (n,)
        Beginnings of the fine stretches.
    length, resolution : Quantity, s
        Their length, and the grid within them.
    also : Quantity, s, shape (m,)
        Further times, e.g. the ticks of a slow clock.

    Returns
    -------
    Quantity, s
        In order, none twice (times closer than a thousandth of the grid are one).
    """
    step = float(resolution)
    grid = np.arange(round(float(length) / step) + 1) * step
    fine = np.asarray(starts, dtype=float)[:, np.newaxis] + grid
    times = np.sort(np.concatenate([fine.ravel(), np.asarray(also, dtype=float).ravel()]))
    return times[np.append(True, np.diff(times) > step / 1000)] * second
