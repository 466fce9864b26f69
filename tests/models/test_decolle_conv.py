"""DECOLLE with shared weights against the independent loop with its kernels written out."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import Hz, NeuronGroup

from sbp_brian import protocols
from sbp_brian.brian.convolution import Maps
from sbp_brian.errors import ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.models.decolle import Decolle
from sbp_brian.models.decolle.conv import ConvDecolle
from sbp_brian.protocols.benchmarks.learners.decolle import CONVOLUTIONAL
from sbp_brian.protocols.benchmarks.tasks import mnist as mnist_task
from sbp_brian.protocols.benchmarks.tasks.nmnist import LOCAL
from tests.helpers import decolle_cases
from tests.helpers.unrolled_kernels import link
from tests.reference import decolle
from tests.reference.convolutions import numbers, unrolled

SMALL = {"image": (2, 7, 6), "kernels": ((3, 3, 2), (4, 2, 1)), "readouts": (3, 2), "form": "dense"}


class SharedLayer(decolle.Layer):
    """A layer whose weights are written out from kernels; updates are summed over the pairs of cells of each weight.

    windows: for each cell the sums of which the largest is its drive.
    """

    def __init__(self, kernels, where, shape, windows, *args):
        self.kernels, self.where, self.windows = kernels.copy(), where, windows
        super().__init__(np.zeros(shape), *args)
        self.R = self.R[: len(windows)]
        self.write_out()

    def begin(self):
        super().begin()
        self.R = np.zeros(len(self.windows))

    def write_out(self):
        i, j, kernel = self.where
        self.w[i, j] = self.kernels[kernel]

    def potential(self):
        sums = (self.P @ self.w)[self.windows]
        self.chosen = self.windows[np.arange(len(self.windows)), sums.argmax(1)]
        return sums.max(1) - self.p["rho"] * self.R + self.bias

    def update(self, delta, step, rate):
        i, j, kernel = self.where
        of_sums = np.zeros(self.w.shape[1])
        of_sums[self.chosen] = delta
        self.kernels -= rate * np.bincount(kernel, np.outer(self.P, of_sums)[i, j], minlength=len(self.kernels))
        self.bias -= rate * delta
        self.write_out()


def windows(maps, side):
    """For each pooled cell, in the order of its number, the numbers of its sums, row by row."""
    found, n = {}, numbers(maps)
    behind = numbers(Maps(maps.maps, maps.rows // side, maps.columns // side, maps.maps_last))
    for m, r, c in np.ndindex(behind.shape):
        found[behind[m, r, c]] = n[m, r * side : (r + 1) * side, c * side : (c + 1) * side].ravel()
    return np.array([found[k] for k in range(len(found))])


POOLED = {**SMALL, "kernels": ((3, 3, 1, 1, 2), (4, 2, 1, 1))}


def learned(net, data, start, target, make=ConvDecolle.network):
    simulation = decolle_cases.simulation(net, data, target, make)
    return simulation.run(decolle_cases.shown(net, len(data), **start), seed=1)


def case(kernels=SMALL, **more):
    """A network, two samples, and where it starts."""
    settings = {
        **kernels,
        "steps": 60,
        "burn_in": 10,
        "encoding": "spikes",
        "rate": 0.2,
        "spread": 4.0,
        "readout_scale": 1.0,
        "targets": decolle_cases.targets((3, 2), 60),
        **more,
    }
    net = ConvDecolle(**settings)
    start, rng = net.initial(2), np.random.default_rng(9)
    start |= {f"hidden{k}.bias": rng.normal(0, 0.3, net.layers[k]) for k in (1, 2)}
    return net, decolle_cases.spikes(2, 60, 84), start


@pytest.mark.parametrize(
    ("kernels", "layers"), [(SMALL, (84, 18, 8)), (POOLED, (84, 27, 64))], ids=["plain", "padded and pooled"]
)
@pytest.mark.parametrize(
    "target", ["numpy", pytest.param("cpp", marks=pytest.mark.slow), pytest.param("cython", marks=pytest.mark.slow)]
)
def test_learning_over_samples_is_that_of_the_loop(target, kernels, layers):
    net, data, start = case(kernels)
    assert net.layers == layers
    result = learned(net, data, start, target)
    written_out = []
    for k, (n, m, r) in enumerate(zip(layers[:-1], layers[1:], net.readouts, strict=True), 1):
        convolution = net.convolution(k)
        written_out.append(
            SharedLayer(
                start[f"kernels{k}.w"],
                unrolled(convolution),
                (n, convolution.target.cells),
                windows(convolution.target, net.kernels[k - 1][4] if len(net.kernels[k - 1]) > 4 else 1),
                start[f"hidden{k}.bias"],
                start[f"reading{k}.w"].reshape(m, r),
                start[f"back{k}.w"].reshape(r, m),
                decolle_cases.loop_parameters(net),
            )
        )
    for sample in data:
        decolle.run(written_out, sample, net.targets, net.rate, net.burn_in)
    for k, layer in enumerate(written_out, 1):
        assert np.abs(layer.kernels - start[f"kernels{k}.w"]).max() > 0.01, "the case must learn"
        np.testing.assert_allclose(result[f"kernels{k}.w"], layer.kernels, rtol=0, atol=1e-9)
        np.testing.assert_allclose(result[f"hidden{k}.bias"], layer.bias, rtol=0, atol=1e-9)


class Unrolled(ConvDecolle):
    """The same with a synapse for each pair of cells, whose weight is linked to that of a kernel."""

    def _plastic(self, k, rule, source, target, step):
        made = super()._plastic(k, rule, source, target, step)  # its kernels' pathways are left out
        behind, convolution = made[0].target, self.convolution(k)
        kernels = NeuronGroup(convolution.weights, "w : 1", clock=step, name=f"kernels{k}")
        learn = {**rule.on_pre, "learn": "w += change_post*p_trace_pre"}
        rule = replace(rule, model="w : 1 (linked)\nkernel : integer", on_pre=learn)
        synapses = rule.synapses(source, behind, name=f"into_hidden{k}", clock=step)
        link(convolution, synapses, kernels, "w")
        return [synapses, kernels, *made[1:]]


@pytest.mark.parametrize("kernels", [SMALL, POOLED], ids=["plain", "padded and pooled"])
def test_it_is_the_unrolled_network(kernels):
    net, data, start = case(kernels)
    found = learned(net, data, start, "numpy")
    expected = learned(Unrolled(**{**vars(net), "layers": None}), data, start, "numpy", Unrolled.network)
    for k in (1, 2):
        for name in (f"kernels{k}.w", f"hidden{k}.bias", f"hidden{k}.r"):
            np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=1e-10)
        assert np.abs(found[f"kernels{k}.w"] - start[f"kernels{k}.w"]).max() > 0.01


def test_single_precision_is_close():
    double, single = (
        learned(net, data, start, "numpy") for net, data, start in (case(POOLED, steps=60), case(POOLED, single=True))
    )
    for k in (1, 2):
        assert single[f"kernels{k}.w"].dtype == np.float32
        difference = np.abs(single[f"kernels{k}.w"] - double[f"kernels{k}.w"]).max()
        assert 0 < difference < 1e-4


def test_maps_last_are_the_same_network_in_another_order():
    """What is drawn for a cell or a weight does not depend on how they are numbered."""
    net = ConvDecolle(**POOLED)
    start = net.initial(3)
    from_maps = np.random.default_rng([3, 1]).uniform(-1, 1, (3, 2, 3, 3)) * net.spread / np.sqrt(18)
    np.testing.assert_array_equal(net.convolution(1).array(start["kernels1.w"]), from_maps)
    dense = Decolle(layers=net.layers, readouts=(3, 2)).initial(3)
    cells = numbers(Maps(3, 3, 3, maps_last=True)).ravel()
    for name in ("hidden1.bias", "reading1.w", "back1.w"):
        found, expected = start[name], dense[name]
        if name == "reading1.w":
            found, expected = found.reshape(27, 3).T, expected.reshape(27, 3).T
        found, expected = (values.reshape(-1, 27) for values in (found, expected))
        np.testing.assert_array_equal(found[:, cells], expected)


def test_patches_look_at_all_maps_of_the_layer_before():
    net = ConvDecolle(**SMALL)
    convolution = net.convolution(1)
    i, j, kernel = convolution.patches()
    assert (len(i), j.max(), kernel.max()) == (18 * 2 * 9, 17, 3 * 2 * 9 - 1)
    cell = (2 * 2 + 1) * 3 + 1  # row 2, column 1, second map: sees rows 4-6, columns 2-4
    seen = np.unravel_index(i[j == cell], (2, 7, 6))
    np.testing.assert_array_equal([np.unique(axis) for axis in seen[1:]], [[4, 5, 6], [2, 3, 4]])
    assert np.unique(seen[0]).tolist() == [0, 1]
    of_map = convolution.array(np.arange(54))[1].ravel()
    assert sorted(kernel[j == cell]) == sorted(of_map)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kernels": ((3, 9, 1),)}, "the kernels of hidden layer 1 have a side of 9, what they look at is 7 x 6"),
        (
            {"kernels": ((3, 3, 2), (4, 4, 1))},
            "the kernels of hidden layer 2 have a side of 4, what they look at is 3 x 2",
        ),
        ({"kernels": ((3, 3),)}, "kernels of hidden layer 1 must be maps, side and stride"),
        ({"kernels": ((3, 3, 1, -1),)}, "where wanted padding .at least 0. and pooling"),
        ({"kernels": ((3, 3, 1, 0, 0),)}, "where wanted padding .at least 0. and pooling"),
        (
            {"kernels": ((3, 9, 1, 1),)},
            "have a side of 9, what they look at is 7 x 6 and 1 of padding; make them smaller",
        ),
        ({"kernels": ((3, 5, 1, 0, 3),)}, "the windows of hidden layer 1 have a side of 3, what they pool is 3 x 2"),
        ({"image": (7, 6)}, "image must be channels, height and width"),
        ({"layers": (84, 5)}, r"layers follow from image and kernels, \(84, 18, 8\)"),
        ({"form": "rank1"}, "dense form"),
        ({"optimiser": "adamax"}, "plain gradient steps"),
        ({"readouts": (3, 2, 1)}, "readouts must be one number above 0 for each of the 2 hidden layers"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ConvDecolle(**{**SMALL, **wrong})


def test_a_number_of_hidden_cells_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="hidden means nothing to model=decolle_conv"):
        execute(protocols.get("mnist"), out=tmp_path, parameters={"model": "decolle_conv", "hidden": 5})


def test_an_image_can_be_shown_for_a_shorter_time():
    mnist = protocols.get("mnist")
    asked = mnist.resolve(model="decolle_conv", steps=24, input_rate=900.0)
    samples = SimpleNamespace(classes=10, training=np.arange(5))
    settings = mnist_task.TASK.offers["decolle_conv"].network
    net = CONVOLUTIONAL.network(asked, SimpleNamespace(network={}, samples=samples), 0, settings)
    assert net.steps == 24
    assert net.input_rate == 900 * Hz
    assert net.cell == settings["cell"]


def test_maps_of_the_last_layer_can_be_chosen(tmp_path):
    small = {"train_samples": 3, "validation_samples": 2, "test_samples": 2, "epochs": 1}
    record = execute(
        protocols.get("mnist"),
        out=tmp_path,
        target="numpy",
        parameters={"model": "decolle_conv", "top_maps": 3, **small},
    )
    assert any("kernels=((8, 7, 2), (16, 5, 2), (3, 3, 1))" in note for note in record.notes)
    with pytest.raises(ParameterError, match="top_maps has no effect with kernels=paper; it needs kernels=small"):
        execute(
            protocols.get("mnist"),
            out=tmp_path,
            parameters={"model": "decolle_conv", "top_maps": 3, "kernels": "paper", **small},
        )
    with pytest.raises(
        ParameterError, match=r"top_maps means nothing to model=decolle .* top_maps is used by model=decolle_conv"
    ):
        execute(protocols.get("mnist"), out=tmp_path, parameters={"model": "decolle", "top_maps": 3, **small})


@pytest.mark.parametrize(
    ("kernels", "layers"), [("paper", (2048, 14400, 21632, 3200)), ("quarter-paper", (2048, 3600, 5408, 800))]
)
def test_the_network_of_the_paper_and_a_part_of_its_maps_can_be_chosen(kernels, layers):
    asked = protocols.get("nmnist").resolve(model="decolle_conv", kernels=kernels)
    samples = SimpleNamespace(classes=10, training=np.arange(5))
    settings = {**LOCAL, "image": (2, 32, 32)}
    net = CONVOLUTIONAL.network(asked, SimpleNamespace(network={}, samples=samples), 0, settings)
    assert net.layers == layers
    assert net.single
