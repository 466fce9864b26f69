r"""An energy-based network with self-backpropagation (SBP): free and nudged phases, as released.

The paper calls it a restricted Boltzmann machine; nothing is sampled in it: it is the network of Scellier and Bengio
(equilibrium propagation). `sbp_brian.models.artificial.rbm` is a true one. States s_l (l = 1 ... L, clipped to 0 ... 1)
descend an energy with the input s_0 held; with the sign of the weights such that they excite,

.. math:: E = \sum_l a_l |s_l|^2 - \sum_l c_l \, s_{l-1} W_l s_l - \sum_l d_l \, b_l s_l .

===================== ========================== ==================== =============== =================
energy                leak a of hidden layers    leak a of the output bias d, hidden  weight c
===================== ========================== ==================== =============== =================
without SBP           1/2                        1/2                  1               1
SBP as released, L=2  theta                      0                    2               1; theta on top
===================== ========================== ==================== =============== =================

For more layers the release sums such pairs: c_l = 1 (l < L) + theta (l > 1), a_l = theta + 1 (l < L - 1). A batch
settles for ``free_steps`` on E ("sleep") from the states in which it was left the last time, then for ``nudged_steps``
on E + beta abs(s_L - y)^2 ("wake"), beta of random sign; weights follow the difference of dE/dW between the phases over
beta.

Arms: ``without-sbp``; ``sbp`` (theta 0.5); ``theta-1`` (the released energy with theta = 1, whose leak of 2 s makes the
simultaneous steps of size 1 oscillate); ``theta-1-leak-kept`` (theta = 1, but the hidden leak that theta = 0.5 has);
``output-leak`` (released, output leak kept); ``frozen`` and ``sbp-frozen`` (hidden layers do not learn, either energy);
``shuffled-labels`` (SBP on permuted targets).

Samples keep their states from one showing to the next, those of validation and test as well, as released: without its
output leak the network of the SBP energy remembers where it started. A training sample that was once right stays right
and teaches nothing more, and where such a network is asked from states of zero it answers worse. With
``persistent=False`` each showing starts from zero, in training as in test; how many steps it is then given is how far
an answer has to come, which is a margin (docs/artificial.md).

Sources: Zhang, Cheng, Jia, Poo, Zeng & Xu 2021, Science Advances 7, eabh0146, doi:10.1126/sciadv.abh0146, Fig. 5, and
their released code; Scellier & Bengio 2017, doi:10.3389/fncom.2017.00024. What differs from the release: MNIST is
tested on its test images, chosen on validation images.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from numbers import Real

import numpy as np

from sbp_brian.errors import ModelError
from sbp_brian.models import checks
from sbp_brian.training.batches import NumpyModel
from sbp_brian.training.optimisers import glorot
from sbp_brian.wording import names_parameters, takes_booleans

__all__ = ["LEARNING", "SBPEnergy"]

#: name -> (SBP energy, theta, hidden leak kept at 1/2, output leak kept, hidden layers learn)
LEARNING = {
    "sbp": (True, 0.5, False, False, True),
    "without-sbp": (False, 1.0, True, True, True),
    "theta-1": (True, 1.0, False, False, True),
    "theta-1-leak-kept": (True, 1.0, True, False, True),
    "output-leak": (True, 0.5, False, True, True),
    "frozen": (False, 1.0, True, True, False),
    "sbp-frozen": (True, 0.5, False, False, False),
    "shuffled-labels": (True, 0.5, False, False, True),
}


@names_parameters
@takes_booleans
@dataclass
class SBPEnergy(NumpyModel):
    """Settings of a network; `start` makes its weights and states.

    Parameters
    ----------
    layers : tuple of int
        Inputs, hidden layers (one to any number), outputs.
    learning : str
        One of `LEARNING`.
    theta : float or None
        Share of the energy that SBP hands on, 0 to 10; None: as `learning` has it.
    free_steps, nudged_steps : int
        N_s and N_w.
    settle_steps : int or None
        Steps of a sample that is asked from zero; None: 20 where states are kept, else as many as in training,
        `free_steps`.
    persistent : bool
        Whether samples keep their states from one showing to the next, as released; else each starts from zero.
    beta : float
        Strength of the nudge.
    epsilon : float
        Size of a step.
    rate_hidden, rate_output : float
        Learning rates of the input weights of hidden layers, and of the output.
    drop_input : float
        Share of the inputs that are lost in training, others scaled up; not in the release.
    precision : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    ModelError
        A parameter out of range, in one line.
    """

    layers: tuple[int, ...] = (784, 500, 10)
    learning: str = "sbp"
    theta: float | None = None
    free_steps: int = 10
    nudged_steps: int = 10
    settle_steps: int | None = None
    persistent: bool = True
    beta: float = 0.2
    epsilon: float = 1.0
    rate_hidden: float = 0.1
    rate_output: float = 0.05
    drop_input: float = 0.0
    precision: str = "float32"

    def __post_init__(self):
        self.check(
            {"learning": LEARNING, "precision": ("float32", "float64")},
            {
                "free_steps": (1, 10_000),
                "nudged_steps": (1, 10_000),
                "beta": (1e-9, 1e6),
                "epsilon": (1e-9, 2),
                "rate_hidden": (0, 1e6),
                "rate_output": (0, 1e6),
                "drop_input": (0, 0.99),
            },
        )
        if len(self.layers) < 3 or min(self.layers) < 1:
            raise ModelError(f"layers must be inputs, hidden layers and outputs, each at least 1, got {self.layers}")
        if self.settle_steps is not None:
            checks.number("settle_steps", self.settle_steps, "[1, inf)", whole=True)
        if self.theta is not None and not (isinstance(self.theta, Real) and 0 <= self.theta <= 10):
            raise ModelError(f"theta must be a number from 0 to 10, or None for that of `learning`, got {self.theta!r}")
        self.dtype = np.dtype(self.precision).type
        self.depth = len(self.layers) - 1
        self._coefficients()

    def _coefficients(self) -> None:
        """leak a, weight c and bias d of the energy, each layer -> number."""
        sbp, theta, leak_kept, output_leak, self.learns = LEARNING[self.learning]
        theta = theta if self.theta is None else self.theta
        top, one = self.depth, self.dtype
        hidden = range(1, top)
        if sbp:
            weight = {k: (k < top) + theta * (k > 1) for k in range(1, top + 1)}
            leak = {k: 0.5 + (k < top - 1) if leak_kept else theta + (k < top - 1) for k in hidden}
            bias = dict.fromkeys(hidden, 2.0)
        else:
            weight = dict.fromkeys(range(1, top + 1), 1.0)
            leak, bias = dict.fromkeys(hidden, 0.5), dict.fromkeys(hidden, 1.0)
        leak[top], bias[top] = 0.5 if output_leak else 0.0, 1.0
        self.leak, self.weight, self.bias = ({k: one(v) for k, v in c.items()} for c in (leak, weight, bias))

    def start(self, seed: int, n_rows: int = 0) -> None:
        """Weights by Glorot's rule, biases and the states of all samples zero."""
        rng = np.random.default_rng([seed, 6])
        self.arrays.clear()
        for k, (n, m) in enumerate(pairwise(self.layers), 1):
            self.arrays[f"W{k}"], self.arrays[f"b{k}"] = glorot(rng, n, m, self.dtype), np.zeros(m, self.dtype)
        if self.persistent:
            self.arrays |= {f"s{k}": values for k, values in self._zero(n_rows).items()}

    # -------------------------------------------------------------------------------------------------------- energy
    def energy(self, x: np.ndarray, states: dict[int, np.ndarray]) -> np.ndarray:
        """E of each sample, shape (batch,); states: layer -> (batch, units)."""
        s, total = {0: x, **states}, np.zeros(len(x), self.dtype)
        for k in range(1, self.depth + 1):
            total += self.leak[k] * np.square(s[k]).sum(1)
            total -= self.weight[k] * np.einsum("bi,bi->b", s[k - 1] @ self.arrays[f"W{k}"], s[k])
            total -= self.bias[k] * (s[k] @ self.arrays[f"b{k}"])
        return total

    def forces(self, driven: np.ndarray, states: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
        """-dE/ds, layer -> (batch, units); `driven` is what the input gives to layer 1, see `drive`."""
        found = {}
        for k in range(1, self.depth + 1):
            if k == 1:
                force = driven.copy()
            else:
                force = states[k - 1] @ self.arrays[f"W{k}"]
                force *= self.weight[k]
                force += self.bias[k] * self.arrays[f"b{k}"]
            if k < self.depth:
                force += self.weight[k + 1] * (states[k + 1] @ self.arrays[f"W{k + 1}"].T)
            if self.leak[k]:
                force -= (2 * self.leak[k]) * states[k]
            found[k] = force
        return found

    def drive(self, x: np.ndarray) -> np.ndarray:
        """What does not change while a sample is shown: input and bias of layer 1, shape (batch, units)."""
        return self.weight[1] * (x @ self.arrays["W1"]) + self.bias[1] * self.arrays["b1"]

    def settle(self, driven, states, steps: int, y=None, beta: float = 0.0) -> dict[int, np.ndarray]:
        """All layers take `steps` steps at once, nudged towards `y` by `beta`; new states, the given ones are kept."""
        states, top = {k: s.copy() for k, s in states.items()}, self.depth
        for _ in range(steps):
            forces = self.forces(driven, states)
            if y is not None:
                forces[top] += self.dtype(2 * beta) * (y - states[top])
            for k, force in forces.items():
                if self.epsilon != 1:
                    force *= self.dtype(self.epsilon)
                force += states[k]
                np.clip(force, 0, 1, out=states[k])
        return states

    def predict(self, x, rng=None, rows=None):
        """Outputs after `free_steps` from the states kept of `rows`, or after `settle_steps` from zero."""
        if rows is not None and self.persistent:
            return self.settle(self.drive(x), self._kept(rows), self.free_steps)[self.depth]
        steps = self.settle_steps or (20 if self.persistent else self.free_steps)
        return self.settle(self.drive(x), self._zero(len(x)), steps)[self.depth]

    def follow(self, x, rows):
        """Settle and keep the states of samples that are not learned from; see `NumpyModel`."""
        if self.persistent:
            self._keep(rows, self.settle(self.drive(x), self._kept(rows), self.free_steps))

    def _zero(self, n: int):
        return {k: np.zeros((n, self.layers[k]), self.dtype) for k in range(1, self.depth + 1)}

    def _kept(self, rows):
        if not self.persistent:
            return self._zero(len(rows))
        return {k: self.arrays[f"s{k}"][rows] for k in range(1, self.depth + 1)}

    def _keep(self, rows, states):
        for k, s in states.items():
            self.arrays[f"s{k}"][rows] = s

    # ------------------------------------------------------------------------------------------------------ learning
    def changes(self, x, free, nudged, beta: float) -> dict[str, np.ndarray]:
        """Minus the difference of dE/dW and dE/db (nudged less free, means over the batch) over beta."""
        found, free, nudged = {}, {0: x, **free}, {0: x, **nudged}
        for k in range(1 if self.learns else self.depth, self.depth + 1):
            scale = self.dtype(1 / (beta * len(x)))
            if k == 1:  # the input is the same in both phases
                product = x.T @ (nudged[1] - free[1])
            else:
                product = nudged[k - 1].T @ nudged[k] - free[k - 1].T @ free[k]
            found[f"W{k}"] = product * (scale * self.weight[k])
            found[f"b{k}"] = (nudged[k] - free[k]).sum(0) * (scale * self.bias[k])
        return found

    def learn(self, x, y, rows):
        """One batch; see `NumpyModel`."""
        if self.drop_input:
            x = x * ((self.rng.random(x.shape, np.float32) >= self.drop_input) * self.dtype(1 / (1 - self.drop_input)))
        driven = self.drive(x)
        free = self.settle(driven, self._kept(rows), self.free_steps)
        if self.persistent:
            self._keep(rows, free)
        beta = self.beta * (1 if self.rng.random() < 0.5 else -1)
        nudged = self.settle(driven, free, self.nudged_steps, y, beta)
        for name, change in self.changes(x, free, nudged, beta).items():
            rate = self.rate_output if name[1:] == str(self.depth) else self.rate_hidden
            change *= self.dtype(rate * float(self.factor))
            self.arrays[name] += change
        return free[self.depth]
