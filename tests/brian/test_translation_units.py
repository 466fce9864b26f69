"""Few translation units instead of many: the same program, and what two pieces of code cannot share."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, TimedArray, check_units, implementation, ms

from sbp_brian.brian import translation_units
from sbp_brian.errors import CompileError
from sbp_brian.targets import Simulation

DURATION = 20 * ms


def network():
    """Two groups on two clocks, which read one TimedArray by functions of one name and another text; random numbers."""
    stimulus = TimedArray([0.2, 0.4, 0.1], dt=5 * ms, name="stimulus")
    groups = [
        NeuronGroup(
            3,
            "dv/dt = stimulus(t)/ms + rand()/(10*ms) : 1",
            threshold="v > 1",
            reset="v = v % 1",
            method="euler",
            dt=dt * ms,
            name=name,
            namespace={"stimulus": stimulus},
        )
        for dt, name in ((1, "fast"), (2, "slow"))
    ]
    return Network(*groups, *(SpikeMonitor(group, name=f"{group.name}_spikes") for group in groups))


def compiled(simulation):
    """Files that the compiler was given, and the result of a run."""
    result = simulation.run(seed=3)
    log = (simulation._backend.latest.program.parent / "compile.log").read_text()
    return [line.split()[-3] for line in log.splitlines() if " -c " in line and ".cpp" in line], result


def test_units_and_single_pieces_give_the_same_to_the_bit(tmp_path, monkeypatch):
    files, packed = compiled(Simulation(network, DURATION, target="cpp", cache=tmp_path / "packed"))
    assert not [name for name in files if name.startswith("code_objects/")]
    assert "unit_0.cpp" in files
    assert "unit_1.cpp" in files, "the two functions 'stimulus' are in units of their own"
    with monkeypatch.context() as patched:
        patched.setattr("sbp_brian.brian.device.write_units", lambda folder, sources, packing: list(sources))
        files, single = compiled(Simulation(network, DURATION, target="cpp", cache=tmp_path / "single"))
    assert len([name for name in files if name.startswith("code_objects/")]) >= 6
    for name in ("fast.v", "slow.v", "fast_spikes.t", "slow_spikes.i"):
        np.testing.assert_array_equal(packed[name], single[name])
    assert len(packed["fast_spikes.t"]) > 3


def test_a_header_that_cannot_be_read_twice_is_compiled_piece_by_piece(tmp_path):
    header = tmp_path / "unguarded.h"
    header.write_text("static double twice(double x) { return 2*x; }\n")

    @implementation("cpp", "double doubled(double x) { return twice(x); }", headers=[f'"{header}"'])
    @check_units(x=1, result=1)
    def doubled(x):
        return 2 * x

    def make():
        cells = [
            NeuronGroup(
                2,
                "v : 1",
                threshold="v > 3",
                reset="v = doubled(v) - 6",
                name=name,
                dt=1 * ms,
                namespace={"doubled": doubled},
            )
            for name in ("one", "other")
        ]
        for group in cells:
            group.run_regularly("v = doubled(v) + 1", dt=1 * ms, name=f"{group.name}_grows")
        return Network(*cells)

    files, result = compiled(Simulation(make, 3 * ms, target="cpp", cache=tmp_path / "cache"))
    assert [name for name in files if name.startswith("code_objects/")]
    v = 0.0
    for _ in range(3):
        v = 2 * v + 1
        v = 2 * v - 6 if v > 3 else v
    np.testing.assert_array_equal(result["one.v"], [v, v])


def test_a_fault_in_the_code_itself_is_told(tmp_path):
    @implementation("cpp", "double broken(double x) { return no_such_thing(x); }")
    @check_units(x=1, result=1)
    def broken(x):
        return x

    def make():
        group = NeuronGroup(2, "v : 1", name="one", namespace={"broken": broken})
        group.run_regularly("v = broken(v)", dt=1 * ms)
        return Network(group)

    with pytest.raises(CompileError, match="no_such_thing"):
        Simulation(make, 2 * ms, target="cpp", cache=tmp_path).build()


def test_macros_of_a_function_end_with_its_piece(tmp_path):
    (tmp_path / "code_objects").mkdir()
    for k, macro in enumerate(["#define LIMIT 3\n", "", "#define LIMIT 4\n"]):
        text = f"////// HASH DEFINES ///////\n{macro}\n\nvoid run_{k}()\n{{}}\n"
        (tmp_path / f"code_objects/{k}.cpp").write_text(text)
    sources = [f"code_objects/{k}.cpp" for k in range(3)]
    (unit,) = translation_units.write_units(tmp_path, sources, translation_units.CPP)
    assert (tmp_path / unit).read_text() == (
        '#include "code_objects/0.cpp"\n#undef LIMIT\n#include "code_objects/1.cpp"\n#include "code_objects/2.cpp"\n'
        "#undef LIMIT\n"
    )
