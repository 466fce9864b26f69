"""Figures by name.  Each file of its rooms is named after its figure, held as ``FIGURE``; listing imports none."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from sbp_brian.errors import UnknownFigureError
from sbp_brian.wording import unknown

__all__ = ["get", "names"]

#: The rooms of figures, and what else lies in them.
_ROOMS = ("biology", "learning")
_NOT_FIGURES = {"experiments", "maps", "retina", "sbp", "spread"}


def _modules() -> dict[str, str]:
    """Name of each figure -> its module, below this package."""
    return {
        module.name.replace("_", "-"): f"{room}.{module.name}"
        for room in _ROOMS
        for module in pkgutil.iter_modules([str(Path(place) / room) for place in __path__])
        if module.name not in _NOT_FIGURES
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
