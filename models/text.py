"""Networks as text: what a group of cells is and does, in one string that can be read, changed line by line, and built.

A text has sections; a section has a heading, that begins a line and ends with a colon, and indented lines below it::

    cells, each step:
        v : 1                    # the variables of a cell
    begin, each sample, at start 2:
        v = 0                    # code that runs at the start of each sample, in the slot ``start`` at order 2
    threshold:
        v >= 1
    reset:
        v -= 1
    event lost, at thresholds 1:
        v < -1                   # the condition of an event

and, of synapses, pathways::

    synapses:
        w : 1
    pre, on pre spike:
        v_post += w              # code that runs at an event of the cell before (pre) or behind (post)

and variables that come back after many samples (`sbp_brian.brian.ring`), which are read and then written each sample::

    ring, each sample, at start -4:
        v_back : 300             # what was written 300 samples ago

A line is named by the variable that it declares or assigns; where several are, the first is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

import numpy as np
from brian2 import Clock, Equations, NeuronGroup

from sbp_brian.brian import copies
from sbp_brian.brian.ring import add_ring
from sbp_brian.errors import ModelError
from sbp_brian.rules import SynapseRule
from sbp_brian.wording import takes_booleans

__all__ = ["Section", "Text"]

_HEADING = re.compile(
    r"(?P<event>event )?(?P<name>\w+)(, each (?P<each>\w+))?(, on (?P<side>pre|post) (?P<on>\w+))?"
    r"(, at (?P<slot>\w+) (?P<order>-?\d+))?:"
)
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass
class Section:
    """A part of a `Text`.

    Parameters
    ----------
    heading : str
        Without its colon.
    name : str
        The first word of the heading, or the second where that is ``event``.
    lines : list of str
    each : str or None
        Name of a clock.
    slot : tuple of (str, int) or None
        Where in a time step the code runs or the event is looked for.
    side, on : str or None
        Of a pathway: ``pre`` or ``post``, and the event there.
    event : bool
        Whether the lines are the condition of an event.
    """

    heading: str
    name: str
    lines: list[str]
    each: str | None = None
    slot: tuple[str, int] | None = None
    side: str | None = None
    on: str | None = None
    event: bool = False

    @classmethod
    def read(cls, heading: str) -> Section:
        """A section without lines, from its heading."""
        found = _HEADING.fullmatch(heading)
        if found is None:
            raise ModelError(f"the heading {heading!r} cannot be read; write e.g. 'begin, each sample, at start 2:'")
        slot = (found["slot"], int(found["order"])) if found["slot"] else None
        return cls(
            heading[:-1], found["name"], [], found["each"], slot, found["side"], found["on"], bool(found["event"])
        )

    @property
    def code(self) -> str:
        """The lines as they stand."""
        return "\n".join(self.lines)

    def place(self, name: str) -> int:
        """Number of the line of this name."""
        for number, line in enumerate(self.lines):
            if (found := _NAME.match(line)) and found[0] == name:
                return number
        raise ModelError(f"section {self.name!r} has no line of {name!r}; it has {self.code!r}")


@takes_booleans
@dataclass
class Text:
    """A group of cells, or of synapses, as text.

    Parameters
    ----------
    name : str
        Of the group in the network.
    text : str
        See this module.

    Attributes
    ----------
    sections : dict of str to Section
        In their order.
    namespace : dict
        Constants beside those that all groups of a network share.
    initial : dict
        Variable of a cell -> its value before learning, where it is not 0.
    single : bool
        Variables are of single precision; time is not.
    """

    name: str
    text: str
    sections: dict[str, Section] = field(default_factory=dict)
    namespace: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, float] = field(default_factory=dict)
    single: bool = False

    def __post_init__(self):
        self.put(self.text)

    def __str__(self) -> str:
        lines = []
        for section in self.sections.values():
            lines += [f"{section.heading}:", *(f"    {line}" for line in section.lines)]
        return "\n".join(lines)

    def __getitem__(self, section: str) -> Section:
        return self.sections[section]

    # ---------------------------------------------------------------------------------------------------- changing
    def put(self, text: str) -> None:
        """Add the sections of a text, in the place of those of the same names."""
        section = None
        for line in dedent(text).strip("\n").splitlines():
            if not line.strip():
                continue
            if not line.startswith(" "):
                section = Section.read(line)
                self.sections[section.name] = section
            elif section is not None:
                section.lines.append(line.strip())

    def add(self, section: str, *lines: str, before: str | None = None) -> None:
        """Add lines at the end of a section, or before the line named `before`; lines that are there stay as they are.

        Parameters
        ----------
        section : str
        *lines : str
        before : str, optional
            Name of a line.
        """
        into = self.sections[section]
        new = [line for line in lines if line not in into.lines]
        place = len(into.lines) if before is None else into.place(before)
        into.lines[place:place] = new

    def first(self, section: str, *lines: str) -> None:
        """Add lines at the beginning of a section; lines that are there stay as they are."""
        into = self.sections[section]
        into.lines[:0] = [line for line in lines if line not in into.lines]

    def line(self, section: str, name: str) -> str:
        """The line named `name`."""
        into = self.sections[section]
        return into.lines[into.place(name)]

    def replace(self, section: str, name: str, *lines: str) -> None:
        """Put lines in the place of the one named `name`."""
        into = self.sections[section]
        place = into.place(name)
        into.lines[place : place + 1] = lines

    def extend(self, section: str, name: str, code: str) -> None:
        """Add code at the end of the line named `name`."""
        into = self.sections[section]
        into.lines[into.place(name)] += code

    # ---------------------------------------------------------------------------------------------------- building
    def _code(self) -> Iterator[Section]:
        """Sections whose code runs on a clock."""
        for section in self.sections.values():
            if section.each and section.name not in ("cells", "ring"):
                yield section

    def cells(self, n: int, clocks: Mapping[str, Clock], namespace: Mapping[str, Any], more=None) -> NeuronGroup:
        """The cells that the text describes.

        Parameters
        ----------
        n : int
            How many.
        clocks : mapping of str to Clock
            By the names that headings use after ``each``.
        namespace : mapping
            Constants and functions that all groups share.
        more : RetrogradeSBP, optional
            Adds its equations and events.
        """
        spiking, events = "threshold" in self.sections, {s.name: s for s in self.sections.values() if s.event}
        equations, conditions = Equations(self["cells"].code), {name: s.code for name, s in events.items()}
        group = copies.cells(
            n,
            equations + more.equations if more is not None else equations,
            threshold=self["threshold"].code if spiking else None,
            reset=self["reset"].code if spiking else None,
            events=conditions | (more.events if more is not None else {}),
            clock=clocks[self["cells"].each],
            dtype=np.float32 if self.single else None,
            namespace={**namespace, **self.namespace},
            name=self.name,
        )
        for name, value in self.initial.items():
            setattr(group, name, copies.tiled(value))
        for name, section in events.items():
            if section.slot is not None:
                group.set_event_schedule(name, when=section.slot[0], order=section.slot[1])
        if ring := self.sections.get("ring"):
            when, order = ring.slot
            clock = clocks[ring.each]
            for name, ticks in (line.partition("#")[0].split(":") for line in ring.lines):
                name = name.strip()
                add_ring(group, [name], int(ticks), clock.dt, clock, when=when, order=order, place=f"{name}_place")
        for section in self._code():
            when, order = section.slot
            group.run_regularly(
                section.code, clock=clocks[section.each], when=when, order=order, name=f"{self.name}_{section.name}"
            )
        return group

    def rule(self, name: str, initial: Mapping[str, Any] | None = None, source: str = "") -> SynapseRule:
        """The rule that the text describes.

        Parameters
        ----------
        name : str
            What to call it in messages.
        initial : mapping, optional
            Values of variables once the synapses are connected.
        source : str
            Citation, with its DOI.
        """
        pathways = {s.name: s for s in self.sections.values() if s.side}
        return SynapseRule(
            name=name,
            model=self["synapses"].code,
            on_pre={key: s.code for key, s in pathways.items() if s.side == "pre"},
            on_post={key: s.code for key, s in pathways.items() if s.side == "post"},
            on_event={key: s.on for key, s in pathways.items() if s.on != "spike"},
            schedule={key: s.slot for key, s in pathways.items() if s.slot},
            namespace=self.namespace,
            initial=initial or {},
            source=source,
        )
