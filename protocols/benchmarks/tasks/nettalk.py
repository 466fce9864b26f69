"""NETtalk: the articulation of a letter from the seven letters around it, 189 -> 26, as the SBP authors set the task.

The score is the cosine of output and target, as in their code; settings are chosen on a tenth of the training windows,
and the test windows are shown once. An active letter is an input at full intensity.

Source of the data: Sejnowski & Rosenberg 1987, Complex Systems 1:145; of the task: Zhang et al. 2021,
doi:10.1126/sciadv.abh0146.
"""

from __future__ import annotations

import numpy as np

from sbp_brian.datasets.nettalk import load_nettalk, nettalk_baselines
from sbp_brian.experiments.protocol import Context, Parameter, Source
from sbp_brian.protocols.benchmarks.learners import artificial, published, sbp_network
from sbp_brian.protocols.benchmarks.learning import Data
from sbp_brian.protocols.benchmarks.task import Offer, Task
from sbp_brian.training.samples import Samples
from sbp_brian.training.scores import cosine_score

__all__ = ["OFFERS", "PROTOCOL", "TASK"]

QUICK = {"epochs": 3}
USUAL = {"epochs": 15, "decay": 0.9}
NOTEBOOK = "read: typed into the authors' notebook; another measure"


def load(context: Context) -> Data:
    """The windows, and which of the test windows occur among those for training."""
    p = context.parameters
    arrays, targets = {}, []
    splits = ("fit", "validation", "test") if p.hold_out else ("train", "validation", "test")
    for name, split in zip(("training", "validation", "test"), splits, strict=True):
        data = load_nettalk(split)
        n = min(p.train_samples or len(data), len(data)) if name == "training" else len(data)
        n = 0 if name == "validation" and not p.hold_out else n
        context.note(f"{name}: {n:,} of {data.provenance}")
        arrays[name] = (255 * data.inputs[:n], np.zeros(n, int))
        targets.append(data.targets[:n])
    samples = Samples.join(arrays, classes=1, targets=np.concatenate(targets))
    return Data(samples, repeated=data.repeated)


def beside(context: Context, data: Data) -> None:
    """The scores of predictors without a network."""
    test = load_nettalk("test")
    outputs = nettalk_baselines(load_nettalk("train"), test)
    rows = [
        (
            name,
            round(cosine_score(out, test.targets).mean, 4),
            round(cosine_score(out[~test.repeated], test.targets[~test.repeated]).mean, 4),
        )
        for name, out in outputs.items()
    ]
    context.table(
        "predictors without a network (5,033 training windows)",
        ("predictor", "test cosine", "without windows that occur in training"),
        rows,
    )


SPIKING_RATES = {
    **sbp_network.RATES,
    "weighted/activity": (20.0, 0.003),
    "strength/activity": (2.0, 0.003),
    "bit": (0.001, 0.003),
    "frozen": (0.0, 0.003),
    "shuffled-labels": (20.0, 0.003),
}
OFFERS = {
    "sbp_perceptron": Offer(
        artificial.PERCEPTRON,
        {**USUAL, "batch": 20, "rate_hidden": 0.05, "rate_output": 0.05, "drop_hidden": 0.3},
        {
            "weighted": {"rate_hidden": 0.3},
            "change": {"rate_hidden": 3e-4, "rate_output": 0.2},
            "relative": {"rate_hidden": 1e-3, "rate_output": 0.2},
            "feedback-alignment": {"rate_hidden": 0.1},
            "direct-feedback-alignment": {"rate_hidden": 0.1},
            "frozen": {"rate_output": 0.2},
        },
        without=("jitter",),
        quick=QUICK,
        bands={"weighted/activity": {15: 0.90}},
        whole=4_500,
    ),
    "sbp_spiking_perceptron": Offer(
        artificial.SPIKING_PERCEPTRON,
        {**USUAL, "batch": 20, "rate_hidden": 3e-3, "rate_output": 3e-3},
        {"surrogate": {"rate_hidden": 1e-2}},
        network={"encoding": "constant"},
        without=("jitter",),
        quick=QUICK,
        full={"learning": "weighted/activity", "epochs": 12, "decay": 0.87},
        published={
            "pseudo-bp": {"paper_value": 0.9027, "provenance": "read: authors' notebook, as for MNIST; another measure"}
        },
    ),
    "sbp_energy": Offer(
        artificial.ENERGY,
        {**USUAL, "batch": 5},
        artificial.ENERGY_BY_LEARNING,
        without=("jitter",),
        quick=QUICK,
        full={
            "free_steps": 20,
            "nudged_steps": 4,
            "rate_hidden": 0.15,
            "rate_output": 0.075,
            "running_mean": 0.999,
            "epochs": 16,
            "decay": 0.92,
        },
        published={
            "sbp": {"paper_value": 0.8301, "provenance": NOTEBOOK},
            "without-sbp": {"paper_value": 0.8205, "provenance": NOTEBOOK},
        },
    ),
    "rbm": Offer(
        artificial.RBM,
        {**USUAL, "batch": 20, "rate_hidden": 0.05},
        network={"labels": "binary"},
        without=("jitter",),
        quick=QUICK,
    ),
    "sbp_network": Offer(
        sbp_network.LEARNER,
        USUAL,
        sbp_network.rates(SPIKING_RATES, drop_hidden=0.3, homeostasis=1e-5),
        without=sbp_network.IMAGES,
        quick=QUICK,
        published=sbp_network.paper(0.856),
        bands={"weighted/activity": {15: 0.905}},
        whole=4_530,
        tested=500,
    ),
    "sbp_published": Offer(
        published.LEARNER,
        {"epochs": 15, "batch": 1},
        quick=QUICK,
        full={"epochs": 5, "hold_out": False, "test_each_epoch": True},
        published=published.paper(0.8426, 0.8558),
    ),
}

TASK = Task(
    name="nettalk",
    title="Pronunciation of a letter among its neighbours",
    source=Source("Sejnowski & Rosenberg (1987) Complex Systems 1:145"),
    parameters={
        "hold_out": Parameter(True, help="hold the validation windows out; no: train on all 5,033"),
        "train_samples": Parameter(None, kind=int, minimum=1, help="training windows; none: all"),
    },
    load=load,
    offers=OFFERS,
    figures=("artificial",),
    beside=beside,
)
PROTOCOL = TASK.protocol()
