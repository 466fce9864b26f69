"""What a run leaves behind: the `Result` mapping, and the description of a network's variables it is read with."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from brian2 import EventMonitor, Quantity, StateMonitor, Synapses, get_or_create_dimension

from sbp_brian.brian.kernels import Kernels
from sbp_brian.brian.variables import (
    ArrayVariable,
    Constant,
    DynamicArrayVariable,
    Subexpression,
    SynapticPathway,
    exponents,
)
from sbp_brian.errors import RunFailed
from sbp_brian.interruption import again
from sbp_brian.targets.cuda.on_cpu.settings import OnCpu
from sbp_brian.wording import unknown_name


def _remove(folder: Path) -> None:
    """Remove the files of a result that nobody needs any more.

    This runs wherever the result is freed, and Python drops exceptions there: a Ctrl+C meanwhile is sent again once
    the caller is back in code of its own, so that a loop of runs can be stopped at any moment.
    """
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        again()


def describe(objects, clocks=()) -> tuple[dict[str, dict], dict[str, ArrayVariable]]:
    """Describe all variables of a network's objects.

    Parameters
    ----------
    objects : iterable of BrianObject
        All objects of the network, contained ones included.
    clocks : iterable of Clock

    Returns
    -------
    entries : dict
        "object.variable" -> entry that can be written as JSON: ``source`` ("owner.variable", what holds the values),
        ``dtype``, ``dim`` (seven exponents), ``ndim``, ``size`` (number of values, None where only the run tells),
        ``scalar``, ``columns`` (of a StateMonitor), ``offset`` (subtracted from indices), ``settable``; or ``value``
        and ``dim`` for a constant. Beside them, for `sbp_brian.targets.recordings`: ``of`` (what a monitor records),
        ``event`` (on the cells of its events), ``weight`` (on the weights of synapses, ``"each"`` or, where synapses
        share them, ``"shared"``).
    variables : dict
        source -> the Brian2 variable.
    """
    entries: dict[str, dict] = {}
    variables: dict[str, ArrayVariable] = {}
    for obj in [*objects, *clocks]:
        for name, var in getattr(obj, "variables", {}).items():
            key, offset = f"{obj.name}.{name}", 0
            if isinstance(obj, Synapses) and name in ("i", "j") and isinstance(var, Subexpression):
                offset = int(getattr(obj.source if name == "i" else obj.target, "start", 0))
                var = obj.variables["_synaptic_pre" if name == "i" else "_synaptic_post"]
            owner = _owner_name(var) if isinstance(var, (ArrayVariable, Constant)) else None
            if isinstance(obj, SynapticPathway) and name == "delay":
                owner = obj.name  # Brian2 has it belong to the Synapses, as the delay of every other pathway
            if owner != obj.name:
                continue
            if isinstance(var, Constant):
                if np.isscalar(var.value) and not isinstance(var.value, str):
                    entries[key] = dict(value=np.asarray(var.value).item(), dim=exponents(var.dim))
            else:
                source = f"{owner}.{var.name}"
                variables[source] = var
                dynamic = isinstance(var, DynamicArrayVariable)
                recorded = isinstance(obj, StateMonitor) and name in obj.record_variables
                entries[key] = dict(
                    source=source,
                    dtype=np.dtype(var.dtype).str,
                    dim=exponents(var.dim),
                    ndim=getattr(var, "ndim", 1),
                    size=None if dynamic else int(var.size),
                    scalar=bool(var.scalar),
                    columns=int(obj.n_indices) if recorded else None,
                    offset=offset,
                    settable=not var.read_only and getattr(var, "ndim", 1) == 1,
                    **_recorded(obj, name, recorded),
                )
    for obj in objects:
        if isinstance(obj, Synapses) and f"{obj.name}_pre.delay" in entries:
            entries.setdefault(f"{obj.name}.delay", entries[f"{obj.name}_pre.delay"])  # as in Brian2
        if shared := _shared_weight(obj):
            entries[shared] |= {"weight": "shared"}
    return entries, variables


def _recorded(obj, name: str, recorded: bool) -> dict:
    """What an entry tells of a recording: whose it is, of which event; and which variable of synapses is the weight."""
    if recorded:
        return {"of": obj.source.name}
    if isinstance(obj, EventMonitor) and name == "i":
        return {"of": obj.source.name, "event": obj.event}
    return {"weight": "each"} if isinstance(obj, Synapses) and name in _weights(obj) else {}


def _shared_weight(obj) -> str | None:
    """The weights that synapses share: those of `Kernels`, or of the group that a rule's weight is linked to."""
    rule = getattr(obj, "rule", None)
    if rule is None or rule.weight is None or not isinstance(obj, (Synapses, Kernels)):
        return None
    weight = obj.variables.get(rule.weight)
    owner = _owner_name(weight) if isinstance(weight, ArrayVariable) else None
    linked = owner is not None and (isinstance(obj, Kernels) or owner != obj.name)
    return f"{owner}.{weight.name}" if linked else None


def _weights(synapses: Synapses) -> tuple[str, ...]:
    """The variables that are weights: the one of the rule; without a rule all that a user set for each synapse."""
    rule = getattr(synapses, "rule", None)
    if rule is not None:
        return () if rule.weight is None else (rule.weight,)
    equations = synapses.equations
    return tuple(name for name in equations.names if equations[name].type == "parameter" and name != "delay")


def _owner_name(var):
    try:
        return getattr(var.owner, "name", None)
    except ReferenceError:  # the owner was an ephemeral subgroup
        return None


def with_unit(values, powers):
    """`values` as a Quantity with the given seven exponents (`powers`), or as they are where these are all zero."""
    if not any(powers):
        return values
    return Quantity(values, dim=get_or_create_dimension(powers))


class Result(Mapping):
    """Values of all variables at the end of a run, and all recordings, by "object.variable".

    ``r["AB.w"]`` is an ndarray, or a Quantity where the variable has a unit; shared variables give scalars. Recordings
    have the shapes of Brian2: ``r["spikes.i"]``, ``r["spikes.t"]`` (spikes), ``r["spikes.count"]`` (cells),
    ``r["recorder.v"]`` (recorded cells, time steps). Values are read when asked for; a Result needs neither the
    Simulation nor Brian2's current device. Without ``results=`` its folder disappears with the Result itself.

    Attributes
    ----------
    completed : float
        Fraction of the duration that was simulated, 1 unless the run was stopped.
    stopped : bool
        Whether it was stopped before its end.
    run_s, build_s : float
        Wall time of the run, and of getting ready to run (generation and compilation; 0 where it was ready) (s).
    target : str
    on_cpu : OnCpu or None
        How a CUDA program was carried out on the CPU; None where it was not.
    seed : int
    cached : bool
        Whether nothing had to be compiled.
    folder : pathlib.Path or None
        Where the files are (standalone targets).
    """

    def __init__(
        self,
        entries: dict[str, dict],
        read: Callable[[str, np.dtype], np.ndarray],
        *,
        target: str,
        seed: int,
        completed: float,
        run_s: float,
        build_s: float,
        cached: bool,
        on_cpu: OnCpu | None = None,
        folder: Path | None = None,
        temporary: bool = False,
    ):
        self._entries = entries
        self._read = read
        self.target, self.on_cpu, self.seed, self.cached = target, on_cpu, seed, cached
        self.completed, self.run_s, self.build_s = completed, run_s, build_s
        self.folder = folder
        if temporary and folder is not None:
            weakref.finalize(self, _remove, folder)

    @property
    def stopped(self) -> bool:
        """Whether the run ended before its time."""
        return self.completed < 1 - 1e-9

    def __getitem__(self, name: str):
        try:
            entry = self._entries[name]
        except (KeyError, TypeError):
            raise unknown_name("result", name, [n for n in self._entries if "._" not in n]) from None
        if "value" in entry:
            return with_unit(entry["value"], entry["dim"])
        values = self._read(entry["source"], np.dtype(entry["dtype"]))
        size = entry["size"]
        if size is not None and values.size != size:
            raise RunFailed(
                f"{name!r} holds {values.size} of {size} values: the run's files are incomplete, is the disk full?"
            )
        if entry["columns"] is not None:
            values = values.reshape(-1, entry["columns"]).T
        elif entry["scalar"]:
            values = values.reshape(-1)[0]
        elif entry["offset"]:
            values = values - entry["offset"]
        return with_unit(values, entry["dim"])

    @property
    def entries(self) -> Mapping[str, Mapping]:
        """The description of all that can be asked for, see `describe`."""
        return self._entries

    def __iter__(self):
        return (name for name in self._entries if "._" not in name)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name) -> bool:
        return name in self._entries

    def __repr__(self) -> str:
        state = f"stopped at {100 * self.completed:.1f} %" if self.stopped else "complete"
        where = f" {self.on_cpu.identity}" if self.on_cpu is not None else ""
        return f"<Result of {len(self)} variables, target {self.target!r}{where}, seed {self.seed}, {state}>"
