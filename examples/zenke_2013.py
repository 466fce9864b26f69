"""Hebbian learning kept in check by a detector of each cell's rate, with several clocks.

Zenke, Hennequin & Gerstner 2013, PLoS Comput Biol 9:e1003330, doi:10.1371/journal.pcbi.1003330. Differs: 30 cells
instead of 25000, pair terms instead of triplets, and a slow wave drives all cells. Cells step by 0.1 ms, the wave by
1 ms, the detector by 5 ms; depression grows with the square of the rate that it finds.
"""

from __future__ import annotations

import numpy as np
from brian2 import Hz, Network, NeuronGroup, SpikeMonitor, linked_var, ms

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import pairs
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.3, w_min=0, w_max=1)
N = 30
CONSTANTS = {"tau_m": 20 * ms, "tau_x": 20 * ms, "tau_r": 100 * ms, "slow": 20 * Hz, "target": 30 * Hz, "step": 0.02}
CELLS = """
dv/dt = (drive + 0.3*wave - v)/tau_m : 1 (unless refractory)
dcount/dt = -count/tau_r : 1
wave : 1 (linked)
drive : 1 (constant)
rate : Hz
"""
RULE = "w : 1\ndx/dt = -x/tau_x : 1 (event-driven)\ndy/dt = -y/tau_x : 1 (event-driven)"


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """A wave, cells and the synapses among them."""
    rng = np.random.default_rng(2013)
    wave = NeuronGroup(1, "height : 1", dt=1 * ms, namespace=CONSTANTS, name="zenke_wave")
    wave.run_regularly("height = sin(2*pi*slow*t)", dt=1 * ms, name="zenke_swing")
    cells = neurons(sbp)(
        N,
        CELLS,
        threshold="v > 1",
        reset="v = 0; count += 1",
        refractory=3 * ms,
        method="euler",
        namespace=CONSTANTS,
        name="zenke_cells",
    )
    cells.wave = linked_var(wave, "height", index=np.zeros(N, int))
    cells.v, cells.drive = rng.random(N), 0.9 + 0.4 * rng.random(N)
    cells.run_regularly("rate = count/tau_r", dt=5 * ms, name="zenke_detector")
    among = synapses(sbp)(
        cells,
        cells,
        RULE,
        on_pre="v += 0.1*w; x += 1; w = clip(w - step*y*(rate_post/target)**2, 0, 1)",
        on_post="y += 1; w = clip(w + step*x, 0, 1)",
        namespace=CONSTANTS,
        name="zenke_among",
    )
    among.connect(**pairs(N, N, 0.3, seed=1))
    among.w = 0.4
    return Network(wave, cells, among, SpikeMonitor(cells, name="zenke_spikes"))


def main(path=None):
    """Draw 500 ms."""
    return show(network, SBP, 500 * ms, "zenke_among", path)
