"""Pair-based spike-timing-dependent plasticity."""

from __future__ import annotations

from typing import Any

from brian2 import ms

from sbp_brian.errors import RuleError
from sbp_brian.rules import SynapseRule, quantities
from sbp_brian.wording import names_parameters

#: Amplitudes *per pair*: those commonly attributed to the 60-pair protocol of Bi & Poo, divided by 60.
A_PLUS, A_MINUS = 0.777 / 60, -0.273 / 60


@names_parameters
def pair_stdp(
    A_plus: Any = A_PLUS,
    A_minus: Any = A_MINUS,
    tau_plus=16.8 * ms,
    tau_minus=33.7 * ms,
    w_max: Any = 3.0,
    w_min: Any = 0.0,
    *,
    dependence: str = "additive",
    pairing: str = "all-to-all",
    transmit: str = "g_post += w",
) -> SynapseRule:
    """Pair STDP: a presynaptic spike shortly before a postsynaptic one strengthens, the other order weakens.

    With ``x`` the trace of presynaptic and ``y`` that of postsynaptic spikes,

    - at a postsynaptic spike  ``w += A_plus * F_plus(w) * x``,
    - at a presynaptic spike   ``w += A_minus * F_minus(w) * y`` (``A_minus`` is negative),

    where the traces decay with ``tau_plus`` and ``tau_minus``; a spike adds 1 to its trace (all-to-all pairing) or sets
    it to 1 (nearest: each spike pairs with the last one of the other side). Additive: ``F = 1``, amplitudes in the unit
    of the weight. Multiplicative: ``F_plus = w_max - w``, ``F_minus = w - w_min``, amplitudes without unit. The weight
    stays within ``[w_min, w_max]``.

    Parameters
    ----------
    A_plus, A_minus : float or Quantity
        Change per pair at interval zero, ``A_plus >= 0 >= A_minus``. The defaults are for weights whose initial value
        is 1.
    tau_plus, tau_minus : Quantity, s
        Widths of the window for pre-before-post and for post-before-pre.
    w_max, w_min : float or Quantity
        Bounds of the weight; their unit is the unit of the weight.
    dependence : {"additive", "multiplicative"}
        How a change depends on the weight.
    pairing : {"all-to-all", "nearest"}
        Which pairs of spikes count.
    transmit : str
        Code that delivers the presynaptic spike.

    Raises
    ------
    RuleError
        For a parameter out of its range or of the wrong dimension.

    Notes
    -----
    ========== ======== ============== =====================================================================
    variable   unit     shape          written by, at
    ========== ======== ============== =====================================================================
    ``w``      w_max's  per synapse    ``pre`` (depression) and ``post`` (potentiation), slot ``synapses``
    ``pair_x`` 1        per synapse    ``pre``, before the weight is read by a coincident ``post``
    ``pair_y`` 1        per synapse    ``post``, after a coincident ``pre`` has read it
    ========== ======== ============== =====================================================================

    Provenance of the defaults: 16.8 ms, 33.7 ms, +0.777 and -0.273 are the fit commonly attributed to Bi & Poo
    (Annu Rev Neurosci 2001); they were taken from secondary sources and not verified in the paper. Window, order and
    preparation: Bi & Poo 1998, J Neurosci 18:10464, doi:10.1523/JNEUROSCI.18-24-10464.1998. Trace form: Song, Miller &
    Abbott 2000, doi:10.1038/78829; soft bounds: van Rossum, Bi & Turrigiano 2000, J Neurosci 20:8812,
    doi:10.1523/JNEUROSCI.20-23-08812.2000.
    """
    w_min, w_max = quantities.bounds(w_min, w_max)
    quantities.one_of("dependence", dependence, ("additive", "multiplicative"))
    quantities.one_of("pairing", pairing, ("all-to-all", "nearest"))
    additive = dependence == "additive"
    quantities.scalar("A_plus", A_plus, w_max if additive else 1)
    quantities.scalar("A_minus", A_minus, w_max if additive else 1)
    if float(A_plus) < 0 or float(A_minus) > 0:
        raise RuleError(
            f"A_plus = {A_plus} must not be negative and A_minus = {A_minus} must not be positive; "
            "A_minus carries its sign"
        )
    mark = "+=" if pairing == "all-to-all" else "="
    up, down = ("", "") if additive else ("*(w_max - w)", "*(w - w_min)")
    return SynapseRule(
        model=f"""w : {quantities.unit_text(w_max)}
                  dpair_x/dt = -pair_x/tau_plus : 1 (event-driven)
                  dpair_y/dt = -pair_y/tau_minus : 1 (event-driven)""",
        on_pre={"pre": f"{transmit}\npair_x {mark} 1\nw = clip(w + A_minus*pair_y{down}, w_min, w_max)"},
        on_post={"post": f"pair_y {mark} 1\nw = clip(w + A_plus*pair_x{up}, w_min, w_max)"},
        namespace={
            "A_plus": A_plus,
            "A_minus": A_minus,
            "tau_plus": quantities.duration("tau_plus", tau_plus),
            "tau_minus": quantities.duration("tau_minus", tau_minus),
            "w_min": w_min,
            "w_max": w_max,
        },
        source="Bi & Poo 1998, J Neurosci 18:10464, doi:10.1523/JNEUROSCI.18-24-10464.1998",
        name=f"pair STDP ({dependence}, {pairing})",
    )
