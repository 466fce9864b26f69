"""Trainings side by side in one program: each gives what it gives alone."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from sbp_brian.errors import CopiesError, DivergedError, RunFailed, SampleError, SettingError
from sbp_brian.experiments import building
from sbp_brian.models.decolle import Decolle
from sbp_brian.models.decolle.cell import DecolleCell
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.sbp_network import options as of_sbp
from sbp_brian.models.stdbp.grid import GridSTDBP
from sbp_brian.models.stdbp.options import Displacement
from sbp_brian.targets import OnCpu, Simulation, carried_out_on_cpu
from sbp_brian.training import together
from sbp_brian.training.samples import Presentation, Samples
from sbp_brian.training.spiking import Training
from sbp_brian.training.together import train_together
from tests.helpers.cuda_marks import cuda, cuda_on_cpu


def samples():
    rng = np.random.default_rng(1)
    images = (rng.random((20, 36)) < 0.4) * rng.integers(50, 255, (20, 36))
    labels = rng.integers(0, 3, 20)
    return Samples(images.astype(np.uint8), labels, 3, np.arange(12), np.arange(12, 16), np.arange(16, 20))


SAMPLES = samples()


def flagship(k):
    options = (of_sbp.Subset(k), of_sbp.Late(3), of_sbp.Dale(0.3))
    rates = dict(rate_hidden=5.0 + k, rate_output=0.01 * (1 + k))
    return SBPNetwork(36, 12, 3, **rates, lambda_f=1 - 0.2 * k, lambda_p=0.4 + 0.1 * k, width=6, options=options)


def deep(k):
    learning = "frozen" if k else "weighted/activity"
    return SBPNetwork(36, (10, 8), 3, learning, rate_output=0.01, lambda_f=1 - 0.3 * k, width=6)


def stdbp(k):
    rates = dict(rate_hidden=1e-3 * (k + 1), rate_output=2e-3 * (k + 1))
    return GridSTDBP((36, 10, 3), optimiser="momentum", **rates, width=6, batch=4, step=2 * ms)


def decolle(k):
    cell = DecolleCell(too_silent=0.1)
    shown = dict(encoding="spikes", steps=24, burn_in=5)
    return Decolle((12, 10, 8), 3, rate=0.01 * (1 + k), shrink=1 - 0.01 * k, cell=cell, **shown)


NETWORKS = {"flagship": flagship, "deep": deep, "stdbp": stdbp, "decolle": decolle}


def trained(kind, k, target, folder):
    """Learned, scores by epoch, scores and answers of test samples."""
    training = Training(NETWORKS[kind](k).trial_model(), SAMPLES, folder / str(k), target=target, seed=k, decay=0.9)
    history = [(e.running, e.validation, e.per_sample) for e in training.run(2)]
    scores, answers, result = training.score(SAMPLES.test)
    for weights in training.weights(result):
        if weights.i is not None:
            assert weights.i.min() == weights.j.min() == 0
            assert (weights.i.max() + 1) * (weights.j.max() + 1) == len(weights.values), "of one copy, all to all"
    return training.learned, history, scores, answers, result


def held(own, found, relative=1e-10):
    """Hold one training to another; that of the first may have added its sums in another order."""
    for name, values in own[0].items():
        assert values.shape == found[0][name].shape
        np.testing.assert_allclose(found[0][name], values, atol=relative * max(np.abs(values).max(), 1e-300), rtol=0)
    assert own[1] == found[1]
    np.testing.assert_array_equal(own[2], found[2])
    np.testing.assert_array_equal(own[3], found[3])


def side_by_side(kind, target, folder, n, how=None):
    with carried_out_on_cpu(how):
        own = [trained(kind, k, "numpy", folder / "own") for k in range(n)]
        found = train_together([functools.partial(trained, kind, k, target, folder / "together") for k in range(n)])
    for k in range(n):
        held(own[k], found[k])
        assert found[k][4].copies == n
    first, second = found[0][0], found[1][0]
    assert all(not np.array_equal(first[name], second[name]) for name in first if name.endswith(".w"))
    return found


@pytest.mark.parametrize(
    "kind", ["flagship", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("deep", "stdbp", "decolle"))]
)
def test_each_gives_what_it_gives_alone(kind, tmp_path):
    """With other seeds, rates, lambda_p, lambda_f, subsets, orders of samples; nothing of one touches another."""
    side_by_side(kind, "numpy", tmp_path, 2)


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(NETWORKS))
def test_each_gives_what_it_gives_alone_in_cpp(kind, tmp_path):
    side_by_side(kind, "cpp", tmp_path, 3)


@pytest.mark.slow
@cuda_on_cpu
@pytest.mark.parametrize("kind", list(NETWORKS))
def test_each_gives_what_it_gives_alone_on_cuda(kind, tmp_path):
    side_by_side(kind, "cuda", tmp_path, 3, OnCpu(threads=64, order=3))


@pytest.mark.slow
@cuda
@pytest.mark.parametrize("kind", ["flagship", "stdbp", "decolle"])
def test_copies_compile_for_a_gpu(kind):
    model = NETWORKS[kind](0).trial_model()
    presentation = Presentation(SAMPLES.images, 16, model.duration, SAMPLES.target_table)
    made = together._Copies(model.shared.make, presentation, 16)
    simulation = Simulation(made, 16 * model.duration, "cuda", arch="sm_90", name="side_by_side")
    assert (building.build(simulation).folder / "main").is_file()


class Run:
    """In the place of a program: what it is asked for."""

    def __init__(self, error=None):
        self.asked, self.error = [], error

    def __call__(self, requests):
        self.asked.append([(each.seed, float(each.duration)) for each in requests])
        if self.error is not None:
            raise self.error
        return [SampleError("this is as far as it goes")] * len(requests)


def begun(folder, k, kind="flagship"):
    training = Training(NETWORKS[kind](k).trial_model(), SAMPLES, folder / str(k), target="numpy", seed=k)
    try:
        training.run(1)
    except SampleError as error:
        return str(error)
    raise AssertionError("no program ran")


def test_those_that_share_a_program_run_as_one(tmp_path, monkeypatch):
    """Other lambda_p below 1, rates, seeds: one program; another network, or lambda_p of 1: another one."""
    run = Run()
    monkeypatch.setattr(together._Programs, "run", lambda _self, requests: run(requests))
    asked = [("flagship", 0), ("deep", 0), ("flagship", 1), ("deep", 1), ("stdbp", 0)]
    functions = [functools.partial(begun, tmp_path / kind, k, kind) for kind, k in asked]
    assert train_together(functions) == ["this is as far as it goes"] * 5
    assert sorted(len(group) for group in run.asked) == [1, 2, 2]
    run.asked.clear()
    train_together([functools.partial(begun, tmp_path / "more", k) for k in range(3)], most=2)
    assert sorted(len(group) for group in run.asked) == [1, 2]


def test_one_that_fails_does_not_stop_the_others(tmp_path, monkeypatch):
    run = Run()
    monkeypatch.setattr(together._Programs, "run", lambda _self, requests: run(requests))
    done = []

    def fails():
        raise ValueError("a fault of one")

    def goes_on():
        done.append(begun(tmp_path, 0))

    with pytest.raises(ValueError, match="a fault of one"):
        train_together([fails, goes_on])
    assert done == ["this is as far as it goes"]


def test_a_stop_ends_all(tmp_path, monkeypatch):
    run = Run(KeyboardInterrupt())
    monkeypatch.setattr(together._Programs, "run", lambda _self, requests: run(requests))
    ended = []

    def trains(k):
        try:
            begun(tmp_path, k)
        except KeyboardInterrupt:
            ended.append(k)
            raise

    with pytest.raises(KeyboardInterrupt):
        train_together([functools.partial(trains, k) for k in range(3)])
    assert ended == [0, 1, 2]


def test_bad_use_is_refused(tmp_path):
    with pytest.raises(SettingError, match="most"):
        train_together([], most=0)
    with pytest.raises(CopiesError, match="call it once, for all"):
        train_together([lambda: train_together([])])
    kept = []
    train_together(
        [lambda: kept.append(Training(flagship(0).trial_model(), SAMPLES, tmp_path, target="numpy", seed=0))]
    )
    with pytest.raises(CopiesError, match="use it within the function"):
        kept[0].run(1)
    assert train_together([]) == []


def test_what_has_an_order_of_its_own_runs_alone():
    """The exact form of STDBP and Adam: a program of their own, also side by side."""
    for network in (
        GridSTDBP((36, 10, 3), width=6),
        GridSTDBP((36, 10, 3), width=6, optimiser="momentum", options=(Displacement(1),)),
    ):
        shared = network.trial_model().shared
        assert (shared is None) == (network.optimiser == "adam")


def test_one_that_diverges_leaves_the_others_alone(tmp_path):
    """Its weights are infinite, and it alone fails; beside it, the other gives what it gives alone."""
    own = trained("flagship", 0, "numpy", tmp_path / "own")
    wild = replace(flagship(1), rate_output=1e300, rate_hidden=1e300)

    def diverges():
        training = Training(wild.trial_model(), SAMPLES, tmp_path / "wild", target="numpy", seed=1, decay=0.9)
        with pytest.raises(DivergedError, match=r"rate_output|rate_hidden"):
            training.run(2)

    functions = [functools.partial(trained, "flagship", 0, "numpy", tmp_path / "together"), diverges]
    held(own, train_together(functions)[0])


def test_spikes_of_copies_are_not_mixed():
    whole = together._Whole({"spikes.count": np.array([1, 2, 3, 4]), "spikes.i": np.zeros(10)}, 2, {})
    whole.result = type("Of", (dict,), dict(target="cpp", on_cpu=None, seed=0, cached=True, completed=1.0))(
        whole.result
    )
    whole.result.run_s = whole.result.build_s = 0.0
    part = together.Part(whole, 1, {})
    assert part["spikes.N"] == 7
    with pytest.raises(RunFailed, match="record them in a run of its own"):
        part["spikes.i"]
