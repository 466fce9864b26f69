"""Bursts are events of their own: a burst strengthens a cell's inputs, any other spike weakens them.

Payeur, Guerguiev, Zenke, Richards & Naud 2021, Nat Neurosci 24:1010, doi:10.1038/s41593-021-00857-x. Differs: 12 cells,
a plateau of the dendrite instead of its full model, and the expected share of bursts is a constant. A second spike
within 16 ms is the event ``burst``; both the soma and the dendrite are variables of one cell.
"""

from __future__ import annotations

from brian2 import Hz, Network, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import pairs, trains
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.1)
N = 12
CONSTANTS = {"tau_s": 10 * ms, "tau_d": 7 * ms, "tau_p": 20 * ms, "tau_e": 50 * ms, "step": 0.02, "expected": 0.4}
CELLS = """
dv/dt = (1.5*plateau - v)/tau_s : 1 (unless refractory)
dd/dt = -d/tau_d : 1
dplateau/dt = -plateau/tau_p : 1
since : second
"""
BURST_RULE = "w : 1\ndeligible/dt = -eligible/tau_e : 1 (event-driven)"


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Trains drive somata and dendrites; a spike that meets an active dendrite starts a plateau."""
    cells = neurons(sbp)(
        N,
        CELLS,
        threshold="v > 1",
        reset="v = 0; plateau = clip(plateau + int(d > 0.5), 0, 1); since = t",
        events={"burst": "v > 1 and t - since < 16*ms"},
        refractory=3 * ms,
        method="exact",
        namespace=CONSTANTS,
        name="payeur_cells",
    )
    cells.since = -1000 * ms
    among = synapses(sbp)(
        cells,
        cells,
        BURST_RULE,
        on_pre="v += 0.1*w; eligible += 1",
        on_post={"burst": "w = clip(w + step*eligible, 0, 2)", "post": "w = clip(w - expected*step*eligible, 0, 2)"},
        on_event={"pre": "spike", "post": "spike", "burst": "burst"},
        namespace=CONSTANTS,
        name="payeur_among",
    )
    among.connect(**pairs(N, N, 0.4, seed=1))
    among.w = 1
    parts = []
    for seed, (variable, size) in enumerate({"v": 0.8, "d": 0.7}.items()):
        drive = SpikeGeneratorGroup(N, *trains(N, 60 * Hz, 1000 * ms, seed), name=f"payeur_drive_{variable}")
        fire = Synapses(drive, cells, on_pre=f"{variable} += {size}", name=f"payeur_fire_{variable}")
        fire.connect(j="i")
        parts += [drive, fire]
    return Network(cells, among, *parts, SpikeMonitor(cells, name="payeur_spikes"))


def main(path=None):
    """Draw 500 ms."""
    return show(network, SBP, 500 * ms, "payeur_among", path)
