"""What the flagship network could reach without spikes: its rate model in plain numpy, with and without SBP.

`sbp_brian.models.sbp_network.rate_reference` with 500 hidden units, batches of 10. Run from the checkout:

    python -m benchmarks.rate_ceiling [TASK [EPOCHS [SEEDS [LEARNING ...]]]]

TASK is mnist, fashion-mnist, nettalk, dvsgesture or mnist-2000 (2,000 hidden units; its result is written as that of
the recipe far-ceiling). Its rates are those with the best validation score of a
short training (`Task.choosing`), seed 0, among `OUTPUT` and multiples of it for the hidden layer. Then it learns from
all training samples, and the test samples are shown once for each seed, with the weights after the last epoch.
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace

import numpy as np

from benchmarks._common import mnist_patterns, write
from sbp_brian import protocols
from sbp_brian.datasets import load_fashion_mnist
from sbp_brian.experiments.results import Number, over_seeds
from sbp_brian.models.sbp_network.rate_reference import RateReference
from sbp_brian.protocols.benchmarks.learners.artificial import patterns
from sbp_brian.protocols.benchmarks.tasks import dvsgesture, nettalk
from sbp_brian.training.batches import NumpyTraining, Patterns
from tools.measure import commit

BATCH = 10
#: Rates of the output, and by how much the hidden layer's is larger for each.
OUTPUT = (0.02, 0.05, 0.1, 0.2, 0.4)
HIDDEN = {
    "backpropagation": (1,),
    "weighted/activity": (1,),
    "weighted": (1, 4),
    "change": (1e-3, 1e-2),
    "frozen": (0,),
    "shuffled-labels": (1,),
}


@dataclass(frozen=True)
class Task:
    """One data set.

    Parameters
    ----------
    load : callable
        Gives the samples, validation samples among them.
    epochs, decay : int, float
        Epochs, where none are given, and the factor on both rates after each.
    choosing : (int, int)
        Training samples (0: all) and epochs by which rates are chosen.
    settings : dict
        More of `RateReference`.
    whole : callable, optional
        Gives the samples to learn from once rates are chosen, where validation samples are then learned from too.
    hidden : int
        Hidden units.
    recipe : str
        Whose result is written; empty: it is told alone.
    """

    load: Callable[[], Patterns]
    epochs: int
    decay: float
    choosing: tuple[int, int] = (10_000, 3)
    settings: dict = field(default_factory=dict)
    whole: Callable[[], Patterns] | None = None
    hidden: int = 500
    recipe: str = ""


def gestures(hold_out: bool = True) -> Patterns:
    """Windows of 50 ms of the ten recordings, as the protocol ``dvsgesture`` shows them."""
    asked = protocols.get("dvsgesture").resolve(hold_out=hold_out)
    samples = dvsgesture.load_windows(SimpleNamespace(parameters=asked, seed=0, note=lambda text: None)).samples
    return patterns(samples)


def windows() -> Patterns:
    """NETtalk, a tenth of the training windows held out."""
    asked = protocols.get("nettalk").resolve()
    return patterns(nettalk.load(SimpleNamespace(parameters=asked, seed=0, note=lambda text: None)).samples)


TASKS = {
    "mnist": Task(mnist_patterns, 6, 0.75),
    "fashion-mnist": Task(partial(mnist_patterns, load=load_fashion_mnist), 8, 0.8),
    "nettalk": Task(windows, 15, 0.9, (0, 5), {"drop_hidden": 0.3}),
    "mnist-2000": Task(mnist_patterns, 12, 0.8, hidden=2000, recipe="far-ceiling"),
    "dvsgesture": Task(gestures, 30, 0.95, (0, 30), whole=partial(gestures, hold_out=False)),
}


def trained(task: Task, samples: Patterns, learning: str, rates: tuple[float, float], epochs: int, seed: int):
    """A training that is done; rates of the hidden and of the output layer are steps along a batch's mean change."""
    layers = (samples.inputs.shape[1], task.hidden, samples.targets.shape[1])
    model = RateReference(layers, learning, rate_hidden=rates[0], rate_output=rates[1], momentum=0.0, **task.settings)
    if learning == "shuffled-labels":
        samples = samples.with_shuffled_training_targets(seed)
    with tempfile.TemporaryDirectory() as folder:
        training = NumpyTraining(model, samples, folder, seed=seed, batch=BATCH, decay=task.decay)
        training.run(epochs)
    return training


def chosen(task: Task, samples: Patterns, learning: str) -> tuple[float, float]:
    """The rates with the best validation score."""
    n, epochs = task.choosing
    few = dataclasses.replace(samples, training=samples.training[: n or None])
    found = {}
    for output, more in itertools.product(OUTPUT, HIDDEN[learning]):
        rates = (output * more, output)
        found[rates] = trained(task, few, learning, rates, epochs, 0).history[-1].validation
        print(f"{learning}, rates {rates}: validation {100 * found[rates]:.2f} %", flush=True)
    return max(found, key=found.get)


def main(name: str = "mnist", epochs: int = 0, seeds: int = 3, *rules: str) -> None:
    """A line for each choice, then one for each result."""
    if name not in TASKS:
        sys.exit(f"{name} is none of {', '.join(TASKS)}")
    task = TASKS[name]
    here, cells = commit() if task.recipe else "", {}
    held = task.load()
    samples, epochs = task.whole() if task.whole else held, epochs or task.epochs
    for learning in rules or HIDDEN:
        rates = chosen(task, held, learning)
        done = [trained(task, samples, learning, rates, epochs, seed) for seed in range(seeds)]
        scores = {
            "while learning": [each.history[-1].running for each in done],
            "validation": [each.history[-1].validation for each in done],
            "test": [each.score(samples.test) for each in done],
        }
        text = ", ".join(
            f"{part} {100 * np.mean(values):.2f} +- {100 * np.std(values, ddof=min(1, seeds - 1)):.2f} %"
            for part, values in scores.items()
        )
        print(f"{name}, {learning}, rates {rates}, {epochs} epochs, {seeds} seeds: {text}", flush=True)
        scores = {
            "running_accuracy" if part == "while learning" else f"{part}_accuracy": scores[part] for part in scores
        }
        cells[f"learning={learning}"] = {
            metric: Number(**over_seeds({str(seed): float(value) for seed, value in enumerate(values)}))
            for metric, values in scores.items()
        } | {"rate_output": rates[1]}
    if task.recipe:
        write(task.recipe, here, cells)


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:4]), *sys.argv[4:])
