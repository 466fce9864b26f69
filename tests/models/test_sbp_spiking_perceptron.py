"""The spiking perceptron: its surrogate gradient, its other arms against loops, what may be asked of it."""

import numpy as np
import pytest

from sbp_brian.models.artificial.spiking_perceptron import LEARNING, SBPSpikingPerceptron
from sbp_brian.training.batches import NumpyTraining, Patterns, one_hot

RNG = np.random.default_rng(3)
X, Y = RNG.random((6, 8)), (RNG.random((6, 3)) < 0.4).astype(float)


def model(layers=(8, 7, 3), **settings):
    net = SBPSpikingPerceptron(layers, precision="float64", **{"steps": 9, **settings})
    net.start(2)
    for name, values in net.arrays.items():
        if name[0] == "W":
            values *= 3
    return net


@pytest.mark.parametrize("layers", [(8, 7, 3), (8, 7, 6, 3)])
@pytest.mark.parametrize("encoding", ["bernoulli", "constant"])
def test_the_surrogate_gradient_is_exact(layers, encoding):
    """With the spike replaced by its surrogate's integral the loss is smooth, and has the gradient that is used."""
    net = model(layers, encoding=encoding, relaxed=True)
    shown = net.encode(X, np.random.default_rng(1))
    _, changes = net.changes(shown, Y, "surrogate")
    assert set(changes) == {name for name in net.arrays if name[0] in "Wb" and name != "batches"}
    for name, change in changes.items():
        array, gradient, step = net.arrays[name], np.zeros_like(change), 1e-6
        for k in np.ndindex(*array.shape):
            kept = array[k]
            array[k] = kept + step
            above = net.loss(shown, Y)
            array[k] = kept - step
            gradient[k] = (above - net.loss(shown, Y)) / (2 * step)
            array[k] = kept
        assert np.abs(change).max() > 1e-4
        np.testing.assert_allclose(-change, gradient, rtol=0, atol=1e-6)


def by_hand(net, shown):
    """Spikes (steps, batch, units) of each layer, one cell at a time, and the outputs' gradient signal."""
    layers = []
    for k in (1, 2):
        w, b, spikes = net.arrays[f"W{k}"], net.arrays[f"b{k}"], np.zeros((net.steps, len(X), net.layers[k]))
        slopes, membranes = np.zeros_like(spikes), np.zeros_like(spikes)
        for n, j in np.ndindex(len(X), net.layers[k]):
            u = s = 0.0
            for t in range(net.steps):
                before = shown[min(t, len(shown) - 1), n] if k == 1 else layers[0][0][t, n]
                g = 1 / (1 + np.exp(-(before @ w[:, j] + b[j])))
                u = 0.2 * u * (1 - s) + g - 0.1
                s = float(u > 0.5)
                spikes[t, n, j], slopes[t, n, j], membranes[t, n, j] = s, g * (1 - g), u
        layers.append((spikes, slopes, membranes))
    spikes, slopes, membranes = layers[1]
    wanted = 2 * (Y - spikes.mean(0)) / (Y.size * net.steps)
    taught, carried = np.zeros_like(spikes), 0.0
    for t in reversed(range(net.steps)):
        box = np.abs(membranes[t] - 0.5) < 0.3
        carried = carried * 0.2 * (1 - spikes[t] - membranes[t] * box) + wanted * box
        taught[t] = carried * slopes[t]
    return layers[0][0], spikes.mean(0), taught


@pytest.mark.parametrize("learning", ["weighted", "weighted/activity"])
def test_sbp_is_what_output_synapses_report(learning):
    net = model(learning=learning)
    shown = net.encode(X, np.random.default_rng(1))
    hidden, outputs, taught = by_hand(net, shown)
    got, changes = net.changes(shown, Y)
    np.testing.assert_allclose(got, outputs, rtol=0, atol=1e-15)
    expected, w = np.zeros_like(net.arrays["W1"]), net.arrays["W2"]
    for n, j in np.ndindex(len(X), net.layers[1]):
        report = sum(w[j, k] * hidden[t, n, j] * taught[t, n, k] for t in range(net.steps) for k in range(3))
        count = hidden[:, n, j].sum()
        if learning == "weighted/activity":
            report = report / count if count else 0.0
        expected[:, j] += shown[:, n].mean(0) * report
    assert np.abs(expected).max() > 1e-6
    np.testing.assert_allclose(changes["W1"], expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("encoding", ["bernoulli", "constant"])
def test_pseudo_backpropagation_is_the_released_formula(encoding):
    net = model(learning="pseudo-bp", encoding=encoding)
    shown = net.encode(X, np.random.default_rng(1))
    hidden, outputs, taught = by_hand(net, shown)
    x = np.broadcast_to(shown, (net.steps, *X.shape))
    error, expected = Y - outputs, np.zeros((7, 8))  # units x inputs, as the release writes it
    hebb = sum(hidden[t].T @ x[t] for t in (-2, -1)) - sum(hidden[t].T @ x[t] for t in (0, 1))
    for t in range(net.steps):
        gradient = taught[t].T @ hidden[t]  # outputs x units
        sp = np.diag(0.01 * np.abs(gradient).sum(0) / (7 * 3))
        expected += sp @ net.feedback[1] @ error.T @ x[t] + 0.01 * sp @ hebb
    _, changes = net.changes(shown, Y)
    assert set(changes) == {"W1", "W2"}
    assert np.abs(expected).max() > 1e-8
    np.testing.assert_allclose(changes["W1"], expected.T, rtol=1e-9, atol=1e-18)


def test_zero_leaves_hidden_layers_and_depth_works():
    for learning in LEARNING:
        net = model((8, 7, 6, 3), learning=learning)
        before = {name: values.copy() for name, values in net.arrays.items()}
        net.begin_epoch(0, np.random.default_rng(1), 1.0)
        net.learn(X, Y)
        moved = {name for name in ("W1", "W2", "W3") if (net.arrays[name] != before[name]).any()}
        assert moved == ({"W3"} if learning == "zero" else {"W1", "W2", "W3"}), learning
        assert 0 < net.counted["hidden_spikes"] <= 6 * 9 * 13


def test_inputs_spike_as_often_as_they_say():
    net = model(steps=4000)
    shown = net.encode(np.array([[0, 0.25, 1.0]]), np.random.default_rng(1))
    np.testing.assert_allclose(shown.mean(0)[0], [0, 0.25, 1], atol=0.02)
    assert shown[:, 0, 0].sum() == 0


def test_it_learns_and_resumes_to_the_bit(tmp_path):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 500)
    inputs = (rng.random((500, 9)) * 0.3 + 0.7 * (np.arange(9) // 3 == labels[:, None])).astype(np.float32)
    rows = np.arange(500)
    patterns = Patterns(inputs, one_hot(labels, 3), rows[:300], rows[300:400], rows[400:])

    def training(folder, learning="weighted/activity"):
        net = SBPSpikingPerceptron((9, 30, 3), learning, learning_share=0.8, rate_hidden=0.01, rate_output=0.01)
        return NumpyTraining(net, patterns, tmp_path / folder, seed=2, batch=20)

    whole = training("whole")
    whole.run(4)
    assert whole.score(patterns.test) > 0.9
    training("part").run(2)
    again = training("part")
    again.run(4)
    assert again.resumed_from == 2
    for name, values in whole.model.arrays.items():
        np.testing.assert_array_equal(again.model.arrays[name], values)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layers": (784, 10)}, "layers must be inputs, hidden layers and outputs"),
        ({"learning": "pseudobp"}, "unknown learning 'pseudobp'; did you mean 'pseudo-bp'"),
        ({"encoding": "poisson"}, "unknown encoding 'poisson'"),
        ({"steps": 1}, "steps must be a whole number from 4"),
        ({"learning_share": -0.1}, "learning_share must be a number from 0 to 1"),
    ],
)
def test_bad_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        SBPSpikingPerceptron(**wrong)
