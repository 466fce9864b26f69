"""What runs at a step is called by name, and clocks are compared only where another may be due: the order stays."""

import numpy as np
from brian2 import Clock, Network, NeuronGroup, ms

from sbp_brian.brian.device import CanonicalDevice, RuntimeDevice, run_together
from sbp_brian.brian.event_clock import EventClock
from sbp_brian.brian.state import brian_state

#: ms; two that meet in every tenth step, one that meets neither most of the time, one that begins late.
STEPS = {"fine": 0.1, "coarse": 1.0, "odd": 0.73, "rare": 4.0}


def network():
    """A number that each piece of code changes so that the order of all of them shows in it."""
    clocks = {name: Clock(step * ms, name=f"clock_{name}") for name, step in STEPS.items()}
    clocks["events"] = EventClock(np.array([0.05, 0.3, 0.31, 2.0, 6.45, 9.0, 12.0]) * ms, 0.01 * ms, name="events")
    cells = NeuronGroup(3, "order : 1\nat : second", clock=clocks["fine"], name="cells")
    for k, (name, clock) in enumerate(clocks.items()):
        cells.run_regularly(
            f"order = (order*3 + {k + 1} + i) % 10007\nat = at + t",
            clock=clock,
            when="start",
            order=-k,
            name=f"cells_{name}",
        )
    cells.run_regularly("order = (order*5 + 1) % 10007", clock=clocks["fine"], when="end", name="cells_end")
    return Network(cells)


def run(device, folder=None):
    """Three runs, in the second of which some pieces of code rest; the numbers and the times of all clocks."""
    with brian_state(device, preferences={} if folder else {"codegen.target": "numpy"}):
        net = network()
        net.run(3.2 * ms)
        net["cells"].contained_objects[1].active = False
        net.run(4.15 * ms)
        net["cells"].contained_objects[1].active = True
        net.run(2 * ms)
        if folder:
            device.build(directory=str(folder), compile=True, run=True)
        return np.asarray(net["cells"].order), np.asarray(net["cells"].at), str(device)


def test_the_order_of_all_code_over_several_runs(tmp_path):
    order, at, _ = run(RuntimeDevice())
    compiled_order, compiled_at, _ = run(CanonicalDevice(), tmp_path)
    np.testing.assert_array_equal(compiled_order, order)
    np.testing.assert_array_equal(compiled_at, at)
    text = (tmp_path / "network.cpp").read_text()
    assert "straight_0" in text


def test_what_runs_together():
    queue = [
        ("set_by_array", ("_array_a", "_static", False)),
        (
            "run_network",
            ("net", ["net.clear();", *_added("a", "x"), *_added("b", "y"), *_added("a", "z"), *_idle("c")]),
        ),
        ("run_network", ("net", ["net.clear();", *_added("a", "x"), *_added("a", "z"), "net.run(1.0, NULL, 10.0);"])),
    ]
    assert run_together(queue) == [["_run_x", "_run_z"], ["_run_y"], ["_run_x", "_run_y", "_run_z"]]
    assert run_together([("run_network", ("net", ["net.clear();", *_idle("c")]))]) == []


def _added(clock, function):
    return [f"net.add(&{clock}, _run_{function});"]


def _idle(clock):
    return [f"net.add(&{clock}, NULL);"]
