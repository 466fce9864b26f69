"""Records: written whole or not at all, read back as they were, safe against a full disk."""

import csv
import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from sbp_brian import protocols
from sbp_brian.errors import RecordError
from sbp_brian.experiments import records
from sbp_brian.experiments.executing import execute

OLD = Path(__file__).parent / "format_1"  # records of commit 194a7a6, with fewer parameters, metrics and arrays
DEMO = protocols.get(str(Path(__file__).parents[1] / "helpers" / "demo_experiment.py"))


@pytest.fixture
def record(tmp_path):
    return execute(DEMO, target="numpy", seed=3, out=tmp_path / "out", parameters={"pairs": 4})


def test_what_is_read_is_what_was_written(record, tmp_path):
    again = records.read(record.folder)
    assert again == record
    assert again.folder == tmp_path / "out" / "demo" / record.run
    assert record.run.startswith("numpy-seed3-")
    assert np.array_equal(again.array("window"), np.linspace(-0.3, 0.7, 4))
    assert again.parameters["delay"] == {"value": 10.0, "unit": "ms"}
    assert again.metric("A->B")["verdict"] == "within"
    assert {"sbp_brian", "brian2", "numpy", "python"} <= set(again.versions)
    assert again.started.endswith("+00:00")
    assert again.timing == record.timing
    assert again.timing["samples_per_s"] == 6650
    assert sorted(p.name for p in record.folder.iterdir()) == ["arrays.npz", "record.json"]
    with pytest.raises(RecordError, match="unknown array 'windw'; did you mean 'window'"):
        again.array("windw")
    with pytest.raises(RecordError, match="unknown metric"):
        again.metric("Z->Z")


def test_the_text_holds_every_promised_field_and_no_path_or_host(record, tmp_path):
    text = (record.folder / "record.json").read_text()
    content = json.loads(text)
    assert {
        "protocol",
        "source",
        "parameters",
        "target",
        "seed",
        "versions",
        "machine",
        "started",
        "timing",
        "metrics",
    } <= set(content)
    for row in content["metrics"]:
        assert {"name", "value", "unit", "spread", "n", "paper_value", "provenance", "band", "verdict"} <= set(row)
        assert row["spread_kind"] == ("sd" if row["name"] == "A->B" else None)
    assert content["source"]["doi"] == "10.1000/demo"
    assert {"cores", "memory_gib"} <= set(content["machine"])
    assert str(tmp_path) not in text
    assert os.uname().nodename not in text


def test_not_a_number_becomes_null(tmp_path):
    record = execute(DEMO, out=tmp_path, parameters={"outcome": "nan"})
    text = (record.folder / "record.json").read_text()
    assert "NaN" not in text
    assert records.read(record.folder).metric("test_accuracy")["value"] is None


def test_other_parameters_have_another_folder(record, tmp_path):
    other = execute(DEMO, target="numpy", seed=3, out=tmp_path / "out", parameters={"pairs": 5})
    assert other.folder != record.folder
    assert len(records.find(tmp_path / "out")) == 2
    assert records.latest(records.find(tmp_path / "out"), "demo", pairs=4).run == record.run
    assert records.latest(records.find(tmp_path / "out"), "demo", pairs=4, target="cpp") is None


def test_a_second_run_of_the_same_command_replaces_the_first(record, tmp_path):
    execute(DEMO, target="numpy", seed=3, out=tmp_path / "out", parameters={"pairs": 4})
    assert len(records.find(tmp_path / "out", "demo")) == 1
    assert [p.name for p in record.folder.parent.iterdir() if not p.name.endswith(".lock")] == [record.folder.name]


@pytest.mark.parametrize("failing", ["arrays", "json", "rename"])
def test_a_full_disk_leaves_earlier_records_whole(record, tmp_path, monkeypatch, failing):
    before = {p.name: p.read_bytes() for p in record.folder.iterdir()}

    def full(*args, **kwds):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if failing == "arrays":
        monkeypatch.setattr(np, "savez_compressed", full)
    elif failing == "json":
        monkeypatch.setattr(records.Record, "to_json", full)
    else:
        rename = Path.rename
        monkeypatch.setattr(Path, "rename", lambda self, to: full() if self.name.endswith(".new") else rename(self, to))
    with pytest.raises(RecordError, match="No space left on device; make room") as refused:
        execute(DEMO, target="numpy", seed=3, out=tmp_path / "out", parameters={"pairs": 4})
    assert "\n" not in str(refused.value)
    assert {p.name: p.read_bytes() for p in record.folder.iterdir()} == before
    monkeypatch.undo()
    assert not list(record.folder.parent.glob("*.new"))
    assert len(records.find(tmp_path / "out")) == 1
    # what the run had done is still there, and the same command succeeds once there is room
    again = execute(DEMO, target="numpy", seed=3, out=tmp_path / "out", parameters={"pairs": 4})
    assert again.timing["resumed"] is True


def test_a_replacement_cut_in_two_is_undone_by_the_next_run(record, tmp_path):
    record.folder.rename(record.folder.parent / f".{record.folder.name}.earlier")  # as a crash would leave it
    records.recover(record.folder)
    assert records.read(record.folder) == record


def test_a_path_that_is_a_file_is_refused_before_the_run(tmp_path):
    (tmp_path / "file").write_text("mine")
    called = []
    protocol = protocols.Protocol("demo", "t", protocols.Source("x"), {}, called.append)
    for out in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(RecordError, match="is a file, not a folder"):
            execute(protocol, out=out)
    assert not called
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_is_refused_before_the_run(tmp_path, monkeypatch):
    import shutil

    used = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: used._replace(free=2**20))
    with pytest.raises(RecordError, match="1 MiB left, a run needs 50"):
        execute(DEMO, out=tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("record.json", b"{"),
        ("record.json", b"[]"),
        ("record.json", b'{"format": 1}'),
        ("arrays.npz", b"PK\x03\x04 cut"),
        ("arrays.npz", b""),
    ],
)
def test_damaged_records_are_named_with_the_remedy(record, name, content):
    (record.folder / name).write_bytes(content)
    with pytest.raises(RecordError, match=f"{name} is damaged .*remove .* and run the protocol again") as refused:
        records.read(record.folder).array("window")
    assert "\n" not in str(refused.value)


def test_a_record_of_a_later_format_is_refused(record):
    path = record.folder / "record.json"
    path.write_text(path.read_text().replace(f'"format": {records.FORMAT}', '"format": 99'))
    with pytest.raises(RecordError, match="format 99"):
        records.read(record.folder)


def test_a_record_of_format_1_is_read_with_todays_names():
    record = records.read(OLD / "mnist-stdbp")
    assert {name: described["value"] for name, described in record.parameters.items()} == {
        "model": "stdbp",
        "learning": "own",
        "epochs": 1,
        "hidden": None,
        "rate_hidden": None,
        "decay": 0.75,
        "learning_share": 1.0,
        "drop_input": None,
        "average": None,
        "step": 0.25,
        "train_samples": 2000,
    }
    row = record.metric("test_accuracy")
    assert row["n"] == 10_000
    assert row["spread"] == pytest.approx((row["value"] * (1 - row["value"]) / 10_000) ** 0.5)
    assert row["spread_kind"] is None, "an old record does not say which spread it is"
    assert record.array("epoch").tolist() == [1]


def test_the_released_model_has_its_lambda_f_by_that_name(tmp_path):
    content = json.loads((OLD / "mnist-stdbp" / "record.json").read_text())
    content["parameters"] |= {
        "model": {"value": "sbp_published", "unit": ""},
        "lambda_f": {"value": 1.0, "unit": ""},
        "released_lambda_f": {"value": 0.2, "unit": ""},
        "step": {"value": 0.0, "unit": "ms"},
    }
    (tmp_path / "record.json").write_text(json.dumps(content))
    parameters = records.read(tmp_path).parameters
    assert parameters["lambda_f"]["value"] == 0.2
    assert "released_lambda_f" not in parameters
    assert parameters["step"]["value"] is None


def test_old_records_lie_beside_new_ones(record, tmp_path):
    import shutil

    shutil.copytree(OLD, tmp_path / "out", dirs_exist_ok=True)
    found = records.find(tmp_path / "out")
    assert [r.protocol for r in found] == ["demo", "mnist", "decolle-regression"]
    regression = found[-1]
    assert regression.parameters["learning"]["value"] == "local"
    assert regression.parameters["hidden"]["value"] == 128
    again = tmp_path / "again"
    records.write(regression, again, {"R2": regression.array("R2")})
    assert json.loads((again / "record.json").read_text())["format"] == records.FORMAT
    assert records.read(again) == regression


def test_find_refuses_what_is_no_folder(tmp_path):
    assert records.find(tmp_path) == []
    with pytest.raises(RecordError, match="is not there"):
        records.find(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="is a file"):
        records.find(tmp_path / "file")
    with pytest.raises(RecordError, match="holds no record"):
        records.read(tmp_path)


def test_tables_for_other_tools(record, tmp_path):
    frame = records.to_dataframe([record])
    assert list(frame["name"]) == ["A->B", "I->A", "test_accuracy"]
    assert frame.loc[0, "parameter.delay (ms)"] == 10.0
    path = records.to_csv([record], tmp_path / "out.csv")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows] == ["within", "pattern only", "no reference"]
    assert float(rows[0]["value"]) == 0.43


def test_only_plain_values_enter_a_record(record):
    record.notes.append(object())
    with pytest.raises(TypeError, match="a record cannot hold object"):
        record.to_json()
