"""DECOLLE with shared weights against the independent loop with its kernels written out."""

import numpy as np
import pytest

from sbp_brian import protocols
from sbp_brian.errors import ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.models.decolle.conv import ConvDecolle
from tests.helpers import decolle_cases
from tests.reference import decolle

SMALL = {"image": (2, 7, 6), "kernels": ((3, 3, 2), (4, 2, 1)), "readouts": (3, 2), "form": "dense"}


class SharedLayer(decolle.Layer):
    """A layer whose weights are written out from kernels; updates are summed over the synapses of each weight."""

    def __init__(self, kernels, where, shape, *args):
        self.kernels, self.where = kernels.copy(), where
        super().__init__(np.zeros(shape), *args)
        self.write_out()

    def write_out(self):
        i, j, kernel = self.where
        self.w[i, j] = self.kernels[kernel]

    def update(self, delta, step, rate):
        i, j, kernel = self.where
        self.kernels -= rate * np.bincount(kernel, np.outer(self.P, delta)[i, j])
        self.bias -= rate * delta
        self.write_out()


@pytest.mark.parametrize(
    "target", ["numpy", pytest.param("cpp", marks=pytest.mark.slow), pytest.param("cython", marks=pytest.mark.slow)]
)
def test_learning_over_samples_is_that_of_the_loop(target):
    settings = {
        **SMALL,
        "steps": 60,
        "burn_in": 10,
        "encoding": "spikes",
        "rate": 0.2,
        "spread": 4.0,
        "readout_scale": 1.0,
        "targets": decolle_cases.targets((3, 2), 60),
    }
    net = ConvDecolle(**settings)
    assert net.layers == (84, 18, 8)
    data = decolle_cases.spikes(2, 60, 84)
    start = net.initial(2)
    rng = np.random.default_rng(9)
    start |= {f"hidden{k}.bias": rng.normal(0, 0.3, net.layers[k]) for k in (1, 2)}
    simulation = decolle_cases.simulation(net, data, target, ConvDecolle.network)
    result = simulation.run(decolle_cases.shown(net, 2, **start), seed=1)
    parameters = decolle_cases.loop_parameters(net)
    layers = [
        SharedLayer(
            start[f"kernels{k}.w"],
            net.convolution(k).patches(),
            (n, m),
            start[f"hidden{k}.bias"],
            start[f"reading{k}.w"].reshape(m, r),
            start[f"back{k}.w"].reshape(r, m),
            parameters,
        )
        for k, (n, m, r) in enumerate(((84, 18, 3), (18, 8, 2)), 1)
    ]
    for sample in data:
        decolle.run(layers, sample, net.targets, net.rate, net.burn_in)
    for k, layer in enumerate(layers, 1):
        assert np.abs(layer.kernels - start[f"kernels{k}.w"]).max() > 0.01, "the case must learn"
        np.testing.assert_allclose(result[f"kernels{k}.w"], layer.kernels, rtol=0, atol=1e-9)
        np.testing.assert_allclose(result[f"hidden{k}.bias"], layer.bias, rtol=0, atol=1e-9)


def test_patches_look_at_all_maps_of_the_layer_before():
    net = ConvDecolle(**SMALL)
    i, j, kernel = net.convolution(1).patches()
    assert (len(i), j.max(), kernel.max()) == (18 * 2 * 9, 17, 3 * 2 * 9 - 1)
    cell = (1 * 3 + 2) * 2 + 1  # second map, row 2, column 1: sees rows 4-6, columns 2-4
    seen = np.unravel_index(i[j == cell], (2, 7, 6))
    np.testing.assert_array_equal([np.unique(axis) for axis in seen[1:]], [[4, 5, 6], [2, 3, 4]])
    assert np.unique(seen[0]).tolist() == [0, 1]
    assert sorted(kernel[j == cell]) == list(range(18, 36))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kernels": ((3, 9, 1),)}, "the kernels of hidden layer 1 have a side of 9, what they look at is 7 x 6"),
        (
            {"kernels": ((3, 3, 2), (4, 4, 1))},
            "the kernels of hidden layer 2 have a side of 4, what they look at is 3 x 2",
        ),
        ({"kernels": ((3, 3),)}, "kernels of hidden layer 1 must be maps, side and stride"),
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


def test_maps_of_the_last_layer_can_be_chosen(tmp_path):
    small = {"train_samples": 3, "validation_samples": 2, "test_samples": 2, "epochs": 1}
    record = execute(
        protocols.get("mnist"),
        out=tmp_path,
        target="numpy",
        parameters={"model": "decolle_conv", "top_maps": 3, **small},
    )
    assert any("kernels=((8, 7, 2), (16, 5, 2), (3, 3, 1))" in note for note in record.notes)
    with pytest.raises(
        ParameterError, match=r"top_maps means nothing to model=decolle .* top_maps is used by model=decolle_conv"
    ):
        execute(protocols.get("mnist"), out=tmp_path, parameters={"model": "decolle", "top_maps": 3, **small})
