"""What `RetrogradeSBP` refuses, and why: parameters, rules and cells that cannot carry the signal."""

from __future__ import annotations

import numpy as np
from brian2 import NeuronGroup, Quantity, SpatialNeuron, Subgroup, get_dimensions, second
from brian2.units.fundamentalunits import DIMENSIONLESS

from sbp_brian import wording
from sbp_brian.brian.language import BOOLEAN, FLOAT, PARAMETER
from sbp_brian.errors import RetrogradeError
from sbp_brian.retrograde import bounds
from sbp_brian.retrograde.code import EXPRESSIONS
from sbp_brian.retrograde.operation import moved_by
from sbp_brian.retrograde.transport import Transport, Window, require_positive
from sbp_brian.rules import SynapseRule

#: Why compartments carry no signal, and what to do.
COMPARTMENTS = (
    "are each a cell to Brian2: a report would stay in the compartment where it arose; write soma and dendrite as "
    "variables of one cell of a NeuronGroup"
)


def choice(name: str, value, allowed) -> None:
    """Raise unless `value` is among `allowed`; suggests the nearest."""
    if value not in allowed:
        raise RetrogradeError(f"RetrogradeSBP: {wording.one_of(name, value, allowed)}")


def within(name: str, value, low: float, high: float, low_open: bool = False) -> None:
    """Raise unless `value` is a number in [low, high] (or (low, high])."""
    interval = f"{'(' if low_open else '['}{low:g}, {high:g}{')' if np.isinf(high) else ']'}"
    if refusal := wording.number_in(name, value, interval):
        raise RetrogradeError(f"RetrogradeSBP: {refusal}")


def check_parameters(sbp) -> None:
    """Raise RetrogradeError for the first parameter of a RetrogradeSBP that makes no sense."""
    within("lambda_p", sbp.lambda_p, 0, 1, low_open=True)
    within("lambda_f", sbp.lambda_f, 0, 1)
    _ = sbp.reports  # lets it check its own parameters now
    choice("expression", sbp.expression, EXPRESSIONS)
    choice("draw", sbp.draw, ("fixed", "event"))
    for name in ("gain_ltp", "gain_ltd", "rate", "lateral_ltp", "lateral_ltd", "postlateral_ltd"):
        within(name, getattr(sbp, name), 0, np.inf)
    within("upper", sbp.upper, 0, np.inf, low_open=True)
    within("lower", sbp.lower, 0, 1, low_open=True)
    if sbp.lower == 1:
        raise RetrogradeError("RetrogradeSBP: lower must lie below 1: a weight moved by factors never leaves zero")
    if sbp.transport is not None and not isinstance(sbp.transport, Transport):
        raise RetrogradeError(f"RetrogradeSBP: transport must be None, Delay, Chain or Window, got {sbp.transport!r}")
    if not (sbp.activity is None or isinstance(sbp.activity, bool) or str(sbp.activity).isidentifier()):
        raise RetrogradeError(
            f"RetrogradeSBP: activity must be None, True or name one variable of the cells, got {sbp.activity!r}"
        )
    if isinstance(sbp.gate, Quantity):
        require_positive("RetrogradeSBP", "gate", sbp.gate, second, "units of time, as a window")
    elif sbp.gate is not None and not (isinstance(sbp.gate, str) and sbp.gate.strip()):
        raise RetrogradeError(f"RetrogradeSBP: gate must be None, a time or an expression in quotes, got {sbp.gate!r}")
    if sbp.persistence is not None:
        require_positive("RetrogradeSBP", "persistence", sbp.persistence, second, "units of time")
    one = isinstance(sbp.unit, Quantity) and not np.ndim(sbp.unit) and 0 < float(sbp.unit) < np.inf
    if sbp.unit is not None and not one:
        raise RetrogradeError(f"RetrogradeSBP: unit must be a unit such as nS, got {sbp.unit!r}")
    _check_bounds(sbp)
    if not isinstance(sbp.seed, (int, np.integer)) or isinstance(sbp.seed, bool) or sbp.seed < 0:
        raise RetrogradeError(f"RetrogradeSBP: seed must be a whole number of at least 0, got {sbp.seed!r}")
    if not isinstance(sbp.alike, (int, np.integer)) or isinstance(sbp.alike, bool) or sbp.alike < 1:
        raise RetrogradeError(f"RetrogradeSBP: alike must be a whole number of at least 1, got {sbp.alike!r}")
    if sbp.alike > 1 and sbp.draw == "event":
        raise RetrogradeError("RetrogradeSBP: cells are alike in a fixed subset only; leave out alike or draw='event'")
    if sbp.selectable and sbp.draw == "event":
        raise RetrogradeError(
            "RetrogradeSBP: synapses are selectable where the subset is fixed; leave out selectable or draw='event'"
        )
    if isinstance(sbp.transport, Window) and (sbp.has_lateral or sbp.postlateral_ltd or sbp.draw == "event"):
        raise RetrogradeError(
            "RetrogradeSBP: with transport=Window the input synapses express at presynaptic events only; "
            "lateral arms and draw='event' need transport=None, Delay or Chain"
        )


def _check_bounds(sbp) -> None:
    given = {"w_min": sbp.w_min, "w_max": sbp.w_max, "floor": sbp.reports.floor}
    given = {name: value for name, value in given.items() if value is not None}
    dimensions = DIMENSIONLESS if sbp.unit is None else get_dimensions(sbp.unit)
    for name, value in given.items():
        number = isinstance(value, (int, float, np.number, Quantity)) and not isinstance(value, bool)
        if not number or np.ndim(value) or np.isnan(float(value)):
            raise RetrogradeError(f"RetrogradeSBP: {name} must be one number in the unit of the weight, got {value!r}")
        if get_dimensions(value) != dimensions:
            raise RetrogradeError(
                f"RetrogradeSBP: {name}={value} is not in the unit of the weight, which is "
                + ("none; give unit=... where the weight has one" if sbp.unit is None else f"unit={sbp.unit!r}")
            )
    if {"w_min", "w_max"} <= given.keys() and not sbp.w_min < sbp.w_max:
        raise RetrogradeError(f"RetrogradeSBP: w_min={sbp.w_min} must lie below w_max={sbp.w_max}")


def rule_name(rule: SynapseRule) -> str:
    """What to call a rule in a message."""
    return f"rule {rule.name!r}" if rule.name else "the rule"


def check_weight(sbp, rule, verb: str) -> None:
    """Raise where `rule` has no weight whose changes `sbp` could follow or make."""
    if not isinstance(rule, SynapseRule):
        raise RetrogradeError(
            f"{verb}() takes a SynapseRule, got {type(rule).__name__}; wrap your strings: "
            "SynapseRule(model=..., on_pre=..., on_post=..., weight=...)"
        )
    if rule.weight is None:
        raise RetrogradeError(f"{rule_name(rule)} has no weight: name it with SynapseRule(weight=...)")
    equation = rule.equations[rule.weight]
    if equation.type != PARAMETER or "shared" in equation.flags or "constant" in equation.flags:
        raise RetrogradeError(
            f"{rule_name(rule)}: the weight {rule.weight!r} is not a plain parameter of each synapse, so its "
            f"changes cannot be followed at events; declare it as '{rule.weight} : <unit>' and change it "
            "in on_pre or on_post"
        )
    whole = equation.var_type != FLOAT
    if whole and (verb == "receiving" or equation.var_type == BOOLEAN):
        raise RetrogradeError(
            f"{rule_name(rule)}: the weight {rule.weight!r} is {equation.var_type}, which holds no share of a signal; "
            f"declare it as '{rule.weight} : 1'"
        )
    dimensionless = equation.dim.is_dimensionless
    if not dimensionless and sbp.unit is None:
        raise RetrogradeError(
            f"{rule_name(rule)}: the weight {rule.weight!r} has units; say in which the signal counts, "
            "RetrogradeSBP(unit=...), e.g. unit=nS"
        )
    if sbp.unit is not None and get_dimensions(sbp.unit) != equation.dim:
        raise RetrogradeError(
            f"{rule_name(rule)}: the weight {rule.weight!r} is in {equation.unit}, "
            f"RetrogradeSBP(unit={sbp.unit!r}) is not"
        )


def check_lasting(rule) -> None:
    """Raise where what a synapse expresses would be lost at its next event."""
    for where, statement in bounds.set_anew(rule).items():
        raise RetrogradeError(
            f"{rule_name(rule)}: {where} sets the weight anew, {statement!r}, so that what the signal has changed "
            "would be lost; let the signal change a variable that it is computed from (weight=...), or add to the "
            f"weight ({rule.weight} += ...)"
        )


def check_pathway(rule, pathway: str) -> None:
    """Raise where `rule` has a pathway of its own with the name of one that is to be added."""
    if pathway in rule.pathways:
        raise RetrogradeError(
            f"{rule_name(rule)}: its pathway {pathway!r} has the name of the one that expresses the signal; rename it"
        )


def check_cell_variable(sbp, variable: str) -> None:
    """Raise where a variable of the cells cannot express the signal of `sbp`."""
    if not str(variable).isidentifier():
        raise RetrogradeError(f"expressed_by: {variable!r} is not the name of a variable of the cells")
    if sbp.expression != "additive":
        raise RetrogradeError(
            f"expressed_by({variable!r}): a variable of the cells expresses the signal by addition, and "
            f"expression={sbp.expression!r} says otherwise; write the code of your own for it"
        )


def check_cells(sbp, cells, clock, order) -> None:
    """Raise RetrogradeError for cells, or a clock or order, to which the operation of `sbp` cannot be given."""
    if isinstance(cells, SpatialNeuron):
        raise RetrogradeError(
            f"the cells {cells.name!r} are the compartments of one SpatialNeuron, which {COMPARTMENTS}"
        )
    if isinstance(cells, Subgroup) or not isinstance(cells, NeuronGroup):
        name = getattr(cells, "name", "")
        raise RetrogradeError(f"sbp.operation needs a whole NeuronGroup, got {type(cells).__name__} {name!r}")
    lacking = sorted(n for n in sbp.equations.names if n not in cells.variables)
    if lacking:
        raise RetrogradeError(
            f"the cells {cells.name!r} lack {', '.join(lacking[:3])}{'...' if len(lacking) > 3 else ''}: add "
            "sbp.equations (of this very RetrogradeSBP) to their equations"
        )
    for event, condition in sbp.events.items():
        if cells.events.get(event) != condition:
            raise RetrogradeError(
                f"the cells {cells.name!r} do not define the event {event!r}: give events=sbp.events to the NeuronGroup"
            )
    if isinstance(sbp.activity, str) and sbp.activity not in cells.variables:
        raise RetrogradeError(f"the cells {cells.name!r} have no variable {sbp.activity!r}, named as their activity")
    if moved_by(cells) is not None:
        raise RetrogradeError(f"the cells {cells.name!r} have their operation already; call sbp.operation once")
    if clock is not None and (sbp.transport is None or clock.dt != sbp.transport.period):
        raise RetrogradeError(f"the clock {clock.name!r} does not have the period of the transport; leave clock= out")
    if order is not None and sbp.transport is None:
        raise RetrogradeError("order= places the tick of a transport, and there is none; leave order= out")
