"""Copies of a network within its groups: what is refused, and that code is that of one copy."""

import numpy as np
import pytest
from brian2 import Clock, Network, SpikeMonitor, ms

from sbp_brian.brian import copies
from sbp_brian.errors import CopiesError, RuleError
from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation

EQUATIONS = "x : 1\nrate : 1 (shared)\ny = 2*x + i : 1"


def rule(**more):
    given = {"model": "w : 1\ngain : 1 (shared)", "initial": {"gain": 2.0, "w": 1.0}}
    return SynapseRule(**{**given, **more}, on_pre={"pre": "x_post += gain*w*(j + 1)"}, name="adding")


def made(n):
    def make():
        clock = Clock(1 * ms)
        wave = copies.by_copy(np.array([0.5, 1.5]), 2 * ms, "wave")
        source = copies.cells(
            2, EQUATIONS, threshold="wave(t) > 1 and i == 1", reset="x += rate", clock=clock, namespace={"wave": wave}
        )
        target = copies.cells(3, "x : 1\none : 1", clock=clock, name="target", namespace={})
        target.run_regularly("one = i", clock=clock)
        target.one = copies.tiled(np.arange(3))
        synapses = rule().synapses(source, target, name="adding", clock=clock)
        copies.connect(synapses)
        return Network(source, target, synapses, SpikeMonitor(source, name="spikes"))

    def copied():
        with copies.copied(n):
            return make()

    return copied if n else make


def test_each_copy_is_the_network():
    alone = Simulation(made(0), 4 * ms, target="numpy").run(seed=1)
    both = Simulation(made(2), 4 * ms, target="numpy").run(seed=1)
    for name in ("target.x", "target.one"):
        np.testing.assert_array_equal(both[name], np.tile(alone[name], 2))
    assert len(alone["target.x"]) == 3
    assert alone["target.x"].any()
    np.testing.assert_array_equal(both["spikes.i"] % 2, [1, 1, 1, 1])


def test_copies_differ_in_what_is_shared_and_in_functions_of_time():
    simulation = Simulation(made(2), 4 * ms, target="numpy")
    gains = np.repeat([1.0, 3.0], 3)
    found = simulation.run({"target.gain_of_adding": gains, "wave.values": np.array([[0.5, 0.5], [0.5, 1.5]])}, seed=1)
    np.testing.assert_array_equal(found["target.x"][:3], 0)
    np.testing.assert_array_equal(found["target.x"][3:], 2 * 3.0 * np.array([1, 2, 3]))


def test_what_cannot_be_copied_is_refused():
    with copies.copied(2):
        source = copies.cells(2, "x : 1", threshold="x > 1", reset="")
        target = copies.cells(3, "x : 1")
        with pytest.raises(RuleError, match="need a name"):
            rule().synapses(source, target)
        following = rule(model="w : 1\ngain = 2.0 : 1 (shared)", initial={"w": 1.0})
        with pytest.raises(CopiesError, match="'gain' is shared and follows an equation"):
            following.synapses(source, target, name="adding")
        Network(source, target)
    assert copies.copies() == 0
