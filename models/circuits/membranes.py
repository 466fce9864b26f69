"""Event-driven membranes: what makes a cell of a small circuit fire, with nothing to integrate in silence.

A `Membrane` is equations, a threshold, a reset, and code at the beginning and end of each tick. All that happens to the
potential ``v`` (1: threshold) between ticks is exponential decay, so an `EventClock` serves it exactly.

========== ==========================================================================================================
membrane   a cell fires
========== ==========================================================================================================
PULSED     at once, at a current pulse or where inputs together pass the threshold
RELAY      also ``latency`` after its inputs passed the threshold, and at the second of a pair of pulses
========== ==========================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from brian2 import ms, second

__all__ = ["PULSED", "RELAY", "Membrane"]

CELLS = """glutamatergic : boolean (constant)
           nmda : 1 (constant)
           pulse_at : second (constant)
           pulse_shift : second (constant)
           block : 1 (constant)
           pulses : 1 (constant)
           v : 1
           since : second
           elapsed = t - first_pulse : second
           pairing = elapsed > -half_step and elapsed < pulses*period - half_step : boolean
           in_period = (elapsed + half_step) % period - half_step : second
           turned = floor((elapsed + half_step)/(block*period)) % 2 : 1
           pulsed = pairing and abs(in_period - pulse_at - turned*pulse_shift) < half_step : boolean"""


@dataclass(frozen=True)
class Membrane:
    """What makes a cell fire.

    Parameters
    ----------
    equations : str
        Variables of the cells; see `PULSED` for those that circuits set.
    threshold, reset : str
    before, after : str
        Code run at the beginning and at the end of each tick.
    settable : mapping of str to value
        Cell variables that a condition may set beyond those every circuit has -> their values where it does not. None
        as a value: as the circuit has it.
    initial : mapping of str to value
        Further values at the start.
    """

    equations: str
    threshold: str
    reset: str = "v = 0\nspike_number += 1"
    before: str = "v *= exp(-(t - since)/tau_membrane)\nsince = t"
    after: str = ""
    settable: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)


#: Fires at a current pulse (``pulses`` of them, ``pulse_at`` within each period) or where inputs pass the threshold.
PULSED = Membrane(CELLS, "pulsed or v > 1")

#: Real latencies on a clock that cannot have synaptic delays: ``latency`` stands for axonal conduction, transmission
#: and the rise to threshold. A cell has room for two spikes on their way, enough for paired pulses.
RELAY = Membrane(
    f"""{CELLS}
        latency : second (constant)
        second_pulse : second (constant)
        excitable : boolean (constant)
        due_1 : second
        due_2 : second
        again = pairing and second_pulse > half_step and abs(in_period - pulse_at - second_pulse) < half_step : boolean
        relayed = abs(t - due_1) < half_step or abs(t - due_2) < half_step : boolean""",
    threshold="excitable and (pulsed or again or relayed)",
    reset="spike_number += 1",  # the potential was taken back when it passed the threshold
    after="""crossed = v > 1
             vacant = due_1 < t + half_step
             due_1 = due_1 + int(crossed and vacant)*(t + latency - due_1)
             due_2 = due_2 + int(crossed and not vacant)*(t + latency - due_2)
             v = v*int(not crossed)""",
    settable={"latency": 2 * ms, "second_pulse": 0 * ms, "excitable": True, "glutamatergic": None},
    initial={"due_1": -1 * second, "due_2": -1 * second},
)
