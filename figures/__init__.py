"""Figures by name.  Each file of this folder is named after its figure, held as ``FIGURE``; listing imports none."""
from __future__ import annotations

import importlib
import pkgutil

from sbp_brian._names import unknown

__all__ = ["UnknownFigureError", "get", "names"]

_NOT_FIGURES = {"base"}


class UnknownFigureError(ValueError):
    """There is no such figure; the message suggests the nearest."""


def names() -> tuple[str, ...]:
    """The names of all figures, as a user types them."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(m.replace("_", "-") for m in modules if m not in _NOT_FIGURES and not m.startswith("_")))


def get(name: str):
    """The `sbp_brian.figures.base.Figure` of this name.

    Raises
    ------
    UnknownFigureError
        Where there is none; the message suggests the nearest.
    """
    if name not in names():
        raise UnknownFigureError(unknown("figure", name, names()))
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}").FIGURE
