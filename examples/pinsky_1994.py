"""Pyramidal cells of CA3 with a soma and a dendrite, which excite one another's dendrites.

Pinsky & Rinzel 1994, J Comput Neurosci 1:39, doi:10.1007/BF00962717, with its channels. Differs: 6 cells, AMPA synapses
only, and these have STDP. Both compartments are variables of one cell: what the axon's synapses report reaches all of
its inputs.
"""

from __future__ import annotations

import numpy as np
from brian2 import Network, SpikeMonitor, ms

from examples.choosing import neurons, synapses
from examples.showing import show
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.5)
N = 6
CONSTANTS = {"tau_a": 2 * ms, "tau_x": 20 * ms, "step": 0.02}
#: Potentials of soma and dendrite in mV from rest, conductances in mS/cm2; each has half of the membrane.
CELLS = """
du/dt = (-0.1*u + (30*m**2*h*(120 - u) + 15*n*(-15 - u) + 4.2*(d - u) + drive))/(3*ms) : 1
dd/dt = (-0.1*d + g_ca*(140 - d) + g_k*(-15 - d) + 4.2*(u - d) + g_a*(60 - d))/(3*ms) : 1
g_ca = 10*s**2 : 1
g_k = 0.8*q + 15*c*clip(ca/250, 0, 1) : 1
a_m = 1.28/exprel((13.1 - u)/4) : 1
m = a_m/(a_m + 1.4/exprel((u - 40.1)/5)) : 1
dh/dt = (0.128*exp((17 - u)/18)*(1 - h) - 4/(1 + exp((40 - u)/5))*h)/ms : 1
dn/dt = (0.08/exprel((35.1 - u)/5)*(1 - n) - 0.25*exp(0.5 - 0.025*u)*n)/ms : 1
ds/dt = (1.6/(1 + exp(-0.072*(d - 65)))*(1 - s) - 0.1/exprel((d - 51.1)/5)*s)/ms : 1
opening = 2*exp((6.5 - clip(d, 50, inf))/27)*int(d > 50) + exp((d - 10)/11 - (d - 6.5)/27)/18.975*int(d <= 50) : 1
dc/dt = (opening*(1 - c) - (2*exp((6.5 - d)/27) - opening)*int(d <= 50)*c)/ms : 1
dq/dt = (clip(2e-5*ca, 0, 0.01)*(1 - q) - 0.001*q)/ms : 1
dca/dt = (0.13*g_ca*(140 - d) - 0.075*ca)/ms : 1
dg_a/dt = -g_a/tau_a : 1
drive : 1 (constant)
"""
STDP = "w : 1\ndx/dt = -x/tau_x : 1 (event-driven)\ndy/dt = -y/tau_x : 1 (event-driven)"


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Six cells with different currents into the soma; every cell excites all others."""
    how = {"threshold": "u > 60", "refractory": 3 * ms, "method": "euler", "namespace": CONSTANTS}
    cells = neurons(sbp)(N, CELLS, **how, name="pinsky_cells")
    cells.u, cells.d, cells.drive = -4.6, -4.5, 4 + 8 * np.arange(N) / N
    cells.h, cells.n, cells.s, cells.c, cells.q, cells.ca = 1, 0, 0.01, 0.007, 0.01, 0.2
    among = synapses(sbp)(
        cells,
        cells,
        STDP,
        on_pre="g_a += w; x += 1; w = clip(w - step*y, 0, 2)",
        on_post="y += 1; w = clip(w + step*x, 0, 2)",
        namespace=CONSTANTS,
        name="pinsky_among",
    )
    among.connect(condition="i != j")
    among.w = 0.2
    return Network(cells, among, SpikeMonitor(cells, name="pinsky_spikes"))


def main(path=None):
    """Draw 400 ms."""
    return show(network, SBP, 400 * ms, "pinsky_among", path)
