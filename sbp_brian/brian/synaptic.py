"""What is added to a Synapses object that is there already: a variable, code around that of its pathways, a start."""

from __future__ import annotations

from typing import Any

from brian2 import BrianObject, Synapses

__all__ = ["AtStart", "add_variable", "enclose", "is_connected", "pathways"]


def is_connected(synapses: Synapses) -> bool:
    """Whether ``connect`` has been called."""
    return bool(synapses._connect_called)


def pathways(synapses: Synapses) -> list[str]:
    """Names of the pathways, those of on_pre first."""
    return list(synapses._synaptic_updaters)


def add_variable(synapses: Synapses, name: str, like: str) -> None:
    """Give each synapse one more variable, of the dimension of another and 0 at first.

    Parameters
    ----------
    synapses : brian2.Synapses
        Not connected yet.
    name, like : str
    """
    pattern = synapses.variables[like]
    synapses.variables.add_dynamic_array(name, size=0, dimensions=pattern.dim, dtype=pattern.dtype)
    synapses.register_variable(synapses.variables[name])


def enclose(synapses: Synapses, before: str, after: str) -> None:
    """Let code run before and after that of every pathway, at its events and with its delays."""
    for name in pathways(synapses):
        pathway = getattr(synapses, name)
        pathway.code = "\n".join((before, pathway.code.strip("\n"), after))


class AtStart(BrianObject):
    """Gives a variable of each synapse the value of an expression when a run begins, on every target.

    Parameters
    ----------
    synapses : brian2.Synapses
    name, expression : str
    check : callable
        Asked first, with the synapses.
    """

    add_to_magic_network = False

    def __init__(self, synapses: Synapses, name: str, expression: str, check: Any):
        super().__init__(name=f"{synapses.name}_{name}_at_start", clock=synapses.clock)
        self.synapses, self.variable, self.expression, self.check = synapses, name, expression, check
        synapses.contained_objects.append(self)

    def before_run(self, run_namespace: Any) -> None:
        """Set the variable."""
        self.check(self.synapses)
        getattr(self.synapses, self.variable).set_item(slice(None), self.expression, namespace={})
        super().before_run(run_namespace)
