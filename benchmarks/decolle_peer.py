"""DECOLLE, processor time a learned sample: both forms of this package (C++ standalone) and PyTorch at batch 1.

Run it from the checkout: ``python -m benchmarks.decolle_peer [samples] [samples of the slow ones] [PYTHON]``, PYTHON
being an interpreter that has torch (by default the same one; without torch that part is left out). All show the same
spikes (MNIST, 500 Hz, 60 steps of 1 ms) to the network of ``sbp run mnist -s model=decolle``, change weights at every
step, and end with the same weights; how far these are apart is printed.
"""

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks._common import Learner, mnist_spikes
from sbp_brian.datasets import load_mnist
from sbp_brian.models.decolle import Decolle
from sbp_brian.protocols.benchmarks.tasks.mnist import LOCAL

#: Samples after which weights are compared; a spike that rounding moves sets networks apart for good.
COMPARED = 5


def weights(model, result):
    """Those between the layers, after a run."""
    return [np.array(result[f"into_hidden{k}.w"]) for k in range(1, len(model.layers))]


def pytorch(python, model, bits, labels):
    """(ms a sample, weights after `COMPARED` samples) of each precision, and torch's version; empty without torch."""
    if subprocess.run([python, "-c", "import torch"], capture_output=True, check=False).returncode:
        return {}, ""
    start, case = model.initial(0), {**model.cell.factors(model.step), "bits": bits, "labels": labels}
    case |= {name: getattr(model, name) for name in ("rate", "aim_class", "steps", "burn_in")}
    for k, (n, m, r) in enumerate(zip(model.layers[:-1], model.layers[1:], model.readouts, strict=True), 1):
        case |= {
            f"w{k}": start[f"into_hidden{k}.w"].reshape(n, m),
            f"b{k}": start[f"hidden{k}.bias"],
            f"g{k}": start[f"reading{k}.w"].reshape(m, r),
        }
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "case.npz", **case)
        script = Path(__file__).with_name("decolle_torch.py")
        done = subprocess.run(
            [python, script, Path(folder) / "case.npz", str(COMPARED)], capture_output=True, text=True, check=True
        )
        with np.load(Path(folder) / "weights.npz") as held:
            kept = dict(held)
    found = {}
    for name, taken in (line.split() for line in done.stdout.splitlines()):
        found[name] = float(taken), [kept[f"{name}_{k}"] for k in range(1, len(model.layers))]
    return found, str(kept["version"])


def apart(ones, others):
    """The largest difference of two sets of weights."""
    return max(np.abs(a - b).max() for a, b in zip(ones, others, strict=True))


def main():
    """Print the costs, their ratios, and how far the weights are apart."""
    n, slow = int(sys.argv[1]) if len(sys.argv) > 1 else 2000, int(sys.argv[2]) if len(sys.argv) > 2 else 100
    python = sys.argv[3] if len(sys.argv) > 3 else sys.executable
    data = load_mnist("fit")
    labels = data.labels[:n].astype(int)
    settings = {name: value for name, value in LOCAL.items() if name != "final"}
    model = Decolle((784, 128, 128), 10, encoding="spikes", rate=1.0, **settings)
    bits = mnist_spikes(data.images[:n], model)
    rank1, dense = (
        Learner(replace(model, form=form).trial_model(), bits[:m], labels[:m])
        for form, m in (("rank1", n), ("dense", slow))
    )
    known, naively = (weights(model, form.run(COMPARED)[0]) for form in (rank1, dense))
    (_, each), (_, naive) = rank1.per_sample(n), dense.per_sample(slow)
    print(
        f"rank 1: {1e3 * each:.2f} ms a sample ({1 / each:,.0f} samples/s), dense: {1e3 * naive:.2f} ms, ratio "
        f"{naive / each:.1f}; weights after {COMPARED} samples differ by at most "
        f"{apart(known, naively):.1e}",
        flush=True,
    )
    found, version = pytorch(python, model, bits[:slow], labels[:slow])
    for name, (taken, theirs) in found.items():
        print(
            f"torch {version}, {name}, one thread: {taken:.1f} ms a sample, ratio {taken / 1e3 / each:.0f}; weights "
            f"after {COMPARED} samples differ by at most {apart(known, theirs):.1e}",
            flush=True,
        )
    if not found:
        print(f"{python} has no torch: no comparison with it")


if __name__ == "__main__":
    main()
