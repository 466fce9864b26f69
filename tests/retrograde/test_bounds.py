"""A cut by a bound is no depression, and what is expressed stays within the bounds of the rule itself."""

import numpy as np
import pytest
from brian2 import Equations, Network, NeuronGroup, SpikeGeneratorGroup, StateMonitor, Synapses, ms, nS

from sbp_brian.plasticity import pair_stdp, triplet_stdp
from sbp_brian.retrograde import RetrogradeSBP, bounds
from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation

TARGETS = ["numpy", "cpp", pytest.param("cython", marks=pytest.mark.slow)]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("w = clip(w + a, 0, w_max)", ("0", "w_max")),
        ("w += a; w = clip(w, low, 2*w_max)", ("low", "2 * w_max")),
        ("w = clip(w, 0, 1); w += a", None),  # what is clipped is not the last
        ("top = 2*a; w = clip(w + a, 0, top)", None),  # a bound that the code computes
        ("w += clip(a, 0, 1)", None),
        ("w = a", None),
        ("a += 1", None),
    ],
)
def test_bounds_are_read_from_the_code(code, found):
    assert bounds.of_code("w", code) == found


def circuit(output, start, received=None, own=1.0, unit=None, **signal):
    """One cell that spikes at 10, 20, ... ms, with an output of a rule and an input that expresses its reports."""
    sbp = RetrogradeSBP(unit=unit, **signal)
    one = 1 if unit is None else unit
    drive = SpikeGeneratorGroup(1, np.zeros(5, int), (10 + 10 * np.arange(5)) * ms, name="drive")
    cells = NeuronGroup(
        1,
        Equations("v : 1") + sbp.equations,
        threshold="v > 1",
        reset="v = 0",
        events={**sbp.events, "never": "v > 1e9"},
        name="cells",
        namespace={},
    )
    targets = NeuronGroup(1, "u : 1", threshold="u > 1e9", reset="u = 0", name="targets", namespace={})
    kick = Synapses(drive, cells, on_pre="v_post += 2", name="kick")
    kick.connect()
    plain = SynapseRule(f"w : {'1' if unit is None else 'siemens'}", on_pre={"pre": "w = w"})
    inputs = sbp.receiving(received or plain).synapses(drive, cells, name="inputs")
    inputs.connect()
    inputs.w = own * one
    outputs = sbp.emitting(output).synapses(cells, targets, name="outputs")
    outputs.connect()
    outputs.w = start * one
    sbp.operation(cells)
    return Network(drive, cells, targets, kick, inputs, outputs, StateMonitor(inputs, "w", record=[0], name="course"))


def run(target, *args, **kwds):
    return Simulation(lambda: circuit(*args, **kwds), 60 * ms, target).run(seed=1)


def other_unit(w_max):
    return pair_stdp(0 * nS, 0 * nS, w_max=w_max, w_min=0 * nS, transmit="")


CUT = {
    "pair": (lambda: pair_stdp(transmit=""), 5.0, None),
    "triplet": (lambda: triplet_stdp(transmit=""), 5.0, None),
    "nS": (lambda: other_unit(2 * nS), 5.0, nS),
    "own code": (lambda: SynapseRule("w : 1", on_pre={"pre": "w += 0.1\nw = clip(w, -1, 1.5)"}), 5.0, None),
    "beneath": (lambda: SynapseRule("w : 1", on_pre={"pre": "w = clip(w, 1, 2)"}), 0.5, None),
}


@pytest.mark.parametrize("emission", ["change", "strength", "bit"])
@pytest.mark.parametrize("rule", CUT)
def test_a_cut_is_not_reported(rule, emission):
    make, start, unit = CUT[rule]
    found = run("numpy", make(), start, unit=unit, own=1.0, emission=emission)
    one = 1 if unit is None else float(unit)
    assert float(found["inputs.w"][0]) == pytest.approx(1.0 * one, rel=1e-14)
    assert float(found["outputs.w"][0]) != pytest.approx(start * one), "the weight must have been cut"


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_left_of_a_change_within_the_bounds_is_reported(target):
    """Five spikes add 0.4 each to a weight that begins 1 above the bound of 2, and then lose 0.3 each."""
    up = SynapseRule(
        "w : 1\nstep : 1", on_pre={"pre": "w = clip(w + step, 0, 2)\nstep = step - 0.35"}, initial={"step": 0.4}
    )
    found = run(target, up, 3.0, own=0.0)
    w, step, reported = 3.0, 0.4, 0.0
    for _ in range(5):
        before = min(max(w, 0), 2)
        w = min(max(w + step, 0), 2)
        reported, step = reported + w - before, step - 0.35
    assert float(found["outputs.w"][0]) == pytest.approx(w, abs=1e-12)
    assert float(found["inputs.w"][0]) == pytest.approx(reported, abs=1e-12)
    assert reported < -0.5


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("expression", ["additive", "relative"])
def test_what_is_expressed_stays_within_the_bounds_of_the_rule(target, expression):
    growing = SynapseRule("w : 1", on_pre={"pre": "w += 0.2"})
    bounded = pair_stdp(0, 0, w_max=1.0, transmit="")
    course = np.asarray(run(target, growing, 1.0, bounded, 0.9, expression=expression)["course.w"])[0]
    assert course.max() == 1.0
    assert np.all(np.diff(course) >= 0), "nothing is taken back"


def test_bounds_of_the_signal_and_of_the_rule_both_hold():
    growing = SynapseRule("w : 1", on_pre={"pre": "w += 0.2"})
    for signal, rule, most in ((0.95, 1.0, 0.95), (2.0, 1.0, 1.0)):
        course = run("numpy", growing, 1.0, pair_stdp(0, 0, w_max=rule, transmit=""), 0.9, w_max=signal)["course.w"]
        assert np.max(course) == most


def test_where_nothing_is_expressed_a_weight_beyond_stays_where_it_is():
    growing = SynapseRule("w : 1", on_pre={"pre": "w += 0.2"})
    idle = SynapseRule("w : 1", on_post={"post": "w = clip(w, 0, 1)"}, on_event={"post": "never"})
    for lambda_f, left in ((0, 5.0), (0.5, 1.0)):
        assert float(run("numpy", growing, 1.0, idle, 5.0, lambda_f=lambda_f)["inputs.w"][0]) == left


def test_what_a_bound_cut_off_does_not_decay_later():
    growing = SynapseRule("w : 1", on_pre={"pre": "w += 0.2"})
    bounded = pair_stdp(0, 0, w_max=1.0, transmit="")
    found = run("numpy", growing, 1.0, bounded, 0.9, persistence=1e4 * ms)
    assert float(found["inputs.w"][0]) == pytest.approx(1.0, abs=1e-3)  # five reports of 0.2, of which 0.1 fitted
    assert float(found["inputs.retro_expressed"][0]) == pytest.approx(0.1, abs=1e-3)
