"""From a rule and two groups of cells to a `brian2.Synapses` object, with all that depends on the cells checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import Quantity, Synapses, have_same_dimensions, second

from sbp_brian.brian import language
from sbp_brian.brian.copies import copies, shared_elsewhere
from sbp_brian.brian.sympy_text import taken_names
from sbp_brian.brian.variables import Subexpression, Variable
from sbp_brian.errors import RuleError
from sbp_brian.rules import checks

PER_SYNAPSE = "per synapse"


def attach(rule: Any, factory: Any, source, target, delay, name: str | None, kwds: Mapping[str, Any]) -> Synapses:
    """Check the rule against both groups, then let `factory` build the object; see `SynapseRule.synapses`."""
    for key in ("model", "on_pre", "on_post", "on_event", "namespace"):
        if key in kwds:
            raise RuleError(f"{key!r} is part of the rule; change the rule with dataclasses.replace(rule, {key}=...)")
    for group, role in ((source, "source"), (target, "target")):
        if not hasattr(group, "variables"):
            raise RuleError(f"the {role} must be a group of cells, such as a NeuronGroup, got {type(group).__name__}")
    if copies():
        rule = _of_copies(rule, target, name)
    delays = _delays(rule, delay)
    _check_events(rule, source, target)
    _check_variables(rule, source, target)
    synapses = factory(
        source,
        target,
        rule.model,
        on_pre=dict(rule.on_pre) or None,
        on_post=dict(rule.on_post) or None,
        on_event={pathway: rule.event(pathway) for pathway in rule.pathways},
        namespace=dict(rule.namespace),
        delay=delays,
        **({} if name is None else {"name": name}),
        **kwds,
    )
    synapses.initial, synapses.given_name = dict(rule.initial), name
    synapses.made_by, synapses.rule, synapses.made_with = (rule.name, rule.weight), rule, delays
    synapses.guards = tuple(need.check for need in rule.requires)
    for pathway, (slot, order) in rule.schedule.items():
        updater = getattr(synapses, pathway)
        updater.when, updater.order = slot, order
    for entry, regular in rule.regularly.items():
        synapses.run_regularly(
            regular.code, dt=regular.dt, when=regular.when, order=regular.order, name=f"{synapses.name}_{entry}"
        )
    _check_integration(synapses)
    return synapses


def _of_copies(rule: Any, target: Any, name: str | None) -> Any:
    """The rule of synapses that hold several copies; what is drawn for each synapse is left to the run."""
    if name is None:
        raise RuleError("synapses that hold several copies need a name; give rule.synapses(..., name=...)")
    moved = shared_elsewhere(rule.equations, target, name)
    names = {old: f"{new}_post" for old, new in moved.items()} | {"i": "own_i_pre", "j": "own_i_post"}
    word = re.compile(rf"\b({'|'.join(names)})\b")

    def own(code: Any) -> Any:
        return word.sub(lambda found: names[found[0]], code) if isinstance(code, str) else code

    for old, new in moved.items():
        if old in rule.initial:
            setattr(target, new, rule.initial[old])
    return replace(
        rule,
        model="\n".join(own(line) for variable, line in rule.definitions().items() if variable not in moved),
        on_pre={pathway: own(code) for pathway, code in rule.on_pre.items()},
        on_post={pathway: own(code) for pathway, code in rule.on_post.items()},
        regularly={entry: replace(each, code=own(each.code)) for entry, each in rule.regularly.items()},
        initial={k: own(v) for k, v in rule.initial.items() if k not in moved and not hasattr(v, "assign_within")},
    )


def _delays(rule: Any, delay) -> dict[str, Quantity]:
    if isinstance(delay, str) and delay == PER_SYNAPSE:
        return {pathway: 0 * second for pathway in rule.undelayed}
    given = {} if delay is None else delay
    if isinstance(given, Quantity):
        given = {pathway: delay for pathway in rule.on_pre if pathway not in rule.undelayed}
        given = {"pre": delay} if rule.is_open and "pre" in rule.on_pre else given
    if not isinstance(given, Mapping):
        raise RuleError(f"delay = {delay!r} is none of None, a time, pathway -> time, or {PER_SYNAPSE!r}")
    for pathway, value in given.items():
        if pathway not in rule.pathways:
            raise RuleError(
                f"delay names a pathway {pathway!r} that does not exist; this rule has "
                + (", ".join(map(repr, rule.pathways)) or "none")
            )
        if not isinstance(value, Quantity) or not have_same_dimensions(value, second):
            raise RuleError(f"the delay of pathway {pathway!r} is {value}, not a time; give one such as 1*ms")
        if np.size(value) != 1:
            raise RuleError(
                f"the delay of pathway {pathway!r} has {np.size(value)} values; for delays that differ "
                f"between synapses pass delay={PER_SYNAPSE!r} and set synapses.{pathway}.delay"
            )
        if float(value) < 0:
            raise RuleError(f"the delay of pathway {pathway!r} is negative ({value}); give a time of zero or more")
        if not np.isfinite(float(value)):
            raise RuleError(f"the delay of pathway {pathway!r} is {value}; give a finite time")
        if float(value) and pathway in rule.undelayed:
            raise RuleError(f"pathway {pathway!r} acts at its event itself and takes no delay; leave it out of delay=")
    without = rule.undelayed if rule.is_open else rule.pathways  # as in Brian2 a delay may be set afterwards
    return dict.fromkeys(without, 0 * second) | dict(given)


def _check_events(rule: Any, source, target) -> None:
    for pathways, group, role in ((rule.on_pre, source, "source"), (rule.on_post, target, "target")):
        there = list(getattr(group, "events", {}))
        for pathway in pathways:
            event = rule.event(pathway)
            if event not in there:
                remedy = (
                    "give the group a threshold"
                    if event == "spike"
                    else f"define it with events={{{event!r}: condition}}"
                )
                has = ", ".join(map(repr, there)) or "none"
                raise RuleError(
                    f"pathway {pathway!r} waits for the event {event!r}, which the {role} group "
                    f"{group.name!r} does not have (it has {has}); {remedy}"
                )


def _check_variables(rule: Any, source, target) -> None:
    eqs, pieces = rule.equations, rule.pieces()
    for group, role in ((source, "source"), (target, "target")):
        for name in eqs:
            if name in group.variables and not checks.belongs_to_cell(name):  # the others are sums, of the cells
                raise RuleError(
                    f"{name!r} is a variable of the rule and of the {role} group {group.name!r}; rename one of them"
                )
    known = checks.dimensions_known(eqs, rule.namespace)
    names, external = {*known, *(rule.external or ())}, rule.external or frozenset()
    local = {
        name
        for where, code in pieces.items()
        for name in checks.check_code(where, code, eqs, rule.namespace, names, open_names=rule.is_open)
    }
    for name in sorted(local | rule.namespace.keys() | external):
        if name in target.variables:
            raise RuleError(
                f"{name!r} is a name of the rule and a variable of the target group {target.name!r}, which "
                "Brian2 would use in its place; rename one of them"
            )
    used = {
        f"model, {name!r}": (equation.identifiers | ({name} if checks.belongs_to_cell(name) else set()))
        - external
        - rule.namespace.keys()
        for name, equation in eqs.items()
    }
    for where, code in pieces.items():
        assigned = checks.assigned_names(code)
        used[where] = (language.names_in(code) | assigned) - external - rule.namespace.keys()
        for name in sorted(filter(checks.belongs_to_cell, assigned)):
            variable = _cell_variable(rule, where, name, source, target)
            if isinstance(variable, Subexpression) or variable.read_only:
                raise RuleError(
                    f"{where} assigns {name!r}, which its group defines by an expression or keeps itself; "
                    "assign a variable it depends on"
                )
    for where, names in used.items():
        for name in sorted(filter(checks.belongs_to_cell, names)):
            variable = _cell_variable(rule, where, name, source, target)
            known[name] = language.variable(name, variable.dim)
    checks.check_model_units(eqs, known)
    for where, code in pieces.items():
        checks.check_code_units(where, code, known)


def _cell_variable(rule: Any, where: str, name: str, source, target) -> Variable:
    base, suffix = name.rsplit("_", 1)
    group, role = (source, "source") if suffix == "pre" else (target, "target")
    if base.startswith("_") or base not in group.variables:
        there = ", ".join(sorted(n for n in group.variables if not n.startswith("_")))
        named = [need.remedies[base] for need in rule.requires if base in need.remedies]
        remedy = named[0] if named else f"add it to the group's equations (it has {there})"
        raise RuleError(
            f"{where} uses {name!r}, but the {role} group {group.name!r} has no variable {base!r}; {remedy}"
        )
    return group.variables[base]


def _check_integration(synapses: Synapses) -> None:
    """Let Brian2 derive the code of every equation now, so that one it cannot integrate is refused here."""
    for updater in synapses.contained_objects:
        if hasattr(updater, "update_abstract_code"):
            try:
                updater.update_abstract_code(run_namespace={})
            except Exception as error:
                solved = (synapses.equations, synapses.event_driven)
                taken = taken_names({name for each in solved if each is not None for name in each.diff_eq_names})
                if taken:
                    raise RuleError(
                        f"model: sympy, which solves equations, has {taken[0]!r} for itself; "
                        f"rename the variable, for example to 'synaptic_{taken[0]}'"
                    ) from None
                raise RuleError(
                    f"{updater.name}: {checks.one_line(error)} Write the equation so that it is linear, or "
                    "make it (clock-driven)"
                ) from None
