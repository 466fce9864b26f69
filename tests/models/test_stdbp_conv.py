"""STDBP with shared weights against the closed form of the same network with its kernels written out."""

import numpy as np
import pytest

from sbp_brian.models.stdbp.conv import ConvSTDBP
from sbp_brian.models.stdbp.options import Cells, Displacement, Revive, Weights
from tests.helpers.stdbp_cases import FLOOR, KAPPA, TAU, WINDOW, input_times, run, samples
from tests.reference import stdbp
from tests.reference.convolutions import numbers, unrolled

CELLS = Cells(floor=FLOOR, window=WINDOW, kappa=KAPPA)
PLAIN = {"image": (6, 6), "maps": 3, "size": 3, "stride": 3, "cells": CELLS, "weights": Weights(mean=3.0, spread=2.0)}
LAYERS = (36, 12, 3)
#: 3 x 3 windows of 2 x 2 fields, a row and a column of fields in none.
POOLED = {**PLAIN, "image": (9, 9), "stride": 1, "pooling": 2}
DEEP = (81, 27, 5, 3)
NETWORKS = {"plain": (LAYERS, PLAIN), "pooled": (DEEP, POOLED)}


def written_out(kernels, convolution):
    w = np.zeros((convolution.source.cells, convolution.target.cells))
    i, j, number = unrolled(convolution)
    w[i, j] = kernels[number]
    return w


def windows(model):
    """The fields of each window, place by place."""
    of, side = numbers(model.convolution.target), model.pooling
    rows, columns = (size // side for size in of.shape[1:])
    behind = np.arange(len(of) * rows * columns).reshape(rows, columns, len(of)).transpose(2, 0, 1)
    found = np.empty((side**2, behind.size), int)
    for m, r, c in np.ndindex(behind.shape):
        found[:, behind[m, r, c]] = of[m, r * side : (r + 1) * side, c * side : (c + 1) * side].ravel()
    return found


class ClosedForm:
    """A network with its kernels written out and its windows pooled."""

    def __init__(self, model):
        self.model, self.convolution, self.windows = model, model.convolution, windows(model)

    def forward(self, kernels, dense, x):
        """Times of each layer, the fields first; slopes of all but the input; who spikes first in each window."""
        inputs = input_times(x)
        fields, slopes = stdbp.spike_times(written_out(kernels, self.convolution), inputs, 1.0, WINDOW)
        first = self.windows[fields[self.windows].argmin(0), np.arange(self.windows.shape[1])]
        times, later = stdbp.forward(dense, fields[first], [1.0] * len(dense), WINDOW)
        return inputs, fields, times, [slopes[first], *later], first

    def gradients(self, kernels, dense, x, label, report="exact"):
        """Of the kernels, and of the dense weights; rows of these that take part."""
        inputs, fields, times, slopes, first = self.forward(kernels, dense, x)
        identity = np.zeros((len(fields), len(first)))  # from fields to windows nothing is weighed
        identity[first, np.arange(len(first))] = 1
        w = written_out(kernels, self.convolution)[:, first]
        own, *others = stdbp.gradients(
            [w, *dense], [inputs, *times], slopes, label, KAPPA, WINDOW, FLOOR, revive=1.0, report=report
        )
        i, j, number = unrolled(self.convolution)
        of_field = own @ identity.T
        return np.bincount(number, of_field[i, j], len(kernels)), others, [np.isfinite(t) for t in times[:-1]]


def dense(values, layers):
    names = [*(f"into_hidden{k}" for k in range(2, len(layers) - 1)), "into_output"]
    return [values[f"{name}.w"].reshape(a, b) for name, a, b in zip(names, layers[1:-1], layers[2:], strict=True)]


@pytest.mark.parametrize(
    "target", ["numpy", pytest.param("cpp", marks=pytest.mark.slow), pytest.param("cython", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("name", NETWORKS)
def test_learning_follows_the_closed_form(name, target):
    layers, how = NETWORKS[name]
    n, batch, rate = 12, 4, 0.02
    images, labels = samples(n, layers)
    teaching = np.r_[np.ones(8), np.zeros(4)]  # the last four must change nothing
    model = ConvSTDBP(layers, batch=batch, **how)
    result, start = run(model, images, labels, target=target, rate=rate, teaching=teaching)
    closed = ClosedForm(model)
    shared, others = start["kernels.w"].copy(), [w.copy() for w in dense(start, layers)]
    adam = stdbp.Adam([shared[:, None], *others], [rate] * (1 + len(others)), batch)
    for begin in range(0, 8, batch):
        summed = [np.zeros_like(w) for w in adam.weights]
        rows = [np.ones(len(shared), bool), *(np.zeros(len(w), bool) for w in others)]
        for x, label in zip(images[begin : begin + batch], labels[begin : begin + batch], strict=True):
            own, out, fired = closed.gradients(shared, others, x, label)
            for total, each in zip(summed, [own[:, None], *out], strict=True):
                total += each
            for row, each in zip(rows[1:], fired, strict=True):
                row |= each
        adam.step(summed, rows)
    assert np.abs(shared - start["kernels.w"]).max() > 1e-3
    np.testing.assert_allclose(result["kernels.w"], shared, rtol=0, atol=1e-10)
    for found, expected in zip(dense(result, layers), others, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)
    last = closed.forward(shared, others, images[-1])[2][-1]
    found = np.array(result["answers.spike_time"])[:, n] / TAU
    np.testing.assert_allclose(found, np.minimum(last, WINDOW), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_of_the_kernels_is_that_of_the_loss(name):
    layers, how = NETWORKS[name]
    n, step = 3, 1e-6
    images, labels = samples(n, layers)
    how = how | {"cells": Cells(floor=1e-6, window=WINDOW, kappa=KAPPA), "options": (Revive(output=0.0),)}
    model = ConvSTDBP(layers, batch=n, optimiser="sgd", **how)
    result, start = run(model, images, labels, rate=1.0)
    found = n * (start["kernels.w"] - np.array(result["kernels.w"]))
    closed, others = ClosedForm(model), dense(start, layers)

    def loss(kernels):
        return sum(
            stdbp.loss(closed.forward(kernels, others, x)[2], label, KAPPA, WINDOW)
            for x, label in zip(images, labels, strict=True)
        )

    numeric = np.array([(loss(start["kernels.w"] + d) - loss(start["kernels.w"] - d)) for d in step * np.eye(27)])
    assert np.abs(found).max() > 0.05
    np.testing.assert_allclose(found, numeric / (2 * step), rtol=0, atol=1e-6)


@pytest.mark.parametrize("learning", ["sbp", "sbp-bit", "sbp-change"])
def test_kernels_express_what_output_synapses_report(learning):
    """Output weights change at once, hidden cells are told of each change, kernels express the sum by their timing."""
    rate = 0.01
    images, labels = samples(1, LAYERS)
    model = ConvSTDBP(LAYERS, batch=3, learning=learning, **PLAIN)
    result, start = run(model, images, labels, rate=rate)
    out = start["into_output.w"].reshape(12, 3)
    own = written_out(start["kernels.w"], model.convolution)
    times, slopes = stdbp.forward([own, out], input_times(images[0]), [1.0, 1.0], WINDOW)
    change = -rate * stdbp.gradients([own, out], times, slopes, labels[0], KAPPA, WINDOW, FLOOR)[1]
    np.testing.assert_allclose(result["into_output.w"].reshape(12, 3) - out, change, rtol=0, atol=1e-12)
    told = {"sbp": out * change, "sbp-bit": np.sign(out) * np.sign(change), "sbp-change": change}[learning].sum(1)
    expected = np.zeros(model.convolution.weights)
    for i, j, number in zip(*unrolled(model.convolution), strict=True):
        lead = times[1][j] - times[0][i]
        if np.isfinite(times[1][j]) and lead > 0:
            expected[number] -= told[j] * lead / max(slopes[0][j], FLOOR)
    assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(result["kernels.grad"], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layers": (36, 10, 3)}, r"needs layers=\(36, 12, ...\), got \(36, 10, 3\)"),
        ({"layers": (36, 3)}, "needs layers="),
        ({"size": 7}, "size must be at most the image's 6 pixels"),
        ({"options": (Displacement(1),), "width": 9}, r"width must be 6 as that of the image \(6, 6\), got 9"),
        ({"stride": 0}, "stride must be a whole number of at least 1"),
        ({"pooling": 0}, "pooling must be a whole number of at least 1"),
        ({"pooling": 3}, "pooling must be at most the 2 rows of a map, got 3"),
        ({"pooling": 2}, r"3 apart, windows of 2 needs layers=\(36, 3, ...\), got \(36, 12, 3\)"),
        (
            {"pooling": 2, "learning": "sbp"},
            "learning='sbp' has its signal in the cells that the kernels reach, and po",
        ),
        (
            {"pooling": 2, "options": (Revive(hidden=0.1),)},
            "pooling=2 tells a silent window of no cell that could be p",
        ),
        ({"layers": (36, 12, 5, 3), "learning": "sbp"}, "learning='sbp' reports one synapse back and needs one hidden"),
    ],
)
def test_bad_parameters_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message) as refused:
        ConvSTDBP(**{"layers": LAYERS, **PLAIN, **wrong})
    assert "\n" not in str(refused.value)
