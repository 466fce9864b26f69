"""Values that come back after a fixed number of ticks, on every target and in both sizes of floats."""

from __future__ import annotations

import brian2
import numpy as np
import pytest
from brian2 import Clock, Network, NeuronGroup, StateMonitor, ms

from sbp_brian.brian.ring import add_ring
from sbp_brian.errors import RingError
from sbp_brian.experiments import building
from sbp_brian.targets import Simulation
from tests.helpers.cuda_marks import cuda

CELLS, TICKS, SHOWN = 5, 3, 10


def make():
    """Cells whose value passes two rings, one after the other; the clock is slower than the cells'."""
    clock = Clock(2 * ms, name="slow")
    cells = NeuronGroup(CELLS, "x : 1\nonce : 1\ntwice : 1", name="cells", dt=1 * ms, namespace={})
    add_ring(cells, ["one", "two"], TICKS, 2 * ms, clock, order=-1)
    code = "x = i + 100.5*timestep(t, 2*ms)\nonce = one\none = x\ntwice = two\ntwo = once"
    cells.run_regularly(code, clock=clock, when="start", order=0, name="pass")
    seen = StateMonitor(cells, ["once", "twice"], record=True, clock=clock, when="end", name="seen")
    return Network(cells, seen)


@pytest.mark.parametrize(
    ("target", "dtype"),
    [
        ("numpy", np.float64),
        ("numpy", np.float32),
        pytest.param("cpp", np.float64, marks=pytest.mark.slow),
        pytest.param("cpp", np.float32, marks=pytest.mark.slow),
        pytest.param("cython", np.float64, marks=pytest.mark.slow),
    ],
)
def test_a_value_comes_back_after_its_ticks(target, dtype):
    before = brian2.prefs.core.default_float_dtype
    brian2.prefs.core.default_float_dtype = dtype
    try:
        result = Simulation(make, 2 * SHOWN * ms, target).run({}, seed=1)
    finally:
        brian2.prefs.core.default_float_dtype = before
    given = np.arange(CELLS)[:, None] + 100.5 * np.arange(SHOWN)
    for name, delay in (("once", TICKS), ("twice", 2 * TICKS)):
        wanted = np.zeros((CELLS, SHOWN))
        wanted[:, delay:] = given[:, :-delay]
        np.testing.assert_array_equal(result[f"seen.{name}"], wanted)


@cuda
def test_on_cuda_each_cell_writes_its_own_place(tmp_path):
    simulation = Simulation(make, 2 * SHOWN * ms, target="cuda", arch="sm_90")
    assert building.generate_only(simulation, tmp_path / "out").serial == {}
    (text,) = [path.read_text() for path in (tmp_path / "out/code_objects").glob("pass_codeobject*.cu")]
    assert "const int32_t ring_place = _ptr_array_cells_ring_place[_idx];" in text
    assert "_ptr_array_cells_one[ring_place] = one;" in text
    assert "tomicAdd(&" not in text


def test_more_places_than_an_index_can_tell_apart_are_refused():
    cells = NeuronGroup(1000, "x : 1", namespace={}, name="many")
    with pytest.raises(
        RingError, match="'many': a ring of 3000000 places for each of 1000 cells has more than"
    ) as said:
        add_ring(cells, ["back"], 3_000_000, 1 * ms)
    assert "\n" not in str(said.value)
