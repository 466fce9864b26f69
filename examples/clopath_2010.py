"""The voltage rule: depression by the presynaptic spike, potentiation by the voltage around the postsynaptic one.

Clopath, Busing, Vasilaki & Gerstner 2010, Nat Neurosci 13:344, doi:10.1038/nn.2479. Differs: potentiation is taken at
the postsynaptic spike, with the voltage of its peak, instead of over its whole time course, and the amplitude of
depression is not adapted. Ten cells excite their neighbours in a ring.
"""

from __future__ import annotations

from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms, mV

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import trains
from sbp_brian import RetrogradeSBP

SBP = RetrogradeSBP(rate=0.5, lambda_f=0.4)
N = 10
CONSTANTS = {
    "E_l": -70 * mV,
    "v_th": -50 * mV,
    "v_peak": 30 * mV,
    "tau_m": 20 * ms,
    "tau_minus": 10 * ms,
    "tau_plus": 7 * ms,
    "tau_x": 15 * ms,
    "theta_minus": -70 * mV,
    "theta_plus": -45 * mV,
    "ltd": 2e-3 / mV,
    "ltp": 5e-5 / mV**2,
}
CELLS = """
dv/dt = (E_l - v)/tau_m : volt
du_minus/dt = (v - u_minus)/tau_minus : volt
du_plus/dt = (v - u_plus)/tau_plus : volt
"""
#: The spike itself counts in the low-passed voltages as 2 ms at its peak.
RESET = "v = E_l; u_minus += (v_peak - u_minus)*2*ms/tau_minus; u_plus += (v_peak - u_plus)*2*ms/tau_plus"
VOLTAGE_RULE = "w : 1\ndx/dt = -x/tau_x : 1 (event-driven)"


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """A ring of cells, each driven by a train of its own."""
    how = {"threshold": "v > v_th", "reset": RESET, "method": "exact", "namespace": CONSTANTS}
    cells = neurons(sbp)(N, CELLS, **how, name="clopath_cells")
    cells.v = cells.u_minus = cells.u_plus = -70 * mV
    ring = synapses(sbp)(
        cells,
        cells,
        VOLTAGE_RULE,
        on_pre="v += w*mV; x += 1; w = clip(w - ltd*clip(u_minus - theta_minus, 0*mV, inf*mV), 0, 3)",
        on_post="""w = clip(w + ltp*x*(v_peak - theta_plus)*clip(u_plus_post - theta_minus, 0*mV, inf*mV), 0, 3)""",
        namespace=CONSTANTS,
        name="clopath_ring",
    )
    ring.connect(condition="i != j and abs(i - j) <= 3")
    ring.w = 1
    drive = SpikeGeneratorGroup(N, *trains(N, 40 / (1000 * ms), 1000 * ms, seed=1), name="clopath_drive")
    fire = Synapses(drive, cells, on_pre="v += 25*mV", name="clopath_fire")
    fire.connect(j="i")
    return Network(cells, ring, drive, fire, SpikeMonitor(cells, name="clopath_spikes"))


def main(path=None):
    """Draw 300 ms."""
    return show(network, SBP, 300 * ms, "clopath_ring", path)
