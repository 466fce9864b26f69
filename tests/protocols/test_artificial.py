"""The protocols with artificial networks, small, from their parameters to the record."""

import numpy as np
import pytest

from sbp_brian import protocols
from sbp_brian.errors import ParameterError
from sbp_brian.experiments.executing import execute
from tests.helpers.data_sets import need

FEW = {"train_samples": 2000, "validation_samples": 300, "test_samples": 500, "hidden": 50, "epochs": 2}


def run(out, task="mnist", **parameters):
    return execute(protocols.get(task), out=out, target="numpy", parameters={**FEW, **parameters})


def value(record, name):
    return record.metric(name)["value"]


def test_the_perceptron_learns_digits_and_reports(tmp_path):
    record = run(tmp_path, model="sbp_perceptron", epochs=4)
    assert 0.78 < value(record, "test_accuracy") < 1
    assert record.metric("test_accuracy")["band"] is None, "a short run is not judged"
    assert len(record.array("validation_accuracy_by_epoch")) == 4
    assert record.array("confusion").sum() == 500
    assert value(record, "no_answer") == 0
    assert record.array("no_answer_by_epoch").tolist() == [0] * 4
    assert record.array("weights_W1_before").sum() == record.array("weights_W1_after").sum() == 784 * 50
    assert any("in numpy, whatever the target" in note for note in record.notes)
    frozen = run(tmp_path, model="sbp_perceptron", learning="frozen")
    np.testing.assert_array_equal(frozen.array("weights_W1_before"), frozen.array("weights_W1_after"))


def test_depth_and_share_reach_the_model(tmp_path):
    record = run(tmp_path, model="sbp_perceptron", learning="feedback-alignment", depth=3, learning_share=0.5, batch=50)
    assert "layers=(784, 50, 50, 50, 10)" in " ".join(record.notes)
    assert "learning_share=0.5" in " ".join(record.notes)


def test_the_spiking_perceptron_counts_its_spikes(tmp_path):
    record = run(tmp_path, model="sbp_spiking_perceptron", learning="weighted/activity", train_samples=1000)
    assert value(record, "test_accuracy") > 0.6
    assert 0 < value(record, "hidden_spikes_per_sample") < 20 * 50
    with pytest.raises(ParameterError, match="lambda_p means nothing to model=sbp_spiking"):
        run(tmp_path, model="sbp_spiking_perceptron", lambda_p=0.5)


def test_energy_based_models_learn(tmp_path):
    record = run(tmp_path, model="sbp_energy", learning="without-sbp", free_steps=6, nudged_steps=4, epochs=3)
    assert value(record, "test_accuracy") > 0.3
    assert value(record, "test_accuracy_from_zero") > 0.2
    assert "free_steps=6, nudged_steps=4" in " ".join(record.notes)
    record = run(tmp_path, model="rbm", epochs=4, rate_hidden=0.1)
    assert value(record, "test_accuracy") > 0.4
    with pytest.raises(ParameterError, match="learning_share means nothing to model=rbm"):
        run(tmp_path, model="rbm", learning_share=0.5)


def test_the_mean_the_nudge_and_lost_inputs_reach_the_training(tmp_path):
    settings = {"model": "sbp_energy", "beta": 0.3, "epsilon": 0.7, "running_mean": 0.99, "drop_input": 0.1}
    notes = " ".join(run(tmp_path, epochs=1, **settings).notes)
    for told in ("beta=0.3, epsilon=0.7", "drop_input=0.1", "a running mean of the weights that keeps 0.99"):
        assert told in notes
    with pytest.raises(ParameterError, match="drop_input means nothing to model=rbm"):
        run(tmp_path, model="rbm", drop_input=0.1)


def test_states_from_zero_and_displaced_images_reach_the_training(tmp_path):
    record = run(tmp_path, epochs=1, model="sbp_energy", persistent=False, free_steps=8, jitter=1)
    told = " ".join(record.notes)
    assert "persistent=False" in told
    assert "displaced by up to 1 pixels" in told
    assert not [m for m in record.metrics if m["name"] == "test_accuracy_from_zero"], "it is the same as the other"
    with pytest.raises(ParameterError, match="model=sbp_perceptron: unknown parameter 'jitter'"):
        execute(
            protocols.get("nettalk"),
            out=tmp_path,
            target="numpy",
            parameters={"model": "sbp_perceptron", "jitter": 1, "epochs": 1},
        )


def test_an_arm_of_another_model_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="learning=exact is none of model=sbp_perceptron, which has weighted/act"):
        run(tmp_path, model="sbp_perceptron", learning="exact")
    with pytest.raises(ParameterError, match="learning=feedback-alignment is none of model=sbp_network"):
        run(tmp_path, learning="feedback-alignment")


def test_nettalk_is_scored_in_both_ways(tmp_path):
    need("nettalk")
    record = execute(protocols.get("nettalk"), out=tmp_path, target="numpy", parameters={"hidden": 60, "epochs": 6})
    assert value(record, "test_cosine") > 0.8, "least squares reaches 0.81, a mean by letter 0.73"
    assert record.metric("test_cosine_unseen")["n"] == 415
    assert 0 < value(record, "test_first_maximum") < 1
    assert 0 < value(record, "validation_first_maximum") < 1
