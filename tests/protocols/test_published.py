"""The released model through the protocols: measures, arms, refusals."""

import pytest

from sbp_brian import protocols
from sbp_brian.errors import ParameterError
from sbp_brian.experiments.executing import execute
from tests.helpers.data_sets import need


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    need("nettalk")
    return execute(
        protocols.get("nettalk"),
        out=tmp_path_factory.mktemp("out"),
        parameters={
            "model": "sbp_published",
            "learning": "sbp-released",
            "hidden": 20,
            "train_samples": 1500,
            "epochs": 2,
            "test_each_epoch": True,
            "hold_out": False,
        },
    )


@pytest.mark.slow
def test_nettalk_by_the_released_model(record):
    values = {row["name"]: row["value"] for row in record.metrics}
    table = next(table for table in record.tables if table["name"].startswith("predictors"))
    floor = {row[0]: row[1] for row in table["rows"]}
    assert floor["mean target"] == pytest.approx(0.4525, abs=1e-4)
    assert values["test_cosine"] > 0.6 > floor["mean target"]
    assert 0 < values["test_cosine_unseen"] < 1
    assert values["best_test_cosine"] >= values["test_cosine"]
    assert values["train_samples"] == 1500
    paper = next(row for row in record.metrics if row["name"] == "test_cosine")
    assert paper["paper_value"] == 0.8558
    assert "best epoch on the test set" in paper["provenance"]
    assert "validation_cosine" not in values  # nothing was held out
    assert any("NETtalk (corpus), test split: 500 windows" in note for note in record.notes)


@pytest.mark.parametrize(("protocol", "arm"), [("mnist", "weighted/activity"), ("nettalk", "weighted/activity")])
def test_arms_of_other_models_are_refused(protocol, arm, tmp_path):
    with pytest.raises(ParameterError, match=f"learning={arm} is none of model=sbp_published, which has sbp-released"):
        execute(protocols.get(protocol), out=tmp_path, parameters={"model": "sbp_published", "learning": arm})


def test_cells_with_a_lif_phase_remember_from_epoch_to_epoch_and_are_tested(tmp_path):
    """What they remember has units; it goes through checkpoints, which hold numbers."""
    small = {"hidden": 4, "train_samples": 4, "validation_samples": 2, "test_samples": 3, "epochs": 2, "batch": 2}
    parameters = {"model": "sbp_published", "lif": True, **small}
    record = execute(protocols.get("mnist"), out=tmp_path, target="numpy", parameters=parameters)
    values = {row["name"]: row["value"] for row in record.metrics}
    assert values["epochs"] == 2
    assert values["hidden1_spikes_per_sample"] >= 0
