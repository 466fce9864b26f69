"""Two rules on one synapse: what they share is kept once, and what contradicts is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sbp_brian.brian.language import DIFFERENTIAL_EQUATION
from sbp_brian.errors import RuleError
from sbp_brian.rules import checks
from sbp_brian.rules.checks import assigned_names


def added(one: Any, other: Any) -> Any:
    """Both rules (`SynapseRule.__add__`): shared variables kept once, code of a shared pathway run left first."""
    mine, theirs = one.equations, other.equations
    texts, texts_of_other = one.definitions(), other.definitions()
    for name in mine.keys() & theirs.keys():
        if not _same_equation(mine[name], theirs[name]):
            raise RuleError(
                f"cannot add the rules: they define {name!r} differently ({texts[name]!r} and "
                f"{texts_of_other[name]!r}); rename it in one of them"
            )
    for name in one.namespace.keys() & other.namespace.keys():
        if not checks.same_value(one.namespace[name], other.namespace[name]):
            raise RuleError(
                f"cannot add the rules: namespace {name!r} is {one.namespace[name]} in one and "
                f"{other.namespace[name]} in the other; rename it in one of them"
            )
    if None not in (one.weight, other.weight) and one.weight != other.weight:
        raise RuleError(
            f"cannot add the rules: their weights are {one.weight!r} and {other.weight!r}; "
            "give both the same name, or one of them weight=None"
        )
    for name in one.pathways.keys() & other.pathways.keys():
        if one.event(name) != other.event(name):
            raise RuleError(
                f"cannot add the rules: pathway {name!r} waits for {one.event(name)!r} in one and for "
                f"{other.event(name)!r} in the other; rename it in one of them"
            )
    for name in one.schedule.keys() & other.schedule.keys():
        if one.schedule[name] != other.schedule[name]:
            raise RuleError(
                f"cannot add the rules: pathway {name!r} runs in {one.schedule[name]} in one and in "
                f"{other.schedule[name]} in the other; give both the same place in schedule"
            )
    for name in one.regularly.keys() & other.regularly.keys():
        a, b = one.regularly[name], other.regularly[name]
        if (float(a.dt), a.when, a.order) != (float(b.dt), b.when, b.order):
            raise RuleError(f"cannot add the rules: regularly {name!r} differs in its clock or slot; rename one")
    written = [{n for code in rule.pieces().values() for n in assigned_names(code)} for rule in (one, other)]
    traces = {name for name in mine.keys() & theirs.keys() if mine[name].type == DIFFERENTIAL_EQUATION}
    for name in sorted(traces & written[0] & written[1] - {one.weight}):
        raise RuleError(
            f"cannot add the rules: both write the trace {name!r}, so each event would count twice; "
            "rename it in one of them (two rules of one kind need different names)"
        )
    regularly = {**other.regularly, **one.regularly}
    for name in one.regularly.keys() & other.regularly.keys():
        a = one.regularly[name]
        regularly[name] = type(a)(f"{a.code}\n{other.regularly[name].code}", a.dt, a.when, a.order)
    return replace(
        one,
        model="\n".join({**texts_of_other, **texts}[name] for name in {**mine, **theirs}),
        on_pre=_joined(one.on_pre, other.on_pre),
        on_post=_joined(one.on_post, other.on_post),
        on_event={**one.on_event, **other.on_event},
        namespace={**one.namespace, **other.namespace},
        weight=other.weight if one.weight is None else one.weight,
        regularly={name: regularly[name] for name in {**one.regularly, **other.regularly}},
        schedule={**other.schedule, **one.schedule},
        source=_texts(one.source, other.source, "\n"),
        initial={**other.initial, **one.initial},
        requires=one.requires + other.requires,
        name=_texts(one.name, other.name, " + "),
        external=_external(one, other),
    )


def _external(one: Any, other: Any) -> frozenset[str] | None:
    """What Brian2 is still to look up: a name that one rule leaves open may be defined by the other."""
    if not (one.is_open or other.is_open):
        return None
    defined = {*one.equations, *other.equations, *one.namespace, *other.namespace}
    return ((one.external or frozenset()) | (other.external or frozenset())) - defined


def _texts(a: str, b: str, glue: str) -> str:
    parts = [*(a.split(glue) if a else []), *(b.split(glue) if b else [])]
    return glue.join(dict.fromkeys(parts) if glue == "\n" else parts)


def _joined(a: Mapping[str, str], b: Mapping[str, str]) -> dict[str, str]:
    return {name: "\n".join(code[name] for code in (a, b) if name in code) for name in {**a, **b}}


def _same_equation(a, b) -> bool:
    code = [None if e.expr is None else "".join(e.expr.code.split()) for e in (a, b)]
    return (a.type, a.dim, a.var_type, set(a.flags), code[0]) == (b.type, b.dim, b.var_type, set(b.flags), code[1])
