"""Trained weights that a record keeps, in a fresh training: it answers exactly as the one that learned them."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, PoissonGroup, ms

from sbp_brian import Simulation, SynapseRule, export
from sbp_brian.brian.convolution import Convolution, Maps
from sbp_brian.errors import CheckpointError, ExportError, KeepError
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.protocol import Protocol, Source
from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.protocols.benchmarks.learning import keep
from sbp_brian.training.batches import NumpyTraining, Patterns, one_hot
from sbp_brian.training.spiking import Samples, Training
from tests.helpers.unrolled_kernels import link

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


CONVOLUTION = Convolution(Maps(1, 4, 4), 2, 3)
GROWS = SynapseRule("w : 1", on_pre={"arrive": "v_post += w", "grow": "w += 0.001*v_post"}, name="grows")


def convolved(linked):
    """Kernels that learn: a group of their own with no synapses, or with synapses that are linked to it."""
    inputs = PoissonGroup(16, "0.3/dt", name="inputs")
    cells = NeuronGroup(CONVOLUTION.target.cells, "v : 1", name="cells")
    if linked:
        kernels = NeuronGroup(CONVOLUTION.weights, "w : 1", name="kernels")
        rule = SynapseRule("w : 1 (linked)\nkernel : integer", on_pre=GROWS.on_pre)
        synapses = rule.synapses(inputs, cells, name="patches")
        link(CONVOLUTION, synapses, kernels, "w")
        made = [kernels, synapses]
    else:
        made = [GROWS.kernels(inputs, cells, CONVOLUTION, name="kernels")]
    made[0].w = "0.5*i"
    return Network(inputs, cells, *made)


@pytest.mark.parametrize("linked", [False, True])
def test_weights_that_synapses_share_are_kept_once_and_load_again(linked, tmp_path, numpy_target):
    def run(context):
        Simulation(lambda: convolved(linked), 5 * ms, context.target, name="shared").run(seed=1)

    protocol = Protocol("shared", "Shared", Source("Nobody"), {}, run)
    record = execute(protocol, target="numpy", out=tmp_path, keep=["weights"])
    (kept,) = record.runs["shared 1"].weights
    assert (kept.name, kept.i, kept.values.shape) == ("kernels.w", None, (CONVOLUTION.weights,))
    assert np.ptp(kept.values - 0.5 * np.arange(CONVOLUTION.weights)) > 0, "they learned"
    fresh = convolved(linked)
    assert export.load_weights(fresh, record) == ("kernels.w",)
    assert np.array_equal(fresh["kernels"].w[:], kept.values)


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
