"""Split MNIST: pairs of digits in turn, what is scored, what is forgotten."""

import numpy as np
import pytest

from sbp_brian import protocols
from sbp_brian.errors import ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.protocol import Context
from sbp_brian.protocols.benchmarks.tasks import mnist_in_turn as task

SMALL = {"train_samples": 300, "validation_samples": 50, "test_samples": 100, "hidden": 30}


def values(record):
    return {row["name"]: row["value"] for row in record.metrics}


def test_forgetting_is_the_best_score_before_the_end_less_that_at_the_end():
    scores = np.array([[0.9, 0.3, 0.0], [0.95, 0.8, 0.9], [0.5, 0.6, 0.7]])
    assert task.forgetting(scores) == pytest.approx(((0.95 - 0.5) + (0.8 - 0.6)) / 2)


def test_the_own_pair_alone_may_compete():
    evidence = np.zeros((4, 10))
    labels = np.array([2, 3, 3, 8])
    evidence[0, [2, 9]] = 1, 5  # right among its pair, drowned by 9
    evidence[1, 3] = 1
    evidence[2, 2] = 1
    evidence[3, 8] = 1
    every, own = task.by_pair(evidence, labels)
    np.testing.assert_allclose(every, [np.nan, 1 / 3, np.nan, np.nan, 1])
    np.testing.assert_allclose(own, [np.nan, 2 / 3, np.nan, np.nan, 1])


def test_parts_are_pairs_of_digits_or_random_fifths():
    whole = []
    for mixed in (False, True):
        p = protocols.get("mnist-in-turn").resolve(train_samples=500, mixed=mixed)
        data = task.load(Context(p, "numpy", 0, "nowhere"))
        parts = data.extra["parts"]
        digits = [set(data.samples.labels[rows].tolist()) for rows in parts]
        assert (digits == [set(pair) for pair in task.PAIRS]) != mixed
        assert all(len(each) > 5 for each in digits) == mixed
        whole.append(np.sort(np.concatenate(parts)))
        np.testing.assert_array_equal(whole[-1], np.sort(data.samples.training))


def test_too_few_images_for_every_pair_are_refused():
    p = protocols.get("mnist-in-turn").resolve(train_samples=2)
    with pytest.raises(ParameterError, match="no training images of") as refused:
        task.load(Context(p, "numpy", 0, "nowhere"))
    assert "\n" not in str(refused.value)


def test_what_is_learned_in_turn_is_forgotten_where_any_output_may_answer(tmp_path):
    rates = {"batch": 10, "rate_hidden": 0.05, "rate_output": 0.05}
    asked = {**SMALL, **rates, "model": "rate_reference", "epochs": 2}
    turned, mixed = (
        values(execute(protocols.get("mnist-in-turn"), out=tmp_path, parameters={**asked, "mixed": mixed}))
        for mixed in (False, True)
    )
    assert turned["accuracy_pair1_after_1"] > 0.8
    assert turned["accuracy_pair5_after_5"] > 0.7
    assert turned["forgetting"] > 0.5
    assert mixed["forgetting"] < 0.3
    assert mixed["test_accuracy"] > turned["test_accuracy"] + 0.2
    assert turned["own_pair_accuracy"] > turned["test_accuracy"] + 0.2
    seen = np.mean([turned[f"accuracy_pair{k}_after_3"] for k in (1, 2, 3)])
    assert turned["accuracy_of_seen_after_3"] == pytest.approx(seen)


@pytest.mark.slow
def test_a_frozen_hidden_layer_stays_while_its_outputs_learn_in_turn(tmp_path):
    asked = {**SMALL, "rate_output": 0.005}
    hidden = {"frozen": {}, "bit": {"rate_hidden": 1e-3}}
    frozen, learned = (
        values(
            execute(
                protocols.get("mnist-in-turn"),
                out=tmp_path,
                parameters={**asked, **hidden[learning], "learning": learning},
            )
        )
        for learning in ("frozen", "bit")
    )
    for found in (frozen, learned):
        assert found["accuracy_pair1_after_1"] > 0.8
        assert found["forgetting"] > 0.3
    assert frozen != learned
