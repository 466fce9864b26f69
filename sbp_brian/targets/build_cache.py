"""Compiled programs, kept by content: the same generated code is compiled once on a machine.

The folder is the user's cache (``~/.cache/sbp_brian`` on Linux) or the environment variable ``SBP_CACHE``:
``programs/<content>-<compiler>/main``, ``networks/<key>/`` (what `Simulation(key=...)` needs to skip code generation)
and ``headers/`` (the standard headers, precompiled). All of it may be deleted at any time when nothing runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import time
from functools import lru_cache
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_dir

from sbp_brian import children
from sbp_brian.brian.compiler import known_flags
from sbp_brian.errors import CompileError, CompilerMissing

#: What generated code and Brian2's own headers include; the parsing of these is nearly all of the compile time.
STANDARD_HEADERS = (
    "algorithm",
    "cassert",
    "chrono",
    "climits",
    "cmath",
    "csignal",
    "cstddef",
    "cstdlib",
    "cstring",
    "ctime",
    "fstream",
    "iostream",
    "iterator",
    "limits",
    "map",
    "random",
    "set",
    "string",
    "tuple",
    "type_traits",
    "utility",
    "vector",
)
#: What little is optimised: objects.cpp sets arrays up and writes them out, once a run; main.cpp and network.cpp call.
SPARED = ("objects.o: override OPTIMISATIONS += -O0", "unit_frame.o: override OPTIMISATIONS += -O1")
#: How many folders of each kind are kept, beside those used within the last day.
KEPT = {"programs": 400, "networks": 40, "headers": 4}


def cache_folder(folder=None) -> Path:
    """The folder of the cache: `folder`, else ``SBP_CACHE``, else the user's cache folder."""
    return Path(folder or os.environ.get("SBP_CACHE") or user_cache_dir("sbp_brian")).expanduser().absolute()


def compiler_command() -> list[str]:
    """The C++ compiler that ``make`` will use: ``$CXX``, else g++ or c++.

    Raises
    ------
    CompilerMissing
        If there is none, or no ``make``.
    """
    named = os.environ.get("CXX")
    for command in [named] if named else ["g++", "c++"]:
        words = shlex.split(command)
        if words and shutil.which(words[0]):
            if shutil.which("make") is None:
                raise CompilerMissing(
                    "'make' was not found: install it (Debian: apt install make; conda: make), or choose target='numpy'"
                )
            return words
    what = f"the C++ compiler CXX={named!r} was not found" if named else "no C++ compiler was found"
    raise CompilerMissing(f"{what}: install g++ (Debian: apt install g++; conda: gxx), or choose target='numpy'")


@lru_cache(maxsize=8)
def _version_of(command: tuple[str, ...]) -> str:
    shown = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False).stdout
    return hashlib.sha256(f"{shlex.join(command)}\n{shown}".encode()).hexdigest()[:12]


def compiler_id() -> str | None:
    """Twelve hex digits for the compiler and its version; None where there is no compiler."""
    try:
        return _version_of(tuple(compiler_command()))
    except CompilerMissing:
        return None


@lru_cache(maxsize=1)
def processor_id() -> str:
    """Text that names the processor's abilities: programs are compiled with ``-march=native``."""
    text = f"{platform.system()} {platform.machine()}"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{text} {platform.processor()}"
    wanted = ("vendor_id", "cpu family", "model", "flags", "Features", "CPU part")
    seen = {line.split(":")[0].strip(): line for line in lines if line.split(":")[0].strip() in wanted}
    return text + "\n".join(seen.values())


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
    """A compiled program in the cache.

    Attributes
    ----------
    path : Path
    cached : bool
        Whether it was there already.
    """

    def __init__(self, path: Path, cached: bool):
        self.path, self.cached = path, cached


def find_program(cache: Path, key: str) -> Program | None:
    """The compiled program of a key, if it is there; without a compiler, one of any compiler will do."""
    identity = compiler_id()
    programs = cache / "programs"
    candidates = [programs / f"{key}-{identity}"] if identity else sorted(programs.glob(f"{key}-*"))
    for folder in candidates:
        if (folder / "main").is_file():
            os.utime(folder)
            return Program(folder / "main", cached=True)
    return None


def program(cache: Path, key: str, sources: Path, flags: list[str]) -> Program:
    """The compiled program of a generated project: from the cache, else compiled now.

    Raises
    ------
    CompilerMissing, CompileError
    """
    found = find_program(cache, key)
    if found:
        return found
    compiler_command()
    folder = cache / "programs" / f"{key}-{compiler_id()}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        found = find_program(cache, key)  # another process may just have compiled it
        if found:
            return found
        staging = Path(tempfile.mkdtemp(prefix=f".{key[:8]}-", dir=folder.parent))
        try:
            shutil.copytree(
                sources, staging, dirs_exist_ok=True, ignore=shutil.ignore_patterns("static_arrays", "results")
            )
            _compile(cache, staging, flags)
            for leftover in [*staging.rglob("*.o")]:
                leftover.unlink()
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(staging, folder)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise
    prune(cache)
    return Program(folder / "main", cached=False)


def _compile(cache: Path, folder: Path, flags: list[str]) -> None:
    supported = known_flags(flags)
    header = _precompiled_header(cache, folder, supported)
    flags = [*supported, "-include", str(header)] if header else supported
    extra = [f"--eval={rule}" for rule in SPARED]
    try:
        _make(cache, folder, flags, ["main"], extra)
    except CompileError:
        if not list(folder.glob("unit_*.cpp")):
            raise
        # a header of the user's that cannot be read twice: every piece of code by itself, as Brian2 has it
        pieces = sorted(
            str(path.relative_to(folder)) for path in folder.rglob("*.cpp") if not path.name.startswith("unit_")
        )
        _make(cache, folder, flags, ["main"], [*extra, f"SRCS={' '.join(pieces)}"])


def _make(cache: Path, folder: Path, flags: list[str], goals: list[str], extra=()) -> None:
    """Run make on a generated project, without its costly search for dependencies (nothing will be edited)."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    generated = _makefile_value(folder / "makefile", "OPTIMISATIONS")
    command = [
        "make",
        f"-j{workers}",
        "DEPS=",
        f"CXX={shlex.join(compiler_command())}",
        f"OPTIMISATIONS={generated} {shlex.join(flags)}",
        *extra,
        *goals,
    ]
    log = folder / "compile.log"
    with open(log, "ab") as out:
        code = children.run(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT).returncode
    if code:
        kept = cache / "failed" / f"{folder.name.lstrip('.')}.log"
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(log, kept)
        lines = log.read_text(errors="replace").splitlines()
        first = next(
            (line for line in lines if "error:" in line or "fatal" in line.lower()), lines[-1] if lines else ""
        )
        raise CompileError(f"the generated code does not compile: {first.strip()} (whole output: {kept})", kept)


def _makefile_value(makefile: Path, name: str) -> str:
    for line in makefile.read_text().splitlines():
        if line.startswith(f"{name} ="):
            return line.split("=", 1)[1].strip()
    return ""


def _precompiled_header(cache: Path, folder: Path, flags: list[str]) -> Path | None:
    """The standard headers, compiled once for a compiler and its flags; None where the compiler cannot do that."""
    text = "".join(f"#include <{name}>\n" for name in STANDARD_HEADERS)
    makefile = folder / "makefile"
    settings = [_makefile_value(makefile, "CXXFLAGS"), _makefile_value(makefile, "OPTIMISATIONS"), *flags]
    key = hashlib.sha256("\0".join([text, processor_id(), compiler_id() or "", *settings]).encode()).hexdigest()[:24]
    home = cache / "headers" / key
    header = home / "sbp_standard.h"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home.with_suffix(".lock")):
        if not (home / "sbp_standard.h.gch").is_file():
            header.write_text(text)
            rule = "%.gch : % ; $(CXX) $(CXXFLAGS) -x c++-header $< -o $@.new && mv $@.new $@"
            try:
                _make(cache, folder, flags, [f"{header}.gch"], extra=[f"--eval={rule}"])
            except CompileError:
                return None
    os.utime(home)
    return header


def prune(cache: Path) -> None:
    """Delete what has not been used for longest, nothing of the last day."""
    yesterday = time.time() - 86400
    for kind, count in KEPT.items():
        ages = []
        for folder in (cache / kind).glob("[!.]*/"):
            with contextlib.suppress(OSError):  # another process is pruning, too
                ages.append((folder.stat().st_mtime, folder))
        for used, folder in sorted(ages)[:-count]:
            if used < yesterday:
                shutil.rmtree(folder, ignore_errors=True)
