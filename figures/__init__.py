"""Figures by name.  A module of its rooms that defines ``FIGURE`` is a figure, named after it; listing imports none."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path

from sbp_brian.errors import UnknownFigureError
from sbp_brian.experiments import foreign
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
    """The names of all figures, as a user types them; behind them those of other packages, which are loaded."""
    return (*sorted(_modules()), *_foreign())


def _foreign() -> dict:
    """The figures of other packages that can be used, by name."""
    if not (offered := foreign.offered(foreign.FIGURES)):
        return {}
    from sbp_brian.figures.base import Figure

    own = tuple(_modules())
    loaded = {name: foreign.load(foreign.FIGURES, name, Figure, own) for name in offered}
    return {name: figure for name, figure in loaded.items() if figure is not None}


def get(name: str):
    """The `sbp_brian.figures.base.Figure` of this name.

    Raises
    ------
    UnknownFigureError
        Where there is none; the message suggests the nearest.
    """
    found = _modules()
    if name not in found:
        others = _foreign()
        if name in others:
            return others[name]
        raise UnknownFigureError(unknown("figure", name, (*found, *others)))
    return importlib.import_module(f"{__name__}.{found[name]}").FIGURE
