"""An assembly is imprinted, the network is stored, and recall begins from the stored state as often as one likes.

Litwin-Kumar & Doiron 2014, Nat Commun 5:5319, doi:10.1038/ncomms6319. Differs: 60 cells instead of 5000, pair STDP
instead of the voltage rule, and inhibitory plasticity is left out. `recalled` stores and restores: the weights, the
retrograde signal and what is under way come back with the rest.
"""

from __future__ import annotations

import numpy as np
from brian2 import Hz, Network, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import pairs, trains
from sbp_brian import Delay, RetrogradeSBP

SBP = RetrogradeSBP(rate=0.2, transport=Delay(7.5 * ms, slots=1), w_min=0, w_max=1)
N, N_E = 60, 48
CONSTANTS = {"tau_m": 20 * ms, "tau_e": 4 * ms, "tau_i": 8 * ms, "tau_x": 20 * ms, "step": 0.02}
CELLS = """
dv/dt = (drive + g_e - g_i - v)/tau_m : 1 (unless refractory)
dg_e/dt = -g_e/tau_e : 1
dg_i/dt = -g_i/tau_i : 1
drive : 1
"""
STDP = "w : 1\ndx/dt = -x/tau_x : 1 (event-driven)\ndy/dt = -y/tau_x : 1 (event-driven)"


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Excitatory cells, of which trains drive the first twelve, then inhibitory ones."""
    how = {"threshold": "v > 1", "reset": "v = 0", "refractory": 2 * ms, "method": "euler", "namespace": CONSTANTS}
    cells = neurons(sbp)(N, CELLS, **how, name="litwin_cells")
    cells.v, cells.drive = np.random.default_rng(2014).random(N), 0.9 + 0.2 * np.arange(N) / N
    excite = synapses(sbp)(
        cells[:N_E],
        cells,
        STDP,
        on_pre="g_e += w; x += 1; w = clip(w - 1.05*step*y, 0, 1)",
        on_post="y += 1; w = clip(w + step*x, 0, 1)",
        namespace=CONSTANTS,
        name="litwin_excite",
    )
    excite.connect(**pairs(N_E, N, 0.2, seed=1))
    excite.w = 0.3
    inhibit = Synapses(cells[N_E:], cells, on_pre="g_i += 0.4", name="litwin_inhibit")
    inhibit.connect(**pairs(N - N_E, N, 0.4, seed=2))
    assembly = SpikeGeneratorGroup(12, *trains(12, 100 * Hz, 1000 * ms, seed=3), name="litwin_assembly")
    fire = Synapses(assembly, cells[:12], on_pre="v += 0.6", name="litwin_fire")
    fire.connect(j="i")
    return Network(cells, excite, inhibit, assembly, fire, SpikeMonitor(cells, name="litwin_spikes"))


def recalled(net: Network, before=50 * ms, after=50 * ms) -> list[np.ndarray]:
    """Weights after two recalls from one stored state."""
    net.run(before)
    net.store("imprinted")
    found = []
    for _ in range(2):
        net.restore("imprinted")
        net.run(after)
        found.append(np.array(net["litwin_excite"].w))
    return found


def main(path=None):
    """Draw 500 ms."""
    return show(network, SBP, 500 * ms, "litwin_excite", path)
