"""The paper's measure of cost against its published numbers, and the operations that networks count."""

import numpy as np
import pytest

from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.training import cost
from sbp_brian.training.cost import Range, complexity, error_range, mean_epochs, saved, until

SIZES = {"MNIST": (784, 500, 10), "NETtalk": (189, 500, 26), "DvsGesture": (1024, 500, 11)}

#: Published (printed in the authors' notebooks): method, task, mean epochs, cost / 1e7.
PUBLISHED = [
    ("SNN without SBP", "MNIST", 48.2, 1.916),
    ("SNN-SBP", "MNIST", 22.1, 0.879),
    ("SNN without SBP", "NETtalk", 41.4, 0.4467),
    ("SNN-SBP", "NETtalk", 8.4, 0.0912),
    ("SNN without SBP", "DvsGesture", 29.5, 1.526),
    ("SNN-SBP", "DvsGesture", 17.8, 0.922),
    ("Diehl", "MNIST", 50.7, 2.012),
    ("SOM", "MNIST", 83.9, 3.332),
    ("BBT", "MNIST", 47.0, 1.872),
    ("BBT", "NETtalk", 53.3, 0.576),
    ("BBT", "DvsGesture", 30.6, 1.588),
    ("SNU", "MNIST", 2.0, 0.159),
    ("SNU", "NETtalk", 1.0, 0.0215),
    ("STBP", "DvsGesture", 2.8, 0.286),
    ("BRP", "MNIST", 13.9, 0.569),
    ("BRP", "NETtalk", 60.6, 0.761),
    ("BRP", "DvsGesture", 99.5, 5.315),
    ("e-prop", "MNIST", 4.1, 0.375),
    ("e-prop", "NETtalk", 46.3, 2.894),
    ("NRR", "MNIST", 98.1, 8.924),
    ("S-MLP-SBP", "MNIST", 1.16, 0.0512),
    ("S-MLP-SBP", "NETtalk", 1.16, 0.0151),
    ("RBM", "MNIST", 16.8, 1.334),
    ("RBM", "DvsGesture", 42.0, 4.347),
]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("SNN-SBP", (397_500, 108_000, 518_000)),
        ("BBT", (398_284, 108_189, 519_024)),
        ("SNU", (794_000, 215_000, 1_035_000)),
        ("e-prop", (909_840, 625_414, 1_034_264)),
        ("BRP", (409_840, 125_414, 534_264)),
        ("S-MLP-SBP", (441_650, 130_400, 574_650)),
    ],
)
def test_complexity_is_the_published_count(method, expected):
    assert tuple(complexity(method, *size) for size in SIZES.values()) == expected


@pytest.mark.parametrize(("method", "task", "epochs", "published"), PUBLISHED)
def test_mean_epochs_times_complexity_is_the_published_cost(method, task, epochs, published):
    ours = epochs * complexity(method, *SIZES[task]) / 1e7
    # epochs are known to half a unit of their last digit, costs too
    digits = 0.005 if epochs < 2 and method == "S-MLP-SBP" else 0.05
    assert ours == pytest.approx(published, abs=digits * complexity(method, *SIZES[task]) / 1e7 + 0.0006)


@pytest.mark.parametrize(
    ("without", "with_it", "share"),
    [(1.916, 0.879, 0.541), (4.467, 0.912, 0.796), (1.526, 0.922, 0.396), (1.334, 0.572, 0.571)],
)
def test_savings_are_the_published_ones(without, with_it, share):
    assert saved(without, with_it) == pytest.approx(share, abs=6e-4)


def test_the_range_and_the_epochs_by_hand():
    slow, fast = [0.9, 0.5, 0.4, 0.3, 0.2], [0.6, 0.2, 0.1, 0.1, 0.1]
    within = error_range({"slow": slow, "fast": fast})
    assert within == Range(0.2, 0.6)
    assert within.meaningful
    # levels 0.2, 0.3, 0.4, 0.5, 0.6
    assert mean_epochs(slow, within) == pytest.approx((5 + 4 + 3 + 2 + 2) / 5)
    assert mean_epochs(fast, within) == pytest.approx((2 + 2 + 2 + 2 + 1) / 5)
    assert error_range({"slow": slow, "fast": fast}, cap=0.4) == Range(0.2, 0.4)
    assert not error_range({"a": [0.1, 0.1], "b": [0.9, 0.8]}).meaningful
    assert mean_epochs([0.5, 0.5], Range(0.1, 0.2)) == 2  # never reached
    assert mean_epochs([0.5, 0.5], Range(0.1, 0.2), never=100) == 100
    assert mean_epochs([0.9, 0.1, 0.9], Range(0.2, 0.2)) == 2  # the first time counts, whatever comes after


def test_each_seed_has_its_own_range():
    curves = {"a": np.array([[0.8, 0.4, 0.2], [0.9, 0.9, 0.3]]), "b": np.array([[0.5, 0.2, 0.1], [0.4, 0.3, 0.1]])}
    found = cost.cost(curves, {"a": 100, "b": 10})
    by_hand = {
        name: [mean_epochs(c[k], error_range({n: d[k] for n, d in curves.items()})) for k in (0, 1)]
        for name, c in curves.items()
    }
    for name, factor in (("a", 100), ("b", 10)):
        assert found[name].epochs == pytest.approx(np.mean(by_hand[name]))
        assert found[name].cost_spread == pytest.approx(factor * np.std(by_hand[name]))
        assert found[name].n == 2
    assert found["a"].epochs > found["b"].epochs


def test_until():
    assert until(0.9, [0.8, 0.92, 0.85], [10, 20, 30]) == 30
    assert until(0.8, [0.8, 0.92], [10, 20]) == 10
    assert np.isnan(until(0.99, [0.8, 0.92], [10, 20]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: complexity("SNNSBP", 1, 1, 1), "unknown method .SNNSBP.; did you mean .SNN-SBP.. Known: BBT"),
        (lambda: complexity("BRP", 0, 1, 1), "at least 1"),
        (lambda: error_range({}), "no curves"),
        (lambda: error_range({"a": [0.1, float("nan")]}), "'a' are empty or not finite"),
        (lambda: cost.cost({"a": np.ones((2, 3)), "b": np.ones((3, 3))}, {"a": 1, "b": 1}), "a has 2, b has 3"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(("arm", "share"), [("backpropagation", 1.0), ("frozen", 1.0), ("weighted/activity", 0.5)])
def test_the_perceptron_counts_what_is_not_zero(arm, share):
    net = SBPPerceptron((4, 6, 3), arm, lambda_p=share, precision="float64")
    net.start(1)
    rng = np.random.default_rng(0)
    x, y = rng.random((5, 4)) * (rng.random((5, 4)) < 0.6), np.eye(3)[rng.integers(0, 3, 5)]
    net.begin_epoch(0, rng, 1.0)
    forward = changed = reports = 0
    for sample in x:
        hidden = np.maximum(sample @ net.arrays["W1"] + net.arrays["b1"], 0)
        forward += (sample != 0).sum() * 6 + (hidden > 0).sum() * 3
        changed += (hidden > 0).sum() * 3  # logistic outputs always err
        if arm != "frozen":
            reports += (hidden > 0).sum() * 3
            changed += (sample != 0).sum() * (hidden > 0).sum() * share
    net.learn(x, y)
    assert net.counted == {"synaptic_operations": forward, "weight_changes": changed, "reports": reports}
