"""Protocols and figures of other packages, which name them as entry points in their metadata::

    [options.entry_points]     # in setup.cfg; pyproject.toml has [project.entry-points."sbp_brian.protocols"]
    sbp_brian.protocols =
        my-experiment = my_package.my_experiment:PROTOCOL
    sbp_brian.figures =
        my-figure = my_package.my_figure:FIGURE

One that cannot be loaded is a warning that names it and its package; the others are there all the same.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

__all__ = ["FIGURES", "PROTOCOLS", "ForeignWarning", "load", "offered"]

PROTOCOLS, FIGURES = "sbp_brian.protocols", "sbp_brian.figures"


class ForeignWarning(UserWarning):
    """Something of another package cannot be used; the message names it and the remedy."""


@cache
def offered(group: str) -> dict[str, EntryPoint]:
    """Name -> entry point of one group; none is loaded."""
    return {point.name: point for point in sorted(entry_points(group=group), key=lambda point: point.name)}


@cache
def load(group: str, name: str, kind: type, own: tuple[str, ...]) -> Any:
    """What another package offers under a name; None, with a warning, where it cannot be used.

    Parameters
    ----------
    group, name : str
        As in `offered`.
    kind : type
        What it has to be.
    own : tuple of str
        Names that are taken.
    """
    point = offered(group)[name]
    package = point.dist.name if point.dist is not None else point.value
    what = f"{name!r} of the package {package} ({point.value})"
    if name in own:
        _warn(f"{what} is left out, its name is one of sbp_brian's own; let the package choose another")
        return None
    try:
        found = point.load()
    except (Exception, SystemExit) as error:  # whatever a module of somebody else does when it is imported
        first = next(iter(str(error).splitlines()), "")
        _warn(f"{what} cannot be loaded ({type(error).__name__}: {first}); update or uninstall {package}")
        return None
    if not isinstance(found, kind) or found.name != name:
        told = f"is called {found.name!r}" if isinstance(found, kind) else f"is no {kind.__name__}"
        _warn(f"{what} is left out, since it {told}; its entry point must name a {kind.__name__} of that name")
        return None
    return found


def _warn(text: str) -> None:
    warnings.warn(text, ForeignWarning, stacklevel=3)
