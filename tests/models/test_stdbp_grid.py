"""STDBP on a time grid against its exact form, from the same weights and samples: times, decisions and learning."""

import numpy as np
import pytest
from brian2 import ms

from sbp_brian.models.stdbp import STDBP
from sbp_brian.models.stdbp.grid import GridSTDBP
from sbp_brian.training.spiking import Samples, Training
from tests.helpers.stdbp_cases import LAYERS, TAU, WINDOW, input_times, matrices, network, run, samples, thresholds
from tests.reference import stdbp


def both(n, step, *, target="numpy", layers=LAYERS, rate=0.02, **kwds):
    """Output times (tau) of both forms, and weights: exact, on the grid, before."""
    images, labels = samples(n, layers)
    exact, start = run(network(layers, batch=4, **kwds), images, labels, rate=rate)
    grid = network(layers, kind=GridSTDBP, step=step, batch=4, **kwds)
    grid, _ = run(grid, images, labels, target=target, rate=rate)
    times = [np.array(result["answers.spike_time"])[:, 1 : n + 1] / TAU for result in (exact, grid)]
    return times, [matrices(values, layers) for values in (exact, grid, start)]


def relative(weights):
    """How far the changes of all weights on the grid are from the exact ones."""
    exact, grid, start = (np.concatenate([w.ravel() for w in layers]) for layers in weights)
    return np.linalg.norm(grid - exact) / np.linalg.norm(exact - start)


@pytest.mark.slow
def test_small_steps_give_the_exact_times_and_weights():
    times, weights = both(60, 0.05 * ms, target="cpp")
    assert 0.02 < (times[0] == WINDOW).mean() < 0.9, "the case must hold silent and spiking cells"
    np.testing.assert_allclose(times[1], times[0], rtol=0, atol=1e-9)
    assert relative(weights) < 1e-9


def test_a_step_of_a_tenth_of_tau_learns_nearly_the_same():
    """Weights are steep here, so that some cells cross the threshold and return within a step."""
    times, weights = both(8, 1 * ms, optimiser="sgd")
    assert relative(weights) < 0.03
    assert np.abs(times[1] - times[0]).mean() < 0.005


def test_sbp_on_the_grid():
    _, weights = both(6, 1 * ms, layers=(12, 9, 3), learning="sbp")
    assert relative(weights) < 0.03


def test_the_times_of_one_pass_over_the_threshold_are_those_of_the_closed_form():
    """Also within a step: two inputs after the estimated crossing are taken out again by the recount."""
    model = network((4, 2), kind=GridSTDBP, step=5 * ms, batch=4, mean=4.0)
    images = np.array([[255, 250, 150, 148], [255, 200, 180, 170]], np.uint8)
    weights = np.array([[1.5, 0.5], [1.5, 0.4], [0.8, 0.9], [-0.6, 0.3]])
    result, _ = run(model, images, np.zeros(2, int), start={"into_output.w": weights.ravel()}, rate=0.0)
    found = np.array(result["answers.spike_time"])[:, 1:3].T / TAU
    expected = [stdbp.forward([weights], input_times(x), thresholds((4, 2)), WINDOW)[0][-1] for x in images]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("step", [3 * ms, 40 * ms])
def test_a_step_that_does_not_divide_the_sample_is_refused(step):
    with pytest.raises(ValueError, match="must divide a sample's duration"):
        GridSTDBP((5, 4, 2), step=step)


def test_a_step_in_the_wrong_unit_is_refused():
    with pytest.raises(ValueError, match="makes 40,000,000 steps of a sample, more than 20,000"):
        GridSTDBP((5, 4, 2), step=1e-6 * ms)
    with pytest.raises(ValueError, match="step"):
        GridSTDBP((5, 4, 2), step=-1 * ms)


@pytest.mark.slow
def test_decisions_on_all_test_images_are_those_of_the_exact_form(tmp_path):
    from sbp_brian.datasets import load_mnist

    parts = {
        name: load_mnist(split, embedded=False).arrays()
        for name, split in (("training", "fit"), ("validation", "validation"), ("test", "test"))
    }
    parts["training"] = tuple(a[:20_000] for a in parts["training"])
    data = Samples.join(parts, 10)
    exact = Training(STDBP().trial_model(), data, tmp_path / "exact")
    grid = Training(GridSTDBP().trial_model(), data, tmp_path / "grid")
    exact.run(1)
    same = exact.evaluate(data.test)[0] == grid.evaluate(data.test, learned=exact.learned)[0]
    print(f"{same.sum()} of {len(same)} decisions are equal")
    assert same.mean() >= 0.995
    learned = grid.run(1)[-1]
    print(f"validation after one epoch: exact {exact.history[-1].validation}, grid {learned.validation}")
    assert abs(learned.validation - exact.history[-1].validation) < 0.01
