"""Groups of cells and parts of them."""

from __future__ import annotations

from typing import Any

from brian2 import PoissonGroup, PoissonInput, Subgroup
from brian2.groups.group import CodeRunner

from sbp_brian.brian.on_event import OnEvent

__all__ = ["code_beside", "rates_of", "target_of", "whole"]


def whole(cells: Any) -> Any:
    """The group itself, or the one that a subgroup is part of."""
    # a subgroup knows its group by a weak proxy; a method of it knows the group itself
    return cells.source.before_run.__self__ if isinstance(cells, Subgroup) else cells


def rates_of(source: PoissonGroup) -> Any:
    """The rates of Poisson trains, as they were given: a quantity or an expression."""
    return source._rates


def target_of(source: PoissonInput) -> str:
    """The variable of each cell that Poisson trains add to."""
    return source._target_var


def code_beside(group: Any) -> list[tuple[str, str]]:
    """``(when, code)`` of what a group runs beside its equations, resets and pathways: at each step, or at an event."""
    found = []
    for runner in sorted(group.contained_objects, key=lambda obj: (obj.when, obj.order, obj.name)):
        if isinstance(runner, OnEvent):
            found.append((f"then, at each {runner.event}", runner.abstract_code))
        elif type(runner) is CodeRunner:
            found.append((f"every {runner.clock.dt} ({runner.when})", runner.abstract_code))
    return found
