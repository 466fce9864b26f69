"""What a classifier reads from a layer's spikes, of frozen layers and of those that have learned."""

from types import SimpleNamespace

import numpy as np
import pytest

from sbp_brian import protocols
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.protocol import Context
from sbp_brian.protocols.benchmarks import layer_readout
from sbp_brian.training.samples import Samples


def told(context):
    return {row["name"]: row for row in context.metrics}


@pytest.mark.parametrize(("learning", "validation"), [("frozen", 40), ("local", 0)])
def test_what_only_time_tells_is_read_from_parts_alone(monkeypatch, learning, validation):
    rng = np.random.default_rng(0)
    n = 200 + validation + 100
    rows = np.split(rng.permutation(n), [200, 200 + validation])
    labels = rng.integers(0, 2, n)
    samples = Samples(np.zeros((n, 1), np.uint8), labels, 2, *rows)

    def counted(model, samples, rows, learned, layers, *, parts, **_):
        busy = np.zeros((len(rows), parts, 4), int)
        busy[np.arange(len(rows)), labels[rows] * (parts - 1)] = rng.integers(1, 4, (len(rows), 4))
        return {"hidden1": busy, "hidden2": rng.integers(0, 5, (len(rows), parts, 3))}

    monkeypatch.setattr(layer_readout, "count_spikes", counted)
    network = SimpleNamespace(names=["pixels", "hidden1", "hidden2"], learning=learning, steps=60, encoding="spikes")
    plan = SimpleNamespace(network=network, samples=samples)
    training = SimpleNamespace(model=None, learned={})
    context = Context(None, "numpy", 0, "nowhere")
    layer_readout.report(context, SimpleNamespace(training=training, plan=plan))
    kind, found = ("frozen" if learning == "frozen" else "trained"), told(context)
    assert found[f"{kind}_readout_in_time_layer1_accuracy"]["value"] == 1
    assert 0.3 < found[f"{kind}_readout_layer1_accuracy"]["value"] < 0.7
    assert 0.3 < found[f"{kind}_readout_in_time_layer2_accuracy"]["value"] < 0.7
    assert len(found) == 4
    chosen = "validation samples" if validation else "a fifth of the training samples"
    assert all(row["provenance"].endswith(f"chosen on {chosen}") and row["n"] == 100 for row in context.metrics)


@pytest.mark.parametrize(("steps", "parts"), [(300, 10), (50, 10), (56, 8), (49, 7), (13, 1)])
def test_parts_are_whole_steps(steps, parts):
    assert layer_readout.bins(steps) == parts


def test_frozen_layers_are_read_without_being_asked_for():
    mnist = protocols.get("mnist")
    assert mnist.resolve(model="decolle", learning="frozen").readout
    assert not mnist.resolve(model="decolle").readout
    assert mnist.resolve(model="decolle_conv", learning="frozen").readout


@pytest.mark.slow
def test_a_frozen_layer_is_above_chance_once_a_readout_is_fitted(tmp_path):
    small = {"model": "decolle", "learning": "frozen", "epochs": 1, "train_samples": 1000, "test_samples": 500}
    record = execute(protocols.get("mnist"), out=tmp_path, parameters=small)
    found = {row["name"]: row["value"] for row in record.metrics}
    assert found["test_accuracy"] < 0.3
    assert found["frozen_readout_layer1_accuracy"] > 0.6
