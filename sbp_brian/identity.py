"""What a result was made of, as digests that can be compared: data, code, settings.

``digest``
    of any value by its content: arrays, quantities, settings, functions; the same in each process and on each machine.
``library_code``, ``code_of``
    of the code that computes: this package without its commands and reports, the models, a protocol and what it
    imports.
``noting``, ``used``
    which data a run reads: loaders tell it by `used`, a run listens by `noting`.
``differences``
    of two descriptions, in plain words.

Digests are sixteen hexadecimal digits of SHA-256.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import hashlib
import importlib.util
import inspect
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

__all__ = ["Noted", "code_of", "differences", "digest", "library_code", "noting", "source_files", "used", "versions"]

#: Rooms of this package that show results and compute none.
SHOWING = ("cli", "report", "__main__.py", "_version.py")
_SOURCES = (".py", ".cpp", ".h", ".pyx", ".py_")
_LENGTH = 16


# ------------------------------------------------------------------------------------------------------- any value
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
    return feeder.hash.hexdigest()[:_LENGTH]


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
            self.tag("code", function.__code__.co_code)
        for name in sorted(_names(function.__code__)):
            known = function.__globals__.get(name)
            if not isinstance(known, ModuleType) and (
                not callable(known) or _is_own(getattr(known, "__module__", None) or "")
            ):
                self.tag("global", name)
                self.feed(known)


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


# ------------------------------------------------------------------------------------------------------------ code
def source_files(package: str) -> list[tuple[str, Path]]:
    """The source files of an importable package, as (name within it, path), in the order of their names."""
    try:
        spec = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        return []
    found = []
    for folder in map(Path, (spec and spec.submodule_search_locations) or ()):
        found += [(str(p.relative_to(folder)), p) for p in folder.rglob("*") if p.suffix in _SOURCES and p.is_file()]
    return sorted(found)


def _digest_of_files(files: list[tuple[str, Path]]) -> str:
    found = hashlib.sha256()
    for name, path in files:
        content = path.read_bytes()
        found.update(f"\0{name}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()[:_LENGTH]


@functools.lru_cache(maxsize=1)
def library_code() -> str:
    """Digest of the source of this package and its models, without what only shows results (`SHOWING`)."""
    library = [(name, path) for name, path in source_files("sbp_brian") if Path(name).parts[0] not in SHOWING]
    models = [(f"models/{name}", path) for name, path in source_files("sbp_brian.models")]
    return _digest_of_files(library + models)


def code_of(protocol: Any) -> str:
    """Digest of all code that a protocol computes with.

    Parameters
    ----------
    protocol : Protocol
        One of this package: the module that defines it and all modules of ``sbp_brian.protocols`` that it imports,
        directly or not. A user's own: its file, and modules beside it that it imports.

    Returns
    -------
    str
        With `library_code` in it.
    """
    home = next((m for m in list(sys.modules.values()) if getattr(m, "__dict__", {}).get("PROTOCOL") is protocol), None)
    file = getattr(home, "__file__", None)
    if file is None:
        run = protocol.run
        while isinstance(run, functools.partial):
            run = run.func
        try:
            file = inspect.getsourcefile(inspect.unwrap(run))
        except TypeError:
            return digest(library_code(), run)
    if file is None or not Path(file).is_file():
        return digest(library_code(), protocol.run)
    return digest(library_code(), _digest_of_files(_imported(Path(file))))


def _imported(start: Path) -> list[tuple[str, Path]]:
    """A file and what it imports of ``sbp_brian.protocols`` and of modules beside it, as (name, path)."""
    found: dict[Path, str] = {}
    waiting = [(start.name, start)]
    while waiting:
        name, path = waiting.pop()
        if path in found:
            continue
        found[path] = name
        for module in _modules_named(ast.parse(path.read_bytes())):
            beside = start.parent / f"{module.replace('.', '/')}.py"
            if module.startswith("sbp_brian.protocols"):
                try:
                    spec = importlib.util.find_spec(module)
                except ModuleNotFoundError:
                    continue
                if spec is not None and spec.origin is not None:
                    waiting.append((module, Path(spec.origin)))
            elif not module.startswith("sbp_brian") and beside.is_file():
                waiting.append((module, beside))
    return sorted((name, path) for path, name in found.items())


def _modules_named(tree: ast.AST) -> set[str]:
    """Modules that the import statements of a file may name."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@functools.lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Versions that count as part of what a result is: this package's, Brian2's and numpy's."""
    found = {}
    for name in ("sbp_brian", "brian2", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


# ------------------------------------------------------------------------------------------------------------ data
@dataclasses.dataclass
class Noted:
    """What a run has told of itself so far.

    Attributes
    ----------
    data : dict of str to dict
        What was asked for -> ``{"what": in words, "digest": of its content}``.
    take_over : bool
        Checkpoints made of something else are taken over all the same.
    told : callable, optional
        Called after each change as ``told(name)``.
    """

    data: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    take_over: bool = False
    told: Any = None


_NOTED: ContextVar[Noted | None] = ContextVar("sbp_noted", default=None)


@contextmanager
def noting(noted: Noted | None = None) -> Iterator[Noted]:
    """Listen to `used` meanwhile; gives the `Noted` that is filled."""
    noted = Noted() if noted is None else noted
    token = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(token)


def used(name: str, what: str, content: str) -> None:
    """Tell whoever is `noting` that data were read.

    Parameters
    ----------
    name : str
        What was asked for, e.g. ``"mnist/train"``.
    what : str
        What was found, in words, e.g. ``"MNIST (full)"``.
    content : str
        Digest of its content.
    """
    noted = _NOTED.get()
    if noted is not None:
        noted.data[name] = {"what": what, "digest": content}
        if noted.told is not None:
            noted.told(name)


def being_noted() -> Noted | None:
    """What the present run has told so far; None outside of one."""
    return _NOTED.get()


# ----------------------------------------------------------------------------------------------------- differences
def differences(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What two descriptions differ in, in plain words; empty where they agree.

    Parameters
    ----------
    earlier, now : mapping
        Of the same keys; one that is lacking counts as None. Under ``data`` a mapping as in `Noted.data`; under
        ``code`` a digest, under ``versions`` a mapping of names to versions.
    """
    found = []
    for name in dict.fromkeys([*now, *earlier]):
        was, is_now = earlier.get(name), now.get(name)
        if name == "data":
            found += _other_data(was or {}, is_now or {})
        elif was == is_now:
            continue
        elif name == "versions":
            changed = [k for k in dict.fromkeys([*(was or {}), *(is_now or {})]) if (was or {}).get(k) != is_now.get(k)]
            said = [f"{k} {(was or {}).get(k, 'unknown')} instead of {is_now.get(k, 'unknown')}" for k in changed]
            found.append(f"other versions ({', '.join(said)})")
        elif name == "code":
            release = (now.get("versions") or {}).get("sbp_brian", "unknown")
            found.append(f"other code ({was} instead of {is_now} of version {release})")
        elif _short(was) and _short(is_now):
            found.append(f"other {name} ({was} instead of {is_now})")
        else:
            found.append(f"other {name}")
    return found


def _other_data(was: Mapping, now: Mapping) -> list[str]:
    said = []
    for name in dict.fromkeys([*now, *was]):
        old, new = was.get(name), now.get(name)
        if (old or {}).get("digest") != (new or {}).get("digest"):
            words = ["nothing" if part is None else part["what"] for part in (old, new)]
            if words[0] == words[1]:
                words = [f"{part['what']} {part['digest'][:8]}" for part in (old, new)]
            said.append(f"other data ({name}: {words[0]} instead of {words[1]})")
    return said


def _short(value: Any) -> bool:
    """Whether a value says something to a reader: a number or a name, no digest and no list."""
    if isinstance(value, (bool, int, float)):
        return True
    return isinstance(value, str) and 0 < len(value) < 40 and not _is_digest(value)


def _is_digest(text: str) -> bool:
    return len(text) == _LENGTH and all(letter in "0123456789abcdef" for letter in text)
