"""Winner-take-all by inhibition and thresholds that adapt, driven by Poisson inputs.

Diehl & Cook 2015, Front Comput Neurosci 9:99, figure 1, doi:10.3389/fncom.2015.00099. Differs: 40 inputs and 10
cells instead of 784 and 400, inputs without images, no inhibitory cells: each cell inhibits all others after 1 ms. A
teacher makes two readouts fire; what synapses onto these gain or lose is expressed by those from the inputs.
"""

from __future__ import annotations

import numpy as np
from brian2 import Hz, Network, PoissonGroup, SpikeMonitor, Synapses, ms, mV, second

from examples.choosing import neurons, synapses
from examples.showing import show
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.3, w_min=0, w_max=1)
N_IN, N = 40, 10
CONSTANTS = {
    "E_l": -65 * mV,
    "E_i": -100 * mV,
    "v_th": -52 * mV,
    "tau": 100 * ms,
    "tau_e": 1 * ms,
    "tau_i": 2 * ms,
    "tau_theta": 10 * second,
    "tau_x": 20 * ms,
    "goal": 0.4,
    "step": 0.05,
}
CELLS = """
dv/dt = (E_l - v - g_e*v + g_i*(E_i - v))/tau : volt (unless refractory)
dg_e/dt = -g_e/tau_e : 1
dg_i/dt = -g_i/tau_i : 1
dtheta/dt = -theta/tau_theta : volt
"""
RULE = "w : 1\ndx/dt = -x/tau_x : 1 (event-driven)"
#: Potentiation and depression at the spikes of the target: which one depends on the trace of the source.
ON_POST = "w = clip(w + step*(x - goal)*(1 - w), 0, 1)"


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Inputs, cells that inhibit one another, readouts."""
    rng = np.random.default_rng(2015)
    fires = {"threshold": "v > v_th + theta", "refractory": 5 * ms, "method": "euler", "namespace": CONSTANTS}
    inputs = PoissonGroup(N_IN, 60 * Hz, name="diehl_inputs")
    cells = neurons(sbp)(N, CELLS, reset="v = E_l; theta += 0.5*mV", **fires, name="diehl_cells")
    rivals = Synapses(cells, cells, on_pre="g_i += 3", delay=1 * ms, name="diehl_rivals")
    rivals.connect(condition="i != j")
    readouts = PoissonGroup(2, 80 * Hz, name="diehl_readouts")  # a teacher makes them fire
    same = {"on_post": ON_POST, "namespace": CONSTANTS}
    into = synapses(sbp, emits=False)(inputs, cells, RULE, on_pre="g_e += w; x = 1", **same, name="diehl_into")
    out = synapses(sbp, receives=False)(cells, readouts, RULE, on_pre="x = 1", **same, name="diehl_out")
    into.connect()
    out.connect()
    cells.v, into.w, out.w = -65 * mV, 0.3 + 0.5 * rng.random(N_IN * N), 0.5
    return Network(inputs, cells, rivals, readouts, into, out, SpikeMonitor(cells, name="diehl_spikes"))


def main(path=None):
    """Draw 300 ms."""
    return show(network, SBP, 300 * ms, "diehl_into", path)
