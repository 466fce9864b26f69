"""STDBP, time of a training sample against the synapses that its spikes reach, in C++ standalone.

Run it from the checkout: ``python -m benchmarks.stdbp_cost [hidden]``. Random images of 784 pixels, of which a given
number spike; the program's own processor time is taken, so that other work on the machine disturbs little.
"""

import sys

import numpy as np

from benchmarks._common import Learner
from sbp_brian.models.stdbp import STDBP

SPIKING, SAMPLES = (0, 25, 50, 100, 200, 400, 784), 2000


def images(rng):
    """Rows of `SAMPLES` images for each number in `SPIKING`."""
    rows = np.zeros((len(SPIKING), SAMPLES, 784), np.uint8)
    for block, count in zip(rows, SPIKING, strict=True):
        for row in block:
            row[rng.permutation(784)[:count]] = rng.integers(1, 256, count)
    return rows.reshape(-1, 784)


def main():
    """Print a line for each number of spiking pixels, and the straight line through them."""
    hidden = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    model, table = STDBP((784, hidden, 10)), images(np.random.default_rng(0))
    labels, found = np.random.default_rng(1).integers(0, 10, SAMPLES), []
    learner = Learner(model.trial_model(), table, np.tile(labels, len(SPIKING)))
    for k, count in enumerate(SPIKING):
        result, spent = learner.run(SAMPLES, np.arange(k * SAMPLES, (k + 1) * SAMPLES))
        reached = (int(result["pixels_spikes.N"]) * hidden + int(result["hidden1_spikes.N"]) * 10) / SAMPLES
        found.append((reached, 1e6 * spent / SAMPLES))
        print(f"{count:4} spiking pixels, {reached:9,.0f} synapses reached: {found[-1][1]:7.1f} us a sample")
    x, y = np.array(found).T
    slope, rest = np.polyfit(x, y, 1)
    print(f"{1e3 * slope:.2f} ns a synapse and {rest:.0f} us a sample; r2 = {np.corrcoef(x, y)[0, 1] ** 2:.4f}")


if __name__ == "__main__":
    main()
