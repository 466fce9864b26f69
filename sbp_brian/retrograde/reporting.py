"""Reports of what *others* change: weights that a third factor, in synapses of its own, makes stronger or weaker."""

from __future__ import annotations

from typing import Any

from brian2 import Synapses

from sbp_brian.brian.synaptic import AtStart, add_variable, enclose, is_connected, pathways
from sbp_brian.errors import RetrogradeError
from sbp_brian.retrograde import code
from sbp_brian.retrograde.operation import moved_by, require_operation

__all__ = ["KNOWN", "report_others"]

#: The weight as it was when it was last looked at.
KNOWN = "retro_known"


def report_others(sbp: Any, synapses: Synapses, weight: str) -> None:
    """See `RetrogradeSBP.reporting`."""
    _check(sbp, synapses, weight)
    add_variable(synapses, KNOWN, weight)
    if sbp.unit is not None:
        synapses.namespace["retro_unit"] = sbp.unit
    report = code.tap(sbp, weight, "", known=KNOWN)
    enclose(synapses, report, f"{KNOWN} = {weight}")
    AtStart(synapses, KNOWN, weight, lambda made: require_operation(sbp, made, "source"))


def _check(sbp: Any, synapses: Any, weight: str) -> None:
    if not isinstance(synapses, Synapses):
        raise RetrogradeError(f"reporting() takes Synapses, got {type(synapses).__name__}")
    where = f"reporting({synapses.name}, {weight!r})"
    if KNOWN in synapses.variables:
        raise RetrogradeError(f"{where}: its changes are reported already; call reporting once")
    if is_connected(synapses):
        raise RetrogradeError(f"{where}: the synapses are connected already; call reporting before connect()")
    if weight not in synapses.equations.names:
        has = ", ".join(map(repr, sorted(synapses.equations.names))) or "none"
        raise RetrogradeError(f"{where}: the synapses have no variable {weight!r}; they have {has}")
    if not pathways(synapses):
        raise RetrogradeError(
            f"{where}: the synapses have no event at which to report; give them one, "
            f"such as on_pre='{weight} += 0*{weight}'"
        )
    if synapses.variables[weight].dim.is_dimensionless != (sbp.unit is None):
        raise RetrogradeError(f"{where}: RetrogradeSBP(unit={sbp.unit!r}) is not the unit of the weight")
    if sbp.reports.chancy or sbp.has_lateral or sbp.postlateral_ltd:
        raise RetrogradeError(f"{where}: noise, loss and lateral arms are for changes at the synapses' own events")
    if sbp.persistence is not None and "retro_expressed" in synapses.equations.names:
        raise RetrogradeError(
            f"{where}: what the signal has changed decays here, which would be reported, too; give persistence=None"
        )
    if moved_by(synapses.source) is None:
        raise RetrogradeError(
            f"{where}: the source {synapses.source.name!r} has no retrograde signal; make it by sbp.neurons(...)"
        )
