"""Short-term plasticity (Tsodyks & Markram): use-dependent depression and facilitation of release."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from brian2 import ms

from sbp_brian.rules import SynapseRule, quantities
from sbp_brian.wording import names_parameters

#: Depressing synapse between layer 5 pyramidal cells (values as used by public re-implementations of the paper).
DEPRESSING: Mapping[str, Any] = MappingProxyType({"U": 0.5, "tau_rec": 800 * ms, "tau_facil": None})
#: Facilitating synapse from a pyramidal cell to an interneuron (values as used by the Brian2 example of the paper).
FACILITATING: Mapping[str, Any] = MappingProxyType({"U": 0.03, "tau_rec": 130 * ms, "tau_facil": 530 * ms})


@names_parameters
def short_term_plasticity(
    U: float = 0.5,
    tau_rec=800 * ms,
    tau_facil: Any = None,
    *,
    weight_unit: Any = 1,
    transmit: str = "g_post += w*released",
) -> SynapseRule:
    """Each spike releases the share ``u`` of what is available; release depresses, calcium facilitates.

    At a presynaptic spike, in this order:

    1. ``u += U*(1 - u)`` (with facilitation; without, ``u = U``),
    2. ``released = u * available``, which ``transmit`` sends on,
    3. ``available -= released``,

    and between spikes ``u`` decays to 0 with ``tau_facil`` and ``available`` recovers to 1 with ``tau_rec``. Both are
    advanced exactly. What is stored is ``stp_used = 1 - available``, which is 0 for a rested synapse: new synapses
    start rested. At a steady rate with interval T and no facilitation the response settles at the fraction
    ``(1 - e)/(1 - (1 - U)*e)`` of the first one, ``e = exp(-T/tau_rec)``.

    ``DEPRESSING`` and ``FACILITATING`` hold parameter sets: ``short_term_plasticity(**FACILITATING)``.

    Parameters
    ----------
    U : float
        Share released by the first spike, above 0 and at most 1.
    tau_rec : Quantity, s
        Recovery from depression.
    tau_facil : Quantity, s, optional
        Decay of facilitation; None for none.
    weight_unit : 1 or a unit
        The unit of ``w``.
    transmit : str
        Code that delivers the spike; it can use ``w``, the local ``released`` and any variable of the target
        (``"I_syn_post += w*released"``).

    Raises
    ------
    RuleError
        For a parameter out of its range or of the wrong dimension.

    Notes
    -----
    ============ =========== ============ =================================================================
    variable     unit        shape        written by, at
    ============ =========== ============ =================================================================
    ``w``        weight_unit per synapse  the user, or a long-term rule added to this one
    ``stp_used`` 1           per synapse  ``pre``, slot ``synapses``, after the release
    ``stp_u``    1           per synapse  ``pre``, before the release (with facilitation only)
    ============ =========== ============ =================================================================

    To join it with a long-term rule let one of them transmit:
    ``short_term_plasticity() + pair_stdp(transmit="")``.

    Source: Tsodyks & Markram 1997, PNAS 94:719, doi:10.1073/pnas.94.2.719; facilitation: Tsodyks, Pawelzik & Markram
    1998, Neural Computation 10:821, doi:10.1162/089976698300017502. The inactive state (a few ms) is left out: what is
    released is back in the recovering pool at once.
    """
    quantities.share("U", U)
    namespace = {"U": U, "tau_rec": quantities.duration("tau_rec", tau_rec)}
    model = [f"w : {quantities.unit_text(weight_unit)}", "dstp_used/dt = -stp_used/tau_rec : 1 (event-driven)"]
    code = ["released = U*(1 - stp_used)"]
    if tau_facil is not None:
        namespace["tau_facil"] = quantities.duration("tau_facil", tau_facil)
        model.append("dstp_u/dt = -stp_u/tau_facil : 1 (event-driven)")
        code = ["stp_u += U*(1 - stp_u)", "released = stp_u*(1 - stp_used)"]
    return SynapseRule(
        model="\n".join(model),
        on_pre={"pre": "\n".join([*code, transmit, "stp_used += released"])},
        namespace=namespace,
        source="Tsodyks & Markram 1997, PNAS 94:719, doi:10.1073/pnas.94.2.719; "
        "Tsodyks, Pawelzik & Markram 1998, Neural Computation 10:821, doi:10.1162/089976698300017502",
        name="short-term plasticity (facilitating)" if tau_facil is not None else "short-term plasticity (depressing)",
    )
