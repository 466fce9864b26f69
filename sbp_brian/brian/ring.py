"""Values of cells that come back after a fixed number of ticks: a ring of places a cell, as plain arrays of the group.

A delay of graded values by thousands of ticks is one read and one write a cell and tick, in one large array. Brian2 has
no queue for graded values, and a variable a slot (`sbp_brian.retrograde.transport.Delay`) ends at some hundreds. Here
the cell's variable has an index of its own, the place in the ring, which moves on with the clock; so code of the group
names the variable as any other and runs on every target. What was written at one tick is what is read ``ticks`` later::

    now = back
    back = new
"""

from __future__ import annotations

import numpy as np
from brian2 import Clock, NeuronGroup, Quantity

from sbp_brian.errors import RingError

__all__ = ["add_ring"]

#: Places that an index can tell apart.
MOST = np.iinfo(np.int32).max


def add_ring(
    cells: NeuronGroup,
    names: list[str],
    ticks: int,
    period: Quantity,
    clock: Clock | None = None,
    *,
    when: str = "start",
    order: int = 0,
    place: str = "ring_place",
) -> None:
    """Give cells variables that come back.

    Parameters
    ----------
    cells : NeuronGroup
        A whole group.
    names : list of str
        Of the variables (dimensionless, 0 at the start), read and written in code that runs once a tick, after the
        place has moved on.
    ticks : int
        How many later a value comes back, at least 1.
    period : Quantity (second)
        A tick.
    clock : Clock, optional
        Of this period, to share with other objects.
    when, order : str, int
        The slot in which the place moves on.
    place : str
        Name of the variable that holds the place; another one for each ring of a group.

    Raises
    ------
    RingError
        More places than an index can tell apart.
    """
    if cells.N * ticks > MOST:
        raise RingError(
            f"{cells.name!r}: a ring of {ticks} places for each of {cells.N} cells has more than {MOST} places; "
            "give it fewer cells or a shorter delay"
        )
    cells.variables.add_array(place, size=cells.N, dtype=np.int32, values=np.arange(cells.N), unique=True)
    for name in names:
        cells.variables.add_array(name, size=cells.N * ticks, index=place)
    NeuronGroup.run_regularly(  # where cells are those of several copies, by their numbers in the whole group
        cells,
        f"{place} = i + N*(timestep(t, {float(period)!r}*second) % {ticks})",
        **({"dt": period} if clock is None else {"clock": clock}),
        when=when,
        order=order,
        name=f"{cells.name}_{place}",
    )
