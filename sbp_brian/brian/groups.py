"""Groups of cells and parts of them."""

from __future__ import annotations

from typing import Any

from brian2 import PoissonGroup, PoissonInput, Subgroup

__all__ = ["rates_of", "target_of", "whole"]


def whole(cells: Any) -> Any:
    """The group itself, or the one that a subgroup is part of."""
    # a subgroup knows its group by a weak proxy; a method of it knows the group itself
    return cells.source.before_run.__self__ if isinstance(cells, Subgroup) else cells


def rates_of(source: PoissonGroup) -> Any:
    """The rates of Poisson trains, as they were given: a quantity or an expression."""
    return source._rates


def target_of(source: PoissonInput) -> str:
    """The variable of each cell that Poisson trains add to."""
    return source._target_var
