"""Figures that are drawn from the committed results of recipes instead of a user's records.

A module of the rooms that defines ``FIGURE`` as a `ResultFigure` is such a figure. It knows recipes by name alone; who
draws it hands over what finds them (`ResultFigure.reading`)::

    def draw(found):                          # name of the recipe -> what was measured, of those that have a result
        fig, ax = new(COLUMN, 60)
        for parameters, number in found["late"].rows("validation_accuracy"):
            ax.plot(int(parameters["late"]), number.mean, "o")
        return fig

    FIGURE = ResultFigure(name="how-late", title="...", caption="...", needs=(), draw=draw, recipes=("late",))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure as Drawing

from sbp_brian.errors import RecipeError
from sbp_brian.experiments.recipes import Recipe
from sbp_brian.experiments.records import Record
from sbp_brian.experiments.results import Number, Result
from sbp_brian.figures.base import Figure

__all__ = ["Found", "Measured", "ResultFigure", "score", "single"]


class Measured(NamedTuple):
    """A recipe and what it gave."""

    recipe: Recipe
    result: Result

    def rows(self, metric: str | None = None) -> list[tuple[dict[str, str], Number]]:
        """The parameters of each cell, as a user types them, and its number; without a metric the test score."""
        cells = [(cell.parameters, self.result.cells.get(cell.name, {})) for cell in self.recipe.cells]
        wanted = [(parameters, numbers, metric or score(numbers)) for parameters, numbers in cells]
        return [(parameters, numbers[name]) for parameters, numbers, name in wanted if name in numbers]

    def named(self, metric: str | None = None) -> dict[str, Number]:
        """Name of each cell -> its number; without a metric the test score."""
        cells = [(cell, numbers, metric or score(numbers)) for cell, numbers in self.result.cells.items()]
        return {cell: numbers[name] for cell, numbers, name in cells if name in numbers}


#: Name of a recipe -> what was measured.
Found = Mapping[str, Measured]


def score(numbers: Mapping[str, Number]) -> str:
    """The name of the test score of a cell; empty where it has none."""
    return next((name for name in ("test_accuracy", "test_cosine") if name in numbers), "")


def single(number: Number) -> np.ndarray:
    """The values of single seeds; none where only the mean is known."""
    return np.array(list((number.by_seed or {}).values()), dtype=float)


@dataclass(frozen=True)
class ResultFigure(Figure):
    """A figure that is drawn from committed results.

    ``draw(found)`` and ``caption(found)`` take a mapping of names to `Measured` in the place of records.

    Attributes
    ----------
    recipes : tuple of str
        Whose results it shows, where they are committed; it is drawn if one of them is.
    uses : tuple of str
        The protocol in whose chapter of the report page it stands.
    find : callable, optional
        ``find(name)`` gives a recipe and its result; see `reading`.
    """

    uses: tuple[str, ...] = ("mnist",)
    recipes: tuple[str, ...] = field(default=(), kw_only=True)
    find: Callable[[str], tuple[Recipe, Result]] | None = field(default=None, kw_only=True)

    @property
    def from_records(self) -> bool:
        """It needs no records."""
        return False

    def reading(self, find: Callable[[str], tuple[Recipe, Result]]) -> ResultFigure:
        """The same figure, drawn from what `find` finds."""
        return replace(self, find=find)

    def once(self) -> ResultFigure:
        """The figure itself: it is on no page, and so drawn once."""
        return self

    def missing(self, records: Sequence[Record]) -> list[str]:
        """In words, where none of its recipes has a committed result."""
        return [] if self._own(records) else [" or ".join(self.recipes)]

    def _own(self, records: Sequence[Record]) -> Any:
        found = {}
        for name in self.recipes if self.find else ():
            try:
                found[name] = Measured(*self.find(name))
            except RecipeError:  # there is none as yet
                continue
        return found

    def make(self, records: Sequence[Record] = ()) -> tuple[Drawing, str]:
        """The drawing and its caption, in the house style; records change nothing."""
        return super().make(records)
