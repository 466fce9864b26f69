"""Compiling a generated C++ project in its folder, by the makefile that Brian2 wrote.

That makefile quotes nothing. So make and the compiler are started in the project's folder and are given names within
it and no path, and what else goes through the makefile is quoted for it: whatever a path holds, nothing of it is
executed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from sbp_brian import children
from sbp_brian.errors import CompileError, CompilerMissing, StorageError
from sbp_brian.targets import cache_entry
from sbp_brian.targets.cache_place import one_line

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
HEADER = "sbp_standard.h"
#: What little is optimised: objects.cpp sets arrays up and writes them out, once a run; main.cpp and network.cpp call.
#: At -O0 the compiler takes no precompiled headers that were made with more, and the other way round.
SPARED = ("objects.o: override OPTIMISATIONS += -Og", "unit_frame.o: override OPTIMISATIONS += -O1")
#: What the makefile says of headers where Brian2's preferences are its defaults.
DEFAULT_SETTINGS = """OPTIMISATIONS = -I"PREFIX/include"
CXXFLAGS = -c -Wno-write-strings $(OPTIMISATIONS) -I.
"""
DEFAULT_FLAGS = ("-w", "-O3", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++11")
#: A disk with less than this free counts as full where compiling fails (bytes).
_SPARE = 1 << 20


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


def compile_project(cache: Path, folder: Path, flags: list[str]) -> None:
    """Compile and link a generated project; afterwards its folder holds the program ``main``.

    Parameters
    ----------
    cache : Path
        Holds the precompiled headers; its ``failed`` receives the output of a compiler that fails.
    folder : Path
    flags : list of str
        Compiler flags beyond those in the makefile; those that the compiler does not know are left out.

    Raises
    ------
    CompileError, StorageError
    """
    from sbp_brian.brian.compiler import known_flags  # imports Brian2, for which headers do not wait

    supported = known_flags(flags)
    # the entry is held, so that nobody removes it, until the program is compiled
    header = _precompiled_header(cache, folder, supported)
    flags = [*supported, "-include", HEADER] if header else supported
    extra = [] if "-O0" in flags else [f"--eval={rule}" for rule in SPARED]
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
    finally:
        for leftover in [*folder.rglob("*.o"), *folder.glob(f"{HEADER}*")]:
            leftover.unlink()


def _quoted(words: list[str]) -> str:
    """Words for a shell that make starts."""
    return shlex.join(words).replace("$", "$$")


def _make(cache: Path, folder: Path, flags: list[str], goals: list[str], extra=()) -> None:
    """Run make on a generated project, without its costly search for dependencies (nothing will be edited)."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    generated = _makefile_value(folder / "makefile", "OPTIMISATIONS")
    command = [
        "make",
        f"-j{workers}",
        "DEPS=",
        f"CXX={_quoted(compiler_command())}",
        f"OPTIMISATIONS={generated} {_quoted(flags)}",
        *extra,
        *goals,
    ]
    log = folder / "compile.log"
    with open(log, "ab") as out:
        code = children.run(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT).returncode
    if code:
        said = log.read_text(errors="replace")
        if full(folder, said):
            raise StorageError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        lines = said.splitlines()
        first = next(
            (line for line in lines if "error:" in line or "fatal" in line.lower()), lines[-1] if lines else ""
        )
        kept = keep_output(cache, said)
        raise CompileError(
            f"the generated code does not compile: {first.strip()} (whole output: {one_line(kept)})", kept
        )


def full(folder: Path, said: str) -> bool:
    """Whether a compiler that said this has failed because a disk is full."""
    return os.strerror(errno.ENOSPC) in said or shutil.disk_usage(folder).free < _SPARE


def keep_output(cache: Path, said: str) -> Path:
    """Keep what a compiler said where the user can read it."""
    kept = cache / "failed" / f"{hashlib.sha256(said.encode(errors='replace')).hexdigest()[:32]}.log"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(said, errors="replace")
    return kept


def _makefile_value(makefile: Path, name: str) -> str:
    for line in makefile.read_text().splitlines():
        if line.startswith(f"{name} ="):
            return line.split("=", 1)[1].strip()
    return ""


def compile_headers(cache: Path) -> None:
    """Compile the standard headers as Brian2's default preferences ask for them, unless the cache holds them.

    Raises
    ------
    CompilerMissing, StorageError, OSError
    """
    flags = list(DEFAULT_FLAGS)
    with tempfile.TemporaryDirectory(prefix="sbp-headers-") as place:
        folder = Path(place)
        (folder / "makefile").write_text(DEFAULT_SETTINGS.replace("PREFIX", sys.prefix))
        if not _headers(cache, folder, flags).is_dir():
            _precompiled_header(cache, folder, flags)


def _included() -> str:
    return "".join(f"#include <{name}>\n" for name in STANDARD_HEADERS)


def _headers(cache: Path, folder: Path, flags: list[str]) -> Path:
    """Where the cache has the standard headers for a project's settings and these flags."""
    makefile = folder / "makefile"
    settings = [_makefile_value(makefile, "CXXFLAGS"), _makefile_value(makefile, "OPTIMISATIONS"), *flags]
    key = hashlib.sha256("\0".join([_included(), processor_id(), compiler_id() or "", *settings]).encode())
    return cache / "headers" / key.hexdigest()[:24]


def _precompiled_header(cache: Path, folder: Path, flags: list[str]) -> cache_entry.Entry | None:
    """Put the standard headers, compiled once for a compiler and its flags, into a project as `HEADER`.

    Gives the entry that holds them; None where the compiler cannot do that.
    """
    home = _headers(cache, folder, flags)
    header, compiled = folder / HEADER, folder / f"{HEADER}.gch"
    header.write_text(_included())
    with cache_entry.making(home):
        entry = cache_entry.find(home)
        if entry is None:
            rule = "%.gch : % ; $(CXX) $(CXXFLAGS) -x c++-header $< -o $@"
            try:
                _make(cache, folder, flags, [compiled.name], extra=[f"--eval={rule}"])
            except CompileError:
                compiled.unlink(missing_ok=True)
                return None
            with cache_entry.staging(home.parent) as made:
                shutil.copyfile(header, made.path / HEADER)
                os.replace(compiled, made.path / compiled.name)
                entry = cache_entry.publish(made, home)
    os.symlink(entry.path / compiled.name, compiled)
    return entry
