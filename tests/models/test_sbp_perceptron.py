"""The perceptron: its gradient, its SBP arms against loops over samples and synapses, what may be asked of it."""

from dataclasses import replace

import numpy as np
import pytest

from sbp_brian.models.artificial.perceptron import LEARNING, SBP_LEARNING, SBPPerceptron
from sbp_brian.models.artificial.spiking_perceptron import SBPSpikingPerceptron
from sbp_brian.training.batches import NumpyTraining, Patterns, cosine, first_maximum, one_hot

RNG = np.random.default_rng(3)
X, Y = RNG.random((7, 6)) * (RNG.random((7, 6)) < 0.7), (RNG.random((7, 3)) < 0.4).astype(float)


def model(layers=(6, 5, 3), **settings):
    net = SBPPerceptron(layers, precision="float64", **settings)
    net.start(2)
    for name, values in net.arrays.items():
        if name[0] == "b" and name != "batches":
            values += np.random.default_rng(5).normal(0.3, 0.2, values.shape)
    return net


def central_differences(net, array, step=1e-6):
    gradient = np.zeros_like(array)
    for k in np.ndindex(*array.shape):
        kept = array[k]
        array[k] = kept + step
        above = net.loss(X, Y)
        array[k] = kept - step
        gradient[k] = (above - net.loss(X, Y)) / (2 * step)
        array[k] = kept
    return gradient


@pytest.mark.parametrize("activation", ["relu", "clipped", "sigmoid"])
@pytest.mark.parametrize("layers", [(6, 5, 3), (6, 5, 4, 4, 5, 3)])
def test_backpropagation_is_the_gradient(layers, activation):
    net = model(layers, activation=activation, learning="backpropagation")
    _, changes = net.changes(X, Y)
    assert len(changes) == 2 * (len(layers) - 1)
    for name, change in changes.items():
        assert np.abs(change).max() > 1e-5, name
        np.testing.assert_allclose(-change, central_differences(net, net.arrays[name]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("layers", [(6, 5, 3), (6, 5, 4, 3)])
def test_weighted_by_activity_is_the_gradient_of_rectified_units_and_of_no_others(layers):
    for activation, equal in (("relu", True), ("sigmoid", False)):
        net = model(layers, activation=activation)
        sbp, exact = (net.changes(X, Y, learning)[1] for learning in ("weighted/activity", "backpropagation"))
        apart = max(np.abs(sbp[name] - exact[name]).max() for name in exact)
        assert bool(apart < 1e-15) is equal, activation


def by_hand(net, learning):
    """Mean changes of the weights by loops over samples, layers and synapses."""
    depth, found = len(net.layers) - 1, {}
    w = {k: net.arrays[f"W{k}"] for k in range(1, depth + 1)}
    for k in w:
        found[k] = np.zeros_like(w[k])
    for x, y in zip(X, Y, strict=True):
        s, a = {0: x}, {}
        for k in w:
            a[k] = s[k - 1] @ w[k] + net.arrays[f"b{k}"]
            s[k] = 1 / (1 + np.exp(-a[k])) if k == depth else np.clip(a[k], 0, 1)
        signal = y - s[depth]
        for k in range(depth, 0, -1):
            takes_part = np.ones_like(w[k]) if k == depth else net.masks[k]
            back = np.zeros(len(s[k - 1]))
            for i, j in np.ndindex(*w[k].shape):
                dw = s[k - 1][i] * signal[j] * takes_part[i, j]
                found[k][i, j] += dw / len(X)
                strength = w[k][i, j]
                floored = np.sign(strength) * max(abs(strength), net.relative_floor)
                back[i] += {"change": dw, "relative": dw / floored}.get(learning, strength * dw)
            if learning == "weighted/activity":
                back = np.array([r / v if v > 0 else 0 for r, v in zip(back, s[k - 1], strict=True)])
            signal = net.lambda_f * back
    return found


@pytest.mark.parametrize("learning", ["change", "relative", "weighted", "weighted/activity"])
def test_sbp_is_what_synapses_report(learning):
    net = model((6, 5, 4, 3), learning=learning, activation="clipped", lambda_p=0.5, lambda_f=0.6, relative_floor=0.3)
    _, changes = net.changes(X, Y)
    for k, change in by_hand(net, learning).items():
        np.testing.assert_allclose(changes[f"W{k}"], change, rtol=0, atol=1e-14)
    assert (net.masks[1].sum(0) == 3).all()
    assert (changes["W1"][net.masks[1] == 0] == 0).all()


def test_the_bare_change_tells_hidden_units_apart_by_their_activity_alone():
    net = model(learning="change", activation="clipped")
    drives, activities = net.forward(X)
    report = net.signals("change", Y, drives, activities)[1]
    np.testing.assert_allclose(report, activities[1] * (Y - activities[2]).sum(1, keepdims=True))


def test_feedback_is_fixed_and_frozen_layers_stay():
    for learning in ("feedback-alignment", "direct-feedback-alignment", "frozen"):
        net = model((6, 5, 4, 3), learning=learning)
        before = {name: values.copy() for name, values in net.arrays.items()}
        feedback = net.feedback[1].copy()
        net.begin_epoch(0, np.random.default_rng(1), 1.0)
        net.learn(X, Y)
        moved = {name for name in before if (net.arrays[name] != before[name]).any() and name[0] == "W"}
        assert moved == ({"W3"} if learning == "frozen" else {"W1", "W2", "W3"})
        np.testing.assert_array_equal(net.feedback[1], feedback)


def test_the_share_of_batches_is_the_share_asked_for():
    for share in (0, 0.3, 0.5, 1):
        net = model(learning="frozen", learning_share=share, momentum=0)
        net.begin_epoch(0, np.random.default_rng(1), 1.0)
        stayed = 0
        for _ in range(20):
            before = net.arrays["W1"].copy()
            net.learn(X, Y)
            stayed += (net.arrays["W1"] == before).all()
        assert stayed == round(20 * share)


def task(n=600):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, n)
    inputs = (rng.random((n, 12)) * 100 + 155 * (np.arange(12) // 3 == labels[:, None])).astype(np.uint8)
    rows = np.arange(n)
    return Patterns(inputs, one_hot(labels, 4), rows[:400], rows[400:500], rows[500:], scale=1 / 255)


def small(**settings):
    return SBPPerceptron((12, 20, 4), drop_input=0.1, drop_hidden=0.1, **settings)


def test_a_stopped_training_ends_with_the_same_bits(tmp_path):
    whole = NumpyTraining(small(learning_share=0.7), task(), tmp_path / "whole", seed=4, batch=30, decay=0.9)
    whole.run(4)
    assert whole.score(whole.patterns.test) > 0.9
    first = NumpyTraining(small(learning_share=0.7), task(), tmp_path / "part", seed=4, batch=30, decay=0.9)
    told = []
    first.run(2, told.append)
    assert told[-1] == 1
    again = NumpyTraining(small(learning_share=0.7), task(), tmp_path / "part", seed=4, batch=30, decay=0.9)
    assert again.resumed_from == 2
    again.run(4)
    for name, values in whole.model.arrays.items():
        np.testing.assert_array_equal(again.model.arrays[name], values)
    assert [e.validation for e in again.history] == [e.validation for e in whole.history]
    with pytest.raises(ValueError, match=r"belongs to another training \(other model"):
        NumpyTraining(small(learning_share=0.6), task(), tmp_path / "part", seed=4, batch=30, decay=0.9)


def test_every_arm_runs_and_shuffled_targets_teach_nothing(tmp_path):
    for number, learning in enumerate(LEARNING):
        patterns = task() if learning != "shuffled-labels" else task().with_shuffled_training_targets(0)
        training = NumpyTraining(
            small(learning=learning, rate_hidden=0.001 if learning in ("change", "relative") else 0.1),
            patterns,
            tmp_path / str(number),
            batch=20,
        )
        training.run(4)
        assert (training.score(patterns.test) > 0.6) is (learning != "shuffled-labels"), learning
    assert set(SBP_LEARNING) < set(LEARNING)


def test_scores():
    outputs, targets = np.array([[0.2, 0.9, 0.9], [0, 0, 0.0], [0, 3, 0]]), np.array([[0, 1, 1], [0, 1, 0], [0, 1, 1]])
    np.testing.assert_array_equal(first_maximum(outputs, targets), [1, 0, 1])
    np.testing.assert_allclose(cosine(outputs, targets), [1.8 / np.sqrt(1.66 * 2), 0, 1 / np.sqrt(2)])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layers": (784, 10)}, "layers must be inputs, hidden layers and outputs"),
        ({"learning": "wieghted"}, "unknown learning 'wieghted'; did you mean 'weighted'"),
        ({"activation": "tanh"}, "unknown activation 'tanh'"),
        ({"learning_share": 1.5}, "learning_share must be a number from 0 to 1, got 1.5"),
        ({"lambda_p": 0}, "lambda_p must be a number from"),
        ({"rate_hidden": float("nan")}, "rate_hidden must be a number from 0"),
        ({"rate_hidden": "fast"}, "rate_hidden must be a number from 0 to .*, got 'fast'"),
        ({"learning": None}, "unknown learning 'None'; "),
        ({"layers": (784, 50.5, 10)}, "layers must be whole numbers such as"),
        ({"layers": 784}, "layers must be whole numbers such as"),
    ],
)
def test_bad_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        SBPPerceptron(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"inputs": np.full((3, 2), np.nan)}, "inputs hold NaN"),
        ({"targets": np.full((3, 2), 2.0)}, "targets must be numbers from 0 to 1"),
        ({"targets": np.zeros((2, 2))}, "must have the shapes"),
        ({"inputs": np.full((3, 2), "x")}, "inputs and targets must hold real numbers, not"),
        ({"test": np.array([0])}, "a row is in two of training"),
        ({"test": np.array([9])}, "rows must be from 0 to 2, got 9 to 9 in test"),
        ({"training": np.array([], int)}, "there are no training rows"),
    ],
)
def test_bad_patterns_are_refused(wrong, message):
    good = {
        "inputs": np.zeros((3, 2)),
        "targets": np.zeros((3, 2)),
        "training": np.array([0, 1]),
        "validation": np.array([2]),
        "test": np.array([], int),
    }
    with pytest.raises(ValueError, match=message):
        Patterns(**{**good, **wrong})


def test_bad_trainings_are_refused(tmp_path):
    with pytest.raises(ValueError, match="batch must be a whole number of samples, at least 1"):
        NumpyTraining(small(), task(), tmp_path, batch=0)
    for labels in ([0, 3], [0, -1], [0.0, 1.5], [[0], [1]]):
        with pytest.raises(ValueError, match="labels must be class numbers from 0 to 2"):
            one_hot(np.array(labels), 3)
    good = task()
    inputs, outputs = good.inputs.shape[1], good.targets.shape[1]
    with pytest.raises(ValueError, match=f"have {inputs + 1} inputs and {outputs} outputs, but the patterns have"):
        NumpyTraining(SBPPerceptron((inputs + 1, 5, outputs)), good, tmp_path)
    with pytest.raises(ValueError, match="epochs must be at least 0, got -1"):
        NumpyTraining(small(), good, tmp_path).run(-1)
    loud = replace(good, scale=1.01 / good.inputs.max())
    with pytest.raises(ValueError, match=r"inputs must be from 0 to 1 for SBPSpikingPerceptron, .* to 1\.01; give"):
        NumpyTraining(SBPSpikingPerceptron((inputs, 5, outputs)), loud, tmp_path)
    wild = NumpyTraining(small(), task(), tmp_path, batch=20)
    wild.model.arrays["W2"][0, 0] = np.inf
    message = r"diverged in epoch 1: .* holds NaN or infinity \(.*; lower rate_hidden or rate_output \(it was the first"
    with pytest.raises(FloatingPointError, match=message), np.errstate(over="raise", invalid="raise"):
        wild.run(3)
