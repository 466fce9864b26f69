"""Circuits in which strong inputs make a cell fire and weak ones do not: retinotectal inputs, and polysynaptic routes.

`TECTUM` is the cell of Zhang et al. 1998 (doi:10.1038/25665): a strong input R makes it fire, a weak one W does not, N
is never active. `ROUTES` is a small cultured network as in Bi & Poo 1999 (doi:10.1038/44573): the stimulated cell S
reaches T and U by a fast route over X and by a slow one over Y and Z. X makes T fire and is a weak input of U; Z makes
U fire and is a weak input of T.

In both, I->W or I->S is an input of a cell whose outputs change, and H->I lies one step further back: a chain of three
on which the spread of one hop can be seen. H and I are never active.

Both use `sbp_brian.models.circuits.membranes.RELAY`: a cell fires ``latency`` after its inputs passed the threshold.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from brian2 import ms, pA

from sbp_brian.models.circuits.culture import Circuit, culture_sbp, culture_stdp
from sbp_brian.plasticity import pair_stdp
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.rules import SynapseRule

__all__ = ["ROUTES", "SPIKE_CURRENT", "STRONG", "TECTAL", "TECTUM", "WEAK", "relayed_stdp", "tectal_sbp", "tectal_stdp"]

#: An EPSC that brings a resting cell just to threshold (a choice).
SPIKE_CURRENT = 200 * pA
#: Mean EPSCs that surely do, and surely do not, make a cell fire.
STRONG, WEAK = 1000 * pA, 30 * pA

TECTUM = Circuit(dict.fromkeys("RWNTIH", "glu"), ("R->T", "W->T", "N->T", "I->W", "H->I"))
ROUTES = Circuit(
    dict.fromkeys("SXYZTUIH", "glu"), ("S->X", "S->Y", "Y->Z", "X->T", "Z->U", "Z->T", "X->U", "I->S", "H->I")
)

#: Tectal window by side: change after all pulses, time constant (ms), both choices. Potentiation is reported to reach
#: to 40 ms and depression to 20 ms, taken here as where a tenth of the peak is left.
TECTAL = {"+": (0.5, 40 / np.log(10)), "-": (-0.5, 20 / np.log(10))}
TECTAL_PULSES = 100

TRANSMIT = "v_post += (2*int(glutamatergic_pre) - 1)*w*baseline/spike_current"


def relayed_stdp() -> SynapseRule:
    """STDP of hippocampal cultures (`culture_stdp`) at synapses that make a cell fire if they are strong enough."""
    return culture_stdp(TRANSMIT, spike_current=SPIKE_CURRENT)


def tectal_stdp() -> SynapseRule:
    """STDP with the tectal window: potentiation to 40 ms before, depression to 20 ms after the spike of the cell.

    `pair_stdp` with NMDA receptors (``nmda_post``, 0: blocked) and at synapses between glutamatergic cells only; the
    last two are taken over from hippocampal cultures.
    """
    (up, tau_up), (down, tau_down) = TECTAL["+"], TECTAL["-"]
    rule = pair_stdp(tau_plus=tau_up * ms, tau_minus=tau_down * ms, transmit="")
    fixed = {name: value for name, value in rule.namespace.items() if name not in ("A_plus", "A_minus")}
    model = f"""baseline : amp (constant)
                conducive = nmda_post*int(glutamatergic_pre and glutamatergic_post) : 1
                A_plus = {up / TECTAL_PULSES!r}*conducive : 1
                A_minus = {down / TECTAL_PULSES!r}*conducive : 1"""
    return replace(
        rule,
        model=f"{rule.model}\n{model}",
        name="STDP in the tectum",
        on_pre={"pre": f"{TRANSMIT}\n{rule.on_pre['pre']}"},
        namespace={**fixed, "spike_current": SPIKE_CURRENT},
        source="Zhang, Tao, Holt, Harris & Poo 1998, Nature 395:37, doi:10.1038/25665",
    )


def tectal_sbp(tick=None) -> RetrogradeSBP:
    """Retrograde signal without lateral arms: whether tectal inputs have any is not known."""
    return culture_sbp(tick=tick, lateral_ltp=0.0, lateral_ltd=0.0, postlateral_ltd=0.0)
