"""The restricted Boltzmann machine with label units beside scikit-learn's BernoulliRBM: same data, same budget.

``python -m benchmarks.rbm_peer [images] [epochs] [seeds] [row ...]``; by default all of `ROWS`. Both learn the joint
distribution of image and label, and name a test image by the label whose free energy is least. scikit-learn knows no
groups of units: to it the ten labels are ten more pixels, so that ``pcd, binary labels`` is its algorithm; the others
are what label units that exclude one another, a chain that starts at the data, and momentum add to it. The rate of each
row is the best of `RATES` on validation images (seed 0, a fifth of the images, half of the epochs).
"""

from __future__ import annotations

import sys
import tempfile
import time

import numpy as np
from sklearn.neural_network import BernoulliRBM

from benchmarks._common import mnist_patterns
from sbp_brian.models.artificial.rbm import RBM
from sbp_brian.training.batches import NumpyTraining, Patterns

HIDDEN, BATCH = 500, 100
RATES = (0.02, 0.05, 0.1)
PLAIN = {"momentum": 0.0, "weight_decay": 0.0}
#: row -> settings of `RBM`; None: scikit-learn
ROWS = {
    "scikit-learn": None,
    "pcd, binary labels": {"learning": "pcd", "labels": "binary", **PLAIN},
    "pcd, softmax labels": {"learning": "pcd", **PLAIN},
    "cd, softmax labels": {"learning": "cd", **PLAIN},
    "cd, softmax labels, momentum 0.5": {"learning": "cd"},
    "pcd, softmax labels, momentum 0.5": {"learning": "pcd"},
    "frozen": {"learning": "frozen"},
}


class Learned(RBM):
    """An `RBM` whose training needs no posterior before each change, so that both peers do the same work."""

    def posterior(self, x):
        """Nothing is asked while it learns."""
        return np.zeros((len(x), self.layers[2]), self.dtype)


def learn(row: str, patterns: Patterns, rate: float, epochs: int, seed: int):
    """Train; weights (visible, hidden), biases of both, and seconds of processor time."""
    settings, began = ROWS[row], time.process_time()
    if settings is None:
        joint = np.concatenate([patterns.batch(patterns.training, np.float32), patterns.targets[patterns.training]], 1)
        peer = BernoulliRBM(HIDDEN, learning_rate=rate, batch_size=BATCH, n_iter=epochs, random_state=seed).fit(joint)
        return (peer.components_.T, peer.intercept_visible_, peer.intercept_hidden_), time.process_time() - began
    net = Learned((784, HIDDEN, 10), rate=rate, **settings)
    with tempfile.TemporaryDirectory() as folder:
        unscored = Patterns(
            patterns.inputs,
            patterns.targets,
            patterns.training,
            patterns.training[:0],
            patterns.training[:0],
            patterns.scale,
        )
        NumpyTraining(net, unscored, folder, seed=seed, batch=BATCH).run(epochs)
    return (net.arrays["W"], net.arrays["bv"], net.arrays["bh"]), time.process_time() - began


def accuracy(weights, patterns: Patterns, rows: np.ndarray) -> float:
    """Share of rows whose label has the least free energy."""
    w, visible, hidden = weights
    driven = patterns.batch(rows, np.float32) @ w[:784] + hidden
    scores = [visible[784 + k] + np.logaddexp(0, driven + w[784 + k]).sum(1) for k in range(10)]
    return float((np.argmax(scores, axis=0) == patterns.targets[rows].argmax(1)).mean())


def main(images: int = 20_000, epochs: int = 10, seeds: int = 3, *rows: str) -> None:
    """Print a table."""
    if wrong := set(rows) - set(ROWS):
        raise SystemExit(f"no row {', '.join(sorted(wrong))}; there are {'; '.join(ROWS)}")
    patterns, few = mnist_patterns(images), mnist_patterns(images // 5)
    print(f"{images:,} images, {epochs} epochs, {HIDDEN} hidden units, batches of {BATCH}, {seeds} seeds")
    for row in rows or ROWS:
        tried = {}
        for rate in RATES:
            weights, _ = learn(row, few, rate, max(1, epochs // 2), 0)
            tried[rate] = accuracy(weights, few, few.validation)
        rate = max(tried, key=tried.get)
        found, seconds = [], 0.0
        for seed in range(seeds):
            weights, took = learn(row, patterns, rate, epochs, seed)
            seconds += took
            found.append([100 * accuracy(weights, patterns, rows) for rows in (patterns.validation, patterns.test)])
        mean = np.mean(found, 0)
        spread = [f" +- {s:.2f}" for s in np.std(found, 0, ddof=1)] if seeds > 1 else ["", ""]
        told = ", ".join(f"{r:g}: {100 * a:.1f}" for r, a in tried.items())
        print(
            f"{row}: rate {rate:g} ({told}); validation {mean[0]:.2f}{spread[0]} %, test {mean[1]:.2f}"
            f"{spread[1]} %, {images * epochs * seeds / seconds:,.0f} images per second of processor time",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), *sys.argv[4:])
