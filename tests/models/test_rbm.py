"""The restricted Boltzmann machine: against scikit-learn's, against sums over all states, what may be asked of it."""

import itertools

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import BernoulliRBM

from sbp_brian.models.artificial.rbm import RBM
from sbp_brian.training.batches import NumpyTraining, Patterns, cosine, one_hot


def machine(layers=(5, 4, 3), **settings):
    net = RBM(layers, precision="float64", **settings)
    net.start(1)
    rng = np.random.default_rng(2)
    for values in net.arrays.values():
        if values.ndim:
            values[...] = rng.normal(0, 0.7, values.shape)
    net.optimiser.__init__(net.arrays, ["W", "bv", "bh"], net.momentum)
    return net


def test_persistent_chains_equal_those_of_scikit_learn():
    digits = (load_digits().data / 16 > 0.5).astype(float)
    peer = BernoulliRBM(30, learning_rate=0.05, batch_size=20, random_state=0)
    peer.partial_fit(digits[:20])  # makes its arrays
    net = RBM((64, 30, 0), "pcd", rate=0.05, momentum=0, weight_decay=0, precision="float64")
    net.start(0)
    net.arrays["W"][...], net.arrays["bv"][...] = peer.components_.T, peer.intercept_visible_
    net.arrays["bh"][...], net.chains = peer.intercept_hidden_, peer.h_samples_.copy()
    drawn, peers = np.random.RandomState(4), np.random.RandomState(4)
    for first in range(20, 420, 20):
        batch = digits[first : first + 20]
        peer._fit(batch, peers)
        for name, change in net.changes(batch, lambda shape: drawn.uniform(size=shape)).items():
            net.arrays[name] += net.rate * change
    assert np.abs(net.arrays["W"]).max() > 0.05
    np.testing.assert_allclose(net.arrays["W"], peer.components_.T, rtol=0, atol=1e-12)
    np.testing.assert_allclose(net.arrays["bv"], peer.intercept_visible_, rtol=0, atol=1e-12)
    np.testing.assert_allclose(net.hidden(digits), peer.transform(digits), rtol=0, atol=1e-12)
    np.testing.assert_allclose(net.free_energy(digits), peer._free_energy(digits), rtol=1e-12)


def test_free_energy_and_posterior_are_sums_over_all_states():
    net = machine()
    hidden = np.array(list(itertools.product((0, 1), repeat=4)), float)
    x = np.random.default_rng(0).integers(0, 2, (6, 5)).astype(float)

    def weight(v):
        energies = -(v @ net.arrays["W"]) @ hidden.T - v @ net.arrays["bv"] - hidden @ net.arrays["bh"]
        return np.exp(-energies).sum()

    expected = np.array([[weight(np.r_[row, label]) for label in np.eye(3)] for row in x])
    v = np.concatenate([x, np.eye(3)[[0, 1, 2, 0, 1, 2]]], axis=1)
    np.testing.assert_allclose(np.exp(-net.free_energy(v)), [expected[k, k % 3] for k in range(6)])
    np.testing.assert_allclose(net.posterior(x), expected / expected.sum(1, keepdims=True))


def test_the_positive_phase_is_the_gradient_of_the_free_energy():
    net = machine()
    v = np.random.default_rng(0).integers(0, 2, (6, 8)).astype(float)
    for name, gradient in (("W", -(v.T @ net.hidden(v))), ("bh", -net.hidden(v).sum(0)), ("bv", -v.sum(0))):
        array = net.arrays[name]
        for k in np.ndindex(*array.shape):
            kept, ends = array[k], []
            for step in (1e-6, -1e-6):
                array[k] = kept + step
                ends.append(net.free_energy(v).sum())
            array[k] = kept
            assert gradient[k] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)


def test_gibbs_sampling_has_the_distribution_of_the_machine():
    net = machine((3, 2, 3))
    rng = np.random.default_rng(3)
    h = rng.integers(0, 2, (40_000, 2)).astype(float)
    for _ in range(30):
        v = net.sample_visible(h, rng.random)
        h = (rng.random(h.shape) < net.hidden(v)).astype(float)
    states = np.array([[*x, *y] for x in itertools.product((0, 1), repeat=3) for y in np.eye(3)])
    expected = np.exp(-net.free_energy(states))
    found = np.array([(v == state).all(1).mean() for state in states])
    np.testing.assert_allclose(found, expected / expected.sum(), atol=0.012)
    assert (v[:, 3:].sum(1) == 1).all()


def digits(several_bits=False):
    data = load_digits()
    inputs = (data.data / 16).astype(np.float32)
    rows = np.arange(len(inputs))
    targets = one_hot(data.target, 10)
    if several_bits:
        targets = ((data.target[:, None] >> np.arange(4)) & 1).astype(np.float32)
        targets = np.concatenate([targets, 1 - targets], axis=1)
    score = {"score": cosine} if several_bits else {}
    return Patterns(inputs, targets, rows[:1200], rows[1200:1400], rows[1400:], **score)


def test_it_learns_to_name_digits_and_resumes_to_the_bit(tmp_path):
    def training(folder, learning="cd"):
        net = RBM((64, 60, 10), learning, rate=0.1, momentum=0.8)
        return NumpyTraining(net, digits(), tmp_path / folder, batch=20)

    whole = training("whole")
    whole.run(12)
    assert whole.score(whole.patterns.test) > 0.8
    frozen = training("frozen", "frozen")
    before = frozen.model.arrays["W"].copy()
    frozen.run(1)
    np.testing.assert_array_equal(frozen.model.arrays["W"][:64], before[:64])
    training("part", "pcd").run(2)
    again, straight = training("part", "pcd"), training("straight", "pcd")
    again.run(3)
    straight.run(3)
    for name, values in straight.model.arrays.items():
        np.testing.assert_array_equal(again.model.arrays[name], values)


def test_labels_of_several_bits(tmp_path):
    net = RBM((64, 60, 8), labels="binary", rate=0.1, momentum=0.8)
    training = NumpyTraining(net, digits(several_bits=True), tmp_path, batch=20)
    training.run(8)
    assert training.score(training.patterns.test) > 0.85, "the mean target scores 0.71"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layers": (784, 500, 500, 10)}, "layers must be inputs, hidden units and labels: one hidden layer"),
        ({"learning": "cd1"}, "unknown learning 'cd1'; did you mean 'cd'"),
        ({"labels": "soft"}, "unknown labels 'soft'"),
        ({"steps": 0}, "steps must be a whole number from 1"),
    ],
)
def test_bad_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        RBM(**wrong)
