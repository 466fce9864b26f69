"""Whether the cells that a retrograde rule relies on have been given what moves their signal (``sbp.operation``).

A forgotten ``sbp.operation(cells)`` would leave the signal where it is emitted, in silence: nothing else in the network
refers to it. Rules therefore carry a `NeedsOperation` for each side whose signal they use, and the synapses built from
them ask it before each run, on every target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from brian2 import NeuronGroup
from brian2.groups.subgroup import Subgroup

from sbp_brian.errors import RetrogradeError


def mark(cells: NeuronGroup, sbp: Any) -> None:
    """Remember which `RetrogradeSBP` moves the signal of `cells`."""
    cells._retrograde_sbp = sbp


def moved_by(cells: Any) -> Any:
    """The `RetrogradeSBP` whose operation `cells` (or the whole of a subgroup) were given, or None."""
    whole = cells.source if isinstance(cells, Subgroup) else cells
    return whole.__dict__.get("_retrograde_sbp")


@dataclass(frozen=True)
class NeedsOperation:
    """A guard of built synapses (see `SynapseRule.guards`): the cells of one side move their signal.

    Parameters
    ----------
    sbp : RetrogradeSBP
        The one that extended the rule.
    side : {'source', 'target'}
        Where the cells are.

    Raises
    ------
    RetrogradeError
        When called with synapses whose cells have no operation, or that of a `RetrogradeSBP` whose signal is kept in
        other variables.
    """

    sbp: Any
    side: str

    def __call__(self, synapses) -> None:
        """Raise unless the cells of this side move their signal."""
        cells = getattr(synapses, self.side)
        name = getattr(cells, "source", cells).name if isinstance(cells, Subgroup) else cells.name
        moving = moved_by(cells)
        if moving is None:
            raise RetrogradeError(
                f"the retrograde signal of the cells {name!r} would never move, though {synapses.name!r} uses it: "
                f"call sbp.operation({name}) once, before the run"
            )
        if not self._fits(moving):
            raise RetrogradeError(
                f"{synapses.name!r} and the operation of the cells {name!r} come from different RetrogradeSBP objects "
                "whose signals do not fit (transport, activity, draw or postlateral_ltd differ): use one for both"
            )

    def _fits(self, moving) -> bool:
        if moving == self.sbp:
            return True
        needed, there = set(self.sbp.equations.names), set(moving.equations.names)
        counted = not (self.sbp.activity is True and moving.activity is not True)
        return moving.transport == self.sbp.transport and needed <= there and counted
