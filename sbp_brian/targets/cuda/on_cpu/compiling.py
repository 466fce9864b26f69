"""Compiling a translated CUDA project by the C++ compiler; the headers are compiled once and kept in the cache."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sbp_brian.errors import DeviceMissing
from sbp_brian.targets import cache_entry
from sbp_brian.targets.compiling import compiler_command
from sbp_brian.targets.cuda.on_cpu.settings import SANITIZERS, OnCpu
from sbp_brian.targets.cuda.on_cpu.translation import HEADER, headers
from sbp_brian.targets.cuda.toolkit import STANDARD, find_nvcc, toolkit

__all__ = ["CpuRecipe", "cpu_recipe", "thrust"]

#: Brian2's own C++ programs are compiled with more; what counts here is the time that compiling takes.
FLAGS = (f"-std={STANDARD}", "-w", "-O1", "-ffp-contract=off", "-fno-strict-aliasing")


@dataclass(frozen=True)
class CpuRecipe:
    """How a translated project is compiled; takes the place of the recipe for nvcc.

    Attributes
    ----------
    compiler : tuple of str
    sources : tuple of str
        Files to compile, relative to the project.
    flags, link : tuple of str
    headers : str
        Digest of the headers that each file reads first.
    """

    compiler: tuple[str, ...]
    sources: tuple[str, ...]
    flags: tuple[str, ...]
    link: tuple[str, ...]
    headers: str

    @property
    def identity(self) -> str:
        """Twelve hex digits for the compiler, its version, the headers and the flags."""
        told = [_version(self.compiler), self.headers, *self.flags, "\0", *self.link]
        return hashlib.sha256("\0".join(told).encode()).hexdigest()[:12]

    def compile_command(self, source: str, target: str) -> list[str]:
        """What compiles a file of the project, in its folder."""
        return [*self.compiler, "-include", HEADER, *self.flags, "-x", "c++", "-c", source, "-o", target]

    def link_command(self, objects: list[str], target: str) -> list[str]:
        """What links the program."""
        return [*self.compiler, *objects, *self.link, "-o", target]

    def makefile(self) -> str:
        """A makefile that does the same by hand."""
        objects = {source: str(Path(source).with_suffix(".o")) for source in self.sources}
        rules = "".join(f"{o}: {s}\n\t{shlex.join(self.compile_command(s, o))}\n\n" for s, o in objects.items())
        link = shlex.join(self.link_command(list(objects.values()), "main"))
        names = " ".join(objects.values())
        return f"main: {names}\n\t{link}\n\n{rules}.PHONY: clean\nclean:\n\trm -f main {names}\n"

    def prepare(self, folder: Path, cache: Path, run: Callable) -> cache_entry.Entry:
        """Give the project its headers as the compiler has read them once; gives the entry that holds them."""
        home, name = cache / "headers" / f"cuda-{self.identity}", "header.gch"
        compiled = folder / f"{HEADER}.gch"
        with cache_entry.making(home):
            entry = cache_entry.find(home)
            if entry is None:
                command = [*self.compiler, *self.flags, "-x", "c++-header", HEADER, "-o", f"{HEADER}.gch"]
                run(command, folder, cache, "compile")
                with cache_entry.staging(home.parent) as made:
                    shutil.move(compiled, made.path / name)
                    entry = cache_entry.publish(made, home)
        os.symlink(entry.path / name, compiled)
        return entry

    def tidy(self, folder: Path) -> None:
        """Take out what `prepare` has put in."""
        (folder / f"{HEADER}.gch").unlink(missing_ok=True)


@lru_cache(maxsize=8)
def _version(compiler: tuple[str, ...]) -> str:
    return subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False).stdout


def cpu_recipe(settings: OnCpu, sources, extra=(), linker_flags=()) -> CpuRecipe:
    """How to compile a translated project on this machine.

    Parameters
    ----------
    settings : OnCpu
    sources : list of str
    extra : list of str
        Folders and macros for the preprocessor.
    linker_flags : list of str

    Raises
    ------
    CompilerMissing
    DeviceMissing
        If thrust is nowhere.
    """
    watched = [f"-fsanitize={','.join(SANITIZERS[settings.sanitizer])}"] if settings.sanitizer else []
    more = ["-g1", "-fno-omit-frame-pointer"] if watched else ["-g0"]
    if settings.sanitizer == "memory":
        # thrust binds references to nothing where it chooses among its functions; what reads nothing ends anyway
        more += ["-fno-sanitize-recover=undefined", "-fno-sanitize=null"]
    if settings.sanitizer == "races":
        more.append("-DSBP_ON_CPU_THREADS")
    flags = [*FLAGS, *watched, *more, "-I.", f"-I{thrust()}", *extra]
    link = [*watched, *linker_flags, "-pthread"]
    text = "".join(path.read_text() for path in headers())
    digest = hashlib.sha256(text.encode()).hexdigest()
    return CpuRecipe(tuple(compiler_command()), tuple(sources), tuple(flags), tuple(link), digest)


def thrust() -> Path:
    """The folder that holds the headers of thrust: of CUDA's toolkit, of the package nvidia-cuda-cccl, or of Debian.

    Raises
    ------
    DeviceMissing
    """
    places: list[Path] = []
    package = importlib.util.find_spec("nvidia")
    for home in map(Path, (package.submodule_search_locations or ()) if package else ()):
        places += [*sorted(home.glob("cu*/include/cccl"), reverse=True), home / "cuda_cccl" / "include"]
    places.append(Path("/usr/include"))
    found = next((place for place in places if _has_thrust(place)), None)
    if found is None and find_nvcc() is not None:
        try:
            found = toolkit().header("thrust/device_vector.h")
        except DeviceMissing:  # one that does not work
            found = None
    if found is None:
        raise DeviceMissing(
            "a CUDA program on the CPU needs the headers of thrust: pip install nvidia-cuda-cccl (Debian: apt install "
            "libthrust-dev), or choose target='cpp'"
        )
    return found


def _has_thrust(folder: Path) -> bool:
    return (folder / "thrust" / "device_vector.h").is_file()
