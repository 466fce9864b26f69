"""Triplet spike-timing-dependent plasticity (Pfister & Gerstner 2006)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from brian2 import ms

from sbp_brian.errors import RuleError
from sbp_brian.rules import SynapseRule, quantities
from sbp_brian.wording import names_parameters


def _row(A2_plus, A3_plus, A2_minus, A3_minus, tau_x, tau_y, pairing) -> Mapping[str, Any]:
    return MappingProxyType(
        {
            "A2_plus": A2_plus,
            "A3_plus": A3_plus,
            "A2_minus": A2_minus,
            "A3_minus": A3_minus,
            "tau_x": tau_x,
            "tau_y": tau_y,
            "pairing": pairing,
        }
    )


#: Commonly used parameter sets, each a package of amplitudes, slow time constants and pairing fitted together:
#: rows of Tables 3 (visual cortex) and 4 (hippocampal culture) of the paper as transcribed in public implementations,
#: not verified in the paper itself. ``tau_x`` of None: the triplet term of depression is absent.
TRIPLET_SETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "visual cortex": _row(5e-10, 6.2e-3, 7e-3, 2.3e-4, 101 * ms, 125 * ms, "all-to-all"),
        "visual cortex, minimal": _row(0.0, 6.5e-3, 7.1e-3, 0.0, None, 114 * ms, "all-to-all"),
        "hippocampus": _row(6.1e-3, 6.7e-3, 1.6e-3, 1.4e-3, 946 * ms, 27 * ms, "all-to-all"),
        "hippocampus, minimal": _row(5.3e-3, 8.0e-3, 3.5e-3, 0.0, None, 40 * ms, "all-to-all"),
        "hippocampus, nearest": _row(4.6e-3, 9.1e-3, 3e-3, 7.5e-9, 575 * ms, 47 * ms, "nearest"),
    }
)


@names_parameters
def triplet_stdp(
    A2_plus: Any = 6.1e-3,
    A3_plus: Any = 6.7e-3,
    A2_minus: Any = 1.6e-3,
    A3_minus: Any = 1.4e-3,
    tau_plus=16.8 * ms,
    tau_minus=33.7 * ms,
    tau_x: Any = 946 * ms,
    tau_y=27 * ms,
    w_max: Any = 3.0,
    w_min: Any = 0.0,
    *,
    pairing: str = "all-to-all",
    transmit: str = "g_post += w",
) -> SynapseRule:
    """Triplet STDP: a pair's effect grows with the activity before it, which pair rules cannot express.

    With fast and slow presynaptic traces ``r1``, ``r2`` and postsynaptic ones ``o1``, ``o2``,

    - at a presynaptic spike   ``w -= o1 * (A2_minus + A3_minus * r2)``,
    - at a postsynaptic spike  ``w += r1 * (A2_plus + A3_plus * o2)``,

    where the slow trace is read just before the spike's own contribution (t - epsilon in the paper). A spike adds 1 to
    its traces (all-to-all) or sets them to 1 (nearest). The weight stays within ``[w_min, w_max]``.

    ``A3_minus=0, tau_x=None`` gives the minimal model: the variable ``r2`` is then left out. ``TRIPLET_SETS`` holds
    fitted sets: ``triplet_stdp(**TRIPLET_SETS["visual cortex, minimal"])``.

    Parameters
    ----------
    A2_plus, A3_plus, A2_minus, A3_minus : float or Quantity
        Amplitudes of the pair (2) and triplet (3) terms of potentiation (plus) and depression (minus), none negative,
        in the unit of the weight.
    tau_plus, tau_minus : Quantity, s
        Time constants of the fast traces ``r1`` and ``o1``.
    tau_x, tau_y : Quantity, s
        Time constants of the slow traces ``r2`` and ``o2``; ``tau_x`` may be None where ``A3_minus`` is 0.
    w_max, w_min : float or Quantity
        Bounds of the weight; their unit is the unit of the weight.
    pairing : {"all-to-all", "nearest"}
        Which spikes count.
    transmit : str
        Code that delivers the presynaptic spike.

    Raises
    ------
    RuleError
        For a parameter out of its range or of the wrong dimension.

    Notes
    -----
    ============= ======== ============ ===================================================================
    variable      unit     shape        written by, at
    ============= ======== ============ ===================================================================
    ``w``         w_max's  per synapse  ``pre`` (depression) and ``post`` (potentiation), slot ``synapses``
    ``r1, r2``    1        per synapse  ``pre``, after it has read ``r2``; a coincident ``post`` sees them
    ``o1, o2``    1        per synapse  ``post``, after it has read ``o2`` and a coincident ``pre`` both
    ============= ======== ============ ===================================================================

    Source: Pfister & Gerstner 2006, J Neurosci 26:9673, doi:10.1523/JNEUROSCI.1425-06.2006, equations 2 to 4. The paper
    sets no bounds; choose wide ones to compare with it.
    """
    w_min, w_max = quantities.bounds(w_min, w_max)
    quantities.one_of("pairing", pairing, ("all-to-all", "nearest"))
    amplitudes = {"A2_plus": A2_plus, "A3_plus": A3_plus, "A2_minus": A2_minus, "A3_minus": A3_minus}
    for name, value in amplitudes.items():
        if float(quantities.scalar(name, value, w_max)) < 0:
            raise RuleError(f"{name} = {value} must not be negative; the rule itself subtracts the minus terms")
    times = {"tau_plus": tau_plus, "tau_minus": tau_minus, "tau_y": tau_y}
    slow = tau_x is not None
    if slow:
        times["tau_x"] = tau_x
    elif float(A3_minus):
        raise RuleError(f"tau_x is None but A3_minus = {A3_minus}; give tau_x, or A3_minus=0 (minimal rule)")
    else:
        del amplitudes["A3_minus"]
    mark = "+=" if pairing == "all-to-all" else "="
    depression = "o1*(A2_minus + A3_minus*r2)" if slow else "o1*A2_minus"
    return SynapseRule(
        model="\n".join(
            [
                f"w : {quantities.unit_text(w_max)}",
                "dr1/dt = -r1/tau_plus : 1 (event-driven)",
                *(["dr2/dt = -r2/tau_x : 1 (event-driven)"] if slow else []),
                "do1/dt = -o1/tau_minus : 1 (event-driven)",
                "do2/dt = -o2/tau_y : 1 (event-driven)",
            ]
        ),
        on_pre={
            "pre": "\n".join(
                [
                    transmit,
                    f"w = clip(w - {depression}, w_min, w_max)",
                    f"r1 {mark} 1",
                    *([f"r2 {mark} 1"] if slow else []),
                ]
            )
        },
        on_post={"post": f"w = clip(w + r1*(A2_plus + A3_plus*o2), w_min, w_max)\no1 {mark} 1\no2 {mark} 1"},
        namespace={
            **amplitudes,
            **{name: quantities.duration(name, value) for name, value in times.items()},
            "w_min": w_min,
            "w_max": w_max,
        },
        source="Pfister & Gerstner 2006, J Neurosci 26:9673, doi:10.1523/JNEUROSCI.1425-06.2006, equations 2 to 4",
        name=f"triplet STDP ({'full' if slow else 'minimal'}, {pairing})",
    )
