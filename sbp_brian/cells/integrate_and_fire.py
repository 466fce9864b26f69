"""Neurons as frozen declarations: equations, threshold, reset, and a builder that returns an ordinary `NeuronGroup`.

Each function returns a `NeuronModel`; models add up: a whole neuron plus parts that have no threshold of their own (a
firing-rate trace, homeostasis). ``(lif_current() + firing_rate(10*second)).group(100, name="cells")``.
"""

from __future__ import annotations

from brian2 import Mohm, Quantity, ms, mV, nS, pF, second

from sbp_brian.cells.model import NeuronModel
from sbp_brian.errors import RuleError
from sbp_brian.rules import quantities
from sbp_brian.wording import names_parameters

__all__ = ["NeuronModel", "firing_rate", "lif_conductance", "lif_current", "soft_reset"]

BENCHMARK = "Brette et al. 2007, J Comput Neurosci 23:349, doi:10.1007/s10827-007-0038-6"


@names_parameters
def lif_current(
    tau_m: Quantity = 20 * ms,
    tau_syn: Quantity = 5 * ms,
    E_L: Quantity = -65 * mV,
    V_th: Quantity = -50 * mV,
    V_reset: Quantity = -65 * mV,
    R_m: Quantity = 100 * Mohm,
    t_ref: Quantity = 2 * ms,
) -> NeuronModel:
    """Leaky integrate-and-fire cell with exponential current synapses.

    ``tau_m dv/dt = E_L - v + R_m*(I_syn + I_ext)``; ``I_syn`` decays with ``tau_syn``. A synapse adds to ``I_syn``
    (``transmit="I_syn_post += w"``, w in ampere, of either sign). Integrated exactly.

    Parameters
    ----------
    tau_m, tau_syn : Quantity, s
        Time constants of the membrane and of the synaptic current.
    E_L, V_th, V_reset : Quantity, V
        Resting potential, threshold, reset (below the threshold).
    R_m : Quantity, ohm
        Membrane resistance.
    t_ref : Quantity, s
        Refractory period; zero for none.

    Raises
    ------
    RuleError
        For a parameter out of its range or of the wrong dimension.

    Notes
    -----
    ========== ==== ========================================================================
    variable   unit written by
    ========== ==== ========================================================================
    ``v``      V    integration (slot ``groups``), reset; starts at ``E_L``
    ``I_syn``  A    integration, synapses
    ``I_ext``  A    the user: a constant input, one value a cell
    ========== ==== ========================================================================

    Source: the form is standard, as in Brette et al. 2007, J Comput Neurosci 23:349, doi:10.1007/s10827-007-0038-6; the
    default values are ordinary ones for a cortical pyramidal cell, fitted to nothing.
    """
    _potentials(E_L=E_L, V_reset=V_reset, V_th=V_th)
    namespace = {
        "tau_m": quantities.duration("tau_m", tau_m),
        "tau_syn": quantities.duration("tau_syn", tau_syn),
        "E_L": E_L,
        "V_th": V_th,
        "V_reset": V_reset,
        "R_m": quantities.positive("R_m", R_m, Mohm),
    }
    unless = " (unless refractory)" if _refractory(t_ref) else ""
    return NeuronModel(
        equations=f"""dv/dt = (E_L - v + R_m*(I_syn + I_ext))/tau_m{{drift}} : volt{unless}
                      dI_syn/dt = -I_syn/tau_syn : amp
                      I_ext : amp""",
        threshold="v > V_th",
        reset="v = V_reset",
        refractory=_refractory(t_ref),
        method="exact",
        namespace=namespace,
        initial={"v": E_L},
        source=BENCHMARK,
        name="LIF with current synapses",
    )


@names_parameters
def lif_conductance(
    C_m: Quantity = 200 * pF,
    g_L: Quantity = 10 * nS,
    E_L: Quantity = -60 * mV,
    E_e: Quantity = 0 * mV,
    E_i: Quantity = -80 * mV,
    tau_e: Quantity = 5 * ms,
    tau_i: Quantity = 10 * ms,
    V_th: Quantity = -50 * mV,
    V_reset: Quantity = -60 * mV,
    t_ref: Quantity = 5 * ms,
) -> NeuronModel:
    """Leaky integrate-and-fire cell with exponential conductance synapses, excitatory and inhibitory.

    ``C_m dv/dt = g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v) + I_ext``. A synapse adds to ``g_e`` or ``g_i``
    (``transmit="g_e_post += w"``, w in siemens, not negative). Integrated by exponential Euler.

    Parameters
    ----------
    C_m : Quantity, F
        Membrane capacitance.
    g_L : Quantity, S
        Leak conductance.
    E_L, E_e, E_i : Quantity, V
        Reversal potentials of leak, excitation and inhibition.
    tau_e, tau_i : Quantity, s
        Decay of the two conductances.
    V_th, V_reset : Quantity, V
        Threshold and reset (below the threshold).
    t_ref : Quantity, s
        Refractory period; zero for none.

    Raises
    ------
    RuleError
        For a parameter out of its range or of the wrong dimension.

    Notes
    -----
    ============== ==== ========================================================================
    variable       unit written by
    ============== ==== ========================================================================
    ``v``          V    integration (slot ``groups``), reset; starts at ``E_L``
    ``g_e, g_i``   S    integration, synapses
    ``I_ext``      A    the user: a constant input, one value a cell
    ============== ==== ========================================================================

    Source: the COBA benchmark of Brette et al. 2007, J Comput Neurosci 23:349, doi:10.1007/s10827-007-0038-6; the
    default values are those commonly used for it.
    """
    _potentials(E_L=E_L, V_reset=V_reset, V_th=V_th)
    namespace = {
        "C_m": quantities.positive("C_m", C_m, pF),
        "g_L": quantities.positive("g_L", g_L, nS),
        "E_L": E_L,
        "E_e": quantities.scalar("E_e", E_e, mV),
        "E_i": quantities.scalar("E_i", E_i, mV),
        "tau_e": quantities.duration("tau_e", tau_e),
        "tau_i": quantities.duration("tau_i", tau_i),
        "V_th": V_th,
        "V_reset": V_reset,
    }
    unless = " (unless refractory)" if _refractory(t_ref) else ""
    return NeuronModel(
        equations=f"""dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v) + I_ext)/C_m{{drift}} : volt{unless}
                      dg_e/dt = -g_e/tau_e : siemens
                      dg_i/dt = -g_i/tau_i : siemens
                      I_ext : amp""",
        threshold="v > V_th",
        reset="v = V_reset",
        refractory=_refractory(t_ref),
        method="exponential_euler",
        namespace=namespace,
        initial={"v": E_L},
        source=BENCHMARK,
        name="LIF with conductance synapses",
    )


@names_parameters
def soft_reset(theta: float = 1.0, tau_g: Quantity = 5 * ms, tau_m: Quantity | None = None) -> NeuronModel:
    """Integrate-and-fire cell whose reset subtracts the threshold, so that no input is lost at a spike.

    ``dv/dt = g/tau_g - v/tau_m``, ``dg/dt = -g/tau_g``, without units: a synaptic increment of w in ``g`` raises ``v``
    by w in all. Without a leak (``tau_m=None``) all input that has reached the membrane is ``v + theta*spikes``, as
    long as the cell fires at most once a step. Integrated exactly with a leak; without one, where Brian2 knows no exact
    step, by fourth-order Runge-Kutta, which keeps ``v + g`` to rounding.

    Parameters
    ----------
    theta : float
        Threshold, positive; the amount that a spike subtracts.
    tau_g : Quantity, s
        Decay of the synaptic drive.
    tau_m : Quantity, s, optional
        Membrane time constant; None for a cell that does not leak.

    Raises
    ------
    RuleError
        For a parameter out of its range or of the wrong dimension.

    Notes
    -----
    ========== ==== ========================================================================
    variable   unit written by
    ========== ==== ========================================================================
    ``v``      1    integration (slot ``groups``), reset
    ``g``      1    integration, synapses (``transmit="g_post += w"``)
    ========== ==== ========================================================================

    Source: reset by subtraction as in Rueckauer et al. 2017, Front Neurosci 11:682, doi:10.3389/fnins.2017.00682.
    """
    namespace = {"theta": quantities.positive("theta", theta), "tau_g": quantities.duration("tau_g", tau_g)}
    leak = ""
    if tau_m is not None:
        namespace["tau_m"] = quantities.duration("tau_m", tau_m)
        leak = " - v/tau_m"
    return NeuronModel(
        equations=f"dv/dt = g/tau_g{leak}{{drift}} : 1\ndg/dt = -g/tau_g : 1",
        threshold="v > theta",
        reset="v -= theta",
        method="exact" if leak else "rk4",
        namespace=namespace,
        source="Rueckauer et al. 2017, Front Neurosci 11:682, doi:10.3389/fnins.2017.00682",
        name="soft-reset integrate-and-fire",
    )


@names_parameters
def firing_rate(tau_rate: Quantity = 10 * second) -> NeuronModel:
    """A part: each cell's running firing rate, which synaptic scaling reads.

    ``d firing_rate/dt = -firing_rate/tau_rate``, and a spike adds ``1/tau_rate``: the spikes of the last ``tau_rate``,
    exponentially weighted. Its mean is the cell's mean rate.

    Parameters
    ----------
    tau_rate : Quantity, s
        How far back the rate looks.

    Raises
    ------
    RuleError
        If `tau_rate` is not a positive time.

    Notes
    -----
    ``firing_rate``, Hz, one a cell, starts at 0; written by integration (slot ``groups``) and by the reset.
    """
    return NeuronModel(
        equations="dfiring_rate/dt = -firing_rate/tau_rate : Hz",
        reset="firing_rate += 1/tau_rate",
        namespace={"tau_rate": quantities.duration("tau_rate", tau_rate)},
        name="firing rate",
    )


def _potentials(E_L, V_reset, V_th) -> None:
    for name, value in (("E_L", E_L), ("V_reset", V_reset), ("V_th", V_th)):
        quantities.scalar(name, value, mV)
    if not float(V_reset) < float(V_th):
        raise RuleError(f"V_reset = {V_reset} must be below V_th = {V_th}, or the cell never stops firing")


def _refractory(t_ref):
    if float(quantities.scalar("t_ref", t_ref, ms)) < 0:
        raise RuleError(f"t_ref = {t_ref} must not be negative; give 0*ms for no refractory period")
    return t_ref if float(t_ref) else None
