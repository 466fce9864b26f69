"""Yin-Yang: three classes of points in a disc, which a linear classifier does not tell apart; by single spike times.

Source: Kriener, Göltz & Petrovici 2022, NICE, doi:10.1145/3517343.3517380. Made anew from its definition: 5,000 points
to learn, 1,000 to choose settings, 1,000 to test, each from a seed of its own that does not depend on the run's.
"""

from __future__ import annotations

from sbp_brian.datasets.yin_yang import yin_yang
from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models.stdbp import LEARNING as ARMS
from sbp_brian.protocols.benchmarks.learners import sbp_network as spiking
from sbp_brian.protocols.benchmarks.learners import stdbp
from sbp_brian.training.spiking import Samples

TASK = stdbp.Task(
    hidden=120,
    settings={"batch": 50, "rate_hidden": 0.005, "rate_output": 0.005, "mean": 2.0, "spread": 2.0, "kappa": 20.0},
    paper_value=stdbp.NOT_VERIFIED,
    provenance="not verified: Göltz et al. 2021, spiking hardware, 120 hidden cells",
    band=0.97,
    whole=5000,
    epochs=60,
)


def run(context: Context) -> None:
    """Make the points, train, test once."""
    p = context.parameters
    parts = {
        name: yin_yang(n, seed)
        for name, n, seed in (("training", p.train_samples, 1), ("validation", 1000, 2), ("test", 1000, 3))
    }
    samples = Samples.join(parts, classes=3)
    if p.arm == "shuffled-labels":
        samples = samples.with_shuffled_training_labels(context.seed)
    stdbp.run(context, samples, TASK)


PROTOCOL = Protocol(
    name="yin-yang",
    title="Points of three interlocked classes, by single spike times",
    kind="benchmark",
    source=Source("Kriener, Göltz & Petrovici (2022) NICE", "10.1145/3517343.3517380"),
    parameters={
        "model": Parameter("stdbp", choices=("stdbp",), help="single spike times"),
        "arm": Parameter("own", choices=("own", *ARMS), help="how the hidden layer learns; own: exact"),
        "epochs": Parameter(60, minimum=1, maximum=10_000, help="times all training points are shown"),
        "hidden": Parameter(0, minimum=0, maximum=100_000, help="hidden cells; 0: 120"),
        "rate_hidden": Parameter(-1.0, minimum=-1.0, maximum=1e6, help="learning rate of the hidden layer; -1: own"),
        "rate_output": Parameter(-1.0, minimum=-1.0, maximum=1e6, help="learning rate of the output layer; -1: own"),
        "decay": Parameter(0.94, minimum=0.01, maximum=1.0, help="factor on both rates after each epoch"),
        "robustness": Parameter(False, help="test with displaced, missing spikes and inexact weights too"),
        "train_samples": Parameter(5000, minimum=1, help="training points"),
        "depth": Parameter(1, minimum=1, maximum=8, help="hidden layers"),
        **{name: spiking.PARAMETERS[name] for name in ("drop_input", "average")},
        **stdbp.PARAMETERS,
    },
    quick={"epochs": 20, "decay": 0.9},
    full={"epochs": 150},
    run=run,
    figures=("stdbp-learning",),
)
