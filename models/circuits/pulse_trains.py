"""Single connections with short-term plasticity, driven by regular trains of presynaptic spikes.

Tsodyks, Pawelzik & Markram 1998, Neural Comput 10:821, doi:10.1162/089976698300017502: the same train makes a
depressing synapse fade and a facilitating one grow. Each connection is a presynaptic cell that fires regularly and a
passive membrane; a train per rate and copy, all side by side in one network.

Parameters of the synapses are those of `sbp_brian.plasticity` (``DEPRESSING``, ``FACILITATING``); currents decay with
3 ms and 1.5 ms, the membrane has 40 ms and 100 MOhm (as in public re-implementations; for the facilitating connection
the membrane is a choice). What differs from the paper: the inactive state of a few ms is left out.

The clock ticks at the pulses of all trains and at the points at which membranes are drawn; between them everything
decays exponentially and is advanced exactly, so that no time step has to be chosen.
"""

from __future__ import annotations

import numpy as np
from brian2 import Hz, Mohm, Network, NeuronGroup, Quantity, StateMonitor, amp, ms, pA, second

from sbp_brian.brian.event_clock import EventClock
from sbp_brian.errors import CircuitError
from sbp_brian.plasticity import DEPRESSING, FACILITATING, short_term_plasticity

__all__ = ["CONNECTIONS", "DRAWN", "RECOVERED", "TRAIN", "build"]

#: Connection -> (parameters of the synapse, absolute efficacy, decay of the current).
CONNECTIONS = {"depressing": (DEPRESSING, 250 * pA, 3 * ms), "facilitating": (FACILITATING, 1540 * pA, 1.5 * ms)}
TRAIN = 5 * second  # length of each train
RECOVERED = 12 * second  # when a single pulse tests recovery
DRAWN = 1.2 * second  # how long membranes are recorded finely

MEMBRANE = """epsc : amp
              current : amp
              v : volt
              since : second"""
#: exact between ticks: the current decays, the membrane is a sum of two exponentials
DECAY = """elapsed = t - since
           driven = R_m*current*tau_syn/(tau_syn - tau_m)
           v = (v - driven)*exp(-elapsed/tau_m) + driven*exp(-elapsed/tau_syn)
           current *= exp(-elapsed/tau_syn)
           epsc = 0*amp
           since = t"""


def build(rates: tuple[float, ...], copies: int, step: Quantity) -> Network:
    """Trains of all rates on both connections, at rest.

    Parameters
    ----------
    rates : tuple of float, Hz
    copies : int
        Copies of each train.
    step : Quantity, s
        Between the points at which membranes are drawn; it changes nothing else.

    Returns
    -------
    Network
        ``depressing`` and ``facilitating`` (Synapses, copy by copy in the order of `rates`): set ``w`` (A), the
        absolute efficacy. ``depressing_epsc``, ``facilitating_epsc`` (StateMonitor): ``epsc`` (A), the amplitude of the
        EPSC of each connection at each tick (0 where there is none); ``depressing_traces``,
        ``facilitating_traces``: ``v`` (V) of the first copy.

    Raises
    ------
    CircuitError
        Rates that are not positive or given twice, no copies.
    """
    if copies < 1:
        raise CircuitError(f"copies = {copies}; give at least one copy of each train")
    if not rates or min(rates) <= 0 or len(set(rates)) < len(rates):
        raise CircuitError(f"rates = {rates}: give positive rates, each once")
    pulses = [np.arange(np.ceil(float(TRAIN) * rate - 1e-6)) / rate for rate in rates]
    times = np.concatenate([*pulses, np.arange(0, float(DRAWN), float(step)), [float(RECOVERED)]])
    times = np.unique(np.round(times, 9))
    clock = EventClock(times[np.append(True, np.diff(times) > 1e-8)] * second, 1e-6 * second, name="trains")
    n = copies * len(rates)
    sources = NeuronGroup(
        n,
        """rate : Hz (constant)
                                beats = t*rate : 1
                                in_train = t < train - tolerance and abs(beats - floor(beats + 0.5)) < 1e-6 : boolean
                                tested = abs(t - recovered) < tolerance : boolean""",
        threshold="in_train or tested",
        reset="",
        clock=clock,
        name="sources",
        namespace={"train": TRAIN, "recovered": RECOVERED, "tolerance": 1e-7 * second},
    )
    clock.drive(sources)
    sources.rate = np.tile(rates, copies) * Hz
    objects = [sources]
    for name, (parameters, efficacy, tau_syn) in CONNECTIONS.items():
        cells = NeuronGroup(
            n,
            MEMBRANE,
            clock=clock,
            name=f"{name}_cells",
            namespace={"tau_m": 40 * ms, "tau_syn": tau_syn, "R_m": 100 * Mohm},
        )
        clock.drive(cells)
        cells.run_on_clock(DECAY, clock, when="start", name=f"{name}_membrane")
        rule = short_term_plasticity(
            **parameters, weight_unit=amp, transmit="epsc_post += w*released\ncurrent_post += w*released"
        )
        synapses = rule.synapses(sources, cells, name=name, clock=clock)
        synapses.connect(i=np.arange(n), j=np.arange(n))
        synapses.w = efficacy
        objects += [
            cells,
            synapses,
            StateMonitor(cells, "epsc", record=True, clock=clock, when="end", name=f"{name}_epsc"),
            StateMonitor(cells, "v", record=np.arange(len(rates)), clock=clock, when="end", name=f"{name}_traces"),
        ]
    return Network(*objects)
