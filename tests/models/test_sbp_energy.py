"""The energy-based network: forces, energies, the gradient of its two phases, and what the released energy changes."""

import numpy as np
import pytest

from sbp_brian.errors import CheckpointError
from sbp_brian.models.artificial.energy import LEARNING, SBPEnergy
from sbp_brian.training.batches import NumpyTraining, Patterns, displaced, one_hot

RNG = np.random.default_rng(3)
X, Y = RNG.random((5, 6)), np.eye(3)[RNG.integers(0, 3, 5)]


def model(layers=(6, 5, 3), learning="sbp", **settings):
    net = SBPEnergy(layers, learning, precision="float64", **settings)
    net.start(2, 5)
    for name, values in net.arrays.items():
        if name[0] == "b":
            values += np.random.default_rng(len(values)).normal(0.1, 0.1, values.shape)
    return net


def states(net, seed=1):
    rng = np.random.default_rng(seed)
    return {k: rng.random((5, net.layers[k])) for k in range(1, net.depth + 1)}


def released_energy(net, x, s, theta):
    """The energy as the release writes it (for one sample), with weights and biases of its sign, -W and -b."""
    w = {k: -net.arrays[f"W{k}"] for k in range(1, net.depth + 1)}
    b = {0: np.zeros(len(x)), **{k: -net.arrays[f"b{k}"] for k in range(1, net.depth + 1)}}
    s = {0: x, **s}
    total = sum(b[i] @ s[i] for i in range(net.depth)) + sum(b[i] @ s[i] for i in range(1, net.depth + 1))
    for i in range(net.depth - 1):
        total += s[i] @ w[i + 1] @ s[i + 1] + s[i] @ s[i]
        total += theta * (s[i + 1] @ w[i + 2] @ s[i + 2] + s[i + 1] @ s[i + 1])
    return total - x @ x  # the input's own norm is a constant


@pytest.mark.parametrize("layers", [(6, 5, 3), (6, 5, 4, 3)])
@pytest.mark.parametrize("learning", ["sbp", "theta-1"])
def test_the_energy_is_the_released_one(layers, learning):
    net = model(layers, learning)
    s = states(net)
    expected = [
        released_energy(net, x, {k: v[n] for k, v in s.items()}, {"sbp": 0.5}.get(learning, 1.0))
        for n, x in enumerate(X)
    ]
    np.testing.assert_allclose(net.energy(X, s), expected, rtol=1e-12)


@pytest.mark.parametrize("layers", [(6, 5, 3), (6, 5, 4, 3)])
@pytest.mark.parametrize("learning", LEARNING)
def test_forces_are_minus_the_gradient_of_the_energy(layers, learning):
    net = model(layers, learning)
    s = states(net)
    for k, force in net.forces(net.drive(X), s).items():
        for n, j in np.ndindex(*force.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = {m: v.copy() for m, v in s.items()}
                moved[k][n, j] += step
                ends.append(net.energy(X, moved)[n])
            assert force[n, j] == pytest.approx(-(ends[0] - ends[1]) / 2e-6, abs=1e-6)


@pytest.mark.parametrize("learning", ["sbp", "without-sbp", "theta-1-leak-kept", "output-leak"])
def test_the_energy_falls_at_every_free_step(learning):
    net = model(learning=learning, epsilon=0.2)
    s, driven = states(net), net.drive(X)
    before = net.energy(X, s)
    for _ in range(60):
        s = net.settle(driven, s, 1)
        now = net.energy(X, s)
        assert (now <= before + 1e-12).all()
        before = now
    assert (net.energy(X, states(net)) - before > 0.1).all()


def test_what_theta_changes():
    """At theta = 1/2 the released hidden leak is the usual one; at 1 a step of size 1 turns the old state's sign."""
    released, kept = model(learning="sbp"), model(learning="theta-1-leak-kept", theta=0.5)
    s = states(released)
    for k, force in released.forces(released.drive(X), s).items():
        np.testing.assert_array_equal(force, kept.forces(kept.drive(X), s)[k])
    doubled = model(learning="theta-1")
    base = doubled.forces(doubled.drive(X), {1: 0 * s[1], 2: s[2]})[1]
    np.testing.assert_allclose(doubled.forces(doubled.drive(X), s)[1] + s[1], base - s[1])


@pytest.mark.parametrize("learning", ["without-sbp", "output-leak"])
def test_the_phases_give_the_gradient_of_the_error(learning):
    """The limit of a small nudge, both signs, at a fixed point inside the bounds (Scellier & Bengio 2017, th. 1)."""
    net = model(learning=learning, epsilon=0.5)
    for name, values in net.arrays.items():
        values *= 0.2
        values += {"b1": 0.4 / net.bias[1], "b2": 0.4}.get(name, 0.0)

    def settled(y=None, beta=0.0):
        return net.settle(net.drive(X), {k: 0.5 * np.ones_like(v) for k, v in states(net).items()}, 400, y, beta)

    free = settled()
    assert all(((v > 0) & (v < 1)).all() for v in free.values()), "the bounds would make kinks"
    beta, estimate = 1e-4, {}
    for sign in (1, -1):
        for name, change in net.changes(X, free, settled(Y, sign * beta), sign * beta).items():
            estimate[name] = estimate.get(name, 0) + change / 2

    def error():
        return float(np.square(settled()[2] - Y).sum(1).mean())

    for name, change in estimate.items():
        array = net.arrays[name]
        for k in list(np.ndindex(*array.shape))[::4]:
            kept = array[k]
            array[k] = kept + 1e-5
            above = error()
            array[k] = kept - 1e-5
            gradient = (above - error()) / 2e-5
            array[k] = kept
            assert change[k] == pytest.approx(-gradient, abs=1e-6), name
        assert np.abs(change).max() > 1e-3


def test_frozen_hidden_layers_stay_and_others_do_not():
    for learning in LEARNING:
        net = model(learning=learning)
        before = net.arrays["W1"].copy()
        net.begin_epoch(0, np.random.default_rng(1), 1.0)
        for _ in range(5):
            net.learn(X, Y, np.arange(5))
        assert bool((net.arrays["W1"] == before).all()) is ("frozen" in learning), learning


def test_states_are_kept_and_resumed_to_the_bit(tmp_path):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 400)
    inputs = (rng.random((400, 9)) * 0.3 + 0.7 * (np.arange(9) // 3 == labels[:, None])).astype(np.float32)
    rows = np.arange(400)
    patterns = Patterns(inputs, one_hot(labels, 3), rows[:200], rows[200:300], rows[300:])

    def training(folder):
        return NumpyTraining(SBPEnergy((9, 20, 3), "output-leak"), patterns, tmp_path / folder, seed=2, batch=10)

    whole = training("whole")
    whole.run(4)
    assert whole.score(patterns.test) > 0.9
    assert (whole.model.arrays["s1"] > 0).any(1).all(), "every sample has settled, tested ones too"
    training("part").run(2)
    again = training("part")
    again.run(4)
    assert again.resumed_from == 2
    for name, values in whole.model.arrays.items():
        np.testing.assert_array_equal(again.model.arrays[name], values)
    np.testing.assert_array_equal(whole.outputs(rows, anew=True), whole.model.predict(inputs))


def test_without_kept_states_each_showing_starts_from_zero(tmp_path):
    """What was shown before does not matter, the training is that of states set to zero, and none are stored."""
    net, kept = model(learning="sbp", persistent=False), model(learning="sbp")
    assert not any(name.startswith("s") for name in net.arrays)
    for each in (net, kept):
        each.begin_epoch(0, np.random.default_rng(1), 1.0)
    for _ in range(3):
        for k in (1, 2):
            kept.arrays[f"s{k}"][:] = 0
        net.learn(X, Y, np.arange(5))
        kept.learn(X, Y, np.arange(5))
    for name, values in net.arrays.items():
        np.testing.assert_array_equal(values, kept.arrays[name])
    first = net.predict(X, rows=np.arange(5))
    np.testing.assert_array_equal(net.predict(X), first)
    shown = net.settle(net.drive(X), {k: np.zeros_like(v) for k, v in states(net).items()}, net.free_steps)
    np.testing.assert_array_equal(first, shown[2])
    longer = model(learning="sbp", persistent=False, settle_steps=35)
    longer.arrays.update(net.arrays)
    assert not np.array_equal(longer.predict(X), first)


def test_displaced_images_equal_those_moved_one_by_one():
    rng = np.random.default_rng(4)
    x, by = rng.random((40, 6 * 5)).astype(np.float32), rng.integers(-2, 3, (40, 2))
    moved = displaced(x, by, 5).reshape(-1, 6, 5)
    for image, (right, down), found in zip(x.reshape(-1, 6, 5), by, moved, strict=True):
        expected = np.zeros_like(image)
        for row, column in np.ndindex(6, 5):
            if 0 <= row + down < 6 and 0 <= column + right < 5:
                expected[row + down, column + right] = image[row, column]
        np.testing.assert_array_equal(found, expected)


def test_only_training_images_are_displaced(tmp_path):
    """A row of nine pixels, three wide: what is learned from differs, what is asked does not."""
    patterns = blobs()

    class Shown(SBPEnergy):
        def learn(self, x, y, rows):
            vars(self).setdefault("shown", []).append((x.copy(), rows))
            return super().learn(x, y, rows)

    def training(folder, **how):
        return NumpyTraining(Shown((9, 20, 3), "output-leak"), patterns, tmp_path / folder, seed=2, batch=10, **how)

    moved = training("moved", jitter=1, width=3)
    moved.run(2)
    x, rows = (np.concatenate(each) for each in zip(*moved.model.shown, strict=True))
    plain = patterns.batch(rows, np.float32)
    same = (x == plain).all(1).mean()
    assert 0.02 < same < 0.3, "one in nine stays where it is"
    ways = [displaced(plain, np.tile(np.array(by) - 1, (len(plain), 1)), 3) for by in np.ndindex(3, 3)]
    assert (np.array(ways) == x).all(2).any(0).all(), "each by at most one pixel each way"
    np.testing.assert_array_equal(
        moved.outputs(patterns.test, anew=True), moved.model.predict(patterns.batch(patterns.test, np.float32))
    )
    training("moved", jitter=1, width=3).run(2)
    with pytest.raises(CheckpointError, match="jitter"):
        training("moved")
    with pytest.raises(ValueError, match="jitter needs 0 or more pixels, and rows of a width that divides the 9 in"):
        training("wrong", jitter=1)


def blobs():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 130)
    inputs = (rng.random((130, 9)) * 0.3 + 0.7 * (np.arange(9) // 3 == labels[:, None])).astype(np.float32)
    rows = np.arange(130)
    return Patterns(inputs, one_hot(labels, 3), rows[:75], rows[75:100], rows[100:])


class Recording(SBPEnergy):
    """Remembers its weights after every batch."""

    def learn(self, x, y, rows):
        """As it is, and a copy."""
        outputs = super().learn(x, y, rows)
        vars(self).setdefault("seen", []).append(self.arrays["W1"].astype(float))
        return outputs


def test_the_running_mean_answers_and_the_weights_learn_on(tmp_path):
    patterns = blobs()

    def training(folder, **settings):
        return NumpyTraining(Recording((9, 20, 3)), patterns, tmp_path / folder, seed=2, batch=10, **settings)

    plain, mean = training("plain"), training("mean", running_mean=0.75)
    plain.run(3)
    mean.run(3)
    np.testing.assert_array_equal(plain.model.seen, mean.model.seen)
    assert len(mean.model.seen) == 3 * 8, "the last batch of an epoch is a small one"
    expected = mean.model.seen[0]
    for n, w in enumerate(mean.model.seen[1:], 2):
        expected = expected + max(0.25, 1 / n) * (w - expected)
    np.testing.assert_allclose(mean.means["W1"], expected, atol=1e-6)
    np.testing.assert_allclose(np.mean(mean.model.seen[:4], 0), sum(0.25 * w for w in mean.model.seen[:4]))

    by_hand = SBPEnergy((9, 20, 3))
    by_hand.arrays = {**mean.model.arrays, **mean.means}
    rows = patterns.test
    np.testing.assert_array_equal(mean.outputs(rows), by_hand.predict(patterns.inputs[rows], rows=rows))
    assert np.abs(mean.model.arrays["W1"] - mean.model.seen[-1]).max() == 0, "its own weights are back"
    assert np.abs(mean.outputs(rows, anew=True) - plain.outputs(rows, anew=True)).max() > 0

    training("part", running_mean=0.75).run(1)
    again = training("part", running_mean=0.75)
    again.run(3)
    np.testing.assert_array_equal(again.means["W1"], mean.means["W1"])
    np.testing.assert_array_equal(again.outputs(rows), mean.outputs(rows))
    with pytest.raises(CheckpointError, match="other running_mean"):
        training("part")
    with pytest.raises(CheckpointError, match="other running_mean"):
        training("plain", running_mean=0.5)
    for wrong in (1.0, -0.1, "0.9"):
        with pytest.raises(ValueError, match="running_mean must be a number from 0 to below 1, got"):
            training("wrong", running_mean=wrong)


def test_lost_inputs_are_zero_and_the_others_are_scaled_up():
    """Against one update by hand, with the same random numbers; what is asked afterwards loses nothing."""
    whole, lossy = model(), model(drop_input=0.4)
    lossy.begin_epoch(0, np.random.default_rng(9), 1.0)
    lossy.learn(X, Y, np.arange(5))
    kept = np.random.default_rng(9).random(X.shape, np.float32) >= 0.4
    assert 0 < kept.mean() < 1
    rest = np.random.default_rng(9)
    rest.random(X.shape, np.float32)
    whole.begin_epoch(0, rest, 1.0)
    whole.learn(np.where(kept, X / 0.6, 0), Y, np.arange(5))
    for name, values in whole.arrays.items():
        np.testing.assert_allclose(lossy.arrays[name], values, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(lossy.predict(X), whole.predict(X), rtol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"drop_input": 1}, "drop_input must be a number from 0 to 0.99, got 1"),
        ({"layers": (784, 10)}, "layers must be inputs, hidden layers and outputs"),
        ({"learning": "without_sbp"}, "unknown learning 'without_sbp'; did you mean 'without-sbp'"),
        ({"free_steps": 0}, "free_steps must be a whole number from 1"),
        ({"beta": 0}, "beta must be a number from"),
        ({"nudged_steps": 2.5}, "nudged_steps must be a whole number from 1 to 10000, got 2.5"),
        ({"theta": "half"}, "theta must be a number from 0 to 10, or None for that of `learning`, got 'half'"),
        ({"theta": -2}, "theta must be a number from 0 to 10, or None"),
    ],
)
def test_bad_settings_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        SBPEnergy(**wrong)
