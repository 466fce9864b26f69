"""MNIST: handwritten digits, a spiking network, a hidden layer that learns by nothing but self-backpropagation.

Settings were chosen on the validation images (the last 5,000 training images), never on the test set; docs/mnist.md has
the table of what was tried, docs/stdbp.md, docs/decolle.md, docs/artificial.md and docs/published.md those of the other
models. ``hold_out=no`` trains on all 60,000 images, with the settings chosen before.

Source of the task as a test of SBP: Zhang et al. 2021, doi:10.1126/sciadv.abh0146; of the data: LeCun, Bottou, Bengio &
Haffner 1998, doi:10.1109/5.726791.
"""

from __future__ import annotations

import numpy as np
from brian2 import ms

from sbp_brian.datasets import load_mnist
from sbp_brian.datasets.mnist import read_once
from sbp_brian.experiments.protocol import Context, Parameter, Source
from sbp_brian.models.decolle.cell import DecolleCell
from sbp_brian.protocols.benchmarks.learners import artificial, decolle, published, sbp_network, stdbp, stdbp_conv
from sbp_brian.protocols.benchmarks.learning import Data
from sbp_brian.protocols.benchmarks.task import Offer, Task
from sbp_brian.training.samples import Samples

__all__ = ["OFFERS", "PROTOCOL", "TASK"]

IMAGES = 55_000
QUICK = {"epochs": 2, "train_samples": 20_000, "validation_samples": 2_000}
SHORT = {"epochs": 3, "decay": 0.75}
#: Of `Decolle`, chosen on validation images (docs/decolle.md).
LOCAL = {
    "readout_scale": 1.0,
    "cell": DecolleCell(tau_mem=6 * ms, tau_syn=3 * ms),
    "final": 0.02,
}
LOCAL_PAPER = {
    "paper_value": 0.957,
    "provenance": "read: NeuroTrain (arXiv 2605.15058), dense layers, 20 epochs; the paper's network is convolutional",
}


def load(context: Context) -> Data:
    """The images that the run was asked for, with a note of what they are."""
    p = context.parameters
    splits = {"training": "fit", "validation": "validation", "test": "test"}
    wanted = {"training": p.train_samples, "validation": p.validation_samples, "test": p.test_samples}
    arrays = {}
    with read_once():
        found = {name: load_mnist(split) for name, split in splits.items()}
    for name, data in found.items():
        n = min(wanted[name] or len(data), len(data))
        context.note(f"{name}: {n:,} of {data.provenance}")
        arrays[name] = (data.images[:n], data.labels[:n])
    if not p.hold_out:
        context.note("settings were chosen before, on the validation images; this run trains on them too")
        whole = [np.concatenate(pair) for pair in zip(arrays["training"], arrays["validation"], strict=True)]
        arrays["training"], arrays["validation"] = tuple(whole), tuple(a[:0] for a in arrays["validation"])
    return Data(Samples.join(arrays, classes=10))


OFFERS = {
    "sbp_network": Offer(
        sbp_network.LEARNER,
        SHORT,
        sbp_network.rates(sbp_network.RATES),
        parameters={"raster": sbp_network.RASTER},
        quick=QUICK,
        full={"epochs": 6, "raster": True},
        published=sbp_network.paper(0.9514),
        bands={"weighted/activity": {3: 0.980, 6: 0.982}},
        whole=IMAGES,
        tested=10_000,
    ),
    "stdbp": Offer(
        stdbp.LEARNER,
        {**SHORT, "hidden": 400, "drop_input": 0.15},
        quick=QUICK,
        full={"epochs": 7, "decay": 0.65},
        published=stdbp.published("784-400-10, second hand"),
        bands={"exact": {6: 0.98}},
        whole=IMAGES,
    ),
    "stdbp_conv": Offer(
        stdbp_conv.LEARNER,
        SHORT,
        network={"image": (28, 28)},
        quick=QUICK,
    ),
    "decolle": Offer(
        decolle.LEARNER,
        {"epochs": 3, "rate_hidden": 1.0},
        network=LOCAL,
        quick=QUICK,
        full={"epochs": 2},
        published={"local": LOCAL_PAPER},
        bands={"local": {2: 0.95}},
        whole=50_000,
    ),
    "decolle_conv": Offer(
        decolle.CONVOLUTIONAL,
        {"epochs": 3, "rate_hidden": 1.0},
        network={**LOCAL, "image": (1, 28, 28)},
        parameters={
            "steps": Parameter(
                60, minimum=11, maximum=1000, help="steps of 1 ms that an image is shown; 10 do not count"
            ),
            "input_rate": Parameter(500.0, unit="Hz", minimum=1.0, maximum=1000.0, help="of a white pixel"),
        },
        quick=QUICK,
        published={"local": LOCAL_PAPER},
    ),
    "sbp_published": Offer(
        published.LEARNER,
        {"epochs": 3, "batch": 50},
        quick=QUICK,
        full={"epochs": 2, "hold_out": False, "test_each_epoch": True},
        published=published.paper(0.9367, 0.9514),
    ),
    "sbp_perceptron": Offer(
        artificial.PERCEPTRON,
        {**SHORT, "batch": 100, "rate_hidden": 0.1, "rate_output": 0.1, "drop_input": 0.2, "drop_hidden": 0.25},
        {
            "change": {"rate_hidden": 3e-4},
            "relative": {"rate_hidden": 1e-4},
            "direct-feedback-alignment": {"rate_hidden": 0.02},
        },
        quick=QUICK,
        full={"epochs": 25, "decay": 0.87},
        bands={"weighted/activity": {20: 0.984}},
        whole=IMAGES,
    ),
    "sbp_spiking_perceptron": Offer(
        artificial.SPIKING_PERCEPTRON,
        {**SHORT, "batch": 100, "rate_hidden": 3e-3, "rate_output": 3e-3},
        {"weighted/activity": {"rate_hidden": 1e-3, "rate_output": 1e-3}},
        quick=QUICK,
        full={"learning": "weighted/activity", "epochs": 12, "decay": 0.8},
        published={
            "pseudo-bp": {
                "paper_value": 0.9865,
                "provenance": "read: authors' notebook, best epoch on the test set, 10 % of the time steps by the "
                "surrogate gradient",
            }
        },
    ),
    "sbp_energy": Offer(
        artificial.ENERGY,
        {**SHORT, "batch": 20},
        artificial.ENERGY_BY_LEARNING,
        quick=QUICK,
        full={
            "persistent": False,
            "free_steps": 8,
            "nudged_steps": 8,
            "beta": 0.5,
            "epsilon": 0.5,
            "rate_hidden": 0.3,
            "rate_output": 0.15,
            "drop_input": 0.1,
            "running_mean": 0.999,
            "epochs": 10,
            "decay": 0.85,
        },
        published={
            "sbp": {
                "paper_value": 0.9789,
                "provenance": "read: typed into the authors' notebook; one run, tested on its validation block",
            },
            "without-sbp": {
                "paper_value": 0.9758,
                "provenance": "read: typed into the authors' notebook; one run, as for sbp",
            },
        },
    ),
    "rbm": Offer(artificial.RBM, {**SHORT, "batch": 100, "rate_hidden": 0.05}, quick=QUICK),
}

TASK = Task(
    name="mnist",
    title="Handwritten digits; the hidden layer learns by nothing but SBP",
    source=Source("Zhang et al. (2021) Sci Adv 7:eabh0146", "10.1126/sciadv.abh0146"),
    parameters={
        "hold_out": Parameter(True, help="hold the validation images out; no: train on all 60,000"),
        "train_samples": Parameter(None, kind=int, minimum=1, maximum=55_000, help="training images; none: all"),
        "validation_samples": Parameter(None, kind=int, minimum=1, maximum=5_000, help="validation images; none: all"),
        "test_samples": Parameter(None, kind=int, minimum=1, maximum=10_000, help="test images; none: all"),
    },
    load=load,
    offers=OFFERS,
    figures=("mnist-learning", "artificial", "decolle-learning", "local-learning", "shared-kernels"),
)
PROTOCOL = TASK.protocol()
