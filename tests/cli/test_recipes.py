"""``--recipe``, ``sbp list recipes`` and ``sbp verify``: what they run, say and refuse, with the demonstration."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from sbp_brian import recipes
from sbp_brian.experiments import records, results
from sbp_brian.experiments.recipes import parse
from tests.helpers.commands import DEMO, sbp


@pytest.fixture
def recipe(monkeypatch):
    """A recipe of the demonstration, and what it gives, as if they were committed."""
    text = f'title = "Demo"\nprotocol = "{DEMO}"\nseeds = [0, 1]\ntarget = "numpy"\n[parameters]\npairs = [5, 6]'
    made = parse("demo", text)
    number = results.Number(0.9812, n=2, sd=0.0, by_seed={"0": 0.9812, "1": 0.9812})
    cells = {cell.name: {"test_accuracy": number} for cell in made.cells}
    monkeypatch.setattr(recipes, "_all", lambda: {"demo": made})
    monkeypatch.setattr(recipes, "result", lambda name: results.Result(name, {"commit": "abc", "date": "today"}, cells))
    return cells


def test_a_recipe_is_run_and_held_to_what_was_committed(recipe, tmp_path):
    done = sbp("run", "--recipe", "demo", "-s", "pairs=6", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    [record] = records.find(tmp_path)
    assert (record.seed, record.target, record.parameters["pairs"]["value"]) == (0, "numpy", 6)
    assert "Beside the committed result (abc, today): 1 equal" in done.output
    done = sbp("run", "--recipe", "demo", "--seed", "1", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert {(r.seed, r.parameters["pairs"]["value"]) for r in records.find(tmp_path)} == {(0, 6), (1, 5)}


def test_a_recipe_without_a_result_is_run_and_held_to_nothing(monkeypatch, tmp_path):
    why = 'pending = "a run takes a night"'
    made = parse("demo", f'title = "Demo"\nprotocol = "{DEMO}"\nseeds = [0]\ntarget = "numpy"\n{why}')
    monkeypatch.setattr(recipes, "_all", lambda: {"demo": made})
    for command in ("run", "reproduce"):
        done = sbp(command, "--recipe", "demo", "--out", tmp_path / command)
        assert done.exit_code == 0, done.output
        assert "recipe demo has no committed result to compare with: a run takes a night" in done.output
        assert len(records.find(tmp_path / command)) == 1
        refused = sbp(command, "--recipe", "demo", "--out", tmp_path / "none", "--check")
        assert refused.exit_code == 1
        assert "no committed result to check against: a run takes a night; leave --check out" in refused.output
    assert not (tmp_path / "none").exists()
    assert "no result yet" in sbp("list", "recipes").output


def test_check_holds_a_recipe_to_what_was_committed_and_to_its_bands(recipe, tmp_path):
    asked = ("run", "--recipe", "demo", "-s", "pairs=6", "--out", tmp_path)
    assert sbp(*asked, "--check").exit_code == 0
    recipe["pairs=6"]["test_accuracy"] = results.Number(0.97, n=2, sd=0.0, by_seed={"0": 0.97, "1": 0.97})
    assert sbp(*asked).exit_code == 0
    done = sbp(*asked, "--check")
    assert done.exit_code == 1
    assert "Error: recipe demo: not what was committed: test_accuracy" in done.output


def test_check_of_a_reproduced_recipe_fails_outside_a_band(recipe, monkeypatch, tmp_path):
    own = tmp_path / "own.py"
    own.write_text(Path(DEMO).read_text().replace("band=(0.3, 0.6)", "band=(0.5, 0.6)"))
    made = parse("demo", f'title = "Demo"\nprotocol = "{own}"\nseeds = [0]\ntarget = "numpy"')
    recipe[""] = recipe.pop("pairs=5")
    del recipe["pairs=6"]
    monkeypatch.setattr(recipes, "_all", lambda: {"demo": made})
    asked = ("reproduce", "--recipe", "demo", "--out", tmp_path / "out")
    assert sbp(*asked).exit_code == 0
    done = sbp(*asked, "--check")
    assert done.exit_code == 1
    assert "1 of 2 values are outside their bands or against their patterns: demo A->B" in done.output


def test_all_of_a_recipe_is_reproduced(recipe, tmp_path):
    done = sbp("reproduce", "--recipe", "demo", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert len(records.find(tmp_path)) == 4
    assert "2 equal" in done.output
    recipe["pairs=5"]["test_accuracy"] = results.Number(0.97, n=2, sd=0.0, by_seed={"0": 0.97, "1": 0.97})
    done = sbp("reproduce", "--recipe", "demo", "--out", tmp_path)
    assert done.exit_code == 1
    assert "not reproduced: demo: test_accuracy differs" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run",), "name a PROTOCOL"),
        (("run", "--recipe", "mnist", "--quick"), "--recipe and --quick exclude one another"),
        (("run", "mnist", "--quick", "--full"), "--quick and --full exclude one another"),
        (("build", "mnist", "--full", "--quick"), "--full and --quick exclude one another"),
        (("reproduce", "--full", "--recipe", "mnist"), "--full and --recipe exclude one another"),
        (("run", "mnist", "--recipe", "mnist"), "both given"),
        (("run", "--recipe", "mnist-spars"), "did you mean 'mnist-sparse'"),
        (("run", "--recipe", "mnist", "-s", "epochs=2"), "fixes its parameters"),
        (("run", "--recipe", "rate-ceiling"), "python -m benchmarks.rate_ceiling"),
        (("reproduce", "--recipe", "stdbp-silent"), "stdbp-silent cannot be run any more: revive"),
        (("reproduce", "--recipe", "mnist", "--seed", "3"), "--seed is the recipe's own"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(arguments, message):
    done = sbp(*arguments)
    assert done.exit_code != 0
    assert message in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_a_recipe_needs_its_data(monkeypatch, tmp_path):
    monkeypatch.setattr(
        "sbp_brian.datasets.available", lambda: [("mnist", "embedded 5,000 digits", "'sbp data fetch'")]
    )
    done = sbp("run", "--recipe", "mnist", "--out", tmp_path)
    assert done.exit_code == 1
    assert "recipe mnist needs the data set mnist, which is not here" in done.output


def test_recipes_are_listed():
    done = sbp("list", "recipes")
    assert done.exit_code == 0
    assert all(name in done.output for name in recipes.names())


@pytest.fixture
def folder(tmp_path):
    done = sbp(
        "run", DEMO, "--target", "numpy", "--seed", 2, "-s", "pairs=7", "-s", "delay=20ms", "--out", tmp_path / "o"
    )
    assert done.exit_code == 0, done.output
    [record] = records.find(tmp_path / "o")
    return record.folder


def test_a_record_is_verified(folder, tmp_path):
    done = sbp("verify", folder, "--protocol", DEMO, "--out", tmp_path / "again")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == "equal: 3 metrics and 1 arrays of demo, numpy, seed 2"
    [again] = records.find(tmp_path / "again")
    assert (again.seed, again.target, again.parameters) == (2, "numpy", records.read(folder).parameters)


def test_what_differs_is_said(folder):
    path = folder / "record.json"
    content = json.loads(path.read_text())
    del content["digests"]  # as a record of before
    content["metrics"][0]["value"] = 0.4300001
    content["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(content))
    np.savez(folder / "arrays.npz", window=np.linspace(-0.3, 0.8, 7))
    done = sbp("verify", folder, "--protocol", DEMO)
    assert done.exit_code == 1
    assert "A->B: 0.4300001 in the record, 0.43 now" in done.output
    assert "array window: 6 of 7 entries differ, by up to 0.1" in done.output
    assert f"Note: numpy 1.0 in the record, {np.__version__} now" in done.output
    assert "2 differences in demo" in done.output


def test_a_record_that_cannot_be_verified_is_refused(folder, tmp_path):
    assert "name its file with --protocol" in sbp("verify", folder).output
    assert "defines 'demo'" not in sbp("verify", folder, "--protocol", DEMO).output
    assert "holds no record.json" in sbp("verify", tmp_path).output
    (folder / "arrays.npz").write_bytes(b"cut")
    assert "arrays.npz is damaged" in sbp("verify", folder, "--protocol", DEMO).output
    shutil.rmtree(folder)
    assert sbp("verify", folder).exit_code == 1


# what can be run, and what of it failed


def test_a_recipe_whose_data_are_here_is_run(recipe, monkeypatch, tmp_path):
    text = (
        f'title = "Demo"\nprotocol = "{DEMO}"\nseeds = [0]\ntarget = "numpy"\ndata = ["mnist"]\n[parameters]\npairs = 5'
    )
    made = parse("demo", text)
    recipe[made.cells[0].name] = recipe["pairs=5"]
    monkeypatch.setattr(recipes, "_all", lambda: {"demo": made})
    here = [("mnist", "/data/mnist", ""), ("nettalk", None, "'sbp data fetch nettalk'")]
    monkeypatch.setattr("sbp_brian.datasets.available", lambda: here)
    done = sbp("run", "--recipe", "demo", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert "1 equal" in done.output


def reproduced(monkeypatch, folder):
    """All runs of a recipe: the record in this folder, or failed where there is none."""

    def ran(jobs, workers):
        for job in jobs:
            job.folder, job.error = folder, "" if folder else "the cell died"

    monkeypatch.setattr("sbp_brian.cli.jobs.run_all", ran)


def test_a_recipe_of_which_every_run_failed_is_not_reproduced(recipe, monkeypatch, tmp_path):
    reproduced(monkeypatch, None)
    done = sbp("reproduce", "--recipe", "demo", "--out", tmp_path)
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "Error: not reproduced: demo, pairs=5, seed 0 failed: the cell died, and 3 more",
    ]


def test_a_number_that_a_run_does_not_give_any_more_is_lacking(recipe, monkeypatch, folder, tmp_path):
    recipe["pairs=5"]["test_cosine"] = results.Number(0.5, n=2, sd=0.0, by_seed={"0": 0.5, "1": 0.5})
    reproduced(monkeypatch, folder)
    done = sbp("reproduce", "--recipe", "demo", "--out", tmp_path / "none")
    assert done.exit_code == 1
    [row] = [line.split() for line in done.output.splitlines() if "test cosine" in line]
    assert row == ["pairs=5", "test", "cosine", "\u2013", "0.5", "\u00b1", "0", "LACKING"]
    assert "not reproduced: demo: test_cosine lacking" in done.output


# records that cannot be held to anything


def changed(folder, change):
    """The record of a run, edited by hand, as one of an earlier version may be."""
    path = folder / "record.json"
    content = json.loads(path.read_text())
    del content["digests"]
    change(content)
    path.write_text(json.dumps(content))


def test_parameters_that_are_no_more_are_left_out_and_told(folder):
    changed(folder, lambda content: content["parameters"].update(colour={"value": "red", "unit": ""}))
    done = sbp("verify", folder, "--protocol", DEMO)
    assert done.exit_code == 0, done.output
    assert "Note: left out, since they mean nothing here: colour" in done.output


def test_a_record_with_a_value_that_is_refused_now_cannot_be_run_again(folder):
    changed(folder, lambda content: content["parameters"]["pairs"].update(value=5000))
    done = sbp("verify", folder, "--protocol", DEMO)
    assert done.exit_code == 1
    assert "record.json cannot be run again: pairs = 5000 is out of range" in done.output


def test_a_record_of_a_sweep_or_of_another_protocol_is_not_verified(folder, tmp_path):
    own = tmp_path / "own.py"
    own.write_text(Path(DEMO).read_text().replace('name="demo"', 'name="other"'))
    assert "is of 'demo', but" in sbp("verify", folder, "--protocol", own).output
    changed(folder, lambda content: content.update(protocol="sweep"))
    done = sbp("verify", folder)
    assert done.exit_code == 1
    assert "is the record of a sweep and has no run of its own; verify one of its runs" in done.output
