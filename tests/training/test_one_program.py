"""Trainings by the program that serves most others: each gives what it gives by its own."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network.options import Subset
from sbp_brian.training.one_program import network, one_program
from sbp_brian.training.spiking import Samples, Training


def samples(n=24, pixels=36, classes=3):
    rng = np.random.default_rng(1)
    images = (rng.random((n, pixels)) < 0.4) * rng.integers(50, 255, (n, pixels))
    parts = np.split(np.arange(n), [2 * n // 3, 5 * n // 6])
    return Samples(images.astype(np.uint8), rng.integers(0, classes, n), classes, *parts)


def made(lambda_p, hidden=(8, 6), **more):
    options = (Subset(3, alike=2),) if lambda_p < 1 else ()
    return SBPNetwork(36, hidden, 3, width=6, lambda_p=lambda_p, lambda_f=0.7, options=options, **more)


def trained(model, data, folder, target, also=None):
    training = Training(model, data, folder, target=target, seed=2)
    history = [(epoch.running, epoch.validation, epoch.per_sample) for epoch in training.run(2)]
    return training.learned, history, *training.evaluate(data.test, also=also)[:2]


def held(own, found):
    for name, values in own[0].items():
        assert np.ptp(values) > 0
        np.testing.assert_array_equal(found[0][name], values)
    assert own[1] == found[1]
    np.testing.assert_array_equal(own[2], found[2])
    np.testing.assert_array_equal(own[3], found[3])


@pytest.mark.parametrize("lambda_p", [0.3, 1.0])
def test_the_network_that_serves_others_learns_the_same(lambda_p, tmp_path):
    data, model = samples(), made(lambda_p).trial_model()
    with one_program():
        make, own = network(model, "cpp")
    assert make is not model.make
    other = replace(model, make=make, by_epoch=lambda number: {**own, **model.by_epoch(number)})
    first = trained(model, data, tmp_path / "own", "numpy")
    held(first, trained(other, data, tmp_path / "other", "numpy", own))


@pytest.mark.slow
@pytest.mark.parametrize("lambda_p", [0.3, 1.0])
def test_as_programs_they_give_the_same_to_the_bit(lambda_p, tmp_path):
    data, model = samples(400, 36, 3), made(lambda_p, hidden=(70,)).trial_model()
    found = []
    for name, how in (("own", nullcontext), ("other", one_program)):
        with how():
            found.append(trained(model, data, tmp_path / name, "cpp"))
    held(*found)
