"""Recipes and their results: read, refused, gathered from records, compared; the committed ones are whole."""

import statistics
from fnmatch import fnmatchcase

import pytest

from sbp_brian import protocols, recipes
from sbp_brian.errors import RecipeError
from sbp_brian.experiments import results
from sbp_brian.experiments.recipes import parse
from sbp_brian.experiments.records import Record
from sbp_brian.experiments.verdicts import SPREADS

TEXT = """
title = "A network"
protocol = "demo"
seeds = [0, 1]

[parameters]
pairs = 12
delay = "20ms"
on = true
rate = [0.1, 0.2]

[variants.plain]

[variants.sparse]
steps = 10
"""


def record(seed, rows, started="2026-11-29T10:00:00+00:00"):
    return Record("demo", "t", "benchmark", {}, {}, "cpp", seed, {"numpy": "2"}, {"cores": 2}, started,
                  timing={"total_s": 2.0 + seed, "resumed": False}, metrics=rows)  # fmt: skip


def row(name, value, spread=None, kind=None, n=None, verdict="no reference"):
    return {"name": name, "value": value, "unit": "", "spread": spread, "spread_kind": kind, "n": n, "verdict": verdict}


@pytest.fixture
def recipe():
    return parse("network", TEXT)


def test_cells_are_every_variant_with_every_value(recipe):
    assert [cell.name for cell in recipe.cells] == [
        "plain, rate=0.1",
        "plain, rate=0.2",
        "sparse, rate=0.1",
        "sparse, rate=0.2",
    ]
    assert recipe.cells[2].parameters == {"pairs": "12", "delay": "20ms", "on": "yes", "steps": "10", "rate": "0.1"}
    assert recipe.cells[2].settings == {"steps": "10", "rate": "0.1"}
    assert (recipe.seeds, recipe.target, recipe.full, recipe.metrics) == ((0, 1), "cpp", False, ("*",))
    assert recipe.line() == "sbp run demo -s pairs=12 -s delay=20ms -s on=yes -s rate=0.1 --seed 0"


def test_a_cell_is_picked_by_what_tells_it_apart(recipe):
    assert recipe.cell({}) is recipe.cells[0]
    assert recipe.cell({"variant": "sparse", "rate": "0.2"}) is recipe.cells[3]
    with pytest.raises(RecipeError, match=r"has no rate=0\.3; it has plain, rate=0\.1; "):
        recipe.cell({"rate": "0.3"})
    with pytest.raises(RecipeError, match="unknown choice 'rat'; did you mean 'rate'"):
        recipe.cell({"rat": "0.1"})
    single = parse("one", 'title = "t"\nprotocol = "demo"\nseeds = [3]\n[parameters]\npairs = 2')
    with pytest.raises(RecipeError, match=r"fixes its parameters.*'sbp run demo -s pairs=2 --seed 3'"):
        single.cell({"pairs": "3"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "recipe x is no TOML"),
        ('title = "t"\nprotocol = "demo"', "needs a title and its seeds"),
        ('title = "t"\nseeds = [0]', "either a protocol or a command"),
        ('title = "t"\nseeds = [0]\nprotocol = "demo"\ncommand = "ls"', "either a protocol or a command"),
        ('title = "t"\nseeds = [0]\nprotocol = "demo"\nwithdrawn = "no"', "or says why it is withdrawn"),
        ('title = "t"\nseeds = [0]\nprotocol = "demo"\nseed = 1', "unknown field 'seed'; did you mean 'seeds'"),
        ('title = "t"\nseeds = [0]\nprotocol = "demo"\n[parameters]\na = 2026-01-01', "a must be a number, a text"),
    ],
)
def test_a_bad_recipe_is_refused_in_one_line(text, message):
    with pytest.raises(RecipeError, match=message) as refused:
        parse("x", text)
    assert "\n" not in str(refused.value)


def test_a_result_is_gathered_and_read_back(recipe, tmp_path):
    found = {
        cell.name: [
            record(seed, [row("score", 0.9 + 0.02 * seed + 0.01 * k, 0.03, "se", 100, "within"), row("lost", None)])
            for seed in recipe.seeds
        ]
        for k, cell in enumerate(recipe.cells)
    }
    result = results.gather(recipe, found, "abc1234")
    number = result.number("score", "plain, rate=0.2")
    assert number.mean == pytest.approx(0.92)
    assert number.sd == pytest.approx(0.02 / 2**0.5)
    assert (number.lowest, number.highest, number.n) == (pytest.approx(0.91), pytest.approx(0.93), 2)
    assert number.by_seed == {"0": pytest.approx(0.91), "1": pytest.approx(0.93)}
    assert (number.spread, number.spread_kind, number.items, number.verdict) == (0.03, "se", 100, "within")
    assert result.measured == {
        "commit": "abc1234",
        "date": "2026-11-29",
        "versions": {"numpy": "2"},
        "machine": {"cores": 2},
        "seconds": 2.5,
    }
    (tmp_path / "network.json").write_text(result.to_json())
    assert results.read(tmp_path / "network.json") == result
    with pytest.raises(RecipeError, match="unknown metric 'scor'; did you mean 'score'"):
        result.number("scor", "plain, rate=0.2")
    with pytest.raises(RecipeError, match="unknown cell"):
        result.number("score", "plain")
    old = result.to_json().replace('"score"', '"training_accuracy"')
    (tmp_path / "network.json").write_text(old)
    assert results.read(tmp_path / "network.json").number("running_accuracy", "plain, rate=0.2") == number
    (tmp_path / "network.json").write_text("{")
    with pytest.raises(RecipeError, match=r"network\.json is damaged"):
        results.read(tmp_path / "network.json")
    with pytest.raises(RecipeError, match="none has no result"):
        results.read(tmp_path / "none.json")


def test_only_the_wanted_metrics_are_kept():
    wanted = parse("x", 'title = "t"\nprotocol = "demo"\nseeds = [0]\nmetrics = ["test_*"]')
    result = results.gather(wanted, {"": [record(0, [row("test_accuracy", 0.9), row("epochs", 3)])]})
    assert list(result.cells[""]) == ["test_accuracy"]


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ({"mean": 0.9, "by_seed": {"0": 0.9}}, {"mean": 0.9, "by_seed": {"0": 0.9}}, "equal"),
        ({"mean": 0.9, "by_seed": {"0": 0.9}}, {"mean": 0.9000001, "by_seed": {"0": 0.9000001}}, "differs"),
        ({"mean": 0.90, "by_seed": {"0": 0.90}, "spread": 0.01, "spread_kind": "se"},
         {"mean": 0.93, "by_seed": {"0": 0.93}, "spread": 0.01, "spread_kind": "se"}, "agrees"),
        ({"mean": 0.90, "sd": 0.01, "n": 4, "rounded_to": 0.001}, {"mean": 0.9004, "sd": 0.01, "n": 4}, "equal"),
        ({"mean": 0.90, "sd": 0.01, "n": 4, "rounded_to": 0.001}, {"mean": 0.92, "sd": 0.01, "n": 4}, "agrees"),
        ({"mean": 0.90, "sd": 0.01, "n": 4, "rounded_to": 0.001}, {"mean": 0.93, "sd": 0.01, "n": 4}, "differs"),
        ({"mean": 40.0, "by_seed": {"0": 40.0}, "spread": 8.0, "spread_kind": "sd", "items": 16},
         {"mean": 48.0, "by_seed": {"0": 48.0}, "spread": 8.0, "spread_kind": "sd", "items": 16}, "agrees"),
        ({"mean": 0.9}, None, "lacking"),
    ],
)  # fmt: skip
def test_a_number_is_held_to_the_committed_one(old, new, verdict):
    committed = results.Result("x", {}, {"": {"score": results.Number(**old)}})
    now = results.Result("x", {}, {"": {} if new is None else {"score": results.Number(**new)}})
    assert [row.verdict for row in results.compare(committed, now)] == [verdict]


def test_an_unknown_recipe_is_refused_with_the_nearest():
    with pytest.raises(RecipeError, match="unknown recipe 'mnist-spars'; did you mean 'mnist-sparse'"):
        recipes.get("mnist-spars")


@pytest.mark.parametrize("name", recipes.names())
def test_a_committed_recipe_can_be_run_and_has_a_result(name):
    recipe = recipes.get(name)
    if recipe.pending:
        with pytest.raises(RecipeError, match="has no committed result yet"):
            recipes.result(name)
        assert not (recipes.FOLDER / "results" / f"{name}.json").exists(), "it has one: it is pending no more"
        assert all(protocols.get(recipe.protocol).resolve(**cell.parameters) for cell in recipe.cells)
        return
    result = recipes.result(name)
    assert result.recipe == name
    assert {"commit", "date"} <= result.measured.keys()
    metrics = {name for numbers in result.cells.values() for name in numbers}
    assert {name for name in metrics if not any(fnmatchcase(name, pattern) for pattern in recipe.metrics)} == set()
    assert "host" not in result.measured.get("machine", {})
    for number in (number for numbers in result.cells.values() for number in numbers.values()):
        assert number.by_seed is not None or number.rounded_to is not None
        assert number.by_seed is None or len(number.by_seed) == number.n
        assert number.spread is None or (number.spread_kind in SPREADS and number.items), "over runs, or over items?"
        if "versions" in result.measured and number.n > 1:  # older ones were taken from text, rounded
            assert number.sd == pytest.approx(statistics.stdev(number.by_seed.values()), rel=1e-6, abs=1e-12)
    if not recipe.protocol:
        return
    assert result.cells.keys() == {cell.name for cell in recipe.cells}
    protocol = protocols.get(recipe.protocol)
    assert recipe.target in protocol.targets
    for cell in recipe.cells:
        protocol.resolve("default", **cell.parameters)


@pytest.mark.parametrize("name", [recipe.name for recipe in recipes.entries() if recipe.full])
def test_full_is_the_recipe_of_the_published_number(name):
    recipe = recipes.get(name)
    protocol, [cell, *_] = protocols.get(recipe.protocol), recipe.cells
    of_model = {"model": cell.parameters["model"]} if "model" in cell.parameters else {}
    assert (
        protocol.resolve("full", **of_model).described() == protocol.resolve("default", **cell.parameters).described()
    )
