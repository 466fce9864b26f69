"""What several benchmarks need."""

import functools
import resource
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2 import Quantity

from sbp_brian import targets
from sbp_brian.datasets import load_mnist
from sbp_brian.experiments.results import Number, Result
from sbp_brian.identity import versions
from sbp_brian.models.decolle import Decolle
from sbp_brian.training.batches import Patterns, one_hot
from sbp_brian.training.spiking import Presentation, TrialModel

ROOT = Path(__file__).parents[1]


def children_s() -> float:
    """Processor time of all finished programs that this one started (s)."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def mnist_patterns(images: int | None = None, load=load_mnist) -> Patterns:
    """MNIST (or what `load` loads) as its protocol divides it, with so many training images; None: all 55,000."""
    parts = {}
    for name, split in (("training", "fit"), ("validation", "validation"), ("test", "test")):
        data, n = load(split), images if name == "training" else None
        parts[name] = data.images[:n], one_hot(data.labels[:n], 10)
    return Patterns.join(parts, scale=1 / 255)


class Learner:
    """A network as a C++ program that learns the first of some samples.

    Parameters
    ----------
    trial : TrialModel
    images : ndarray
        As its presentation takes them.
    labels : ndarray of int
    """

    def __init__(self, trial: TrialModel, images: np.ndarray, labels: np.ndarray):
        self.trial, self.labels, self.n = trial, labels, len(labels)
        self.presentation = Presentation(images, self.n, trial.duration)
        make = functools.partial(trial.make, self.presentation)
        self.simulation = targets.Simulation(make, (self.n + 1) * trial.duration, "cpp").build()

    def run(
        self,
        n: int,
        order: np.ndarray | None = None,
        own: Mapping[str, Any] = MappingProxyType({}),
        duration: Quantity | None = None,
    ) -> tuple[targets.Result, float]:
        """What `n` samples gave, and the processor time that they took with all that a run takes (s).

        `order` has their numbers, the first ones where there is none; `own` are more run arguments; the network stops
        after `duration`, one sample's time after all of them where there is none.
        """
        order = np.arange(n) if order is None else order
        shown = self.presentation.settings(order, self.labels[order], np.ones(n))
        values = {**self.trial.initial(0), **self.trial.rates, **own, **shown}
        began = children_s()
        result = self.simulation.run(values, seed=0, duration=duration or (n + 1) * self.trial.duration)
        return result, children_s() - began

    def per_sample(self, n: int) -> tuple[targets.Result, float]:
        """What `n` samples gave, and the processor time of one of them (s): what a run takes with one is taken off."""
        (result, spent), (_, one) = self.run(n), self.run(1)
        return result, (spent - one) / (n - 1)

    def without_start(self, step: Quantity) -> tuple[targets.Result, float]:
        """What all samples gave, and the processor time of one of them (s): what a run of a step takes is taken off."""
        (_, start), (result, spent) = (self.run(self.n, duration=each) for each in (step, self.n * self.trial.duration))
        return result, (spent - start) / self.n


def mnist_spikes(images: np.ndarray, model: Decolle) -> np.ndarray:
    """Packed input spikes of images, as often as pixels are bright, drawn by one fixed seed."""
    share, rng = float(model.input_rate * model.step) / 255, np.random.default_rng(0)
    drawn = (rng.random((1, model.steps, 784)) < image * share for image in images.astype(float))
    return np.concatenate([Decolle.packed(one) for one in drawn])


def result(recipe: str, at: str, cells: Mapping[str, Mapping[str, Number | float]], **told: str) -> Result:
    """What a command measured.

    Parameters
    ----------
    recipe : str
    at : str
        The commit (`tools.measure.commit`), asked for before anything was measured; empty where it is not known.
    cells : mapping of str to mapping
        Cell -> metric -> its number; a plain one is that of seed 0.
    **told : str
        What else is to be known of the measurement.
    """
    measured = {"commit": at, "date": datetime.now(UTC).date().isoformat(), "versions": dict(versions()), **told}
    numbers = {name: {metric: _number(value) for metric, value in cell.items()} for name, cell in cells.items()}
    return Result(recipe, measured, numbers)


def write(recipe: str, at: str, cells: Mapping[str, Mapping[str, Number | float]], **told: str) -> None:
    """Write the committed result of a recipe, as of `result`."""
    path = ROOT / "recipes" / "results" / f"{recipe}.json"
    path.write_text(result(recipe, at, cells, **told).to_json(), encoding="utf-8")


def _number(value: Number | float) -> Number:
    return value if isinstance(value, Number) else Number(value, by_seed={"0": value})
