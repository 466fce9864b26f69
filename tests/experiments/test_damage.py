"""Damaged records, each named in one line by whatever reads it; links; what killed processes leave."""

import io
import json
import os
import re
import zipfile

import numpy as np
import pytest

from sbp_brian import protocols
from sbp_brian.errors import RecordError
from sbp_brian.experiments import records
from sbp_brian.experiments.executing import execute
from tests.helpers.commands import DEMO, refused, sbp


def run(out, take_over=False, **parameters):
    return execute(
        protocols.get(DEMO),
        target="numpy",
        out=out,
        parameters=parameters,
        take_over=take_over,
        say=lambda text: None,
    )


@pytest.fixture
def record(tmp_path):
    return run(tmp_path / "out", pairs=4)


def edited(change, digests=False):
    """A change of the content of record.json, in a record without digests unless they are to stay."""

    def damage(folder):
        content = json.loads((folder / "record.json").read_text())
        if not digests:
            del content["digests"]
        change(content)
        (folder / "record.json").write_text(json.dumps(content))

    return damage


CHANGES = {
    "a digit": edited(lambda c: c["metrics"][0].update(value=0.53), digests=True),
    "a verdict": edited(lambda c: c["metrics"][1].update(verdict="within"), digests=True),
    "a verdict that there is not": edited(lambda c: c["metrics"][1].update(verdict="good")),
    "no verdict": edited(lambda c: c["metrics"][1].pop("verdict")),
    "no name": edited(lambda c: c["metrics"][0].pop("name")),
    "a metric that is none": edited(lambda c: c["metrics"].append(3)),
    "metrics of another kind": edited(lambda c: c.update(metrics="many")),
    "a value that is a text": edited(lambda c: c["metrics"][0].update(value="0.43")),
    "a band that is a number": edited(lambda c: c["metrics"][0].update(band=3)),
    "no source": edited(lambda c: c["source"].pop("doi")),
    "a parameter without value": edited(lambda c: c["parameters"].update(pairs={})),
    "a parameter of another kind": edited(lambda c: c["parameters"].update(pairs=4)),
    "a table without rows": edited(lambda c: c["tables"][0].pop("rows")),
    "no time": edited(lambda c: c.update(timing=None)),
    "a date that is none": edited(lambda c: c.update(started=7)),
    "an unknown field": edited(lambda c: c.update(weather="fine")),
    "no protocol": edited(lambda c: c.pop("protocol")),
    "a format that is a text": edited(lambda c: c.update(format="two")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_wrong_with_a_record_is_told_with_its_file(name, record):
    CHANGES[name](record.folder)
    told = refused("verify", record.folder, code=1)
    assert f"{record.folder / 'record.json'} is damaged (" in told
    assert "run the protocol again" in told


@pytest.mark.parametrize("command", ["report OUT", "verify OUT/demo/RUN", "figures --records OUT"])
def test_every_command_that_reads_records_tells_it(command, record, tmp_path):
    CHANGES["no verdict"](record.folder)
    words = command.replace("OUT", str(tmp_path / "out")).replace("RUN", record.run).split()
    assert f"{record.folder / 'record.json'} is damaged (" in refused(*words, code=1)


def cut(content):
    return content[: len(content) // 2]


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def others(content):
    """Arrays that are whole, and not those of this record."""
    file = io.BytesIO()
    np.savez_compressed(file, window=np.zeros(4))
    return file.getvalue()


def emptied(content):
    return b""


WITHOUT = ((change, False) for change in (cut, flipped, emptied))  # nothing tells others from its own there


@pytest.mark.parametrize(("change", "digests"), [*((c, True) for c in (cut, flipped, emptied, others)), *WITHOUT])
def test_arrays_that_are_not_those_written_are_told_with_their_file(change, digests, record):
    if not digests:
        edited(lambda content: None)(record.folder)
    file = record.folder / "arrays.npz"
    content = change(file.read_bytes())
    file.write_bytes(content)
    assert f"{file} is damaged (" in refused("verify", record.folder, "--protocol", DEMO, code=1)


def hostile(kind):
    """An arrays.npz that makes numpy or zipfile fail in a way of its own."""
    header = b"\x93NUMPY\x01\x00"
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }"
    huge = header + (len(text) + 1).to_bytes(2, "little") + text + b"\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("window.npy", huge if kind == "huge" else header)
    content = file.getvalue()
    if kind == "encrypted":
        content = content.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")
    if kind == "an array alone":
        plain = io.BytesIO()
        np.save(plain, np.zeros(3))
        content = plain.getvalue()
    if kind == "objects":
        plain = io.BytesIO()
        np.savez(plain, window=np.array([{}], dtype=object))
        content = plain.getvalue()
    if kind == "compressed badly":
        packed = io.BytesIO()
        np.savez_compressed(packed, window=np.arange(1000.0))
        content = packed.getvalue()
        content = content[:60] + bytes(100) + content[160:]
    return content


@pytest.mark.parametrize("kind", ["huge", "header", "encrypted", "an array alone", "objects", "compressed badly"])
def test_hostile_arrays_are_told_with_their_file(kind, record):
    edited(lambda content: None)(record.folder)
    (record.folder / "arrays.npz").write_bytes(hostile(kind))
    with pytest.raises(RecordError, match=rf"{re.escape(str(record.folder))}/arrays.npz is damaged \(") as told:
        _ = records.read(record.folder).arrays
    assert "\n" not in str(told.value)
    assert not isinstance(told.value.__cause__, RecordError)


def test_a_sweep_does_not_take_over_what_was_changed(tmp_path):
    args = ("sweep", DEMO, "-s", "pairs=3,4", "--out", tmp_path, "--target", "numpy", "--workers", 2)
    assert sbp(*args).exit_code == 0
    [first, second] = [r for r in records.find(tmp_path) if r.protocol == "demo"]
    CHANGES["a digit"](first.folder)
    (second.folder / "arrays.npz").write_bytes(others(b""))
    result = sbp(*args)
    assert "2 runs, 0 of them done before" in result.stderr
    assert "2 earlier records are not taken over, their runs are done anew: damaged" in result.stderr
    assert result.exit_code == 0
    assert sbp(*args).stderr.startswith("2 runs, 2 of them done before")


def test_a_record_may_lie_behind_links(tmp_path):
    elsewhere = tmp_path / "other disk"
    elsewhere.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "demo").symlink_to(elsewhere)  # the protocol's folder
    record = run(out, pairs=4)
    assert records.find(out) == [record]
    place = elsewhere / record.run
    moved = tmp_path / "moved"
    place.rename(moved)
    place.symlink_to(moved)  # the run's own folder
    for _ in range(3):
        again = run(out, pairs=4)
        assert place.is_symlink()
        assert records.read(moved) == records.read(again.folder) == again
    assert [p.name for p in elsewhere.iterdir() if not p.name.endswith(".lock")] == [record.run]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["moved", "other disk", "out"]
    for file in moved.iterdir():
        file.unlink()
    moved.rmdir()
    assert records.read(run(out, pairs=4).folder).folder.is_symlink()  # its end was gone
    assert moved.is_dir()


def test_a_linked_work_folder_is_cleared_with_its_end(tmp_path, record):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (scratch / "checkpoint").write_text("epoch 0")
    work = record.folder.parent / f".{record.run}.work"
    work.symlink_to(scratch)
    assert run(tmp_path / "out", take_over=True, pairs=4).timing["resumed"] is True
    assert not os.path.lexists(work)
    assert not scratch.exists()


def test_leftovers_of_killed_processes_do_no_harm_and_go(tmp_path, record):
    beside = record.folder.parent
    for left in (f".{record.run}.{os.getpid()}.new", f".{record.run}.12ab34cd.new"):
        (beside / left).mkdir()
        (beside / left / "arrays.npz").write_bytes(b"cut")
    (beside / ".another-seed0-00000000.1.new").mkdir()  # of another run, which may be going on
    again = run(tmp_path / "out", pairs=4)
    assert again.folder == record.folder
    assert sorted(p.name for p in beside.iterdir() if p.name.endswith(".new")) == [".another-seed0-00000000.1.new"]


def test_an_interrupted_replacement_leaves_the_earlier_record(record, tmp_path, monkeypatch):
    from pathlib import Path

    rename = Path.rename

    def interrupted(self, to):
        if self.name.endswith(".new"):
            raise KeyboardInterrupt
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", pairs=4)
    monkeypatch.undo()
    assert records.read(record.folder) == record
