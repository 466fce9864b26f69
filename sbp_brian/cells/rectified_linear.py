r"""The ReL-PSP neuron on a time grid: a ready time-to-first-spike cell for networks of one's own.

.. math:: \tau \, dV/dt = g, \qquad g \mathrel{+}= w \text{ at each input spike}

so that every input adds a ramp, K(s) = s/tau. One spike, at the first V >= theta; then the cell is silent until
``waiting`` is set to 1 again (with ``v = 0`` and ``g = 0``) for the next sample. The spike's exact time, found by going
back along the straight line, is in ``spike_time``; `relpsp_synapse` hands it on, so that a potential is exact at the
end of each step even where its inputs came within it. A spike time is exact where no other input lies between it and
the end of its step, and within one step otherwise. For learning, `sbp_brian.models.stdbp.first_spike` needs no grid at
all.

Two inputs that spike at 2.03 and 4.05 ms raise the potential by 1 in 10 ms each; together they reach the threshold of 1
at 8.04 ms, and that is what the cell knows, though the time step is 0.1 ms:

>>> from brian2 import Network, NeuronGroup, ms
>>> from sbp_brian.cells import relpsp, relpsp_synapse
>>> now = "at > t - dt/1000 and at <= t + dt"
>>> inputs = NeuronGroup(2, "at : second\nspike_time : second", threshold=now, name="inputs", namespace={})
>>> inputs.at = inputs.spike_time = [2.03, 4.05] * ms
>>> cells = relpsp(tau=10 * ms).group(1, name="cells")
>>> synapses = relpsp_synapse(tau=10 * ms).synapses(inputs, cells, name="ramps")
>>> synapses.connect()
>>> synapses.w = 1
>>> Network(inputs, cells, synapses).run(20 * ms, namespace={})
>>> round(float(cells.spike_time[0] / ms), 6)
8.04

Source: Zhang et al. 2022, IEEE TNNLS 33:1947, doi:10.1109/TNNLS.2021.3110991.
"""

from __future__ import annotations

from brian2 import Quantity, ms

from sbp_brian.cells.model import NeuronModel
from sbp_brian.rules import CellVariables, SynapseRule
from sbp_brian.rules.quantities import duration, positive
from sbp_brian.wording import names_parameters

__all__ = ["relpsp", "relpsp_synapse"]

SOURCE = "Zhang et al. 2022, IEEE TNNLS 33:1947, doi:10.1109/TNNLS.2021.3110991"


@names_parameters
def relpsp(tau: Quantity = 10 * ms, threshold: float = 1.0) -> NeuronModel:
    """A cell whose inputs are ramps and that spikes once.

    Parameters
    ----------
    tau : Quantity (s)
        Time in which an input of weight 1 raises the potential by 1.
    threshold : float

    Raises
    ------
    RuleError
        For a parameter that is not positive or has another dimension.

    Notes
    -----
    ============== ==== ===================================================================
    variable       unit written by
    ============== ==== ===================================================================
    ``v``          1    integration (exact), synapses
    ``g``          1    synapses: the slope times tau
    ``waiting``    1    1 until the spike; set it to 1 for a new sample
    ``spike_time`` s    the spike: its exact time
    ============== ==== ===================================================================
    """
    return NeuronModel(
        equations="dv/dt = g/tau : 1\ng : 1\nwaiting : 1\nspike_time : second",
        threshold="v >= theta and waiting > 0",
        reset="waiting = 0\nspike_time = t + dt - (v - theta)*tau/g",
        method="euler",  # exact: g does not change within a step
        namespace={"tau": duration("tau", tau), "theta": float(positive("threshold", threshold, 1))},
        initial={"waiting": 1},
        source=SOURCE,
        name="ReL-PSP",
    )


def relpsp_synapse(tau: Quantity = 10 * ms) -> SynapseRule:
    """A ramp from the exact time of the presynaptic spike on.

    Reads ``spike_time_pre`` (s); adds to ``g_post`` and ``v_post``.
    """
    return SynapseRule(
        name="ReL-PSP",
        model="w : 1",
        on_pre={"pre": "g_post += w\nv_post += w*(t + dt - spike_time_pre)/tau"},
        namespace={"tau": duration("tau", tau)},
        source=SOURCE,
        requires=(
            CellVariables(
                {"spike_time": "a ReL-PSP synapse needs the exact spike time: give the source cells that variable"}
            ),
        ),
    )
