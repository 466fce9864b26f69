"""Fashion-MNIST: articles of clothing, by single spike times or by spike counts.

Settings of single spike times were chosen on validation images (docs/stdbp.md); those of ``model=sbp_network`` are
MNIST's. The test set is shown once.

Source of the data: Xiao, Rasul & Vollgraf 2017, doi:10.48550/arXiv.1708.07747.
"""

from __future__ import annotations

from sbp_brian.datasets import load_fashion_mnist
from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models import sbp_network
from sbp_brian.models.stdbp import LEARNING as ARMS
from sbp_brian.protocols.benchmarks.learners import sbp_network as spiking
from sbp_brian.protocols.benchmarks.learners import stdbp
from sbp_brian.training.spiking import Samples


def run(context: Context) -> None:
    """Load, train, test once."""
    p = context.parameters
    parts = {}
    for name, split in (("training", "fit"), ("validation", "validation"), ("test", "test")):
        data = load_fashion_mnist(split)
        n = min(p.train_samples or len(data), len(data)) if name == "training" else len(data)
        context.note(f"{name}: {n:,} of {data.provenance}")
        parts[name] = data.images[:n], data.labels[:n]
    samples = Samples.join(parts, classes=10)
    if p.arm == "shuffled-labels":
        samples = samples.with_shuffled_training_labels(context.seed)
    if p.model == "sbp_network":
        spiking.run(context, samples, spiking.FASHION)
        return
    stdbp.run(context, samples, stdbp.FASHION)


PROTOCOL = Protocol(
    name="fashion-mnist",
    title="Articles of clothing, by single spike times",
    kind="benchmark",
    source=Source("Xiao, Rasul & Vollgraf (2017) arXiv:1708.07747", "10.48550/arXiv.1708.07747"),
    parameters={
        "model": Parameter("stdbp", choices=("stdbp", "sbp_network"), help="single spike times, or spike counts"),
        "arm": Parameter(
            "own",
            choices=("own", *dict.fromkeys([*ARMS, *sbp_network.LEARNING])),
            help="how hidden layers learn; own: exact (stdbp), weighted/activity (sbp_network)",
        ),
        "epochs": Parameter(6, minimum=1, maximum=1000, help="times all training images are shown"),
        "hidden": Parameter(0, minimum=0, maximum=100_000, help="hidden cells; 0: 1000 (stdbp), 500 (sbp_network)"),
        "rate_hidden": Parameter(-1.0, minimum=-1.0, maximum=1e6, help="learning rate of the hidden layer; -1: own"),
        "rate_output": Parameter(-1.0, minimum=-1.0, maximum=1e6, help="learning rate of the output layer; -1: own"),
        "decay": Parameter(0.7, minimum=0.01, maximum=1.0, help="factor on both rates after each epoch"),
        "robustness": Parameter(False, help="test with displaced, missing spikes and inexact weights too"),
        "train_samples": Parameter(0, minimum=0, maximum=55_000, help="training images; 0: all"),
        "depth": Parameter(1, minimum=1, maximum=8, help="hidden layers"),
        "lambda_p": Parameter(
            1.0, minimum=0.001, maximum=1.0, help="sbp_network: share of input synapses that take part"
        ),
        "lambda_f": Parameter(1.0, minimum=0.0, maximum=1.0, help="sbp_network: share of the signal that they express"),
        **spiking.PARAMETERS,
        **stdbp.PARAMETERS,
    },
    quick={"epochs": 2, "train_samples": 20_000},
    run=run,
    figures=("stdbp-learning",),
)
