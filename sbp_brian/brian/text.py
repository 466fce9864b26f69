"""What Brian2 objects say of themselves: the Brian2 text that makes them, for ``print``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2 import NeuronGroup

from sbp_brian.brian.language import definition

__all__ = ["TextNeuronGroup", "group_text", "synapses_text"]

#: Code that runs for a group beside its threshold, reset and equations.
OF_ITS_OWN = ("OnEvent", "CodeRunner")


class TextNeuronGroup(NeuronGroup):
    """An ordinary `brian2.NeuronGroup` that prints as the text that makes it."""

    def __str__(self) -> str:
        return group_text(self)


def group_text(cells: NeuronGroup) -> str:
    """A group of cells as a script would make it, with the code that runs for it.

    Parameters
    ----------
    cells : NeuronGroup
    """
    parts = [str(len(cells)), _block("\n".join("".join(definition(each)) for each in cells.user_equations.values()))]
    events = dict(cells.events)
    if threshold := events.pop("spike", None):
        parts.append(f"threshold={threshold!r}")
    if reset := cells.event_codes.get("spike"):
        parts.append(f"reset={reset!r}")
    if events:
        parts.append(f"events={events!r}")
    if cells._refractory is not False:
        parts.append(f"refractory={cells._refractory!r}")
    if isinstance(method := cells.state_updater.method_choice, str):
        parts.append(f"method={method!r}")
    if cells.namespace:
        parts.append(_namespace(cells.namespace))
    lines = [_call("NeuronGroup", cells.name, parts)]
    for runner in cells.contained_objects:
        if type(runner).__name__ in OF_ITS_OWN:
            place = f"every {runner.clock.dt}, {runner.when}, {runner.order}"
            lines += [f"# {runner.name} ({place}):", *(f"#     {line}" for line in runner.abstract_code.splitlines())]
    return "\n".join(lines)


def synapses_text(synapses: Any, rule: Any) -> str:
    """Synapses as a script would make them.

    Parameters
    ----------
    synapses : DenseSynapses
    rule : SynapseRule
        The rule that they follow.
    """
    parts = [synapses.source.name, synapses.target.name, _block(rule.model)]
    for side in ("on_pre", "on_post"):
        if code := getattr(rule, side):
            parts.append(f"{side}={_mapping(code)}")
    if events := {pathway: rule.event(pathway) for pathway in rule.pathways if rule.event(pathway) != "spike"}:
        parts.append(f"on_event={events!r}")
    if rule.namespace:
        parts.append(_namespace(rule.namespace))
    if delays := {pathway: delay for pathway, delay in synapses.made_with.items() if float(delay)}:
        parts.append(f"delay={delays!r}")
    return _call("Synapses", synapses.name, parts)


def _call(what: str, name: str, parts: list[str]) -> str:
    return f"{name} = {what}(\n" + "".join(f"    {part},\n" for part in parts) + f"    name={name!r},\n)"


def _block(text: Any) -> str:
    return '"""\n' + "".join(f"        {line.strip()}\n" for line in str(text).splitlines()) + '    """'


def _namespace(names: Mapping[str, Any]) -> str:
    return "namespace={" + ", ".join(f"{name!r}: {value!r}" for name, value in names.items()) + "}"


def _mapping(code: Mapping[str, str]) -> str:
    entries = []
    for name, text in code.items():
        lines = "".join(f"            {line}\n" for line in text.splitlines())
        entries.append(f'        {name!r}: """\n{lines}        """,\n')
    return "{\n" + "".join(entries) + "    }"
