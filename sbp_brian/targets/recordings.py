"""What a run recorded, in the terms of an experimenter: spike trains, states over time, weights of synapses.

`recordings` reads them from a `Result`. Everything is in SI base units; the unit stands beside the values as a text
that a reader understands (``"V"``, ``"A"``, empty where there is none).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import get_dimensions, get_unit

from sbp_brian.kinds import KINDS

__all__ = ["Recordings", "Spikes", "States", "Weights", "recordings", "sources", "unit_text"]


@dataclass(frozen=True, eq=False)
class Spikes:
    """The spikes, or other events, of a group of cells.

    Attributes
    ----------
    object : str
        The group of cells.
    i : ndarray of int, shape (spikes,)
        The cell of each.
    t : ndarray, s, shape (spikes,)
        When.
    cells : int
        How many there are in the group.
    event : str
        ``"spike"``, or the name of another event.
    """

    object: str
    i: np.ndarray
    t: np.ndarray
    cells: int
    event: str = "spike"

    def train(self, cell: int) -> np.ndarray:
        """The spike times of one cell (s)."""
        return self.t[self.i == cell]


@dataclass(frozen=True, eq=False)
class States:
    """A variable over time.

    Attributes
    ----------
    object, variable : str
        The group of cells or synapses, and its variable.
    unit : str
    values : ndarray, shape (recorded, times)
    t : ndarray, s, shape (times,)
    indices : ndarray of int, shape (recorded,)
        Which of the group were recorded.
    """

    object: str
    variable: str
    unit: str
    values: np.ndarray
    t: np.ndarray
    indices: np.ndarray


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of synapses at the end of a run, or of a training.

    Attributes
    ----------
    object, variable : str
    unit : str
    values : ndarray
        One a synapse; or a whole array, as a network without synapses of its own has it; or one for each weight that
        synapses share, in the order of `sbp_brian.brian.convolution.Convolution.flat`.
    i, j : ndarray of int, shape (synapses,), or None
        Presynaptic and postsynaptic cell; None where the values are not one a synapse.
    """

    object: str
    variable: str
    unit: str
    values: np.ndarray
    i: np.ndarray | None = None
    j: np.ndarray | None = None

    @property
    def name(self) -> str:
        """``"object.variable"``, as a run's ``values`` has it."""
        return f"{self.object}.{self.variable}" if self.object else self.variable


@dataclass(frozen=True, eq=False)
class Recordings:
    """All of one run.

    Attributes
    ----------
    duration : float or None
        Simulated time (s); None for weights alone.
    spikes : tuple of Spikes
    states : tuple of States
    weights : tuple of Weights
    """

    duration: float | None = None
    spikes: tuple[Spikes, ...] = field(default_factory=tuple)
    states: tuple[States, ...] = field(default_factory=tuple)
    weights: tuple[Weights, ...] = field(default_factory=tuple)


def unit_text(values: Any) -> str:
    """The SI unit of a Quantity as a text: ``"V"``, ``"F/(m^2)"``; empty where there is none."""
    dimensions = get_dimensions(values)
    return "" if dimensions.is_dimensionless else str(get_unit(dimensions))


def sources(entries: Mapping[str, Mapping[str, Any]], kind: str) -> list[str]:
    """The names in a network's description that `recordings` reads for one of `KINDS`, clocks not counted."""
    if kind == "spikes":
        return [n for name, e in entries.items() if "event" in e for n in (name, _beside(name, "t"))]
    if kind == "states":
        shown = [name for name, e in entries.items() if e.get("columns") is not None]
        return [n for name in shown for n in (name, _beside(name, "t"), _beside(name, "_indices"))]
    shown = [name for name, e in entries.items() if e.get("weight")]
    ends = [_beside(name, end) for name in shown if entries[name]["weight"] == "each" for end in "ij"]
    return [*shown, *ends]


def clocks(entries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The names of the clocks' times."""
    return [name for name, e in entries.items() if name.endswith(".t") and e.get("scalar")]


def recordings(result: Any, kinds: tuple[str, ...] = KINDS) -> Recordings:
    """Read what a run recorded.

    Parameters
    ----------
    result : Result
    kinds : tuple of str
        Of `KINDS`.

    Returns
    -------
    Recordings
    """
    entries = result.entries
    found: dict[str, list] = {kind: [] for kind in KINDS}
    for name in [n for kind in kinds for n in sources(entries, kind) if _tells(entries[n])]:
        entry, variable = entries[name], name.partition(".")[2]
        if "event" in entry:
            i, t = np.array(result[name]), np.array(result[_beside(name, "t")])
            found["spikes"].append(Spikes(entry["of"], i, t, int(result[_beside(name, "_source_N")]), entry["event"]))
        elif entry.get("columns") is not None:
            values = result[name]
            t, at = np.array(result[_beside(name, "t")]), np.array(result[_beside(name, "_indices")])
            found["states"].append(States(entry["of"], variable, unit_text(values), np.array(values), t, at))
        else:
            values, owner = result[name], name.partition(".")[0]
            each = entry["weight"] == "each"
            i, j = (np.array(result[_beside(name, end)]) for end in "ij") if each else (None, None)
            found["weights"].append(Weights(owner, variable, unit_text(values), np.array(values), i, j))
    times = [float(result[name]) for name in clocks(entries)]
    return Recordings(max(times, default=None), *(tuple(found[kind]) for kind in ("spikes", "states", "weights")))


def _tells(entry: Mapping[str, Any]) -> bool:
    """Whether it is the recording itself, and not what stands beside it."""
    return "event" in entry or entry.get("columns") is not None or bool(entry.get("weight"))


def _beside(name: str, variable: str) -> str:
    """Another variable of the same object."""
    return f"{name.partition('.')[0]}.{variable}"
