"""Packages whose names are imported when they are first asked for (PEP 562)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sbp_brian.wording import nearest

__all__ = ["lazy"]


def lazy(
    package: str, homes: Mapping[str, Iterable[str]], rooms: Iterable[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` of a package that imports what it shows when it is asked for.

    Parameters
    ----------
    package : str
        Its full name.
    homes : mapping of str to iterable of str
        Module -> the names that are taken from it, ``"name"`` or ``"name as other_name"``.
    rooms : iterable of str
        Modules of the package that are shown themselves.

    Examples
    --------
    ::

        __getattr__, __dir__ = lazy(__name__, {"sbp_brian.rules": ["SynapseRule"]}, ["datasets"])
    """
    home: dict[str, tuple[str, str]] = {}
    for module, names in homes.items():
        for name in names:
            own, _, shown = name.partition(" as ")
            home[shown or own] = module, own
    known = {*home, *rooms}

    def get(name: str) -> Any:
        if name in home:
            module, own = home[name]
            found = getattr(importlib.import_module(module), own)
            setattr(sys.modules[package], name, found)
            return found
        if name in known:
            return importlib.import_module(f"{package}.{name}")
        near = None if name.startswith("_") else nearest(name, known)
        hint = f"; did you mean {near!r}?" if near else ""
        raise AttributeError(f"module {package!r} has no attribute {name!r}{hint}", name=name)

    def listing() -> list[str]:
        return sorted({*known, *vars(sys.modules[package])})

    return get, listing
