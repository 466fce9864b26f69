"""DECOLLE with shared kernels, processor time of a learned digit: this package (C++ standalone) and PyTorch at batch 1.

Run it from the checkout: ``python -m benchmarks.decolle_kernels_peer --torch PYTHON [--repeats 3]``, PYTHON an
interpreter that has torch, such as that of an environment of its own. Three networks learn the events of N-MNIST's
first digits, 300 steps each, weights changing at every step after the first 60: three small layers, and the paper's
with a quarter and with all of their maps (`sbp_brian.models.decolle.conv.PAPER`), in single precision. Both show the
same spikes to the same first weights, take turns, and the best of all repeats counts; what a run takes without any
step, or with a first one, is taken off. Before that the small network learns two digits in double precision in both,
and the command refuses to go on where kernels then differ.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks._common import ROOT, Learner, write
from benchmarks.peers import has_torch
from sbp_brian.datasets.nmnist import SIDE, nmnist_small, packed_events
from sbp_brian.models.decolle.conv import PAPER, ConvDecolle
from sbp_brian.models.windows import Windows
from sbp_brian.protocols.benchmarks.learners.decolle import KERNELS
from sbp_brian.protocols.benchmarks.tasks.nmnist import LENGTH_US, LOCAL, STEPS
from tools.measure import commit

#: Largest difference of a weight between the two in double precision, beside what learning moves.
ALIKE = 1e-9
#: Name, kernels and number of digits of each network.
NETWORKS = (
    ("three small layers", KERNELS, 10),
    ("a quarter of the paper's maps", tuple((maps // 4, *rest) for maps, *rest in PAPER), 2),
    ("the paper's network", PAPER, 1),
)


def made(kernels, single):
    """The network; settings are those of ``sbp run nmnist``."""
    settings = {name: value for name, value in LOCAL.items() if name not in ("inputs", "final")}
    return ConvDecolle(image=(2, SIDE, SIDE), kernels=kernels, rate=0.1, single=single, **settings)


class Ours(Learner):
    """A program of this package."""

    def __init__(self, model, bits, labels):
        super().__init__(model.trial_model(), bits, labels)
        self.model = model

    def measure(self):
        """Processor time of a digit (ms); the kernels are kept in `learned`."""
        result, spent = self.without_start(self.model.step)
        self.learned = [np.array(result[f"kernels{k}.w"]) for k in range(1, len(self.model.layers))]
        return 1e3 * spent


class Torch:
    """The same network in PyTorch, whose cells are numbered with maps first."""

    def __init__(self, python, path, model, bits, labels):
        start, case = model.initial(0), {**model.cell.factors(model.step), "bits": bits, "labels": labels}
        case |= {name: getattr(model, name) for name in ("rate", "aim_class", "steps", "burn_in", "image")}
        case["kernels"] = np.array([(*each, *(0, 1)[len(each) - 3 :]) for each in model.kernels])
        for k, (*_, side) in enumerate(case["kernels"].tolist(), 1):
            convolution = model.convolution(k)
            maps = Windows(convolution.target, side).behind
            cells = maps.number(*np.indices((maps.maps, maps.rows, maps.columns)))
            case[f"w{k}"] = convolution.array(start[f"kernels{k}.w"])
            case[f"b{k}"] = start[f"hidden{k}.bias"][cells]
            case[f"g{k}"] = start[f"reading{k}.w"].reshape(maps.cells, -1)[cells.ravel()]
        np.savez(path, **case)
        self.weights = path.with_name(f"{path.stem}-weights.npz")
        dtype = "float32" if model.single else "float64"
        self.command = [python, "-m", "benchmarks.decolle_kernels_torch", str(path), dtype, str(self.weights)]

    def measure(self):
        """Processor time of a digit (ms); kernels go to the file `weights`."""
        done = subprocess.run(self.command, check=True, capture_output=True, text=True, cwd=ROOT)
        self.version, spent = done.stdout.split()
        return float(spent)


def alike(python, folder, digits):
    """How far the kernels of the small network are apart after two digits in double precision; refused if too far."""
    model = made(KERNELS, single=False)
    ours, torch = Ours(model, *digits), Torch(python, folder / "double.npz", model, *digits)
    ours.measure()
    torch.measure()
    apart = moved = 0.0
    with np.load(torch.weights) as theirs:
        for k, mine in enumerate(ours.learned, 1):
            apart = max(apart, np.abs(mine - model.convolution(k).flat(theirs[f"w{k}"])).max())
            moved = max(moved, np.abs(mine - model.initial(0)[f"kernels{k}.w"]).max())
    if not (apart < ALIKE and moved > 1000 * ALIKE):
        sys.exit(f"kernels are {apart:.2g} apart, and learning moved them by {moved:.2g}: not the same network")
    return apart, torch.version


def main():
    """Measure both in turn, print, and write the result of the recipe ``speed-kernels-torch``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", metavar="PYTHON", default=sys.executable, help="an interpreter that has PyTorch")
    parser.add_argument("--repeats", type=int, default=3, help="of which the best counts")
    asked = parser.parse_args()
    if not has_torch(asked.torch):
        sys.exit(f"{asked.torch} has no torch; --torch PYTHON names an interpreter that has it")
    at, cells = commit(), {}
    bits, labels = packed_events(nmnist_small("train")[:10], STEPS, LENGTH_US // STEPS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        apart, version = alike(asked.torch, folder, (bits[:2], labels[:2]))
        print(f"torch {version}: kernels are {apart:.2g} apart after two digits in double precision", flush=True)
        for network, kernels, n in NETWORKS:
            model, best = made(kernels, single=True), [np.inf, np.inf]
            peers = (
                Ours(model, bits[:n], labels[:n]),
                Torch(asked.torch, folder / "case.npz", model, bits[:n], labels[:n]),
            )
            for _ in range(asked.repeats):
                best = [min(least, peer.measure()) for least, peer in zip(best, peers, strict=True)]
            pairs = sum(model.convolution(k).fan_out().sum() for k in range(1, len(model.layers)))
            cells[network] = {
                "milliseconds": best[0],
                "torch_milliseconds": best[1],
                "factor": best[1] / best[0],
                "million_pairs": float(pairs) / 1e6,
                "apart": float(apart),
            }
            print(f"{network}: {best[0]:.1f} ms, PyTorch {best[1]:.1f} ms, {best[1] / best[0]:.2f} times", flush=True)
    write("speed-kernels-torch", at, cells, torch=version)


if __name__ == "__main__":
    main()
