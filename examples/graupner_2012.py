"""Plasticity by calcium: a synapse grows while its calcium is above one threshold, and shrinks above a lower one.

Graupner & Brunel 2012, PNAS 109:3991, equations 1 and 2, doi:10.1073/pnas.1109359109. Differs: the efficacy moves in
proportion to the time above each threshold, without its cubic term and noise. Calcium decays exponentially between
events, so this time follows exactly at the next event. Six cells excite one another and are driven by trains.
"""

from __future__ import annotations

from brian2 import Network, SpikeGeneratorGroup, SpikeMonitor, ms, second, um

from examples.choosing import neurons, synapses
from examples.showing import show
from examples.wiring import trains
from sbp_brian import Chain, RetrogradeSBP

SBP = RetrogradeSBP(rate=0.8, transport=Chain(length=100 * um, velocity=4000 * um / second, stages=2, dt=2 * ms))
N = 6
CONSTANTS = {
    "tau_m": 10 * ms,
    "tau_c": 20 * ms,
    "theta_p": 1.3,
    "theta_d": 1.0,
    "gamma_p": 12 / second,
    "gamma_d": 5 / second,
    "c_pre": 1.0,
    "c_post": 2.0,
}
CELLS = "dv/dt = -v/tau_m : 1"
CALCIUM = "w : 1\nc : 1\nlast : second"
#: Time since the last event during which calcium was above a threshold, and what it did to the weight.
SINCE_THEN = """
gone = t - last
above_p = clip(tau_c*log(clip(c, 1e-9, inf)/theta_p), 0*ms, gone)
above_d = clip(tau_c*log(clip(c, 1e-9, inf)/theta_d), 0*ms, gone)
w = clip(w + gamma_p*above_p - gamma_d*above_d, 0, 2)
c *= exp(-gone/tau_c)
last = t
"""


def network(sbp: RetrogradeSBP | None = None) -> Network:
    """Trains drive cells, each of which excites all others."""
    drive = SpikeGeneratorGroup(N, *trains(N, 50 / second, 1000 * ms, seed=1), name="graupner_drive")
    how = {"threshold": "v > 1", "reset": "v = 0", "method": "exact", "namespace": CONSTANTS}
    cells = neurons(sbp)(N, CELLS, **how, name="graupner_cells")
    rule = {"on_pre": SINCE_THEN + "c += c_pre; v_post += w", "on_post": SINCE_THEN + "c += c_post"}
    into = synapses(sbp, emits=False)(drive, cells, CALCIUM, **rule, namespace=CONSTANTS, name="graupner_into")
    among = synapses(sbp)(cells, cells, CALCIUM, **rule, namespace=CONSTANTS, name="graupner_among")
    into.connect()
    among.connect(condition="i != j")
    into.w, among.w = 0.6, 0.3
    return Network(drive, cells, into, among, SpikeMonitor(cells, name="graupner_spikes"))


def main(path=None):
    """Draw 500 ms."""
    return show(network, SBP, 500 * ms, "graupner_into", path)
