"""A network of current-based cells that keeps itself active, with STDP among its excitatory cells.

Vogels & Abbott 2005, J Neurosci 25:10786, figure 2, doi:10.1523/JNEUROSCI.3508-05.2005, with the numbers of the
benchmark of Brette et al. 2007. Differs: 100 cells instead of 4000 with stronger synapses, and excitation is plastic.
The signal takes about 12 ms to the soma.
"""

from __future__ import annotations

import numpy as np
from brian2 import Network, SpikeMonitor, Synapses, ms, mV

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import pairs
from sbp_brian import Delay, RetrogradeSBP

SBP = RetrogradeSBP(unit=mV, rate=0.2, transport=Delay(12.5 * ms, slots=2))
N, N_E = 100, 80
CONSTANTS = {
    "E_l": -49 * mV,
    "v_th": -50 * mV,
    "v_r": -60 * mV,
    "tau_m": 20 * ms,
    "tau_e": 5 * ms,
    "tau_i": 10 * ms,
    "tau_x": 20 * ms,
    "w_i": 9 * mV,
    "w_max": 3 * mV,
    "step": 0.05 * mV,
}
CELLS = """
dv/dt = (g_e + g_i - (v - E_l))/tau_m : volt (unless refractory)
dg_e/dt = -g_e/tau_e : volt
dg_i/dt = -g_i/tau_i : volt
"""
STDP = """
w : volt
dx/dt = -x/tau_x : 1 (event-driven)
dy/dt = -y/tau_x : 1 (event-driven)
"""


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Excitatory cells first, then inhibitory ones; each pair of cells is connected with a probability of 0.1."""
    rng = np.random.default_rng(2005)
    how = {"threshold": "v > v_th", "reset": "v = v_r", "refractory": 5 * ms, "method": "exact"}
    cells = neurons(sbp)(N, CELLS, **how, namespace=CONSTANTS, name="cuba_cells")
    cells.v = (-60 + 10 * rng.random(N)) * mV
    excite = synapses(sbp)(
        cells[:N_E],
        cells,
        STDP,
        on_pre="g_e += w; x += 1; w = clip(w - 1.05*step*y, 0*mV, w_max)",
        on_post="y += 1; w = clip(w + step*x, 0*mV, w_max)",
        namespace=CONSTANTS,
        name="cuba_excite",
    )
    excite.connect(**pairs(N_E, N, 0.1, seed=1))
    excite.w = 1.6 * mV
    inhibit = Synapses(cells[N_E:], cells, on_pre="g_i -= w_i", namespace=CONSTANTS, name="cuba_inhibit")
    inhibit.connect(**pairs(N - N_E, N, 0.1, seed=2))
    return Network(cells, excite, inhibit, SpikeMonitor(cells, name="cuba_spikes"))


def main(path=None):
    """Draw 300 ms."""
    return show(network, SBP, 300 * ms, "cuba_excite", path)
