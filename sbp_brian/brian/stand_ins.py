"""What Brian2 imports beforehand and needs only to compile: imported when it is first used.

Brian2 imports Cython's compiler and setuptools (as ``distutils``) with itself, a quarter of what its import costs. A
run whose programs are kept uses neither. While Brian2 is imported, stand-ins are in their place; whatever is asked of
one of them later imports the real modules of its package, and puts them into Brian2 where it holds stand-ins.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["standing_in"]

#: Module -> the names that Brian2 takes from it; below the package that provides it.
LATER: dict[str, dict[str, tuple[str, ...]]] = {
    "setuptools": {
        "distutils": (),
        "distutils.ccompiler": ("get_default_compiler",),
        "distutils.command": (),
        "distutils.command.build_ext": ("build_ext",),
        "distutils.core": ("Distribution", "Extension"),
        "distutils.errors": ("CompileError",),
    },
    "Cython": {"Cython.Build": (), "Cython.Compiler": ()},
}
_stand_ins: dict[str, ModuleType] = {}
_PACKAGE = {module: package for package, modules in LATER.items() for module in modules}


class _Module(ModuleType):
    """Stands in for a module."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _put_in_place(_PACKAGE[self.__name__])
        return getattr(importlib.import_module(self.__name__), name)


def _class(module: str, name: str) -> type:
    """Stands in for a function or a class; an exception, since it may be waited for by ``except``."""

    def made(_cls: type, *arguments: Any, **options: Any) -> Any:
        _put_in_place(_PACKAGE[module])
        return getattr(importlib.import_module(module), name)(*arguments, **options)

    return type(name, (Exception,), {"__new__": made, "stands_in_for": module})


@contextmanager
def standing_in() -> Iterator[None]:
    """Have stand-ins in the place of what is not imported yet; afterwards who imports it gets the real modules."""
    for package, modules in LATER.items():
        spec = importlib.util.find_spec(package)
        if spec is None or modules.keys() & sys.modules.keys():
            continue
        for name, taken in modules.items():
            module = _stand_ins[name] = sys.modules[name] = _Module(name)
            if name.startswith(f"{package}."):  # small modules within it are imported themselves
                within = name.split(".")[1:]
                module.__path__ = [str(Path(place, *within)) for place in spec.submodule_search_locations or ()]
            for each in taken:
                setattr(module, each, _class(name, each))
            parent, _, own = name.rpartition(".")
            if parent in _stand_ins:
                setattr(_stand_ins[parent], own, module)
    try:
        yield
    finally:
        for package in LATER:
            _remove(package)


def _put_in_place(package: str) -> None:
    """Import the real modules of a package, and put what is theirs into Brian2's modules."""
    _remove(package)
    real = {id(_stand_ins[name]): importlib.import_module(name) for name in LATER[package] if name in _stand_ins}
    for held in [module for name, module in sys.modules.items() if name.partition(".")[0] == "brian2"]:
        for name, thing in list(vars(held).items()):
            if id(thing) in real:
                setattr(held, name, real[id(thing)])
            elif isinstance(thing, type) and vars(thing).get("stands_in_for") in LATER[package]:
                setattr(held, name, getattr(sys.modules[thing.stands_in_for], thing.__name__))


def _remove(package: str) -> None:
    for name in LATER[package]:
        if name in _stand_ins and sys.modules.get(name) is _stand_ins[name]:
            del sys.modules[name]
