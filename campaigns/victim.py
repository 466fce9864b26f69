"""A protocol for the campaign of kills: a second's work of each sort that leaves files behind."""

from __future__ import annotations

import numpy as np
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, ms

from sbp_brian.experiments.protocol import Parameter, Protocol, Source
from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.targets import Simulation
from sbp_brian.training.batches import NumpyTraining, Patterns, one_hot
from sbp_brian.training.spiking import Samples, Training

ROWS = np.arange(40), np.arange(40, 50), np.arange(50, 60)


def images(seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Sixty made-up images of 16 pixels and their classes."""
    rng = np.random.default_rng(seed)
    return (255 * (rng.random((60, 16)) < 0.4)).astype(np.uint8), rng.integers(0, 3, 60)


def spiking(context) -> None:
    """A training of the spiking network."""
    samples = Samples(*images(), 3, *ROWS)
    model = SBPNetwork(16, 8, 3, width=4).trial_model()
    training = Training(model, samples, context.folder, target=context.target, seed=context.seed)
    training.run(context.parameters.epochs)
    for name, values in training.learned.items():
        context.array(name, values)
    context.metric("validation_accuracy", training.history[-1].validation)


def batches(context) -> None:
    """A training in numpy."""
    inputs, labels = images()
    patterns = Patterns(inputs, one_hot(labels, 3), *ROWS, scale=1 / 255)
    training = NumpyTraining(SBPPerceptron((16, 8, 3)), patterns, context.folder, seed=context.seed, batch=5)
    training.run(context.parameters.epochs)
    for name, values in training.model.arrays.items():
        context.array(name, values)
    context.metric("validation_accuracy", training.history[-1].validation)


def circuit() -> Network:
    """Cells that drive one another through plastic synapses."""
    cells = NeuronGroup(
        20, "dv/dt = (1.2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    cells.v = "rand()"
    pairs = Synapses(cells, cells, "w : 1", on_pre="v_post += w\nw += 0.01", name="pairs")
    drawn = np.random.default_rng(3).permutation(400)[:80]  # data of the program, kept beside it
    pairs.connect(i=drawn // 20, j=drawn % 20)
    pairs.w = "0.1*rand()"
    return Network(cells, pairs, SpikeMonitor(cells, name="spikes"))


def simulated(context) -> None:
    """One network, kept in the cache by a key."""
    simulation = Simulation(circuit, 50 * ms, target=context.target, key="victim", dt=0.1 * ms)
    result = simulation.run(seed=context.seed)
    for name in ("pairs.w", "spikes.count"):
        context.array(name, np.asarray(result[name]))
    context.metric("spikes", int(np.sum(result["spikes.count"])))


SORTS = {"spiking": spiking, "batches": batches, "simulated": simulated}


def _run(context) -> None:
    SORTS[context.parameters.sort](context)
    context.summary("Done.")


PROTOCOL = Protocol(
    name="victim",
    title="Work that is killed",
    source=Source("This project"),
    run=_run,
    parameters={
        "sort": Parameter("batches", choices=tuple(SORTS)),
        "epochs": Parameter(2, minimum=1, maximum=100),
    },
)
