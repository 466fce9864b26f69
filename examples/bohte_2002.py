"""Several synapses with different delays join each pair of cells, and learning chooses among them.

Bohte, La Poutre & Kok 2002, IEEE Trans Neural Netw 13:426, doi:10.1109/72.991428. Differs: 8 inputs, 4 cells, 2
readouts, five synapses a pair, and one learning window: what came up to 4 ms before the spike grows, all else shrinks.
What the five synapses onto a readout report comes together in the cell, and all of its inputs express it.
"""

from __future__ import annotations

from brian2 import Hz, Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, ms

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import trains
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.2, w_min=0, w_max=1)
CONSTANTS = {"tau_m": 6 * ms, "tau_x": 3 * ms, "step": 0.04}
CELLS = "dv/dt = -v/tau_m : 1"
WINDOW = "w : 1\ndx/dt = -x/tau_x : 1 (event-driven)"
RULE = {"on_pre": "v_post += w; x = 1", "on_post": "w = clip(w + step*(2*x - 0.5), 0, 1)"}


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Inputs, hidden cells, readouts; synapse k of a pair has a delay of 1 + 3 k ms."""
    how = {"threshold": "v > 1", "reset": "v = 0", "method": "exact", "namespace": CONSTANTS}
    inputs = SpikeGeneratorGroup(8, *trains(8, 40 * Hz, 1000 * ms, seed=1), name="bohte_inputs")
    cells = neurons(sbp)(4, CELLS, **how, name="bohte_cells")
    readouts = NeuronGroup(2, CELLS, **how, name="bohte_readouts")
    several = {"multisynaptic_index": "k", "namespace": CONSTANTS, **RULE}
    into = synapses(sbp, emits=False)(inputs, cells, WINDOW, **several, name="bohte_into")
    out = synapses(sbp, receives=False)(cells, readouts, WINDOW, **several, name="bohte_out")
    for made in (into, out):
        made.connect(n=5)
        made.delay = "1*ms + 3*ms*k"
    into.w, out.w = "0.3 + 0.02*k + 0.01*j", "0.4 + 0.02*k"
    return Network(inputs, cells, readouts, into, out, SpikeMonitor(cells, name="bohte_spikes"))


def main(path=None):
    """Draw 500 ms."""
    return show(network, SBP, 500 * ms, "bohte_into", path)
