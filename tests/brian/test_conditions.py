"""Cells whose condition holds are found by vector instructions of each kind: they are those that numpy finds."""

import re
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import Clock, Network, NeuronGroup, SpikeMonitor, ms

from sbp_brian.brian.conditions import in_registers
from sbp_brian.targets import Simulation
from tests.helpers.compiling import generated
from tests.reference.small_networks import on_numpy

#: Conditions, and the types of what they read.
KINDS = {
    "single": ("x > level", np.float32),
    "double": ("x > level", np.float64),
    "both": ("x > 0.5 and (n == 2 or level < 0.3)", np.float64),
}
#: Groups: about the numbers of cells that are looked at together, which are 8, 16 and 64.
SIZES = {"single": (1, 23, 64, 500), "double": (10, 79), "both": (16, 160)}
NAMES = [f"{kind}_{n}" for kind, sizes in SIZES.items() for n in sizes]
FLAGS = "codegen.cpp.extra_compile_args_gcc"
ABLE = {"x86-64-v3": {"avx2", "fma"}, "x86-64-v4": {"avx512f", "avx512bw", "avx512dq", "avx512vl"}}


def network():
    """Of each kind and size a group whose cells fire all, many, few or none of them, never the same twice in a row."""
    clock, made = Clock(0.1 * ms, name="step"), []
    for kind, (threshold, dtype) in KINDS.items():
        for n in SIZES[kind]:
            cells = NeuronGroup(
                n,
                "x : 1\nlevel : 1\nn : integer",
                threshold=threshold,
                reset="",
                dtype={"x": dtype, "level": dtype},
                clock=clock,
                name=f"{kind}_{n}",
            )
            cells.run_regularly(
                "x = (((i + 3)*(timestep(t, dt) + 5)*37) % 101)/101.0*int(timestep(t, dt) % 7 != 0)"
                " + 2*int(timestep(t, dt) % 14 == 0)\nlevel = 0.05 + 0.9*((timestep(t, dt)*31) % 10)/10.0\n"
                "n = (i + timestep(t, dt)) % 4",
                clock=clock,
                when="start",
                name=f"{cells.name}_drive",
            )
            made += [cells, SpikeMonitor(cells, name=f"{cells.name}_spikes")]
    return Network(*made)


@pytest.fixture(scope="module")
def plain():
    with on_numpy():
        return Simulation(network, 6 * ms, target="numpy").run()


def _abilities() -> set[str]:
    found = re.search(r"^flags\s*:(.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return set(found[1].split()) if found else set()


@pytest.mark.parametrize("processor", ABLE)
def test_the_same_cells_for_processors_of_less(plain, processor, tmp_path):
    if not Path("/proc/cpuinfo").exists() or not ABLE[processor] <= _abilities():
        pytest.skip(f"the processor is no {processor}")
    before = brian2.prefs[FLAGS]
    try:
        brian2.prefs[FLAGS] = [re.sub("^-march=.*", f"-march={processor}", flag) for flag in before]
        assert f"-march={processor}" in brian2.prefs[FLAGS]
        compiled = Simulation(network, 6 * ms, target="cpp", cache=tmp_path).run()
    finally:
        brian2.prefs[FLAGS] = before
    for name in (f"{name}_spikes" for name in NAMES):
        assert len(plain[f"{name}.i"]) > 10
        np.testing.assert_array_equal(compiled[f"{name}.i"], plain[f"{name}.i"])
        np.testing.assert_array_equal(compiled[f"{name}.t"], plain[f"{name}.t"])


def test_all_some_and_none_of_the_cells_fire(plain):
    steps = np.rint(np.asarray(plain["single_500_spikes.t"]) / 1e-4).astype(int)
    counts = np.bincount(steps, minlength=60)
    assert (counts.max(), counts.min()) == (500, 0)
    assert len(np.unique(counts)) > 5


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("const float v = _ptr_array_cells_v[_idx];\nconst char _cond = v >= 1;", True),
        (
            "const double v = _ptr_v[_idx];\nconst double u = _ptr_u[_idx];\nconst char _cond = (v > u) && (u < 2);",
            True,
        ),
        ("const int32_t i = _idx;\nconst char _cond = (i > 2) || (!(i < 1));", True),
        (["const float v = _ptr_array_cells_v[_idx];", "", "const char _cond = v >= 1;"], True),
        ("const char not_refractory = _ptr_r[_idx];\nconst char _cond = not_refractory;", False),
        ("const double v = _ptr_v[_idx];\nconst char _cond = v > exp(1.0);", False),
        ("const char _cond = _rand(_idx) < 0.5;", False),
        ("const int32_t k = _ptr_k[_idx];\nconst double v = _ptr_v[k];\nconst char _cond = v > 1;", False),
        ("double v = _ptr_v[_idx];\nv += 1;\nconst char _cond = v > 1;", False),
        ("", False),
    ],
)
def test_conditions_that_stay_in_registers(code, answer):
    assert in_registers(code) is answer


def test_only_simple_conditions_are_tested_in_registers(tmp_path):
    thresholds = {"simple": "v > 1", "drawn": "rand() < v", "called": "v > exp(u)", "rests": "v > 1"}

    def make():
        return Network(
            *(
                NeuronGroup(
                    9, "v : 1\nu : 1", threshold=text, reset="", name=name, refractory=ms if name == "rests" else False
                )
                for name, text in thresholds.items()
            )
        )

    texts = generated(make, tmp_path)
    ways = {name: "= sbp_bits(_holds)" in texts[f"{name}_spike_thresholder_codeobject"] for name in thresholds}
    assert ways == {"simple": True, "drawn": False, "called": False, "rests": False}
