"""The common refusals, and that nobody words them anew."""

import ast
import doctest
from pathlib import Path

import pytest

from sbp_brian import errors, wording

ROOT = Path(__file__).parents[2]
ROOMS = ("sbp_brian", "models", "protocols", "figures")


def test_its_examples_are_true():
    assert doctest.testmod(wording).failed == 0


@pytest.mark.parametrize(
    ("name", "near"),
    [("minst", "mnist"), ("TAO-2000", "tao-2000"), ("tao", "tao-2000"), ("2000", "tao-2000"), ("q", None)],
)
def test_the_nearest_name(name, near):
    assert wording.nearest(name, ("mnist", "tao-2000", "nettalk")) == near


def test_few_names_are_all_told_and_many_are_not():
    assert wording.unknown("arm", "x", ()) == "unknown arm 'x'; There are none"
    assert wording.unknown("arm", "x", ("b", "a")) == "unknown arm 'x'; Known: a, b"
    many = [f"name{k:02d}" for k in range(30)]
    assert wording.unknown("arm", "name7", many).startswith("unknown arm 'name7'; did you mean 'name")
    assert "Known" not in wording.unknown("arm", "name7", many)
    assert wording.unknown("arm", "??", many).endswith("name19 and 10 more")


@pytest.mark.parametrize(
    ("interval", "inside", "outside", "told"),
    [
        ("[0, 1]", (0, 1, 0.5), (-0.1, 1.1), "a number from 0 to 1"),
        ("(0, 1]", (1, 0.5), (0, 1.1), "a number above 0 and at most 1"),
        ("[0, 1)", (0, 0.99), (1, -1), "a number from 0 to below 1"),
        ("(0, 1)", (0.5,), (0, 1), "a number above 0 and below 1"),
        ("[1, inf)", (1, 1e9), (0, float("inf"), float("nan")), "a number of at least 1"),
        ("(0, inf)", (1e-9,), (0, True, "1", None), "a number above 0"),
    ],
)
def test_numbers_in_an_interval(interval, inside, outside, told):
    assert [wording.number_in("x", value, interval) for value in inside] == [None] * len(inside)
    for value in outside:
        assert wording.number_in("x", value, interval) == f"x must be {told}, got {value!r}"
    assert wording.number_in("n", 2.5, "[1, 9]", whole=True, unit="ms") == (
        "n must be a whole number from 1 to 9 ms, got 2.5 ms"
    )


def test_an_unknown_keyword_is_one_of_our_errors():
    @wording.names_parameters
    def build(pairs=1):
        return pairs

    assert build(pairs=2) == 2
    with pytest.raises(errors.SBPError, match="build: unknown parameter 'pars'; did you mean 'pairs'"):
        build(pars=2)
    with pytest.raises(TypeError):
        build(pars=2)


def test_nobody_else_looks_for_the_nearest_name():
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    own = {path for path in paths if path.name == "wording.py"}
    users = {
        path
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import) and "difflib" in [alias.name for alias in node.names]
    }
    assert users == own
