"""Short trainings on the embedded digits."""

from itertools import pairwise

import numpy as np
from sklearn.datasets import load_digits

from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.training.spiking import Samples, Training

MODEL = {"n_input": 64, "n_hidden": 40, "n_output": 10, "rate_hidden": 5.0, "rate_output": 0.01}


def digits(n_training=400, n_validation=100, n_test=100):
    """Real 8 x 8 digits."""
    data = load_digits()
    images = np.round(data.data * (255 / 16)).astype(np.uint8)
    rows = np.random.default_rng(1).permutation(len(images))
    ends = np.cumsum([0, n_training, n_validation, n_test])
    parts = [rows[a:b] for a, b in pairwise(ends)]
    return Samples(images, data.target, 10, *parts)


def training(folder, samples=None, seed=0, **model):
    return Training(SBPNetwork(**{**MODEL, **model}).trial_model(), samples or digits(), folder, seed=seed, decay=0.9)


def train_to_the_end(folder, epochs):
    t = training(folder)
    t.run(epochs)
    return t
