"""Clocks of different steps stay together in compiled programs, however long these run."""

from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import Clock, Network, NeuronGroup, ms, second
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from sbp_brian.brian.state import ClocksTogether, brian_state, guard
from sbp_brian.targets import Simulation

PER_SAMPLE = 25


def network():
    """A fast clock counts, a slow one looks at the count behind it in the same time step."""
    fast, slow = Clock(0.1 * ms, name="fast"), Clock(PER_SAMPLE * 0.1 * ms, name="slow")
    group = NeuronGroup(
        1, "n : 1\nlooks : 1\napart : 1\nearly : 1", clock=fast, name="cells", namespace={"every": PER_SAMPLE}
    )
    group.run_regularly("n += 1", clock=fast, when="start", order=0, name="cells_count")
    group.run_regularly(
        """looks += 1
        apart += int(n != every*(looks - 1) + 1)
        early += int(n != every*(looks - 1) + 1)*int(t < 60*second)""",
        clock=slow,
        when="start",
        order=1,
        name="cells_look",
    )
    return Network(group)


def test_the_slow_clock_comes_in_its_slot_beyond_64_seconds(tmp_path):
    simulation = Simulation(network, 150 * second, target="cpp", cache=tmp_path)
    result = simulation.run()
    assert float(result["cells.looks"][0]) == 60_000
    assert float(result["cells.apart"][0]) == 0
    early = simulation.run(duration=60 * second)
    np.testing.assert_array_equal(early["cells.apart"], 0)


@pytest.mark.parametrize("repaired", [True, False])
def test_and_in_a_program_of_brian2_whose_device_is_guarded(repaired, tmp_path):
    device = CPPStandaloneDevice()
    if repaired:
        guard(device)
    with brian_state(device, dt=None, preferences={}):
        net = network()
        net.run(150 * second)
        device.build(directory=str(tmp_path), compile=True, run=True)
        looks, apart, early = (
            float(net["cells"].variables[name].get_value()[0]) for name in ("looks", "apart", "early")
        )
    assert looks == 60_000
    assert apart == 0 if repaired else apart > 1000, "if Brian2 as it is keeps them together, drop the repair"
    assert early == 0


def test_a_form_of_the_comparison_that_is_not_known_is_told():
    written = []
    writer = ClocksTogether(SimpleNamespace(write=lambda *what: written.append(what)))
    with pytest.warns(UserWarning, match="whether clocks of different steps stay together"):
        writer.write("network.*", SimpleNamespace(cpp_file="another form", h_file=""))
    assert written[0][1].cpp_file == "another form"
