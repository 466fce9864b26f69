"""The released model of Zhang et al. (2021) on MNIST in numpy matrices, without LIF phase, by rule, over many epochs.

The equations of `sbp_brian.models.published` for one hidden layer, in single precision, several times faster (the
tests hold it to the same reference). Run from the checkout:

    python -m benchmarks.published_numpy EPOCHS SEED [ARM ...]

Prints the error of the answers given while learning and the test error (%) after each epoch; all 60,000 and 10,000
images, file order.
"""

from __future__ import annotations

import sys

import numpy as np

from sbp_brian.datasets import load_mnist
from sbp_brian.models.published import LEARNING as ARMS
from sbp_brian.models.published import ReleasedModel

F = np.float32


class Matrices:
    """Weights of a network with one hidden layer; `batch` shows samples and learns where it is given targets.

    Parameters
    ----------
    model : ReleasedModel
    seed : int
        Weights begin as those of the Brian2 model of this seed.
    """

    def __init__(self, model: ReleasedModel, seed: int):
        start, (n, m, k) = model.initial(seed), model.layers
        self.model, self.learning = model, model.learning
        self.w1 = start["into_hidden1.w"].reshape(n, m).astype(F)
        self.w2 = start["into_output.w"].reshape(m, k).astype(F)
        self.b1, self.b2 = np.zeros(m, F), np.zeros(k, F)

    def batch(self, x: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
        """Free outputs, shape (samples, outputs), of inputs float32 (samples, inputs) and targets like the outputs."""
        model, eps = self.model, F(self.model.epsilon)
        drive, into = x @ self.w1, eps / 2 * np.ascontiguousarray(self.w2.T)  # of half of what a tanh is taken of
        drive += self.b1
        drive *= eps / 2
        s, out = np.zeros_like(drive), np.zeros((len(x), len(self.b2)), F)

        def relax(s, out, steps, pull):
            for _ in range(steps):
                z = out @ into
                z += drive
                s = np.multiply(s, (1 - eps) / 2)
                s += z
                np.tanh(s, out=s)
                rest = out - s @ self.w2 - self.b2
                out = np.maximum(out - eps * (rest if pull is None else rest + F(model.beta) * (out - pull)), 0)
            return s, out

        s0, out0 = relax(s, out, model.n_free, None)
        if y is not None:
            self._learn(x, s0, out0, *relax(s0, out0, model.n_teach, y))
        return out0

    def _learn(self, x, s0, out0, s1, out1) -> None:
        model, scale = self.model, F(1 / (self.model.beta * len(x)))
        if model.rule == "symmetric":
            d2 = scale * (s1.T @ out1 - s0.T @ out0)
        else:
            d2 = scale * (s0.T @ (out1 - out0) if model.rule == "sbp" else (s1 - s0).T @ out0)
        learns, clamped = ARMS[self.learning][2], model.rule == "differential"  # the clamped input does not differ
        d1 = scale * (x.T @ (s1 - s0)) if learns and not clamped else F(0)
        if model.with_gains:
            d1, d2 = self._gains(d1, d2)
        if learns:
            self.w1 += F(model.rates[0]) * d1
            self.b1 += F(model.rates[0]) * scale * (s1 - s0).sum(0)
        self.w2 += F(model.rates[1]) * d2
        self.b2 += F(model.rates[1]) * scale * (out1 - out0).sum(0)

    def _gains(self, d1, d2):
        m = self.model
        pre, post, back = (F(m.lambda_f * each) for each in (m.lambda_pre, m.lambda_post, m.lambda_back))

        def share(v):
            total = v.sum()
            return v / total if total else v

        def parts(d):
            up, down = np.maximum(d, 0), np.minimum(d, 0)
            up_gain, down_gain = 1 + pre * share(up.sum(1)), 1 + pre * share(-down.sum(1))
            return up, down, up_gain[:, None], down_gain[:, None], 1 + post * share(-down.sum(0))

        up, down, up_pre, down_pre, down_post = parts(d2)
        back_up = 1 + back * share((up * up_pre).sum(1))
        back_down = 1 + back * share(-(down * down_pre).sum(1))
        d2 = up * up_pre + down * (down_pre + down_post) / 2
        up, down, up_pre, down_pre, down_post = parts(d1)
        return up * (up_pre + back_up) / 2 + down * (down_pre + down_post + back_down) / 3, d2


def wrong(net: Matrices, images: np.ndarray, labels: np.ndarray, learn: bool) -> float:
    """Error in per cent over all images, while learning before each batch's step."""
    targets, missed = np.eye(10, dtype=F), 0
    for first in range(0, len(labels), net.model.batch):
        rows = slice(first, first + net.model.batch)
        out = net.batch(images[rows].astype(F) / F(255), targets[labels[rows]] if learn else None)
        missed += int((out.argmax(1) != labels[rows]).sum())
    return 100 * missed / len(labels)


def main(epochs: int, seed: int, rules: list[str]) -> None:
    """Train and test each rule, a line an epoch."""
    train, test = load_mnist("train"), load_mnist("test")
    for rule in rules:
        net = Matrices(ReleasedModel(learning=rule), seed)
        for epoch in range(1, epochs + 1):
            training = wrong(net, train.images, train.labels, True)
            tested = wrong(net, test.images, test.labels, False)
            print(f"{rule} seed {seed} epoch {epoch}: training {training:.2f}, test {tested:.2f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or [*ARMS][:4])
