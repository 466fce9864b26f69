"""Kernels that many synapses share, without the synapses: `Kernels`.

A convolution of feature maps has far more synapses than weights: each cell behind has its own to every cell of its
patch, and all patches share one kernel. Here nothing is stored for a synapse. The kernels are a group of their own, one
weight each (so code may run for them, they can be recorded, set and linked as any other variables), and a pathway runs
its code for each cell of an event, over what the kernels reach from there::

    for each event, in the order in which they are given:
        for each map, row and column behind whose patch holds the cell:    (on_pre; on_post: each cell of the patch)
            the pathway's statements, with the weight's variables, *_pre and *_post

The statements are those of a pathway of `brian2.Synapses`, translated by Brian2; they must be sums
(`sbp_brian.brian.kernel_code` says why). The outcome equals the unrolled form's, in which a synapse holds the number of
its weight, up to the order in which numbers are added; tests/brian/test_kernels.py holds them equal.

Compiled loops run over what lies together in memory in their innermost loop: with ``maps_last`` all maps behind, else
the columns of a row. With ``maps_last``, events of several maps at one place are taken together, where only the order
at each weight and cell behind counts: these are then read and written once for all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2 import Equations, NeuronGroup, Subgroup
from brian2.core.variables import Variables
from brian2.groups.group import CodeRunner

from sbp_brian.brian.convolution import Convolution
from sbp_brian.brian.kernel_code import OF_SYNAPSES, CodeCheck, check_model
from sbp_brian.brian.own_code import own_code
from sbp_brian.errors import KernelError

__all__ = ["KernelPathway", "Kernels"]

#: Events of presynaptic cells at one place that a compiled loop takes together, where it may.
TOGETHER = 4
#: Pairs of cells that numpy takes at a time.
AT_A_TIME = 2**18
INDICES = ("_presynaptic_idx", "_postsynaptic_idx", "_kernel_idx")


class Kernels(NeuronGroup):
    """Shared weights between two groups of cells that lie as feature maps; made by `SynapseRule.kernels`.

    A group of ``convolution.weights`` elements. Its elements are weights, in the order of `Convolution.flat`; it takes
    ``run_regularly`` and events as any group does.

    Parameters
    ----------
    source, target : brian2 groups
        Whole groups of as many cells as the convolution's maps have.
    model : str
        Equations of a weight.
    convolution : Convolution
        Which cells the kernels connect.
    on_pre, on_post : mapping of str to str
        Pathway -> code at an event of a source cell, or of a target cell.
    on_event : mapping of str to str
        Pathway -> event, ``spike`` where absent.
    events : mapping of str to str
        Of the weights themselves: name -> condition.
    in_order : collection of str
        Pathways whose events come in an order that is meant (`sbp_brian.brian.event_order.EventOrder`), one after
        another: their code may set and read the variables of the cell on the other side as it likes.
    namespace, dtype, name, clock
        As of `brian2.NeuronGroup`.

    Raises
    ------
    KernelError
        Cells that do not fit the convolution, parts of groups, code that shared kernels cannot carry.
    """

    made_by: tuple[str, str | None] = ("", None)
    given_name: str | None = None
    initial: Mapping[str, Any] = MappingProxyType({})
    made_with: Mapping[str, Any] = MappingProxyType({})
    guards: tuple = ()
    rule: Any = None

    def __init__(
        self,
        source: Any,
        target: Any,
        model: str,
        convolution: Convolution,
        *,
        on_pre: Mapping[str, str] | None = None,
        on_post: Mapping[str, str] | None = None,
        on_event: Mapping[str, str] | None = None,
        events: Mapping[str, str] | None = None,
        in_order: Collection[str] = (),
        namespace: Mapping[str, Any] | None = None,
        dtype: Any = None,
        clock: Any = None,
        name: str = "kernels*",
    ):
        said = name.rstrip("*")
        for group, maps, role in (
            (source, convolution.source, "source"),
            (target, convolution.target, "target"),
        ):
            _check_cells(said, group, maps, role)
        equations = Equations(model)
        check_model(said, equations)
        check = CodeCheck(said, equations, source, target)
        _check_in_order(said, in_order, [*(on_pre or {}), *(on_post or {})])
        checked = [
            (side, pathway, *check.check(pathway, code, other if pathway in in_order else None))
            for side, pathways, other in (("pre", on_pre, "_post"), ("post", on_post, "_pre"))
            for pathway, code in (pathways or {}).items()
        ]
        super().__init__(
            convolution.weights,
            equations,
            events=dict(events or {}),
            namespace=dict(namespace or {}),
            dtype=dtype,
            clock=source.clock if clock is None else clock,
            name=name,
        )
        self.add_attribute("source")
        self.add_attribute("target")
        self.add_attribute("convolution")
        self.add_attribute("pathways")
        self.source, self.target, self.convolution = source, target, convolution
        self.pathways = tuple(
            KernelPathway(
                self, pathway, code, side, (on_event or {}).get(pathway, "spike"), adds, in_order=pathway in in_order
            )
            for side, pathway, code, adds in checked
        )
        for pathway in self.pathways:
            if hasattr(self, pathway.objname):
                raise KernelError(
                    f"{said}: pathway name {pathway.objname!r} is taken by the kernels; rename the pathway"
                )
            self.add_attribute(pathway.objname)
            setattr(self, pathway.objname, pathway)
            self.contained_objects.append(pathway)

    def array(self, name: str) -> np.ndarray:
        """Values of a variable as an array of shape (maps behind, maps before, height, width), without units.

        Parameters
        ----------
        name : str
        """
        return self.convolution.array(np.asarray(self.variables[name].get_value()))

    def before_run(self, run_namespace):
        """Ask the guards, then do what Brian2 does before a run."""
        for guard in self.guards:
            guard(self)
        super().before_run(run_namespace)


class KernelPathway(CodeRunner):
    """Runs a pathway's code over what the kernels reach from the cells of an event.

    Parameters
    ----------
    kernels : Kernels
    objname : str
        The pathway's name.
    code : str
    side : str
        ``pre`` or ``post``: whose event it is.
    event : str
    adds : collection of str
        The variables that the code adds to.
    in_order : bool
        Whether each event is taken alone, in the order in which they are given.
    """

    def __init__(
        self,
        kernels: Kernels,
        objname: str,
        code: str,
        side: str,
        event: str,
        adds: frozenset[str],
        *,
        in_order: bool = False,
    ):
        self.cells = kernels.source if side == "pre" else kernels.target
        self.objname, self.side, self.event, self.adds, self.in_order = objname, side, event, adds, in_order
        self.eventspace_name = f"_{event}space"
        self.variables = self._variables(kernels)
        self.variables.add_reference(self.eventspace_name, self.cells)
        convolution = kernels.convolution
        self.variables.add_object("_reach", convolution.from_source if side == "pre" else convolution.from_target)
        super().__init__(
            kernels,
            "kernel_pathway",
            code=code,
            clock=self.cells.clock,
            when="synapses",
            order=-1 if side == "pre" else 1,
            name=f"{kernels.name}_{objname}",
            template_kwds=self._words(convolution, self.cells.variables[self.eventspace_name]),
        )

    def _variables(self, kernels: Kernels) -> Variables:
        """All names of the code, by the indices that the templates count."""
        variables = Variables(kernels)
        for index in INDICES:
            variables.add_auxiliary_variable(index, dtype=np.int32)
            variables[index].unique = self.in_order and index != (INDICES[0] if self.side == "pre" else INDICES[1])
        for name in kernels.variables:
            if not name.startswith("_") and name not in OF_SYNAPSES:
                index = "_kernel_idx" if kernels.variables.indices[name] == "_idx" else "0"
                variables._variables[name], variables.indices[name] = kernels.variables[name], index
        for group, suffix, index in ((kernels.source, "pre", INDICES[0]), (kernels.target, "post", INDICES[1])):
            for name, variable in group.variables.items():
                if not name.startswith("_") and group.variables.indices[name] in ("_idx", "0"):
                    variables.add_reference(f"{name}_{suffix}", group, name, index="0" if variable.scalar else index)
        return variables

    def _words(self, convolution: Convolution, eventspace: Any) -> dict[str, Any]:
        """What the templates need to know."""
        before, behind = convolution.source, convolution.target
        common = any(name.endswith(f"_{self.side}") for name in self.adds)  # all pairs of an event add to one variable
        together = not common and self.side == "pre" and convolution.maps_last and before.maps > 1
        return {
            "eventspace_variable": eventspace,
            "side": self.side,
            "before": before,
            "behind": behind,
            "sides": convolution.sides,
            "strides": convolution.strides,
            "paddings": convolution.paddings,
            "steps": convolution.steps,
            "independent": not common,
            "together": TOGETHER if together else 1,
            "at_a_time": 1
            if self.in_order
            else max(1, AT_A_TIME // max(convolution.weights // before.maps, convolution.fan_in)),
        }

    def create_code_objects(self, run_namespace):
        """Make the code for the target in use."""
        self.codeobj_class = own_code(self.name, "runs over shared kernels")
        on_numpy = self.codeobj_class.generator_class.class_name == "numpy"
        self.needed_variables = [self.eventspace_name, *(["_reach"] if on_numpy else [])]
        super().create_code_objects(run_namespace)


def _check_in_order(name: str, in_order: Collection[str], pathways: list[str]) -> None:
    for pathway in in_order:
        if pathway not in pathways:
            there = ", ".join(map(repr, pathways)) or "none"
            raise KernelError(f"{name}: in_order names a pathway {pathway!r} that does not exist; the rule has {there}")


def _check_cells(name: str, group: Any, maps: Any, role: str) -> None:
    if isinstance(group, Subgroup):
        raise KernelError(f"{name}: the {role} is a part of a group; give the whole group, with maps of its own")
    if len(group) != maps.cells:
        raise KernelError(
            f"{name}: the {role} group {group.name!r} has {len(group)} cells, and {maps.maps} maps of {maps.rows} x "
            f"{maps.columns} have {maps.cells}; give both the same number"
        )
