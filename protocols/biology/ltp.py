"""LTP of A->B in the nine-cell circuit and its controls, as `tao_2000` tries them and others measure speed by them."""

from __future__ import annotations

from brian2 import Quantity, ms

from sbp_brian.protocols.biology.experiment import Condition

__all__ = ["INDUCED", "conditions"]

INDUCED = "LTP"


def conditions(interval: Quantity) -> list[Condition]:
    """The induction and its controls; `interval` (s): from the presynaptic to the postsynaptic spike."""
    paired = {"A": 0 * ms, "B": interval}
    return [
        Condition(INDUCED, paired),
        Condition("NMDA receptors blocked", paired, nmda=0.0),
        Condition("no postsynaptic spikes", {"A": 0 * ms}),
        Condition("pairing with a GABAergic target", {"A": 0 * ms, "G": interval}),
        Condition("retrograde signal blocked", paired, ltp_signal=0.0, ltd_signal=0.0),
    ]
