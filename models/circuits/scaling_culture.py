"""Cultured neurons whose excitatory inputs are scaled by their activity over days.

Turrigiano, Leslie, Desai, Rutherford & Nelson 1998, Nature 391:892, doi:10.1038/36103: two days of blocked activity
scale all miniature EPSCs of a cortical neuron up by one factor, two days of raised activity scale them down.

The rule is `sbp_brian.plasticity.synaptic_scaling` on a slow clock. Its cells' firing rate follows from what drives
them: the target rate, times ``activity`` (1: undisturbed, 0: spikes blocked, 2: disinhibited), times the sum of the
cell's synapses relative to the start, so that scaling down takes the raised rate back. Differs from a culture: rates
instead of spikes between the tests, one cell at a time, no scaling of inhibition.

Short-term plasticity (``DEPRESSING``) sits on the same synapses; a train of pulses before the drug and one at the end
test it. The clock ticks at those pulses and at the ticks of the scaling alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from brian2 import Hz, Network, NeuronGroup, Quantity, StateMonitor, amp, pA, second

from sbp_brian.brian.event_clock import EventClock
from sbp_brian.errors import CircuitError
from sbp_brian.plasticity import DEPRESSING, short_term_plasticity, synaptic_scaling
from sbp_brian.rules import Regular, SynapseRule

__all__ = ["BASELINE", "HOUR", "PULSES", "RATE", "TARGET", "build"]

HOUR = 3600 * second
BASELINE = 6 * HOUR  # before the drug
PULSES, RATE = 10, 20 * Hz  # the train that tests short-term plasticity
TARGET = 5 * Hz
SOURCE = """
beats = ((t - first) % gap)*pulse_rate : 1
pulsed = beats < n_pulses - 0.5 and abs(beats - floor(beats + 0.5)) < 1e-3 : boolean
"""
CELLS = """
activity : 1 (constant)
total : amp
total_start : amp (constant)
firing_rate : Hz
"""
RATE_OF_CELLS = """
exposed = int(t > onset - tick/2 and t < offset - tick/2)
firing_rate = target*(1 + (activity - 1)*exposed)*total/total_start
"""


def scaled_rule(tau: Quantity, tick: Quantity) -> SynapseRule:
    """The synapse: scaling and short-term plasticity; the cell sums its weights, and a pulse leaves an EPSC.

    Parameters
    ----------
    tau, tick : Quantity, s
        As of `build`.
    """
    rule = synaptic_scaling(TARGET, tau, tick, weight_unit=amp) + short_term_plasticity(
        **DEPRESSING, weight_unit=amp, transmit="epsc = w*released"
    )
    summing = Regular("total_post += w", dt=tick, when="start", order=1)
    return replace(rule, model=f"{rule.model}\nepsc : amp", regularly={**rule.regularly, "sum": summing})


def build(cells: int, inputs: int, exposure: Quantity, tau: Quantity, tick: Quantity, sample: Quantity) -> Network:
    """Cells with their excitatory inputs, rested and at their target rate.

    Parameters
    ----------
    cells, inputs : int
        Number of cells, and of input synapses of each.
    exposure : Quantity, s
        How long the drug acts; a multiple of `tick` and `sample`.
    tau : Quantity, s
        Time constant of scaling.
    tick, sample : Quantity, s
        Slow clock of the scaling, and of the recording of ``w``.

    Returns
    -------
    Network
        ``cells``: set ``activity`` and ``total_start`` (A, sum of the cell's ``w`` at the start). ``synapses`` (cell by
        cell): set ``w`` (A). ``sizes`` (StateMonitor): ``w`` every `sample`. ``trains`` (StateMonitor): ``epsc`` (A) at
        each pulse of the two test trains, before the drug and at the end of the exposure.

    Raises
    ------
    CircuitError
        No cells or inputs, times that do not fit into each other.
    """
    if cells < 1 or inputs < 2:
        raise CircuitError(f"{cells} cells with {inputs} inputs; give at least one cell with two inputs")
    for name, unit in (("tick", tick), ("sample", sample)):
        for what, length in (("exposure", exposure), ("baseline", BASELINE)):
            if abs(float(length / unit) - round(float(length / unit))) > 1e-6:
                raise CircuitError(
                    f"the {what} of {float(length / HOUR):g} h is no multiple of {name} = {unit}; change either"
                )
    end = BASELINE + exposure
    # the tests come half a tick off the scaling: before the drug, and after its last tick
    first, gap = 0.5 * tick, end - tick
    pulses = np.arange(PULSES) / float(RATE)
    tests = np.concatenate([float(first) + pulses, float(first + gap) + pulses])
    ticks = np.arange(round(float(end / tick)) + 1) * float(tick)
    clock = EventClock(np.sort(np.concatenate([ticks, tests])) * second, 1e-6 * second, name="culture")
    source = NeuronGroup(
        1,
        SOURCE,
        threshold="pulsed",
        reset="",
        clock=clock,
        name="source",
        namespace={"first": first, "gap": gap, "pulse_rate": RATE, "n_pulses": PULSES},
    )
    group = NeuronGroup(
        cells,
        CELLS,
        clock=clock,
        name="cells",
        namespace={"onset": BASELINE, "offset": end, "tick": tick, "target": TARGET},
    )
    for one in (source, group):
        clock.drive(one)
    group.activity = 1
    group.total_start = inputs * 20 * pA
    group.run_regularly("total = 0*amp", dt=tick, when="start", order=0, name="cells_sum")
    group.run_regularly(RATE_OF_CELLS, dt=tick, when="start", order=2, name="cells_rate")
    synapses = scaled_rule(tau, tick).synapses(source, group, name="synapses", clock=clock)
    synapses.connect(i=np.zeros(cells * inputs, dtype=int), j=np.repeat(np.arange(cells), inputs))
    synapses.w = 20 * pA
    everything = np.arange(cells * inputs)
    sizes = StateMonitor(synapses, "w", record=everything, dt=sample, when="start", name="sizes")
    trains = StateMonitor(
        synapses,
        "epsc",
        record=everything,
        when="end",
        name="trains",
        clock=EventClock(tests * second, 1e-6 * second, name="pulses"),
    )
    return Network(source, group, synapses, sizes, trains)
