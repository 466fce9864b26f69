r"""The neuron and the readout of deep continuous local learning (DECOLLE): equations, surrogates, losses.

In steps of dt, cell i of a layer, presynaptic cell j:

.. math::

    U_i[t] &= \sum_j W_{ij} P_j[t] - \rho R_i[t] + b_i , \qquad S_i[t] = \Theta(U_i[t]) \\
    P_j[t+1] &= \alpha P_j[t] + (1-\alpha) Q_j[t] , \quad Q_j[t+1] = \beta Q_j[t] + (1-\beta) S_j[t] , \quad
    R_i[t+1] = \gamma R_i[t] + (1-\gamma) S_i[t]

with :math:`\alpha = e^{-dt/\tau_{mem}}, \beta = e^{-dt/\tau_{syn}}, \gamma = e^{-dt/\tau_{ref}}`: the scaling of the
paper. (Three scalings are in circulation; learning rates do not carry over from one to another.) There is no other
reset than R. A layer is read out through fixed random weights, :math:`Y_k[t] = \sum_i G_{ki} S_i[t]`, and has a loss of
its own, the mean over its readouts; its weights follow the gradient through the last step alone:

.. math:: dW_{ij} = -\eta \, \sigma'(U_i) \, P_j \sum_k G_{ki} \, \ell'(Y_k - \hat Y_k)/K

Source: Kaiser, Mostafa & Neftci 2020, Front Neurosci 14:424, doi:10.3389/fnins.2020.00424, Eqs 1, 4, 7-9.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from brian2 import Quantity, ms

from sbp_brian.errors import ModelError
from sbp_brian.models import checks
from sbp_brian.rules.quantities import duration

__all__ = ["LOSSES", "SOURCE", "SURROGATES", "DecolleCell"]

SOURCE = "Kaiser, Mostafa & Neftci 2020, Front Neurosci 14:424, doi:10.3389/fnins.2020.00424"

#: Derivative that stands for that of the threshold, as code in ``u_now``.
SURROGATES = {
    "box": "int(abs(u_now) <= 0.5)",
    "fast-sigmoid": "1/(1 + 10*abs(u_now))**2",
}
#: Derivative of a readout's loss, as code in its deviation from the target.
LOSSES = {"smooth-l1": "clip(y - aim, -1, 1)", "squared": "(y - aim)"}


@dataclass(frozen=True)
class DecolleCell:
    r"""What all cells of a network share.

    Parameters
    ----------
    tau_mem, tau_syn, tau_ref : Quantity (s)
        Time constants of P, Q and R; the first two must differ.
    rho : float
        Strength of the relative refractoriness.
    surrogate : str
        A name in `SURROGATES`: ``box``, 1 within half a unit of the threshold; ``fast-sigmoid``, 1/(1 + 10 |u|)^2.
    too_active : float
        Weight of the regulariser mean(relu(U + 0.01)), which pushes active cells down.
    too_silent : float
        Weight of the regulariser relu(0.1 - mean S), which pushes a layer up whose share of spiking cells is below a
        tenth.

    Raises
    ------
    RuleError, ValueError
        A time that is none, an unknown surrogate, equal time constants, a weight that is negative.
    """

    tau_mem: Quantity = field(default_factory=lambda: 20 * ms)
    tau_syn: Quantity = field(default_factory=lambda: 7 * ms)
    tau_ref: Quantity = field(default_factory=lambda: 3 * ms)
    rho: float = 1.0
    surrogate: str = "box"
    too_active: float = 0.0
    too_silent: float = 0.0

    def __post_init__(self):
        for name in ("tau_mem", "tau_syn", "tau_ref"):
            duration(name, getattr(self, name))
        if float(self.tau_mem) == float(self.tau_syn):
            raise ModelError(f"tau_mem and tau_syn must differ, both are {self.tau_mem}; change one by a percent")
        checks.one_of("surrogate", self.surrogate, SURROGATES)
        for name in ("rho", "too_active", "too_silent"):
            checks.number(name, getattr(self, name), "[0, inf)")

    def factors(self, step: Quantity) -> dict[str, float]:
        """Constants of the equations for steps of this length: ``alpha``, ``beta``, ``gamma``, ``rho``, ..."""
        alpha, beta, gamma = (math.exp(-float(step / tau)) for tau in (self.tau_mem, self.tau_syn, self.tau_ref))
        return {
            "alpha": alpha,
            "beta": beta,
            "gamma_ref": gamma,
            "rho": float(self.rho),
            "kappa": (1 - alpha) * (1 - beta) / (alpha - beta),
            "log_alpha": math.log(alpha),
            "log_beta": math.log(beta),
            "q_share": (alpha - beta) / (1 - alpha),
        }

    def gradient(self, n: int) -> str:
        """Code that sets ``delta``, the derivative of the layer's loss by U, from ``u_now`` and ``feedback``.

        Parameters
        ----------
        n : int
            Cells of the layer.
        """
        code = f"slope = {SURROGATES[self.surrogate]}\ndelta = feedback*slope"
        if self.too_active:
            code += f" + learning*{self.too_active / n!r}*int(u_now > -0.01)"
        if self.too_silent:
            code += f" - learning*{self.too_silent / n!r}*slope*int(share_active < 0.1)"
        return code
