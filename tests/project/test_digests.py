"""Digests of values of every kind: equal for equal content, others for other content."""

import types
from pathlib import Path

import numpy as np
import pytest

from sbp_brian.identity import digest

FACTOR = 2.0


def made_at_a_prompt(text, **names):
    """A function that was typed, so that its source is nowhere."""
    space = {"__name__": "typed_at_a_prompt", **names}
    exec(text, space)
    return space["f"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Path("a"), Path("b")),
        (Path("a"), "a"),
        (np.array([1, "a", None], object), np.array([1, "b", None], object)),
        (np.array([1, "a"], object), np.array([[1], ["a"]], object)),
        (b"a", "a"),
        (np.bool_(True), 1),
    ],
)
def test_other_content_has_another_digest(one, other):
    assert digest(one) != digest(other)
    assert digest(one) == digest(one if isinstance(one, (str, bytes, Path)) else one.copy())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(x):\n return 2 * x", "def f(x):\n return 3 * x"),
        ("def f(x):\n return x.real", "def f(x):\n return x.imag"),
        ("def f(x):\n return lambda y: x + 1", "def f(x):\n return lambda y: x + 2"),
    ],
)
def test_a_function_whose_source_is_nowhere_counts_by_what_it_does(one, other):
    assert digest(made_at_a_prompt(one)) != digest(made_at_a_prompt(other))
    assert digest(made_at_a_prompt(one)) == digest(made_at_a_prompt(one))


def within(x):
    return (lambda y: FACTOR * y)(x)


def test_what_a_function_within_another_refers_to_counts(monkeypatch):
    before = digest(within)
    monkeypatch.setitem(within.__globals__, "FACTOR", 3.0)
    assert digest(within) != before


def of_a_module(x):
    return np.sum(x)


def test_modules_that_a_function_refers_to_do_not_count(monkeypatch):
    before = digest(of_a_module)
    monkeypatch.setitem(of_a_module.__globals__, "np", types.ModuleType("elsewhere"))
    assert digest(of_a_module) == before
    monkeypatch.setitem(of_a_module.__globals__, "np", 3.0)
    assert digest(of_a_module) != before


def test_a_name_that_has_no_value_yet_is_no_obstacle():
    def closed(given):
        def inner():
            return later

        if given:
            later = given
        return inner

    assert digest(closed(None)) == digest(closed(None))
    assert len({digest(closed(given)) for given in (None, 1, 2)}) == 3
