"""Several copies of a network in one: side by side within each of its groups, none connected to another.

A step of a small network costs a GPU, or a program with many objects, what starting its pieces of code costs, not what
they compute. Copies share these starts. While a network is made within `copied`, each group of cells that is made by
`cells` holds the cells of the first copy, then those of the second, and so on; `connect` connects each copy's cells
among themselves; and code stays what it was for one network:

- ``i`` is the cell's number within its own copy;
- a function of time that was made by `by_copy` gives each copy its own value;
- what was shared by the cells of a group, or by all synapses of an object, is each copy's own: cells have it one by
  one, of synapses the target cells have it, as ``NAME_of_SYNAPSES``.

So each copy computes what the network computes alone. Numbers that a program draws (``rand()``) are other ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import numpy as np
from brian2 import Equations, NeuronGroup, Quantity, TimedArray, linked_var
from brian2.equations.equations import SingleEquation

from sbp_brian.errors import CopiesError

__all__ = ["by_copy", "cells", "connect", "copied", "copies", "linked", "shared_elsewhere", "tiled"]

#: Of each cell: its number within its copy, and the number of the copy.
OWN = "own_i : integer (constant)\nown_copy : integer (constant)"
_INDEX = re.compile(r"\bi\b")


@dataclass
class _Copied:
    """What is known while a network is made: how many copies, and which functions of time differ between them."""

    n: int
    functions: set[str] = field(default_factory=set)

    def own(self, code: str) -> str:
        """Code of a single network as that of a copy."""
        for name in self.functions:
            code = re.sub(rf"\b{name}\(t\)", f"{name}(t, own_copy)", code)
        return _INDEX.sub("own_i", code)


_COPIED: ContextVar[_Copied | None] = ContextVar("sbp_copies", default=None)


@contextmanager
def copied(n: int) -> Iterator[None]:
    """Let the network that is made within hold `n` copies, at least 1."""
    token = _COPIED.set(_Copied(n))
    try:
        yield
    finally:
        _COPIED.reset(token)


def copies() -> int:
    """How many copies the network that is being made holds; 0 where it is a network as any other."""
    now = _COPIED.get()
    return 0 if now is None else now.n


class CopiedGroup(NeuronGroup):
    """Cells of several copies; made as a `brian2.NeuronGroup` of one copy is.

    Attributes
    ----------
    of_one : int
        Cells of one copy.
    """

    def __init__(self, N: int, model, threshold=None, reset=None, events=None, **kwds):
        self.of_one, self._copied = int(N), _COPIED.get()
        n, own = self._copied.n, self._copied.own
        super().__init__(
            self.of_one * n,
            _apart(Equations(model) if isinstance(model, str) else model, own) + Equations(OWN),
            threshold=None if threshold is None else own(threshold),
            reset=None if reset is None else own(reset),
            events=None if events is None else {name: own(condition) for name, condition in events.items()},
            **kwds,
        )
        self.own_i = np.tile(np.arange(self.of_one), n)
        self.own_copy = np.repeat(np.arange(n), self.of_one)

    def run_regularly(self, code, *given, **more):
        """As of any group, with the code of one copy."""
        return super().run_regularly(self._copied.own(code), *given, **more)

    def run_on_event(self, event, code, *given, **more):
        """As of any group, with the code of one copy."""
        return super().run_on_event(event, self._copied.own(code), *given, **more)


def _apart(equations: Equations, own) -> Equations:
    """The equations with nothing shared between cells, and the code of a copy."""
    made = []
    for each in equations.values():
        code = None if each.expr is None else type(each.expr)(own(each.expr.code))
        flags = [flag for flag in each.flags if flag != "shared"]
        made.append(SingleEquation(each.type, each.varname, each.dim, each.var_type, code, flags))
    return Equations(made)


def cells(N: int, model, **kwds) -> NeuronGroup:
    """A group of cells: `N`, or as many for each copy."""
    return CopiedGroup(N, model, **kwds) if copies() else NeuronGroup(N, model, **kwds)


def connect(synapses) -> None:
    """Connect all cells with all, or those of each copy among themselves, in rows one after the other."""
    if not copies():
        synapses.connect()
        return
    n, m = synapses.source.of_one, synapses.target.of_one
    synapses.connect(j=f"k for k in range({m}*(i//{n}), {m}*(i//{n}) + {m})")


def linked(source: NeuronGroup, name: str, target: NeuronGroup):
    """A variable of a group of one cell as a linked one of `target`; each copy's own."""
    if not copies():
        return linked_var(source, name)
    return linked_var(source, name, index=np.repeat(np.arange(copies()), target.of_one))


def by_copy(values: np.ndarray, dt: Quantity, name: str) -> TimedArray:
    """A function of time; each copy has its own, which begins with `values`."""
    now = _COPIED.get()
    if now is None:
        return TimedArray(values, dt=dt, name=name)
    now.functions.add(name)
    return TimedArray(np.repeat(values[:, np.newaxis], now.n, axis=1), dt=dt, name=name)


def tiled(values):
    """Values of the cells of one copy, for all copies; one value for all stays as it is."""
    return np.tile(values, copies()) if copies() and np.ndim(values) else values


def shared_elsewhere(equations: Equations, target: NeuronGroup, name: str) -> dict[str, str]:
    """Give the target cells what synapses share, so that copies may differ in it.

    Parameters
    ----------
    equations : Equations
        Of the synapses.
    target : NeuronGroup
        Made by `cells`.
    name : str
        Of the synapses.

    Returns
    -------
    dict of str to str
        What was shared -> its name among the variables of the target.

    Raises
    ------
    CopiesError
        A shared variable is an expression or an equation.
    """
    moved = {}
    for each in equations.values():
        if "shared" not in each.flags:
            continue
        if each.type != "parameter":
            raise CopiesError(
                f"{name}: {each.varname!r} is shared and follows an equation, which copies side by side cannot have; "
                "run these networks one by one"
            )
        moved[each.varname] = f"{each.varname}_of_{name}"
        target.variables.add_array(moved[each.varname], size=len(target), dimensions=each.dim)
    return moved
