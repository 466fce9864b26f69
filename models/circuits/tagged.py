"""Ganglion cells whose input synapses keep a tag of their activity while the retrograde signal travels.

The spread from tectum to retina (Du et al. 2009, doi:10.1073/pnas.0910659106) takes as long as the signal travels. If
an input is to change because it was active when the output synapse changed, and not because it is active when the
signal comes, something at the synapse has to last so long. Here it is a trace that is 1 at the synapse's activity and
fades exponentially; the synapse expresses the signal times the tag. How long a tag has to last is not built in: it
follows from the transport.

All inputs are active once, at the time at which the output synapses change, once; each ganglion cell has a carrier of
its own velocity, each of its inputs a tag of its own time constant.
"""

from __future__ import annotations

import numpy as np
from brian2 import Clock, Hz, Network, NeuronGroup, Quantity, meter, second

from sbp_brian.errors import CircuitError
from sbp_brian.models.circuits.retinotectal import tadpole_sbp
from sbp_brian.rules import SynapseRule

__all__ = ["TAGGED", "build", "lasting"]

TAGGED = SynapseRule(
    """w : 1
    fades : Hz (constant)
    dtag/dt = -fades*tag : 1 (event-driven)""",
    on_pre={"pre": "tag = 1"},
    name="synapse with a tag",
)


def build(velocities: Quantity, times: Quantity, emitted: float, tick: Quantity, length: Quantity) -> Network:
    """The network; what its synapses end at is ``inputs.w``.

    Parameters
    ----------
    velocities : Quantity (meter/second), shape (n,)
        One ganglion cell each.
    times : Quantity (second), shape (m,)
        Time constants of tags, one input each; one more input has a tag that does not fade.
    emitted : float
        Relative change at the outputs, above 0 for LTP.
    tick : Quantity (second)
        Time step of all.
    length : Quantity (meter)
        Of the axons.

    Returns
    -------
    Network
        Of ``bipolar``, ``ganglion`` and ``inputs``; ``inputs.w`` has shape (m + 1, n), flat.

    Raises
    ------
    CircuitError
    """
    if not np.all(np.asarray(times) > 0) or not np.all(np.asarray(velocities) > 0):
        raise CircuitError(f"times of tags and velocities must be positive, got {times} and {velocities}")
    sbp = tadpole_sbp(tick=tick, gate="tag")
    n, m = len(velocities), len(times) + 1
    clock = Clock(tick, name="tags_clock")
    bipolar = NeuronGroup(m, "", threshold="timestep(t, dt) == 0", clock=clock, name="bipolar", namespace={})
    ganglion = NeuronGroup(n, sbp.equations, events=sbp.events, clock=clock, name="ganglion", namespace={})
    sbp.operation(ganglion, clock)
    ganglion.retro_length = length
    ganglion.retro_ltp_velocity = velocities
    ganglion.retro_ltd_velocity = velocities
    ganglion.retro_ltp, ganglion.retro_ltd = max(emitted, 0), max(-emitted, 0)
    inputs = sbp.receiving(TAGGED).synapses(bipolar, ganglion, name="inputs", clock=clock)
    inputs.connect()
    inputs.w = 1
    inputs.fades = np.repeat([*(1 / np.asarray(times)), 0.0], n) * Hz
    return Network(bipolar, ganglion, inputs)


def lasting(velocities: Quantity, length: Quantity) -> Quantity:
    """How long to run until nothing of the slowest signal is left that matters (s)."""
    sbp = tadpole_sbp()
    return 4 * float(length / meter) / float(np.min(np.asarray(velocities))) * second + 15 * sbp.transport.pool
