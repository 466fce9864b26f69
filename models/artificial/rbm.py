r"""A restricted Boltzmann machine with label units, learned by contrastive divergence.

Binary hidden units h, visible units v = (x, y): the sample and its label. Hidden units are independent given v and the
other way round; with the energy E, and the free energy F that is left where hidden units are summed out,

.. math:: E = -v W h - b v - c h, \qquad F(v) = -b v - \sum_j \log(1 + e^{c_j + (v W)_j}), \qquad
          \Delta W = \eta (\langle v h \rangle_{data} - \langle v h \rangle_{model}) .

The second mean is taken after ``steps`` of Gibbs sampling that start at the data (``cd``) or go on from where they
ended (``pcd``, persistent chains). Labels that exclude one another are one softmax unit; p(y | x) is then exact,
exp(-F(x, y)) over its sum. Labels of several bits (NETtalk) are binary units, read by mean-field iteration with x held.

Arms: ``cd``, ``pcd``, ``frozen`` (only label weights and visible biases learn), ``shuffled-labels`` (``cd`` on permuted
targets).

Sources: Hinton 2002, doi:10.1162/089976602760128018; Tieleman 2008, doi:10.1145/1390156.1390290; label units:
Larochelle & Bengio 2008, doi:10.1145/1390156.1390224. Zhang et al. 2021, doi:10.1126/sciadv.abh0146, call by this name
the network of `sbp_brian.models.artificial.energy`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, softmax

from sbp_brian.errors import ModelError
from sbp_brian.training.batches import NumpyModel
from sbp_brian.training.optimisers import Momentum
from sbp_brian.wording import names_parameters

__all__ = ["LEARNING", "RBM"]

LEARNING = ("cd", "pcd", "frozen", "shuffled-labels")
LABELS = ("softmax", "binary")


@names_parameters
@dataclass
class RBM(NumpyModel):
    """Settings of a machine; `start` makes its weights.

    Parameters
    ----------
    layers : (int, int, int)
        Inputs, hidden units, label units (0: none).
    learning : str
        One of `LEARNING`.
    labels : str
        ``"softmax"`` or ``"binary"``.
    steps : int
        Gibbs steps, k of CD-k.
    rate, momentum : float
        Step along the mean difference of a batch.
    weight_decay : float
        Share of the weights that is taken off at each step, times the rate.
    settle_steps : int
        Mean-field iterations by which binary labels are read.
    precision : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    ModelError
        A parameter out of range, in one line.
    """

    layers: tuple[int, int, int] = (784, 500, 10)
    learning: str = "cd"
    labels: str = "softmax"
    steps: int = 1
    rate: float = 0.05
    momentum: float = 0.5
    weight_decay: float = 1e-4
    settle_steps: int = 20
    precision: str = "float32"

    unit_inputs = True

    def __post_init__(self):
        self.check(
            {"learning": LEARNING, "labels": LABELS, "precision": ("float32", "float64")},
            {
                "steps": (1, 1000),
                "rate": (0, 1e6),
                "momentum": (0, 0.999),
                "weight_decay": (0, 1),
                "settle_steps": (1, 10_000),
            },
        )
        if len(self.layers) != 3 or min(self.layers[:2]) < 1 or self.layers[2] < 0:
            raise ModelError(f"layers must be inputs, hidden units and labels: one hidden layer, got {self.layers}")
        self.dtype = np.dtype(self.precision).type

    def start(self, seed: int, n_rows: int = 0) -> None:
        """Weights normal with standard deviation 0.01 (0.1 for inputs where they are frozen), biases zero."""
        rng = np.random.default_rng([seed, 8])
        n, m, k = self.layers
        weights = rng.normal(0, 0.01, (n + k, m))
        if self.learning == "frozen":
            weights[:n] *= 10
        self.arrays.clear()
        self.arrays |= {
            "W": weights.astype(self.dtype),
            "bv": np.zeros(n + k, self.dtype),
            "bh": np.zeros(m, self.dtype),
        }
        self.optimiser = Momentum(self.arrays, list(self.arrays), self.momentum)
        self.chains: np.ndarray | None = None

    # ------------------------------------------------------------------------------------------------------- machine
    def hidden(self, v: np.ndarray) -> np.ndarray:
        """p(h = 1 | v), shape (batch, hidden)."""
        return expit(v @ self.arrays["W"] + self.arrays["bh"])

    def visible(self, h: np.ndarray) -> np.ndarray:
        """p(v = 1 | h), shape (batch, inputs + labels)."""
        drive, n = h @ self.arrays["W"].T + self.arrays["bv"], self.layers[0]
        if self.labels == "binary" or not self.layers[2]:
            return expit(drive)
        return np.concatenate([expit(drive[:, :n]), softmax(drive[:, n:], axis=1)], axis=1)

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        """F(v), shape (batch,)."""
        return -v @ self.arrays["bv"] - np.logaddexp(0, v @ self.arrays["W"] + self.arrays["bh"]).sum(1)

    def sample_visible(self, h: np.ndarray, draw: Callable) -> np.ndarray:
        """Visible units drawn given hidden ones; ``draw(shape)`` gives uniform numbers."""
        p, n = self.visible(h), self.layers[0]
        if self.labels == "binary" or not self.layers[2]:
            return (draw(p.shape) < p).astype(self.dtype)
        x = (draw((len(p), n)) < p[:, :n]).astype(self.dtype)
        place = (np.cumsum(p[:, n:-1], axis=1) < draw((len(p), 1))).sum(1)
        return np.concatenate([x, np.eye(self.layers[2], dtype=self.dtype)[place]], axis=1)

    def posterior(self, x: np.ndarray) -> np.ndarray:
        """p(y | x) of softmax labels (exact), or of binary ones by mean-field iteration; shape (batch, labels)."""
        n = self.layers[0]
        w, u, d = self.arrays["W"][:n], self.arrays["W"][n:], self.arrays["bv"][n:]
        driven = x @ w + self.arrays["bh"]
        if self.labels == "softmax":
            scores = [np.logaddexp(0, driven + u[k]).sum(1) + d[k] for k in range(self.layers[2])]
            return softmax(np.array(scores).T, axis=1)
        y = np.full((len(x), self.layers[2]), 0.5, self.dtype)
        for _ in range(self.settle_steps):
            y = expit(expit(driven + y @ u) @ u.T + d)
        return y

    def predict(self, x, rng=None, rows=None):
        """Probabilities of the labels; see `NumpyModel`."""
        return self.posterior(x)

    # ------------------------------------------------------------------------------------------------------ learning
    def changes(self, v: np.ndarray, draw: Callable):
        """Mean differences of a batch, {"W", "bv", "bh"}; persistent chains move on."""
        positive = self.hidden(v)
        if self.learning == "pcd":
            h = np.zeros_like(positive) if self.chains is None else self.chains[: len(v)]
        else:
            h = (draw(positive.shape) < positive).astype(self.dtype)
        for step in range(self.steps):
            sampled = self.sample_visible(h, draw)
            negative = self.hidden(sampled)
            if self.learning == "pcd" or step < self.steps - 1:
                h = (draw(negative.shape) < negative).astype(self.dtype)
        if self.learning == "pcd" and (self.chains is None or len(v) >= len(self.chains)):
            self.chains = h
        one = self.dtype(1 / len(v))
        return {
            "W": (v.T @ positive - sampled.T @ negative) * one,
            "bv": (v.sum(0) - sampled.sum(0)) * one,
            "bh": (positive.sum(0) - negative.sum(0)) * one,
        }

    def begin_epoch(self, number, rng, factor):
        """Chains start anew with each epoch, so that a stopped training resumes exactly."""
        super().begin_epoch(number, rng, factor)
        self.chains = None

    def learn(self, x, y, rows=None):
        """One batch; see `NumpyModel`. Gives the probabilities of the labels before the change."""
        outputs = self.posterior(x)
        found = self.changes(np.concatenate([x, y], axis=1), lambda shape: self.rng.random(shape, self.dtype))
        found["W"] -= self.dtype(self.weight_decay) * self.arrays["W"]
        if self.learning == "frozen":
            found["W"][: self.layers[0]] = 0
            found["bh"][:] = 0
        for name, change in found.items():
            self.optimiser.step(name, change, self.rate * float(self.factor))
        return outputs
