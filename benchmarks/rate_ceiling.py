"""What the flagship network could reach without spikes: its rate model in plain numpy, with and without SBP.

`sbp_brian.models.rate_reference` on MNIST, 784-500-10, batches of 10. Run from the checkout:

    python -m benchmarks.rate_ceiling [EPOCHS [SEEDS [ARM ...]]]

The rates of each arm are those with the best validation score (5,000 images) after 3 epochs of 10,000 training images,
seed 0, among `OUTPUT` and multiples of it for the hidden layer. Then it learns from the first 55,000 training images,
and the test images are shown once for each seed, with the weights after the last epoch.
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
import tempfile

import numpy as np

from benchmarks._common import mnist_patterns
from sbp_brian.models.rate_reference import RateReference
from sbp_brian.numpy_training import NumpyTraining, Patterns

BATCH, DECAY = 10, 0.75
#: Rates of the output, and by how much the hidden layer's is larger in each arm.
OUTPUT = (0.05, 0.1, 0.2)
HIDDEN = {"backpropagation": (1,), "weighted/activity": (1,), "weighted": (1, 4), "change": (1e-3, 1e-2),
          "frozen": (0,), "shuffled-labels": (1,)}


def trained(samples: Patterns, arm: str, rates: tuple[float, float], epochs: int, seed: int) -> NumpyTraining:
    """A training that is done; rates of the hidden and of the output layer are steps along a batch's mean change."""
    model = RateReference((784, 500, 10), arm, rate_hidden=rates[0], rate_output=rates[1], momentum=0.0)
    if arm == "shuffled-labels":
        samples = samples.with_shuffled_training_targets(seed)
    with tempfile.TemporaryDirectory() as folder:
        training = NumpyTraining(model, samples, folder, seed=seed, batch=BATCH, decay=DECAY)
        training.run(epochs)
    return training


def chosen(samples: Patterns, arm: str) -> tuple[float, float]:
    """The rates with the best validation score."""
    few = dataclasses.replace(samples, training=samples.training[:10_000])
    found = {}
    for output, more in itertools.product(OUTPUT, HIDDEN[arm]):
        rates = (output * more, output)
        found[rates] = trained(few, arm, rates, 3, 0).history[-1].validation
        print(f"{arm}, rates {rates}: validation {100 * found[rates]:.2f} %", flush=True)
    return max(found, key=found.get)


def main(epochs: int = 6, seeds: int = 3, arms: tuple[str, ...] = ()) -> None:
    """A line for each choice, then one for each arm."""
    samples = mnist_patterns()
    for arm in arms or HIDDEN:
        rates = chosen(samples, arm)
        done = [trained(samples, arm, rates, epochs, seed) for seed in range(seeds)]
        scores = {"training": [each.history[-1].training for each in done],
                  "validation": [each.history[-1].validation for each in done],
                  "test": [each.score(samples.test) for each in done]}
        text = ", ".join(f"{name} {100 * np.mean(values):.2f} +- {100 * np.std(values, ddof=min(1, seeds - 1)):.2f} %"
                         for name, values in scores.items())
        print(f"{arm}, rates {rates}, {epochs} epochs, {seeds} seeds: {text}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), tuple(sys.argv[3:]))
