"""Code at an event of a cell group, beside the group's own reset."""

from __future__ import annotations

from brian2 import NeuronGroup
from brian2.groups.group import CodeRunner

from sbp_brian.errors import EventError

__all__ = ["OnEvent"]


class OnEvent(CodeRunner):
    """Runs code for the cells at which an event happened, even where that event has a reset already.

    Brian2's ``NeuronGroup.run_on_event`` accepts one piece of code for each event, and a threshold's reset takes the
    place for spikes; this object adds another, so that the user's own stays free.

    Parameters
    ----------
    cells : NeuronGroup
        The cells.
    event : str
        One of their events.
    code : str
        Abstract code in the cells' variables.
    when, order : str, int
        Scheduling slot.

    Raises
    ------
    EventError
        The group has no such event.
    """

    def __init__(self, cells: NeuronGroup, event: str, code: str, when: str = "before_synapses", order: int = 0):
        if event not in cells.events:
            hint = "give it a threshold" if event == "spike" else "pass it in events="
            raise EventError(f"the group {cells.name!r} has no event {event!r}: {hint}")
        event_space, self.event = f"_{event}space", event
        super().__init__(
            cells,
            "reset",
            code=code,
            clock=cells.clock,
            when=when,
            order=order,
            name=f"{cells.name}_on_{event}*",
            override_conditional_write=["not_refractory"],
            needed_variables=[event_space],
            template_kwds={"eventspace_variable": cells.variables[event_space]},
        )
