"""DECOLLE against an independent loop, the gradient of each layer's loss, locality, and what is refused."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from brian2 import Hz, Network, SpikeMonitor, StateMonitor, ms, prefs

from sbp_brian.errors import RuleError
from sbp_brian.experiments import building
from sbp_brian.models.decolle import Decolle
from sbp_brian.models.decolle.cell import DecolleCell
from sbp_brian.targets import Simulation
from sbp_brian.training.encoding import BitTable
from sbp_brian.training.spiking import Presentation
from tests.helpers.cuda_marks import cuda
from tests.helpers.decolle_cases import (
    LAYERS,
    READOUTS,
    STEPS,
    loop_parameters,
    model,
    shown,
    simulation,
    spikes,
    targets,
)
from tests.reference import decolle

FORMS = ["rank1", "dense"]


def watched(model, presentation):
    """The network with everything recorded at each step, once the spikes are known."""
    network = model.network(presentation)
    there = {thing.name: thing for thing in network.objects}
    extra = []
    for k in range(1, len(model.layers)):
        pre = there[model.names[k - 1]]
        traces = ["x_mem", "x_syn", "pow_mem", "pow_syn"] if model.form == "rank1" else ["p_trace", "q_trace"]
        settings = {"record": True, "clock": pre.clock, "when": "before_synapses"}
        extra += [
            StateMonitor(pre, traces, name=f"traces{k}", **settings),
            StateMonitor(there[f"hidden{k}"], ["u", "r"], name=f"cells{k}", **settings),
            StateMonitor(there[f"readout{k}"], ["y"], name=f"read{k}", order=2, **settings),
            SpikeMonitor(there[f"hidden{k}"], name=f"raster{k}"),
        ]
    return Network(*network.objects, *extra)


def loop(model, start):
    """The independent loop's layers with the same weights."""
    p, layers = loop_parameters(model), []
    for k, (n, m, r) in enumerate(zip(model.layers[:-1], model.layers[1:], model.readouts, strict=True), 1):
        layers.append(
            decolle.Layer(
                start[f"into_hidden{k}.w"].reshape(n, m),
                start[f"hidden{k}.bias"],
                start[f"reading{k}.w"].reshape(m, r),
                start[f"back{k}.w"].reshape(r, m),
                p,
                model.optimiser,
                model.every,
            )
        )
    return layers


def compare_weights(result, layers, start, atol=1e-9):
    for k, layer in enumerate(layers, 1):
        before = start[f"into_hidden{k}.w"].reshape(layer.w.shape)
        assert np.abs(layer.w - before).max() > 1e-4, "the case must learn"
        np.testing.assert_allclose(
            np.array(result[f"into_hidden{k}.w"]).reshape(layer.w.shape), layer.w, rtol=0, atol=atol
        )
        np.testing.assert_allclose(result[f"hidden{k}.bias"], layer.bias, rtol=0, atol=atol)


# ---------------------------------------------------------------------------------------------------- exactness
@pytest.mark.parametrize(
    ("form", "target"),
    [
        ("rank1", "numpy"),
        ("dense", "numpy"),
        pytest.param("rank1", "cpp", marks=pytest.mark.slow),
        pytest.param("dense", "cpp", marks=pytest.mark.slow),
        pytest.param("rank1", "cython", marks=pytest.mark.slow),
        pytest.param("dense", "cython", marks=pytest.mark.slow),
    ],
)
def test_every_variable_is_that_of_an_independent_loop(form, target):
    net, data = model(form=form), spikes()
    start = shown(net)
    result = simulation(net, data, target, watched).run(start, seed=1)
    layers, trace = loop(net, start), []
    decolle.run(layers, data[0], net.targets, net.rate, net.burn_in, trace)
    for k in range(1, len(LAYERS)):
        want = {name: np.array([step[k - 1][name] for step in trace]).T for name in ("P", "Q", "R", "U", "S", "Y")}
        assert 0.05 < want["S"].mean() < 0.95
        assert (want["S"] != want["S"][:, :1]).any(1).sum() > 4, "cells must start and stop"
        raster = np.zeros_like(want["S"])
        steps = np.round(np.array(result[f"raster{k}.t"]) / float(net.step)).astype(int)
        inside = steps < STEPS
        raster[np.array(result[f"raster{k}.i"])[inside], steps[inside]] = 1
        np.testing.assert_array_equal(raster, want["S"])
        if form == "rank1":
            x, z, a, b = (
                np.array(result[f"traces{k}.{name}"])[:, :STEPS] for name in ("x_mem", "x_syn", "pow_mem", "pow_syn")
            )
            found = {"P": a * x - b * z, "Q": net.cell.factors(net.step)["q_share"] * b * z}
        else:
            found = {"P": result[f"traces{k}.p_trace"], "Q": result[f"traces{k}.q_trace"]}
        found |= {"R": result[f"cells{k}.r"], "U": result[f"cells{k}.u"], "Y": result[f"read{k}.y"]}
        for name, values in found.items():
            np.testing.assert_allclose(np.array(values)[:, :STEPS], want[name], rtol=0, atol=1e-9, err_msg=name)
    compare_weights(result, layers, start)


@pytest.mark.parametrize(
    "settings",
    [
        {"form": "rank1", "loss": "squared", "cell": DecolleCell(surrogate="fast-sigmoid", rho=0.0)},
        {
            "form": "rank1",
            "shrink": 0.6,
            "cell": DecolleCell(too_active=0.3, too_silent=0.5, tau_mem=5 * ms, tau_syn=9 * ms),
        },
        pytest.param({"form": "rank1", "feedback_noise": 0.9}, marks=pytest.mark.slow),
        pytest.param(
            {"form": "dense", "every": 5, "loss": "squared", "cell": DecolleCell(too_silent=0.5)},
            marks=pytest.mark.slow,
        ),
        pytest.param({"form": "dense", "optimiser": "adamax", "rate": 0.01}, marks=pytest.mark.slow),
        {"form": "dense", "optimiser": "adamax", "rate": 0.01, "every": 3, "steps": 150, "shrink": 0.5},
    ],
    ids=lambda s: "-".join(map(str, s)),
)
def test_learning_over_samples_is_that_of_the_loop(settings):
    net = model(**{"steps": 100, **settings})
    data = spikes(3, net.steps)
    start = shown(net, 3)
    result = simulation(net, data).run(start, seed=1)
    layers = loop(net, start)
    for number, sample in enumerate(data):
        decolle.run(layers, sample, net.targets, net.rate * net.shrink**number, net.burn_in)
    compare_weights(result, layers, start)


def test_labels_and_votes():
    net = model(targets=None, readouts=4, steps=60, aim_class=0.8)
    data, labels = spikes(5, 60), np.array([2, 0, 3, 1, 2])
    start = shown(net, 5, labels)
    start["teaching.values"][3:] = 0
    result = simulation(net, data).run(start, seed=1)
    layers, votes = loop(net, start), []
    for n, sample in enumerate(data):
        aims = [np.tile(0.8 * (np.arange(4) == labels[n]), (60, 1))] * 3
        votes.append(decolle.run(layers, sample, aims, net.rate if n < 3 else 0.0, net.burn_in))
    compare_weights(result, layers, start)
    for k in (1, 2, 3):
        found = np.array(result[f"answers{k}.votes"])[:, 1:6].T
        np.testing.assert_array_equal(found, [v[k - 1] for v in votes])
        assert len(np.unique(found, axis=0)) == 5


def test_windows_keep_twelve_digits_over_long_samples():
    """1,000 steps: beta**-t would reach 1e62; without windows nothing would be left."""
    net = model(layers=(6, 5), readouts=(2,), steps=1000)
    data = spikes(1, 1000, 6)
    start = shown(net)
    window = net.update.window(net.step, net.steps)
    assert 20 < window < 100
    result = simulation(net, data).run(start, seed=1)
    layers = loop(net, start)
    decolle.run(layers, data[0], net.targets, net.rate, net.burn_in)
    compare_weights(result, layers, start, atol=1e-10)


# ---------------------------------------------------------------------------------------- the gradient, locality
@pytest.mark.parametrize(
    "settings",
    [
        {},
        pytest.param({"loss": "squared"}, marks=pytest.mark.slow),
        pytest.param({"cell": DecolleCell(surrogate="fast-sigmoid")}, marks=pytest.mark.slow),
        {"cell": DecolleCell(too_active=0.2, too_silent=0.4), "spread": 0.5},
    ],
    ids=["box", "squared", "fast-sigmoid", "regularised"],
)
def test_one_step_follows_the_gradient_of_the_layers_own_loss(settings):
    net = model(**{"steps": 40, "burn_in": 39, "rate": 1.0, **settings})  # only the last step learns
    data = spikes(1, 40)
    start = shown(net)
    result = simulation(net, data).run(start, seed=1)
    layers, trace = loop(net, start), []
    decolle.run(layers, data[0], net.targets, 0.0, 40, trace)
    steepest = 0.0
    for k, (layer, held) in enumerate(zip(layers, trace[-1], strict=True), 1):
        layer.P, layer.Q, layer.R = held["P"], held["Q"], held["R"]
        kinks = np.r_[
            np.abs(held["U"]) - 0.5, held["U"] + 0.01, held["U"], np.abs(held["Y"] - net.targets[k - 1][-1]) - 1
        ]
        assert np.abs(kinks).min() > 1e-4
        for name, values in (("into_hidden{}.w", layer.w), ("hidden{}.bias", layer.bias)):
            moved = np.array(result[name.format(k)]).reshape(values.shape) - start[name.format(k)].reshape(values.shape)
            for at in np.ndindex(*values.shape):
                ends = []
                for sign in (1, -1):
                    values[at] += sign * 1e-5
                    ends.append(layer.loss(held["U"], held["S"], net.targets[k - 1][-1]))
                    values[at] -= sign * 1e-5
                slope = (ends[0] - ends[1]) / 2e-5
                steepest = max(steepest, abs(slope))
                assert abs(moved[at] + slope) < 1e-6 * max(1.0, abs(slope)), (k, name, at)
    assert steepest > 0.01


@pytest.mark.parametrize(("potential", "slope"), [(0.5, 1), (-0.5, 1), (np.nextafter(0.5, 1), 0), (-0.51, 0)])
def test_the_box_ends_at_half_a_unit(potential, slope):
    net = model(layers=(2, 1), readouts=1, steps=1, burn_in=0, rate=1.0, targets=(np.full((1, 1), 9.0),))
    data = np.zeros((1, 1, 2))
    result = simulation(net, data).run(
        shown(net, **{"hidden1.bias": [potential], "reading1.w": [0.2], "back1.w": [0.2]}), seed=1
    )
    moved = np.array(result["hidden1.bias"])[0] - potential
    assert moved == pytest.approx(0.2 * slope), "the error is clipped to 1"


@pytest.mark.parametrize("form", FORMS)
def test_a_later_layer_changes_nothing_before_it(form):
    first = model(form=form, steps=40)
    data = spikes(2, 40)
    later = replace(first, targets=(first.targets[0], *targets(READOUTS, 40, seed=8)[1:]))
    start = shown(first, 2)
    other = {
        "into_hidden3.w": start["into_hidden3.w"][::-1].copy(),
        "reading2.w": -start["reading2.w"],
        "back2.w": -start["back2.w"],
    }
    a = simulation(first, data).run(start, seed=1)
    b = simulation(later, data).run({**start, **other}, seed=1)
    np.testing.assert_array_equal(a["into_hidden1.w"], b["into_hidden1.w"])
    np.testing.assert_array_equal(a["hidden1.bias"], b["hidden1.bias"])
    assert not np.array_equal(a["into_hidden2.w"], b["into_hidden2.w"])


@pytest.mark.parametrize("form", FORMS)
def test_state_does_not_grow_with_the_length_of_a_sample(form, monkeypatch):
    monkeypatch.setitem(prefs, "codegen.target", "numpy")  # connecting would compile otherwise

    def size(steps):
        net = Decolle((14, 11, 9), 3, steps=steps, form=form)
        built = net.network(Presentation(np.zeros((1, 14), np.uint8), 1, net.duration))
        groups = [thing for thing in built.objects if hasattr(thing, "events") or hasattr(thing, "connect")]
        return sum(int(v.size) for g in groups for v in g.variables.values() if hasattr(v, "size"))

    assert size(100) == size(10_000) > 1000, "thousands: that all groups and synapses are counted"


def test_bits_are_those_that_were_packed():
    from brian2 import NeuronGroup

    bits = np.random.default_rng(3).random((3, 21)) < 0.5
    for target in ("numpy", "cpp"):

        def make():
            table = BitTable(np.packbits(bits, axis=1), name="bit_of")
            cells = NeuronGroup(63, "x : 1", name="cells", namespace={"bit_of": table})
            cells.run_regularly("x = bit_of(i // 21, i % 21)", dt=1 * ms)
            return Network(cells)

        found = Simulation(make, 1 * ms, target).run(seed=0)["cells.x"]
        np.testing.assert_array_equal(np.array(found).reshape(3, 21), bits)


@cuda
@pytest.mark.parametrize("settings", [{}, {"form": "dense", "optimiser": "adamax"}], ids=FORMS)
def test_code_for_cuda_is_generated(settings, tmp_path):
    net = model(steps=100, shrink=0.9, cell=DecolleCell(too_active=0.1, too_silent=0.1), **settings)
    presentation = Presentation(Decolle.packed(spikes(1, 100)), 1, net.duration)
    made = Simulation(functools.partial(Decolle.network, net, presentation), 2 * net.duration, "cuda", arch="sm_90")
    built = building.generate_only(made, tmp_path / "project")
    assert built.serial == {}, "nothing runs one synapse after another"


# ------------------------------------------------------------------------------------------------------ refusals
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"layers": (5,)}, "layers must name the input and at least one hidden layer"),
        ({"layers": (5, 0)}, "layers must name"),
        ({"readouts": (3, 3)}, "readouts must be one number above 0 for each of the 1 hidden layers"),
        ({"learning": "lokal"}, "learning must be one of local, frozen"),
        ({"form": "sparse"}, "form must be one of rank1, dense"),
        ({"loss": "l2"}, "loss must be one of smooth-l1, squared"),
        ({"optimiser": "adam", "form": "dense"}, "optimiser must be one of sgd, adamax"),
        ({"optimiser": "adamax"}, "rank-1 form .* choose form='dense'"),
        ({"every": 2}, "rank-1 form .* choose form='dense'"),
        ({"every": 7, "form": "dense"}, "every must divide the sample's 60 steps"),
        ({"encoding": "latency"}, "encoding must be one of poisson, spikes"),
        ({"burn_in": 60}, "burn_in must be a step of the sample"),
        ({"targets": (np.zeros((59, 10)),)}, r"hidden layer 1 must have the shape .* \(60, 10\), got \(59, 10\)"),
        ({"targets": (np.zeros((60, 10)),) * 2}, "targets must be one array for each of the 1 hidden layers, got 2"),
        ({"targets": (np.full((60, 10), np.nan),)}, "hidden layer 1 holds NaN"),
        ({"input_rate": 2000 * Hz}, "at most one spike a step"),
        ({"input_rate": 5 * ms}, "input_rate must be"),
        ({"shrink": 1.5}, r"shrink must be a number above 0 and at most 1"),
        ({"feedback_noise": 1.0}, "signs would disagree"),
        ({"rate": -1.0}, "rate must be a number of at least 0"),
        ({"step": 0 * ms}, "step = .* must be positive"),
    ],
)
def test_bad_parameters_are_refused(wrong, message):
    with pytest.raises((ValueError, RuleError), match=message):
        Decolle(**{"layers": (5, 4), **wrong})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"surrogate": "tent"}, "surrogate must be one of box, fast-sigmoid"),
        ({"tau_syn": 20 * ms}, "tau_mem and tau_syn must differ"),
        ({"tau_mem": -1 * ms}, "tau_mem = .* must be positive"),
        ({"rho": float("nan")}, "rho must be a number of at least 0"),
        ({"too_active": -1.0}, "too_active must be a number of at least 0"),
    ],
)
def test_bad_cells_are_refused(wrong, message):
    with pytest.raises((ValueError, RuleError), match=message):
        DecolleCell(**wrong)


def test_samples_that_do_not_fit_are_refused():
    net = Decolle((5, 4), 3)
    with pytest.raises(ValueError, match="samples have 6 features, the input layer 5"):
        net.network(Presentation(np.zeros((1, 6), np.uint8), 1, net.duration))
    net = Decolle((5, 4), 3, encoding="spikes")
    with pytest.raises(ValueError, match="too short for 60 steps of 5 inputs"):
        net.network(Presentation(np.zeros((1, 6), np.uint8), 1, net.duration))
    with pytest.raises(ValueError, match=r"shape \(samples, steps, inputs\)"):
        Decolle.packed(np.zeros((3, 5)))
