"""STDBP, trained samples a second on one core: this package (C++ standalone) against its closed form in plain numpy.

Run it from the checkout: ``python -m benchmarks.stdbp_peer [samples]``. Both show the same MNIST images to 784-400-10,
change weights by Adam after every 20, and end with the same weights; the difference is printed too.
"""

import sys
import time
from dataclasses import replace

import numpy as np

from benchmarks._common import Learner
from sbp_brian.datasets import load_mnist
from sbp_brian.models.stdbp import STDBP
from tests.reference import stdbp


def numpy_peer(model, images, labels, start, rate):
    """The weights after one pass over the images, and the time it took (s)."""
    weights = [
        np.array(start[f"into_{name}.w"]).reshape(n, m)
        for name, n, m in zip(model.names[1:], model.layers[:-1], model.layers[1:], strict=True)
    ]
    cells = model.cells
    adam = stdbp.Adam(weights, [rate] * len(weights), model.batch)
    began = time.perf_counter()
    for first in range(0, len(images), model.batch):
        summed, rows = [np.zeros_like(w) for w in weights], [np.zeros(len(w), bool) for w in weights]
        for x, label in zip(images[first : first + model.batch], labels[first : first + model.batch], strict=True):
            times, slopes = [np.where(x > 0, 1 - x / 255, np.inf)], []
            for w in weights:
                later, slope = stdbp.fast_spike_times(w, times[-1], cells.threshold, cells.window)
                times.append(later)
                slopes.append(slope)
            gradients = stdbp.gradients(weights, times, slopes, label, cells.kappa, cells.window, cells.floor)
            for k, g in enumerate(gradients):
                summed[k] += g
                rows[k] |= np.isfinite(times[k])
        adam.step(summed, rows)
    return weights, time.perf_counter() - began


def main():
    """Print both speeds, their ratio, and how far the weights are apart."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    data = load_mnist("fit")
    images, labels = data.images[:n], data.labels[:n].astype(int)
    model, rate = STDBP(), 5e-4
    start = model.initial(0)
    trial = replace(model.trial_model(), rates=dict.fromkeys(model.trial_model().rates, rate))
    result, _ = Learner(trial, images, labels).run(n)
    weights, seconds = numpy_peer(model, images, labels, start, rate)
    apart = max(
        np.abs(np.array(result[f"into_{name}.w"]) - w.ravel()).max()
        for name, w in zip(model.names[1:], weights, strict=True)
    )
    print(
        f"sbp_brian {n / result.run_s:,.0f} samples/s, numpy {n / seconds:,.0f} samples/s, "
        f"ratio {seconds / result.run_s:.1f}; weights differ by at most {apart:.1e}"
    )


if __name__ == "__main__":
    main()
