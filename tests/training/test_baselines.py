"""The decay of a linear classifier is chosen on samples that it does not learn from."""

import numpy as np
import pytest
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
