"""STDBP with shared weights against the closed form of the same network with its kernels written out."""

import numpy as np
import pytest

from sbp_brian.brian.convolution import Convolution, Maps
from sbp_brian.models.stdbp.conv import ConvSTDBP
from sbp_brian.models.stdbp.options import Cells, Displacement, Weights
from tests.helpers.stdbp_cases import FLOOR, KAPPA, TAU, WINDOW, input_times, run, samples
from tests.reference import stdbp

LAYERS = (36, 12, 3)
SMALL = {
    "image": (6, 6),
    "maps": 3,
    "size": 3,
    "stride": 3,
    "cells": Cells(floor=FLOOR, window=WINDOW, kappa=KAPPA),
    "weights": Weights(mean=3.0, spread=2.0),
}


def written_out(kernels, i, j, kernel):
    w = np.zeros((36, 12))
    w[i, j] = kernels[kernel]
    return w


@pytest.mark.parametrize(
    "target", ["numpy", pytest.param("cpp", marks=pytest.mark.slow), pytest.param("cython", marks=pytest.mark.slow)]
)
def test_learning_follows_the_closed_form(target):
    n, batch, rate = 12, 4, 0.02
    images, labels = samples(n, LAYERS)
    teaching = np.r_[np.ones(8), np.zeros(4)]  # the last four must change nothing
    model = ConvSTDBP(LAYERS, batch=batch, **SMALL)
    result, start = run(model, images, labels, target=target, rate=rate, teaching=teaching)
    i, j, kernel = Convolution(Maps(1, 6, 6), 3, 3, 3).patches()
    assert len(kernel) == 9 * 12
    shared, dense = start["kernels.w"].copy(), start["into_output.w"].reshape(12, 3).copy()
    adam = stdbp.Adam([shared[:, None], dense], [rate] * 2, batch)
    for first in range(0, 8, batch):
        summed, rows = [np.zeros((27, 1)), np.zeros((12, 3))], [np.ones(27, bool), np.zeros(12, bool)]
        for x, label in zip(images[first : first + batch], labels[first : first + batch], strict=True):
            weights = [written_out(shared, i, j, kernel), dense]
            times, slopes = stdbp.forward(weights, input_times(x), [1.0, 1.0], WINDOW)
            own, out = stdbp.gradients(weights, times, slopes, label, KAPPA, WINDOW, FLOOR)
            np.add.at(summed[0][:, 0], kernel, own[i, j])
            summed[1] += out
            rows[1] |= np.isfinite(times[1])
        adam.step(summed, rows)
    assert np.abs(shared - start["kernels.w"]).max() > 1e-3
    np.testing.assert_allclose(result["kernels.w"], shared, rtol=0, atol=1e-9)
    np.testing.assert_allclose(result["into_output.w"], dense.ravel(), rtol=0, atol=1e-9)
    weights = [written_out(shared, i, j, kernel), dense]
    last = stdbp.forward(weights, input_times(images[-1]), [1.0, 1.0], WINDOW)[0][-1]
    found = np.array(result["answers.spike_time"])[:, n] / TAU
    np.testing.assert_allclose(found, np.minimum(last, WINDOW), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layers": (36, 10, 3)}, r"needs layers=\(36, 12, ...\), got \(36, 10, 3\)"),
        ({"layers": (36, 3)}, "needs layers="),
        ({"size": 7}, "size must be at most the image's 6 pixels"),
        ({"options": (Displacement(1),), "width": 9}, r"width must be 6 as that of the image \(6, 6\), got 9"),
        ({"stride": 0}, "stride must be a whole number of at least 1"),
        ({"learning": "sbp"}, "learning='sbp' needs synapses with weights of their own"),
    ],
)
def test_bad_parameters_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ConvSTDBP(**{"layers": LAYERS, **SMALL, **wrong})
