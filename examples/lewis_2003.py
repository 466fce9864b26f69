"""Interneurons coupled by gap junctions and by inhibition, which is plastic.

Lewis & Rinzel 2003, J Comput Neurosci 14:283, doi:10.1023/A:1023265027714. Differs: a ring of 12 cells with different
currents instead of a pair, a spikelet is a jump in the neighbours, and inhibition has a symmetric STDP rule. The signal
goes through the chemical synapses alone; the gap junctions stay Brian2's own.
"""

from __future__ import annotations

import numpy as np
from brian2 import Network, SpikeMonitor, Synapses, ms

from examples.choosing import neurons, synapses
from examples.showing import show
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.3, w_min=0, w_max=1)
N = 12
CONSTANTS = {
    "tau_m": 10 * ms,
    "tau_i": 3 * ms,
    "tau_x": 20 * ms,
    "gap": 0.1,
    "spikelet": 0.03,
    "goal": 0.6,
    "step": 0.02,
}
CELLS = """
dv/dt = (drive + coupling - inhibition - v)/tau_m : 1
dinhibition/dt = -inhibition/tau_i : 1
coupling : 1
drive : 1 (constant)
"""
SYMMETRIC = """
w : 1
dx/dt = -x/tau_x : 1 (event-driven)
dy/dt = -y/tau_x : 1 (event-driven)
"""


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Gap junctions join neighbours; every cell inhibits the four nearest on each side."""
    how = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "namespace": CONSTANTS}
    cells = neurons(sbp)(N, CELLS, **how, name="lewis_cells")
    cells.drive, cells.v = 1.6 + 0.3 * np.arange(N) / N, np.random.default_rng(2003).random(N)
    gaps = Synapses(
        cells,
        cells,
        "coupling_post = gap*(v_pre - v_post) : 1 (summed)",
        on_pre="v_post += spikelet",
        namespace=CONSTANTS,
        name="lewis_gaps",
    )
    inhibit = synapses(sbp)(
        cells,
        cells,
        SYMMETRIC,
        on_pre="inhibition += w; x += 1; w = clip(w + step*(y - goal), 0, 1)",
        on_post="y += 1; w = clip(w + step*x, 0, 1)",
        namespace=CONSTANTS,
        name="lewis_inhibit",
    )
    gaps.connect(condition="(j - i) % N_pre == 1 or (i - j) % N_pre == 1")
    inhibit.connect(condition="i != j and ((j - i) % N_pre <= 4 or (i - j) % N_pre <= 4)")
    inhibit.w = 0.15
    return Network(cells, gaps, inhibit, SpikeMonitor(cells, name="lewis_spikes"))


def main(path=None):
    """Draw 300 ms."""
    return show(network, SBP, 300 * ms, "lewis_inhibit", path)
