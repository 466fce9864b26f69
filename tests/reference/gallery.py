"""What the synapses of a network should have expressed, step by step, from what they were seen to change themselves.

Monitors look at the weights at four places of each step: before the synapses, after the presynaptic pathways, after the
postsynaptic ones, and after the retrograde one. The first two differences are what the rule did; from these the plain
mechanism of `tests.reference.retrograde` says what the third must be. So any rule, cell or wiring can be followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from brian2 import Network, StateMonitor

from tests.reference.retrograde import Cells, Plan, Synapses

__all__ = ["Part", "apart", "parts_of", "watch"]

#: Where in the slot ``synapses`` of a step: suffix of the monitor's name -> its order. Brian2 sorts what has one order
#: by name, and "q" stands between "post" and "retrograde".
PLACES = {"_q_before": -2, "_q_middle": 0, "_q": 1, "_q_after": 2}


@dataclass(frozen=True)
class Part:
    """Synapses that take part: their name, their weight and what they do.

    Attributes
    ----------
    source, target : str
        Names of the groups of cells.
    n : int
        How many synapses.
    emits, receives, reports : bool
        Their own changes, the signal, the changes that others made.
    bounds : tuple of float
        Of the rule, in `unit`.
    """

    name: str
    weight: str
    source: str
    target: str
    n: int
    emits: bool
    receives: bool
    reports: bool
    bounds: tuple[float, float]


def parts_of(net: Network, bounds: Mapping[str, tuple[float, float]]) -> list[Part]:
    """The synapses of a network that take part; `bounds` are those of the rules that have some, by name."""
    found = []
    for each in net.objects:
        code = "".join(each.rule.pathways.values()) if hasattr(each, "rule") else ""
        receives, reports = _has(each, "retro_rate"), _has(each, "retro_known")
        emits = "retro_change" in code
        if not (receives or reports or emits):
            continue
        ends = [getattr(getattr(each, side), "source", None) or getattr(each, side) for side in ("source", "target")]
        names = [end.name for end in ends]
        limits = bounds.get(each.name, (-np.inf, np.inf))
        weight = each.rule.weight if hasattr(each, "rule") else "w"
        found.append(Part(each.name, weight, *names, len(each), emits, receives, reports, limits))
    return found


def _has(each, name: str) -> bool:
    """Whether an object has a variable that is not another object's."""
    variable = getattr(each, "variables", {}).get(name)
    return variable is not None and variable.owner.name == each.name


def watch(net: Network, parts: list[Part]) -> None:
    """Add the monitors."""
    for part in parts:
        for place, order in PLACES.items():
            name, record = part.name + place, np.arange(part.n)
            net.add(StateMonitor(net[part.name], part.weight, record, when="synapses", order=order, name=name))


class Followed(Synapses):
    """Synapses of which the own changes are given, and the expression is worked out."""

    def __init__(self, part: Part, plan: Plan, found: Mapping, unit, groups: Mapping[str, Cells], spikes: np.ndarray):
        ends = [np.asarray(found[f"{part.name}._synaptic_{side}"]) for side in ("pre", "post")]
        self.seen = [np.asarray(found[f"{part.name}{place}.{part.weight}"] / unit) for place in PLACES]
        receptive = found.get(f"{part.name}.retro_receptive")
        roles = {
            "emits": plan if part.emits or part.reports else None,
            "receives": plan if part.receives else None,
            "receptive": receptive,
        }
        super().__init__(part.name, groups[part.source], groups[part.target], *ends, self.seen[0][:, 0], **roles)
        self.part, self.fired = part, spikes
        self.own = [part.bounds]
        self.known = self.seen[0][:, 0].copy()

    def step(self, k: int) -> float:
        """Report what changed in step `k`; give how far the expression is from what was seen."""
        before, middle, last, after = (seen[:, k] for seen in self.seen)
        if self.part.emits:
            for old, new in ((before, middle), (middle, last)):
                self.report(np.flatnonzero(old != new), old, new, k)
        if self.part.reports:
            there = np.flatnonzero(self.fired[k, self.pre])
            self.report(there, self.known, before, k)
            self.known[there] = middle[there]
        if not self.part.receives:
            return float(np.abs(after - last).max(initial=0))
        self.w = last.copy()
        self._on_retrograde(k)
        return float(np.abs(self.w - after).max(initial=0))

    def report(self, there, old, new, k) -> None:
        """Let these synapses report a change."""
        for s in there:
            self.w[s] = old[s]
            self._change(s, k, new[s], self.own)


def apart(parts: list[Part], plan: Plan, gains, found: Mapping, unit, sizes: Mapping[str, int]) -> tuple[float, float]:
    """The largest difference of what was expressed in a step from the reference, and the sum of all that was expressed.

    Parameters
    ----------
    parts : list of Part
    plan : Plan
        The mechanism.
    gains : tuple of float
        Of the two channels.
    found : mapping
        What a run gave, with the monitors of `watch`.
    unit : Quantity or float
        Of the weights.
    sizes : mapping of str to int
        Cells of each group.
    """
    steps = np.shape(found[f"{parts[0].name}_q.{parts[0].weight}"])[1]
    spikes = {name: np.zeros((steps, n), bool) for name, n in sizes.items()}
    for name, fired in spikes.items():
        if f"{name}_fired.i" in found:
            step = np.round(np.asarray(found[f"{name}_fired.t"]) / 1e-4).astype(int)
            fired[step, np.asarray(found[f"{name}_fired.i"])] = True
    groups = {name: Cells(fired, replace(plan), gains) for name, fired in spikes.items()}
    followed = [Followed(part, plan, found, unit, groups, spikes[part.source]) for part in parts]
    worst = 0.0
    for k in range(steps):
        for cells in groups.values():
            cells.tick(k)
            cells.hand_over()
        worst = max(worst, *(each.step(k) for each in followed))
    moved = sum(np.abs(each.seen[3] - each.seen[2]).sum() for each in followed)
    return worst, float(moved)
