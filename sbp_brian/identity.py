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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sbp_brian import machine
from sbp_brian.digests import LENGTH, digest

__all__ = [
    "Noted",
    "being_noted",
    "code_of",
    "digest_of_files",
    "differences",
    "digest",
    "library_code",
    "noting",
    "source_files",
    "used",
    "versions",
]

#: Rooms of this package that show results and compute none.
SHOWING = ("cli", "export", "report", "__main__.py", "_version.py")
_SOURCES = (".py", ".cpp", ".h", ".pyx", ".py_")


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


def digest_of_files(files: Iterable[tuple[str, Path]]) -> str:
    """Digest of files given as (name, path); the name and the content count, the place does not."""
    found = hashlib.sha256()
    for name, path in files:
        content = path.read_bytes()
        found.update(f"\0{name}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()[:LENGTH]


@functools.lru_cache(maxsize=1)
def library_code() -> str:
    """Digest of the source of this package and its models, without what only shows results (`SHOWING`)."""
    library = [(name, path) for name, path in source_files("sbp_brian") if Path(name).parts[0] not in SHOWING]
    models = [(f"models/{name}", path) for name, path in source_files("sbp_brian.models")]
    return digest_of_files(library + models)


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
    return digest(library_code(), digest_of_files(_imported(Path(file))))


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
    found = machine.versions()
    return {name: found.get(name, "unknown") for name in ("sbp_brian", "brian2", "numpy")}


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
    said: dict[str, list[str]] = {}
    for name in sorted({*now, *was}):
        old, new = was.get(name), now.get(name)
        if (old or {}).get("digest") != (new or {}).get("digest"):
            words = ["nothing" if part is None else part["what"] for part in (old, new)]
            if words[0] == words[1]:
                words = [f"{part['what']} {part['digest'][:8]}" for part in (old, new)]
            said.setdefault(" instead of ".join(words), []).append(name)
    return [f"other data ({', '.join(names)}: {words})" for words, names in said.items()]


def _short(value: Any) -> bool:
    """Whether a value says something to a reader: a number or a name, no digest and no list."""
    if isinstance(value, (bool, int, float)):
        return True
    return isinstance(value, str) and 0 < len(value) < 40 and not _is_digest(value)


def _is_digest(text: str) -> bool:
    return len(text) == LENGTH and all(letter in "0123456789abcdef" for letter in text)
