"""Chance of reports: streams of their own, which belong to the synapse and to the seed of the run."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, ms
from scipy import stats

from sbp_brian.retrograde import Emission, RetrogradeSBP, chance
from sbp_brian.targets import Simulation
from tests.helpers.compiling import quickly

pytestmark = pytest.mark.usefixtures("numpy_target")

N = 40
CELLS = "dv/dt = -v/(10*ms) + 1.5*xi/sqrt(10*ms) : 1"
WORDS = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "name": "cells"}
CHANCY = Emission("change", noise=0.5, loss=0.3)
#: Two ways to switch SBP off for a run.
SILENT = {"gains": {"cells.retro_ltp_gain": 0, "cells.retro_ltd_gain": 0}, "lambda_f": {"among.retro_lambda_f": 0}}
on_targets = pytest.mark.parametrize(
    "target", ["numpy", *(pytest.param(target, marks=pytest.mark.slow) for target in ("cython", "cpp"))]
)


def network(with_sbp, arrays=True):
    """Cells that are driven by noise, with synapses of which release and change are drawn."""
    if with_sbp:
        sbp = RetrogradeSBP(emission=CHANCY, lambda_p=0.5, draw="event" if arrays else "fixed")
        cells, made = sbp.neurons(N, CELLS, **WORDS), sbp.synapses
    else:
        cells, made = NeuronGroup(N, CELLS, **WORDS), Synapses
    code = "last = rand(); w += 0.1*last; v += 0.02*w*(rand() < 0.5)"
    among = made(cells, cells, "w : 1\nlast : 1", on_pre=code, name="among")
    pre = np.tile(np.arange(N), 2)
    among.connect(**({"i": pre, "j": (pre + 1 + np.arange(2 * N) // N) % N} if arrays else {"p": 0.3}))
    return Network(cells, among, SpikeMonitor(cells, name="spikes"))


@cache
def simulation(with_sbp, target="numpy", arrays=True):
    return Simulation(partial(network, with_sbp, arrays), 30 * ms, target, dt=0.5 * ms)


def drawn(seed_of_run, steps=3, n=200):
    """Normal and uniform numbers of n x n synapses, drawn at each of some steps; shape (2, steps, n * n)."""
    one, other = (NeuronGroup(n, "x : 1", name=name) for name in ("one", "other"))
    made = Synapses(one, other, f"{chance.STATE} : integer\n{chance.SEED} : integer (shared)\nz : 1\nu : 1")
    made.connect()
    setattr(made, chance.STATE, chance.Streams(0).values("made", np.zeros(n * n, int), np.zeros(n * n, int)))
    setattr(made, chance.SEED, seed_of_run)
    made.run_regularly("\n".join([chance.STEP, *chance.normal("z"), *chance.uniform("u")]), dt=1 * ms)
    net, found = Network(one, other, made), []
    for _ in range(steps):
        net.run(1 * ms)
        found.append((np.array(made.z), np.array(made.u)))
    return np.swapaxes(found, 0, 1)


# ------------------------------------------------------------------------------------------------ the network's own
@on_targets
def test_without_gains_or_fraction_the_network_draws_what_it_draws_without_sbp(target):
    with quickly(target):
        wanted, program = simulation(False, target).run(seed=3), simulation(True, target)
        assert len(wanted["spikes.i"]) > 20
        for how, values in SILENT.items():
            found = program.run(values, seed=3)
            for key in ("spikes.i", "spikes.t", "among.last"):
                np.testing.assert_array_equal(found[key], wanted[key], err_msg=f"{how} on {target}: {key}")
            for key in ("cells.v", "among.w"):  # a compiler may fuse other operations of another program
                within = 0 if target == "numpy" else 1e-13
                np.testing.assert_allclose(found[key], wanted[key], within, 0, err_msg=f"{how} on {target}: {key}")
        assert (program.run(seed=3)["among.w"] != wanted["among.w"]).any()


def test_no_code_of_reports_calls_for_the_networks_numbers():
    code = "\n".join(network(True)["among"].rule.pathways.values())
    assert code.count("rand()") == 2, "those of the network alone"
    assert "randn" not in code


# --------------------------------------------------------------------------------------------------------- the stream
def test_its_numbers_are_normal_and_uniform_and_independent():
    z, u = drawn(12345)
    assert ((u > 0) & (u < 1)).all()
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-3
    n = z[0].size
    beyond = [np.mean(abs(z) > far) / (2 * stats.norm.sf(far)) for far in (2, 3)]
    np.testing.assert_allclose(beyond, 1, atol=4 / np.sqrt(3 * n * 2 * stats.norm.sf(3)))
    for one, other in ((z[0], z[1]), (u[1], u[2]), (z[0], u[0]), (z[0][:-1], z[0][1:])):
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(n)


def test_runs_of_two_seeds_draw_independent_numbers_and_runs_of_one_seed_the_same():
    first, second, again = (simulation(True).run(seed=seed)["among.retro_chance"] for seed in (3, 4, 3))
    np.testing.assert_array_equal(first, again)
    assert np.sum(first != second) > N // 2
    one, other = (drawn(seed)[0] for seed in (1_835_504_127, 686_643_340))
    for k in range(3):
        assert abs(np.corrcoef(one[k], other[k])[0, 1]) < 4 / np.sqrt(one[k].size)


@on_targets
def test_what_cells_draw_at_each_event_follows_from_the_seed_of_the_run(target):
    with quickly(target):
        program = simulation(True, target)
        first, without = program.run(seed=3), program.run({"cells.retro_cell_seed": 0}, seed=3)
        other = program.run({"cells.retro_cell_seed": first["cells.retro_cell_seed"] + 1}, seed=3)
        same = program.run({"cells.retro_cell_seed": first["cells.retro_cell_seed"]}, seed=3)
    assert first["cells.retro_cell_seed"] > 0
    for key in ("cells.retro_draw", "cells.retro_state", "among.w", "spikes.i"):
        np.testing.assert_array_equal(same[key], first[key], err_msg=key)
    drew = np.flatnonzero(first["cells.retro_draw"])
    assert len(drew) > 10, "there were events of the signal"
    for found in (without, other):
        assert (found["cells.retro_draw"][drew] != first["cells.retro_draw"][drew]).all()
        assert (found["among.w"] != first["among.w"]).any(), "other synapses took part"


def test_two_seeds_of_the_run_draw_other_subsets():
    first, second, again = (simulation(True).run(seed=seed) for seed in (3, 4, 3))
    drew = np.flatnonzero(first["cells.retro_draw"])
    assert len(drew) > 10
    for key in ("cells.retro_draw", "cells.retro_state"):
        np.testing.assert_array_equal(first[key], again[key])
        assert (first[key] != second[key])[drew].all()
    assert first["cells.retro_cell_seed"] != second["cells.retro_cell_seed"]


def test_a_run_may_say_by_which_seed_reports_are_drawn():
    program = simulation(True)
    assert "among.retro_seed" in program.settable
    one = program.run({"among.retro_seed": 7}, seed=3)
    assert one["among.retro_seed"] == 7
    assert (one["among.retro_chance"] != program.run(seed=3)["among.retro_chance"]).any()


def test_synapses_begin_elsewhere_and_the_seed_of_sbp_counts():
    cells = np.arange(5)
    begun = [chance.Streams(seed).values(name, cells, cells) for seed in (0, 1) for name in ("a", "b")]
    assert len(np.unique(np.concatenate(begun))) == 20


@pytest.mark.slow
def test_a_program_that_makes_its_synapses_numbers_their_streams():
    """Each synapse begins elsewhere, spread evenly; the network's own numbers are as without SBP."""
    wanted = simulation(False, "cpp", arrays=False).run(seed=3)
    found = simulation(True, "cpp", arrays=False).run(SILENT["gains"], seed=3)
    states = np.asarray(found["among.retro_chance"])
    assert len(states) == len(wanted["among.w"]) > 300
    assert len(np.unique(states)) == len(states)
    assert stats.kstest(states / chance.MODULUS, "uniform").pvalue > 1e-3
    for key in ("spikes.i", "among.last"):
        np.testing.assert_array_equal(found[key], wanted[key], err_msg=key)
