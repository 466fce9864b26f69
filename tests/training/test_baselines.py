"""Linear classifiers are what their docstrings say; their decay is chosen on samples that they do not learn from."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.preprocessing import StandardScaler

from sbp_brian.training.baselines import DECAYS, chosen_softmax, linear_softmax


@pytest.fixture(scope="module")
def noisy():
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 3, 200)
    x = rng.normal(0, 1, (200, 40)) * rng.uniform(0.1, 30, 40) + 5
    x[:, :3] += 2 * np.eye(3)[labels] * x[:, :3].std(0)
    x[:, 39] = 7  # a cell that always does the same
    return x, labels


@pytest.mark.parametrize("held", [60, 0])
def test_the_decay_is_the_one_that_names_most_held_out_samples(noisy, held):
    x, labels = noisy
    training, held_out = np.arange(80), np.arange(80, 80 + held)
    answer, decay = chosen_softmax(x, labels, 3, training, held_out)
    scaled = StandardScaler().fit(x[training]).transform(x)
    learns, chooses = training, held_out
    if not held:
        chooses = training[4::5]
        learns = np.setdiff1d(training, chooses)
    right = {}
    for tried in DECAYS:
        named = linear_softmax(scaled[learns], labels[learns], 3, decay=tried)(scaled[chooses])
        right[tried] = (named == labels[chooses]).mean()
    assert len(set(right.values())) > 1, "decays that are all alike would choose nothing"
    assert decay == max(tried for tried in DECAYS if right[tried] == max(right.values()))
    direct = linear_softmax(scaled[training], labels[training], 3, decay=decay)
    np.testing.assert_array_equal(answer(x[140:]), direct(scaled[140:]))
    assert (answer(x[140:]) == labels[140:]).mean() > 0.5


@pytest.mark.parametrize("shown", [(0, 1, 2, 3), (0, 2, 3), (1, 3)])
def test_linear_softmax_is_the_minimum_of_its_cost(shown):
    """The mean log loss and half the decay times the squared weights, with weights for every class that was shown."""
    rng = np.random.default_rng(0)
    labels = rng.choice(shown, 200).astype(np.uint8)
    x = rng.normal(size=(4, 8))[labels] + rng.normal(size=(200, 8))
    more, decay = rng.normal(size=(300, 8)), 0.02
    place = np.searchsorted(shown, labels)

    def cost(flat):
        weights = flat.reshape(9, -1)
        told = log_softmax(x @ weights[:-1] + weights[-1], axis=1)
        return -told[np.arange(len(x)), place].mean() + decay / 2 * (weights[:-1] ** 2).sum()

    least = minimize(cost, np.zeros(9 * len(shown)), options={"gtol": 1e-6}).x.reshape(9, -1)
    expected = np.array(shown)[(more @ least[:-1] + least[-1]).argmax(1)]
    found = linear_softmax(x, labels, 4, decay=decay, iterations=1000)(more)
    assert (found == expected).mean() > 0.98


def test_one_class_alone_is_the_answer():
    np.testing.assert_array_equal(linear_softmax(np.eye(3), [2, 2, 2], 4)(np.eye(3)), [2, 2, 2])
