"""What a run is made of: records, checkpoints and cells of a sweep count only where data, code and settings agree."""

import json

import numpy as np
import pytest

from sbp_brian import identity
from sbp_brian.errors import CheckpointError
from sbp_brian.experiments import made_of, records
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.protocol import Parameter, Protocol, Source
from sbp_brian.training.batches import NumpyTraining, Patterns

DATA = {"here": np.arange(6.0)}


def run(context):
    context.uses("numbers", DATA["here"], what=f"numbers up to {DATA['here'].max():g}")
    (context.folder / "checkpoint").write_text("half")
    if context.parameters.stop:
        raise KeyboardInterrupt
    context.metric("sum", float(DATA["here"].sum()))


def protocol(**more):
    parameters = {"rate": Parameter(1.0), "stop": Parameter(False), **more}
    return Protocol(name="summed", title="A sum", source=Source("Nobody"), run=run, parameters=parameters)


@pytest.fixture
def other_numbers(monkeypatch):
    def change():
        monkeypatch.setitem(DATA, "here", np.arange(7.0))

    return change


def made(tmp_path, **how):
    said = []
    return execute(protocol(), out=tmp_path, say=said.append, **{"target": "numpy", **how}), said


def test_a_record_says_what_it_was_made_of(tmp_path):
    record, said = made(tmp_path, seed=4, parameters={"rate": 2.0})
    again = records.read(record.folder).identity
    assert again == record.identity
    assert said == []
    assert again["parameters"] == {"rate": {"value": 2.0, "unit": ""}}
    assert (again["protocol"], again["target"], again["seed"]) == ("summed", "numpy", 4)
    numbers = again["data"]["numbers"]
    assert numbers == {"what": "numbers up to 5", "digest": identity.digest(np.arange(6.0))}
    assert again["versions"]["brian2"]
    assert again["code"] == identity.code_of(protocol())
    assert {"digest", "commit"} <= set(again)


def test_a_new_parameter_with_its_default_changes_nothing(tmp_path):
    first, _ = made(tmp_path)
    wider = protocol(extra=Parameter(3))
    second = execute(wider, out=tmp_path, target="numpy", say=lambda text: None)
    assert first.identity["digest"] == second.identity["digest"]
    assert first.folder == second.folder
    third = execute(wider, out=tmp_path, target="numpy", parameters={"extra": 4}, say=lambda text: None)
    assert third.identity["digest"] != first.identity["digest"]
    assert third.folder != first.folder


def test_replacing_a_record_is_said_with_what_differs(tmp_path, other_numbers):
    made(tmp_path)
    _, said = made(tmp_path)
    assert said[0].startswith("replaces the record of this command of 20")
    assert said[0].endswith("made with the same data and code")
    other_numbers()
    record, said = made(tmp_path)
    assert said[0].endswith("made with other data (numbers: numbers up to 5 instead of numbers up to 6)")
    file = record.folder / "record.json"
    content = json.loads(file.read_text())
    del content["identity"], content["digests"]
    file.write_text(json.dumps(content))
    assert records.read(record.folder).identity == {}
    assert made(tmp_path)[1][0].endswith("made with unknown data and code")


def test_an_interrupted_run_of_other_data_or_code_is_not_gone_on_with(tmp_path, other_numbers, monkeypatch):
    how = {"parameters": {"stop": True}}
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, **how)
    with pytest.raises(KeyboardInterrupt):  # the same again: goes on
        made(tmp_path, **how)
    with monkeypatch.context() as patch:
        patch.setattr(identity, "code_of", lambda protocol: "0123456789abcdef")
        with pytest.raises(CheckpointError, match=r"an interrupted run .* made with other code .*--fresh.*--take-over"):
            made(tmp_path, **how)
        with pytest.raises(KeyboardInterrupt):
            made(tmp_path, take_over=True, **how)
        with pytest.raises(KeyboardInterrupt):
            made(tmp_path, **how)  # it was taken over
    with pytest.raises(CheckpointError, match="other code"):
        made(tmp_path, **how)
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, fresh=True, **how)
    other_numbers()
    with pytest.raises(CheckpointError, match=r"other data \(numbers: numbers up to 5 instead of numbers up to 6\)"):
        made(tmp_path, **how)


def test_samples_of_ones_own_are_told_by_the_training(tmp_path):
    def trained(context):
        x = context.parameters.rate * np.eye(4)
        rows = np.arange(2), np.array([2]), np.array([3])
        from sbp_brian.models.artificial.perceptron import SBPPerceptron

        NumpyTraining(SBPPerceptron((4, 3, 4)), Patterns(x, np.eye(4), *rows), context.folder)

    own = Protocol("own", "Own samples", Source("Nobody"), {"rate": Parameter(1.0)}, trained)
    first, second = (execute(own, out=tmp_path, target="numpy", parameters={"rate": r}) for r in (1.0, 0.5))
    assert first.identity["data"].keys() == {"samples"}
    assert first.identity["data"] != second.identity["data"]


def test_the_commit_is_told_and_not_compared(tmp_path):
    record, _ = made(tmp_path)
    assert made_of.other({**record.identity, "commit": "another"}, record.identity) == ""
    assert made_of.other({}, record.identity) == "it does not say of which data and code it is"
