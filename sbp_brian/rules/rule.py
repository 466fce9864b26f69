"""What a synapse is and what happens to it at each event, as Brian2 strings: `SynapseRule`.

A rule holds no state and builds nothing by itself. It is checked when it is made, it adds up with other rules, and
`SynapseRule.synapses` turns it into an ordinary `brian2.Synapses` between two groups of cells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from brian2 import Quantity, Synapses

from sbp_brian.brian.convolution import Convolution
from sbp_brian.brian.dense import DenseSynapses
from sbp_brian.brian.kernels import Kernels
from sbp_brian.errors import RuleError
from sbp_brian.rules import checks, quantities
from sbp_brian.rules.adding import added
from sbp_brian.rules.attaching import attach
from sbp_brian.rules.attaching_kernels import attach_kernels
from sbp_brian.rules.checks import assigned_names
from sbp_brian.rules.reading import read
from sbp_brian.rules.requirements import Requirement
from sbp_brian.wording import names_parameters

__all__ = ["Regular", "SynapseRule", "assigned_names"]


@names_parameters
@dataclass(frozen=True)
class Regular:
    """Code that runs over all synapses at every tick of a slow clock (Brian2's ``run_regularly``).

    Parameters
    ----------
    code : str
        Statements over the synapse's variables and, with ``_pre`` or ``_post``, those of its cells.
    dt : Quantity, s
        Period of the clock, positive.
    when : str
        Scheduling slot within the time step.
    order : int
        Order within the slot.
    """

    code: str
    dt: Quantity
    when: str = "start"
    order: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", checks.tidy(self.code, "Regular"))
        quantities.duration("Regular: the period dt", self.dt)
        if not isinstance(self.when, str) or not isinstance(self.order, (int, np.integer)):
            raise RuleError(
                f"Regular: when = {self.when!r} must be a slot's name, order = {self.order!r} a whole number"
            )


@names_parameters
@dataclass(frozen=True, repr=False)
class SynapseRule:
    """A synapse's equations and what happens at each event: nothing but strings and constants.

    Names of the cells' variables carry ``_pre`` (source) or ``_post`` (target); a bare name belongs to the synapse,
    the namespace or Brian2. Everything is checked on construction; what depends on the cells is checked by `synapses`
    before anything is built.

    Parameters
    ----------
    model : str
        Brian2 equations of the synapse.
    on_pre, on_post : mapping of str to str
        Pathway name -> code run when the event of the source (`on_pre`) or of the target cell (`on_post`) arrives.
    on_event : mapping of str to str
        Pathway name -> the event that triggers it; ``'spike'`` where absent.
    namespace : mapping of str to object
        Constants (numbers, quantities) and Brian2 functions that the code uses.
    weight : str or None
        The variable of the model that is the weight; None for a rule without one.
    regularly : mapping of str to Regular
        Code that runs on a slow clock.
    schedule : mapping of str to (str, int)
        Pathway name -> the scheduling slot and the order within it in which its code runs, instead of Brian2's own; see
        `scheduled`.
    source : str
        Citation, with its DOI.
    initial : mapping of str to value
        Variable of the model -> its value once the synapses are connected: a number, a quantity, a string that Brian2
        evaluates for each synapse, or an object with ``values(identity, pre, post)``
        (`sbp_brian.retrograde.subsets.InputSubset`).
    requires : collection of Requirement
        What the rule needs of the cells beyond the names in its code (`sbp_brian.rules.Requirement`).
    name : str
        What to call the rule in messages.
    external : collection of str or None
        Names that Brian2 looks up where the simulation is run, as it does in any script; their values may change from
        run to run. None: there are none, every name is defined here. See `from_brian`.

    Raises
    ------
    RuleError
        On anything that cannot work, in one line with the remedy.

    Notes
    -----
    Within one time step the ``on_pre`` pathways run before the ``on_post`` pathways, those of one kind in alphabetical
    order of their names (slot ``synapses``, orders -1 and 1), unless `schedule` says otherwise. Delays are axonal: they
    hold back ``on_pre`` pathways, except those that a requirement calls undelayed.
    """

    model: str
    on_pre: Mapping[str, str] = field(default_factory=dict)
    on_post: Mapping[str, str] = field(default_factory=dict)
    on_event: Mapping[str, str] = field(default_factory=dict)
    namespace: Mapping[str, Any] = field(default_factory=dict)
    weight: str | None = "w"
    regularly: Mapping[str, Regular] = field(default_factory=dict)
    schedule: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    source: str = ""
    initial: Mapping[str, Any] = field(default_factory=dict)
    requires: tuple[Requirement, ...] = ()
    name: str = ""
    external: frozenset[str] | None = None

    #: What makes the `Synapses` object: called as ``brian2.Synapses`` is.
    _factory: ClassVar[Any] = DenseSynapses

    def __post_init__(self) -> None:
        for entry in ("on_pre", "on_post", "on_event", "namespace", "regularly", "schedule", "initial"):
            given = getattr(self, entry)
            if not isinstance(given, Mapping):
                raise RuleError(
                    f"{entry} must be a mapping, not {type(given).__name__}; write for example {{'pre': 'g_post += w'}}"
                )
            values = dict(given)
            if entry in ("on_pre", "on_post"):
                values = {name: checks.tidy(code, f"pathway {name!r}") for name, code in values.items()}
            if entry == "schedule":
                values = {name: _place(name, place) for name, place in values.items()}
            object.__setattr__(self, entry, MappingProxyType(values))
        self._check_kinds()
        needs = tuple(self.requires)
        object.__setattr__(self, "requires", tuple(need for k, need in enumerate(needs) if need not in needs[:k]))
        if self.external is not None:
            object.__setattr__(self, "external", frozenset(self.external))
        parsed = checks.equations(self.model, open_names=self.is_open)
        object.__setattr__(self, "model", "\n".join(text for text, _ in parsed.values()))
        object.__setattr__(self, "_equations", {name: equation for name, (_, equation) in parsed.items()})
        self._check()

    @classmethod
    def from_brian(
        cls,
        model=None,
        on_pre=None,
        on_post=None,
        *,
        source=None,
        target=None,
        on_event="spike",
        namespace=None,
        weight: str | None = "w",
        name: str = "",
    ) -> SynapseRule:
        """A rule from what a script gives to `brian2.Synapses`, read as Brian2 reads it.

        Parameters
        ----------
        model : str, Equations or None
            Equations of the synapse.
        on_pre, on_post : str, mapping of str to str, or None
            Code, semicolons allowed; a single text is the pathway ``pre`` or ``post``.
        source, target : brian2 groups or None
            The cells. A bare name that is a variable of the target is its variable; names that end in _pre or _post
            and are no variable of the cells are the script's, such as ``tau_pre``. Without the groups, bare names are
            the script's and such names the cells'.
        on_event : str or mapping of str to str
            As in Brian2.
        namespace : mapping of str to object, optional
            Names with their values, which stay as they are. All others are `external`: looked up where the simulation
            is run.
        weight : str or None
            The variable that is the weight.
        name : str
            What to call the rule in messages.

        Raises
        ------
        RuleError
            On anything that Brian2 could not read, and on a weight that is a constant.
        """
        cells = {"source": source, "target": target}
        found = read(model, on_pre, on_post, **cells, on_event=on_event, namespace=namespace, weight=weight)
        return cls(**found, name=name)

    # ------------------------------------------------------------------------------------------------- inspection
    @property
    def equations(self) -> dict[str, Any]:
        """Variable name -> its parsed equation (`brian2.equations.SingleEquation`)."""
        return dict(self._equations)

    @property
    def is_open(self) -> bool:
        """Whether Brian2 looks up names where the simulation is run, and names are those that Brian2 allows."""
        return self.external is not None

    @property
    def undelayed(self) -> tuple[str, ...]:
        """Pathways that no delay ever holds back, as what the rule `requires` has it."""
        return tuple(dict.fromkeys(pathway for need in self.requires for pathway in need.undelayed))

    @property
    def pathways(self) -> dict[str, str]:
        """Pathway name -> code, those of ``on_pre`` first."""
        return {**self.on_pre, **self.on_post}

    def pieces(self) -> dict[str, str]:
        """What to call each piece of code in a message -> the code itself."""
        return {
            **{f"pathway {name!r}": code for name, code in self.pathways.items()},
            **{f"regularly {name!r}": regular.code for name, regular in self.regularly.items()},
        }

    def event(self, pathway: str) -> str:
        """The event that triggers a pathway."""
        return self.on_event.get(pathway, "spike")

    def changes_weight(self, pathway: str) -> bool:
        """Whether the code of a pathway (or of an entry of ``regularly``) assigns the weight."""
        code = {**{name: entry.code for name, entry in self.regularly.items()}, **self.pathways}.get(pathway)
        if code is None:
            raise RuleError(f"no pathway {pathway!r}; this rule has {_listed([*self.pathways, *self.regularly])}")
        return self.weight in assigned_names(code)

    def definitions(self) -> dict[str, str]:
        """Variable name -> the line of the model that defines it."""
        return dict(zip(self._equations, self.model.splitlines(), strict=True))

    def __repr__(self) -> str:
        lines = [f"SynapseRule {self.name!r}" if self.name else "SynapseRule", f"  weight: {self.weight}", "  model:"]
        lines += [f"    {line}" for line in self.model.splitlines()]
        for kind, entries in (("on_pre", self.on_pre), ("on_post", self.on_post)):
            for name, code in entries.items():
                place = " ({}, {})".format(*self.schedule[name]) if name in self.schedule else ""
                lines.append(f"  {kind} {name!r} at {self.event(name)!r}{place}:")
                lines += [f"    {line}" for line in code.splitlines()]
        for name, entry in self.regularly.items():
            lines.append(f"  regularly {name!r} every {entry.dt} ({entry.when}, {entry.order}):")
            lines += [f"    {line}" for line in entry.code.splitlines()]
        if self.namespace:
            lines.append("  namespace: " + ", ".join(f"{name} = {value}" for name, value in self.namespace.items()))
        if self.external:
            lines.append("  looked up where the simulation is run: " + ", ".join(sorted(self.external)))
        if self.source:
            lines.append(f"  source: {self.source}")
        return "\n".join(lines)

    def __reduce__(self):
        state = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return _rebuild, (
            type(self),
            {key: dict(value) if isinstance(value, Mapping) else value for key, value in state.items()},
        )

    # -------------------------------------------------------------------------------------------------- validation
    def _check(self) -> None:
        self._check_pathways()
        eqs = self.equations
        checks.check_namespace(self.namespace, open_names=self.is_open)
        for name in self.initial:
            if name not in eqs:
                raise RuleError(f"initial gives a value to {name!r}, which is not in the model; it has {_listed(eqs)}")
        for name in self.namespace:
            if name in eqs:
                raise RuleError(f"{name!r} is both in the model and in the namespace; rename one of them")
        if self.weight is not None and self.weight not in eqs:
            raise RuleError(
                f"the weight {self.weight!r} is not in the model, which has {_listed(eqs)}; name it with "
                "weight=..., or give weight=None for a rule without one"
            )
        known = checks.dimensions_known(eqs, self.namespace)
        names = {*known, *(self.external or ())}
        checks.check_model_names(eqs, names)
        for where, code in self.pieces().items():
            checks.check_code(where, code, eqs, self.namespace, names, open_names=self.is_open)
        checks.check_model_units(eqs, known)
        for where, code in self.pieces().items():
            checks.check_code_units(where, code, known)

    def _check_kinds(self) -> None:
        for entry in ("model", "source", "name"):
            if not isinstance(given := getattr(self, entry), str):
                what = "a string of Brian2 equations" if entry == "model" else "a text"
                raise RuleError(f"{entry} must be {what}, not {type(given).__name__}")
        for pathway, event in self.on_event.items():
            if not isinstance(event, str):
                raise RuleError(f"on_event: the event of {pathway!r} must be a name, not {type(event).__name__}")
        if not isinstance(self.requires, Collection) or not all(isinstance(n, Requirement) for n in self.requires):
            raise RuleError(f"requires must be a collection of Requirement objects, got {self.requires!r}")

    def _check_pathways(self) -> None:
        for name in (*self.on_pre, *self.on_post):
            if not isinstance(name, str) or not name.isidentifier():
                raise RuleError(f"pathway name {name!r} is not a name; use letters, digits and underscores")
            if name in self._equations:
                raise RuleError(
                    f"the variable {name!r} of the model has the name of the pathway {name!r}, which the synapses give "
                    f"to its code; rename one, the variable for example to '{name}_trace'"
                )
            if hasattr(Synapses, name):
                raise RuleError(f"pathway name {name!r} is already an attribute of the synapses; rename the pathway")
        for name in self.on_pre.keys() & self.on_post.keys():
            raise RuleError(f"pathway {name!r} is in on_pre and in on_post; rename one of them")
        for name in self.on_event:
            if name not in self.pathways:
                raise RuleError(
                    f"on_event names a pathway {name!r} that does not exist; this rule has {_listed(self.pathways)}"
                )
        for name in self.schedule:
            if name not in self.pathways:
                raise RuleError(
                    f"schedule names a pathway {name!r} that does not exist; this rule has {_listed(self.pathways)}"
                )
        for name, regular in self.regularly.items():
            if not isinstance(regular, Regular):
                raise RuleError(f"regularly {name!r} must be a Regular(code, dt), not {type(regular).__name__}")

    # ------------------------------------------------------------------------------------------------- composition
    def __add__(self, other: SynapseRule) -> SynapseRule:
        """Both rules on one synapse: shared variables kept once, code of a shared pathway run left first."""
        if not isinstance(other, SynapseRule):
            return NotImplemented
        return added(self, other)

    def scheduled(self, **places: tuple[str, int]) -> SynapseRule:
        """The same rule, some of its pathways in other places of the time step.

        Parameters
        ----------
        **places : (str, int)
            Pathway name -> scheduling slot and order within it, e.g. ``rule.scheduled(pre=("start", 4))``. Pathways
            that are not named keep the place they have.

        Raises
        ------
        RuleError
            If there is no such pathway, or a place is no slot with an order. Brian2 refuses an unknown slot at the run.
        """
        return replace(self, schedule={**self.schedule, **places})

    # ---------------------------------------------------------------------------------------------------- building
    def synapses(self, source, target, *, delay=None, name: str | None = None, **kwds) -> Synapses:
        """An ordinary `brian2.Synapses` object that follows this rule, still to be connected.

        Parameters
        ----------
        source, target : brian2 groups
            The presynaptic and the postsynaptic cells.
        delay : None, Quantity, mapping of str to Quantity, or "per synapse"
            None: no delay. A time: the axonal delay of every ``on_pre`` pathway not `undelayed`. A mapping: pathway
            name -> time. Either is one value for all synapses, which costs no memory. ``"per synapse"`` leaves each
            pathway's delay to be set synapse by synapse, as in Brian2 (``synapses.pre.delay = ...``).
        name : str, optional
            Name of the object; entries of ``regularly`` are named ``<name>_<entry>``.
        **kwds
            Whatever else `brian2.Synapses` takes (``method``, ``dtype``, ``order``, ...).

        Raises
        ------
        RuleError
            If a group lacks an event or a variable that the rule uses, if units do not fit, or a delay is none.
        """
        return attach(self, SynapseRule._factory, source, target, delay, name, kwds)

    def kernels(
        self, source, target, convolution: Convolution, *, delay=None, name: str | None = None, **kwds
    ) -> Kernels:
        """Shared kernels that follow this rule, without a synapse being stored (`sbp_brian.brian.kernels`).

        Parameters
        ----------
        source, target : brian2 groups
            The presynaptic and the postsynaptic cells, numbered as the convolution says.
        convolution : Convolution
        delay : None
            There is none.
        name : str, optional
        **kwds
            ``events``, ``dtype``, ``clock`` and ``in_order`` of `Kernels`.

        Raises
        ------
        KernelError
            Cells that do not fit the convolution, a delay, code or requirements that shared kernels cannot carry.
        RuleError
            As `synapses`.
        """
        return attach_kernels(self, source, target, convolution, delay, name, kwds)


def _rebuild(cls, state):
    return cls(**state)


def _place(pathway: str, place) -> tuple[str, int]:
    """The slot and the order of a pathway, checked."""
    fits = isinstance(place, (tuple, list)) and len(place) == 2
    if not (fits and isinstance(place[0], str) and isinstance(place[1], (int, np.integer))):
        raise RuleError(
            f"schedule: the place {place!r} of pathway {pathway!r} is not a slot with an order; write for example "
            f"{{{pathway!r}: ('synapses', 2)}}"
        )
    return place[0], int(place[1])


def _listed(names) -> str:
    return ", ".join(repr(name) for name in names) or "none"
