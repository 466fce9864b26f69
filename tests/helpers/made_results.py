"""Made-up recipes and results, as committed ones are read."""

from collections.abc import Mapping, Sequence

import numpy as np

from sbp_brian.errors import RecipeError
from sbp_brian.experiments.recipes import Recipe, parse
from sbp_brian.experiments.results import Number, Result

MEASURED = {"commit": "0000000", "date": "2026-01-01", "versions": {}}


def number(values: Sequence[float]) -> Number:
    """What the seeds 0, 1, ... gave."""
    values = np.asarray(values, dtype=float)
    sd = float(values.std(ddof=1)) if len(values) > 1 else None
    return Number(float(values.mean()), n=len(values), by_seed={str(k): float(v) for k, v in enumerate(values)}, sd=sd)


def recipe(name: str, text: str) -> Recipe:
    """A recipe with these variants and parameters."""
    return parse(name, f'title = "made up"\nprotocol = "mnist"\nseeds = [0]\n{text}')


def result(name: str, cells: Mapping[str, Mapping[str, Sequence[float]]]) -> Result:
    """Name of a cell -> name of a metric -> values of the seeds."""
    return Result(
        name,
        MEASURED,
        {cell: {metric: number(values) for metric, values in of.items()} for cell, of in cells.items()},
    )


def finding(*made: tuple[Recipe, Result]):
    """What finds these alone."""
    known = {recipe.name: (recipe, result) for recipe, result in made}

    def find(name: str):
        if name not in known:
            raise RecipeError(f"recipe {name} has no committed result yet")
        return known[name]

    return find
