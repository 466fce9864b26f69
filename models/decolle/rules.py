r"""DECOLLE's update of weights in two exact forms, as parts of cells and as synapse rules.

`Dense` is the textbook: each step touches every synapse whose presynaptic trace is not zero, once for the membrane
potential and once for the update. It also carries updates every m steps and Adamax.

`Rank1` follows the spikes. The update of step t, :math:`dW_{ij}[t] = c_i[t] P_j[t]`, has rank 1, and between its spikes
:math:`P_j` evolves by itself: with :math:`\kappa = (1-\alpha)(1-\beta)/(\alpha-\beta)`

.. math::

    P_j[t] = \alpha^t X_j - \beta^t Z_j , \qquad
    X_j = \sum_{s<t} \kappa \alpha^{-1-s} , \quad Z_j = \sum_{s<t} \kappa \beta^{-1-s} \quad (s: \text{ spikes of } j)

so that the sum of all updates since the last spike of j is :math:`X_j A_i - Z_j B_i` up to a constant, with
:math:`A_i = \sum_t c_i[t] \alpha^t` and :math:`B_i = \sum_t c_i[t] \beta^t` kept by the postsynaptic cell. The true
weight is ``w + X A - Z B``; where j spikes, X and Z grow by :math:`g = \kappa \alpha^{-1-t}` and
:math:`h = \kappa \beta^{-1-t}`, and ``w -= g A - h B`` keeps the true weight what it was. A flush, ``w += X A - Z B``
for the cells that were active, ends a sample.

The potential needs no sum over synapses: :math:`p_i = \sum_j W_{ij} P_j` and :math:`q_i = \sum_j W_{ij} Q_j` obey
the recursions of P and Q, and an update adds :math:`c_i \sum_j P_j^2` to p and :math:`c_i \sum_j P_j Q_j` to q. These
two scalars of a layer follow from the spikes as well (`Rank1.moments`).

:math:`\beta^{-t}` grows: w then holds what cancels against Z B. A sample is therefore cut into windows, with a flush
between them, in which :math:`\beta^{-t}` stays below 10^4, which leaves twelve digits; the range of a double would
allow windows of 10^308, without any digit left.

Source: Kaiser, Mostafa & Neftci 2020, Front Neurosci 14:424, doi:10.3389/fnins.2020.00424; the rank-1 form was derived
here.

Slots within a step: see `sbp_brian.models.decolle`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sbp_brian.models.decolle.cell import SOURCE, DecolleCell
from sbp_brian.rules import SynapseRule

__all__ = ["OPTIMISERS", "Dense", "Rank1", "feedback_rule", "readout_rule", "vote_rule"]

#: What becomes of the summed gradient: the optimiser's memory, its next value, and what is taken off the weight.
OPTIMISERS = {
    "sgd": ("", "", "{rate}*{g}"),
    "adamax": ("{u} : 1", "clip({u}*0.95, abs({g}), inf)", "{rate}*{g}/({top} + 1e-8)"),
}
#: The largest growth of beta**-t within a window.
GROWTH = 1e4


def readout_rule() -> SynapseRule:
    """From a layer to its readouts: ``y_post`` adds up the fixed weights of the cells that spike."""
    return SynapseRule(
        "w : 1",
        on_pre={"pre": "y_post += w"},
        schedule={"pre": ("before_synapses", 0)},
        source=SOURCE,
        name="fixed readout",
    )


def feedback_rule() -> SynapseRule:
    """From the readouts back to the layer, at their event ``wrong``: the local error ``feedback_post``."""
    return SynapseRule(
        "w : 1",
        on_pre={"wrong": "feedback_post += w*err_pre"},
        on_event={"wrong": "wrong"},
        schedule={"wrong": ("before_synapses", 3)},
        source=SOURCE,
        name="fixed feedback",
    )


def vote_rule() -> SynapseRule:
    """Among the readouts, at their event ``vote``: ``others_post`` counts those that are larger."""
    return SynapseRule(
        "",
        weight=None,
        on_pre={"vote": "others_post += int(y_pre > y_post)"},
        on_event={"vote": "vote"},
        schedule={"vote": ("before_synapses", 3)},
        name="comparison of readouts",
    )


@dataclass(frozen=True)
class Rank1:
    """The event-driven form. Its strings go into the cells of both sides; see the module's text.

    Parameters
    ----------
    cell : DecolleCell
    """

    cell: DecolleCell

    #: Presynaptic cell: X, Z; the growth of a spike (g, h), the present powers of alpha and beta, and what a flush
    #: leaves of X and Z.
    PRE = """
    x_mem : 1
    x_syn : 1
    grow_mem : 1 (shared)
    grow_syn : 1 (shared)
    pow_mem : 1 (shared)
    pow_syn : 1 (shared)
    keep_mem : 1 (shared)
    keep_syn : 1 (shared)
    flushing : 1 (shared)
    """
    PRE_STEP = """
    place = 1.0*(phase % window_steps)
    flushing = int(place == 0)
    keep_mem = int(phase > 0)*exp(log_alpha*window_length)
    keep_syn = int(phase > 0)*exp(log_beta*window_length)
    pow_mem = exp(log_alpha*place)
    pow_syn = exp(log_beta*place)
    grow_mem = kappa*exp(-log_alpha*(place + 1))
    grow_syn = kappa*exp(-log_beta*(place + 1))
    """
    PRE_SPIKE = "x_mem += grow_mem\nx_syn += grow_syn"
    PRE_FLUSHED = "x_mem = x_mem*keep_mem\nx_syn = x_syn*keep_syn"
    FLUSH = "flushing > 0 and x_syn != 0"
    #: Postsynaptic cell: p, q, A, B.
    POST = """
    p_drive : 1
    q_drive : 1
    a_mem : 1
    a_syn : 1
    b_mem : 1 (shared)
    b_syn : 1 (shared)
    carry : 1 (shared)
    """
    POST_BEGIN = "p_drive = 0\nq_drive = 0"
    POST_STEP = """
    step_in = 1.0*(phase % window_steps)
    carry = int(step_in > 0)
    b_mem = exp(log_alpha*step_in)
    b_syn = exp(log_beta*step_in)
    """
    POTENTIAL = "p_drive - rho*r + bias"
    #: Sums over the presynaptic cells of P^2, P Q, Q^2, and what the spikes of this step add.
    MOMENTS = "pp : 1\npq : 1\nqq : 1\nadd_p : 1\nadd_q : 1"
    MOMENTS_STEP = """
    next_pp = alpha**2*pp + 2*alpha*(1 - alpha)*pq + (1 - alpha)**2*qq
    pq = alpha*beta*pq + (1 - alpha)*beta*qq + (1 - beta)*add_p
    qq = beta**2*qq + add_q
    pp = next_pp
    add_p = 0
    add_q = 0
    """

    def window(self, step, steps: int) -> int:
        """Steps between two flushes."""
        rate = max(float(step / self.cell.tau_mem), float(step / self.cell.tau_syn))
        return max(1, min(steps, int(math.log(GROWTH) / rate)))

    def learn(self, n: int) -> str:
        """The step of a postsynaptic cell once the local error is known."""
        return f"""
        u_now = {self.POTENTIAL}
        {self.cell.gradient(n).replace(chr(10), chr(10) + "        ")}
        change = -rate_now*delta
        bias = bias + change
        a_mem = a_mem*carry + change*b_mem
        a_syn = a_syn*carry + change*b_syn
        next_p = alpha*(p_drive + change*pp) + (1 - alpha)*(q_drive + change*pq)
        q_drive = beta*(q_drive + change*pq)
        p_drive = next_p
        r = gamma_ref*r
        feedback = 0
        """

    def rule(self, factors: dict) -> SynapseRule:
        """Pathways ``arrive`` (spikes) and ``flush``; ``w`` is the weight once it is flushed."""
        return SynapseRule(
            "w : 1",
            on_pre={
                "arrive": "q_drive_post += (1 - beta)*(w + x_mem_pre*a_mem_post - x_syn_pre*a_syn_post)\n"
                "w = w - grow_mem_pre*a_mem_post + grow_syn_pre*a_syn_post",
                "flush": "w = w + x_mem_pre*a_mem_post - x_syn_pre*a_syn_post",
            },
            on_event={"flush": "flush"},
            schedule={"arrive": ("synapses", 0), "flush": ("start", -11)},
            namespace={"beta": factors["beta"]},
            source=SOURCE,
            name="DECOLLE, rank 1",
        )

    def moments(self, factors: dict) -> SynapseRule:
        """From each presynaptic cell to the layer's one cell of moments, at a spike."""
        names = {name: factors[name] for name in ("alpha", "beta", "q_share")}
        return SynapseRule(
            "",
            weight=None,
            on_pre={
                "moments": "q_now = q_share*pow_syn_pre*x_syn_pre\n"
                "add_p_post += alpha*(pow_mem_pre*x_mem_pre - pow_syn_pre*x_syn_pre) + (1 - alpha)*q_now\n"
                "add_q_post += 2*beta*(1 - beta)*q_now + (1 - beta)**2"
            },
            namespace=names,
            schedule={"moments": ("synapses", -3)},
            source=SOURCE,
            name="moments of the presynaptic traces",
        )


@dataclass(frozen=True)
class Dense:
    """The form that touches every synapse at every step.

    Parameters
    ----------
    cell : DecolleCell
    every : int
        Steps between two updates; their gradients are summed.
    optimiser : str
        A name in `OPTIMISERS`.
    """

    cell: DecolleCell
    every: int = 1
    optimiser: str = "sgd"

    PRE = "p_trace : 1\nq_trace : 1\nimproving : 1 (shared)"
    PRE_BEGIN = "p_trace = 0\nq_trace = 0"
    PRE_STEP = "improving = teaching(t)*int(phase >= burn_in and (phase + 1) % every == 0)"
    PRE_TRACES = "p_trace = alpha*p_trace + (1 - alpha)*q_trace\nq_trace = beta*q_trace"
    PRE_SPIKE = "q_trace += 1 - beta"
    PRESENT = "p_trace != 0"
    POST = "drive : 1\nchange : 1\nbias_grad : 1\nimprove_now : 1 (shared)"
    POST_BEGIN = "drive = 0"
    POST_STEP = "improve_now = teaching(t)*int(phase >= burn_in and (phase + 1) % every == 0)"
    POTENTIAL = "drive - rho*r + bias"

    @property
    def plain(self) -> bool:
        """Weights change at once, without a gradient of their own."""
        return self.every == 1 and self.optimiser == "sgd"

    @property
    def improve(self) -> str:
        """When a presynaptic cell's weights change: the condition of its event ``improve``."""
        return "p_trace != 0 and improving > 0" if self.plain else "improving > 0"

    def bias_state(self) -> str:
        """Equations of the optimiser's memory for the bias."""
        return OPTIMISERS[self.optimiser][0].format(u="bias_top")

    def learn(self, n: int) -> str:
        """The step of a postsynaptic cell once the local error is known."""
        gradient = self.cell.gradient(n).replace(chr(10), chr(10) + "        ")
        if self.plain:
            step = "change = -rate_now*delta\nbias = bias + change"
        else:
            _, memory, less = OPTIMISERS[self.optimiser]
            step = "change = delta\nbias_grad = bias_grad + delta"
            if memory:
                step += (
                    f"\nnext_top = {memory.format(u='bias_top', g='bias_grad')}"
                    "\nbias_top = bias_top + improve_now*(next_top - bias_top)"
                )
            step += (
                f"\nbias = bias - improve_now*{less.format(rate='rate_now', g='bias_grad', top='next_top')}"
                "\nbias_grad = bias_grad*(1 - improve_now)"
            )
        return f"""
        u_now = {self.POTENTIAL}
        {gradient}
        {step.replace(chr(10), chr(10) + "        ")}
        {self.POST_BEGIN}
        r = gamma_ref*r
        feedback = 0
        """

    def rule(self, factors: dict) -> SynapseRule:
        """Pathways ``arrive`` (potential), ``learn``, and ``improve`` where updates are not made at once."""
        arrive = {"arrive": "drive_post += w*p_trace_pre"}
        events = {"arrive": "present", "learn": "improve" if self.plain else "present"}
        places = {"arrive": ("before_groups", 1), "learn": ("synapses", 2 if self.plain else 0)}
        if self.plain:
            return SynapseRule(
                "w : 1",
                on_pre={**arrive, "learn": "w = w + change_post*p_trace_pre"},
                on_event=events,
                schedule=places,
                source=SOURCE,
                name="DECOLLE, dense",
            )
        state, memory, less = OPTIMISERS[self.optimiser]
        improve = f"top = {memory.format(u='top', g='grad')}\n" if memory else ""
        improve += f"w = w - {less.format(rate='rate_now_post', g='grad', top='top')}\ngrad = 0"
        return SynapseRule(
            f"w : 1\ngrad : 1\n{state.format(u='top')}",
            on_pre={**arrive, "learn": "grad = grad + change_post*p_trace_pre", "improve": improve},
            on_event={**events, "improve": "improve"},
            schedule={**places, "improve": ("synapses", 2)},
            source=SOURCE,
            name="DECOLLE, dense",
        )
