"""Simulations on the target numpy and what is asked of them before they run: values, times, names, stops."""

import signal
import threading

import brian2
import numpy as np
import pytest
from brian2 import Network, NetworkOperation, NeuronGroup, Synapses, TimedArray, ms

from sbp_brian.errors import Interrupted, SettingError
from sbp_brian.targets import Simulation, collecting
from sbp_brian.targets.network_key import network_key

VALUES = np.full((4, 2), 1.5)


def parts():
    """Synapses from a part of the cells to a part of them."""
    cells = NeuronGroup(6, "dv/dt = -v / (5*ms) : 1\nkind : integer", method="exact", name="cells", namespace={})
    synapses = Synapses(cells[1:4], cells[2:6], "w : 1", name="S", namespace={})
    synapses.connect(i=[0, 1, 2], j=[3, 0, 1])
    synapses.w = [1, 2, 3]
    return Network(cells, synapses)


def driven():
    """Cells that a table drives whose memory is read-only."""
    values = VALUES[:, ::2].copy()
    values.flags.writeable = False
    table = TimedArray(values, dt=1 * ms, name="table")
    table.values.flags.writeable = False
    cells = NeuronGroup(1, "x = table(t, 0) : 1\ny : 1", name="cells", namespace={"table": table})
    return Network(cells)


@pytest.fixture(scope="module")
def sim():
    return Simulation(parts, 1 * ms, target="numpy")


def test_synapses_of_a_part_are_numbered_within_it(sim):
    result = sim.run(seed=1)
    assert list(result["S.i"]) == [0, 1, 2]
    assert list(result["S.j"]) == [3, 0, 1]
    assert list(result["S.w"]) == [1, 2, 3]


def test_a_result_tells_what_it_is(sim):
    result = sim.run(seed=3)
    assert len(result) == len(list(result)) > 5
    assert repr(result) == f"<Result of {len(result)} variables, target 'numpy', seed 3, complete>"


def test_values_that_a_whole_number_cannot_hold_are_refused(sim):
    assert list(sim.run({"cells.kind": np.arange(6.0)})["cells.kind"]) == [0, 1, 2, 3, 4, 5]
    with pytest.raises(SettingError, match=r"'cells.kind' holds int\d+ values, the given ones would be changed"):
        sim.run({"cells.kind": 1.5})


def test_an_array_of_one_value_is_for_all(sim):
    assert list(sim.run({"S.w": [7.0]})["S.w"]) == [7, 7, 7]


def test_a_table_that_cannot_be_written_is_refused():
    driven_by = Simulation(driven, 1 * ms, target="numpy")
    with pytest.raises(SettingError, match="the ones of 'table' are read-only memory, make the TimedArray from a copy"):
        driven_by.run({"table.values": np.ones((4, 1))})


@pytest.mark.parametrize("duration", ["long", None, 1 * brian2.mV, [1, 2] * ms])
def test_what_is_no_time_is_refused(duration):
    with pytest.raises(SettingError, match="duration has to be a time such as"):
        Simulation(parts, duration, target="numpy")


def test_a_run_that_is_told_to_stop_stops(sim):
    stop = threading.Event()
    stop.set()
    sim.build()
    with pytest.raises(Interrupted) as caught:
        sim._backend.run({}, sim._backend._seed, stop=stop, duration=1e4 * ms)
    assert caught.value.result.completed < 1
    assert "stopped at" in repr(caught.value.result)


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_a_run_after_its_step_and_a_second_one_at_once(times):
    steps = []

    def interrupted():
        net = parts()

        def step():
            steps.append(1)
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

        net.add(NetworkOperation(step, name="step"))
        return net

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            Simulation(interrupted, 1 * ms, target="numpy").run(seed=1)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(steps) == 1
    assert isinstance(caught.value, Interrupted) == (times == 1)


def test_what_asks_for_a_built_network_is_left_while_simulations_are_gathered():
    seen = []
    with collecting() as found:
        simulation = Simulation(parts, 1 * ms, target="numpy")
        seen.append("made")
        seen.append(simulation.settable)
    assert seen == ["made"]
    assert found == [simulation]
    assert "cells.v" in simulation.settable


def test_runs_with_folders_of_their_own_are_asked_for_one_by_one(sim, tmp_path):
    runs = [{"results": tmp_path / name} for name in "ab"]
    with pytest.raises(SettingError, match="results= is for the cpp target"):
        sim.run_many(runs)
    with pytest.raises(SettingError, match="is given to two runs: give each run a folder of its own"):
        sim.run_many([*runs, runs[0]])


def network_of(size):
    """Cells that find a name in the module, at their first step."""
    cells = NeuronGroup(size, "x : 1", name="cells")
    cells.run_regularly("x = OFFSET + i", dt=1 * ms)
    return Network(cells)


class Maker:
    """What makes networks by a method."""

    def __init__(self, size, unpicklable=None):
        self.size, self.unpicklable = size, unpicklable

    def make(self):
        return network_of(self.size)


OFFSET = 4


def test_a_method_makes_networks_and_its_module_has_names_for_them():
    assert list(Simulation(Maker(2).make, 1 * ms, target="numpy").run()["cells.x"]) == [4, 5]


def test_a_name_without_a_value_yet_is_none_for_equations():
    def network():
        if not network:
            later  # noqa: B018
        return network_of(1)

    simulation = Simulation(network, 1 * ms, target="numpy")
    assert list(simulation.run()["cells.x"]) == [4]
    later = 1


def test_the_key_of_a_method_is_that_of_what_it_is_bound_to():
    keys = [network_key("text", Maker(size).make) for size in (2, 2, 3)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 2
    assert None not in keys


def test_what_does_not_tell_what_is_in_it_has_no_key():
    assert network_key("text", Maker(2, unpicklable=threading.Lock()).make) is None
    lock = threading.Lock()
    assert network_key("text", lambda: lock) is None
    assert network_key("text", lambda: OFFSET) is not None
