"""Rules that report or express a change of strength, as kernels that many synapses share can carry them.

A weight that is shared changes by the sum of what each of its synapses does at an event, and all of them act at the
same time. So each one reports its own change, of the weight as it was before the event: the pathway first reports,
without changing anything, and a second one, ``<pathway>_change``, that runs directly after it adds the changes up. What
a synapse expresses is a term of such a sum already. Refused is what would have to be kept, drawn or bounded synapse by
synapse (`require_reports`, `require_sums`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from brian2 import DEFAULT_FUNCTIONS, Function, Quantity

from sbp_brian.brian import language
from sbp_brian.brian.kernel_code import as_sums
from sbp_brian.errors import KernelError
from sbp_brian.rules import SynapseRule, checks

__all__ = ["CHANGE", "reported_first", "require_reports", "require_sums"]

#: Behind the name of a pathway that reports: what then changes the weight.
CHANGE = "_change"
#: First letters of all names that extending a rule has added.
ADDED = "retro_"
MOVED = "retro_moved"


def require_reports(said: str, sbp: Any) -> None:
    """Raise where output synapses are asked for something that belongs to a single one.

    Parameters
    ----------
    said : str
        What to call the kernels.
    sbp : RetrogradeSBP

    Raises
    ------
    KernelError
    """
    _refuse(said, _of_outputs(sbp))


def require_sums(said: str, sbp: Any) -> None:
    """As `require_reports`, for input synapses and what they express."""
    _refuse(said, _of_inputs(sbp))


def _refuse(said: str, asked: Iterable[tuple[bool, str, str]]) -> None:
    for there, name, why in asked:
        if there:
            raise KernelError(f"{said}: RetrogradeSBP({name}) {why}")


def _of_outputs(sbp: Any) -> Iterable[tuple[bool, str, str]]:
    arms = "is for synapses that have not emitted themselves, and a shared weight belongs to synapses of both kinds"
    drawn = "is drawn for each synapse, of which shared kernels have none"
    yield sbp.has_lateral, "lateral_ltp, lateral_ltd", f"{arms}; leave the arm out"
    yield sbp.postlateral_ltd > 0, "postlateral_ltd", f"{arms}; leave the arm out"
    yield sbp.reports.noise > 0, "emission=Emission(noise=...)", f"{drawn}; leave it out"
    yield sbp.reports.loss > 0, "emission=Emission(loss=...)", f"{drawn}; leave it out"


def _of_inputs(sbp: Any) -> Iterable[tuple[bool, str, str]]:
    yield (
        sbp.lambda_p < 1,
        f"lambda_p={sbp.lambda_p}",
        "chooses synapses, of which shared kernels have none; take lambda_p=1",
    )
    yield sbp.selectable, "selectable=True", "chooses synapses, of which shared kernels have none; leave it out"
    yield (
        sbp.expression != "additive",
        f"expression={sbp.expression!r}",
        "moves a weight by a factor, once for each synapse, and a shared one moves once, by their sum; take 'additive'",
    )
    for name in ("w_min", "w_max"):
        yield (
            getattr(sbp, name) is not None,
            f"{name}={getattr(sbp, name)}",
            "would cut each synapse's share of the sum; bound the kernels in code that runs for them, "
            'regularly={"bound": Regular("w = clip(w, ...)", dt)}',
        )
    yield (
        sbp.persistence is not None,
        f"persistence={sbp.persistence}",
        "keeps what each synapse has expressed; let the kernels decay by a rule's regularly",
    )
    yield (
        isinstance(sbp.gate, Quantity),
        f"gate={sbp.gate}",
        'remembers a spike at each synapse; let the presynaptic cell do so, gate="trace_pre"',
    )


def reported_first(said: str, rule: SynapseRule) -> SynapseRule:
    """The rule with each pathway that reports a change of the weight taken apart: the report, then the change.

    Parameters
    ----------
    said : str
        What to call the kernels.
    rule : SynapseRule
        An emitting one.

    Raises
    ------
    KernelError
        Code that draws random numbers, which the second pathway would draw anew; names of pathways that would come
        between the two.
    """
    found = {"on_pre": dict(rule.on_pre), "on_post": dict(rule.on_post)}
    on_event, schedule = dict(rule.on_event), dict(rule.schedule)
    for side in found.values():
        for pathway, code in list(side.items()):
            lines = [language.statement(line) for line in as_sums(code).splitlines()]
            if "retro_before" not in {variable for variable, _, _ in lines}:
                continue
            _check(said, rule, pathway, lines)
            report, change = _apart(rule, lines)
            if report is None:
                continue  # no sum, which the kernels refuse by a message of their own
            side[pathway], side[pathway + CHANGE] = report, change
            on_event[pathway + CHANGE] = rule.event(pathway)
            if pathway in schedule:
                schedule[pathway + CHANGE] = schedule[pathway]
    return replace(rule, **found, on_event=on_event, schedule=schedule)


def _apart(rule: SynapseRule, lines: list[tuple[str, str, str]]) -> tuple[str | None, str]:
    """Code that reports, and code that changes the weight and whatever else the pathway changes."""
    weight, report, change, moved = rule.weight, [], [], False
    for variable, operator, expression in lines:
        text = f"{variable} {operator} {expression.strip()}"
        local = variable not in rule.equations and not checks.belongs_to_cell(variable)
        if variable == weight:
            if operator not in ("+=", "-="):
                return None, ""
            sign = "" if operator == "+=" else "-"
            report.append(f"{MOVED} {'+=' if moved else '='} {sign}({expression.strip()})")
            moved = True
        elif local or variable.startswith(ADDED):
            report.append(text.replace(f"{weight} - retro_before", MOVED))
        if not variable.startswith(ADDED):
            change.append(text)
    return "\n".join(report), "\n".join(change)


def _check(said: str, rule: SynapseRule, pathway: str, lines: list[tuple[str, str, str]]) -> None:
    known = {**DEFAULT_FUNCTIONS, **rule.namespace}
    for name in sorted(set().union(*(language.names_in(expression) for _, _, expression in lines))):
        function = known.get(name)
        if isinstance(function, Function) and not function.stateless:
            raise KernelError(
                f"{said}: pathway {pathway!r} draws {name}(), which its report and its change would each draw anew; "
                "let the cells draw it"
            )
    taken = pathway + CHANGE
    if taken in rule.pathways:
        raise KernelError(f"{said}: pathway {taken!r} has the name of the change of {pathway!r}; rename it")
    for other in rule.pathways:
        if pathway < other < taken and rule.schedule.get(other) == rule.schedule.get(pathway):
            raise KernelError(
                f"{said}: pathway {other!r} would run between the report of {pathway!r} and its change; rename it"
            )
