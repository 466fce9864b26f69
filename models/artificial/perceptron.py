r"""A multilayer perceptron whose hidden layers learn by self-backpropagation (SBP).

Output weights follow the gradient of their own cross-entropy, for hidden activity s_j and error e_k = y_k - o_k. Each
change reports back to the hidden unit in front of it, and the unit's input weights change in proportion to their own
activity x_i and to the sum R_j of what its output weights reported, times lambda_f:

.. math:: \Delta w_{jk} = \eta_{out} \, s_j e_k, \qquad \Delta w_{ij} = \eta_{hidden} \, x_i \, \lambda_f R_j .

==================== =========================================== ============================================
learning             R_j                                         what it is
==================== =========================================== ============================================
change               sum_k dw_jk = s_j sum_k e_k                 SBP as the paper's text has it
relative             sum_k dw_jk / w_jk                          relative changes
weighted             sum_k w_jk dw_jk = s_j sum_k w_jk e_k       in proportion to the synapse's own strength
weighted/activity    the same divided by s_j, where s_j > 0      local to the unit and its synapses
==================== =========================================== ============================================

For rectified units the last one *is* the gradient, term by term: the slope of the unit is 1 where s_j > 0, else 0.
For units that saturate (clipped, sigmoid) it lacks the slope. In deeper networks each hidden layer reports on in the
same way.

Others: backpropagation (exact), feedback-alignment (fixed random weights in the place of w_jk; Lillicrap et al.
2016, doi:10.1038/ncomms13276), direct-feedback-alignment (fixed random weights from the output error to every hidden
layer; Nøkland 2016, arXiv:1609.01596), frozen (hidden layers never change), shuffled-labels (weighted/activity on
permuted targets). ``learning_share`` below 1 gives that share of the batches to `learning` and the others to exact
backpropagation, evenly interleaved: with frozen it is the replacement of the gradient by zero.

Source: Zhang, Cheng, Jia, Poo, Zeng & Xu 2021, Science Advances 7, eabh0146, doi:10.1126/sciadv.abh0146, Fig. 2. What
differs: the choice of what a synapse reports is explicit; the report is a change of its own; lambda_p names the share
of a unit's input weights that take part (in the released code it cancels).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import expit

from sbp_brian.errors import ModelError
from sbp_brian.training.batches import NumpyModel
from sbp_brian.training.optimisers import Momentum, glorot
from sbp_brian.wording import names_parameters

__all__ = ["ACTIVATIONS", "LEARNING", "SBP_LEARNING", "SBPPerceptron"]

SBP_LEARNING = ("weighted/activity", "weighted", "change", "relative", "shuffled-labels")
LEARNING = (*SBP_LEARNING, "backpropagation", "feedback-alignment", "direct-feedback-alignment", "frozen")

#: name -> (activity as a function of the drive, its slope)
ACTIVATIONS = {
    "relu": (lambda a: np.maximum(a, 0), lambda a: a > 0),
    "clipped": (lambda a: np.clip(a, 0, 1), lambda a: (a > 0) & (a < 1)),
    "sigmoid": (expit, lambda a: expit(a) * expit(-a)),
}


@names_parameters
@dataclass
class SBPPerceptron(NumpyModel):
    """Settings of a network; `start` makes its weights.

    Parameters
    ----------
    layers : tuple of int
        Inputs, hidden layers (one to any number), outputs.
    learning : str
        One of `LEARNING`.
    learning_share : float
        Share of the batches that `learning` gets, 0 to 1; the others get exact backpropagation.
    lambda_p, lambda_f : float
        lambda_p: share of each hidden unit's input weights that express SBP, a fixed random set. lambda_f: share of the
        signal that they express.
    rate_hidden, rate_output, momentum : float
        Steps along the mean change of a batch.
    activation : str
        Of hidden units, one of `ACTIVATIONS`; outputs are logistic.
    drop_input, drop_hidden : float
        Share of activities that are lost in training, others scaled up.
    relative_floor : float
        Smallest magnitude of a weight that a relative change is divided by.
    precision : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    ModelError
        A parameter out of range, in one line.
    """

    layers: tuple[int, ...] = (784, 500, 10)
    learning: str = "weighted/activity"
    learning_share: float = 1.0
    lambda_p: float = 1.0
    lambda_f: float = 1.0
    rate_hidden: float = 0.1
    rate_output: float = 0.1
    momentum: float = 0.9
    activation: str = "relu"
    drop_input: float = 0.0
    drop_hidden: float = 0.0
    relative_floor: float = 0.01
    precision: str = "float32"

    def __post_init__(self):
        self.check(
            {"learning": LEARNING, "activation": ACTIVATIONS, "precision": ("float32", "float64")},
            {
                "learning_share": (0, 1),
                "lambda_f": (0, 1),
                "momentum": (0, 0.999),
                "drop_input": (0, 0.99),
                "drop_hidden": (0, 0.99),
                "rate_hidden": (0, 1e6),
                "rate_output": (0, 1e6),
                "relative_floor": (1e-9, 1e6),
                "lambda_p": (1e-9, 1),
            },
        )
        if len(self.layers) < 3 or min(self.layers) < 1:
            raise ModelError(f"layers must be inputs, hidden layers and outputs, each at least 1, got {self.layers}")
        self.dtype = np.dtype(self.precision).type
        self.depth = len(self.layers) - 1  # weight matrices

    def start(self, seed: int, n_rows: int = 0) -> None:
        """Weights by Glorot's rule, fixed feedback and subsets from the same seed."""
        rng = np.random.default_rng([seed, 4])
        self.arrays.clear()
        for k, (n, m) in enumerate(pairwise(self.layers), 1):
            self.arrays[f"W{k}"], self.arrays[f"b{k}"] = glorot(rng, n, m, self.dtype), np.zeros(m, self.dtype)
        self.feedback = {k: glorot(rng, self.layers[k + 1], self.layers[k], self.dtype) for k in range(1, self.depth)}
        self.direct = {k: glorot(rng, self.layers[-1], self.layers[k], self.dtype) for k in range(1, self.depth)}
        self.masks = {k: self._mask(rng, k) for k in range(1, self.depth)}
        names = list(self.arrays)
        self.optimiser = Momentum(self.arrays, names, self.momentum)
        self.arrays["batches"] = np.zeros(1, np.int64)

    def _mask(self, rng, layer: int) -> np.ndarray | None:
        if self.lambda_p == 1:
            return None
        n, m = self.layers[layer - 1 : layer + 1]
        rank = rng.random((n, m)).argsort(0).argsort(0)
        return (rank < max(1, round(self.lambda_p * n))).astype(self.dtype)

    # ------------------------------------------------------------------------------------------------------- forward
    def forward(self, x: np.ndarray, lost: dict[int, np.ndarray] | None = None):
        """Drives a_1 ... a_L and activities s_0 ... s_L, each of shape (batch, units); s_L are the outputs, 0 to 1."""
        activity, _ = ACTIVATIONS[self.activation]
        drives, activities = [], [x]
        for k in range(1, self.depth + 1):
            drive = activities[-1] @ self.arrays[f"W{k}"]
            drive += self.arrays[f"b{k}"]
            s = expit(drive) if k == self.depth else activity(drive)
            if lost and k in lost:
                s = s * lost[k]
            drives.append(drive)
            activities.append(s)
        return drives, activities

    def predict(self, x, rng=None, rows=None):
        """Outputs; see `NumpyModel`."""
        return self.forward(x)[1][-1]

    def loss(self, x: np.ndarray, y: np.ndarray) -> float:
        """Cross-entropy of logistic outputs, summed over outputs, mean over the batch."""
        drive = self.forward(x)[0][-1]
        return float((np.logaddexp(0, drive) - y * drive).sum() / len(x))

    # ------------------------------------------------------------------------------------------------------ learning
    def signals(self, learning: str, y, drives, activities, lost=None) -> dict[int, np.ndarray]:
        """What the units of each layer are taught, layer -> (batch, units); absent where a layer does not learn."""
        lost = lost or {}
        taught = {self.depth: y - activities[-1]}
        for k in range(self.depth - 1, 0, -1):
            if learning == "frozen":
                break
            above, w, s = taught[k + 1], self.arrays[f"W{k + 1}"], activities[k]
            if learning in SBP_LEARNING:
                taught[k] = self._retrograde(learning, k, above, w, s, drives[k - 1], lost)
                continue
            if learning == "backpropagation":
                back = above @ w.T
            elif learning == "feedback-alignment":
                back = above @ self.feedback[k]
            else:
                back = taught[self.depth] @ self.direct[k]
            slope = ACTIVATIONS[self.activation][1](drives[k - 1])
            taught[k] = back * slope * lost[k] if k in lost else back * slope
        return taught

    def _retrograde(self, learning, k, above, w, s, drive, lost):
        """lambda_f times the sum of what the output weights of layer k report, shape (batch, units)."""
        mask = self.masks.get(k + 1)  # weights that do not take part do not change and report nothing
        if learning == "change":
            report = s * (above.sum(1, keepdims=True) if mask is None else above @ mask.T)
        elif learning == "relative":
            floored = np.copysign(np.maximum(np.abs(w), self.dtype(self.relative_floor)), w)
            report = s * (above @ ((1 if mask is None else mask) / floored).T)
        else:
            report = above @ (w if mask is None else w * mask).T
            if learning == "weighted":
                report *= s
            else:
                report *= drive > 0 if self.activation != "sigmoid" else True
                if k in lost:
                    report *= lost[k]
        return report if self.lambda_f == 1 else report * self.dtype(self.lambda_f)

    def changes(self, x, y, learning: str | None = None, lost=None):
        """Outputs and the mean change of each array over the batch: ``(outputs, {"W1": ..., "b1": ...})``."""
        learning = learning or self.learning
        drives, activities = self.forward(x, lost)
        found, signals = {}, self.signals(learning, y, drives, activities, lost)
        self._count(learning, activities, signals)
        for k, taught in signals.items():
            taught = taught * self.dtype(1 / len(x))
            found[f"W{k}"], found[f"b{k}"] = activities[k - 1].T @ taught, taught.sum(0)
            if learning in SBP_LEARNING and self.masks.get(k) is not None:
                found[f"W{k}"] *= self.masks[k]
        return activities[-1], found

    def _count(self, learning: str, activities, signals) -> None:
        """Add to `counted` what a machine would do that skips all zeros, each sample for itself.

        Synaptic operations: weights from active units, forward. Reports: weights over which taught hidden units hear of
        the error. Weight changes: weights from active to taught units; that a batch adds them up first is not counted.
        """
        active = [np.count_nonzero(a, axis=1) for a in activities]
        told = {k: np.count_nonzero(taught, axis=1) for k, taught in signals.items()}
        share = {k: 1.0 if self.masks[k] is None or learning not in SBP_LEARNING else self.lambda_p for k in self.masks}
        fan = {k: self.layers[-1 if learning == "direct-feedback-alignment" else k + 1] for k in told if k < self.depth}
        for name, amount in (
            ("synaptic_operations", sum(float(n.sum()) * m for n, m in zip(active, self.layers[1:], strict=False))),
            ("weight_changes", sum(float((active[k - 1] * n).sum()) * share.get(k, 1.0) for k, n in told.items())),
            ("reports", sum(float(told[k].sum()) * fan[k] for k in fan)),
        ):
            self.counted[name] = self.counted.get(name, 0.0) + amount

    def learn(self, x, y, rows=None):
        """One batch; see `NumpyModel`."""
        count = self.arrays["batches"]
        before, after = (np.floor(n * self.learning_share + 1e-9) for n in (count[0], count[0] + 1))
        count += 1
        lost = {}
        if self.drop_input:
            x = x * self._kept(x.shape, self.drop_input)
        if self.drop_hidden:
            lost = {k: self._kept((len(x), self.layers[k]), self.drop_hidden) for k in range(1, self.depth)}
        outputs, found = self.changes(x, y, self.learning if after > before else "backpropagation", lost)
        for name, change in found.items():
            rate = self.rate_output if name[1:] == str(self.depth) else self.rate_hidden
            self.optimiser.step(name, change, rate * self.factor)
        return outputs

    def _kept(self, shape, lost: float) -> np.ndarray:
        """Zero with probability `lost`, else 1 / (1 - lost)."""
        kept = self.rng.random(shape, np.float32) >= lost
        return kept * self.dtype(1 / (1 - lost))
