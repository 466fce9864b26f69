"""Counted instructions: what a comparison says and refuses; the slow test holds programs to the baseline."""

import shutil

import pytest

from benchmarks import instructions
from benchmarks._common import ROOT, result
from benchmarks.instructions import MORE, counted, environment, main, slower

COMMITTED = ROOT / "recipes" / "results" / "instructions.json"


def baseline(path, where=None, **counts):
    cells = {name: {"instructions": count} for name, count in counts.items()}
    made = result("instructions", "", cells, environment=where or environment())
    path.write_text(made.to_json(), encoding="utf-8")
    return made


def test_a_program_that_takes_more_is_named(tmp_path, capsys):
    made = baseline(tmp_path / "then.json", circuit=1000.0, flagship=1000.0, gone=1.0)
    told = slower(made, {"circuit": 1000 * (1 + MORE), "flagship": 1000 * (1 + MORE) + 1, "new": 5.0})
    assert told == ["flagship takes 2.1% more"]
    assert "new" in capsys.readouterr().out


def test_a_comparison_ends_with_what_it_found(tmp_path, monkeypatch, capsys):
    baseline(tmp_path / "then.json", circuit=1000.0)
    for now, code in ((900.0, 0), (1000.0, 0), (1100.0, 1)):
        monkeypatch.setattr(instructions, "counted", lambda names, now=now: {"circuit": now})
        assert main(["--compare", str(tmp_path / "then.json")]) == code
    assert "circuit takes 10.0% more" in capsys.readouterr().out
    monkeypatch.setattr(instructions, "counted", lambda names: {"circuit": 1200.0})
    assert main(["--count", str(tmp_path / "now.json")]) == 0
    assert main(["--compare", str(tmp_path / "now.json")]) == 0


def test_what_cannot_be_compared_is_refused(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=r"there is no file .*none\.json: count a baseline first"):
        main(["--compare", str(tmp_path / "none.json")])
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(SystemExit, match=r"other.json is no baseline"):
        main(["--compare", str(tmp_path / "other.json")])
    baseline(tmp_path / "then.json", where="g++ 1.0", circuit=1.0)
    with pytest.raises(SystemExit, match=r"was counted with g\+\+ 1.0, here is .*: counts of the two do not compare"):
        main(["--compare", str(tmp_path / "then.json")])
    with pytest.raises(SystemExit, match="no folder there"):
        main(["--count", str(tmp_path / "no" / "folder.json")])
    with pytest.raises(SystemExit, match="there is no program 'circus'"):
        counted(["circus"])
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="valgrind was not found: install it"):
        counted()


@pytest.mark.slow
def test_no_program_takes_more_instructions_than_when_the_baseline_was_counted(tmp_path):
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed")
    if environment() not in COMMITTED.read_text(encoding="utf-8"):
        pytest.skip(f"the baseline is of another compiler or C library than {environment()}")
    assert main(["--compare", str(COMMITTED)]) == 0
