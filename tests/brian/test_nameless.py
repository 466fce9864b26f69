"""Cython code without the names of objects: what is equal but for names, sizes and values is compiled once."""

from __future__ import annotations

import re
from functools import partial

import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, ms, prefs
from brian2.codegen.runtime.cython_rt import CythonCodeObject

from sbp_brian.brian import device
from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation
from tests.helpers.compiling import cython_texts

RULE = SynapseRule("w : 1\ngain : 1 (shared)", on_pre={"pre": "v_post += w"}, on_post={"post": "w += gain*v_pre"})


def network(prefix="", n=3, value=0.5, tau=10 * ms, joined=1, threshold="v > 1"):
    """Cells that are joined to others by synapses of a rule and by Brian2's own, with monitors."""
    one, other = (
        NeuronGroup(
            size,
            "dv/dt = (1.2 - v)/tau : 1 (unless refractory)",
            threshold=threshold,
            reset="v = 0",
            refractory=2 * ms,
            method="exact",
            name=f"{prefix}{kind}",
            namespace={"tau": tau},
        )
        for kind, size in (("one", n), ("other", n + 1))
    )
    one.v = value
    objects = [one, other]
    for k in range(joined):
        learn = RULE.synapses(one, other, name=f"{prefix}learn_{k}", delay={"pre": value * ms})
        stay = Synapses(one, other, "w : 1", on_pre="v_post += w", name=f"{prefix}stay_{k}", delay=value * ms)
        for synapses in (learn, stay):
            synapses.connect("i != j")
            synapses.w = value
        objects += [learn, stay]
    objects += [StateMonitor(one, "v", record=[0], name=f"{prefix}seen"), SpikeMonitor(other, name=f"{prefix}spikes")]
    return Network(*objects)


def texts(**settings):
    """What Cython would have to build, from an empty cache, for a simulation of the network."""
    with cython_texts(compiles=False) as found:
        Simulation(partial(network, **settings), 1 * ms, target="cython").run(seed=1)
    return found


@pytest.fixture(scope="module")
def of_one():
    return texts()


@pytest.mark.parametrize(
    "settings",
    [
        {"prefix": "all_others_", "n": 7, "value": 0.25, "tau": 5 * ms},
        {"joined": 3},
    ],
    ids=["names, sizes and values", "three of a kind"],
)
def test_networks_that_differ_in_nothing_else_share_all_builds(of_one, settings, monkeypatch):
    assert len(of_one) == 9  # connecting; state, threshold, reset; a queue; three pathways; two monitors
    assert texts(**settings) == of_one
    monkeypatch.setattr(device, "OwnCython", CythonCodeObject)
    assert len(texts(**settings) - of_one) > 12, "by Brian2's names they share nothing"


def test_no_text_names_an_object(of_one):
    names = re.findall(r"\w*(?:one|other|learn_0|stay_0|seen|spikes)_\w+", "".join(of_one))
    assert not {name for name in names if "_array_" in name}


def test_other_code_is_another_text(of_one):
    other = texts(threshold="v > 1.1")
    (changed,) = other - of_one
    assert "v > 1.1" in changed


def test_pathways_of_rules_share_their_builds_outside_simulations_too(monkeypatch):
    monkeypatch.setitem(prefs, "codegen.target", "cython")
    found = []
    for settings in ({}, {"prefix": "all_others_", "n": 5}):
        with cython_texts(compiles=False) as asked:
            net = network(**settings)
            net.run(1 * ms)
        found.append({text for text in asked if "gain" in text or "w +=" in text})
    assert found[0] == found[1]


def test_what_is_called_once_a_run_is_not_compiled(of_one):
    assert not [text for text in of_one if "initialise_queue" in text or "spikespace[N] = 0" in text]
    with cython_texts(compiles=False):
        simulation = Simulation(network, 1 * ms, target="cython")
        cells = simulation.network["one"]
        events = cells.variables["_spikespace"].get_value()
        events[-1] = 2  # as a last step leaves it
        simulation.run(seed=0)
        assert events[-1] == 0
        assert simulation.network["stay_0"].pre.queue is not None
