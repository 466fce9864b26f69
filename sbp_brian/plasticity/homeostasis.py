"""Homeostasis: of a cell's input synapses (scaling), of its membrane and of its threshold."""

from __future__ import annotations

from typing import Any

from brian2 import Hz, get_dimensions, ms, second

from sbp_brian.cells.integrate_and_fire import NeuronModel
from sbp_brian.errors import RuleError
from sbp_brian.rules import CellVariables, Regular, SynapseRule, quantities
from sbp_brian.wording import names_parameters


@names_parameters
def synaptic_scaling(
    target_rate=5 * Hz,
    tau_scaling=24 * 3600 * second,
    dt_scaling=1 * second,
    w_max: Any = None,
    *,
    weight_unit: Any = 1,
) -> SynapseRule:
    """All input synapses of a cell grow by one factor while it fires below its target rate, and shrink above it.

    At every tick of a slow clock ``w *= exp(dt_scaling/tau_scaling * (1 - firing_rate/target_rate))``: the ratios
    between a cell's weights stay as they are and no weight changes its sign. The target cells need a variable
    ``firing_rate`` in Hz (`sbp_brian.cells.integrate_and_fire.firing_rate`).

    Parameters
    ----------
    target_rate : Quantity, Hz
        The rate at which nothing changes.
    tau_scaling : Quantity, s
        A silent cell's weights grow e-fold in this time.
    dt_scaling : Quantity, s
        Period of the slow clock, at most a tenth of ``tau_scaling``.
    w_max : float or Quantity, optional
        Upper bound, positive; its unit is then the unit of the weight. A bound reached breaks the ratios.
    weight_unit : 1 or a unit
        The unit of the weight where ``w_max`` is not given.

    Raises
    ------
    RuleError
        For a parameter out of its range or of the wrong dimension.

    Notes
    -----
    =============== ====== =========== ==================================================================
    variable        unit   shape       written by, at
    =============== ====== =========== ==================================================================
    ``w``           above  per synapse ``regularly 'scaling'``, every ``dt_scaling``, slot ``end``
    ``firing_rate`` Hz     per target  the target's equations and reset; only read here
    =============== ====== =========== ==================================================================

    Source: multiplicative scaling, Turrigiano et al. 1998, Nature 391:892, doi:10.1038/36103; as an equation, van
    Rossum, Bi & Turrigiano 2000, J Neurosci 20:8812, doi:10.1523/JNEUROSCI.20-23-08812.2000. Time constant: a choice of
    the order of the hours to days of the experiment, not a measured value.
    """
    quantities.positive("target_rate", target_rate, Hz)
    quantities.duration("tau_scaling", tau_scaling)
    if float(quantities.duration("dt_scaling", dt_scaling)) > float(tau_scaling) / 10:
        raise RuleError(f"dt_scaling = {dt_scaling} must be at most a tenth of tau_scaling = {tau_scaling}")
    namespace = {"target_rate": target_rate, "tau_scaling": tau_scaling, "dt_scaling": dt_scaling}
    scaled = "w*exp(dt_scaling/tau_scaling*(1 - firing_rate_post/target_rate))"
    if w_max is not None:
        weight_unit = namespace["w_max"] = quantities.positive("w_max", w_max, w_max)
        scaled = f"clip({scaled}, -w_max, w_max)"
    return SynapseRule(
        model=f"w : {quantities.unit_text(weight_unit)}",
        namespace=namespace,
        regularly={"scaling": Regular(f"w = {scaled}", dt=dt_scaling, when="end")},
        requires=(CellVariables({"firing_rate": "add sbp_brian.cells.firing_rate(...) to the model of the cells"}),),
        source="Turrigiano et al. 1998, Nature 391:892, doi:10.1038/36103; "
        "van Rossum, Bi & Turrigiano 2000, J Neurosci 20:8812, doi:10.1523/JNEUROSCI.20-23-08812.2000",
        name="synaptic scaling",
    )


@names_parameters
def homeostatic_v(tau_pull=10 * ms, tau_homeo=10 * second, unit: Any = 1) -> NeuronModel:
    """A part for cells: the membrane is drawn to a homeostatic value, which follows it slowly.

    Adds ``(v_homeo - v)/tau_pull`` to ``dv/dt``, and ``dv_homeo/dt = (v - v_homeo)/tau_homeo``.

    Parameters
    ----------
    tau_pull : Quantity, s
        How fast the membrane is drawn to ``v_homeo``.
    tau_homeo : Quantity, s
        How fast ``v_homeo`` follows the membrane; longer than ``tau_pull``.
    unit : 1 or a unit
        The unit of ``v`` (``volt`` for the LIF cells of `sbp_brian.cells.integrate_and_fire`, 1 for the soft-reset
        cell).

    Raises
    ------
    RuleError
        For a parameter out of its range or of the wrong dimension.

    Notes
    -----
    ``v_homeo``, unit of ``v``, one a cell, starts at ``v``; written by integration (slot ``groups``). The other
    model of the sum must have a membrane ``v`` whose equation carries the mark ``{drift}``.

    Source: the "homeostatic V" of Zhang, Cheng, Jia, Poo, Zeng & Xu 2021, Science Advances, doi:10.1126/sciadv.abh0146,
    in continuous time. The published code instead blends ``v`` with the relaxed membrane of the previous batch by a
    share that falls linearly within a sample; that form needs a sample's clock and is not built here.
    """
    if not float(quantities.duration("tau_pull", tau_pull)) < float(quantities.duration("tau_homeo", tau_homeo)):
        raise RuleError(f"tau_pull = {tau_pull} must be shorter than tau_homeo = {tau_homeo}")
    return NeuronModel(
        equations=f"dv_homeo/dt = (v - v_homeo)/tau_homeo : {quantities.unit_text(get_dimensions(unit))}",
        drift=("(v_homeo - v)/tau_pull",),
        initial={"v_homeo": "v"},
        namespace={"tau_pull": tau_pull, "tau_homeo": tau_homeo},
        source="Zhang et al. 2021, Science Advances, doi:10.1126/sciadv.abh0146",
        name="homeostatic V",
    )


@names_parameters
def threshold_homeostasis(step: Any = 0.05, target_rate=5 * Hz) -> NeuronModel:
    """A part for cells: a threshold that rises by ``step`` at each spike and falls steadily, so that the rate settles.

    ``threshold_shift = step*(spikes so far - target_rate*t)``, which stands still, on average, only where the cell
    fires at ``target_rate``. The threshold has to use it:
    ``replace(soft_reset(), threshold="v > theta + threshold_shift") + threshold_homeostasis()``.

    Parameters
    ----------
    step : float or Quantity
        What a spike adds, positive, in the unit of the membrane.
    target_rate : Quantity, Hz
        The rate the cell settles at, where its input allows that.

    Raises
    ------
    RuleError
        For a parameter out of its range or of the wrong dimension.

    Notes
    -----
    ``threshold_rise``, unit of ``step``, one a cell, starts at 0; written by the reset, after a reset of the model
    before it. ``threshold_shift`` follows from it and the time: nothing is integrated.

    Source: integral control of excitability, the simplest form of intrinsic homeostasis; for the biology Desai,
    Rutherford & Turrigiano 1999, Nature Neuroscience 2:515, doi:10.1038/9165.
    """
    quantities.positive("step", step, step)
    quantities.positive("target_rate", target_rate, Hz)
    return NeuronModel(
        equations=f"threshold_shift = threshold_rise - threshold_step*threshold_rate*t : {quantities.unit_text(step)}\n"
        f"threshold_rise : {quantities.unit_text(step)}",
        reset="threshold_rise += threshold_step",
        namespace={"threshold_step": step, "threshold_rate": target_rate},
        source="Desai, Rutherford & Turrigiano 1999, Nature Neuroscience 2:515, doi:10.1038/9165",
        name="threshold homeostasis",
    )
