"""Digest of any value by its content: the same in each process and on each machine."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

__all__ = ["LENGTH", "digest"]

#: Hexadecimal digits of a digest, of SHA-256.
LENGTH = 16


def digest(*values: Any) -> str:
    """Digest of values by their content.

    Parameters
    ----------
    *values
        Numbers, texts, arrays, quantities, mappings and sequences of them, dataclasses, functions. Of an object of
        another kind its class and attributes count. Functions and classes of one's own count by their source and by
        what they refer to in it; those of this package by their names, as their code is in `library_code`.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    feeder = _Feeder()
    for value in values:
        feeder.feed(value)
    return feeder.hash.hexdigest()[:LENGTH]


class _Feeder:
    """Feeds values into one hash; objects that contain themselves are fed once."""

    def __init__(self):
        self.hash = hashlib.sha256()
        self.open: set[int] = set()

    def tag(self, kind: str, text: str | bytes = b"") -> None:
        content = text.encode() if isinstance(text, str) else text
        self.hash.update(f"\0{kind}:{len(content)}\0".encode())
        self.hash.update(content)

    def feed(self, value: Any) -> None:
        if value is None or isinstance(value, (bool, int, float, complex, str, np.generic)):
            plain = value.item() if isinstance(value, np.generic) and value.dtype.kind != "V" else value
            self.tag(type(plain).__name__, repr(plain))
        elif isinstance(value, (bytes, bytearray)):
            self.tag("bytes", bytes(value))
        elif isinstance(value, Path):
            self.tag("path", str(value))
        elif id(value) in self.open:
            self.tag("again")
        else:
            self.open.add(id(value))
            try:
                self._feed_compound(value)
            finally:
                self.open.discard(id(value))

    def _feed_compound(self, value: Any) -> None:
        if isinstance(value, np.ndarray):
            self._feed_array(value)
        elif isinstance(value, Mapping):
            self.tag("mapping", str(len(value)))
            for key in sorted(value, key=str):
                self.feed(key)
                self.feed(value[key])
        elif isinstance(value, (list, tuple)):
            self.tag("sequence", str(len(value)))
            for item in value:
                self.feed(item)
        elif isinstance(value, (set, frozenset)):
            self.tag("set", "".join(sorted(digest(item) for item in value)))
        elif isinstance(value, functools.partial):
            self.tag("partial")
            for part in (value.func, value.args, value.keywords):
                self.feed(part)
        elif isinstance(value, type):
            self._feed_class(value)
        elif inspect.ismethod(value):
            self.tag("method", value.__func__.__qualname__)
            self.feed(value.__self__)
        elif isinstance(value, FunctionType):
            self._feed_function(value)
        elif isinstance(value, ModuleType) or inspect.isroutine(value):
            self.tag("named", f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value.__name__)}")
        else:
            self._feed_object(value)

    def _feed_array(self, value: np.ndarray) -> None:
        self.tag("array", f"{value.dtype.str}{value.shape}{getattr(value, 'dim', '')}")
        plain = np.asarray(value)
        if plain.dtype.hasobject:
            for item in plain.ravel():
                self.feed(item)
        else:
            self.hash.update(np.ascontiguousarray(plain).data)

    def _feed_object(self, value: Any) -> None:
        self._feed_class(type(value))
        if dataclasses.is_dataclass(value):
            fields = [field.name for field in dataclasses.fields(value) if field.compare]
            self.feed({name: getattr(value, name, None) for name in fields})
        else:
            state = getattr(value, "__dict__", None)
            slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
            self.feed(dict(state) if state is not None else {n: getattr(value, n, None) for n in slots})

    def _feed_class(self, kind: type) -> None:
        self.tag("class", f"{kind.__module__}.{kind.__qualname__}")
        if _is_own(kind.__module__):
            for name, member in sorted(vars(kind).items()):
                member = getattr(member, "__func__", getattr(member, "fget", member))
                if isinstance(member, FunctionType) and member.__module__ == kind.__module__:
                    self.tag("member", name)
                    self.feed(member)

    def _feed_function(self, function: FunctionType) -> None:
        function = inspect.unwrap(function)
        self.tag("function", f"{function.__module__}.{function.__qualname__}")
        for cell in function.__closure__ or ():
            try:
                self.feed(cell.cell_contents)
            except ValueError:  # a name that has no value yet
                self.tag("empty")
        self.feed((function.__defaults__, function.__kwdefaults__))
        if not _is_own(function.__module__):
            return
        try:
            self.tag("source", inspect.getsource(function))
        except (OSError, TypeError):
            self._feed_code(function.__code__)
        for name in sorted(_names(function.__code__)):
            known = function.__globals__.get(name)
            if not isinstance(known, ModuleType) and (
                not callable(known) or _is_own(getattr(known, "__module__", None) or "")
            ):
                self.tag("global", name)
                self.feed(known)

    def _feed_code(self, code: CodeType) -> None:
        """What a function does whose source is not there: its instructions, with the names and constants they use."""
        self.tag("code", code.co_code)
        self.feed((code.co_names, code.co_varnames))
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._feed_code(constant)
            else:
                self.feed(constant)


def _names(code: CodeType) -> set[str]:
    """Global names that a function and those within it refer to."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names


@functools.lru_cache(maxsize=256)
def _is_own(module: str) -> bool:
    """Whether a module is a user's: neither this package, nor Python's, nor an installed one."""
    top = module.partition(".")[0]
    if top in ("sbp_brian", "builtins") or (top in sys.stdlib_module_names and top != "__main__"):
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return top != "numpy"
    places = {sysconfig.get_paths()[name] for name in ("purelib", "platlib", "stdlib")}
    return not any(Path(file).is_relative_to(place) for place in places)
