"""Which code of cells may become vector instructions, and that it computes what numpy does."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, linked_var, ms

from sbp_brian.brian.apart import lies_apart
from sbp_brian.targets import Simulation
from tests.helpers.compiling import generated
from tests.reference.small_networks import on_numpy

NAMES = ("a", "b", "c", "d", "p", "q", "r", "s")
#: Group -> what it does at each step.
STEPS = {
    "simple": "\n".join(f"{one} = 0.9*{one} + 0.1*{other}*held" for one, other in itertools.pairwise(NAMES)),
    "calls": "a = exp(-a) + held\nb = 0.5*b",
    "divides": "a = a/(1 + b*b) + held\nb = 0.5*b",
    "others": "a = 0.5*a + 0.1*of_next\nb = 0.5*b",
}


def network():
    """A group for each piece of code; of the last, each cell reads what the next cell writes."""
    holder = NeuronGroup(1, "held : 1 (shared)", name="holder")
    made = [holder]
    for name, code in STEPS.items():
        model = "\n".join(f"{one} : 1" for one in NAMES) + "\nheld : 1 (linked)\nof_next : 1 (linked)"
        cells = NeuronGroup(37, model, name=name, dt=1 * ms)
        cells.held = linked_var(holder, "held")
        cells.of_next = linked_var(cells, "a", index=(np.arange(37) + 1) % 37)
        for k, one in enumerate(NAMES):
            setattr(cells, one, f"{k + 1}*sin(i + {k})")
        cells.run_regularly(code, dt=1 * ms, name=f"{name}_code")
        made.append(cells)
    holder.held = 0.7
    return Network(made)


@pytest.mark.parametrize("name", ["simple", "calls", "divides"])
def test_it_computes_what_numpy_computes(both, name):
    plain, compiled = both
    for one in NAMES:
        np.testing.assert_allclose(compiled[f"{name}.{one}"], plain[f"{name}.{one}"], rtol=1e-12, atol=1e-15)


@pytest.fixture(scope="module")
def both():
    with on_numpy():
        plain = Simulation(network, 20 * ms, target="numpy").run()
    return plain, Simulation(network, 20 * ms, target="cpp").run()


def test_a_cell_reads_what_the_one_before_it_in_the_loop_left(both):
    """One by one, from the first cell on, as Brian2's C++ does: a vector would read what was there before."""
    a = np.sin(np.arange(37.0))
    for _ in range(20):
        for k in range(37):
            a[k] = 0.5 * a[k] + 0.1 * a[(k + 1) % 37]
    np.testing.assert_allclose(both[1]["others.a"], a, rtol=1e-12)


def test_the_compiler_is_told_of_code_that_lies_apart_alone(tmp_path):
    texts = generated(network, tmp_path)
    told = {name: "#pragma GCC ivdep" in texts[f"{name}_code_codeobject"] for name in STEPS}
    assert told == {"simple": True, "calls": False, "divides": False, "others": False}


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("double v = _ptr_v[_idx];\nv += 1;\n_ptr_v[_idx] = v;", True),
        (["double v = _ptr_v[_idx];", "v = int_(v > 1);", "_ptr_v[_idx] = v;"], True),
        ("const double s = _ptr_s[0];\n_ptr_v[_idx] = s * _ptr_u[k];  // 1/2 of it, by exp(2)", True),
        ("_ptr_v[_idx] = _ptr_v[0];", False),
        ("_ptr_v[_idx] = _ptr_v[k];", False),
        ("_ptr_v[k] = 1;", False),
        ("_ptr_v[_idx] += _rand(_idx);", False),
        ("_ptr_v[_idx] = 1 / v;", False),
        ("_ptr_v[_idx] = sqrt(v);", False),
        ("f(_ptr_v, _idx);\n_ptr_v[_idx] = 1;", False),
        ("const double v = _ptr_v[_idx];", False),
        ("", False),
    ],
)
def test_what_lies_apart(code, answer):
    assert lies_apart(code) is answer
