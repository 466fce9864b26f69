"""Groups of cells and parts of them."""

from __future__ import annotations

from typing import Any

from brian2 import Subgroup

__all__ = ["whole"]


def whole(cells: Any) -> Any:
    """The group itself, or the one that a subgroup is part of."""
    # a subgroup knows its group by a weak proxy; a method of it knows the group itself
    return cells.source.before_run.__self__ if isinstance(cells, Subgroup) else cells
