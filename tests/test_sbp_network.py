"""The flagship network against a plain numpy reference, and what its arms must and must not do."""

import functools

import numpy as np
import pytest

from sbp_brian.models.sbp_network import ARMS, SBPNetwork
from sbp_brian.subsets import InputSubset
from sbp_brian.targets import Simulation
from sbp_brian.trials import Presentation, total
from tests.reference.sbp_network import ReferenceNetwork

N_IN, N_HID, N_OUT, N = 20, 12, 3, 40
RATES = {"weighted/activity": 2.0, "weighted": 0.5, "change": 0.5, "relative": 0.002}


def network(arm, **kwds):
    return SBPNetwork(n_input=N_IN, n_hidden=N_HID, n_output=N_OUT, arm=arm, steps=10, first_taught=2, **kwds)


@pytest.fixture(scope="module")
def trial():
    rng = np.random.default_rng(5)
    images = (rng.integers(0, 256, (N, N_IN)) * (rng.random((N, N_IN)) < 0.5)).astype(np.uint8)
    return images, rng.integers(0, N_OUT, N), rng.permutation(N), rng.random(N) < 0.8


def run(target, arm, trial, **kwds):
    images, labels, rows, teaching = trial
    model = network(arm, **kwds)
    presentation = Presentation(images, N, model.duration)
    make = functools.partial(SBPNetwork.network, model, presentation)
    start = model.initial(3)
    start["inputs.w"] *= 3
    start["outputs.w"] *= 2
    settings = {**start, "inputs.retro_rate": RATES[arm], "hidden.bias_rate": RATES[arm], "outputs.rate": 0.05,
                **presentation.settings(rows, labels[rows], teaching)}
    result = Simulation(make, (N + 1) * model.duration, target).run(settings, seed=1)
    return start, result


def reference(arm, trial, start, mask=None):
    images, labels, rows, teaching = trial
    emission, by_activity = ARMS[arm]
    net = ReferenceNetwork(start["inputs.w"].reshape(N_IN, N_HID), start["outputs.w"].reshape(N_HID, N_OUT),
                           start["hidden.bias"], 10, 2, emission, by_activity, mask)
    counts, hidden = zip(*(net.sample(images[k] / 255, labels[k], taught, RATES[arm], 0.05)
                           for k, taught in zip(rows, teaching, strict=True)), strict=True)
    return net, np.array(counts).T, int(np.sum(hidden))


@pytest.mark.parametrize(("target", "arm"), [("cpp", "weighted/activity"), ("cython", "weighted/activity"),
                                             ("numpy", "weighted/activity"), ("numpy", "weighted"),
                                             ("numpy", "change"), ("numpy", "relative")])
def test_the_network_follows_the_reference(target, arm, trial):
    start, result = run(target, arm, trial)
    net, counts, spikes = reference(arm, trial, start)
    assert np.abs(net.w_in.ravel() - start["inputs.w"]).max() > 1e-3, "the reference must have learned something"
    np.testing.assert_array_equal(result["answers.c"][:, 1 : N + 1], counts)
    np.testing.assert_allclose(result["inputs.w"], net.w_in.ravel(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(result["outputs.w"], net.w_out.ravel(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(result["hidden.bias"], net.bias, rtol=0, atol=1e-10)
    # the last, empty sample is shown too; without a drive only biases can make it spike
    assert abs(int(result["hidden_spikes.N"]) - spikes) <= N_HID * 10
    assert total(result, network(arm).counted_learning["weight_changes"]) == net.weight_changes
    assert int(result["onsets.N"]) == int((trial[0][trial[2]] > 0).sum() + (trial[0][0] > 0).sum())


def test_a_share_of_the_inputs_takes_part(trial):
    start, result = run("numpy", "weighted/activity", trial, proportion=0.25, seed_subset=4)
    pre, post = np.indices((N_IN, N_HID)).reshape(2, -1)
    mask = InputSubset(0.25, 4).values("inputs", pre, post).reshape(N_IN, N_HID)
    assert (mask.sum(0) == N_IN // 4).all()
    net, _, _ = reference("weighted/activity", trial, start, mask.astype(float))
    np.testing.assert_allclose(result["inputs.w"], net.w_in.ravel(), rtol=0, atol=1e-10)
    # how many of the active inputs are in the subset is only expected
    expected = total(result, network("weighted/activity", proportion=0.25).counted_learning["weight_changes"])
    assert expected == pytest.approx(net.weight_changes, rel=0.1)
    moved = (result["inputs.w"] != start["inputs.w"]).reshape(N_IN, N_HID)
    assert not moved[~mask].any()
    assert moved[mask].any()


def test_rows_use_the_dense_loop(trial, tmp_path):
    from brian2.devices.device import get_device

    from sbp_brian._standalone import generate

    model = network("weighted/activity")
    presentation = Presentation(trial[0], N, model.duration)
    generate(functools.partial(SBPNetwork.network, model, presentation), N * model.duration, {}, tmp_path)
    written = {path.stem for path in (tmp_path / "code_objects").glob("*.cpp")}
    for pathway in ("inputs_present", "inputs_retrograde", "outputs_pre", "outputs_missing", "outputs_excess"):
        assert any(name.startswith(f"{pathway}_dense") for name in written), pathway
    assert "Standalone" not in type(get_device()).__name__


@pytest.mark.parametrize(("wrong", "message"), [
    ({"arm": "wieghted"}, "arm must be one of weighted/activity"),
    ({"n_hidden": 0}, "n_hidden must be at least 1"),
    ({"first_taught": 10}, "first_taught must be a step of the sample, 0 to 9"),
    ({"rate_output": float("nan")}, "rate_output must be zero or positive"),
    ({"proportion": 0.0}, r"proportion \(lambda_p\) must be a number in \(0, 1\]"),
    ({"fraction": 1.5}, r"fraction \(lambda_f\) must be a number in \[0, 1\]"),
])
def test_bad_parameters_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        SBPNetwork(**{"arm": "weighted", "steps": 10, "first_taught": 2, **wrong})
