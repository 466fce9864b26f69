"""What Brian2 remembers of networks that are gone stays small, however many are made."""

from __future__ import annotations

from brian2 import Network, NeuronGroup, ms

from sbp_brian.brian import caches
from sbp_brian.targets import Simulation


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
