"""STDBP against the closed form: spike times, gradients, the properties they must have, and learning."""

import numpy as np
import pytest
from brian2 import ms

from sbp_brian.errors import NothingFiresError, RuleError, SampleError
from sbp_brian.models.stdbp import STDBP
from sbp_brian.models.stdbp.options import Cells, Dropout, InputJitter, Revive, WeightDecay, Weights
from sbp_brian.training.spiking import Samples, Training
from tests.helpers.stdbp_cases import (
    FLOOR,
    KAPPA,
    TAU,
    WINDOW,
    input_times,
    matrices,
    network,
    run,
    samples,
    thresholds,
)
from tests.reference import stdbp

# ---------------------------------------------------------------------------------------------------- exactness
CYTHON = pytest.param("cython", marks=pytest.mark.slow)


@pytest.mark.parametrize("target", ["numpy", "cpp", CYTHON])
def test_spike_times_are_those_of_the_closed_form(target):
    images, labels = samples(60)
    result, start = run(network(batch=4), images, labels, target=target, teaching=np.zeros(60))
    times = np.array([stdbp.forward(matrices(start), input_times(x), thresholds(), WINDOW)[0][-1] for x in images])
    silent = ~np.isfinite(times)
    assert 0.02 < silent.mean() < 0.9, "the case must hold silent and spiking cells"
    found = np.array(result["answers.spike_time"])[:, 1:61].T / TAU
    np.testing.assert_array_equal(found[silent], WINDOW)
    np.testing.assert_allclose(found[~silent], times[~silent], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("target", "optimiser"),
    [
        ("numpy", "adam"),
        ("cpp", "adam"),
        ("numpy", "sgd"),
        ("numpy", "momentum"),
        pytest.param("cython", "adam", marks=pytest.mark.slow),
    ],
)
def test_learning_follows_the_closed_form(target, optimiser):
    n, batch, rate = 60, 4, 0.02
    images, labels = samples(n)
    model = network(batch=batch, optimiser=optimiser)
    result, start = run(model, images, labels, target=target, rate=rate)
    weights = [w.copy() for w in matrices(start)]
    adam = stdbp.Adam(weights, [rate] * 3, batch)
    moments = [np.zeros_like(w) for w in weights]
    for first in range(0, n, batch):
        summed, rows = [np.zeros_like(w) for w in weights], [np.zeros(len(w), bool) for w in weights]
        for x, label in zip(images[first : first + batch], labels[first : first + batch], strict=True):
            times, slopes = stdbp.forward(weights, input_times(x), thresholds(), WINDOW)
            for k, g in enumerate(stdbp.gradients(weights, times, slopes, label, KAPPA, WINDOW, FLOOR)):
                summed[k] += g
                rows[k] |= np.isfinite(times[k])
        if optimiser == "adam":
            adam.step(summed, rows)
        else:
            for w, m, g, row in zip(weights, moments, summed, rows, strict=True):
                m[row] = (0.9 if optimiser == "momentum" else 0) * m[row] + g[row] / batch
                w[row] -= rate * m[row]
    for before, found, expected in zip(matrices(start), matrices(result), weights, strict=True):
        assert np.abs(expected - before).max() > 1e-3
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def gradient_of_the_program(model, x, label, weights):
    """dL/dw of one sample as the Brian2 network computes it: batch 2, so that it is kept until the run ends."""
    start = {f"into_{name}.w": w.ravel() for name, w in zip(model.names[1:], weights, strict=True)}
    result, _ = run(model, x[None, :], np.array([label]), start=start)
    return matrices(result, model.layers, "grad"), np.array(result["answers.spike_time"])[:, 1] / TAU


def settled_case(rng):
    """A sample far from every kink: no arrival next to a crossing, all slopes above the floor."""
    for _ in range(1000):
        weights = [w.copy() for w in matrices(network(mean=3.0).initial(int(rng.integers(1000))))]
        images, labels = samples(1, seed=int(rng.integers(10**6)))
        times, slopes = stdbp.forward(weights, input_times(images[0]), thresholds(), WINDOW)
        fired = [np.isfinite(t) for t in times]
        gaps = [np.abs(times[k][fired[k]][:, None] - times[k + 1][fired[k + 1]]).min(initial=9) for k in range(3)]
        steep = all(slopes[k][fired[k + 1]].min(initial=9) > FLOOR for k in range(3))
        late = all(WINDOW - t[np.isfinite(t)].max(initial=0) > 1e-3 for t in times)
        near = all((np.abs(s[~f]) > 1e-3).all() for s, f in zip(slopes, fired[1:], strict=True))
        if min(gaps) > 1e-4 and steep and late and near and fired[-1][labels[0]] and fired[-1].sum() > 1:
            return weights, images[0], int(labels[0]), times
    raise AssertionError("no such sample was found")


def test_the_gradient_is_that_of_the_loss():
    rng, step, worst = np.random.default_rng(4), 1e-6, 0.0
    for _ in range(3):
        weights, x, label, _ = settled_case(rng)
        found, _ = gradient_of_the_program(network(batch=3), x, label, weights)
        assert max(np.abs(g).max() for g in found) > 0.01
        for w, g in zip(weights, found, strict=True):
            for at in np.ndindex(*w.shape):
                ends = []
                for sign in (1, -1):
                    w[at] += sign * step
                    times, _ = stdbp.forward(weights, input_times(x), thresholds(), WINDOW)
                    ends.append(stdbp.loss(times, label, KAPPA, WINDOW))
                    w[at] -= sign * step
                slope = (ends[0] - ends[1]) / (2 * step)
                worst = max(worst, abs(slope - g[at]) / max(1.0, abs(slope)))
    assert worst < 1e-6


def test_shifting_all_inputs_shifts_all_times_and_no_gradient():
    rng = np.random.default_rng(8)
    weights, x, label, _ = settled_case(rng)
    late = np.where(x > 0, np.clip(x.astype(int), 60, 255), 0).astype(np.uint8)
    earlier, later = late, np.where(late > 0, late - 51, 0).astype(np.uint8)  # 51/255 of the window's unit
    model = network(batch=3, window=40.0)
    before, t0 = gradient_of_the_program(model, earlier, label, weights)
    after, t1 = gradient_of_the_program(model, later, label, weights)
    fired = t0 < 30
    assert fired.sum() > 1
    np.testing.assert_allclose(t1[fired], t0[fired] + 0.2, rtol=0, atol=1e-9)
    if fired.all():
        for a, b in zip(before, after, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-9)


def test_the_shares_of_the_inputs_sum_to_one():
    """sum_j dt_k/dt_j = 1, with dt_k/dt_j = w_jk/W_k and 1/W_k read off the program's gradient."""
    weights, x, label, _ = settled_case(np.random.default_rng(6))
    model = network(batch=3)
    start = {f"into_{name}.w": w.ravel() for name, w in zip(model.names[1:], weights, strict=True)}
    result, _ = run(model, x[None, :], np.array([label]), start=start)
    t_hidden = stdbp.forward(weights, input_times(x), thresholds(), WINDOW)[0][2]
    outputs = np.array(result["answers.spike_time"])[:, 1] / TAU
    delta, err = np.zeros(3), np.zeros(3)
    score = -KAPPA * outputs
    p = np.exp(score - score.max()) / np.exp(score - score.max()).sum()
    delta = KAPPA * ((np.arange(3) == label) - p)
    grad = matrices(result, variable="grad")[-1]
    j = np.nanargmin(np.where(np.isfinite(t_hidden), t_hidden, np.nan))
    fired = outputs < WINDOW
    err[fired] = -grad[j, fired] / (outputs[fired] - t_hidden[j])  # e_k = delta_k/W_k, as the program has it
    causal = t_hidden[:, None] < outputs
    shares = (np.where(causal, weights[-1], 0) * (err / delta)).sum(0)
    np.testing.assert_allclose(shares[fired], 1, rtol=0, atol=1e-9)


def test_only_causal_weights_learn():
    weights, x, label, times = settled_case(np.random.default_rng(10))
    found, _ = gradient_of_the_program(network(batch=3), x, label, weights)
    seen = 0
    for g, before, after in zip(found, times[:-1], times[1:], strict=True):
        later = before[:, None] >= np.minimum(after, WINDOW)[None, :]
        assert not g[later].any()
        assert not g[~np.isfinite(before)].any()
        seen += later.sum()
    assert seen > 5, "the case must hold inputs that come too late"


def test_the_update_is_bounded_as_the_slope_vanishes():
    bound = KAPPA * WINDOW / FLOOR
    x = np.array([255, 200], np.uint8)
    model = network((2, 2), batch=3)
    for w, label in ((1.0, 0), (1e-3, 0), (1e-3, 1), (1e-12, 0), (1e-12, 1)):
        weights = np.array([[0.26 + w, 0.6], [-0.26, 0.1]])  # the first cell's slope is w once both inputs are in
        for case in (weights, np.array([[w, 0.6], [0.0, 0.0]])):
            (grad,), _ = gradient_of_the_program(model, x, label, [case])
            assert np.isfinite(grad).all()
            assert np.abs(grad).max() <= bound
    (grad,), times = gradient_of_the_program(model, x, 0, [np.full((2, 2), -0.1)])
    assert (times == WINDOW).all()
    assert (grad[:, 0] < 0).all(), "a silent output of the right class is asked to spike"


def test_a_silent_hidden_layer_recovers():
    images, labels = samples(40, (12, 9, 3))
    model = network((12, 9, 3), Revive(hidden=0.5), batch=4)
    silent = {"into_hidden1.w": np.full(12 * 9, -0.02)}
    result, _ = run(model, images, labels, start=silent, rate=0.02)
    assert int(result["hidden1_spikes.N"]) > 100
    result, _ = run(network((12, 9, 3), batch=4), images, labels, start=silent, rate=0.02)
    assert int(result["hidden1_spikes.N"]) == 0, "without the push it must stay silent"


def test_inputs_that_come_at_once_and_ties():
    """Equal times: all arrive, or none; a crossing exactly at an arrival leaves that arrival out."""
    model = network((3, 2), batch=3)
    x = np.array([255, 255, 0], np.uint8)
    weights = np.array([[0.5, 2.0], [0.5, -1.0], [9.0, 9.0]])
    _, times = gradient_of_the_program(model, x, 0, [weights])
    np.testing.assert_allclose(times, [1.0, 1.0], rtol=0, atol=1e-12)


# ------------------------------------------------------------------------------------------------------ learning
def xor_samples(repeats=100):
    images = np.array(
        [[255, 255 * (1 - a) or 1, 255 * a or 1, 255 * (1 - b) or 1, 255 * b or 1] for a in (0, 1) for b in (0, 1)],
        np.uint8,
    )
    labels = np.array([0, 1, 1, 0])
    parts = np.arange(4 * repeats), np.arange(4 * repeats, 4 * repeats + 4), np.arange(0)
    return Samples(np.tile(images, (repeats + 1, 1)), np.tile(labels, repeats + 1), 2, *parts)


def test_xor_is_solved_by_nine_of_ten_seeds(tmp_path):
    solved = 0
    for seed in range(10):
        model = STDBP(
            (5, 10, 2), rate_hidden=0.02, rate_output=0.02, batch=4, cells=Cells(kappa=3.0), weights=Weights(2.0, 2.0)
        )
        training = Training(model.trial_model(), xor_samples(), tmp_path / str(seed), seed=seed)
        solved += training.run(8)[-1].validation == 1.0
    assert solved >= 9


def test_a_frozen_hidden_layer_does_not_move(tmp_path):
    model = STDBP((5, 10, 2), "frozen", weights=Weights(2.0, 2.0), batch=4)
    training = Training(model.trial_model(), xor_samples(10), tmp_path, target="numpy")
    start = training.learned["into_hidden1.w"].copy()
    training.run(1)
    np.testing.assert_array_equal(training.learned["into_hidden1.w"], start)
    assert not np.array_equal(training.learned["into_output.w"], training.model.initial(0)["into_output.w"])


@pytest.mark.parametrize(("learning", "report"), [("sbp", "weighted"), ("sbp-change", "change")])
def test_in_sbp_the_output_synapses_report_their_change(learning, report):
    """RetrogradeSBP against plain numpy: output weights change at once, hidden cells get w dw or dw, summed."""
    layers, rate = (12, 9, 3), 0.01
    images, labels = samples(1, layers)
    result, start = run(network(layers, learning=learning, batch=3), images, labels, rate=rate)
    weights = matrices(start, layers)
    times, slopes = stdbp.forward(weights, input_times(images[0]), thresholds(layers), WINDOW)
    expected = stdbp.gradients(weights, times, slopes, labels[0], KAPPA, WINDOW, FLOOR, report=report)
    exact = stdbp.gradients(weights, times, slopes, labels[0], KAPPA, WINDOW, FLOOR)
    assert not np.allclose(expected[0], exact[0])
    change = matrices(result, layers)[-1] - weights[-1]
    assert np.abs(change).max() > 1e-3
    np.testing.assert_allclose(change, -rate * expected[1], rtol=0, atol=1e-12)
    found = np.array(result["into_hidden1.grad"]).reshape(12, 9)
    assert np.abs(found).max() > 1e-4
    np.testing.assert_allclose(found, rate * expected[0], rtol=0, atol=1e-12)


# ------------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: network((5, 4, 2), learning="exat"), "learning must be one of exact, sbp"),
        (lambda: network((5, 4, 2), optimiser="rmsprop"), "optimiser must be one of sgd, momentum, adam"),
        (lambda: network((5,)), "layers must name at least an input and an output layer"),
        (lambda: Cells(window=0.5), "window must be longer than the latency code"),
        (lambda: network((5, 4, 2), batch=0), "batch must be a whole number of at least 1"),
        (lambda: network((5, 4, 2), batch=2.5), "batch must be a whole number of at least 1, got 2.5"),
        (lambda: network("784"), "layers must be whole numbers of cells"),
        (lambda: network((5, 2.5, 2)), "layers must be whole numbers of cells"),
        (lambda: Weights(mean=float("nan")), "mean must be finite"),
        (lambda: Cells(kappa=float("nan")), "kappa must be a number of at least 0"),
        (lambda: network((5, 4, 4, 2), learning="sbp"), "learning='sbp' reports one synapse back"),
        (lambda: network((5, 4, 2), Revive(hidden=0.1), learning="sbp"), "learning='sbp' has no push on silent hidden"),
        (lambda: Dropout(hidden=1.0), "hidden of Dropout must be a number from 0 to below 1"),
        (lambda: Cells(tau=-1 * ms), "tau = .* must be positive"),
        (lambda: Cells(floor=0.0), "floor = 0.0 must be positive"),
        (lambda: Cells(threshold=-1.0), "threshold = -1.0 must be positive"),
        (lambda: WeightDecay(0.0), "share of WeightDecay must be a number above 0, got 0.0; leave the option out"),
        (lambda: STDBP((5, 2), cells=3), r"cells must be Cells\(...\), got 3"),
        (lambda: STDBP((5, 2), options=(InputJitter(0.1), InputJitter(0.2))), "more than one InputJitter"),
        (lambda: STDBP((5, 2), revive=0.1), "STDBP: unknown parameter 'revive'"),
    ],
)
def test_bad_parameters_are_refused(wrong, message):
    with pytest.raises((ValueError, RuleError, TypeError), match=message):
        wrong()


def test_a_network_in_which_nothing_fires_is_refused(tmp_path):
    with pytest.raises(NothingFiresError, match=r"no cell of layer 'hidden1' can fire: .* threshold of 1"):
        Training(STDBP((5, 10, 2), weights=Weights(-9.0, 0.1)).trial_model(), xor_samples(), tmp_path)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"layers": (6, 10, 2)}, SampleError, "samples have 5 inputs and layer 'pixels' has 6 cells"),
        (
            {"layers": (5, 10, 1)},
            SampleError,
            "label 1 of sample 1 has no output cell: layer 'output' has 1; give it at",
        ),
    ],
)
def test_samples_that_the_network_cannot_take_are_refused(tmp_path, wrong, error, message):
    with pytest.raises(error, match=message):
        Training(STDBP(weights=Weights(mean=2.0), **wrong).trial_model(), xor_samples(), tmp_path)


def test_samples_without_a_spike_are_refused(tmp_path):
    blank = xor_samples()
    blank.images[blank.training] = 0
    with pytest.raises(NothingFiresError, match="no cell of layer 'pixels' ever fires"):
        Training(STDBP((5, 10, 2), weights=Weights(mean=2.0)).trial_model(), blank, tmp_path)


@pytest.mark.slow
def test_decisions_on_all_test_images_are_those_of_the_closed_form(tmp_path):
    from sbp_brian.datasets import load_mnist

    parts = {
        name: load_mnist(split, embedded=False).arrays()
        for name, split in (("training", "fit"), ("validation", "validation"), ("test", "test"))
    }
    parts["training"] = tuple(a[:20_000] for a in parts["training"])
    training = Training(STDBP().trial_model(), Samples.join(parts, 10), tmp_path)
    training.run(1)
    rows = training.samples.test
    answers, times, _ = training.evaluate(rows)
    weights = matrices(training.learned, STDBP().layers)
    same, worst = 0, 0.0
    for k, row in enumerate(rows):
        hidden, _ = stdbp.fast_spike_times(weights[0], input_times(training.samples.images[row]), 1.0, WINDOW)
        output, _ = stdbp.fast_spike_times(weights[1], hidden, 1.0, WINDOW)
        same += output.argmin() == answers[k]
        fired = np.isfinite(output)
        worst = max(worst, np.abs(output[fired] - times[fired, k] / TAU).max(initial=0))
    print(f"{same} of {len(rows)} decisions, times differ by at most {worst:.1e} tau")
    assert same >= 0.995 * len(rows)
    assert worst < 1e-9
    assert (answers == training.samples.labels[rows]).mean() > 0.9


def test_both_closed_forms_agree():
    rng = np.random.default_rng(3)
    for _ in range(20):
        w, t = rng.normal(0.1, 0.5, (15, 8)), np.round(rng.random(15), 1)  # with ties
        t[rng.random(15) < 0.3] = np.inf
        slow, fast = stdbp.spike_times(w, t, 1.0, 4.0), stdbp.fast_spike_times(w, t, 1.0, 4.0)
        np.testing.assert_allclose(fast[0], slow[0], rtol=1e-12)
        fired = np.isfinite(slow[0])
        np.testing.assert_allclose(fast[1][fired], slow[1][fired], rtol=1e-12)
