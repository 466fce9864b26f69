"""Cells and synapses with the signatures of Brian2's own, which take part in the retrograde spread as they are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2 import Morphology, NeuronGroup, SpatialNeuron, Synapses

from sbp_brian.brian import language
from sbp_brian.brian.groups import whole
from sbp_brian.brian.text import TextNeuronGroup
from sbp_brian.errors import RetrogradeError, RuleError
from sbp_brian.retrograde.checks import COMPARTMENTS
from sbp_brian.retrograde.operation import moved_by
from sbp_brian.rules import SynapseRule

__all__ = ["neurons", "synapses"]


def neurons(sbp: Any, n: int, model: Any, events: Mapping[str, str] | None, kwds: Mapping[str, Any]) -> NeuronGroup:
    """See `RetrogradeSBP.neurons`."""
    if isinstance(n, Morphology):
        raise RetrogradeError(f"the compartments of a SpatialNeuron {COMPARTMENTS}")
    own = dict(events or {})
    for event in own.keys() & sbp.events.keys():
        raise RetrogradeError(f"events: {event!r} is the name of the event at which the signal arrives; rename yours")
    try:
        given = language.equations(model)
    except RuleError as error:
        raise RetrogradeError(str(error)) from None
    for name in sorted(given.names & sbp.equations.names):
        raise RetrogradeError(f"model: {name!r} is a variable of the retrograde signal; rename yours")
    cells = TextNeuronGroup(n, given + sbp.equations, events={**own, **sbp.events}, **kwds)
    sbp.operation(cells)
    return cells


def synapses(
    sbp: Any, source: Any, target: Any, strings: Mapping[str, Any], roles: Mapping[str, Any], kwds: Mapping[str, Any]
) -> Synapses:
    """See `RetrogradeSBP.synapses`."""
    target = source if target is None else target
    for group, role in ((source, "source"), (target, "target")):
        if not hasattr(group, "variables"):
            raise RetrogradeError(f"the {role} must be a group of cells, got {type(group).__name__}")
    if not (roles["emits"] or roles["receives"]):
        raise RetrogradeError("the synapses neither emit nor receive, so nothing is to be added: make brian2.Synapses")
    rule = SynapseRule.from_brian(**strings, source=source, target=target)
    if roles["emits"]:
        _require_signal(source, "source", "emits")
        rule = sbp.emitting(rule)
    if roles["receives"]:
        _require_signal(target, "target", "receives")
        rule = sbp.receiving(rule, roles["on"])
    return rule.synapses(source, target, **kwds)


def _require_signal(group: Any, role: str, verb: str) -> None:
    """Raise where cells cannot have a signal, or have none."""
    if moved_by(group) is not None:
        return
    cells = whole(group)
    if isinstance(cells, Synapses):
        remedy = (
            f"a signal belongs to cells, and these are synapses: {verb}=False; what is changed in them is reported to "
            f"their cells by sbp.reporting({cells.name}, ...)"
        )
    elif isinstance(cells, SpatialNeuron):
        remedy = f"compartments {COMPARTMENTS}; or leave them out with {verb}=False"
    elif isinstance(cells, NeuronGroup):
        remedy = f"make them by sbp.neurons(...), or leave them out with {verb}=False"
    else:
        remedy = (
            f"a {type(cells).__name__} has no equations that could carry a signal: {verb}=False, or make its cells by "
            'sbp.neurons(n, "rate : Hz", threshold="rand() < rate*dt")'
        )
    raise RetrogradeError(f"the {role} {cells.name!r} has no retrograde signal, so {verb}=True cannot be: {remedy}")
