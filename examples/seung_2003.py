"""Hedonistic synapses: release is random, and what was released before a reward becomes likelier.

Seung 2003, Neuron 40:1063, doi:10.1016/S0896-6273(03)00761-X. Differs: 20 inputs, 8 hidden cells and 2 readouts,
reward comes in blocks of 20 ms, and depression between spikes is left out. The plastic variable is the release
parameter q: what synapses onto the readouts change in theirs is expressed by that of the synapses from the inputs.
"""

from __future__ import annotations

import numpy as np
from brian2 import Hz, Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, TimedArray, ms

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import trains
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.5)
CONSTANTS = {
    "tau_m": 15 * ms,
    "tau_e": 20 * ms,
    "eta": 0.1,
    "reward": TimedArray(np.random.default_rng(2003).choice([-0.5, 1.0], 100), dt=20 * ms, name="seung_reward"),
}
CELLS = "dv/dt = -v/tau_m : 1"
HEDONISTIC = """
q : 1
p = 1/(1 + exp(-q)) : 1
released : 1
deligible/dt = -eligible/tau_e : 1 (event-driven)
"""
ON_PRE = """
released = int(rand() < p)
v_post += 0.4*released
q += eta*reward(t)*eligible
eligible += released - p
"""


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Trains, hidden cells, readouts; every cell has synapses onto all of the next layer."""
    how = {"threshold": "v > 1", "reset": "v = 0", "method": "exact", "namespace": CONSTANTS}
    inputs = SpikeGeneratorGroup(20, *trains(20, 60 * Hz, 1000 * ms, seed=1), name="seung_inputs")
    cells = neurons(sbp)(8, CELLS, **how, name="seung_cells")
    readouts = NeuronGroup(2, CELLS, **how, name="seung_readouts")
    same = {"on_pre": ON_PRE, "namespace": CONSTANTS}
    into = synapses(sbp, weight="q", emits=False)(inputs, cells, HEDONISTIC, **same, name="seung_into")
    out = synapses(sbp, weight="q", receives=False)(cells, readouts, HEDONISTIC, **same, name="seung_out")
    into.connect()
    out.connect()
    into.q, out.q = 0.2, 0.5
    return Network(inputs, cells, readouts, into, out, SpikeMonitor(cells, name="seung_spikes"))


def main(path=None):
    """Draw 500 ms."""
    return show(network, SBP, 500 * ms, "seung_into", path, weight="q")
