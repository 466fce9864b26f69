"""What a cell is, as Brian2 strings: `NeuronModel`, a frozen declaration that adds up and builds ordinary groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2 import Equations, NeuronGroup

from sbp_brian.errors import RuleError
from sbp_brian.rules import checks
from sbp_brian.wording import names_parameters

__all__ = ["NeuronModel"]


@names_parameters
@dataclass(frozen=True)
class NeuronModel:
    """What a cell is, as Brian2 strings.

    Parameters
    ----------
    equations : str
        Brian2 equations. The mark ``{drift}`` in one of them is where terms that parts add to the membrane's derivative
        go.
    threshold : str
        Condition of a spike; empty for a part or a cell that never spikes.
    reset : str
        Code at a spike, after that of the models before it in a sum.
    refractory : Quantity (s), str or None
        How long the cell stays refractory after a spike.
    method : str or None
        Integration method; None leaves the choice to the other models of a sum. Where a part adds a drift, ``exact``
        becomes ``exponential_euler``.
    namespace : mapping
        Constants of all strings above.
    events : mapping of str to str
        Custom events: name -> condition.
    drift : tuple of str
        Terms that this part adds at ``{drift}``.
    initial : mapping of str to Quantity, number or str
        Values that `group` sets when it makes the cells.
    source : str
        Citation, with its DOI.
    name : str
        What to call the model in messages.

    Raises
    ------
    RuleError
        For names that shadow Brian2's or numpy's, and for equations that cannot be read.
    """

    equations: str = ""
    threshold: str = ""
    reset: str = ""
    refractory: Any = None
    method: str | None = None
    namespace: Mapping[str, Any] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)
    drift: tuple[str, ...] = ()
    initial: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        for entry in ("namespace", "events", "initial"):
            object.__setattr__(self, entry, MappingProxyType(dict(getattr(self, entry))))
        object.__setattr__(self, "drift", tuple(self.drift))
        checks.check_namespace(self.namespace)
        there = checks.equations(self.equations.replace("{drift}", ""))
        for name in self.initial:
            if name not in there:
                raise RuleError(f"initial gives a value to {name!r}, which the equations do not define")

    def __reduce__(self):
        return _rebuild, (
            {
                entry.name: dict(value) if isinstance(value := getattr(self, entry.name), Mapping) else value
                for entry in fields(self)
            },
        )

    def __add__(self, other: NeuronModel) -> NeuronModel:
        """Both in one cell: at most one threshold, resets in order, drifts joined."""
        if not isinstance(other, NeuronModel):
            return NotImplemented
        for entry in ("threshold", "refractory", "method"):
            a, b = getattr(self, entry), getattr(other, entry)
            if a and b and (a != b or entry == "threshold"):
                raise RuleError(
                    f"cannot add {self.name or 'a model'!r} and {other.name or 'a model'!r}: both have a "
                    f"{entry} of their own; use a part without one"
                )
        texts = checks.equations(self.equations.replace("{drift}", ""))
        for name in checks.equations(other.equations.replace("{drift}", "")):
            if name in texts:
                raise RuleError(f"cannot add the models: both define {name!r}; rename it in one of them")
        merged = {}
        for entry in ("namespace", "events", "initial"):
            a, b = getattr(self, entry), getattr(other, entry)
            for name in a.keys() & b.keys():
                if not checks.same_value(a[name], b[name]):
                    raise RuleError(
                        f"cannot add the models: {entry} {name!r} is {a[name]} in one and {b[name]} in the "
                        "other; rename it in one of them"
                    )
            merged[entry] = {**a, **b}
        return NeuronModel(
            equations="\n".join(filter(None, (self.equations, other.equations))),
            threshold=self.threshold or other.threshold,
            reset="\n".join(filter(None, (self.reset, other.reset))),
            refractory=self.refractory if self.refractory is not None else other.refractory,
            method=self.method or other.method,
            drift=self.drift + other.drift,
            **merged,
            source="\n".join(dict.fromkeys(filter(None, (*self.source.split("\n"), *other.source.split("\n"))))),
            name=" + ".join(filter(None, (self.name, other.name))),
        )

    def text(self) -> str:
        """The equations as Brian2 gets them."""
        if self.drift and "{drift}" not in self.equations:
            raise RuleError(
                f"{self.name or 'the model'!r} has no membrane equation with the mark {{drift}}, so "
                f"{', '.join(map(repr, self.drift))} has nowhere to go; put the mark into dv/dt"
            )
        return self.equations.replace("{drift}", "".join(f" + ({term})" for term in self.drift))

    def group(
        self,
        n: int,
        *,
        name: str | None = None,
        extra_equations: str | Equations = "",
        events: Mapping[str, str] | None = None,
        **kwds,
    ) -> NeuronGroup:
        """`n` cells as an ordinary `brian2.NeuronGroup`, with the initial values set.

        Parameters
        ----------
        n : int
            Number of cells.
        name : str, optional
            Name of the group.
        extra_equations : str or brian2.Equations
            More equations, such as ``RetrogradeSBP.equations``.
        events : mapping of str to str, optional
            More custom events, such as ``RetrogradeSBP.events``.
        **kwds
            Whatever else `NeuronGroup` takes (``dt``, ``order``, ``dtype``, ...); ``namespace`` is added to.

        Raises
        ------
        RuleError
            If a name or an event is defined twice, or `n` is not a positive whole number.
        """
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
            raise RuleError(f"n = {n!r} cells; give a positive whole number")
        equations = Equations(self.text())
        extra = extra_equations if isinstance(extra_equations, Equations) else Equations(extra_equations)
        for variable in equations.names & extra.names:
            raise RuleError(f"extra_equations defines {variable!r}, which the model has already; rename it")
        for event in self.events.keys() & (events or {}).keys():
            raise RuleError(f"events defines {event!r}, which the model has already; rename it")
        if self.refractory is not None:
            kwds.setdefault("refractory", self.refractory)
        if self.method is not None:
            # a drift couples the membrane to another variable: its exact step takes sympy minutes to write down
            kwds.setdefault("method", "exponential_euler" if self.drift and self.method == "exact" else self.method)
        cells = NeuronGroup(
            int(n),
            equations + extra,
            threshold=self.threshold or None,
            reset=self.reset or None,
            events={**self.events, **(events or {})} or None,
            namespace={**self.namespace, **(kwds.pop("namespace", None) or {})},
            **({} if name is None else {"name": name}),
            **kwds,
        )
        for variable, value in self.initial.items():
            setattr(cells, variable, value)
        return cells


def _rebuild(state):
    return NeuronModel(**state)
