"""Seeds that are added to a committed result stand beside those that were there."""

import importlib.util
from pathlib import Path

import pytest

from sbp_brian.experiments.recipes import parse
from sbp_brian.experiments.results import Number, Result

ROOT = Path(__file__).parents[2]
RECIPE = """title = "t"
protocol = "mnist"
seeds = [0, 1, 2]
[variants.a]
epochs = 6
[variants.b]
epochs = 7
"""


@pytest.fixture
def measure():
    spec = importlib.util.spec_from_file_location("measure", ROOT / "tools" / "measure.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def result(commit, **cells):
    numbers = {
        cell: {"score": Number(sum(v.values()) / len(v), n=len(v), by_seed=v, items=items)}
        for cell, (v, items) in cells.items()
    }
    return Result("r", {"commit": commit, "date": "2026-01-01"}, numbers)


def test_seeds_that_are_there_are_kept_but_for_one_that_is_measured_again(measure):
    recipe = parse("r", RECIPE)
    committed = result("old", a=({"0": 0.5, "1": 0.6}, 100), b=({"0": 0.7, "1": 0.8}, 100))
    have = measure.kept(recipe, recipe, committed)
    assert have == {"a": [1], "b": [0, 1]}

    now = result("new", a=({"0": 0.5, "2": 0.7}, 200), b=({"2": 0.9}, 200))
    found = measure.joined(recipe, committed, now, have)
    assert found.cells["a"]["score"].by_seed == {"0": 0.5, "1": 0.6, "2": 0.7}
    assert found.cells["b"]["score"] == Number(
        0.8, n=3, by_seed={"0": 0.7, "1": 0.8, "2": 0.9}, sd=0.1, lowest=0.7, highest=0.9, items=100
    )
    assert found.measured == {
        "commit": "new",
        "date": "2026-01-01",
        "seeds": {"0": ["old", "2026-01-01"], "1": ["old", "2026-01-01"]},
    }


def test_a_seed_that_is_not_what_it_was_is_refused(measure):
    recipe = parse("r", RECIPE)
    committed = result("old", a=({"0": 0.5, "1": 0.6}, 100), b=({"0": 0.7, "1": 0.8}, 100))
    now = result("new", a=({"0": 0.51, "2": 0.7}, 200), b=({"2": 0.9}, 200))
    with pytest.raises(SystemExit, match=r"r: a, score, seed 0 was 0.5, now 0.51; leave out --more"):
        measure.joined(recipe, committed, now, {"a": [1], "b": [0, 1]})


def test_settings_that_have_changed_are_refused(measure):
    committed = result("old", a=({"0": 0.5}, 100), b=({"0": 0.7}, 100))
    with pytest.raises(SystemExit, match="r: b has changed since it was measured"):
        measure.kept(parse("r", RECIPE), parse("r", RECIPE.replace("7", "8")), committed)
    with pytest.raises(SystemExit, match="no seeds are committed that could be kept"):
        measure.kept(parse("r", RECIPE), parse("r", RECIPE), result("old"))
