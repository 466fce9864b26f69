"""Groups of cells that fire together after their delays: polychronization, with a delay of its own for each synapse.

Izhikevich 2006, Neural Comput 18:245, doi:10.1162/089976606775093882. Differs: 100 cells instead of 1000 with stronger
synapses, weights change at each spike and not once a second, and the input to each cell is a train. The delays hold
back the spikes; the retrograde signal needs one time step.
"""

from __future__ import annotations

import numpy as np
from brian2 import Hz, Network, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import pairs, trains
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.1, w_min=0, w_max=20)
N, N_E = 100, 80
CONSTANTS = {"tau_x": 20 * ms, "step": 0.5}
CELLS = """
dv/dt = (0.04*v**2 + 5*v + 140 - u)/ms : 1
du/dt = a*(0.2*v - u)/ms : 1
a : 1 (constant)
d : 1 (constant)
"""
STDP = "w : 1\ndx/dt = -x/tau_x : 1 (event-driven)\ndy/dt = -y/tau_x : 1 (event-driven)"


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Excitatory cells (regular spiking) first, then inhibitory ones (fast spiking)."""
    rng = np.random.default_rng(2006)
    how = {"threshold": "v > 30", "reset": "v = -65; u += d", "method": "euler", "namespace": CONSTANTS}
    cells = neurons(sbp)(N, CELLS, **how, name="izhi06_cells")
    cells.v, cells.u, cells.a, cells.d = -65, -13, 0.02, 8
    cells.a[N_E:], cells.d[N_E:] = 0.1, 2
    excite = synapses(sbp)(
        cells[:N_E],
        cells,
        STDP,
        on_pre="v += w; x += 1; w = clip(w - 1.2*step*y, 0, 20)",
        on_post="y += 1; w = clip(w + step*x, 0, 20)",
        namespace=CONSTANTS,
        name="izhi06_excite",
    )
    excite.connect(**pairs(N_E, N, 0.15, seed=1))
    excite.w, excite.delay = 9, rng.integers(1, 21, len(excite.i)) * ms
    inhibit = Synapses(cells[N_E:], cells[:N_E], on_pre="v -= 8", delay=1 * ms, name="izhi06_inhibit")
    inhibit.connect(**pairs(N - N_E, N_E, 0.2, seed=2))
    drive = SpikeGeneratorGroup(N, *trains(N, 15 * Hz, 1000 * ms, seed=3), name="izhi06_drive")
    fire = Synapses(drive, cells, on_pre="v += 25", name="izhi06_fire")
    fire.connect(j="i")
    return Network(cells, excite, inhibit, drive, fire, SpikeMonitor(cells, name="izhi06_spikes"))


def main(path=None):
    """Draw 500 ms."""
    return show(network, SBP, 500 * ms, "izhi06_excite", path)
