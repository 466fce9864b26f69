"""Fashion-MNIST: articles of clothing, by single spike times or by spike counts.

Settings of single spike times were chosen on validation images (docs/stdbp.md); those of ``model=sbp_network`` are
MNIST's. The test set is shown once.

Source of the data: Xiao, Rasul & Vollgraf 2017, doi:10.48550/arXiv.1708.07747.
"""

from __future__ import annotations

from sbp_brian.datasets import load_fashion_mnist
from sbp_brian.datasets.mnist import read_once
from sbp_brian.experiments.protocol import Context, Parameter, Source
from sbp_brian.models.stdbp.options import Cells, Weights
from sbp_brian.protocols.benchmarks.learners import sbp_network, stdbp, stdbp_conv
from sbp_brian.protocols.benchmarks.learning import Data
from sbp_brian.protocols.benchmarks.task import Offer, Task
from sbp_brian.training.samples import Samples

__all__ = ["PROTOCOL", "TASK"]

QUICK = {"epochs": 2, "train_samples": 20_000}
USUAL = {"epochs": 6, "decay": 0.7}


def load(context: Context) -> Data:
    """The images that the run was asked for, with a note of what they are."""
    parts, splits = {}, {"training": "fit", "validation": "validation", "test": "test"}
    with read_once():
        found = {name: load_fashion_mnist(split) for name, split in splits.items()}
    for name, data in found.items():
        n = min(context.parameters.train_samples or len(data), len(data)) if name == "training" else len(data)
        context.note(f"{name}: {n:,} of {data.provenance}")
        parts[name] = data.images[:n], data.labels[:n]
    return Data(Samples.join(parts, classes=10))


TASK = Task(
    name="fashion-mnist",
    title="Articles of clothing, by single spike times",
    source=Source("Xiao, Rasul & Vollgraf (2017) arXiv:1708.07747", "10.48550/arXiv.1708.07747"),
    parameters={
        "train_samples": Parameter(None, kind=int, minimum=1, maximum=55_000, help="training images; none: all"),
    },
    load=load,
    offers={
        "stdbp": Offer(
            stdbp.LEARNER,
            {**USUAL, "hidden": 1000, "drop_input": 0.05},
            network={"cells": Cells(kappa=20.0), "weights": Weights(mean=3.0)},
            quick=QUICK,
            published=stdbp.published("784-1000-10, second hand"),
            bands={"exact": {6: 0.88}},
            whole=54_000,
        ),
        "stdbp_conv": Offer(
            stdbp_conv.LEARNER,
            USUAL,
            network={"image": (28, 28), "cells": Cells(kappa=20.0)},
            quick=QUICK,
        ),
        "sbp_network": Offer(
            sbp_network.LEARNER,
            USUAL,
            sbp_network.rates(sbp_network.RATES),
            quick=QUICK,
            full={"epochs": 14, "decay": 0.85, "average": 3},
        ),
    },
    figures=("stdbp-learning",),
)
PROTOCOL = TASK.protocol()
