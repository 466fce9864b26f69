"""What moves the retrograde signal of a group of cells, and whether cells have been given it.

A forgotten ``sbp.operation(cells)`` would leave the signal where it is emitted, in silence: nothing else in the network
refers to it. The roles of a rule (`sbp_brian.retrograde.roles`) therefore ask `require_operation` before each run, on
every target.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from brian2 import Clock, NeuronGroup

from sbp_brian.brian.groups import whole
from sbp_brian.brian.on_event import OnEvent
from sbp_brian.errors import RetrogradeError
from sbp_brian.retrograde.chance import CELL_DRAW, cell_states
from sbp_brian.retrograde.transport import Chain

CHANNELS = ("ltp", "ltd")
#: Cells -> the `RetrogradeSBP` that moves their signal.
_MOVING: WeakKeyDictionary[NeuronGroup, Any] = WeakKeyDictionary()


def operate(sbp: Any, cells: NeuronGroup, clock: Clock | None, order: int | None) -> None:
    """Give `cells` what moves and hands over their signal, and the values that go with it (see `RetrogradeSBP`)."""
    _MOVING[cells] = sbp
    for channel in CHANNELS:
        signal = f"retro_{channel}"
        setattr(cells, f"{signal}_gain", getattr(sbp, f"gain_{channel}"))
        if sbp.transport is not None:
            for name, value in sbp.transport.initial(signal).items():
                setattr(cells, name, value)
    if isinstance(sbp.transport, Chain):
        cells.retro_length = sbp.transport.length
    if sbp.transport is not None:
        moves = "\n".join(sbp.transport.tick(f"retro_{channel}") for channel in CHANNELS)
        own = {"dt": sbp.transport.period} if clock is None else {"clock": clock}
        place = -1 if order is None else order
        sbp.transport.prepare(cells, [f"retro_{channel}" for channel in CHANNELS], clock, place)
        cells.run_regularly(moves, **own, when="start", order=place, name=f"{cells.name}_retrograde_tick")
    if not sbp.holds:
        take = [f"retro_{c}_now = retro_{c}_due\nretro_{c}_due = 0" for c in CHANNELS]
        if sbp.draw == "event":
            cells.retro_state = cell_states(sbp.seed, len(cells))
            take += CELL_DRAW
        cells.contained_objects.append(OnEvent(cells, "retrograde", "\n".join(take)))
    if sbp.postlateral_ltd:
        take = "retro_local_now = retro_local_due\nretro_local_due = 0"
        cells.contained_objects.append(OnEvent(cells, "retrograde_local", take))
    if sbp.activity is True:
        cells.contained_objects.append(OnEvent(cells, "spike", "retro_count += 1", when="resets"))


def moved_by(cells: Any) -> Any:
    """The `RetrogradeSBP` whose operation `cells` (or the whole of a subgroup) were given, or None."""
    return _MOVING.get(whole(cells))


def require_operation(sbp: Any, synapses: Any, side: str) -> None:
    """Raise unless the cells on one side of `synapses` move the signal that `sbp` uses.

    Parameters
    ----------
    sbp : RetrogradeSBP
        The one that extended the rule.
    synapses : brian2.Synapses
    side : {'source', 'target'}
        Where the cells are.

    Raises
    ------
    RetrogradeError
        The cells have no operation, or that of a `RetrogradeSBP` whose signal is kept in other variables.
    """
    cells = whole(getattr(synapses, side))
    moving = moved_by(cells)
    if moving is None:
        raise RetrogradeError(
            f"the retrograde signal of the cells {cells.name!r} would never move, though {synapses.name!r} uses it: "
            f"call sbp.operation({cells.name}) once, before the run"
        )
    if not _fits(sbp, moving):
        raise RetrogradeError(
            f"{synapses.name!r} and the operation of the cells {cells.name!r} come from different RetrogradeSBP "
            "objects whose signals do not fit (transport, activity, draw or postlateral_ltd differ): use one for both"
        )


def _fits(sbp: Any, moving: Any) -> bool:
    if moving == sbp:
        return True
    needed, there = set(sbp.equations.names), set(moving.equations.names)
    counted = not (sbp.activity is True and moving.activity is not True)
    return moving.transport == sbp.transport and needed <= there and counted
