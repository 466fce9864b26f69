"""Brian2's memory of what it has worked out for pieces of code and equations: kept small.

Brian2 keeps every result of these functions for as long as the process lives, by the code and the variables that it
names. Networks made anew, as for each run, have variables of their own, so that each adds entries that nothing asks for
again: some 200 KiB a training. Emptied once there are many, the caches still serve the network at hand.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any

from brian2.utils import caching

__all__ = ["MOST", "keep_small", "quick_key", "sizes"]

#: Entries that a cache may have when a network is made.
MOST = 500
_MODULES = (
    "codegen.translation",
    "equations.equations",
    "parsing.statements",
    "parsing.sympytools",
    "stateupdaters.base",
    "stateupdaters.exact",
)


def _cached(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions of a module, and of its classes, whose results Brian2 keeps."""
    found = {}
    for name, thing in vars(module).items():
        own = getattr(thing, "__module__", None) == module.__name__
        things = {name: thing, **(vars(thing) if inspect.isclass(thing) else {})} if own else {}
        for label, each in things.items():
            function = getattr(each, "__func__", each)  # of a static method
            if hasattr(function, "_cache"):
                found[f"{module.__name__}.{name}.{label}"] = function
    return found


_CACHED = {
    name: function for module in _MODULES for name, function in _cached(import_module(f"brian2.{module}")).items()
}


def sizes() -> dict[str, int]:
    """Function of Brian2 -> how many results are kept."""
    return {name: len(function._cache) for name, function in _CACHED.items()}


def keep_small() -> None:
    """Empty the caches that have more than `MOST` entries."""
    for function in _CACHED.values():
        if len(function._cache) > MOST:
            function._cache.clear()


#: Types whose values are keys as they are.
_PLAIN = frozenset({str, int, float, bool, complex, bytes, type, type(None)})
_brian_key = caching._hashable


@lru_cache(maxsize=1000)
def _relevant(kind: type, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in sorted(names) if name not in kind._cache_irrelevant_attributes)


def quick_key(thing: Any) -> Any:
    """The key that Brian2 has for what a remembered function is called with; equal where Brian2's are equal.

    Raises
    ------
    TypeError
        As Brian2's: for what cannot be a key.
    """
    kind = type(thing)
    if kind in _PLAIN:
        return thing
    if kind is dict:
        return frozenset([(quick_key(name), quick_key(value)) for name, value in thing.items()])
    if kind is tuple or kind is list:
        return tuple([quick_key(each) for each in thing])
    if getattr(kind, "_state_tuple", None) is caching.CacheKey._state_tuple:
        held = thing.__dict__
        return tuple([quick_key(held[name]) for name in _relevant(kind, tuple(held))])
    return _brian_key(thing)


caching._hashable = quick_key
