"""NETtalk: the articulation of a letter from the seven letters around it, 189 -> 26, as the SBP authors set the task.

The score is the cosine of output and target, as in their code; settings are chosen on a tenth of the training windows,
and the test windows are shown once.

Source of the data: Sejnowski & Rosenberg 1987, Complex Systems 1:145; of the task: Zhang et al. 2021,
doi:10.1126/sciadv.abh0146.
"""

from __future__ import annotations

import numpy as np

from sbp_brian.datasets.nettalk import NETtalk, load_nettalk, nettalk_baselines
from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models.sbp_network import LEARNING as ARMS
from sbp_brian.protocols.benchmarks.learners import artificial, published
from sbp_brian.protocols.benchmarks.learners import sbp_network as spiking
from sbp_brian.training.scores import cosine_score
from sbp_brian.training.spiking import Samples


def run(context: Context) -> None:
    """Load, train, test once; the scores of predictors without a network stand beside."""
    p = context.parameters
    parts = {}
    splits = ("fit", "validation", "test") if p.hold_out else ("train", "validation", "test")
    for name, split in zip(("training", "validation", "test"), splits, strict=True):
        data = load_nettalk(split)
        n = min(p.train_samples or len(data), len(data)) if name == "training" else len(data)
        n = 0 if name == "validation" and not p.hold_out else n
        context.note(f"{name}: {n:,} of {data.provenance}")
        parts[name] = (data.inputs[:n], data.targets[:n])
    _train(context, parts, data.repeated)
    _baselines(context, data)


def _train(context: Context, parts, repeated: np.ndarray) -> None:
    p = context.parameters
    if p.model == "sbp_network":
        spiking.run(context, spiking_samples(context, parts), spiking.NETTALK, repeated)
        return
    if p.model == "sbp_published":
        published.run(context, spiking_samples(context, parts), "nettalk", repeated)
        return
    patterns = artificial.windows(parts)
    if p.arm == "shuffled-labels":
        patterns = patterns.with_shuffled_training_targets(context.seed)
    artificial.run(context, patterns, "nettalk", repeated)


def _baselines(context: Context, test: NETtalk) -> None:
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


def spiking_samples(context: Context, parts) -> Samples:
    """Windows for a spiking network: an active letter is a pixel at full intensity."""
    targets = np.concatenate([parts[name][1] for name in ("training", "validation", "test")])
    arrays = {name: (255 * inputs, np.zeros(len(inputs), int)) for name, (inputs, _) in parts.items()}
    samples = Samples.join(arrays, classes=1, targets=targets)
    shuffled = context.parameters.arm == "shuffled-labels"
    return samples.with_shuffled_training_labels(context.seed) if shuffled else samples


PROTOCOL = Protocol(
    name="nettalk",
    title="Pronunciation of a letter among its neighbours",
    kind="benchmark",
    source=Source("Sejnowski & Rosenberg (1987) Complex Systems 1:145"),
    parameters={
        "model": Parameter(
            "sbp_perceptron",
            choices=("sbp_network", "sbp_published", *artificial.MODELS),
            help="spike counts (sbp_network), the released model, or an artificial network",
        ),
        "arm": Parameter(
            "own",
            choices=("own", *dict.fromkeys([*ARMS, *published.ARMS, *artificial.ARMS])),
            help="how hidden layers learn; own: weighted/activity (sbp_network), the model's",
        ),
        "epochs": Parameter(15, minimum=1, maximum=1000, help="times all training windows are shown"),
        "hidden": Parameter(0, minimum=0, maximum=100_000, help="hidden units; 0: 500"),
        "lambda_p": Parameter(1.0, minimum=0.001, maximum=1.0, help="share of input synapses that take part"),
        "lambda_f": Parameter(1.0, minimum=0.0, maximum=1.0, help="share of the signal that they express"),
        "rate_hidden": Parameter(-1.0, minimum=-1.0, maximum=1e6, help="rate of the hidden layer; -1: the arm's"),
        "rate_output": Parameter(-1.0, minimum=-1.0, maximum=1e6, help="rate of the output layer; -1: the arm's"),
        "decay": Parameter(0.9, minimum=0.01, maximum=1.0, help="factor on both rates after each epoch"),
        "hold_out": Parameter(True, help="hold the validation windows out; no: train on all 5,033"),
        "train_samples": Parameter(0, minimum=0, help="training windows; 0: all"),
        **artificial.PARAMETERS,
        **spiking.PARAMETERS,
        **published.PARAMETERS,
    },
    quick={"epochs": 3},
    full={"epochs": 20},
    run=run,
    figures=("artificial",),
)
