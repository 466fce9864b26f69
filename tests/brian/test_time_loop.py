"""The loop over time steps and the search for spikes of C++ programs are this package's: they do what Brian2's do."""

import numpy as np
import pytest
from brian2 import Clock, EventMonitor, Network, NeuronGroup, SpikeMonitor, Synapses, ms, second

from sbp_brian.brian.device import CanonicalDevice
from sbp_brian.brian.state import brian_state
from sbp_brian.targets import Simulation
from tests.reference.small_networks import on_numpy

N = 41
STEPS = {"a": 0.1, "b": 0.3, "c": 0.25, "d": 1.0}  # ms: together at some times, alone at others
#: Of groups, about the numbers of cells that are looked at together.
SIZES = (1, 7, 8, 17, 63, 64, 511, 512, 513, 1030)
#: ms; of clocks without code.
IDLE = {"fine": 0.01, "odd": 0.07, "coarse": 0.5, "rare": 1000.0}


def network():
    """Cells that fire all, some or none of them, with a refractory period; a chain of numbers that keeps the order."""
    clocks = {name: Clock(step * ms, name=f"clock_{name}") for name, step in STEPS.items()}
    cells = NeuronGroup(
        N,
        """dv/dt = (drive - v)/(3*ms) : 1 (unless refractory)
        drive : 1
        order : 1
        seen : 1""",
        threshold="v > 1",
        reset="v = 0",
        refractory="0.2*ms + 0.1*ms*(i % 5)",
        method="exact",
        clock=clocks["a"],
        events={"high": "v > 0.7 and i % 3 == 1"},
        name="cells",
    )
    cells.run_on_event("high", "seen += 1")
    cells.run_regularly(
        "drive = 0.6 + 1.6*i/(N - 1)*int(t < 30*ms) + 40*int(t >= 30*ms)",
        clock=clocks["d"],
        when="before_groups",
        name="cells_driven",
    )
    for k, (name, clock) in enumerate(clocks.items()):
        cells.run_regularly(
            f"order = (order*3 + {k + 1}) % 10007", clock=clock, when="start", order=-k, name=f"cells_{name}"
        )
    return Network(
        cells,
        SpikeMonitor(cells, name="spikes"),
        EventMonitor(cells, "high", name="highs"),
        *of_many_sizes(clocks["a"]),
        *read_by_others(clocks["a"]),
    )


def of_many_sizes(clock):
    """Groups whose cells are looked for eight, sixteen and 512 at a time, and what is left over; each fires its own."""
    for n in SIZES:
        group = NeuronGroup(
            n,
            "v : 1\nsum_i : 1",
            threshold="v > 0.5",
            reset="sum_i += 1 + (i + 1)*int(t/(0.1*ms)*7 + 0.5)",
            clock=clock,
            name=f"of_{n}",
        )
        group.run_regularly(
            "v = (((i + 3)*(timestep(t, dt) + 5)*37) % 101)/101.0*int(timestep(t, dt) % 13 != 0)"
            " + int(timestep(t, dt) % 26 == 0)",
            clock=clock,
            when="start",
            name=f"of_{n}_drive",
        )
        yield group


def read_by_others(clock):
    """Synapses on clocks of their own, finer and coarser, on which nothing runs: their code reads the time there."""
    cells = NeuronGroup(3, "got : 1", threshold="i == timestep(t, dt) % 5", reset="", clock=clock, name="senders")
    yield cells
    for name, step in IDLE.items():
        synapses = Synapses(
            cells,
            cells,
            "at : second",
            on_pre="at = t\ngot_post += t/second*(1 + i)",
            delay=0 * ms,
            clock=Clock(step * ms, name=f"idle_{name}"),
            name=f"idle_{name}_synapses",
        )
        synapses.connect()
        yield synapses
    unread = Synapses(
        cells, cells, on_pre="got_post += 1", delay=0 * ms, clock=Clock(0.03 * ms, name="idle_unread"), name="unread"
    )
    unread.connect()
    yield unread


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    with on_numpy():
        plain = Simulation(network, 60 * ms, target="numpy").run()
    return plain, Simulation(network, 60 * ms, target="cpp", cache=tmp_path_factory.mktemp("cache")).run()


@pytest.mark.parametrize("name", ["spikes.i", "spikes.t", "highs.i", "highs.t", "cells.order", "cells.seen"])
def test_the_same_events_at_the_same_times_in_the_same_order(results, name):
    plain, compiled = results
    assert len(np.unique(plain[name])) > 1 or name == "cells.order"
    np.testing.assert_array_equal(compiled[name], plain[name])


@pytest.mark.parametrize("n", SIZES)
def test_cells_that_fire_are_found_in_groups_of_any_size(results, n):
    plain, compiled = results
    assert np.all(plain[f"of_{n}.sum_i"] > 0)
    np.testing.assert_array_equal(compiled[f"of_{n}.sum_i"], plain[f"of_{n}.sum_i"])


@pytest.mark.parametrize("name", IDLE)
def test_code_reads_the_time_of_a_clock_without_code(results, name):
    plain, compiled = results
    times = np.asarray(plain[f"idle_{name}_synapses.at"])
    assert np.all(times > 0) or name == "rare"
    np.testing.assert_array_equal(np.asarray(compiled[f"idle_{name}_synapses.at"]), times)
    np.testing.assert_array_equal(compiled["senders.got"], plain["senders.got"])


@pytest.mark.parametrize("clock", [*(f"idle_{name}" for name in IDLE), "idle_unread", "clock_a", "clock_c"])
def test_all_clocks_stand_at_the_end_of_the_run(results, clock):
    plain, compiled = results
    assert int(compiled[f"{clock}.timestep"]) == int(plain[f"{clock}.timestep"]) > 0
    assert float(compiled[f"{clock}.t"]) == float(plain[f"{clock}.t"])


def test_all_some_and_none_of_the_cells_fired(results):
    at_once = np.unique(np.asarray(results[0]["spikes.t"]), return_counts=True)[1]
    assert (at_once.max(), at_once.min() < 5) == (N, True)
    assert len(at_once) < 0.9 * 600


def test_a_program_may_be_given_a_longest_time_and_tells_how_far_it_is(tmp_path, capfd):
    device = CanonicalDevice()
    with brian_state(device, preferences={}):
        net = Network(NeuronGroup(1, "n : 1", name="cells"))
        net["cells"].run_regularly("n += 1", name="cells_count")
        net.run(1e6 * second, report="text", report_period=0.05 * second)
        device._set_maximum_run_time(0.2 * second)
        device.build(directory=str(tmp_path), compile=True, run=True)
        counted, share = float(net["cells"].n[0]), device._last_run_completed_fraction
    told = capfd.readouterr().out
    assert counted > 100
    assert told.count("simulated in") >= 3, "at the begin, meanwhile, and at the end"
    assert share == pytest.approx(counted * 1e-4 / 1e6, rel=1e-5)  # told with six digits
