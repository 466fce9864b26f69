"""Compiled programs, kept by content: the same generated code is compiled once on a machine.

The cache (`sbp_brian.targets.cache_place`) holds ``programs/<content>-<compiler>/main``, ``networks/<key>/`` (what
`Simulation(key=...)` needs to skip code generation), ``headers/`` (the standard headers, precompiled) and ``arrays/``
(data, by content; networks link to it). All of it may be deleted at any time when nothing runs.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from sbp_brian.targets import cache_entry
from sbp_brian.targets.cache_place import temporary_instead
from sbp_brian.targets.cache_room import make_room
from sbp_brian.targets.compiling import compile_project, compiler_command, compiler_id, processor_id

__all__ = ["Program", "content_key", "find_program", "kept_program", "program"]


def content_key(sources: Path, flags: list[str]) -> str:
    """Key of a generated project: all its text, files of others that it includes, the flags and the processor.

    Parameters
    ----------
    sources : Path
        The generated project; ``static_arrays`` and ``results`` are left out, data do not change the program.
    flags : list of str
        Compiler flags beyond those in the makefile.
    """
    digest = hashlib.sha256("\0".join(["sbp-1", processor_id(), *flags]).encode())
    foreign: set[Path] = set()
    for path in sorted(p for p in sources.rglob("*") if p.is_file()):
        name = path.relative_to(sources)
        if name.parts[0] in ("static_arrays", "results"):
            continue
        content = path.read_bytes()
        digest.update(f"\0{name}\0{len(content)}\0".encode())
        digest.update(content)
        foreign |= _foreign_files(content.decode(errors="replace"), makefile=name.name == "makefile")
    for path in sorted(foreign):
        digest.update(f"\0{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def _foreign_files(text: str, makefile: bool) -> set[Path]:
    """Absolute paths of files that a source includes, or that a makefile lists as sources."""
    words: list[str] = []
    for line in text.splitlines():
        stripped = line.lstrip()
        if stripped.startswith("#include"):
            words.append(stripped[len("#include") :].strip().strip('<>"'))
        elif makefile and stripped.startswith("SRCS"):
            words += stripped.split()
    return {Path(word) for word in words if word.startswith("/") and Path(word).is_file()}


class Program:
    """A compiled program in the cache; nobody removes it while this object lives.

    Attributes
    ----------
    path : Path
    cached : bool
        Whether it was there already.
    """

    def __init__(self, entry: cache_entry.Entry, cached: bool):
        self.entry, self.path, self.cached = entry, entry.path / "main", cached


def find_program(cache: Path, key: str) -> Program | None:
    """The compiled program of a key, if it is there and whole; without a compiler, one of any compiler will do."""
    identity = compiler_id()
    programs = cache / "programs"
    candidates = [programs / f"{key}-{identity}"] if identity else sorted(programs.glob(f"{key}-*"))
    for folder in candidates:
        entry = cache_entry.find(folder)
        if entry is not None:
            return Program(entry, cached=True)
    return None


def program(cache: Path, key: str, sources: Path, flags: list[str]) -> Program:
    """The compiled program of a generated project: from the cache, else compiled now.

    Raises
    ------
    CompilerMissing, CompileError, StorageError
    """
    found = find_program(cache, key)
    if found:
        return found
    compiler_command()

    def make(folder: Path, place: Path) -> None:
        compile_project(place, folder, flags)

    return kept_program(cache, f"{key}-{compiler_id()}", sources, make)


def kept_program(cache: Path, name: str, sources: Path, make: Callable[[Path, Path], None]) -> Program:
    """The program of a name: as another process has just made it, else by ``make(folder with the sources, cache)``.

    Where the cache cannot be written, a temporary folder takes its place, with a warning.
    """
    try:
        made = _kept_program(cache, name, sources, make)
    except OSError as error:
        place = temporary_instead(cache, error.strerror or str(error))
        made = _kept_program(place, name, sources, make)
    if not made.cached:
        make_room(made.path.parents[2])
    return made


def _kept_program(cache: Path, name: str, sources: Path, make: Callable[[Path, Path], None]) -> Program:
    folder = cache / "programs" / name
    with cache_entry.making(folder):
        entry = cache_entry.find(folder)  # another process may just have made it
        if entry is not None:
            return Program(entry, cached=True)
        with cache_entry.staging(folder.parent) as made:
            ignored = shutil.ignore_patterns("static_arrays", "results")
            shutil.copytree(sources, made.path, dirs_exist_ok=True, ignore=ignored)
            make(made.path, cache)
            entry = cache_entry.publish(made, folder)
    return Program(entry, cached=False)
