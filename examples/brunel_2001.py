"""Excitation by AMPA and slow NMDA receptors, the latter summed over all synapses of a cell.

Brunel & Wang 2001, J Comput Neurosci 11:63, doi:10.1023/A:1011204814320. Differs: 30 excitatory cells instead of 800,
no inhibitory ones, and excitation is plastic (STDP). NMDA saturates in each synapse; how far its channels are blocked
depends on the voltage of the cell.
"""

from __future__ import annotations

import numpy as np
from brian2 import Hz, Network, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms, mV, nF, nS

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import pairs, trains
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.3, emission="weighted")
N = 30
CONSTANTS = {
    "C": 0.5 * nF,
    "g_l": 25 * nS,
    "E_l": -70 * mV,
    "g_a": 10 * nS,
    "g_n": 3 * nS,
    "v_th": -50 * mV,
    "v_r": -55 * mV,
    "tau_a": 2 * ms,
    "tau_n": 100 * ms,
    "tau_rise": 2 * ms,
    "alpha": 0.5 / ms,
    "tau_x": 20 * ms,
    "step": 0.05,
}
CELLS = """
dv/dt = (g_l*(E_l - v) - g_a*s_a*v - g_n*s_n/(1 + exp(-0.062*v/mV)/3.57)*v)/C : volt (unless refractory)
ds_a/dt = -s_a/tau_a : 1
s_n : 1
"""
NMDA = """
w : 1
s_n_post = w*s : 1 (summed)
ds/dt = -s/tau_n + alpha*rise*(1 - s) : 1 (clock-driven)
drise/dt = -rise/tau_rise : 1 (clock-driven)
dx/dt = -x/tau_x : 1 (event-driven)
dy/dt = -y/tau_x : 1 (event-driven)
"""


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Trains drive all cells, which excite one another."""
    how = {"threshold": "v > v_th", "reset": "v = v_r", "refractory": 2 * ms, "method": "euler"}
    cells = neurons(sbp)(N, CELLS, **how, namespace=CONSTANTS, name="brunel_cells")
    cells.v = (-60 + 9 * np.random.default_rng(2001).random(N)) * mV
    among = synapses(sbp)(
        cells,
        cells,
        NMDA,
        on_pre="rise += 1; s_a += w; x += 1; w = clip(w - step*y, 0, 2)",
        on_post="y += 1; w = clip(w + step*x, 0, 2)",
        method="euler",
        namespace=CONSTANTS,
        name="brunel_among",
    )
    among.connect(**pairs(N, N, 0.3, seed=1))
    among.w = 0.5
    drive = SpikeGeneratorGroup(N, *trains(N, 300 * Hz, 1000 * ms, seed=2), name="brunel_drive")
    fire = Synapses(drive, cells, on_pre="s_a += 1.5", name="brunel_fire")
    fire.connect(j="i")
    return Network(cells, among, drive, fire, SpikeMonitor(cells, name="brunel_spikes"))


def main(path=None):
    """Draw 200 ms."""
    return show(network, SBP, 200 * ms, "brunel_among", path)
