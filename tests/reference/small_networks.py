"""Cells with given spikes and the numpy target, for tests of the retrograde mechanism on a few cells."""

from __future__ import annotations

from contextlib import contextmanager

import brian2
import numpy as np
from brian2 import Equations, Network, NeuronGroup, TimedArray, ms

from sbp_brian.rules import SynapseRule

DT = 1 * ms
STATIC = SynapseRule("w : 1", name="static")


@contextmanager
def on_numpy():
    """Brian2's runtime with numpy code and a step of 1 ms; all as before afterwards."""
    target, dt = brian2.prefs.codegen.target, brian2.defaultclock.dt
    brian2.prefs.codegen.target, brian2.defaultclock.dt = "numpy", DT
    try:
        yield
    finally:
        brian2.prefs.codegen.target, brian2.defaultclock.dt = target, dt


def train(steps: int, *times) -> np.ndarray:
    """Spikes (steps x cells) at the given steps of each cell."""
    spikes = np.zeros((steps, len(times)), bool)
    for cell, at in enumerate(times):
        spikes[list(at), cell] = True
    return spikes


def group(spikes, sbp=None, equations="", events=None, **how) -> NeuronGroup:
    """Cells that spike as told; with `sbp`, ready for `sbp.operation`."""
    given = TimedArray(np.asarray(spikes, float), dt=DT)
    equations = Equations(equations) + (sbp.equations if sbp else "")
    return NeuronGroup(
        spikes.shape[1],
        equations,
        threshold="train_now(t, i) > 0.5",
        events={**(sbp.events if sbp else {}), **(events or {})},
        namespace={"train_now": given},
        **how,
    )


def steps_rule(up=0.1, down=0.0, weight="w") -> SynapseRule:
    """A rule that adds `up` at each postsynaptic spike and takes `down` at each presynaptic one."""
    return SynapseRule(
        f"{weight} : 1",
        on_pre={"pre": f"{weight} -= {down!r}"} if down else {},
        on_post={"post": f"{weight} += {up!r}"} if up else {},
        weight=weight,
        name="steps",
    )


def connected(rule, source, target, w=1.0, i=None, j=None, **how):
    """Synapses of a rule, connected, with their weights."""
    synapses = rule.synapses(source, target, **how)
    synapses.connect() if i is None else synapses.connect(i=i, j=j)
    synapses.w = w
    return synapses


def run(steps: int, *objects) -> Network:
    """Run a network of these objects."""
    net = Network(*objects)
    net.run(steps * DT, namespace={})
    return net
