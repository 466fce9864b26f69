"""Working memory in synapses that facilitate: what was cued stays in their release probability while cells are silent.

Mongillo, Barak & Tsodyks 2008, Science 319:1543, figure 2, doi:10.1126/science.1150769. Differs: 40 excitatory cells in
two selective groups instead of 8000, inhibition is a field that every spike adds to, and the strength that facilitation
and depression multiply has STDP, so that SBP changes it.
"""

from __future__ import annotations

import numpy as np
from brian2 import Network, SpikeMonitor, Synapses, ms

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import pairs
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.2, lambda_p=0.6, w_min=0, w_max=2)
N = 40
CONSTANTS = {
    "tau_m": 15 * ms,
    "tau_f": 1500 * ms,
    "tau_d": 200 * ms,
    "tau_i": 10 * ms,
    "tau_x": 20 * ms,
    "U": 0.2,
    "step": 0.05,
}
CELLS = """
dv/dt = (drive + cue*int(t > 20*ms)*int(t < 60*ms) - field - v)/tau_m : 1 (unless refractory)
dfield/dt = -field/tau_i : 1
drive : 1 (constant)
cue : 1 (constant)
"""
FACILITATING = """
w : 1
du/dt = (U - u)/tau_f : 1 (event-driven)
dr/dt = (1 - r)/tau_d : 1 (event-driven)
dx/dt = -x/tau_x : 1 (event-driven)
dy/dt = -y/tau_x : 1 (event-driven)
"""


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Two selective groups; the first is cued."""
    rng = np.random.default_rng(2008)
    how = {"threshold": "v > 1", "reset": "v = 0", "refractory": 2 * ms, "method": "euler", "namespace": CONSTANTS}
    cells = neurons(sbp)(N, CELLS, **how, name="mongillo_cells")
    cells.v, cells.drive, cells.cue[: N // 2] = rng.random(N), 0.95 + 0.15 * rng.random(N), 0.8
    excite = synapses(sbp)(
        cells,
        cells,
        FACILITATING,
        on_pre="u += U*(1 - u); v += 0.3*w*u*r; r -= u*r; x += 1; w = clip(w - step*y, 0, 2)",
        on_post="y += 1; w = clip(w + step*x, 0, 2)",
        namespace=CONSTANTS,
        name="mongillo_excite",
    )
    wires = pairs(N, N, 0.3, seed=1)
    excite.connect(**wires)
    excite.w, excite.u, excite.r = np.where(wires["i"] // (N // 2) == wires["j"] // (N // 2), 1.2, 0.4), 0.2, 1
    inhibit = Synapses(cells, cells, on_pre="field += 0.01", name="mongillo_inhibit")
    inhibit.connect()
    return Network(cells, excite, inhibit, SpikeMonitor(cells, name="mongillo_spikes"))


def main(path=None):
    """Draw 500 ms."""
    return show(network, SBP, 500 * ms, "mongillo_excite", path)
