"""N-MNIST: MNIST's digits seen by an event camera that makes three saccades, learned by local losses or by SBP.

32 x 32 pixels of two polarities, 300 steps of 1 ms (``model=decolle_conv`` takes fewer, longer ones). The digits hardly
test timing: counts of events a pixel tell most of it, which is why the linear classifier and the nearest mean on those
counts are part of every run, and why ``shuffle_time`` shows the steps of every digit in a random order.

With ``model=sbp_network`` the network of `sbp_brian.models.sbp_network` hears the same events, in steps of 5 ms.

Source: Orchard, Jayawant, Cohen & Thakor 2015, Front Neurosci 9:437, doi:10.3389/fnins.2015.00437.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import ms

from sbp_brian.datasets.nmnist import SIDE, load_nmnist, nmnist_small, packed_events
from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Parameters, Source
from sbp_brian.models.decolle.cell import DecolleCell
from sbp_brian.protocols.benchmarks import baselines
from sbp_brian.protocols.benchmarks.learners import decolle, sbp_network
from sbp_brian.protocols.benchmarks.learning import Data
from sbp_brian.protocols.benchmarks.task import Offer, Task
from sbp_brian.training.samples import Samples

__all__ = ["PROTOCOL", "TASK", "counts", "shuffled_in_time"]

LENGTH_US, STEPS, CELLS = 300_000, 300, 2 * SIDE * SIDE
#: Of `Decolle`: the rate was chosen of six on validation digits (docs/decolle.md); the rest is not tuned.
LOCAL = {
    "inputs": CELLS,
    "encoding": "spikes",
    "steps": STEPS,
    "burn_in": 60,
    "readout_scale": 1.0,
    "cell": DecolleCell(tau_mem=20 * ms, tau_syn=7 * ms),
    "final": 0.05,
}
LOCAL_PAPER = {
    "paper_value": 0.931,
    "provenance": "read: NeuroTrain (arXiv 2605.15058), dense layers, all 60,000 digits, 20 epochs",
}
#: Of ``model=sbp_network``; what was tried on validation digits is in docs/mnist.md. The other rates are MNIST's.
SPIKING_RATES = sbp_network.RATES | dict.fromkeys(("weighted/activity", "shuffled-labels"), (5.0, 0.0005))
#: Rows unpacked at a time.
_BLOCK = 100


def shuffled_in_time(bits: np.ndarray, seed: int, n_steps: int = STEPS) -> np.ndarray:
    """The same steps of every sample in a random order of its own; bits as `packed_events` gives them."""
    rng = np.random.default_rng([seed, 11])
    steps = bits.reshape(len(bits), n_steps, CELLS // 8)
    return np.array([sample[rng.permutation(n_steps)] for sample in steps]).reshape(bits.shape)


def counts(bits: np.ndarray, steps: int = STEPS) -> np.ndarray:
    """Spikes of each cell, over the sample's largest; shape (n, cells)."""
    blocks = []
    for first in range(0, len(bits), _BLOCK):
        block = bits[first : first + _BLOCK]
        blocks.append(np.unpackbits(block, axis=1).reshape(len(block), steps, CELLS).sum(1, dtype=np.float32))
    found = np.concatenate(blocks)
    return found / np.maximum(found.max(1, keepdims=True), 1)


def load(context: Context) -> Data:
    """Read the events of the digits that the run was asked for, with a note of what they are."""
    p = context.parameters
    steps = _steps(p)
    read = {"small": nmnist_small, "official": load_nmnist}[p.data]
    train, test = read("train")[: p.train_samples], read("test")[: p.test_samples]
    held = len(train) // 5 if p.hold_out else 0
    context.note(
        f"training: {len(train) - held:,} digits of N-MNIST ({p.data}); validation: the next {held:,}; test: "
        f"{len(test):,}; {SIDE} x {SIDE} pixels, {steps} steps of {LENGTH_US / steps / 1000:g} ms"
    )
    with context.progress("reading events", "preparing_s"):
        (bits, labels), tested = (packed_events(clips, steps, LENGTH_US // steps) for clips in (train, test))
    cut = len(train) - held
    samples = Samples.join(
        {"training": (bits[:cut], labels[:cut]), "validation": (bits[cut:], labels[cut:]), "test": tested}, classes=10
    )
    if p.shuffle_time:
        context.note("the steps of every digit, of training and of test, come in a random order of its own")
        samples = replace(samples, images=shuffled_in_time(samples.images, context.seed, steps))
    return Data(samples, features=counts(samples.images, steps), network=_inputs(p))


def _inputs(p: Parameters) -> dict[str, Any]:
    """What the events settle of the networks whose steps are a parameter."""
    if "steps" not in p:
        return {}
    step = LENGTH_US / p.steps / 1000 * ms
    if p.model == "sbp_network":
        return {"n_input": CELLS, "step": step, "input": "spikes"}
    return {"step": step, "burn_in": p.steps // 5, "input_rate": 1 / step}  # a rate of no account: samples are spikes


def _steps(p: Parameters) -> int:
    """In how many steps a digit is shown."""
    steps = p.get("steps", STEPS)
    if LENGTH_US % steps:
        raise ParameterError(f"steps={steps} does not divide the {LENGTH_US:,} us of a digit; take 30, 60, 100 or 300")
    return steps


def beside(context: Context, data: Data) -> None:
    """Classifiers without hidden cells on the counts; those of ``model=decolle`` stand beside its layers."""
    if context.parameters.model == "sbp_network":
        baselines.report(context, data.samples, data.features, "on the counts of the same training and test samples")


QUICK = {"epochs": 2, "train_samples": 500}
TASK = Task(
    name="nmnist",
    title="Digits seen by a moving event camera, by local losses or SBP",
    source=Source("Orchard, Jayawant, Cohen & Thakor (2015) Front Neurosci 9:437", "10.3389/fnins.2015.00437"),
    parameters={
        "data": Parameter("small", choices=("small", "official"), help="1,000 + 100 digits, or 60,000 + 10,000"),
        "shuffle_time": Parameter(False, help="control: show the steps of every digit in a random order"),
        "hold_out": Parameter(True, help="hold a fifth of the training digits out for validation"),
        "train_samples": Parameter(None, kind=int, minimum=1, help="training digits, validation among them; none: all"),
        "test_samples": Parameter(None, kind=int, minimum=1, help="test digits; none: all"),
    },
    load=load,
    offers={
        "decolle": Offer(
            decolle.LEARNER,
            {"epochs": 8, "rate_hidden": 0.3},
            network=LOCAL,
            quick=QUICK,
            full={"epochs": 20},
            published={"local": LOCAL_PAPER},
        ),
        "decolle_conv": Offer(
            decolle.CONVOLUTIONAL,
            {"epochs": 8, "rate_hidden": 0.3},
            network={**LOCAL, "image": (2, SIDE, SIDE)},
            parameters={
                "steps": Parameter(
                    STEPS, minimum=30, maximum=STEPS, help="equal steps of a digit; the first fifth does not count"
                ),
            },
            quick=QUICK,
            full={"epochs": 3},
            published={"local": LOCAL_PAPER},
        ),
        "sbp_network": Offer(
            sbp_network.LEARNER,
            {"epochs": 8, "decay": 0.95, "steps": 60},
            sbp_network.rates(SPIKING_RATES, drop_hidden=0.3, homeostasis=1e-5),
            parameters={
                "input_rate": Parameter(
                    0.05, minimum=0.001, maximum=1.0, help="spikes a step of a cell at full intensity"
                )
            },
            without=("input", *sbp_network.IMAGES, "drop_input", "angle"),
            quick=QUICK,
            full={"epochs": 20},
        ),
    },
    figures=("decolle-learning",),
    beside=beside,
)
PROTOCOL = TASK.protocol()
