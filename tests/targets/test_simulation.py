"""One network on three targets; seeds, settings, many runs, results; bad input."""

import pickle

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Quantity, ms, mV, second, volt

from sbp_brian import targets
from sbp_brian.errors import RunFailed, UnknownName
from sbp_brian.targets import Result, Simulation
from tests.helpers.compiling import shared_cache
from tests.helpers.targets_network import DURATION, N, make, make_counting

START = np.linspace(0, 0.9, N) * mV


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SBP_CACHE", str(shared_cache(tmp_path_factory)))
        yield


@pytest.fixture(scope="module")
def sims(cache):
    return {target: Simulation(make, DURATION, target=target).build() for target in ("numpy", "cython", "cpp")}


@pytest.fixture(params=["numpy", "cython", "cpp"])
def sim(sims, request):
    return sims[request.param]


def values(result):
    return {name: np.asarray(result[name]) for name in result}


def same(one, other):
    one, other = values(one), values(other)
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_three_targets_agree(sims):
    numpy, cython, cpp = (sims[t].run(values={"cells.v": START}, seed=1) for t in ("numpy", "cython", "cpp"))
    assert len(numpy["spikes.i"]) > 10
    assert set(numpy) == set(cython) == set(cpp)
    for other in (cython, cpp):
        for name in ("cells.v", "recorder.v", "spikes.t", "spikes.i", "AB.w", "AB.i", "AB.j", "spikes.count"):
            np.testing.assert_allclose(
                np.asarray(other[name]), np.asarray(numpy[name]), rtol=1e-10, atol=1e-15, err_msg=name
            )


def test_shapes_and_units(sim):
    result = sim.run(seed=1)
    assert isinstance(result, Result)
    steps = round(float(DURATION / (0.1 * ms)))
    assert result["recorder.v"].shape == (2, steps)
    assert result["recorder.t"].shape == (steps,)
    assert result["cells.v"].dimensions is volt.dimensions
    assert result["spikes.t"].dimensions is second.dimensions
    assert result["spikes.count"].sum() == len(result["spikes.i"]) == result["spikes.N"]
    assert not isinstance(result["spikes.i"], Quantity)
    assert result["cells.N"] == N
    assert result["cells.tau"] == 5 * ms
    assert len(result["AB.w"]) == N * (N - 1) == result["AB.N"]
    assert result.target == sim.target
    assert result.seed == 1
    assert result.completed == 1
    assert not result.stopped


def test_same_seed_same_result_to_the_bit(sim):
    noisy = {"AB.jitter": 0.5}
    first = sim.run(values=noisy, seed=7)
    other = sim.run(values=noisy, seed=8)
    for _ in range(2):  # made anew after another seed, then restored
        assert same(first, sim.run(values=noisy, seed=7))
    assert not np.array_equal(first["cells.v"], other["cells.v"])
    start = [r["recorder.v"][:, 0] / volt for r in (first, other)]
    assert not np.array_equal(*start), "initial values belong to the seed"


def test_a_drawn_seed_is_told_and_repeats_the_run(sim):
    drawn = sim.run()
    assert drawn.seed != sim.run().seed
    assert same(drawn, sim.run(seed=drawn.seed))


def test_seed_of_the_simulation(sims):
    sim = Simulation(make, DURATION, target="cpp", seed=7)
    assert same(sim.run(), sims["cpp"].run(seed=7))


def test_set_reaches_parameters_inputs_synapses_and_delays(sim):
    before = sim.run(seed=2)
    gain = np.arange(N) / 2
    changed = sim.run(
        seed=2,
        values={
            "cells.gain": gain,
            "AB.w": 0 * mV,
            "AB_pre.delay": 3 * ms,
            "stimulus.values": np.full(8, 2.0),
            "cells.v": 0 * mV,
        },
    )
    t = float(DURATION)
    np.testing.assert_array_equal(changed["cells.gain"], gain)
    assert not changed["AB.w"].any()
    # without synapses and below threshold the cell relaxes to gain * stimulus
    np.testing.assert_allclose(changed["cells.v"][:1] / mV, 2 * gain[:1] * (1 - np.exp(-t / 5e-3)))
    assert changed["spikes.count"][0] == 0
    assert changed["spikes.count"][-1] > before["spikes.count"][-1]
    np.testing.assert_array_equal(changed["AB.delay"], 3 * ms)
    slow = sim.run(seed=2, values={"AB.delay": 1 * second})
    none = sim.run(seed=2, values={"AB.w": 0 * mV})
    np.testing.assert_array_equal(slow["spikes.t"], none["spikes.t"])
    assert len(before["spikes.t"]) != len(none["spikes.t"])
    assert same(before, sim.run(seed=2)), "what a run sets is gone in the next"


def test_infinity_and_nan_arrive(sims):
    for target in ("numpy", "cpp"):
        result = sims[target].run(values={"cells.gain": np.inf, "AB.jitter": np.nan}, seed=1)
        assert np.isinf(result["cells.gain"]).all()
        assert np.isnan(result["AB.jitter"])


def test_a_run_of_another_duration(sim):
    short = sim.run(seed=2, duration=10 * ms)
    whole = sim.run(seed=2)
    np.testing.assert_array_equal(short["recorder.v"], whole["recorder.v"][:, :100])


def test_progress_rises_to_one(sim):
    seen = []
    sim.run(seed=1, progress=lambda fraction, elapsed_s: seen.append((fraction, elapsed_s)))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert all(elapsed >= 0 for _, elapsed in seen)


def test_progress_is_live(sims):
    class Seen(Exception):
        pass

    def look(fraction, elapsed_s):
        if 0 < fraction < 1:
            raise Seen

    for target in ("numpy", "cpp"):
        with pytest.raises(Seen):
            sims[target].run(seed=1, duration=1e6 * second, values={"cells.gain": 0}, progress=look)


def test_progress_bar(sims):
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), width=100)
    with targets.progress_bar("pairing", console=console) as progress:
        sims["cpp"].run(seed=1, progress=progress)
    assert "pairing" in console.file.getvalue()
    assert "100%" in console.file.getvalue()


def test_results_outlive_other_simulations_and_devices(sims):
    result = sims["cpp"].run(seed=3)
    before = values(result)
    Simulation(make, DURATION, target="numpy").run(seed=4)
    Simulation(make, DURATION, target="cpp").run(seed=5)
    after = values(result)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_temporary_results_disappear_and_given_folders_stay(sims, tmp_path):
    result = sims["cpp"].run(seed=3)
    folder = result.folder
    assert folder.is_dir()
    del result
    assert not folder.exists()
    kept = sims["cpp"].run(seed=3, results=tmp_path / "here")
    assert kept.folder == tmp_path / "here"
    del kept
    assert (tmp_path / "here").is_dir()


def test_keep_drops_the_rest(sims, tmp_path):
    for target in ("numpy", "cpp"):
        result = sims[target].run(seed=3, names=["cells.v", "spikes.i"])
        assert result["cells.v"].shape == (N,)
        assert len(result["spikes.i"])
        with pytest.raises(UnknownName, match=r"unknown result 'recorder\.v'"):
            result["recorder.v"]
    everything = sims["cpp"].run(seed=3, results=tmp_path / "all")
    little = sims["cpp"].run(seed=3, results=tmp_path / "little", names=["cells.v"])
    sizes = [sum(path.stat().st_size for path in r.folder.iterdir()) for r in (everything, little)]
    assert sizes[1] < sizes[0] / 10


def test_run_many_in_order(sims):
    for target in ("numpy", "cpp"):
        sim = sims[target]
        seen = []
        runs = [dict(values={"cells.gain": g}, seed=3, names=["cells.gain", "cells.v"]) for g in (3.0, 1.0, 2.0)]
        results = sim.run_many(runs, workers=2, progress=lambda fraction, _, seen=seen: seen.append(fraction))
        assert [r["cells.gain"][0] for r in results] == [3, 1, 2]
        assert seen == sorted(seen)
        assert seen[-1] == 1
        np.testing.assert_array_equal(results[1]["cells.v"], sim.run(**runs[1])["cells.v"])


def test_run_many_of_a_local_function_runs_one_after_another():
    def local():
        return make()

    results = Simulation(local, 2 * ms, target="numpy").run_many([dict(seed=1), dict(seed=1), dict(seed=2)], workers=2)
    assert same(results[0], results[1])
    assert not same(results[0], results[2])


def test_runtime_results_can_be_pickled(sims):
    result = sims["numpy"].run(seed=1)
    assert same(result, pickle.loads(pickle.dumps(result)))


def test_python_operations_start_anew_with_each_run():
    sim = Simulation(make_counting, 10 * ms, target="numpy")
    first, again = sim.run(seed=1), sim.run(seed=1)
    assert first["cells.gain"][0] == 10
    assert same(first, again)


def test_brian2_is_left_as_it_was(sims):
    brian2.defaultclock.dt = 0.2 * ms
    before = dict(brian2.prefs.prefs)
    np.random.seed(5)
    expected = np.random.rand()
    device = brian2.get_device()
    np.random.seed(5)
    try:
        for target in ("numpy", "cython", "cpp"):
            assert len(Simulation(make, DURATION, target=target, dt=0.1 * ms).run(seed=1)["recorder.t"]) == 400
            assert brian2.get_device() is device
            assert brian2.defaultclock.dt == 0.2 * ms
            assert dict(brian2.prefs.prefs) == before
        assert np.random.rand() == expected
        cells = NeuronGroup(1, "v : 1")  # a user's own objects go on working
        Network(cells).run(1 * ms, namespace={})
        assert len(Simulation(make, DURATION, target="numpy").run(seed=1)["recorder.t"]) == 200
    finally:
        brian2.defaultclock.dt = 0.1 * ms


FACTOR = 3


def test_globals_and_closures_of_make_are_visible():
    times = 2

    def local():
        assert times
        return Network(NeuronGroup(1, "dx/dt = FACTOR * times / (1*ms) : 1", name="cells", method="euler"))

    np.testing.assert_allclose(Simulation(local, 1 * ms, target="numpy").run(seed=1)["cells.x"], 6)
    with pytest.raises(Exception, match="preparing an object"):
        Simulation(make_unknown, 1 * ms, target="numpy", namespace={}).run(seed=1)
    Simulation(make_unknown, 1 * ms, target="numpy", namespace={"pace": 2 / second}).run(seed=1)


def make_unknown():
    return Network(NeuronGroup(1, "dx/dt = pace : 1", name="cells", method="euler"))


@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ({"cells.gian": 1}, UnknownName, r"'cells\.gian'; did you mean 'cells\.gain'\?"),
        ({"stimuli.values": 1}, UnknownName, r"did you mean 'stimulus\.values'\?"),
        ({"cells.v": 1.0}, ValueError, r"'cells\.v' needs the unit V, the given value has none"),
        ({"cells.v": 1 * second}, ValueError, r"'cells\.v' needs the unit V, the given value has s"),
        ({"cells.gain": 1 * mV}, ValueError, r"'cells\.gain' needs no unit"),
        ({"cells.gain": [1, 2]}, ValueError, r"'cells\.gain' needs one value or the shape \(6,\), .* has \(2,\)"),
        ({"stimulus.values": np.ones(7)}, ValueError, r"'stimulus\.values' needs one value or the shape \(8,\)"),
        ({"cells.i": 1}, ValueError, r"'cells\.i' is read-only"),
        ({"cells.N": 1}, ValueError, r"'cells\.N' is read-only"),
        ({"cells.gain": "high"}, ValueError, r"'cells\.gain' needs numbers"),
        ([1], TypeError, "values= needs a mapping"),
    ],
)
def test_bad_settings(sims, setting, error, message):
    for target in ("numpy", "cpp"):
        with pytest.raises(error, match=message):
            sims[target].run(values=setting, seed=1)


def test_a_wrong_number_of_synapses_is_found_by_the_program(sims):
    for target in ("numpy", "cpp"):
        with pytest.raises(ValueError, match=r"'AB\.w' needs one value or .*30"):
            sims[target].run(values={"AB.w": np.ones(7) * mV}, seed=1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (dict(seed=-1), ValueError, "seed has to be between 0 and"),
        (dict(seed=2**32), ValueError, "seed has to be between 0 and"),
        (dict(seed=1.5), TypeError, "seed has to be a whole number"),
        (dict(names="cells.v"), TypeError, "names= needs a list of names"),
        (dict(names=["cells.u"]), UnknownName, r"unknown name in names"),
        (dict(progress=3), TypeError, "progress= needs a function"),
        (dict(duration=3), ValueError, "duration has to be a time"),
    ],
)
def test_bad_arguments_of_a_run(sims, arguments, error, message):
    with pytest.raises(error, match=message):
        sims["cpp"].run(**arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (dict(make=3), TypeError, "make has to be a function"),
        (dict(duration=3), ValueError, "duration has to be a time"),
        (dict(duration=-1 * ms), ValueError, "duration has to be positive"),
        (dict(dt=3 * mV), ValueError, "dt has to be a time"),
        (dict(target="cp"), UnknownName, "unknown target 'cp'; did you mean 'cpp'?"),
        (dict(target="fortran"), UnknownName, "Known: cpp, cuda, cython, numpy"),
        (dict(seed="1"), TypeError, "seed has to be a whole number"),
        (dict(key=3), TypeError, "key has to be a text"),
    ],
)
def test_bad_arguments_of_a_simulation(arguments, error, message):
    with pytest.raises(error, match=message):
        Simulation(**{"make": make, "duration": DURATION, "target": "numpy", **arguments})


def test_make_has_to_return_a_network():
    for target in ("numpy", "cpp"):
        with pytest.raises(TypeError, match=r"make\(\) has to return a brian2.Network .* not int"):
            Simulation(lambda: 3, DURATION, target=target).build()
    assert Simulation(lambda: (make(), "more"), 1 * ms, target="numpy").run(seed=1).completed == 1


def test_bad_run_many(sims, tmp_path):
    with pytest.raises(ValueError, match="is given to two runs"):
        sims["cpp"].run_many([dict(results=tmp_path / "a"), dict(results=tmp_path / "b" / ".." / "a")])
    assert not (tmp_path / "a").exists()
    with pytest.raises(UnknownName, match=r"unknown argument of a run 'sed'; did you mean 'seed'\?"):
        sims["cpp"].run_many([dict(sed=1)])
    with pytest.raises(ValueError, match="workers has to be a positive whole number"):
        sims["cpp"].run_many([], workers=0)
    assert sims["cpp"].run_many([]) == []


def test_places_for_results(sims, tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("mine")
    for place in (file, file / "below"):
        with pytest.raises(NotADirectoryError, match="is a file"):
            sims["cpp"].run(results=place)
    assert file.read_text() == "mine"
    sims["cpp"].run(seed=1, results=tmp_path / "a")
    with pytest.raises(ValueError, match="already holds files"):
        sims["cpp"].run(seed=1, results=tmp_path / "a")
    with pytest.raises(ValueError, match="results= is for the cpp target"):
        sims["numpy"].run(seed=1, results=tmp_path / "b")
    monkeypatch.setattr(
        "sbp_brian.targets.standalone.shutil.disk_usage", lambda place: type("Usage", (), {"free": 1000})
    )
    with pytest.raises(OSError, match="is full: 0 MiB are free"):
        sims["cpp"].run(seed=1, results=tmp_path / "c")


def test_incomplete_files_are_told(sims, tmp_path):
    result = sims["cpp"].run(seed=1, results=tmp_path / "a")
    for path in result.folder.glob("_array_cells_v_*"):
        path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(RunFailed, match=r"'cells\.v' holds 5 of 6 values.*disk full"):
        result["cells.v"]


def test_unknown_results(sims):
    result = sims["numpy"].run(seed=1)
    with pytest.raises(UnknownName, match=r"unknown result 'spikes\.k'; did you mean 'spikes\.t'\?|did you mean"):
        result["spikes.k"]
    assert result.get("spikes.k") is None
    assert "cells.v" in result
    assert "cells.u" not in result


def test_settable(sims):
    for target in ("numpy", "cpp"):
        names = sims[target].settable
        assert {"cells.v", "cells.gain", "cells.tau", "AB.w", "AB.jitter", "stimulus.values"} <= set(names)
        assert {"AB.delay", "AB_pre.delay"} <= set(names)
        assert "cells.i" not in names


def test_two_dimensional_inputs_in_any_memory_order():
    def network(order):
        image = brian2.TimedArray(np.asarray(np.arange(8.0).reshape(2, 4), order=order), dt=1 * ms, name="image")
        cells = NeuronGroup(
            4, "dx/dt = image(t, i) / ms : 1", method="euler", name="cells", namespace=dict(image=image, ms=ms)
        )
        return Network(cells)

    for order in "CF":
        sim = Simulation(lambda order=order: network(order), 2 * ms, target="numpy")
        plain = sim.run(seed=1)["cells.x"]
        np.testing.assert_allclose(plain, [4, 6, 8, 10])
        np.testing.assert_allclose(sim.run(seed=1, values={"image.values": np.eye(4)[:2]})["cells.x"], [1, 1, 0, 0])
        np.testing.assert_array_equal(sim.run(seed=1)["cells.x"], plain)
