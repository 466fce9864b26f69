"""What a run kept beside its record on request: recordings as named arrays of one file, and back.

``kept.npz`` holds one array for each entry of `Record.kept`::

    "circuit 1/spikes/cells.spike.t"   {"kind": "spikes", "run": "circuit 1", "object": "cells", "of": "spike",
                                        "variable": "t", "unit": "s", "shape": [812], "dtype": "float64"}

Spikes have ``i`` and ``t``; states their variable, ``t`` and ``indices``; weights their variable and, where the network
has synapses, ``i`` and ``j``. Values are in the SI unit that stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sbp_brian.errors import KeepError, ParameterError, RecordError
from sbp_brian.kinds import KINDS
from sbp_brian.targets.recordings import Recordings, Spikes, States, Weights
from sbp_brian.wording import unknown

__all__ = ["flat", "kinds_of", "refuse_lacking", "runs"]


def refuse_lacking(protocol: Any, chosen: Any, keep: Sequence[str]) -> None:
    """Refuse to keep what a protocol says it has not, and kinds that there are not.

    Parameters
    ----------
    protocol : Protocol
    chosen : Parameters
    keep : sequence of str

    Raises
    ------
    ParameterError, KeepError
    """
    for kind in keep:
        if kind not in KINDS:
            raise ParameterError(unknown("kind of what can be kept", kind, KINDS))
    lacks = protocol.lacks(chosen) if protocol.lacks is not None else {}
    for kind in keep:
        if kind in lacks:
            raise KeepError(f"{protocol.name} has no {kind} to keep: {lacks[kind]}")


def kinds_of(kept: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The kinds that a record keeps, by what it says of its arrays."""
    return {entry["kind"] for entry in kept.values()}


def flat(found: Mapping[str, Recordings]) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
    """Recordings by run as arrays by name, and what each of them is."""
    arrays: dict[str, np.ndarray] = {}
    about: dict[str, dict[str, Any]] = {}

    def put(run: str, kind: str, owner: str, of: str, parts: Mapping[str, tuple[np.ndarray, str]], **more: Any) -> None:
        for variable, (values, unit) in parts.items():
            name = f"{run}/{kind}/" + ".".join(filter(None, (owner, of, "" if variable == of else variable)))
            kept = np.asarray(values)
            arrays[name] = kept
            about[name] = {
                "kind": kind,
                "run": run,
                "object": owner,
                "of": of,
                "variable": variable,
                "unit": unit,
                "shape": list(kept.shape),
                "dtype": str(kept.dtype),
                **more,
            }

    for run, recorded in found.items():
        lasted = {"duration_s": recorded.duration}
        for spikes in recorded.spikes:
            parts = {"i": (spikes.i, ""), "t": (spikes.t, "s")}
            put(run, "spikes", spikes.object, spikes.event, parts, cells=spikes.cells, **lasted)
        for states in recorded.states:
            parts = {
                states.variable: (states.values, states.unit),
                "t": (states.t, "s"),
                "indices": (states.indices, ""),
            }
            put(run, "states", states.object, states.variable, parts, **lasted)
        for weights in recorded.weights:
            ends = {name: (ends, "") for name, ends in (("i", weights.i), ("j", weights.j)) if ends is not None}
            own = {weights.variable: (weights.values, weights.unit)}
            put(run, "weights", weights.object, weights.variable, own | ends, **lasted)
    return arrays, about


def runs(arrays: Mapping[str, np.ndarray], about: Mapping[str, Mapping[str, Any]]) -> dict[str, Recordings]:
    """The recordings by run that `flat` made arrays of.

    Raises
    ------
    RecordError
        Entries of which arrays are lacking.
    """
    together: dict[tuple, dict[str, Any]] = {}
    for name, entry in about.items():
        if name not in arrays:
            raise RecordError(f"kept.npz lacks {name!r}, which record.json names; run the protocol again")
        part = together.setdefault((entry["run"], entry["kind"], entry["object"], entry["of"]), {"entry": entry})
        part[entry["variable"]] = arrays[name]
        if entry["variable"] == entry["of"]:
            part["entry"] = entry
    found: dict[str, dict[str, Any]] = {}
    for (run, kind, owner, of), part in together.items():
        entry = part["entry"]
        own = found.setdefault(run, {"duration": entry["duration_s"], **{name: [] for name in KINDS}})
        try:
            if kind == "spikes":
                own[kind].append(Spikes(owner, part["i"], part["t"], entry["cells"], of))
            elif kind == "states":
                own[kind].append(States(owner, of, entry["unit"], part[of], part["t"], part["indices"]))
            else:
                own[kind].append(Weights(owner, of, entry["unit"], part[of], part.get("i"), part.get("j")))
        except KeyError as lacking:
            raise RecordError(
                f"the {kind} of {owner} in {run} lack {lacking.args[0]!r}; run the protocol again"
            ) from None
    return {
        run: Recordings(own["duration"], *(tuple(own[kind]) for kind in ("spikes", "states", "weights")))
        for run, own in found.items()
    }
