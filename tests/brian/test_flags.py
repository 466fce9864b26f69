"""Comparisons as factors: a float is chosen where it is the same number, and nowhere else."""

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms

from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation
from tests.reference.small_networks import on_numpy

CHOICE = "? 1.0f : 0.0f)"
MODEL = "w : 1\nn : integer\non : boolean"


@pytest.fixture
def standalone(tmp_path):
    with on_numpy():
        brian2.set_device("cpp_standalone", build_on_run=False, directory=str(tmp_path))
        yield
        brian2.get_device().reinit()
        brian2.set_device("runtime")


def cells(name, n):
    """Some of which spike in each step."""
    found = NeuronGroup(n, "v : 1", threshold="v > 0.5", reset="", name=name, dtype=np.float32)
    found.v = np.random.default_rng(n).random(n)
    return found


def made(code, a, b, name="asked"):
    synapses = SynapseRule(MODEL, on_pre={"pre": code}, name=name).synapses(a, b, name=name, dtype=np.float32)
    synapses.connect()
    return synapses


@pytest.mark.parametrize(
    ("code", "chosen"),
    [
        ("w += int(v_pre < v_post)*v_pre", 1),
        ("w = w - 0.5*(int(v_pre < v_post) - int(v_post >= 0.25))/v_pre", 2),
        ("held = int(v_pre < v_post)\nw += held*v_post", 1),
        ("held = int(v_pre < v_post)\nw += held*v_post\nn += held", 0),  # a whole number where one is counted
        ("n += int(v_pre < v_post)", 0),
        ("w += n*int(v_pre < v_post)", 0),  # n may have more digits than a float
        ("held = int(v_pre < v_post)\nw += n*held", 0),
        ("w += (int(v_pre < v_post)//2)*v_post", 0),
        ("w += int(on)*v_post", 0),  # Brian2 asks whether it is so
        ("w += exp(int(v_pre < v_post))", 0),
        ("held = int(v_pre < v_post)\nheld = 2*held\nw += held*v_post", 0),
    ],
)
def test_where_a_float_is_chosen(standalone, code, chosen):
    a, b = cells("a", 3), cells("b", 4)
    synapses = made(code, a, b)
    Network(a, b, synapses).run(1 * ms)
    text = synapses.pre.codeobj.code.cpp_file
    loops = text.count("const int32_t _presynaptic_idx = ")
    assert text.count(CHOICE) == chosen * loops
    assert loops > 0


CODE = {
    "factor": "w = w*0.9 + int(v_pre < v_post)*v_pre",
    "named": "held = int(v_pre < v_post)\nw = w*0.9 + held*(v_post - 0.3)",
    "whole": "n += int(v_pre < v_post)",
}


def network():
    a, b = cells("a", 5), cells("b", 37)
    return Network(a, b, *(made(code, a, b, f"by_{name}") for name, code in CODE.items()))


def test_it_is_the_same_number():
    with on_numpy():
        found, wanted = (Simulation(network, 5 * ms, target=target, dt=1 * ms).run() for target in ("cpp", "numpy"))
    for name in CODE:
        variable = f"by_{name}.{'n' if name == 'whole' else 'w'}"
        assert np.ptp(wanted[variable]) > 0
        np.testing.assert_allclose(found[variable], wanted[variable], rtol=1e-6)
