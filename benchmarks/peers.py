"""The flagship beside other programs for the same network: processor time of a training sample, in one run.

Run it from the checkout, on a quiet machine: ``python -m benchmarks.peers [--torch PYTHON]``, PYTHON an interpreter
that has torch, such as that of an environment of its own (without it that part is left out, which is said); also as
``sbp benchmark --peers``, which writes to a folder of one's own instead of the committed result. On MNIST, from the
same first weights and in the same order: this package in double and in single precision (C++ standalone), the program
written by hand (``benchmarks/flagship.c``) in both, plain Brian2 (Cython) with its retrograde signal as a Python
operation, and PyTorch one image and 128 at a time. Turns are taken, and the best of all repeats counts; how many images
each answered right while it learned shows that they compute the same.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks._common import Learner, result, write
from sbp_brian import recipes
from sbp_brian.datasets import load_mnist
from sbp_brian.figures.learning.speed_peers import draw
from sbp_brian.figures.results import Measured
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Precision
from tools.measure import commit

HERE = Path(__file__).parent
FLAGS = ("-O3", "-march=native", "-ffast-math")
#: Images that the slow ones learn.
FEW = 300


class Ours(Learner):
    """The network as a program of this package."""

    def __init__(self, images, labels, model, own=None):
        super().__init__(model.trial_model(), images, labels)
        self.own = own or {}

    def order(self, n):
        """Numbers of the images that a run of `n` learns."""
        return np.arange(n)

    def answered(self, n):
        """The processor time that `n` images take with all that a run takes (s), and how many were answered right."""
        order = self.order(n)
        result, spent = self.run(n, order, self.own)
        scores = np.asarray(result["answers.c"])[:, 1 : n + 1] + np.asarray(result["answers.v"])[:, 1 : n + 1] / 2
        return spent, int((scores.argmax(0) == self.labels[order]).sum())

    def measure(self):
        """Microseconds of all images but one, of the first alone, share answered right."""
        spent, right = self.answered(self.n)
        return 1e6 * spent / (self.n - 1), 1e6 * self.answered(1)[0] / (self.n - 1), right / self.n


class ByHand:
    """The program in C."""

    def __init__(self, folder, images, labels, network, real):
        start, self.rates = network.trial_model().initial(0), [str(network.rate_hidden), str(network.rate_output)]
        self.n, self.case, self.program = len(labels), folder / "case.bin", folder / f"flagship_{real}"
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            raise SystemExit("no C compiler was found: install gcc")
        source = [str(HERE / "flagship.c"), "-lm"]
        subprocess.run([compiler, *FLAGS, f"-DREAL={real}", "-o", str(self.program), *source], check=True)
        order = np.arange(self.n, dtype=np.int32)
        weights = np.concatenate([start["inputs.w"], start["outputs.w"]])
        self.case.write_bytes(
            images.tobytes() + labels.astype(np.uint8).tobytes() + weights.tobytes() + order.tobytes()
        )

    def measure(self):
        """Microseconds an image, share answered right."""
        done = subprocess.run(
            [self.program, self.case, str(self.n), "0", "1", *self.rates], check=True, capture_output=True, text=True
        )
        _, right, spent = done.stdout.splitlines()[0].split()
        return float(spent), float(right)


class InOtherPython:
    """A script that prints microseconds an image and the share answered right."""

    def __init__(self, command):
        self.command = [str(word) for word in command]

    def measure(self):
        """Microseconds an image, share answered right."""
        done = subprocess.run(self.command, check=True, capture_output=True, text=True)
        spent, right = done.stdout.splitlines()[-1].split()
        return float(spent), float(right)


def has_torch(python):
    """Whether an interpreter is there and has torch."""
    if shutil.which(python) is None:
        raise SystemExit(f"there is no interpreter {python}: --torch takes the path of one")
    return not subprocess.run([python, "-c", "import torch"], capture_output=True, check=False).returncode


def some_images(n):
    """Training images of MNIST in a random order, and their labels."""
    data = load_mnist("fit")
    order = np.random.default_rng(0).permutation(len(data.labels))[:n]
    return np.ascontiguousarray(data.images[order]), data.labels[order]


def best(peers, repeats):
    """Microseconds an image and share answered right: each peer's best of all repeats, which take turns.

    What a run takes without images is measured as often, and its own best taken off: the best of differences would
    pick those whose start was slow.
    """
    found = {name: [] for name in peers}
    for _ in range(repeats):
        for name, peer in peers.items():
            found[name].append(peer.measure())
    least = {
        name: [min(times) for times in zip(*(m[:-1] for m in all_of), strict=True)] for name, all_of in found.items()
    }
    return {name: (spent[0] - sum(spent[1:]), found[name][0][-1]) for name, spent in least.items()}


def main():
    """Measure all in turn, print a table, and write the result of the recipe ``speed-peers``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=20_000, help="that the fast ones learn")
    parser.add_argument("--repeats", type=int, default=5, help="of which the best counts")
    parser.add_argument("--torch", metavar="PYTHON", default=sys.executable, help="an interpreter that has PyTorch")
    parser.add_argument("--out", type=Path, metavar="DIR", help="table and figure there, and not the committed result")
    asked = parser.parse_args()
    python, at = asked.torch, commit() if asked.out is None else ""
    with_torch = has_torch(python)
    if not with_torch:
        print(f"{python} has no torch, so PyTorch is left out; --torch PYTHON names an interpreter that has it")
    network, (images, labels) = SBPNetwork(), some_images(asked.images)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peers = {
            "sbp_brian, double": Ours(images, labels, network),
            "sbp_brian, single": Ours(images, labels, network.with_options(Precision("single"))),
            "C, double": ByHand(folder, images, labels, network, "double"),
            "C, float": ByHand(folder, images, labels, network, "float"),
        }
        case, start = folder / "few.npz", network.trial_model().initial(0)
        np.savez(
            case,
            images=images,
            labels=labels,
            hidden=start["inputs.w"].reshape(network.n_input, -1),
            output=start["outputs.w"].reshape(-1, network.n_output),
            rate_hidden=network.rate_hidden,
            rate_output=network.rate_output,
        )
        for batch in (1, 128) if with_torch else ():
            peers[f"PyTorch, {batch} at a time"] = InOtherPython([python, HERE / "flagship_torch.py", case, batch])
        plain = InOtherPython([sys.executable, "-m", "benchmarks.flagship_plain", case, FEW])
        found = {**best(peers, asked.repeats), "plain Brian2, Cython": plain.measure()}
    floor, cells = found["C, double"][0], {}
    for name, (spent, right) in found.items():
        print(
            f"{name:24s} {spent:10.2f} us  {1e6 / spent:10,.0f} a second  {floor / spent:6.3f} x C  right {right:.4f}"
        )
        cells[name] = {"microseconds": spent, "per_second": 1e6 / spent, "beside_c": floor / spent, "right": right}
    if asked.out is None:
        write("speed-peers", at, cells)
        return
    asked.out.mkdir(parents=True, exist_ok=True)
    found = result("speed-peers", at, cells)
    (asked.out / "speed-peers.json").write_text(found.to_json(), encoding="utf-8")
    drawing = draw({"speed-peers": Measured(recipes.get("speed-peers"), found)})
    drawing.savefig(asked.out / "speed-peers.png", dpi=200)
    print(f"written: {asked.out / 'speed-peers.json'} and {asked.out / 'speed-peers.png'}")


if __name__ == "__main__":
    main()
