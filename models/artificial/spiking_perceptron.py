r"""A spiking multilayer perceptron: surrogate gradients, pseudo-backpropagation as released, and weighted SBP.

For T steps each layer receives a current I from the spikes x before it, and spikes where its potential u is above 1/2:

.. math:: I[t] = \sigma(x[t] W + b) - 0.1, \quad u[t] = 0.2 \, u[t-1] (1 - s[t-1]) + I[t], \quad
          s[t] = \Theta(u[t] - 0.5) .

The outputs are mean spike counts, the loss their mean squared error. The output layer always learns by its surrogate
gradient through time (window 1 where abs(u - 0.5) < 0.3); what hidden layers learn by is a choice:

=================== ================================================================================================
learning            gradient of the input weights of hidden unit j
=================== ================================================================================================
surrogate           exact: backpropagation through time and through the output weights, resets included
pseudo-bp           as released: at each step c_j (R e^T x)_j + 0.01 c_j H_j with fixed random R, e = y - output,
                    c_j = 0.01 sum_k abs(G_jk) / (n k) for the output's gradient G at that step, H the Hebbian
                    products of the last two steps less those of the first two; biases do not learn
zero                none: hidden layers never change
weighted/activity   SBP: mean input times R_j / s_j, R_j = sum over t, k of w_jk dw_jk(t), the changes of the unit's own
                    output synapses, s_j its spikes; no derivative of the hidden unit, no feedback weights
weighted            the same without the division
shuffled-labels     weighted/activity on permuted targets
=================== ================================================================================================

``learning_share`` below 1 gives that share of the batches to `learning`, the others to the surrogate gradient, evenly
interleaved.

Source: Zhang, Cheng, Jia, Poo, Zeng & Xu 2021, Science Advances 7, eabh0146, doi:10.1126/sciadv.abh0146, fig. S4, and
their released code; the neuron and its surrogate: Wu, Deng, Li, Zhu & Shi 2018, doi:10.3389/fnins.2018.00331. What
differs from the release: shares count batches, not time steps; the optional energy term of the loss is left out; what
the release does with the hidden bias is not known to us.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sbp_brian.errors import ModelError
from sbp_brian.training.batches import NumpyModel
from sbp_brian.training.optimisers import Adam
from sbp_brian.wording import names_parameters, takes_booleans

__all__ = ["LEARNING", "SBPSpikingPerceptron"]

LEARNING = ("pseudo-bp", "surrogate", "zero", "weighted/activity", "weighted", "shuffled-labels")
ENCODINGS = ("bernoulli", "constant")


@names_parameters
@takes_booleans
@dataclass
class SBPSpikingPerceptron(NumpyModel):
    """Settings of a network; `start` makes its weights.

    Parameters
    ----------
    layers : tuple of int
        Inputs, hidden layers (one to any number), outputs.
    learning : str
        One of `LEARNING`.
    learning_share : float
        Share of the batches that `learning` gets, 0 to 1; the others get the surrogate gradient.
    rate_hidden, rate_output : float
        Learning rates of Adam.
    steps : int
        Time steps of a sample, T.
    encoding : str
        ``"bernoulli"``: each input spikes at each step with its value as probability; ``"constant"``: shown as it is.
    decay, threshold, window, offset : float
        Of the membrane, of a spike, half width of the surrogate, what is taken off each current.
    relaxed : bool
        Replace the spike by the integral of its surrogate, clip(u - 0.2, 0, 0.6), for checks of the gradient.
    precision : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    ModelError
        A parameter out of range, in one line.
    """

    layers: tuple[int, ...] = (784, 500, 10)
    learning: str = "pseudo-bp"
    learning_share: float = 1.0
    rate_hidden: float = 1e-3
    rate_output: float = 1e-3
    steps: int = 20
    encoding: str = "bernoulli"
    decay: float = 0.2
    threshold: float = 0.5
    window: float = 0.3
    offset: float = 0.1
    relaxed: bool = False
    precision: str = "float32"

    def __post_init__(self):
        self.check(
            {"learning": LEARNING, "encoding": ENCODINGS, "precision": ("float32", "float64")},
            {
                "learning_share": (0, 1),
                "rate_hidden": (0, 1e6),
                "rate_output": (0, 1e6),
                "steps": (4, 10_000),
                "decay": (0, 1),
                "threshold": (1e-9, 1e6),
                "window": (1e-9, 1e6),
                "offset": (0, 1),
            },
        )
        if len(self.layers) < 3 or min(self.layers) < 1:
            raise ModelError(f"layers must be inputs, hidden layers and outputs, each at least 1, got {self.layers}")
        self.dtype = np.dtype(self.precision).type
        self.depth = len(self.layers) - 1

    @property
    def unit_inputs(self) -> bool:
        """Inputs are probabilities of spikes, unless they are constant."""
        return self.encoding == "bernoulli"

    def start(self, seed: int, n_rows: int = 0) -> None:
        """Weights and biases uniform within 1 / sqrt(inputs of the layer), as released."""
        rng = np.random.default_rng([seed, 5])
        self.arrays.clear()
        for k, (n, m) in enumerate(pairwise(self.layers), 1):
            self.arrays[f"W{k}"] = rng.uniform(-1, 1, (n, m)).astype(self.dtype) / self.dtype(np.sqrt(n))
            self.arrays[f"b{k}"] = rng.uniform(-1, 1, m).astype(self.dtype) / self.dtype(np.sqrt(n))
        outputs = self.layers[-1]
        self.feedback = {
            k: rng.uniform(-1, 1, (self.layers[k], outputs)).astype(self.dtype) / self.dtype(np.sqrt(outputs))
            for k in range(1, self.depth)
        }
        self.optimiser = Adam(self.arrays, list(self.arrays))
        self.arrays["batches"] = np.zeros(1, np.int64)

    # ------------------------------------------------------------------------------------------------------- forward
    def encode(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Inputs of all steps, shape (steps, batch, features), or (1, batch, features) where they are constant."""
        if self.encoding == "constant":
            return x[None]
        drawn = rng.integers(0, 2**16, (self.steps, *x.shape), np.uint16)
        return (drawn < np.minimum(np.rint(x * 2**16), 2**16 - 1).astype(np.uint16)).astype(self.dtype)

    def forward(self, shown: np.ndarray):
        """Run all layers.

        Parameters
        ----------
        shown : ndarray, shape (steps or 1, batch, features)

        Returns
        -------
        gains, membranes, spikes : dict of int to ndarray, layer -> (steps, batch, units)
            Slope of the sigmoid, u, and s; layer 0 of spikes is `shown`.
        """
        gains, membranes, spikes = {}, {}, {0: shown}
        for k in range(1, self.depth + 1):
            before = spikes[k - 1]
            current = before.reshape(-1, before.shape[2]) @ self.arrays[f"W{k}"]
            current += self.arrays[f"b{k}"]
            np.negative(current, out=current)
            np.exp(current, out=current)
            current += 1
            np.reciprocal(current, out=current)
            gains[k] = (current * (1 - current)).reshape(*before.shape[:2], -1)
            current -= self.dtype(self.offset)
            membranes[k], spikes[k] = self._integrate(current.reshape(gains[k].shape))
        return gains, membranes, spikes

    def _integrate(self, current):
        u = np.empty((self.steps, *current.shape[1:]), self.dtype)
        s = np.empty_like(u)
        carried = np.zeros(current.shape[1:], self.dtype)
        for t in range(self.steps):
            np.add(carried, current[t if len(current) > 1 else 0], out=u[t])
            if self.relaxed:
                np.clip(u[t] - (self.threshold - self.window), 0, 2 * self.window, out=s[t])
            else:
                np.greater(u[t], self.threshold, out=s[t])
            np.subtract(1, s[t], out=carried)
            carried *= u[t]
            carried *= self.dtype(self.decay)
        return u, s

    def predict(self, x, rng, rows=None):
        """Mean spike counts, shape (batch, outputs)."""
        return self.forward(self.encode(x, rng))[2][self.depth].mean(0)

    def loss(self, shown: np.ndarray, y: np.ndarray) -> float:
        """Mean squared error of the mean spike counts, over outputs and samples."""
        return float(np.square(self.forward(shown)[2][self.depth].mean(0) - y).mean())

    # ------------------------------------------------------------------------------------------------------ learning
    def through_time(self, wanted: np.ndarray, gain: np.ndarray, u: np.ndarray, s: np.ndarray) -> np.ndarray:
        """Gradient with respect to x W + b, given that with respect to the spikes, shape (steps or 1, batch, units)."""
        inside = np.abs(u - self.dtype(self.threshold)) < self.dtype(self.window)
        gradient = np.empty_like(u)
        carried = np.zeros(u.shape[1:], self.dtype)
        for t in range(self.steps - 1, -1, -1):
            # a spike hands u on to the next step no more: d(decay u (1 - s))/du, spike's surrogate included
            leak = 1 - s[t] - u[t] * inside[t]
            leak *= self.dtype(self.decay)
            carried *= leak
            carried += wanted[t if len(wanted) > 1 else 0] * inside[t]
            gradient[t] = carried
        gradient *= gain
        return gradient

    def changes(self, shown: np.ndarray, y: np.ndarray, learning: str | None = None):
        """Outputs and minus the gradient of each array that learns: ``(outputs, {"W1": ..., "b1": ...})``."""
        learning = learning or self.learning
        gains, membranes, spikes = self.forward(shown)
        self.counted["hidden_spikes"] = self.counted.get("hidden_spikes", 0.0) + sum(
            float(spikes[k].sum()) for k in range(1, self.depth)
        )
        outputs = spikes[self.depth].mean(0)
        wanted = (y - outputs) * self.dtype(2 / (y.size * self.steps))
        top = self.through_time(wanted[None], gains[self.depth], membranes[self.depth], spikes[self.depth])
        found = self._products(self.depth, spikes[self.depth - 1], top)
        if learning == "surrogate":
            taught = top
            for k in range(self.depth - 1, 0, -1):
                back = (taught.reshape(-1, taught.shape[2]) @ self.arrays[f"W{k + 1}"].T).reshape(spikes[k].shape)
                taught = self.through_time(back, gains[k], membranes[k], spikes[k])
                found |= self._products(k, spikes[k - 1], taught)
        elif learning == "pseudo-bp":
            del found[f"b{self.depth}"]
            above = np.matmul(spikes[self.depth - 1].transpose(0, 2, 1), top)  # (steps, hidden, outputs)
            for k in range(self.depth - 1, 0, -1):
                found[f"W{k}"], above = self._pseudo(k, above, y - outputs, spikes)
        elif learning != "zero":
            self._retrograde(learning, found, top, spikes)
        return outputs, found

    def _products(self, k, before, taught):
        """Minus the gradients of layer k's weights and biases."""
        if len(before) == 1:
            taught = taught.sum(0, keepdims=True)
        flat = taught.reshape(-1, taught.shape[2])
        return {f"W{k}": before.reshape(-1, before.shape[2]).T @ flat, f"b{k}": flat.sum(0)}

    def _pseudo(self, k, above, error, spikes):
        """The released hook: the change of layer k's weights, for k > 1 also that of each step."""
        n, m = above.shape[1:]
        scale = np.abs(above).sum(2) * self.dtype(0.01 / (n * m))  # (steps, units)
        x, s = spikes[k - 1], spikes[k]
        first, last = ((0, 1), (-2, -1)) if len(x) > 1 else ((0, 0), (0, 0))
        hebb = sum(x[t].T @ s[u] for t, u in zip(last, (-2, -1), strict=True))
        hebb -= sum(x[t].T @ s[u] for t, u in zip(first, (0, 1), strict=True))
        hebb *= self.dtype(0.01)
        seen = np.matmul(x.transpose(0, 2, 1), error)  # (steps or 1, inputs, outputs)
        scaled = scale[:, None, :] * self.feedback[k].T  # (steps, outputs, units)
        if len(seen) == 1:
            scaled = scaled.sum(0, keepdims=True)
        if k > 1:
            each = np.matmul(seen, scaled) + hebb * scale[:, None, :]
            return each.sum(0), each
        total = seen.transpose(1, 0, 2).reshape(seen.shape[1], -1) @ scaled.reshape(-1, scaled.shape[2])
        total += hebb * scale.sum(0)
        return total, None

    def _retrograde(self, learning, found, top, spikes):
        """Weighted SBP: hidden units are taught, sample by sample, by what their output synapses report."""
        # what output synapses of unit j did over the sample: sum over t, k of w_jk s_j(t) taught_k(t)
        s = spikes[self.depth - 1]
        back = (top.reshape(-1, top.shape[2]) @ self.arrays[f"W{self.depth}"].T).reshape(s.shape)
        report = np.einsum("tbj,tbj->bj", s, back)
        for k in range(self.depth - 1, 0, -1):
            count = spikes[k].sum(0)
            if learning != "weighted":
                report = np.divide(report, count, out=np.zeros_like(report), where=count > 0)
            x = spikes[k - 1].mean(0)
            found[f"W{k}"], found[f"b{k}"] = x.T @ report, report.sum(0)
            if k > 1:
                report = (report @ self.arrays[f"W{k}"].T) * x * self.steps

    def learn(self, x, y, rows=None):
        """One batch; see `NumpyModel`."""
        count = self.arrays["batches"]
        before, after = (np.floor(n * self.learning_share + 1e-9) for n in (count[0], count[0] + 1))
        count += 1
        outputs, found = self.changes(self.encode(x, self.rng), y, self.learning if after > before else "surrogate")
        for name, change in found.items():
            rate = self.rate_output if name[1:] == str(self.depth) else self.rate_hidden
            self.optimiser.step(name, change, rate * float(self.factor))
        return outputs
