"""Inhibitory plasticity brings excitation and inhibition into balance; inhibitory cells pass its changes on.

Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, Science 334:1569, figure 4, doi:10.1126/science.1211095. Differs: 100
cells instead of 10000 with fewer and stronger synapses, and no stored patterns. What the output synapses of an
inhibitory cell gain or lose is expressed by the synapses through which excitatory cells drive it.
"""

from __future__ import annotations

import numpy as np
from brian2 import Network, SpikeMonitor, Synapses, ms, mV, nS, pA, pF

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import pairs
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(unit=nS, rate=0.05, w_min=0 * nS, w_max=6 * nS)
N, N_E = 100, 80
CONSTANTS = {
    "C": 200 * pF,
    "g_l": 10 * nS,
    "E_l": -60 * mV,
    "E_e": 0 * mV,
    "E_i": -80 * mV,
    "v_th": -50 * mV,
    "tau_e": 5 * ms,
    "tau_i": 10 * ms,
    "tau_x": 20 * ms,
    "target": 0.2,  # twice the wanted rate times tau_x
    "step": 0.4 * nS,
    "w_max": 30 * nS,
}
CELLS = """
dv/dt = (g_l*(E_l - v) + g_e*(E_e - v) + g_i*(E_i - v) + drive)/C : volt (unless refractory)
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
drive : amp (constant)
"""
BALANCING = """
w : siemens
dx/dt = -x/tau_x : 1 (event-driven)
dy/dt = -y/tau_x : 1 (event-driven)
"""


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Excitatory cells first; only the inhibitory synapses onto them are plastic by their own rule."""
    rng = np.random.default_rng(2011)
    how = {"threshold": "v > v_th", "reset": "v = E_l", "refractory": 5 * ms, "method": "euler"}
    cells = neurons(sbp)(N, CELLS, **how, namespace=CONSTANTS, name="vogels_cells")
    cells.v, cells.drive = (-60 + 10 * rng.random(N)) * mV, (120 + 100 * rng.random(N)) * pA
    same = {"namespace": CONSTANTS}
    among = Synapses(cells[:N_E], cells[:N_E], "w : siemens", on_pre="g_e += w", **same, name="vogels_among")
    among.connect(**pairs(N_E, N_E, 0.05, seed=1))
    into = synapses(sbp, emits=False)(
        cells[:N_E], cells[N_E:], "w : siemens", on_pre="g_e += w", **same, name="vogels_into"
    )
    into.connect(**pairs(N_E, N - N_E, 0.2, seed=2))
    among.w, into.w = 2 * nS, 2 * nS
    balance = synapses(sbp, receives=False)(
        cells[N_E:],
        cells[:N_E],
        BALANCING,
        on_pre="g_i += w; x += 1; w = clip(w + step*(y - target), 0*nS, w_max)",
        on_post="y += 1; w = clip(w + step*x, 0*nS, w_max)",
        **same,
        name="vogels_balance",
    )
    balance.connect(**pairs(N - N_E, N_E, 0.2, seed=3))
    balance.w = 3 * nS
    return Network(cells, among, into, balance, SpikeMonitor(cells, name="vogels_spikes"))


def main(path=None):
    """Draw 400 ms."""
    return show(network, SBP, 400 * ms, "vogels_into", path)
