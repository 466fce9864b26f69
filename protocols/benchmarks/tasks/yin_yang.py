"""Yin-Yang: three classes of points in a disc, which a linear classifier does not tell apart; by single spike times.

Source: Kriener, Göltz & Petrovici 2022, NICE, doi:10.1145/3517343.3517380. Made anew from its definition: 5,000 points
to learn, 1,000 to choose settings, 1,000 to test, each from a seed of its own that does not depend on the run's. With
``data=published`` they are the points that were published, as many of each. ``hidden=30`` is the size of published
comparisons of single spike times; 120 that of the spiking hardware beside whose number ours stands.
"""

from __future__ import annotations

from sbp_brian.datasets.yin_yang import published_yin_yang, yin_yang
from sbp_brian.experiments.protocol import Context, Parameter, Source
from sbp_brian.models.stdbp.options import Cells, Weights
from sbp_brian.protocols.benchmarks.learners import stdbp
from sbp_brian.protocols.benchmarks.learning import Data
from sbp_brian.protocols.benchmarks.task import Offer, Task
from sbp_brian.training.samples import Samples

__all__ = ["PROTOCOL", "TASK"]


def load(context: Context) -> Data:
    """Make the points, or read those that were published."""
    p = context.parameters
    if p.data == "published":
        parts = {"training": "train", "validation": "validation", "test": "test"}
        read = {name: published_yin_yang(part) for name, part in parts.items()}
        read["training"] = tuple(values[: p.train_samples] for values in read["training"])
        context.note("the points are those that were published")
        return Data(Samples.join(read, classes=3))
    sizes = (("training", p.train_samples, 1), ("validation", 1000, 2), ("test", 1000, 3))
    return Data(Samples.join({name: yin_yang(n, seed) for name, n, seed in sizes}, classes=3))


TASK = Task(
    name="yin-yang",
    title="Points of three interlocked classes, by single spike times",
    source=Source("Kriener, Göltz & Petrovici (2022) NICE", "10.1145/3517343.3517380"),
    parameters={
        "data": Parameter("made", choices=("made", "published"), help="points made anew, or those that were published"),
        "train_samples": Parameter(5000, minimum=1, help="training points"),
    },
    load=load,
    offers={
        "stdbp": Offer(
            stdbp.LEARNER,
            {"epochs": 60, "decay": 0.94, "hidden": 120, "rate_hidden": 0.005, "rate_output": 0.005},
            network={"batch": 50, "cells": Cells(kappa=20.0), "weights": Weights(mean=2.0, spread=2.0)},
            without=("jitter",),
            quick={"epochs": 20, "decay": 0.9},
            published=stdbp.published("Göltz et al. 2021, spiking hardware, 120 hidden cells"),
            bands={"exact": {60: 0.97}},
            whole=5000,
        )
    },
    figures=("stdbp-learning",),
)
PROTOCOL = TASK.protocol()
