"""What Brian2 remembers of networks that are gone stays small, and is found by keys that are made fast."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import DEFAULT_FUNCTIONS, Equations, Network, NeuronGroup, Synapses, TimedArray, ms, mV
from brian2.utils import caching

from sbp_brian.brian import caches
from sbp_brian.targets import Simulation

pytestmark = pytest.mark.usefixtures("numpy_target")


def test_all_caches_of_brian2_are_known():
    assert {name.rpartition(".")[2] for name in caches.sizes()} >= {
        "make_statements",
        "parse_string_equations",
        "parse_statement",
        "apply_stateupdater",
        "__call__",
    }


def test_many_networks_leave_no_more_than_a_few_entries(monkeypatch):
    monkeypatch.setattr(caches, "MOST", 20)

    def run(k):
        def make():
            equations = f"dv/dt = (1 + v*{k})/(10*ms) : 1\nu = v + {k} : 1"
            return Network(NeuronGroup(1, equations, threshold=f"v > {k}", reset="v = 0", method="euler", name="cells"))

        Simulation(make, 1 * ms, target="numpy", dt=0.5 * ms).run(seed=1)
        return max(caches.sizes().values())

    largest = [run(k) for k in range(2, 24)]
    assert largest[0] > 5, "a network is remembered"
    assert max(largest) <= 2 * largest[0] + 20, "and forgotten: 22 of them would be many times that"


KINDS = (
    "variables of cells",
    "variables of synapses",
    "a view of variables",
    "equations",
    "functions",
    "a function of time",
    "numbers",
    "quantities",
    "a set",
)


def things():
    """What remembered functions are called with, by its kind."""
    equations = Equations("dv/dt = -v/tau : volt (unless refractory)\ntau : second (shared, constant)\nu = 2*v : volt")
    cells = NeuronGroup(3, equations, threshold="v > 1*mV", refractory=2 * ms, method="exact")
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w*mV")
    return {
        "variables of cells": dict(cells.variables),
        "variables of synapses": dict(synapses.variables),
        "a view of variables": synapses.variables,
        "equations": equations,
        "functions": dict(DEFAULT_FUNCTIONS),
        "a function of time": TimedArray([1, 2], dt=1 * ms),
        "numbers": (1, 2.5, True, None, np.float64(3), np.dtype(float), 1 + 2j),
        "quantities": [3 * mV, (0.25 * ms, {"x": 2 * mV})],
        "a set": {"a", "b"},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_keys_are_those_of_brian2(kind, monkeypatch):
    assert caching._hashable is caches.quick_key, "Brian2 uses them"
    thing, same = things()[kind], things()[kind]
    quick = caches.quick_key(thing)
    monkeypatch.setattr(caching, "_hashable", caches._brian_key)
    assert quick == caching._hashable(thing)
    assert hash(quick) == hash(caching._hashable(thing))
    assert (caches.quick_key(same) == quick) == (caching._hashable(same) == quick)


def test_what_differs_has_another_key():
    one, other = ({"v": variable} for variable in (things()["equations"]["v"], things()["equations"]["u"]))
    assert caches.quick_key(one) != caches.quick_key(other)
    assert caches.quick_key(3 * mV) != caches.quick_key(3 * ms)


@pytest.mark.parametrize("key", [caches.quick_key, caches._brian_key])
def test_what_cannot_be_a_key_is_refused_as_by_brian2(key):
    with pytest.raises(TypeError, match="ndarray"):
        key({"x": np.zeros(3)})
