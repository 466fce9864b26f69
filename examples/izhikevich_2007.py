"""Dopamine turns what STDP has tagged into a change of the weights; what it changes is reported, too.

Izhikevich 2007, Cereb Cortex 17:2443, figure 1, doi:10.1093/cercor/bhl152. Differs: 30 inputs, 10 cells that
integrate and fire and 3 readouts, tags last 200 ms, and dopamine comes in short pulses. The weights onto the readouts
change by other synapses than their own, those of the dopamine cell: `RetrogradeSBP.reporting` is for that.
"""

from __future__ import annotations

import numpy as np
from brian2 import Hz, Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms

from examples.choosing import neurons, reporting, synapses
from examples.showing import show
from examples.wiring import trains
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.2, w_min=0, w_max=1)
CONSTANTS = {"tau_m": 10 * ms, "tau_x": 20 * ms, "tau_tag": 200 * ms, "step": 0.05}
CELLS = "dv/dt = -v/tau_m : 1"
TAGGED = """
w : 1
dtag/dt = -tag/tau_tag : 1 (clock-driven)
dx/dt = -x/tau_x : 1 (event-driven)
dy/dt = -y/tau_x : 1 (event-driven)
"""


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Trains, hidden cells, readouts, and a dopamine cell that acts on the synapses between the last two."""
    how = {"threshold": "v > 1", "reset": "v = 0", "method": "exact", "namespace": CONSTANTS}
    inputs = SpikeGeneratorGroup(30, *trains(30, 40 * Hz, 1000 * ms, seed=1), name="izhi07_inputs")
    cells = neurons(sbp)(10, CELLS, **how, name="izhi07_cells")
    readouts = NeuronGroup(3, CELLS, **how, name="izhi07_readouts")
    into = synapses(sbp, emits=False)(inputs, cells, "w : 1", on_pre="v += w", name="izhi07_into")
    out = Synapses(
        cells,
        readouts,
        TAGGED,
        on_pre="v += w; x += 1; tag -= step*y",
        on_post="y += 1; tag += step*x",
        method="exact",
        namespace=CONSTANTS,
        name="izhi07_out",
    )
    reporting(sbp)(out)
    into.connect()
    out.connect()
    into.w, out.w = "0.2 + 0.01*(i % 5)", "0.3 + 0.02*(i % 4)"
    dopamine = SpikeGeneratorGroup(1, np.zeros(50, int), np.arange(1, 51) * 20 * ms, name="izhi07_dopamine")
    reward = Synapses(dopamine, out, on_pre="w_post = clip(w_post + tag_post, 0, 1)", name="izhi07_reward")
    reward.connect()
    return Network(inputs, cells, readouts, into, out, dopamine, reward, SpikeMonitor(cells, name="izhi07_spikes"))


def main(path=None):
    """Draw 500 ms."""
    return show(network, SBP, 500 * ms, "izhi07_into", path)
