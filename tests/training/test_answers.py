"""Silence and NaN are no answer, never a class and never right; equals among the best are decided for the first."""

import numpy as np
import pytest

from sbp_brian.models.artificial.spiking_perceptron import SBPSpikingPerceptron
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.training.answers import largest, without_direction
from sbp_brian.training.baselines import linear_softmax, nearest_mean
from sbp_brian.training.batches import NumpyTraining, Patterns, cosine, first_maximum, one_hot
from sbp_brian.training.scores import mean_known
from sbp_brian.training.spiking import Samples, Training

ROWS = np.arange(12), np.arange(12, 15), np.arange(15, 30)
LABELS = np.arange(30) % 3


@pytest.mark.parametrize("axis", [0, 1])
def test_the_largest_output_answers_where_one_is_set_apart(axis):
    outputs = np.array(
        [[0.1, 0.3, 0.2], [0, 0, 0], [7, 7, 7], [2, 5, 5], [1, np.nan, 0], [1, np.inf, 0], [-np.inf, 1, 0]]
    )
    found = largest(outputs if axis else outputs.T, axis)
    np.testing.assert_array_equal(found, [1, -1, -1, 1, -1, -1, 1])
    np.testing.assert_array_equal(largest(np.array([[0, 0], [3, 4]], np.uint8)), [-1, 1])
    np.testing.assert_array_equal(largest(np.array([[0.0], [2.0], [np.nan]])), [-1, 0, -1])


def test_no_output_is_never_right():
    silent, unknown, right = np.zeros(3), np.array([np.nan, 0, 0]), np.array([1.0, 0, 0])
    outputs, first = np.array([silent, unknown, right]), np.tile([1.0, 0, 0], (3, 1))
    np.testing.assert_array_equal(first_maximum(outputs, first), [0, 0, 1])
    assert first_maximum(np.zeros((1, 3)), np.zeros((1, 3))) == 0, "nothing was asked and nothing answered"
    np.testing.assert_array_equal(without_direction(outputs), [True, True, False])
    assert mean_known([np.nan, 1, 0]) == 0.5
    assert np.isnan(mean_known([np.nan]))


def test_classifiers_without_a_reason_do_not_answer():
    x = np.ones((6, 2))
    for answer in (linear_softmax(np.zeros((6, 2)), np.arange(6) % 3, 3), nearest_mean(x, np.arange(6) % 3, 3)):
        np.testing.assert_array_equal(answer(np.ones((2, 2))), [-1, -1])
    apart = nearest_mean(np.eye(3), np.arange(3), 4)  # nobody has shown the fourth class
    np.testing.assert_array_equal(apart([[0, 0.9, 0], [np.nan, 0, 0]]), [1, -1])


def test_a_silent_network_is_wrong_and_says_so(tmp_path):
    """Outputs that never spike, though their membranes differ: the weights onto the third are the least negative."""
    rng = np.random.default_rng(0)
    images = (255 * (rng.random((30, 16)) < 0.5)).astype(np.uint8)
    training = Training(
        SBPNetwork(16, 6, 3, width=4, rate_hidden=0.0, rate_output=0.0).trial_model(),
        Samples(images, LABELS, 3, *ROWS),
        tmp_path,
        target="numpy",
    )
    training.learned["inputs.w"][...] = 0.3
    training.learned["outputs.w"] = np.tile([-0.03, -0.02, -0.01], 6)
    answers, counts, result = training.evaluate(ROWS[2])
    assert result["hidden_spikes.N"] > 0
    assert not counts.any()
    np.testing.assert_array_equal(answers, -1)
    scores, _, _ = training.score(ROWS[2])
    assert not scores.any()
    epoch = training.run(1)[0]
    assert (epoch.running, epoch.validation, epoch.no_answer) == (0, 0, 1)
    with pytest.raises(Exception, match="rows must be from 0 to 29, got -1 to 30"):
        training.evaluate(np.array([-1, 30]))


def test_silent_spiking_units_are_wrong_in_numpy_too(tmp_path):
    patterns = Patterns(np.zeros((30, 4)), one_hot(LABELS, 3), *ROWS)
    network = SBPSpikingPerceptron((4, 5, 3), rate_hidden=0.0, rate_output=0.0)
    training = NumpyTraining(network, patterns, tmp_path, batch=4)
    for name in ("b1", "b2"):
        network.arrays[name][...] = -9
    assert not training.outputs(ROWS[2]).any()
    assert training.score(ROWS[2]) == 0
    epoch = training.run(1)[0]
    assert (epoch.running, epoch.validation, epoch.no_answer) == (0, 0, 1)
    with pytest.raises(Exception, match="rows must be from 0 to 29, got 40 to 40"):
        training.outputs(np.array([40]))
    graded = Patterns(np.zeros((30, 4)), one_hot(LABELS, 3), *ROWS, score=cosine)
    outputs = np.array([[0, 0, 0], [1, 1, 1.0]])
    np.testing.assert_array_equal(graded.unanswered(outputs), [True, False])
    np.testing.assert_array_equal(patterns.unanswered(outputs), [True, True])
