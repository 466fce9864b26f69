"""Hodgkin-Huxley cells with synaptic conductances, STDP among the excitatory ones.

Brette et al. 2007, J Comput Neurosci 23:349, benchmark 3, doi:10.1007/s10827-007-0038-6, with the channels of Traub &
Miles 1991. Differs: 50 cells instead of 4000, stronger synapses, a steady current to each cell, and plastic
excitation. Each synapse expresses the signal as a share of its own strength, and half of a cell's synapses take part.
"""

from __future__ import annotations

import numpy as np
from brian2 import Network, SpikeMonitor, Synapses, cm, ms, mV, nA, nS, siemens, uF, um

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import pairs
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(unit=nS, rate=0.05, lambda_p=0.5, expression="relative", seed=4)
N, N_E = 50, 40
AREA = 20000 * um**2
CONSTANTS = {
    "C": 1 * uF / cm**2 * AREA,
    "g_l": 5e-5 * siemens / cm**2 * AREA,
    "g_na": 0.1 * siemens / cm**2 * AREA,
    "g_k": 0.03 * siemens / cm**2 * AREA,
    "E_l": -65 * mV,
    "E_na": 50 * mV,
    "E_k": -90 * mV,
    "E_i": -80 * mV,
    "V_t": -63 * mV,
    "tau_e": 5 * ms,
    "tau_i": 10 * ms,
    "tau_x": 20 * ms,
    "step": 0.2 * nS,
    "w_max": 20 * nS,
}
CELLS = """
dv/dt = (g_l*(E_l - v) - g_e*v + g_i*(E_i - v) + i_na + i_k + drive)/C : volt
i_na = g_na*m**3*h*(E_na - v) : amp
i_k = g_k*n**4*(E_k - v) : amp
dm/dt = (1.28/exprel((13*mV - u)/(4*mV))*(1 - m) - 1.4/exprel((u - 40*mV)/(5*mV))*m)/ms : 1
dh/dt = (0.128*exp((17*mV - u)/(18*mV))*(1 - h) - 4/(1 + exp((40*mV - u)/(5*mV)))*h)/ms : 1
dn/dt = (0.16/exprel((15*mV - u)/(5*mV))*(1 - n) - 0.5*exp((10*mV - u)/(40*mV))*n)/ms : 1
u = v - V_t : volt
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
drive : amp (constant)
"""
STDP = "w : siemens\ndx/dt = -x/tau_x : 1 (event-driven)\ndy/dt = -y/tau_x : 1 (event-driven)"


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Excitatory cells first. A spike is where the potential passes -20 mV."""
    rng = np.random.default_rng(2007)
    how = {"threshold": "v > -20*mV", "refractory": 3 * ms, "method": "exponential_euler"}
    cells = neurons(sbp)(N, CELLS, **how, namespace=CONSTANTS, name="brette_cells")
    cells.v, cells.drive = (-70 + 8 * rng.random(N)) * mV, (0.1 + 0.2 * rng.random(N)) * nA
    cells.h = 1
    same = {"namespace": CONSTANTS}
    depress, potentiate = "w = clip(w - step*y, 0*nS, w_max)", "w = clip(w + step*x, 0*nS, w_max)"
    excite = synapses(sbp)(
        cells[:N_E],
        cells,
        STDP,
        on_pre="g_e += w; x += 1;" + depress,
        on_post="y += 1;" + potentiate,
        **same,
        name="brette_excite",
    )
    excite.connect(**pairs(N_E, N, 0.2, seed=1))
    excite.w = 6 * nS
    inhibit = Synapses(cells[N_E:], cells, on_pre="g_i += 60*nS", name="brette_inhibit")
    inhibit.connect(**pairs(N - N_E, N, 0.2, seed=2))
    return Network(cells, excite, inhibit, SpikeMonitor(cells, name="brette_spikes"))


def main(path=None):
    """Draw 150 ms."""
    return show(network, SBP, 150 * ms, "brette_excite", path)
