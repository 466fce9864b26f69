"""What a training sample of the flagship costs as it grows, and as fewer of its synapses take part.

Run it from the checkout, on a quiet machine: ``python -m benchmarks.growth [images] [repeats]``. Processor time on
MNIST in single precision, the best of all repeats, which take turns:

- with 500 to 8,000 hidden cells, and the exponent with which it grows from each to the next;
- with shares of the input synapses that take part from 1 to 0.01, chosen by each cell for itself (alike 1), by 16
  cells together (alike 16) and by all of them (alike 500): the time of the pass in which they learn is what is left
  when the time with one input for all cells is taken off, and the weights that it has to visit are counted. Its rate
  is 0, so that all of them are as active.
"""

import sys

import numpy as np

from benchmarks._common import write
from benchmarks.peers import Ours, best, some_images
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Precision, Subset
from tools.measure import commit

SIZES = (500, 1000, 2000, 4000, 8000)
SHARES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
ALIKE = (1, 16, 500)
SINGLE = Precision("single")
#: Hidden layers that visit their inputs and change nothing: all networks are as active as each other.
STILL = {"inputs.retro_rate": 0.0, "hidden.bias_rate": 0.0}


class InPart(Ours):
    """The flagship, whose hidden cells have some of their inputs take part."""

    def taking_part(self):
        """How many synapses of each pixel do."""
        found, cells = self.run(1)[0], self.trial.initial(0)["inputs.w"].size // 784
        if "inputs.retro_receptive" not in found:  # all
            return np.full(784, cells)
        return np.asarray(found["inputs.retro_receptive"], bool).reshape(784, cells).sum(1)


def grown(n, repeats):
    """Number of hidden cells -> microseconds a sample, and the exponent from half of them."""
    peers = {}
    for cells in SIZES:
        images, labels = some_images(max(2000, n * SIZES[0] // cells))
        peers[cells] = Ours(images, labels, SBPNetwork(n_hidden=cells, options=(SINGLE,)))
    found = {cells: spent for cells, (spent, _) in best(peers, repeats).items()}
    told = {}
    for cells, spent in found.items():
        told[f"{cells} cells"] = {"microseconds": spent, "per_cell": 1e3 * spent / cells}
        if cells // 2 in found:
            told[f"{cells} cells"]["exponent"] = float(np.log2(spent / found[cells // 2]))
    slope = np.polyfit(np.log(SIZES), np.log([found[cells] for cells in SIZES]), 1)[0]
    told["all sizes"] = {"exponent": float(slope)}
    return told


def shared(n, repeats):
    """Share and alike -> microseconds a sample, of the learning pass, and its visits of weights."""
    images, labels = some_images(n)
    active = (images > 0).reshape(n, -1).mean(0)  # share of the images in which each pixel is

    def network(share, alike):
        return SBPNetwork(lambda_p=share, options=(SINGLE, Subset(0, alike)) if share < 1 else (SINGLE,))

    peers = {"none": InPart(images, labels, network(1 / 784, ALIKE[-1]), STILL)}
    peers |= {
        (share, alike): InPart(images, labels, network(share, alike), STILL)
        for share in SHARES
        for alike in (ALIKE if share < 1 else (1,))
    }
    found = {name: spent for name, (spent, _) in best(peers, repeats).items()}
    without, all_of = found.pop("none"), found[1.0, 1]
    visits = {name: float(active @ peers[name].taking_part()) for name in found}
    return {
        f"lambda_p={share:g}, alike={alike}": {
            "microseconds": spent,
            "learning": spent - without,
            "learning_share": (spent - without) / (all_of - without),
            "visits": visits[share, alike],
        }
        for (share, alike), spent in found.items()
    }


def main():
    """Measure, print and write the results of the recipes ``speed-growth`` and ``speed-lambda-p``."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    at = commit()
    for recipe, measure in (("speed-growth", grown), ("speed-lambda-p", shared)):
        cells = measure(n, repeats)
        for name, cell in cells.items():
            print(f"{name:28s}", ", ".join(f"{metric} {value:.4g}" for metric, value in cell.items()), flush=True)
        write(recipe, at, cells)


if __name__ == "__main__":
    main()
