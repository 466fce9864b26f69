"""The common refusals, and that nobody words them anew."""

import ast
import doctest
from dataclasses import dataclass
from pathlib import Path

import numpy as np
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


@dataclass
class Switches:
    """True, False and, for one of them, None."""

    pairs: int
    on: bool = True
    perhaps: bool | None = None


def switched(pairs, on: bool = True, *, perhaps: bool | None = None):
    """The same as a function."""
    return pairs, on, perhaps


@pytest.mark.parametrize("decorate", [wording.takes_booleans, wording.names_parameters])
@pytest.mark.parametrize("make", [lambda: type("Switches", (Switches,), {}), lambda: switched])
def test_true_and_false_are_taken_and_nothing_that_counts_as_such(decorate, make):
    made = decorate(make())
    for on in (True, False, np.True_):
        made(3, on)
        made(3, on=on, perhaps=on)
    made(0, perhaps=None)
    for wrong in ("no", 1, 0, None, []):
        for call in (lambda wrong=wrong: made(3, wrong), lambda wrong=wrong: made(3, on=wrong)):
            with pytest.raises(errors.SettingError) as caught:
                call()
            assert str(caught.value) == f"on must be True or False, got {wrong!r}"
    with pytest.raises(errors.SettingError, match="perhaps must be True or False, got 'no'"):
        made(3, perhaps="no")


def test_an_unknown_name_is_an_error_in_the_same_words():
    error = wording.unknown_name("arm", "lef", ["left"])
    assert isinstance(error, errors.UnknownName)
    assert str(error).strip('"') == wording.unknown("arm", "lef", ["left"])


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
