"""MNIST: handwritten digits, a spiking network, a hidden layer that learns by nothing but self-backpropagation.

Settings were chosen on the validation images (the last 5,000 training images), never on the test set; docs/mnist.md has
the table of what was tried. The test set is shown once, with the weights after the last epoch.
``hold_out=no`` trains on all 60,000 images, with the settings chosen before.

With ``model=sbp_published`` the network is the authors' own (`published`, docs/published.md).
With ``model=stdbp`` the network is one of single spike times instead (`sbp_brian.models.stdbp`, docs/stdbp.md); with
``model=sbp_perceptron`` and its relatives an artificial one (`artificial`, docs/artificial.md).
With ``model=decolle`` or ``decolle_conv`` every layer has a local loss of its own (`sbp_brian.models.decolle`,
docs/decolle.md).

Source of the task as a test of SBP: Zhang et al. 2021, doi:10.1126/sciadv.abh0146; of the data: LeCun, Bottou, Bengio &
Haffner 1998, doi:10.1109/5.726791.
"""

from __future__ import annotations

import numpy as np

from sbp_brian.datasets import load_mnist
from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models.decolle import LEARNING as DECOLLE_ARMS
from sbp_brian.models.sbp_network import LEARNING as ARMS
from sbp_brian.models.stdbp import LEARNING as STDBP_ARMS
from sbp_brian.protocols.benchmarks.learners import artificial, decolle, published, stdbp
from sbp_brian.protocols.benchmarks.learners import sbp_network as spiking
from sbp_brian.training.spiking import Samples


def load_samples(context: Context) -> Samples:
    """The images that the run was asked for, with a note of what they are."""
    p = context.parameters
    parts = {
        name: load_mnist(split) for name, split in (("training", "fit"), ("validation", "validation"), ("test", "test"))
    }
    wanted = {"training": p.train_samples, "validation": p.validation_samples, "test": p.test_samples}
    arrays = {}
    for name, data in parts.items():
        n = min(wanted[name], len(data)) or len(data)
        context.note(f"{name}: {n:,} of {data.provenance}")
        arrays[name] = (data.images[:n], data.labels[:n])
    if not p.hold_out:
        context.note("settings were chosen before, on the validation images; this run trains on them too")
        whole = [np.concatenate(pair) for pair in zip(arrays["training"], arrays["validation"], strict=True)]
        arrays["training"], arrays["validation"] = tuple(whole), tuple(a[:0] for a in arrays["validation"])
    samples = Samples.join(arrays, classes=10)
    return samples.with_shuffled_training_labels(context.seed) if p.arm == "shuffled-labels" else samples


def run(context: Context) -> None:
    """Train, validate after each epoch, test once, report."""
    p = context.parameters
    if p.model == "stdbp":
        stdbp.run(context, load_samples(context), stdbp.MNIST)
        return
    if p.model in ("decolle", "decolle_conv"):
        decolle.run(context, load_samples(context), decolle.MNIST)
        return
    if p.model in artificial.MODELS:
        artificial.run(context, artificial.digits(load_samples(context)), "mnist")
        return
    if p.model == "sbp_published":
        published.run(context, load_samples(context), "mnist")
        return
    spiking.run(context, load_samples(context), spiking.MNIST)


PROTOCOL = Protocol(
    name="mnist",
    title="Handwritten digits; the hidden layer learns by nothing but SBP",
    kind="benchmark",
    source=Source("Zhang et al. (2021) Sci Adv 7:eabh0146", "10.1126/sciadv.abh0146"),
    parameters={
        "model": Parameter(
            "sbp_network",
            choices=("sbp_network", "stdbp", "decolle", "decolle_conv", "sbp_published", *artificial.MODELS),
            help="spike counts, single spike times, local losses, the released model, or artificial",
        ),
        "arm": Parameter(
            "own",
            choices=("own", *dict.fromkeys([*ARMS, *STDBP_ARMS, *DECOLLE_ARMS, *published.ARMS, *artificial.ARMS])),
            help="how the hidden layer learns; own: the model's first",
        ),
        "epochs": Parameter(3, minimum=1, maximum=1000, help="times all training images are shown"),
        "hidden": Parameter(0, minimum=0, maximum=100_000, help="hidden cells; 0: the model's own, 500 or 400 (stdbp)"),
        "lambda_p": Parameter(1.0, minimum=0.001, maximum=1.0, help="share of input synapses that take part"),
        "lambda_f": Parameter(1.0, minimum=0.0, maximum=1.0, help="share of the signal that they express"),
        "rate_hidden": Parameter(-1.0, minimum=-1.0, maximum=1e6, help="rate of the hidden layer; -1: the arm's"),
        "rate_output": Parameter(-1.0, minimum=-1.0, maximum=1e6, help="rate of the output layer; -1: the arm's"),
        "decay": Parameter(0.75, minimum=0.01, maximum=1.0, help="factor on both rates after each epoch"),
        "hold_out": Parameter(True, help="hold the validation images out; no: train on all 60,000"),
        "robustness": Parameter(False, help="stdbp: test with displaced, missing spikes and inexact weights too"),
        "raster": Parameter(False, help="sbp_network: keep the spikes of three test images before and after learning"),
        "train_samples": Parameter(0, minimum=0, maximum=55_000, help="training images; 0: all"),
        "validation_samples": Parameter(0, minimum=0, maximum=5_000, help="validation images; 0: all"),
        "test_samples": Parameter(0, minimum=0, maximum=10_000, help="test images; 0: all"),
        **artificial.PARAMETERS,
        **spiking.PARAMETERS,
        **published.PARAMETERS,
        **stdbp.PARAMETERS,
        **decolle.PARAMETERS,
    },
    quick={"epochs": 2, "train_samples": 20_000, "validation_samples": 2_000},
    full={"epochs": 6, "raster": True},
    run=run,
    figures=("mnist-learning", "artificial", "decolle-learning", "local-learning"),
)
