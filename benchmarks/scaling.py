"""What a training sample costs with more inputs, layers and samples, and what memory a training takes.

Run it from the checkout: ``python -m benchmarks.scaling [images] [repeats]``. Processor time on MNIST in single
precision, C++ standalone, the best of all repeats, which take turns, what a run takes without images taken off:

- with 784 to 3,136 inputs, images beside themselves once and three times more, 500 hidden cells;
- with one to four hidden layers of 300 cells, beside the synapses that events visit;
- with 5,000 to 55,000 training samples, each shown once in a random order: time of a sample, which is to be flat.

Each with the exponent that fits all of them best. And the largest resident size of a training (`Training`), of its
Python process and of its program, over the number of epochs and of samples, with everything compiled before.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks._common import ROOT, write
from benchmarks.depth import Counted, visited
from benchmarks.peers import Ours, best, some_images
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Precision
from tools.measure import commit

SINGLE = (Precision("single"),)
TIMES = (1, 2, 4)
LAYERS = (1, 2, 3, 4)
SAMPLES = (5_000, 14_000, 27_500, 55_000)
EPOCHS = (1, 4, 16)
#: Notes the largest resident size of the program that it starts: a process as small as this one tells no other's.
WATCH = "import resource,subprocess,sys;c=subprocess.run(sys.argv[2:]).returncode;"
WATCH += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,file=open(sys.argv[1],'a'));sys.exit(c)"


def exponent(sizes, spent) -> float:
    """With which a quantity grows, by the straight line through all logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(spent), 1)[0])


def by_inputs(n, repeats):
    """Microseconds a sample with as many inputs."""
    images, labels = some_images(n)
    peers = {
        784 * times: Ours(np.tile(images, times), labels, SBPNetwork(784 * times, options=SINGLE)) for times in TIMES
    }
    found = {inputs: spent for inputs, (spent, _) in best(peers, repeats).items()}
    told = {f"{inputs} inputs": {"microseconds": spent} for inputs, spent in found.items()}
    return told | {"inputs": {"exponent": exponent(list(found), list(found.values()))}}


def by_layers(n, repeats):
    """Microseconds a sample with as many layers, and visited synapses, by which the exponent is."""
    images, labels = some_images(n)
    networks = {layers: SBPNetwork(n_hidden=(300,) * layers, options=SINGLE) for layers in LAYERS}
    peers = {layers: Counted(network.trial_model(), images, labels) for layers, network in networks.items()}
    told, reached = {}, []
    for layers, (spent, spikes) in best(peers, repeats).items():
        reached.append(visited(networks[layers], spikes))
        of = {"microseconds": spent, "visited": reached[-1], "nanoseconds": 1e3 * spent / reached[-1]}
        told[f"{layers} layers" if layers > 1 else "1 layer"] = of
    return told | {"layers": {"exponent": exponent(reached, [cell["microseconds"] for cell in told.values()])}}


class InRandomOrder(Ours):
    """The network as it meets the samples in training, in another order than they lie."""

    def order(self, n):
        """The samples have been put in order, which is undone here."""
        return np.random.default_rng(1).permutation(self.n)[:n]


def by_samples(repeats):
    """Microseconds a sample of as many; the exponent is that of all samples' time."""
    peers = {n: InRandomOrder(*some_images(n), SBPNetwork(options=SINGLE)) for n in SAMPLES}
    found = {n: spent for n, (spent, _) in best(peers, repeats).items()}
    told = {f"{n} samples": {"microseconds": spent} for n, spent in found.items()}
    return told | {"samples": {"exponent": exponent(SAMPLES, [n * spent for n, spent in found.items()])}}


TRAINED = """
import json, resource, sys
from sbp_brian.datasets import load_mnist
from sbp_brian.datasets.mnist import read_once
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Precision
from sbp_brian.targets.program_run import launched_by
from sbp_brian.training.spiking import Samples, Training
n, epochs, folder, watch = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
splits = {"training": "fit", "validation": "validation", "test": "test"}
with read_once():
    parts = {name: load_mnist(split, embedded=False).arrays() for name, split in splits.items()}
parts["training"] = tuple(part[:n] for part in parts["training"])
model = SBPNetwork(options=(Precision("single"),)).trial_model()
with launched_by(sys.executable, "-c", watch, f"{folder}/program"):
    Training(model, Samples.join(parts, 10), f"{folder}/checkpoints").run(epochs)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def memory(n, epochs):
    """Largest resident sizes (MiB) of a training with `n` samples: its Python process, its program."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", TRAINED, str(n), str(epochs), folder, WATCH]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        programs = [int(line) for line in Path(folder, "program").read_text().split()]
    return {"python": int(done.stdout.split()[-1]) / 1024, "program": max(programs) / 1024}


def by_memory():
    """Peaks over epochs of the fewest samples, and over samples in two epochs."""
    memory(SAMPLES[0], 1)  # compiles
    told = {f"memory, {epochs} epochs": memory(SAMPLES[0], epochs) for epochs in EPOCHS}
    for n in SAMPLES:
        memory(n, 1)
        told[f"memory, {n} samples"] = memory(n, 2)
    return told


def main():
    """Measure, print and write the result of the recipe ``speed-scaling``."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    at, cells = commit(), {}
    for measure in (
        by_memory,
        lambda: by_samples(repeats),
        lambda: by_inputs(n, repeats),
        lambda: by_layers(n, repeats),
    ):
        found = measure()
        for name, cell in found.items():
            print(f"{name:24s}", json.dumps({of: float(f"{value:.4g}") for of, value in cell.items()}), flush=True)
        cells |= found
    write("speed-scaling", at, cells)


if __name__ == "__main__":
    main()
