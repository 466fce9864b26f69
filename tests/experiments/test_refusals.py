"""Parameters, protocols, records and folders that are refused, and what an experiment's modules say of themselves."""

import json
import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sbp_brian import recipes
from sbp_brian.errors import ParameterError, RecordError, SettingError
from sbp_brian.experiments import building, made_of, records, run_folder, verifying
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.gathering import gather
from sbp_brian.experiments.parameters import Parameter
from sbp_brian.experiments.protocol import Context, Protocol, Source
from sbp_brian.experiments.sweep import Sweep
from tests.helpers import made_records
from tests.helpers.refusals import said


def protocol(run=lambda context: None, parameters=None, **more):
    return Protocol("own", "Own", Source("Nobody"), parameters or {}, run, **more)


def done(folder, run, parameters=None, **how):
    """The record of a run."""
    return execute(protocol(run, parameters), target="numpy", out=folder, say=lambda text: None, **how)


# parameters


@pytest.mark.parametrize(
    ("parameter", "value", "told"),
    [
        (Parameter((1, 2)), (), "x is empty; give at least one value, e.g. 1,2"),
        (Parameter("a"), 3, "x must be a text, not 3"),
        (Parameter(True), 3, "x must be true or false, not 3"),
        (Parameter(1.0), True, "x must be a number, not True"),
        (Parameter(1.0), 1j, "x must be a number, not 1j"),
        (Parameter(1, choices=(1, 2)), 3, "x must be one of 1, 2, not 3"),
    ],
)
def test_values_that_a_parameter_cannot_have_are_refused(parameter, value, told):
    assert said(ParameterError, lambda: parameter.check("x", value)) == told


def test_texts_are_understood_in_tuples_too():
    assert Parameter(("a", "b")).parse("x", "c, d") == ("c", "d")
    assert Parameter((1.0, 2.0), unit="ms").parse("x", "3, 4 s") == pytest.approx((3.0, 4000.0))


def test_defaults_of_other_kinds_are_refused():
    told = said(SettingError, lambda: Parameter({"a": 1}))
    assert told == "a parameter's default must be a bool, number, text or tuple of them, not {'a': 1}"


def test_parameters_show_themselves_and_have_no_hidden_names():
    values = protocol(parameters={"rate": Parameter(2.0, unit="Hz"), "ways": Parameter(("a", "b"))}).resolve()
    assert repr(values) == "Parameters(rate=2.0 Hz, ways=a,b)"
    assert not hasattr(values, "_ways")
    assert said(AttributeError, lambda: values.way).startswith("unknown parameter 'way'; did you mean 'ways'?")


# protocols


def test_protocols_of_other_kinds_are_refused():
    told = said(SettingError, lambda: protocol(kind="chemistry"))
    assert told == "own: kind must be 'biology' or 'benchmark', not 'chemistry'"


def test_only_what_a_protocol_simulates_can_be_built():
    told = said(SettingError, lambda: building.simulations_of(protocol(targets=("numpy",)), "cpp"))
    assert told == "own does not run on target 'cpp': numpy"
    told = said(SettingError, lambda: building.simulations_of(protocol(), "cpp"))
    assert told.startswith("own simulates no Brian2 network with these parameters")


def test_a_project_is_copied_without_what_is_the_caches_own(tmp_path):
    folder, arrays = tmp_path / "programs" / "key", tmp_path / "networks" / "key"
    for place, names in ((folder, ("main", "main.cpp", building.SEAL)), (arrays, ("weights",))):
        place.mkdir(parents=True)
        for name in names:
            (place / name).write_text(name)
    latest = SimpleNamespace(program=folder / "main", arrays=arrays)
    manifest = {"cost": [1], "serial": {"a": ["v"]}}
    backend = SimpleNamespace(latest=latest, cached=True, manifest=manifest)
    built = building.build(SimpleNamespace(name="one", _backend=backend, build=lambda: None), tmp_path / "out", print)
    assert (built.name, built.folder, built.compiled) == ("one", tmp_path / "out", False)
    assert (built.cost, built.serial) == ([1], {"a": ["v"]})
    assert backend.compiling is print
    copied = sorted(str(path.relative_to(built.folder)) for path in built.folder.rglob("*") if path.is_file())
    assert copied == ["main", "main.cpp", "static_arrays/weights"]


def test_a_remark_is_noted_once(tmp_path):
    context = Context(protocol().resolve(), "numpy", 0, tmp_path)
    for text in ("one", "two", "one"):
        context.note(text)
    assert context.notes == ["one", "two"]


def test_a_recipe_that_no_protocol_makes_has_its_command():
    assert recipes.get("rate-ceiling").line() == recipes.get("rate-ceiling").command
    assert recipes.get("mnist").line().startswith("sbp run mnist ")


# sweeps


def test_runs_that_lack_a_metric_or_a_curve_leave_gaps(tmp_path):
    def run(context):
        n = context.parameters.n
        context.metric("score", float("nan") if n == 2 else float(n))
        if n < 3:
            context.array("loss_by_epoch", np.arange(n, dtype=float))

    own = protocol(run, {"n": Parameter(1)})
    sweep = Sweep(own, {"n": "1,2,3"}, range(1), target="numpy")
    for n in (1, 2, 3):
        execute(own, target="numpy", out=tmp_path, parameters={"n": n}, say=lambda text: None)
    found = gather(sweep, tmp_path, 1.0).arrays
    assert np.array_equal(found["score"].ravel(), [1, np.nan, 3], equal_nan=True)
    curves = [[0, np.nan], [0, 1], [np.nan, np.nan]]
    assert np.array_equal(found["loss_by_epoch"].reshape(3, 2), curves, equal_nan=True)


# records


def test_what_is_no_folder_is_refused(tmp_path):
    assert said(RecordError, lambda: records.find(3)) == "folder must be the path of a folder of records, not 3"
    record = made_records.run(tmp_path / "records")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RecordError, match="it is a file"):
        records.write(record, tmp_path / "file", record.arrays)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_record_without_a_folder_has_no_arrays(tmp_path):
    record = made_records.run(tmp_path)
    assert set(record.arrays) > {"epoch"}
    assert replace(record, folder=None).arrays == {}


def test_arrays_and_numbers_of_numpy_are_kept_as_plain_ones(tmp_path):
    record = made_records.run(tmp_path)
    record = replace(record, machine={"loads": np.array([[1.5, np.nan]]), "cores": np.int64(2)})
    folder = records.write(record, tmp_path / "again", record.arrays)
    assert json.loads((folder / "record.json").read_text())["machine"] == {"loads": [[1.5, None]], "cores": 2}


@pytest.mark.parametrize("how", ["git fails", "no checkout"])
def test_without_a_checkout_there_is_no_commit(how, tmp_path, monkeypatch):
    def fail(*command, **how):
        raise OSError(2, "No such file or directory: 'git'")

    if how == "git fails":
        monkeypatch.setattr(made_of.subprocess, "run", fail)
    else:
        monkeypatch.setattr(made_of, "__file__", str(tmp_path / "sbp_brian" / "experiments" / "made_of.py"))
    assert made_of.commit.__wrapped__() is None


# folders of runs


def test_a_folder_that_cannot_be_written_or_made_is_refused(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, how: False)
        told = said(RecordError, lambda: done(tmp_path / "out", lambda context: None))
    assert told == f"{tmp_path}/out/own is not writable; change its permissions or give another --out"

    def full(path):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(run_folder.shutil, "disk_usage", full)
        told = said(RecordError, lambda: done(tmp_path / "out", lambda context: None))
    assert told == f"cannot make {tmp_path}/out/own: Input/output error; give another --out"
    monkeypatch.setattr(run_folder, "recover", full)
    told = said(RecordError, lambda: done(tmp_path / "out", lambda context: None))
    assert "Input/output error; give another --out" in told
    monkeypatch.undo()
    assert done(tmp_path / "out", lambda context: context.metric("n", 1.0)).metrics, "its lock is free"


def test_folders_that_another_run_has_come_into_stay(tmp_path):
    def run(context):
        (tmp_path / "deep" / "other").mkdir()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        done(tmp_path / "deep" / "out", run)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["other"]


# records that are run again


def kept(folder, **arrays_and_metrics):
    """A record with these metrics (numbers) and arrays."""

    def run(context):
        for name, value in arrays_and_metrics.items():
            if isinstance(value, np.ndarray):
                context.array(name, value)
            else:
                context.metric(name, value)

    return done(folder, run)


def test_what_only_one_of_two_records_has_is_said(tmp_path):
    before = kept(tmp_path / "a", score=1.0, old=2.0, w=np.arange(3), u=np.arange(2), names=np.array(["a", "b"]))
    after = kept(tmp_path / "b", score=1.0, new=2.0, w=np.arange(4), v=np.arange(2), names=np.array(["a", "c"]))
    assert sorted(verifying.differences(before, after)) == [
        "array names: 1 of 2 entries differ",
        "array u: only in the record",
        "array v: only in the new run",
        "array w: shape (3,) in the record, (4,) now",
        "new: only in the new run",
        "old: only in the record",
    ]
    assert verifying.differences(before, before) == []


def test_what_the_others_depend_on_is_given_first(tmp_path):
    own = protocol(parameters={"model": Parameter("a", choices=("a", "b")), "rate": Parameter(1.0)})
    record = made_records.run(tmp_path, model="b", rate=2.0)
    given, ignored = verifying.given_of(record, own)
    assert given == {"model": "b", "rate": 2.0}
    assert "rate" not in ignored
    assert "depth" in ignored
    # a model that is no more: its parameters are held to those of the usual one, and the run refuses it
    record = made_records.run(tmp_path, model="c", rate=1.0)
    given, _ = verifying.given_of(record, own)
    assert given == {"model": "c"}


def test_a_record_that_does_not_say_what_it_was_made_with_is_told(tmp_path):
    record = kept(tmp_path, score=1.0)
    bare = replace(record, identity={})
    told = "the record does not say which data and code it was made with"
    assert verifying._circumstances(bare, record) == [told]
    assert verifying._circumstances(bare, bare) == []
    assert verifying._circumstances(record, record) == []
