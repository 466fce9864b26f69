"""Recipes by name: the commands behind the numbers of README and docs, and what they gave.

A recipe is a file ``<name>.toml`` here, what it gave the file ``results/<name>.json``; the modules
`sbp_brian.experiments.recipes` and `sbp_brian.experiments.results` say what stands in them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sbp_brian.errors import RecipeError
from sbp_brian.experiments import recipes as _reading
from sbp_brian.experiments import results as _results
from sbp_brian.wording import unknown

__all__ = ["FOLDER", "entries", "get", "names", "result"]

FOLDER = Path(__file__).parent


@cache
def _all() -> dict[str, _reading.Recipe]:
    return _reading.read(FOLDER)


def entries() -> tuple[_reading.Recipe, ...]:
    """All recipes, in alphabetical order."""
    return tuple(_all().values())


def names() -> tuple[str, ...]:
    """The names of all recipes, as a user types them."""
    return tuple(_all())


def get(name: str) -> _reading.Recipe:
    """The recipe of this name.

    Raises
    ------
    RecipeError
        Where there is none; the nearest is suggested.
    """
    if name not in _all():
        raise RecipeError(f"{unknown('recipe', name, names())} (see 'sbp list recipes')")
    return _all()[name]


def result(name: str) -> _results.Result:
    """What a recipe gave when it was last measured.

    Raises
    ------
    RecipeError
        Where there is no such recipe, or no result of it.
    """
    if reason := get(name).pending:
        raise RecipeError(
            f"recipe {name} has no committed result yet: {reason}; 'sbp reproduce --recipe {name}' makes one"
        )
    return _results.read(FOLDER / "results" / f"{name}.json")
