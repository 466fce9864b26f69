"""The flagship network against a plain numpy reference, and what its arms must and must not do."""

import functools
import re

import numpy as np
import pytest
from brian2 import ms

from sbp_brian.errors import ModelError, SampleError
from sbp_brian.models.sbp_network import LEARNING, SBPNetwork
from sbp_brian.models.sbp_network.options import (
    INPUTS,
    Dale,
    Displacement,
    Dropout,
    Homeostasis,
    InitialWeights,
    Late,
    Latency,
    MembraneHomeostasis,
    OneHop,
    Poisson,
    Precision,
    Reports,
    SeveralRight,
    ShortTerm,
    Spikes,
    SpikeTiming,
    SteadyHiddenRate,
    Subset,
    Tag,
    Timing,
)
from sbp_brian.retrograde.subsets import InputSubset
from sbp_brian.targets import Simulation
from sbp_brian.training.encoding import spike_bytes
from sbp_brian.training.spiking import Presentation, Samples, Training, total
from tests.reference.sbp_network import ReferenceNetwork

N_IN, N_HID, N_OUT, N = 20, 12, 3, 40
RATES = {
    "weighted/activity": 2.0,
    "weighted": 0.5,
    "change": 0.5,
    "relative": 0.002,
    "strength/activity": 0.4711,  # no change of a weight lies between two levels
    "bit": 0.005,
    "change/activity": 0.5,
    "relative/activity": 0.01,
    "proportion/activity": 2.0,
    "value-bit": 0.005,
    "frozen": 0.0,
}


def network(learning, *options, n_hidden=N_HID, **kwds):
    usual = () if any(isinstance(each, Timing) for each in options) else (Timing(steps=10, first_taught=2),)
    return SBPNetwork(N_IN, n_hidden, N_OUT, learning, **kwds, options=(*usual, *options))


@pytest.fixture(scope="module")
def trial():
    rng = np.random.default_rng(5)
    images = (rng.integers(0, 256, (N, N_IN)) * (rng.random((N, N_IN)) < 0.5)).astype(np.uint8)
    return images, rng.integers(0, N_OUT, N), rng.permutation(N), rng.random(N) < 0.8


def run(target, learning, trial, *options, targets=None, **kwds):
    images, labels, rows, teaching = trial
    model = network(learning, *options, **kwds)
    presentation = Presentation(images, N, model.duration, targets)
    make = functools.partial(SBPNetwork.network, model, presentation)
    start = model.initial(3)
    start["inputs.w"] *= 3
    start["outputs.w"] *= 2
    rates = {
        name: rate if name.endswith("homeostasis") else 0.05 if name == "outputs.rate" else RATES[learning]
        for name, rate in model.trial_model().rates.items()
    }
    settings = {
        **start,
        **rates,
        **model.trial_model().by_epoch(0),
        **presentation.settings(rows, labels[rows], teaching),
    }
    if model.option(SeveralRight):
        del settings["target_class.values"]
    result = Simulation(make, (N + 1) * model.duration, target).run(settings, seed=1)
    return start, result


def reference(learning, trial, start, mask=None, targets=None, n_hidden=(N_HID,), **kwds):
    images, labels, rows, teaching = trial
    emission, by_activity = LEARNING[learning]
    sizes, names = (N_IN, *n_hidden, N_OUT), [name for name in start if name.endswith(".w")]
    signs = [start[name] for name in start if name.endswith(".polarity")]
    net = ReferenceNetwork(
        [start[name].reshape(sizes[k], -1) for k, name in enumerate(names)],
        [start[name] for name in start if name.endswith(".bias")],
        10,
        2,
        emission,
        by_activity,
        mask,
        polarity=signs or None,
        **kwds,
    )
    targets = np.eye(N_OUT)[labels] if targets is None else targets
    counts, hidden = zip(
        *(
            net.sample(images[k] / 255, targets[k] > 0, taught, RATES[learning], 0.05)
            for k, taught in zip(rows, teaching, strict=True)
        ),
        strict=True,
    )
    return net, np.array(counts).T, int(np.sum(hidden))


def compare(result, net, counts, start):
    """Answers to the spike, weights and biases to rounding; and something was learned."""
    np.testing.assert_array_equal(result["answers.c"][:, 1 : N + 1], counts)
    learned = [name for name in start if name.endswith((".w", ".bias"))]
    for name, wanted in zip(learned, [*net.w, *net.bias], strict=True):
        np.testing.assert_allclose(result[name], wanted.ravel(), rtol=0, atol=1e-10, err_msg=name)
        assert np.abs(wanted.ravel() - start[name]).max() > 1e-3, f"the reference must have changed {name}"


@pytest.mark.parametrize(
    ("target", "learning"),
    [
        ("cpp", "weighted/activity"),
        pytest.param("cython", "weighted/activity", marks=pytest.mark.slow),
        ("numpy", "weighted/activity"),
        ("numpy", "weighted"),
        ("numpy", "change"),
        ("numpy", "relative"),
        ("numpy", "proportion/activity"),
        ("numpy", "value-bit"),
        pytest.param("cpp", "bit", marks=pytest.mark.slow),
    ],
)
def test_the_network_follows_the_reference(target, learning, trial):
    start, result = run(target, learning, trial)
    net, counts, spikes = reference(learning, trial, start)
    compare(result, net, counts, start)
    # the last, empty sample is shown too; without a drive only biases can make it spike
    assert abs(int(result["hidden_spikes.N"]) - spikes) <= N_HID * 10
    assert total(result, network(learning).counted_learning["weight_changes"]) == net.weight_changes
    assert int(result["onsets.N"]) == int((trial[0][trial[2]] > 0).sum() + (trial[0][0] > 0).sum())


@pytest.mark.parametrize(
    ("target", "learning", "n_hidden"),
    [
        pytest.param("cpp", "weighted/activity", (12, 9), marks=pytest.mark.slow),
        ("numpy", "weighted/activity", (12, 9, 7)),
        ("numpy", "weighted", (12, 9)),
    ],
)
def test_layers_in_cascade_follow_the_reference(target, learning, n_hidden, trial):
    start, result = run(target, learning, trial, n_hidden=n_hidden)
    assert [name for name in start if name.endswith(".w")] == [
        "inputs.w",
        *(f"inputs{k}.w" for k in range(2, len(n_hidden) + 1)),
        "outputs.w",
    ]
    net, counts, _ = reference(learning, trial, start, n_hidden=n_hidden)
    compare(result, net, counts, start)
    counted = network(learning, n_hidden=n_hidden).counted_learning
    assert total(result, counted["weight_changes"]) == net.weight_changes
    assert total(result, counted["reports"]) < net.weight_changes


@pytest.mark.parametrize(
    ("learning", "n_hidden", "how"),
    [
        ("relative/activity", (12,), {"floor": 0.4}),
        ("strength/activity", (12, 9), {"levels": 3, "full_scale": 0.0317}),
        ("bit", (12, 9), {}),
    ],
)
def test_coarse_and_floored_reports_follow_the_reference(learning, n_hidden, how, trial):
    start, result = run("numpy", learning, trial, *([Reports(**how)] if how else []), n_hidden=n_hidden)
    known = {"floor": how.get("floor", 0.0), "levels": (how["levels"], how["full_scale"]) if "levels" in how else None}
    net, counts, _ = reference(learning, trial, start, n_hidden=n_hidden, **known)
    compare(result, net, counts, start)
    without, _, _ = reference(learning, trial, start, n_hidden=n_hidden)
    assert not how or np.abs(without.w[0] - net.w[0]).max() > 1e-3, "the option must matter"


def test_where_every_report_is_lost_no_hidden_layer_learns(trial):
    start, result = run("numpy", "bit", trial, Reports(loss=1.0))
    _, frozen = run("numpy", "frozen", trial)
    for name in start:
        np.testing.assert_array_equal(result[name], frozen[name])
    assert np.abs(result["outputs.w"] - start["outputs.w"]).max() > 1e-3


def test_noisy_reports_teach_something_else_to_hidden_layers(trial):
    start, exact = run("numpy", "strength/activity", trial)
    _, noisy = run("numpy", "strength/activity", trial, Reports(noise=0.3))
    moved = noisy["inputs.w"] - start["inputs.w"], exact["inputs.w"] - start["inputs.w"]
    assert np.abs(moved[0] - moved[1]).max() > 1e-3
    assert np.corrcoef(*moved)[0, 1] > 0.7, "noise about what is right"


def test_the_scale_of_the_first_weights_is_that_of_hidden_layers():
    plain, scaled = (network("frozen", *o, n_hidden=(12, 9)).initial(3) for o in ((), (InitialWeights(4.0),)))
    for name in plain:
        factor = 4 if name in ("inputs.w", "inputs2.w") else 1
        np.testing.assert_array_equal(scaled[name], factor * plain[name])


def test_few_first_weights_are_larger_so_that_drives_vary_as_much():
    plain, few = (network("frozen", *o, n_hidden=(60, 50)).initial(3) for o in ((), (InitialWeights(connected=0.2),)))
    for name in ("inputs.w", "inputs2.w"):
        there = few[name] != 0
        assert there.mean() == pytest.approx(0.2, abs=0.04)
        np.testing.assert_allclose(few[name][there], plain[name][there] / np.sqrt(0.2), rtol=1e-12)
    np.testing.assert_array_equal(few["outputs.w"], plain["outputs.w"])


@pytest.mark.parametrize(
    ("learning", "how", "message"),
    [
        ("frozen", {"noise": 1.0}, "has no effect with learning='frozen', where nothing is reported; leave it out"),
        ("bit", {"floor": 0.1}, "learning='bit': Emission: floor=0.1 has no effect on 'bit'"),
        ("bit", {"levels": 2, "full_scale": 1.0}, "levels=2 has no effect on 'bit', which has one level"),
        ("change", {"loss": 2.0}, "learning='change': Emission: loss must be a number from 0 to 1, got 2.0"),
    ],
)
def test_reports_that_mean_nothing_are_refused(learning, how, message):
    with pytest.raises(ModelError, match=re.escape(message)):
        network(learning, Reports(**how))


def test_without_cascade_only_the_last_hidden_layer_learns(trial):
    start, result = run("numpy", "weighted/activity", trial, OneHop(), n_hidden=(12, 9))
    for name in ("inputs.w", "hidden.bias"):
        np.testing.assert_array_equal(result[name], start[name])
    assert np.abs(result["inputs2.w"] - start["inputs2.w"]).max() > 1e-3


def test_homeostasis_and_several_right_outputs_follow_the_reference(trial):
    targets = np.random.default_rng(8).integers(0, 2, (N, N_OUT)).astype(np.uint8)
    options = Homeostasis(0.01, target_spikes=1.5), Timing(steps=10, first_taught=2, hidden_start=0.5), SeveralRight()
    start, result = run("numpy", "weighted/activity", trial, *options, targets=targets)
    expected = {"homeostasis": 0.01, "target_spikes": 1.5, "hidden_start": 0.5}
    net, counts, _ = reference("weighted/activity", trial, start, targets=targets, **expected)
    compare(result, net, counts, start)


@pytest.mark.parametrize(
    ("target", "coding", "n_hidden", "dale"),
    [("cpp", "latency", (12,), True), ("numpy", "latency", (12, 9), False), ("numpy", "poisson", (12,), False)],
)
def test_spiking_inputs_follow_the_reference(target, coding, n_hidden, dale, trial):
    if coding == "poisson":  # at full intensity and one spike a step nothing is left to chance
        trial = (np.where(trial[0] > 100, 255, 0).astype(np.uint8), *trial[1:])
    kind = Poisson(rate=1.0) if coding == "poisson" else INPUTS[coding]()
    start, result = run(target, "weighted/activity", trial, kind, *([Dale()] if dale else []), n_hidden=n_hidden)
    net, counts, _ = reference("weighted/activity", trial, start, n_hidden=n_hidden, coding=coding, input_rate=1.0)
    compare(result, net, counts, start)
    per_pixel = 10 if coding == "poisson" else 1
    shown = int((trial[0][trial[2]] > 0).sum() + (trial[0][0] > 0).sum())
    assert 0 <= per_pixel * shown - int(result["onsets.N"]) <= N_IN, "the run ends within the last, empty sample"


@pytest.mark.parametrize(
    ("target", "n_hidden"), [("cpp", (12,)), ("numpy", (12, 9)), pytest.param("cython", (12,), marks=pytest.mark.slow)]
)
def test_samples_of_spikes_follow_the_reference(target, n_hidden, trial):
    spikes = np.random.default_rng(6).random((N, 10, N_IN)) < np.where(trial[0] > 0, 0.3, 0.0)[:, None]
    packed = (spike_bytes(spikes), *trial[1:])
    start, result = run(target, "weighted/activity", packed, Spikes(rate=0.4), n_hidden=n_hidden)
    expected = {"coding": "spikes", "input_rate": 0.4}
    net, counts, _ = reference("weighted/activity", (255.0 * spikes, *trial[1:]), start, n_hidden=n_hidden, **expected)
    compare(result, net, counts, start)
    shown = int(spikes[trial[2]].sum() + spikes[0].sum())
    assert 0 <= shown - int(result["onsets.N"]) <= N_IN, "the run ends within the last, empty sample"


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (24, (Spikes(),), "samples of 24 bytes are not 10 steps of 20 inputs, which are 25; pack spikes with"),
        (19, (), "samples have 19 features, the input layer 20 cells"),
    ],
)
def test_samples_that_the_input_cannot_read_are_refused(columns, options, message, tmp_path):
    samples = Samples(
        np.zeros((2, columns), np.uint8), np.array([0, 1]), N_OUT, np.array([0]), np.array([], int), np.array([1])
    )
    with pytest.raises(SampleError, match=message):
        Training(network("weighted", *options).trial_model(), samples, tmp_path)


def test_random_input_spikes_have_the_intensity_as_their_mean(trial):
    _, labels, rows, _ = trial
    images = np.full((N, N_IN), 102, np.uint8)
    start, result = run("numpy", "weighted/activity", (images, labels, rows, np.ones(N, bool)), Poisson())
    chances = 10 * N * N_IN
    assert abs(int(result["onsets.N"]) - 0.4 * 0.5 * chances) < 5 * np.sqrt(0.16 * chances) + N_IN * 10
    assert np.abs(result["inputs.w"] - start["inputs.w"]).max() > 1e-3


def test_dales_law(trial):
    n_hidden = (12, 9)
    start, result = run("numpy", "weighted/activity", trial, Dale(inhibitory=0.25), n_hidden=n_hidden)
    net, counts, _ = reference("weighted/activity", trial, start, n_hidden=n_hidden)
    compare(result, net, counts, start)
    sizes = (N_IN, *n_hidden)
    for k, name in enumerate(name for name in start if name.endswith(".w")):
        sign = start[["pixels", "hidden", "hidden2"][k] + ".polarity"][:, None]
        assert (sign < 0).sum() == round(0.25 * sizes[k])
        assert (sign * result[name].reshape(sizes[k], -1) >= 0).all(), f"{name} changed a sign"
    assert sum((result[name] == 0).sum() for name in start if name.endswith(".w")) > 5, "bounds were met"


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (ShortTerm(release=0.3, tau_rec=7 * ms), {"release": 0.3, "recovers": 1 - np.exp(-1 / 7)}),
        (MembraneHomeostasis(0.2, tau=50 * ms), {"pull": 0.2, "follows": 1 - np.exp(-1 / 50)}),
        (SpikeTiming(4 * ms), {"fades": 1 - np.exp(-1 / 4)}),
    ],
)
def test_local_plasticity_of_the_paper_follows_the_reference(option, expected, trial):
    start, result = run("numpy", "weighted/activity", trial, option, n_hidden=(12, 9))
    net, counts, _ = reference("weighted/activity", trial, start, n_hidden=(12, 9), **expected)
    compare(result, net, counts, start)
    without, _, _ = reference("weighted/activity", trial, start, n_hidden=(12, 9))
    assert np.abs(without.w[0] - net.w[0]).max() > 1e-3, "the option must matter"


def test_pixels_and_cells_are_dropped_only_where_there_is_a_teacher(trial):
    images, labels, rows, _ = trial
    lost = Dropout(input=0.5, hidden=0.5)
    _, kept = run("numpy", "weighted/activity", (images, labels, rows, np.zeros(N, bool)), lost)
    active = (images[rows] > 0).sum() + (images[0] > 0).sum()
    assert int(kept["onsets.N"]) == active
    _, plain = run("numpy", "weighted/activity", (images, labels, rows, np.zeros(N, bool)))
    np.testing.assert_array_equal(kept["answers.c"], plain["answers.c"])
    start, taught = run("numpy", "weighted/activity", (images, labels, rows, np.ones(N, bool)), lost)
    assert abs(int(taught["onsets.N"]) - active / 2) < 4 * np.sqrt(active / 4) + N_IN
    assert 0.25 < int(taught["hidden_spikes.N"]) / int(plain["hidden_spikes.N"]) < 0.85
    assert np.abs(taught["inputs.w"] - start["inputs.w"]).max() > 1e-3


def test_images_with_a_teacher_are_displaced(trial):
    _, labels, rows, _ = trial
    images = np.zeros((N, N_IN), np.uint8)  # 4 rows of 5 pixels
    images[:, 7], images[:, 14] = 200, 100  # row 1, column 2; row 2, column 4: one third of displacements lose it
    start, taught = run(
        "numpy", "weighted/activity", (images, labels, rows, np.ones(N, bool)), Displacement(1), width=5
    )
    moved = (taught["inputs.w"] != start["inputs.w"]).reshape(N_IN, N_HID).any(1).reshape(4, 5)
    reached = np.zeros((4, 5), bool)
    reached[0:3, 1:4] = reached[1:4, 3:5] = True
    np.testing.assert_array_equal(moved, reached)
    lost = 2 * N + 2 - int(taught["onsets.N"])
    assert abs(lost - N / 3) < 4 * np.sqrt(N * 2 / 9)
    _, plain = run("numpy", "weighted/activity", (images, labels, rows, np.zeros(N, bool)), Displacement(1), width=5)
    assert int(plain["onsets.N"]) == 2 * N + 2
    with pytest.raises(ValueError, match="width that divides the 20 inputs"):
        network("weighted/activity", Displacement(1), width=7)


def test_the_hidden_rate_may_stay_while_the_output_rate_decays():
    kept = network("weighted/activity", Homeostasis(0.1), SteadyHiddenRate(), rate_hidden=3.0).trial_model()
    later = {name: rate * 0.5 for name, rate in kept.rates.items()} | kept.by_epoch(1)
    wanted = {"inputs.retro_rate": 3.0, "hidden.bias_rate": 3.0, "hidden.homeostasis": 0.05}
    assert {name: later[name] for name in wanted} == wanted
    assert "inputs.retro_rate" not in network("weighted/activity").trial_model().by_epoch(1)


@pytest.mark.parametrize(("target", "alike"), [("numpy", 1), ("numpy", 3), ("cpp", 6)])
def test_a_share_of_the_inputs_takes_part(target, alike, trial):
    start, result = run(target, "weighted/activity", trial, Subset(4, alike), lambda_p=0.25)
    pre, post = np.indices((N_IN, N_HID)).reshape(2, -1)
    mask = InputSubset(0.25, 4, alike=alike).values("inputs", pre, post).reshape(N_IN, N_HID)
    assert (mask[:, ::alike].repeat(alike, 1)[:, :N_HID] == mask).all()
    assert (mask.sum(0) == N_IN // 4).all()
    net, counts, _ = reference("weighted/activity", trial, start, mask.astype(float))
    compare(result, net, counts, start)
    # how many of the active inputs are in the subset is only expected
    expected = total(result, network("weighted/activity", lambda_p=0.25).counted_learning["weight_changes"])
    assert expected == pytest.approx(net.weight_changes, rel=0.1)
    moved = (result["inputs.w"] != start["inputs.w"]).reshape(N_IN, N_HID)
    assert not moved[~mask].any()
    assert moved[mask].any()


@pytest.mark.parametrize("target", ["numpy", pytest.param("cpp", marks=pytest.mark.slow)])
def test_single_precision_follows_the_reference_to_its_digits(target, trial):
    start, result = run(target, "weighted/activity", trial, Precision("single"))
    net, counts, _ = reference("weighted/activity", trial, start)
    np.testing.assert_array_equal(result["answers.c"][:, 1 : N + 1], counts)
    for name, wanted in (("inputs.w", net.w[0]), ("outputs.w", net.w[1]), ("hidden.bias", net.bias[0])):
        assert np.asarray(result[name]).dtype == np.float32
        np.testing.assert_allclose(result[name], wanted.ravel(), rtol=0, atol=1e-5, err_msg=name)
        assert np.abs(result[name] - wanted.ravel()).max() > 1e-9, "in double precision, then"
    assert np.asarray(result["answers.t"]).dtype == np.float64


def test_loops_over_single_precision_hold_no_number_of_double_precision(tmp_path):
    from sbp_brian.targets.programs import generate

    model = network("weighted/activity", Precision("single"))
    presentation = Presentation(np.zeros((N, N_IN), np.uint8), N, model.duration)
    generate(functools.partial(SBPNetwork.network, model, presentation), N * model.duration, {}, tmp_path)
    for pathway in ("inputs_present", "inputs_retrograde", "outputs_pre", "outputs_missing", "outputs_excess"):
        text = (tmp_path / "code_objects" / f"{pathway}_dense_codeobject.cpp").read_text()
        loop = text[text.index(f"void _run_{pathway}_dense_codeobject()") :]
        assert "float" in loop
        assert "double" not in loop.replace("const double inf = INFINITY;", ""), pathway


SIGNALS_AND_TAGS = [
    ((Late(3),), {"late": (3, None)}),
    ((Late(5), Tag()), {"late": (5, None), "tag": (5, None)}),
    ((Late(5), Tag(4, centred=True)), {"late": (5, None), "tag": (4, None), "centred": True}),
    ((Late(4), Tag(stages=1)), {"late": (4, None), "tag": (4, 1)}),
    ((Late(6, 2), Tag(9, 3, centred=True)), {"late": (6, 2), "tag": (9, 3), "centred": True}),
]
BOTH = SIGNALS_AND_TAGS[-1]


@pytest.mark.parametrize(
    ("target", "options", "expected"),
    [
        *(("numpy", *case) for case in SIGNALS_AND_TAGS),
        *(pytest.param("cpp", *case, marks=pytest.mark.slow) for case in SIGNALS_AND_TAGS),
        pytest.param("cython", *SIGNALS_AND_TAGS[1], marks=pytest.mark.slow),
        pytest.param("cython", *BOTH, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_late_signals_and_tags_follow_the_reference(target, options, expected, trial):
    start, result = run(target, "weighted/activity", trial, *options)
    net, counts, _ = reference("weighted/activity", trial, start, **expected)
    compare(result, net, counts, start)
    counted = network("weighted/activity", *options).counted_learning["weight_changes"]
    assert total(result, counted) == net.weight_changes
    on_time, _, _ = reference("weighted/activity", trial, start)
    assert np.abs(on_time.w[0] - net.w[0]).max() > 1e-3, "lateness must matter"


@pytest.mark.parametrize("coding", [Latency(), Spikes(rate=0.4)], ids=repr)
def test_tags_of_spiking_inputs_and_homeostasis_follow_the_reference(coding, trial):
    options = coding, Late(4), Tag(), Homeostasis(0.01, target_spikes=1.5)
    expected = {"late": (4, None), "tag": (4, None), "homeostasis": 0.01, "target_spikes": 1.5}
    shown = given = trial
    if isinstance(coding, Spikes):
        spikes = np.random.default_rng(6).random((N, 10, N_IN)) < np.where(trial[0] > 0, 0.3, 0.0)[:, None]
        given, shown = (spike_bytes(spikes), *trial[1:]), (255.0 * spikes, *trial[1:])
    start, result = run("numpy", "weighted/activity", given, *options)
    expected |= {"coding": type(coding).__name__.lower(), "input_rate": 0.4}
    net, counts, _ = reference("weighted/activity", shown, start, **expected)
    compare(result, net, counts, start)


def test_a_tag_as_late_as_the_signal_ends_where_a_run_in_time_would(trial):
    """With a frozen output and no biases the order of what is learned does not matter, only its sum."""
    images, labels, rows, teaching = trial
    teaching = np.ones(N, bool)
    weights = []
    for options, n in (((), N - 5), ((Late(5), Tag()), N)):
        model = network("weighted/activity", *options)
        presentation = Presentation(images, N, model.duration)
        start = model.initial(3)
        settings = {**start, "outputs.rate": 0.05, "inputs.retro_rate": 1e-9, "hidden.bias_rate": 0.0}
        settings |= presentation.settings(rows, labels[rows], teaching)
        make = functools.partial(SBPNetwork.network, model, presentation)
        duration = (n + 1) * model.duration
        result = Simulation(make, (N + 1) * model.duration, "numpy").run(settings, seed=1, duration=duration)
        weights.append((result["inputs.w"] - start["inputs.w"]) / 1e-9)
    np.testing.assert_allclose(weights[1], weights[0], rtol=0, atol=1e-6)
    assert np.abs(weights[0]).max() > 0.05


def test_a_signal_that_never_comes_is_refused(tmp_path):
    rows = np.arange(30)
    samples = Samples(np.zeros((30, N_IN), np.uint8), rows % N_OUT, N_OUT, rows[:20], rows[20:25], rows[25:])
    with pytest.raises(SampleError, match="comes 20 samples late never comes within an epoch of 20; take more samples"):
        Training(network("weighted", Late(20), Tag()).trial_model(), samples, tmp_path)


def test_rows_use_the_dense_loop(trial, tmp_path):
    from brian2.devices.device import get_device

    from sbp_brian.targets.programs import generate

    model = network("weighted/activity")
    presentation = Presentation(trial[0], N, model.duration)
    generate(functools.partial(SBPNetwork.network, model, presentation), N * model.duration, {}, tmp_path)
    written = {path.stem for path in (tmp_path / "code_objects").glob("*.cpp")}
    for pathway in ("inputs_present", "inputs_retrograde", "outputs_pre", "outputs_missing", "outputs_excess"):
        assert any(name.startswith(f"{pathway}_dense") for name in written), pathway
    assert "Standalone" not in type(get_device()).__name__
