"""The seed of a run owns all randomness of make: the same seed gives the same bits, another other draws."""

import random

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, ms

from sbp_brian.targets import Simulation, standalone
from tests.helpers.cuda_marks import cuda

TARGETS = ["numpy", pytest.param("cython", marks=pytest.mark.slow), "cpp"]


def nothing():
    return "rand()"


def by_numpy():
    return np.random.rand(16)


def by_python():
    return [random.random() for _ in range(16)]


def by_a_fresh_generator():
    return np.random.default_rng().random(16)


def by_numpy_seeded():
    np.random.seed(42)
    return np.random.rand(16)


def by_python_seeded():
    random.seed("fixed")
    return [random.random() for _ in range(16)]


def by_brian_seeded():
    brian2.seed(42)
    return "rand()"


def by_brian_seeded_anew():
    brian2.seed()
    return "rand()"


class Made:
    """Makes cells with noise whose synapses start as `fill` says."""

    def __init__(self, fill):
        self.fill, self.calls = fill, 0

    def __call__(self):
        self.calls += 1
        cells = NeuronGroup(4, "v : 1", threshold="v > 1", reset="v = 0", name="a", namespace={})
        synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w", name="s", namespace={})
        synapses.connect()
        synapses.w = self.fill()
        noise = NeuronGroup(4, "dv/dt = xi/sqrt(10*ms) : 1", method="euler", name="n", namespace={"ms": ms})
        return Network(cells, synapses, noise)


FILLS = [
    nothing,
    by_numpy,
    by_python,
    by_a_fresh_generator,
    by_numpy_seeded,
    by_python_seeded,
    by_brian_seeded,
    by_brian_seeded_anew,
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("fill", FILLS)
def test_the_seed_owns_all_randomness(fill, target):
    random_before, numpy_before = random.getstate(), np.random.get_state()[1].copy()
    first = [Simulation(Made(fill), 1 * ms, target).run(seed=seed) for seed in (1, 2)]
    one = Simulation(Made(fill), 1 * ms, target)
    second = one.run_many([dict(seed=seed) for seed in (1, 2, 1)], workers=1)
    for name in ("s.w", "n.v"):
        values = [np.asarray(result[name]) for result in [*first, *second]]
        np.testing.assert_array_equal(values[0], values[2])
        np.testing.assert_array_equal(values[0], values[4])
        np.testing.assert_array_equal(values[1], values[3])
        assert not np.array_equal(values[0], values[1]), name
    assert random.getstate() == random_before
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_before)


@pytest.mark.parametrize("target", TARGETS)
def test_a_seed_within_make_repeats_draws_within_a_run(target):
    def make():
        cells = NeuronGroup(5, "x : 1\ny : 1", name="cells", namespace={})
        brian2.seed(3)
        cells.x = "rand()"
        brian2.seed(3)
        cells.y = "rand()"
        return Network(cells)

    result = Simulation(make, 0.1 * ms, target).run(seed=8)
    np.testing.assert_array_equal(result["cells.x"], result["cells.y"])


def test_a_generator_with_a_seed_of_its_own_is_data():
    made = Made(lambda: np.random.default_rng(7).random(16))
    simulation = Simulation(made, 1 * ms, "cpp")
    one, two = simulation.run_many([dict(seed=1), dict(seed=2)])
    np.testing.assert_array_equal(one["s.w"], two["s.w"])
    assert made.calls == 1


@pytest.mark.parametrize(("fill", "calls"), [(nothing, 1), (by_brian_seeded, 1), (by_numpy, 3)])
def test_make_is_called_again_only_where_it_draws(fill, calls):
    made = Made(fill)
    simulation = Simulation(made, 1 * ms, "cpp").build()
    assert made.calls == 1
    simulation.run_many([dict(seed=seed) for seed in (0, 1, 1, 2)], workers=2)
    assert made.calls == calls
    assert simulation.run(seed=1).cached or fill is not by_numpy  # other data, the same program
    assert made.calls == calls


def make_that_draws():
    return Made(by_numpy)()


def make_that_draws_nothing():
    return Made(nothing)()


def test_a_key_keeps_one_entry_or_one_a_seed(tmp_path, monkeypatch):
    for make, entries in ((make_that_draws_nothing, 1), (make_that_draws, 3)):
        cache = tmp_path / make.__name__
        expected = [Simulation(make, 1 * ms, key="k", cache=cache).run(seed=seed)["s.w"] for seed in (1, 2)]
        assert len(list((cache / "networks").glob("[!.]*"))) == entries
        with monkeypatch.context() as patch:
            patch.setattr(standalone, "generate", lambda *a, **k: pytest.fail("generated anew"))
            again = Simulation(make, 1 * ms, key="k", cache=cache)
            for seed, values in zip((1, 2), expected, strict=True):
                np.testing.assert_array_equal(again.run(seed=seed)["s.w"], values)


def test_data_of_a_seed_go_when_nobody_needs_them():
    simulation = Simulation(Made(by_numpy), 1 * ms, "cpp")
    simulation.run(seed=0)
    first = simulation._backend.latest.arrays
    assert first.is_dir()
    for seed in range(1, standalone._KEPT_SEEDS + 1):
        simulation.run(seed=seed)
    assert not first.exists()
    assert simulation._backend.latest.arrays.is_dir()


@cuda
def test_cuda_takes_a_seed_within_make_together_with_that_of_the_run(tmp_path):
    folders = {fill: tmp_path / fill.__name__ for fill in (by_brian_seeded, by_numpy, nothing)}
    for fill, folder in folders.items():
        folder.mkdir()
        simulation = Simulation(Made(fill), 1 * ms, "cuda", arch="sm_90")
        simulation._backend.generate(folder, seed=3)
        assert simulation._backend.manifest["draws"] is (fill is by_numpy)
    seeded, plain = ((folders[fill] / "main.cu").read_text() for fill in (by_brian_seeded, nothing))
    assert seeded.count("random_number_buffer.set_seed(") == plain.count("random_number_buffer.set_seed(") + 1
    assert "set_seed((unsigned long long)((_sbp_seed*" in seeded
