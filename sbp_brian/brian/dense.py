"""All-to-all pathways without the per-synapse queue: an invisible optimisation for C++ standalone.

Brian2 finds the synapses that an event touches through a queue of synapse numbers and then reads every variable through
that number. Where a cell is connected to *all* cells of the other group and the synapses were made in row order, the
numbers follow from the cell's own index: synapse ``i * N_post + j`` runs from ``i`` to ``j``. `DenseSynapses` loops
over them directly, which the compiler turns into vector instructions.

The dense loop is used where all of this holds, and Brian2's own pathway everywhere else:

- the device is C++ standalone without OpenMP threads;
- the synapses were made by a single ``connect()`` without condition, probability or repetition;
- neither side is a subgroup, and the pathway has no delay.

Both forms apply the same statements in the same order (events by cell index, synapses by the other cell's index), so
weights agree up to the rounding of fused operations; tests/brian/test_dense.py holds them equal. In rows, where no
random numbers are drawn and no variable is written that all synapses share, four or eight
events are taken together, which reads and writes the other cells' variables once for as many rows. What is added up at
the event's own cell becomes a sum of vectors (`sbp_brian.brian.kept_numbers`), whose order is another.

Where the code does nothing at most synapses (`sbp_brian.brian.members`), it visits the others alone, by a list that is
made at the start of each run; where it does nothing at some of them, whole rows are visited with a bit for each.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2 import Quantity, Synapses, get_device, prefs
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.codegen.translation import analyse_identifiers
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Variables
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.groups.subgroup import Subgroup
from brian2.parsing.statements import parse_statement
from brian2.synapses.synapses import SynapticPathway

from sbp_brian.brian.identity import identity
from sbp_brian.brian.kept_numbers import kept_at, with_kept
from sbp_brian.brian.members import deciding_variable
from sbp_brian.brian.own_code import pathway_code
from sbp_brian.brian.text import synapses_text
from sbp_brian.brian.translation_units import UnitCodeObject
from sbp_brian.errors import RuleError

__all__ = ["DensePathway", "DenseSynapses"]


#: Events of presynaptic cells that the dense loop takes together, where it may: of code of one statement, and of more,
#: whose numbers would not all find a place in the processor.
TOGETHER, OF_MORE = 8, 4


#: Neighbours whose taking part one number tells, where whole rows are visited and where those are listed that do.
WORD, LISTED = 32, 16


#: Listed ones are visited where they are at most this share of a row's: each costs more than in a whole row.
DEAR = 0.45


#: Where runs of neighbours are visited instead, one costs as much to begin as so many synapses of a whole row.
START_OF_RUN = 20


class DensePathway(SynapticPathway):
    """A synaptic pathway that loops over whole rows (on_pre) or columns (on_post) where that is valid.

    Attributes
    ----------
    zero_delay : bool
        The pathway was made with the fixed delay 0 s.
    """

    zero_delay = False

    def __setattr__(self, key, value, level=0):
        if key in ("delay", "delay_") and self.zero_delay:
            raise _fixed_delay(self)
        super().__setattr__(key, value, level + 1)

    def dense_reason(self) -> str:
        """Why the dense loop cannot be used here; empty where it can."""
        device = get_device()
        if not (
            isinstance(device, CPPStandaloneDevice)
            and device.code_object_class().templater in (CPPStandaloneCodeObject.templater, UnitCodeObject.templater)
        ):
            return "the device is not C++ standalone"
        if prefs.devices.cpp_standalone.openmp_threads:
            return "OpenMP is switched on"
        if not self.synapses.all_to_all:
            return "the synapses are not all-to-all in row order"
        if isinstance(self.source, Subgroup) or isinstance(self.target, Subgroup):
            return "one side is a subgroup"
        if not self.zero_delay:
            return "the pathway has a delay, or may be given one"
        return ""

    def create_code_objects(self, run_namespace):
        """Make the dense loop, or Brian2's own queue and code where the loop is not valid."""
        self.update_abstract_code(run_namespace=run_namespace)
        if self.dense_reason():
            self.codeobj_class = pathway_code() or self.group.codeobj_class
            super().create_code_objects(run_namespace)
            return
        variables = Variables(self.synapses)
        variables._variables.update(self.variables._variables)
        variables.indices.update(self.variables.indices)
        for index in ("_presynaptic_idx", "_postsynaptic_idx"):  # loop counters of the template, not array look-ups
            variables._variables.pop(index, None)
            variables.add_auxiliary_variable(index, dtype=np.int32)
            variables[index].unique = False
        event_space = self.source.variables[self.eventspace_name]
        pre_to_post = self.prepost == "pre"
        independent = self.source is not self.target and not self._writes_to_event_cell()
        deciding = deciding_variable(self.abstract_code, self.group.variables)
        by_bits = bool(deciding and pre_to_post and independent and len(self.target) >= WORD)
        apart = self.source is not self.target and self._written() <= {"_idx", "_presynaptic_idx", "_postsynaptic_idx"}
        together = TOGETHER if len(self._statements()) == 1 else OF_MORE
        if not (pre_to_post and apart) or self._draws(run_namespace):
            together = 1
        with _constants_of(self._precision()):
            codeobj = create_runner_codeobj(
                self.group,
                self.abstract_code,
                "dense_pathway",
                user_code=self.code,
                name=f"{self.name}_dense_codeobject*",
                check_units=self.check_units,
                additional_variables=variables,
                needed_variables=[self.eventspace_name, *([deciding] if deciding else [])],
                run_namespace=run_namespace,
                template_kwds={
                    "eventspace_variable": event_space,
                    "n_source": len(self.source),
                    "n_target": len(self.target),
                    "over": "row" if pre_to_post else "column",
                    "independent": independent,
                    "together": together,
                    "apart": apart,
                    "kept_at": kept_at,
                    "with_kept": with_kept,
                    "deciding_variable": self.group.variables[deciding] if deciding else None,
                    "start_of_run": START_OF_RUN,
                    "word": WORD,
                    "listed": LISTED,
                    "dear": DEAR,
                    "by_bits": by_bits,
                    "whole_rows": by_bits and self._written() == {"_idx"},
                },
                codeobj_class=UnitCodeObject,
            )
        self.codeobj = codeobj
        self.code_objects[:] = [weakref.proxy(codeobj)]

    def _precision(self) -> type:
        """Of constants of the loop: single where all variables are, which would be widened by double ones."""
        found = (self.group.variables.get(name) for name in self._names())
        types = {var.dtype for var in found if isinstance(var, ArrayVariable) and np.issubdtype(var.dtype, np.floating)}
        return np.float32 if types == {np.dtype(np.float32)} else prefs.core.default_float_dtype

    def _names(self) -> set[str]:
        """All names that the code reads, those within subexpressions included."""
        _, known, unknown = analyse_identifiers(self.abstract_code, self.group.variables, recursive=True)
        return known | unknown

    def _draws(self, run_namespace) -> bool:
        """True where the code calls a function whose calls must keep their order, such as ``rand()``."""
        used = self._names()
        names = self.group.resolve_all(used, run_namespace, user_identifiers=used)
        return any(isinstance(found, Function) and not found.stateless for found in names.values())

    def _writes_to_event_cell(self) -> bool:
        """True where the code writes a variable that all synapses of the loop share: its iterations then depend."""
        return not {"_presynaptic_idx" if self.prepost == "pre" else "_postsynaptic_idx", "0"}.isdisjoint(
            self._written()
        )

    def _statements(self) -> list[str]:
        return [line for line in self.abstract_code.splitlines() if line.split("#")[0].strip()]

    def _written(self) -> set[str]:
        """By which indices the code writes variables."""
        names = {parse_statement(line)[0] for line in self._statements()}
        return {self.group.variables.indices[name] for name in names if name in self.group.variables}


@contextmanager
def _constants_of(dtype: type) -> Iterator[None]:
    """Let what Brian2 computes once before a loop be of this type."""
    before = prefs.core.default_float_dtype
    prefs.core.default_float_dtype = dtype
    try:
        yield
    finally:
        prefs.core.default_float_dtype = before


def _fixed_delay(pathway: SynapticPathway) -> RuleError:
    return RuleError(
        f"the pathway {pathway.name!r} was made without a delay, so none can be set: pass delay=... when the synapses "
        "are made, or delay='per synapse' to set it afterwards"
    )


class DenseSynapses(Synapses):
    """Ordinary `brian2.Synapses` whose pathways take the dense loop where it is valid (see the module's text).

    Attributes
    ----------
    all_to_all : bool
        Made by one plain ``connect()``: synapse ``i * N_post + j`` runs from i to j.
    initial : dict
        Values given to variables after each ``connect`` (see `sbp_brian.rules.SynapseRule`).
    guards : tuple of callables
        Called with this object before each run, to refuse what would go wrong in silence.
    given_name : str or None
        The name that the user gave it.
    made_by : tuple of (str, str or None)
        Name and weight of the rule that it follows.
    rule : SynapseRule or None
        The rule that it follows; ``print`` shows its text.
    made_with : mapping of str to Quantity
        Pathway -> the delay that all synapses were made with.
    preparation : int or None
        Of the last run: the same for all objects that a network prepared for it.
    """

    all_to_all = False
    initial = MappingProxyType({})
    guards = ()
    given_name: str | None = None
    made_by: tuple[str, str | None] = ("", None)
    preparation: int | None = None
    rule: Any = None
    made_with: Mapping[str, Quantity] = MappingProxyType({})

    def __str__(self) -> str:
        return super().__str__() if self.rule is None else synapses_text(self, self.rule)

    def connect(self, condition=None, i=None, j=None, p=1.0, n=1, skip_if_invalid=False, namespace=None, level=0):
        """Connect as Brian2 does, then give the rule's values to its variables."""
        everything = condition in (None, True, "True") and i is None and j is None
        plain = isinstance(p, (int, float)) and p == 1 and isinstance(n, int) and n == 1
        again, before = self._connect_called, self._made_so_far()
        self.all_to_all = everything and plain and not again
        super().connect(condition, i, j, p, n, skip_if_invalid, namespace, level + 1)
        for name, value in self.initial.items():
            shared = self.variables.indices[name] == "0"
            if not again:
                self._begin(name, value, slice(None))
            elif not shared and before is None:
                raise RuleError(
                    f"{self.name!r} is connected again, and how many synapses there are already is known only within "
                    "the standalone program: connect with arrays, connect(i=..., j=...), or all at once"
                )
            elif not shared:  # what is there, and what the user made of it, stays
                self._begin(name, value, slice(before, None))

    def _made_so_far(self) -> int | None:
        """How many synapses there are, or None where a standalone program makes them itself."""
        if not self._connect_called:
            return 0
        cells = self._cells_or_none()
        return None if cells is None else len(cells[0])

    def _begin(self, name: str, value, which: slice) -> None:
        """Give the first value to a variable of some synapses."""
        if hasattr(value, "assign_within") and not self.knows_cells():
            value.assign_within(self, name)
            return
        if hasattr(value, "values"):
            pre, post = (cells[which] for cells in self.cell_indices(name))
            again = f" from {which.start}" if which.start else ""
            value = value.values(identity(self, pre, post) + again, pre, post)
        if which == slice(None):
            setattr(self, name, value)
        else:
            getattr(self, name)[which] = value

    def knows_cells(self) -> bool:
        """Whether it is known here which cells the synapses connect."""
        return self.all_to_all or self._cells_or_none() is not None

    def _cells_or_none(self) -> tuple[np.ndarray, np.ndarray] | None:
        try:
            return self.cell_indices("connect")
        except RuleError:
            return None

    def before_run(self, run_namespace):
        """Ask the guards, then do what Brian2 does before a run."""
        self.preparation = id(run_namespace)  # one object for all that take part, alive until they are ready
        for guard in self.guards:
            guard(self)
        super().before_run(run_namespace)

    def _set_delay_where_free(self, value):
        if getattr(self._pathway("pre"), "zero_delay", False):
            raise _fixed_delay(self._pathway("pre"))
        Synapses.delay.fset(self, value)

    delay = property(Synapses.delay.fget, _set_delay_where_free, doc="Delay of the pathway 'pre', where it may be set.")

    def _pathway(self, name):
        return getattr(self, name) if name in self._synaptic_updaters else None

    def cell_indices(self, purpose: str) -> tuple[np.ndarray, np.ndarray]:
        """Presynaptic and postsynaptic cell of every synapse, known before a standalone program runs.

        Raises
        ------
        RuleError
            The synapses are made inside the standalone program, by a condition or at random.
        """
        if self.all_to_all:
            pre, post = np.indices((len(self.source), len(self.target))).reshape(2, -1)
            return pre, post
        try:
            return np.array(self.i[:]), np.array(self.j[:])
        except NotImplementedError:
            raise RuleError(
                f"{purpose!r} of {self.name!r} needs to know which cells the synapses connect, and a standalone "
                "program makes these itself: connect with arrays, connect(i=..., j=...), or all-to-all, connect()"
            ) from None

    def _add_updater(self, code, prepost, objname=None, delay=None, event="spike"):
        name = super()._add_updater(code, prepost, objname, delay, event)
        pathway = getattr(self, name)
        pathway.__class__ = DensePathway
        pathway.zero_delay = delay is not None and float(delay) == 0
        if pathway.zero_delay:  # a delay set later would be ignored by the dense loop, so it is refused
            pathway.variables["delay"].read_only = True
        return name
