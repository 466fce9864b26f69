"""Trained weights that a record keeps, in a fresh training: it answers exactly as the one that learned them."""

import numpy as np
import pytest

from sbp_brian import export
from sbp_brian.errors import CheckpointError, ExportError, KeepError
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.protocol import Protocol, Source
from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.protocols.benchmarks.learning import keep
from sbp_brian.training.batches import NumpyTraining, Patterns, one_hot
from sbp_brian.training.spiking import Samples, Training

RNG = np.random.default_rng(5)
IMAGES = (255 * (RNG.random((30, 16)) < 0.4)).astype(np.uint8)
LABELS = RNG.integers(0, 3, 30)
ROWS = np.arange(20), np.arange(20, 25), np.arange(25, 30)
SHOWN = np.arange(10)


def spiking(folder, n_hidden=8, seed=1):
    model = SBPNetwork(16, n_hidden, 3, width=4).trial_model()
    return Training(model, Samples(IMAGES, LABELS, 3, *ROWS), folder, target="numpy", seed=seed)


def batches(folder, n_hidden=8, seed=1):
    patterns = Patterns(IMAGES, one_hot(LABELS, 3), *ROWS, scale=1 / 255)
    model = SBPPerceptron((16, n_hidden, 3), rate_hidden=0.1)
    return NumpyTraining(model, patterns, folder, seed=seed, batch=5, running_mean=0.7)


def answers(training):
    if isinstance(training, NumpyTraining):
        return training.outputs(SHOWN)
    return training.evaluate(SHOWN)[1]


@pytest.mark.parametrize("make", [spiking, batches])
def test_a_loaded_network_answers_exactly_as_the_trained_one(make, tmp_path):
    seen = {}

    def run(context):
        training = make(context.folder)
        training.run(1)
        seen["trained"] = answers(training)
        result = None if make is batches else training.evaluate(SHOWN)[2]
        keep(context, training, result)

    protocol = Protocol("learner", "It learns", Source("Nobody"), {}, run, kind="benchmark")
    record = execute(protocol, target="numpy", out=tmp_path, keep=["weights"])
    fresh = make(tmp_path / "fresh", seed=2)
    before = answers(fresh)
    assert not np.array_equal(before, seen["trained"])
    names = export.load_weights(fresh, record.folder, "training 1")
    assert len(names) >= 2
    again = make(tmp_path / "again")  # of the same seed, from which what is drawn in a run derives
    export.load_weights(again, record, "training 1")
    assert np.array_equal(answers(again), seen["trained"])
    for loaded in (fresh, again):
        kept = {w.name: w.values for w in record.runs["training 1"].weights}
        assert all(np.array_equal(w.values, kept[w.name]) for w in loaded.weights())
    smaller = make(tmp_path / "smaller", n_hidden=7)
    with pytest.raises(CheckpointError, match="but this network wants"):
        export.load_weights(smaller, record, "training 1")
    part = [w for w in record.runs["training 1"].weights][:1]
    with pytest.raises(CheckpointError, match="is not among the weights; load weights of all layers"):
        again.load_weights(part)


def test_the_cells_of_each_weight_are_kept_where_there_are_synapses(tmp_path):
    training = spiking(tmp_path)
    result = training.evaluate(SHOWN)[2]
    told = training.weights(result)
    assert {w.name for w in told} == set(training.learned)
    for w in told:
        if f"{w.object}.j" in result and w.i is not None:
            assert np.array_equal(w.j, result[f"{w.object}.j"])
            assert len(w.i) == w.values.size
    with pytest.raises(ExportError, match="unknown run 'training 7'"):
        export.load_weights(training, result, "training 7")


def test_what_a_protocol_has_not_is_refused_before_anything_runs(tmp_path):
    from sbp_brian.protocols import get

    with pytest.raises(KeepError, match=r"mnist has no spikes to keep: its spikes .* -s raster=yes records"):
        execute(get("mnist"), target="numpy", out=tmp_path, keep=["spikes"])
    with pytest.raises(KeepError, match="mnist has no states to keep: it has no states over time"):
        execute(get("mnist"), target="numpy", out=tmp_path, keep=["states"], parameters={"model": "sbp_perceptron"})
    assert not list(tmp_path.iterdir())


def test_what_a_users_protocol_has_not_is_refused_with_a_record_of_the_rest(tmp_path):
    protocol = Protocol("quiet", "Nothing", Source("Nobody"), {}, lambda context: context.metric("score", 1.0))
    with pytest.raises(KeepError, match="quiet told of no states to keep, since no network of it has a StateMonitor"):
        execute(protocol, target="numpy", out=tmp_path, keep=["states"])
    assert len(list(tmp_path.glob("quiet/*/record.json"))) == 1
