"""Events of one time step in the order of their exact times: `EventOrder`.

Brian2 hands the events of a time step on by cell index. Where cells know their spike time more exactly than the step
(an analytic threshold crossing), the order of these times matters to whoever receives them: a target that has reached
its threshold must not see later inputs. `EventOrder` sorts the list of an event's cells in place, between the slot in
which the event is detected and that in which its pathways run, so pathways and monitors alike get them in order of
time.
"""

from __future__ import annotations

import logging

from brian2 import NeuronGroup
from brian2.groups.group import CodeRunner

from sbp_brian.brian.own_code import own_code
from sbp_brian.errors import EventError

__all__ = ["EventOrder", "order_is_meant"]


class _Meant(logging.Filter):
    """Drops Brian2's warning that the outcome depends on the order of events, for code in which it is meant to."""

    marks: tuple[str, ...] = ()

    def filter(self, record):
        text = record.getMessage()
        return "order of execution" not in text or not any(mark in text for mark in self.marks)


_MEANT = _Meant()
logging.getLogger("brian2.codegen.generators.base").addFilter(_MEANT)


def order_is_meant(variable: str) -> None:
    """Say that code which writes `variable` (as it stands there, e.g. ``still_post``) needs its events in order."""
    _MEANT.marks = tuple(dict.fromkeys([*_MEANT.marks, variable]))


class EventOrder(CodeRunner):
    """Sorts the cells of an event by one of their variables; goes into the network as any other object.

    Parameters
    ----------
    group : NeuronGroup
        Whose event.
    event : str
        Name of the event.
    by : str
        Variable of the group, smallest first; equal values by cell index.
    when, order : str, int
        Slot and place in it: after the event's own (``group.set_event_schedule``, whose ``order`` must be lower),
        before its pathways and monitors.
    name : str, optional

    Raises
    ------
    EventError
        The group has no such event or variable.
    TargetError
        Before a run on a target other than numpy, cython and C++ standalone: on CUDA the events of a step are handled
        at the same time.
    """

    def __init__(
        self,
        group: NeuronGroup,
        event: str,
        by: str,
        *,
        when: str = "after_thresholds",
        order: int = 0,
        name: str | None = None,
    ):
        if event not in group.events:
            there = ", ".join(map(repr, group.events)) or "none"
            raise EventError(f"{group.name!r} has no event {event!r}; it has {there}")
        if by not in group.variables:
            raise EventError(f"{group.name!r} has no variable {by!r} to put its event {event!r} in order by")
        super().__init__(
            group,
            "order_events",
            clock=group.clock,
            when=when,
            order=order,
            name=name or f"{group.name}_{event}_order",
            needed_variables=[f"_{event}space", by],
            template_kwds={
                "eventspace_variable": group.variables[f"_{event}space"],
                "key_variable": group.variables[by],
            },
        )

    def create_code_objects(self, run_namespace):
        """Make the code for the target in use."""
        self.codeobj_class = own_code(self.name, "puts events in order of time")
        super().create_code_objects(run_namespace)
