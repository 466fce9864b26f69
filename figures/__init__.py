"""Figures by name.  A module of its rooms that defines ``FIGURE`` is a figure, named after it; listing imports none."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path

from sbp_brian.errors import UnknownFigureError
from sbp_brian.wording import unknown

__all__ = ["get", "names"]

_ROOMS = ("biology", "learning")
_FIGURE = re.compile(r"^FIGURE = ", re.MULTILINE)


@cache
def _modules() -> dict[str, str]:
    """Name of each figure -> its module, below this package; the other modules of the rooms are parts of figures."""
    return {
        path.stem.replace("_", "-"): f"{room}.{path.stem}"
        for room in _ROOMS
        for place in __path__
        for path in sorted((Path(place) / room).glob("*.py"))
        if _FIGURE.search(path.read_text(encoding="utf-8"))
    }


def names() -> tuple[str, ...]:
    """The names of all figures, as a user types them."""
    return tuple(sorted(_modules()))


def get(name: str):
    """The `sbp_brian.figures.base.Figure` of this name.

    Raises
    ------
    UnknownFigureError
        Where there is none; the message suggests the nearest.
    """
    found = _modules()
    if name not in found:
        raise UnknownFigureError(unknown("figure", name, found))
    return importlib.import_module(f"{__name__}.{found[name]}").FIGURE
