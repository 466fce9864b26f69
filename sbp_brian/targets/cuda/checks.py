"""What brian2cuda would compute wrongly in silence is refused, with the reason.

A CUDA kernel runs its code for many cells or synapses at the same time. Code that relies on one coming after the other
has no meaning there; Brian2's other targets run it in some order. And brian2cuda counts a pathway's delay in steps of
the whole network.
"""

from __future__ import annotations

from brian2 import Clock, prefs
from brian2.codegen.translation import make_statements
from brian2.core.clocks import EventClock
from brian2.core.variables import ArrayVariable
from brian2.parsing.bast import BrianASTRenderer  # noqa: F401  (registers what make_statements needs)
from brian2.synapses.synapses import Synapses
from brian2.utils.stringtools import get_identifiers

from sbp_brian.errors import CudaDelayError, CudaRaceError

#: Templates whose code runs for all cells or synapses at once, at each tick.
_PARALLEL = ("stateupdate", "synapses", "reset")


def check_races(owner, name: str, template: str, code, variables: dict, indices: dict) -> list[str]:
    """Refuse shared variables that many threads would change at once; tell what will run one after another.

    Parameters
    ----------
    owner, name, template, code, variables, indices
        As `brian2.devices.device.Device.code_object` has them; `code` maps the name of a block to its text.

    Returns
    -------
    list of str
        Variables of cells for which this synaptic code will be serialised.

    Raises
    ------
    CudaRaceError
    """
    if template not in _PARALLEL or not isinstance(code, dict):
        return []
    serial: list[str] = []
    for block, text in code.items():
        scalar, vector = make_statements(
            text, variables, prefs["core.default_float_dtype"], optimise=True, blockname=block
        )
        if getattr(owner, "_N", 0) != 1:  # a single cell is a single thread
            _check_scalar(owner, name, scalar, variables)
        if template == "synapses":
            serial += _check_vector(owner, name, vector, variables, indices)
    return sorted(set(serial))


def _check_scalar(owner, name: str, statements, variables: dict) -> None:
    """Every thread runs the shared part of the code: it may not read what is there and then change it.

    What has been set before in the same code is read from the thread's own copy.
    """
    changed = {statement.var for statement in statements if isinstance(variables.get(statement.var), ArrayVariable)}
    known: set[str] = set()
    for statement in statements:
        read = set(get_identifiers(statement.expr)) | ({statement.var} if statement.inplace else set())
        for shared in sorted((read & changed) - known):
            raise CudaRaceError(
                f"{name!r} changes the shared variable {shared!r} of {owner.name!r} by its own value, which on CUDA "
                "every thread would do: compute it from t, keep it in a group of one cell and link to it, or choose "
                "target='cpp'"
            )
        known.add(statement.var)


def _check_vector(owner, name: str, statements, variables: dict, indices: dict) -> list[str]:
    """Synapses run at once: what several of them change has to be changed by += and the like."""
    changed: dict[str, bool] = {}
    read: set[str] = set()
    for statement in statements:
        read |= set(get_identifiers(statement.expr))
        if isinstance(variables.get(statement.var), ArrayVariable) and indices.get(statement.var, "_idx") != "_idx":
            changed[statement.var] = changed.get(statement.var, True) and bool(statement.inplace)
    serial = []
    for variable, by_addition in changed.items():
        if by_addition and variable not in read:
            continue  # an atomic operation does it
        if indices[variable] in ("_presynaptic_idx", "_postsynaptic_idx"):
            serial.append(variable)  # brian2cuda falls back to one thread after another
            continue
        raise CudaRaceError(
            f"{name!r} changes {variable!r}, which several synapses of {owner.name!r} share, by its own value; on CUDA "
            "they do so at once and changes would be lost: write the change as += of an amount that does not depend on "
            "it, give each synapse a value of its own, or choose target='cpp'"
        )
    return serial


def check_delays(net, device) -> None:
    """Refuse delays where not every step of the network is one of the default clock.

    brian2cuda moves on its buffers of events at every step of the network, whichever clock ticks, and asks the default
    clock whether a delay has passed. Both are right only where cells with delayed synapses are on the default clock
    and nothing ticks between its steps.

    Raises
    ------
    CudaDelayError
    """
    step = device.defaultclock.dt_
    odd = [clock.name for clock in sorted(net._clocks, key=lambda clock: clock.name) if not _fits(clock, step)]
    for synapses in (obj for obj in net.sorted_objects if isinstance(obj, Synapses)):
        for pathway in synapses._pathways:
            if not _delayed(pathway, device):
                continue
            clock = pathway.clock
            if clock is device.defaultclock and not odd:
                continue
            which = f"clock {odd[0]!r} ticks between its steps" if odd else f"its cells are on the clock {clock.name!r}"
            raise CudaDelayError(
                f"the pathway {pathway.name!r} has a delay, which brian2cuda counts in steps of the default clock, and "
                f"{which}: put cells with delayed synapses on the default clock and all other clocks on multiples of "
                "its time step, or choose target='cpp'"
            )


def _fits(clock, step: float) -> bool:
    if isinstance(clock, EventClock) or not isinstance(clock, Clock):
        return False
    ratio = clock.dt_ / step
    return ratio > 0.5 and abs(ratio - round(ratio)) < 1e-6


def _delayed(pathway, device) -> bool:
    """Whether a delay was given or may be: a fixed one that is not zero, or values for each synapse."""
    if getattr(pathway, "zero_delay", False):
        return False
    delay = pathway.variables["delay"]
    name = device.get_array_name(delay, access_data=False)
    for kind, content in device.main_queue:
        if not kind.startswith("set_") or content[0] != name:
            continue
        if "array_by" in kind or "by_array" in kind or float(content[-1 if kind == "set_by_single_value" else 1]):
            return True
    setters = ("group_variable_set", "group_variable_set_conditional")
    return any(
        codeobj.template_name in setters and delay in codeobj.variables.values()
        for codeobj in device.code_objects.values()
        if codeobj.owner is not None
    )
