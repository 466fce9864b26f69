"""The rate model of the flagship: its gradient, and the angle between it and what the spiking network changes."""

import numpy as np
import pytest

from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.rate_reference import RateReference, angle, angles, true_gradient
from sbp_brian.training.spiking import Samples, Training

RNG = np.random.default_rng(3)
X, Y = RNG.random((7, 6)) * (RNG.random((7, 6)) < 0.7), (RNG.random((7, 3)) < 0.4).astype(float)


@pytest.mark.parametrize("layers", [(6, 5, 3), (6, 5, 4, 3)])
def test_backpropagation_is_the_gradient_of_the_cost(layers):
    net = RateReference(layers, "backpropagation", precision="float64")
    net.start(2)
    for name, values in net.arrays.items():
        if name[0] == "b" and name != "batches":
            values += np.random.default_rng(5).normal(0.3, 0.2, values.shape)
    _, changes = net.changes(X, Y)
    for name, change in changes.items():
        array, found = net.arrays[name], np.zeros_like(net.arrays[name])
        for k in np.ndindex(*array.shape):
            kept = array[k]
            array[k] = kept + 1e-6
            above = net.loss(X, Y)
            array[k] = kept - 1e-6
            found[k] = (net.loss(X, Y) - above) / 2e-6
            array[k] = kept
        assert np.abs(change).max() > 1e-4, name
        np.testing.assert_allclose(change, found, rtol=0, atol=1e-6)


def test_angle():
    assert angle([1.0, 0.0], [0.0, 2.0]) == pytest.approx(90)
    assert angle([1.0, 1.0], [1.0, 1.0]) == pytest.approx(0, abs=1e-5)
    assert angle([1.0, 0.0], [-3.0, 0.0]) == pytest.approx(180)
    assert np.isnan(angle([0.0, 0.0], [1.0, 1.0]))


def test_what_the_spiking_network_changes_follows_the_gradient_in_one_arm_only(tmp_path):
    rng = np.random.default_rng(4)
    images = (255 * rng.random((60, 24)) * (rng.random((60, 24)) < 0.4)).astype(np.uint8)
    samples = Samples(images, rng.integers(0, 4, 60), 4, np.arange(30), np.arange(30, 50), np.arange(0))
    found = {}
    for arm in ("weighted/activity", "change"):
        network = SBPNetwork(24, (16, 12), 4, arm, rate_hidden=20.0, rate_output=0.01)
        training = Training(network.trial_model(), samples, tmp_path / arm, target="numpy")
        start = {
            name: 2 * values if name.endswith(".w") else values + 0.05 for name, values in network.initial(1).items()
        }
        found[arm] = angles(network, training, samples.validation, start)
        assert set(true_gradient(network, start, images / 255, samples.target_table)) == set(start)
        for name, values in training.learned.items():
            np.testing.assert_array_equal(values, training.model.initial(0)[name], err_msg="it only looks")
    assert found["weighted/activity"]["inputs.w"] < 50
    assert found["weighted/activity"]["inputs2.w"] < 40
    assert found["change"]["inputs.w"] > found["weighted/activity"]["inputs.w"] + 20
    assert max(f["outputs.w"] for f in found.values()) < 30
