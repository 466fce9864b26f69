"""Small networks of single spikes, the samples that they are shown, and what comes out."""

import functools

import numpy as np

from sbp_brian.models.stdbp import STDBP
from sbp_brian.models.stdbp.options import Cells, Weights
from sbp_brian.targets import Simulation
from sbp_brian.training.spiking import Presentation

LAYERS = (12, 9, 7, 3)
KAPPA, WINDOW, FLOOR = 2.0, 4.0, 0.2
TAU = 0.01
BUILT: dict = {}  # a program serves all tests of one network and its images


def network(layers=LAYERS, *options, kind=STDBP, mean=1.0, spread=4.0, window=WINDOW, kappa=KAPPA, **kwds):
    """A network of `kind` with moderate weights, in which hidden cells are silent and spike."""
    cells, weights = Cells(floor=FLOOR, window=window, kappa=kappa), Weights(mean, spread)
    return kind(layers, **{"cells": cells, "weights": weights, "options": options, **kwds})


def samples(n, layers=LAYERS, seed=0):
    """Random images and labels."""
    rng = np.random.default_rng(seed)
    images = (rng.integers(1, 256, (n, layers[0])) * (rng.random((n, layers[0])) < 0.8)).astype(np.uint8)
    return images, rng.integers(0, layers[-1], n)


def input_times(image):
    """Input spike times of an image (tau)."""
    return np.where(image > 0, 1 - image / 255, np.inf)


def run(model, images, labels, *, target="numpy", teaching=None, start=None, rate=0.0, seed=2):
    """Show the samples once in their order; the result and the weights before."""
    n = len(images)
    key = (repr(model), target, images.tobytes())
    if key not in BUILT:
        presentation = Presentation(images, n, model.duration)
        make = functools.partial(STDBP.network, model, presentation)
        BUILT[key] = presentation, Simulation(make, (n + 1) * model.duration, target)
    presentation, simulation = BUILT[key]
    start = {**model.initial(seed), **(start or {})}
    rates = dict.fromkeys(model.trial_model().rates, rate)
    shown = presentation.settings(np.arange(n), labels, np.ones(n) if teaching is None else teaching)
    return simulation.run({**start, **rates, **shown}, seed=1), start


def matrices(values, layers=LAYERS, variable="w"):
    """Weights, or another variable, of each layer of synapses."""
    names = [*(f"hidden{k + 1}" for k in range(len(layers) - 2)), "output"]
    return [
        np.array(values[f"into_{name}.{variable}"]).reshape(a, b)
        for name, a, b in zip(names, layers[:-1], layers[1:], strict=True)
    ]


def thresholds(layers=LAYERS):
    """Of each layer behind the input."""
    return [1.0] * (len(layers) - 1)
