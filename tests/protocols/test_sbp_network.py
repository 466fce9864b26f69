"""The protocols with model=sbp_network, small: what they report, and that only the network itself learns its task."""

import numpy as np
import pytest

from sbp_brian import protocols
from sbp_brian.experiments.executing import execute
from tests.helpers.data_sets import need


def metrics(record):
    return {row["name"]: row["value"] for row in record.metrics}


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    need("nettalk")
    out = tmp_path_factory.mktemp("records")
    small = {"model": "sbp_network", "train_samples": 1500, "hidden": 100, "epochs": 3, "average": 2, "angle": True}
    return [
        execute(protocols.get("nettalk"), out=out, parameters=small),
        execute(protocols.get("nettalk"), out=out, parameters={**small, "learning": "frozen"}),
    ]


@pytest.mark.slow
def test_nettalk_is_learned_by_the_hidden_layer(windows):
    learned, frozen = map(metrics, windows)
    assert learned["test_cosine"] > 0.76
    assert learned["test_cosine"] > frozen["test_cosine"] + 0.05
    assert learned["test_cosine_unseen"] < learned["test_cosine"], "windows seen in training are easier"
    assert learned["angle_inputs_degrees"] < 60
    assert "angle_inputs_degrees" not in frozen
    assert all(row["band"] is None for record in windows for row in record.metrics), "short runs are not judged"


@pytest.mark.slow
def test_records_hold_each_epoch(windows):
    record = windows[0]
    assert len(record.array("validation_accuracy_by_epoch")) == 3
    angles = record.array("angle_inputs_degrees_by_epoch")
    assert [metrics(record)[f"angle_inputs_degrees_epoch_{number}"] for number in range(4)] == list(angles)
    assert any("mean of the weights" in note for note in record.notes)
    assert (record.array("weights_inputs_before") != record.array("weights_inputs_after")).any()
    np.testing.assert_array_equal(windows[1].array("weights_inputs_before"), windows[1].array("weights_inputs_after"))


def test_mnist_with_two_hidden_layers(tmp_path):
    small = {"train_samples": 30, "validation_samples": 10, "test_samples": 10, "hidden": 20, "depth": 2, "epochs": 1}
    record = execute(protocols.get("mnist"), out=tmp_path, target="numpy", parameters=small)
    assert record.array("weights_inputs2_edges").shape == (81,)
    assert metrics(record)["hidden_spikes_per_sample"] > 0
    answered = record.array("confusion").sum() / 10
    assert metrics(record)["no_answer"] == pytest.approx(1 - answered), "who is not answered is confused with nobody"
    assert any("steps=20, first_taught=10" in note for note in record.notes), "an answer takes steps in each layer"


def test_one_hop_leaves_the_lower_hidden_layer_alone(tmp_path):
    small = {"train_samples": 30, "validation_samples": 10, "test_samples": 10, "hidden": 20, "depth": 2, "epochs": 1}
    own = {"learning": "bit", "cascade": False, "emission_noise": 0.5, "emission_loss": 0.2, "weight_scale": 3}
    record = execute(protocols.get("mnist"), out=tmp_path, target="numpy", parameters={**small, **own})
    for name, changes in (("inputs", False), ("inputs2", True)):
        before, after = (record.array(f"weights_{name}_{when}") for when in ("before", "after"))
        assert np.any(before != after) == changes, name
    assert any("OneHop()" in note and "noise=0.5, loss=0.2" in note for note in record.notes)
    assert record.array("weights_inputs_edges")[-1] > 2.5 * np.sqrt(6 / (784 + 20))
