"""The triplet rule: potentiation grows with the postsynaptic cell's own recent firing.

Pfister & Gerstner 2006, J Neurosci 26:9673, minimal model of visual cortex, doi:10.1523/JNEUROSCI.1425-06.2006.
Differs: instead of one pair of cells, groups at two rates excite one another, and the amplitudes are larger, so that
half a second is enough. Synapses move towards bounds of their relative change.
"""

from __future__ import annotations

from brian2 import Hz, Network, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import pairs, trains
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(emission="relative", expression="saturating", rate=0.3, upper=0.6, lower=0.5)
N = 20
CONSTANTS = {
    "tau_m": 10 * ms,
    "tau_plus": 16.8 * ms,
    "tau_minus": 33.7 * ms,
    "tau_y": 114 * ms,
    "a_minus": 7.1e-2,
    "a_plus": 6.5e-2,
}
CELLS = "dv/dt = -v/tau_m : 1"
TRIPLET = """
w : 1
dr1/dt = -r1/tau_plus : 1 (event-driven)
do1/dt = -o1/tau_minus : 1 (event-driven)
do2/dt = -o2/tau_y : 1 (event-driven)
"""


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """The first half is driven at 50 Hz, the second at 10 Hz."""
    how = {"threshold": "v > 1", "reset": "v = 0", "method": "exact", "namespace": CONSTANTS}
    cells = neurons(sbp)(N, CELLS, **how, name="pfister_cells")
    among = synapses(sbp)(
        cells,
        cells,
        TRIPLET,
        on_pre="v += 0.08*w; r1 += 1; w = clip(w - a_minus*o1, 0, 2)",
        on_post="w = clip(w + a_plus*r1*o2, 0, 2); o1 += 1; o2 += 1",
        namespace=CONSTANTS,
        name="pfister_among",
    )
    among.connect(**pairs(N, N, 0.3, seed=1))
    among.w = 1
    parts = []
    for half, rate in enumerate((50 * Hz, 10 * Hz)):
        drive = SpikeGeneratorGroup(N // 2, *trains(N // 2, rate, 1000 * ms, seed=half), name=f"pfister_drive{half}")
        first = half * N // 2
        fire = Synapses(drive, cells[first : first + N // 2], on_pre="v += 1.1", name=f"pfister_fire{half}")
        fire.connect(j="i")
        parts += [drive, fire]
    return Network(cells, among, *parts, SpikeMonitor(cells, name="pfister_spikes"))


def main(path=None):
    """Draw 500 ms."""
    return show(network, SBP, 500 * ms, "pfister_among", path)
