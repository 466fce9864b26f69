"""Teacher-driven spike-timing-dependent plasticity: a delta rule made of events."""

from __future__ import annotations

from typing import Any

from brian2 import ms

from sbp_brian.errors import RuleError
from sbp_brian.rules import SynapseRule, quantities
from sbp_brian.wording import names_parameters


@names_parameters
def teacher_stdp(
    learning_rate: Any = 0.01,
    tau_teach=20 * ms,
    w_max: Any = None,
    w_min: Any = None,
    *,
    teach_event: str = "teach",
    error_event: str = "spike",
    transmit: str = "g_post += w",
) -> SynapseRule:
    """Weights from recently active presynaptic cells grow at a teaching event and shrink at the cell's own output.

    With ``x`` the trace of presynaptic spikes (each adds 1, decay ``tau_teach``),

    - at ``teach_event`` of the target cell  ``w += learning_rate * x``,
    - at ``error_event`` of the target cell  ``w -= learning_rate * x``.

    Where the cell's output coincides with the teacher the two cancel, so that learning stops when the output is the
    one taught; a weight change of mean zero is all that is left.

    Parameters
    ----------
    learning_rate : float or Quantity
        Change per event for a trace of 1, not negative, in the unit of the weight.
    tau_teach : Quantity, s
        Time constant of the presynaptic trace.
    w_max, w_min : float or Quantity, optional
        Bounds of the weight, both or neither. Without bounds the unit of the weight is that of ``learning_rate``, and
        weights may change sign.
    teach_event, error_event : str
        Events of the target group: where it is told to be active, and where it is.
    transmit : str
        Code that delivers the presynaptic spike.

    Raises
    ------
    RuleError
        For a parameter out of its range or of the wrong dimension.

    Notes
    -----
    =========== ============== ============ ================================================================
    variable    unit           shape        written by, at
    =========== ============== ============ ================================================================
    ``w``       learning_rate  per synapse  ``error`` at ``error_event``, ``teach`` at ``teach_event``, slot
                                            ``synapses``, in this order where both happen in one step
    ``teach_x`` 1              per synapse  ``pre``; a coincident ``teach`` or ``error`` sees it
    =========== ============== ============ ================================================================

    Source: the difference of a teaching and an output term gated by a presynaptic trace is ReSuMe without its
    non-Hebbian constant: Ponulak & Kasinski 2010, Neural Computation 22:467, doi:10.1162/neco.2009.11-08-901.
    """
    if (w_min is None) != (w_max is None):
        raise RuleError(f"w_min = {w_min} and w_max = {w_max}: give both bounds or neither")
    if float(quantities.scalar("learning_rate", learning_rate, learning_rate)) < 0:
        raise RuleError(f"learning_rate = {learning_rate} must not be negative; swap the events instead")
    namespace = {"learning_rate": learning_rate, "tau_teach": quantities.duration("tau_teach", tau_teach)}
    change = "w {sign}= learning_rate*teach_x"
    if w_max is not None:
        namespace["w_min"], namespace["w_max"] = quantities.bounds(w_min, w_max)
        quantities.scalar("learning_rate", learning_rate, w_max)
        change = "w = clip(w {sign} learning_rate*teach_x, w_min, w_max)"
    return SynapseRule(
        model=f"w : {quantities.unit_text(learning_rate)}\ndteach_x/dt = -teach_x/tau_teach : 1 (event-driven)",
        on_pre={"pre": f"{transmit}\nteach_x += 1"},
        on_post={"teach": change.format(sign="+"), "error": change.format(sign="-")},
        on_event={"teach": teach_event, "error": error_event},
        namespace=namespace,
        source="Ponulak & Kasinski 2010, Neural Computation 22:467, doi:10.1162/neco.2009.11-08-901 (without a_d)",
        name="teacher-driven STDP",
    )
