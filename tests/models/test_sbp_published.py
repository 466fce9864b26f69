"""The released model against its equations in numpy matrices, and what its gains can and cannot do."""

import functools

import numpy as np
import pytest

from benchmarks.published_numpy import Matrices
from sbp_brian.models.published import LEARNING, ReleasedModel
from sbp_brian.targets import Simulation
from sbp_brian.training.spiking import Presentation
from tests.reference.sbp_published import PublishedReference, share

N = 100


def trial(layers, seed=0):
    rng = np.random.default_rng(seed)
    images = (rng.integers(0, 256, (N, layers[0])) * (rng.random((N, layers[0])) < 0.4)).astype(np.uint8)
    targets = (rng.random((N, layers[-1])) < 0.4).astype(np.uint8)
    return images, targets


def brian(model, images, targets, target, factor=None, **changed):
    """All samples but the last fifth with a teacher; what the network has then, and its answers."""
    taught = np.arange(N) < N - N // 5
    presentation = Presentation(images, N, model.duration, targets)
    rates = model.trial_model().rates
    start = model.initial(3) | changed
    more = {} if factor is None else {f"into_{name}.noise_factor": factor for name in model.names[1:]}
    make = functools.partial(ReleasedModel.network, model, presentation)
    simulation = Simulation(make, (N + 1) * model.duration, target)
    shown = presentation.settings(np.arange(N), np.zeros(N), taught)
    shown = {name: values for name, values in shown.items() if name in simulation.settable}
    return start, simulation.run({**start, **rates, **more, **shown}, seed=1)


def reference(model, images, targets, start, **more):
    names, sizes = model.names[1:], model.layers
    weights = [start[f"into_{n}.w"].reshape(sizes[k], sizes[k + 1]) for k, n in enumerate(names)]
    gains = (model.lambda_pre, model.lambda_post, model.lambda_back) if model.with_gains else (0, 0, 0)
    reversal = [start[f"{n}.reversal"] for n in names] if model.lif else None
    net = PublishedReference(
        weights,
        [start[f"{n}.bias"] for n in names],
        rule=model.rule,
        gains=gains,
        lam_f=model.lambda_f,
        lam_p=model.lambda_p,
        lif=model.lif,
        short_term=model.short_term,
        dale=model.dale,
        reversal=reversal,
        **more,
    )
    rates = [r if LEARNING[model.learning][2] or k == len(names) - 1 else 0.0 for k, r in enumerate(model.rates)]
    out, b = [], model.batch
    for first in range(0, N, b):
        rows = slice(first, first + b)
        y = targets[rows] if first < N - N // 5 else None
        out.append(net.batch(images[rows] / 255, y, rates))
    return net, np.concatenate(out)


def hold(model, target, factor=None):
    images, targets = trial(model.layers)
    weak = {}  # strong negative currents let the released short-term plasticity grow without bound
    if model.short_term:
        weak = {name: 0.3 * value for name, value in model.initial(3).items() if name.endswith(".w")}
    start, result = brian(model, images, targets, target, factor, **weak)
    net, out = reference(model, images, targets, start, **({} if factor is None else {"factor": factor}))
    assert np.isfinite(out).all(), "the reference must stay finite"
    np.testing.assert_allclose(result["answers.s_free"][:, 1 : N + 1].T, out, rtol=0, atol=1e-8)
    for k, name in enumerate(model.names[1:]):
        np.testing.assert_allclose(result[f"into_{name}.w"], net.w[k].ravel(), rtol=0, atol=1e-8)
        np.testing.assert_allclose(result[f"{name}.bias"], net.b[k], rtol=0, atol=1e-8)
        moved = np.abs(net.w[k].ravel() - start[f"into_{name}.w"]).max()
        still = (model.rule == "differential" or not LEARNING[model.learning][2]) and k == 0
        assert moved == 0 if still else moved > 1e-4, f"{name}: the reference moved by {moved}"
    return start, result, net


SMALL, DEEP = (12, 8, 3), (10, 7, 6, 3)


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("numpy", {"layers": SMALL, "learning": "sbp-released", "batch": 5, "rates": (0.4, 0.1)}),
        ("numpy", {"layers": SMALL, "learning": "symmetric", "batch": 10, "rates": (0.4, 0.1)}),
        ("numpy", {"layers": SMALL, "learning": "differential", "batch": 5, "rates": (0.4, 0.1)}),
        pytest.param(
            "numpy",
            {
                "layers": DEEP,
                "learning": "sbp-released",
                "batch": 5,
                "rates": (0.4, 0.1),
                "lambda_f": 1.0,
                "dale": True,
            },
            marks=pytest.mark.slow,
        ),
        (
            "cpp",
            {
                "layers": DEEP,
                "learning": "sbp-released",
                "batch": 5,
                "rates": (0.4, 0.1),
                "lambda_f": 1.0,
                "dale": True,
                "lif": True,
                "short_term": True,
            },
        ),
        pytest.param(
            "cpp",
            {"layers": DEEP, "learning": "sbp-released", "batch": 5, "rates": (0.1, 0.05), "lif": True},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "cython",
            {"layers": SMALL, "learning": "sbp-released", "batch": 5, "rates": (0.4, 0.1)},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "cpp",
            {"layers": SMALL, "learning": "sbp-released", "batch": 1, "rates": (0.1, 0.05)},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "numpy",
            {"layers": SMALL, "learning": "sbp-no-gains", "batch": 4, "rates": (0.1, 0.05), "lif": True},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "cpp",
            {
                "layers": (20, 9, 8, 7, 4),
                "learning": "symmetric",
                "batch": 20,
                "rates": (0.4, 0.1),
                "lif": True,
                "v_reset": -0.5,
            },
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_network_follows_the_equations(target, options):
    model = ReleasedModel(**options)
    _, result, net = hold(model, target)
    if model.lif:  # the last, empty sample is shown too
        for k, name in enumerate(model.names[1:]):
            assert 0 <= int(result[f"{name}_spikes.N"]) - net.spikes[k] <= 100 * model.layers[k + 1]


def test_frozen_hidden_layers_and_noise_by_epoch():
    hold(ReleasedModel(layers=SMALL, learning="published-frozen", batch=5, noise="poisson"), "numpy", factor=1.03)
    factors = [ReleasedModel(noise="poisson").by_epoch(k)["into_output.noise_factor"] for k in range(3)]
    assert factors == pytest.approx([1.0367879, 1.0367879, 1.0183940])  # Poisson of mean 1: p(0), p(1), p(2)


@functools.cache
def learned(**options):
    model = ReleasedModel(layers=SMALL, batch=5, rates=(0.4, 0.1), **options)
    images, targets = trial(SMALL)
    start, result = brian(model, images, targets, "numpy")
    return {name: np.asarray(result[f"{name}.w"]) - start[f"{name}.w"] for name in ("into_hidden1", "into_output")}


def test_what_the_released_gains_do():
    """lambda_p cancels; the gains are 1 on average plus lambda/n; symmetric and SBP agree at the clamped input."""
    released, other = learned(learning="sbp-released"), learned(learning="sbp-released", lambda_p=1.0)
    plain = learned(learning="sbp-no-gains")
    for name in released:
        np.testing.assert_allclose(other[name], released[name], rtol=0, atol=1e-14)
        assert np.abs(released[name] - plain[name]).max() > 1e-6
    mean = (1 + 0.2 * share(np.random.default_rng(0).random(500))).mean()
    assert mean == pytest.approx(1 + 0.2 / 500, abs=1e-15)
    images, targets = trial(SMALL)
    first = {}
    for learning in ("symmetric", "sbp-no-gains"):
        model = ReleasedModel(layers=SMALL, batch=N - N // 5, learning=learning)
        start, result = brian(model, images, targets, "numpy")
        first[learning] = [
            np.asarray(result[f"into_{name}.w"]) - start[f"into_{name}.w"] for name in ("hidden1", "output")
        ]
    np.testing.assert_allclose(first["symmetric"][0], first["sbp-no-gains"][0], rtol=0, atol=1e-15)
    assert np.abs(first["symmetric"][1] - first["sbp-no-gains"][1]).max() > 1e-5


@pytest.mark.parametrize("learning", LEARNING)
def test_the_fast_matrices_follow_the_same_equations(learning):
    model = ReleasedModel(layers=SMALL, learning=learning, batch=5, rates=(0.4, 0.1))
    images, targets = trial(SMALL)
    start = {name: np.asarray(value, np.float32).astype(float) for name, value in model.initial(3).items()}
    net, expected = reference(model, images, targets, start)
    fast = Matrices(model, 3)
    found = [
        fast.batch((images[k : k + 5] / 255).astype(np.float32), targets[k : k + 5] if k < N - N // 5 else None)
        for k in range(0, N, 5)
    ]
    np.testing.assert_allclose(np.concatenate(found), expected, rtol=0, atol=1e-5)  # single precision
    np.testing.assert_allclose(fast.w1, net.w[0], rtol=0, atol=1e-5)
    np.testing.assert_allclose(fast.w2, net.w[1], rtol=0, atol=1e-5)


@pytest.mark.slow
def test_noise_and_signs():
    plain, noisy = learned(learning="sbp-no-gains"), learned(learning="sbp-no-gains", noise="norm")
    ratio = noisy["into_output"] / plain["into_output"]
    assert 0.3 < np.median(ratio) < 0.7  # 1.01 U(0, 1), 16 steps
    start = ReleasedModel(layers=(40, 30, 20, 10), dale=True).initial(0)
    for name, n in (("hidden1", 40), ("hidden2", 30), ("output", 20)):
        signs = np.sign(start[f"into_{name}.w"].reshape(n, -1))
        assert (np.abs(signs.sum(1)) == signs.shape[1]).all()  # each cell has one sign
        assert (signs[:, 0] < 0).sum() == n // 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning": "spb-released"}, "unknown learning 'spb-released'; did you mean 'sbp-released'"),
        ({"layers": (784, 10)}, "3 to 20 sizes"),
        ({"rates": (0.1,)}, "rates must be 2 numbers"),
        ({"batch": 0}, "batch must be a whole number of at least 1"),
        ({"noise": "pink"}, "noise must be one of none, norm, poisson, got 'pink'"),
        ({"short_term": True}, "set lif=True"),
        ({"beta": 0.0}, "beta must be a number above 0"),
    ],
)
def test_bad_parameters(options, message):
    with pytest.raises(ValueError, match=message):
        ReleasedModel(**options)
