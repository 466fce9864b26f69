"""Templates of this package in place of Brian2's."""

from __future__ import annotations

import re

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms, prefs
from brian2.codegen.runtime.cython_rt import CythonCodeObject

from sbp_brian.brian import own_code
from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation
from tests.helpers.compiling import quickly


def network():
    """Two cells fire; each synapse adds the numbers of its cells, by itself and by way of a subexpression."""
    when = "i == 4 and t_in_timesteps < 2 or i == 1 and t_in_timesteps == 1"
    fired = NeuronGroup(6, "v : 1", threshold=when, name="fired")
    cells = NeuronGroup(5, "v : 1", name="cells")
    rule = SynapseRule("w : 1\nown = 10*i + j : 1", on_pre={"pre": "w += own"})
    made = rule.synapses(fired, cells[1:4], name="made")
    made.connect()
    part = SynapseRule("w : 1", on_pre={"pre": "w += 1 + i"}).synapses(fired[3:], cells, name="part")
    part.connect()
    return Network(fired, cells, made, part)


def test_synapses_are_counted_by_a_name_that_no_code_reads_on_cython():
    theirs, ours = (kind.templater.synapses.template_source for kind in (CythonCodeObject, own_code.OwnCython))
    assert "cdef size_t i = 0" in theirs, "Brian2 has mended it: the template of this package can go"
    assert not re.search(r"\bi\b", ours)
    assert re.sub(r"\b_place_of_synapse\b", "i", ours) == theirs


@pytest.mark.parametrize("target", ["numpy", *(pytest.param(t, marks=pytest.mark.slow) for t in ("cython", "cpp"))])
def test_code_may_read_the_numbers_of_its_cells(target):
    with quickly(target):
        found = Simulation(network, 3 * ms, target, dt=1 * ms).run(seed=0)
    wanted = np.zeros((6, 3))
    wanted[[1, 4]] = np.array([[10], [40]]) + np.arange(3)
    wanted[4] *= 2
    np.testing.assert_array_equal(found["made.w"].reshape(6, 3), wanted)
    np.testing.assert_array_equal(found["part.w"].reshape(3, 5), [[0] * 5, [4] * 5, [0] * 5])


@pytest.mark.parametrize(("target", "kind"), [("numpy", None), ("cython", own_code.OwnCython)])
def test_pathways_have_code_of_this_package_on_cython_only(target, kind, monkeypatch):
    monkeypatch.setitem(prefs, "codegen.target", target)
    assert own_code.pathway_code() is kind
