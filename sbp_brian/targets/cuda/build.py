"""Compiling and linking a generated CUDA project; objects and programs are kept by content in the user's cache.

``objects/<content>/unit.o`` holds each translation unit: the key is its text with that of all project files that it
includes, the flags, and the versions of nvcc and of the C++ compiler. Of two networks that differ in one place, only
the units that see the difference are compiled. Compilers are started in the project's folder and are given names within
it: nvcc hands what it is given to a shell.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sbp_brian import children
from sbp_brian.errors import CompileError, StorageError
from sbp_brian.targets import build_cache, cache_entry
from sbp_brian.targets.cache_place import one_line, usable_cache
from sbp_brian.targets.compiling import compiler_command, full, keep_output
from sbp_brian.targets.cuda.on_cpu.compiling import CpuRecipe
from sbp_brian.targets.cuda.toolkit import STANDARD, arch_names, curand, toolkit

#: Of the host's code, little runs more than once a time step; -O3 would cost seconds for each file.
HOST_FLAGS = ("-w", "-O1")
_INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)


@dataclass(frozen=True)
class Recipe:
    """How a project is compiled.

    Attributes
    ----------
    nvcc, host : str
        The compilers, of CUDA and of C++.
    archs : tuple of str
    sources : tuple of str
        Files to compile, relative to the project.
    flags, link : tuple of str
    """

    nvcc: str
    host: str
    archs: tuple[str, ...]
    sources: tuple[str, ...]
    flags: tuple[str, ...]
    link: tuple[str, ...]

    @property
    def identity(self) -> str:
        """Twelve hex digits for the compilers, their versions and the flags."""
        said = [_said(command, "--version") for command in (self.nvcc, self.host)]
        return hashlib.sha256("\0".join([*said, *self.flags, "\0", *self.link]).encode()).hexdigest()[:12]

    def compile_command(self, source: str, target: str) -> list[str]:
        """What compiles a file of the project, in its folder."""
        return [self.nvcc, "-ccbin", self.host, *self.flags, "-dc", source, "-o", target]

    def link_command(self, objects: list[str], target: str) -> list[str]:
        """What links the program."""
        return [self.nvcc, "-ccbin", self.host, *objects, *self.link, "-o", target]

    def prepare(self, folder: Path, cache: Path, run: Callable) -> None:
        """Nothing has to be in the project's folder before it is compiled."""

    def tidy(self, folder: Path) -> None:
        """Nothing was put into the project's folder."""

    def makefile(self) -> str:
        """A makefile that does the same by hand."""
        objects = " ".join(_object(source) for source in self.sources)
        rules = "".join(
            f"{_object(s)}: {s}\n\t{shlex.join(self.compile_command(s, _object(s)))}\n\n" for s in self.sources
        )
        return (
            f"# for {arch_names(self.archs)}\nmain: {objects}\n\t"
            f"{shlex.join(self.link_command(objects.split(), 'main'))}\n\n{rules}"
            f".PHONY: clean\nclean:\n\trm -f main {objects}\n"
        )


def _object(source: str) -> str:
    return str(Path(source).with_suffix(".o"))


def _said(command: str, *arguments: str) -> str:
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False).stdout


def recipe(archs, sources, extra=(), nvcc_flags=(), linker_flags=()) -> Recipe:
    """How to compile for these architectures on this machine.

    Parameters
    ----------
    archs : tuple of str
    sources : list of str
    extra : list of str
        Folders and macros for the preprocessor.
    nvcc_flags : list of str
        The preference ``extra_compile_args_nvcc``; architectures named there count besides `archs`.
    linker_flags : list of str
        As Brian2 makes them for a C++ linker.

    Raises
    ------
    DeviceMissing, CompilerMissing
    """
    kit = toolkit()
    random = curand(kit)
    host = compiler_command()
    target = [word for arch in archs[:-1] for word in ("-gencode", f"arch=compute_{arch},code=sm_{arch}")]
    newest = archs[-1]
    # the last one in a form, too, that later GPUs translate for themselves
    target += ["-gencode", f"arch=compute_{newest},code=[sm_{newest},compute_{newest}]"]
    system = [kit.header("thrust/device_vector.h"), random.include]
    folders = [f"-I{folder}" for folder in dict.fromkeys(system) if folder and folder not in kit.includes]
    flags = [f"-std={STANDARD}", "-I.", *target, *nvcc_flags, *folders, *extra, "-Xcompiler", ",".join(HOST_FLAGS)]
    link = [
        *target,
        "-w",
        *(word for flag in linker_flags for word in _for_nvcc(flag)),
        "-Xlinker",
        str(random.library),
        "-Xlinker",
        "-rpath",
        "-Xlinker",
        str(random.library.parent),
    ]
    return Recipe(kit.nvcc, shutil.which(host[-1]) or host[-1], tuple(archs), tuple(sources), tuple(flags), tuple(link))


def _for_nvcc(flag: str) -> list[str]:
    if flag.startswith("-Wl,"):
        return [word for part in flag.split(",")[1:] for word in ("-Xlinker", part)]
    return [flag]


def compile_project(
    folder: Path,
    how: Recipe | CpuRecipe,
    cache: Path | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> int:
    """Compile and link a project in its folder; gives the number of files that had to be compiled.

    Parameters
    ----------
    folder : Path
        A generated project; afterwards it holds the program ``main``.
    how : Recipe or CpuRecipe
    cache : Path, optional
        The user's cache by default.
    progress : callable, optional
        Called as ``progress(fraction, elapsed_s)``.

    Raises
    ------
    CompileError
    """
    cache = usable_cache() if cache is None else cache
    store = cache / "objects"
    start, lock, done, compiled = time.perf_counter(), threading.Lock(), [], []
    identity, prepared, preparing = how.identity, [], threading.Lock()

    def one(number: int) -> str:
        source, name = how.sources[number], f"sbp_unit_{number}.o"
        kept = store / _unit_key(folder, source, identity)
        with cache_entry.making(kept):
            entry = cache_entry.find(kept)
            if entry is None:
                compiled.append(source)
                with preparing:  # once, and only where anything has to be compiled
                    if not prepared:
                        prepared.append(how.prepare(folder, cache, _run))
                entry = _compile_one(folder, source, name, how, kept, cache)
        shutil.copyfile(entry.path / "unit.o", folder / name)
        with lock:
            done.append(source)
            if progress is not None:
                progress(len(done) / (len(how.sources) + 1), time.perf_counter() - start)
        return name

    with ThreadPoolExecutor(_workers()) as pool:
        try:
            objects = list(pool.map(one, range(len(how.sources))))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            children.stop_running()
            raise
    how.tidy(folder)
    _run(how.link_command(objects, "main"), folder, cache, "link")
    for name in objects:
        (folder / name).unlink()
    if progress is not None:
        progress(1.0, time.perf_counter() - start)
    return len(compiled)


def _workers() -> int:
    given = os.environ.get("SBP_BUILD_WORKERS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(given)) if given.isdigit() else cores


def _unit_key(folder: Path, source: str, identity: str) -> str:
    digest = hashlib.sha256(identity.encode())
    for path in sorted(_included(folder, folder / source, set())):
        name = path.relative_to(folder) if path.is_relative_to(folder) else path
        digest.update(f"\0{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def _included(folder: Path, path: Path, seen: set[Path]) -> set[Path]:
    """A file of the project with all that it includes; those of the system are part of the compilers' versions."""
    seen.add(path)
    for name in _INCLUDE.findall(path.read_text(errors="replace")):
        for candidate in (path.parent / name, folder / name):
            candidate = Path(os.path.normpath(candidate))
            if candidate.is_file():
                if candidate not in seen:
                    _included(folder, candidate, seen)
                break
    return seen


def _compile_one(
    folder: Path, source: str, name: str, how: Recipe | CpuRecipe, kept: Path, cache: Path
) -> cache_entry.Entry:
    _run(how.compile_command(source, name), folder, cache, "compile")
    with cache_entry.staging(kept.parent) as made:
        shutil.copyfile(folder / name, made.path / "unit.o")
        return cache_entry.publish(made, kept)


def _run(command: list[str], folder: Path, cache: Path, what: str) -> None:
    made = children.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
    )
    if not made.returncode:
        return
    said = (made.stdout + made.stderr).strip()
    if full(folder, said):
        raise StorageError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    kept = keep_output(cache, shlex.join(command) + "\n" + said + "\n")
    lines = said.splitlines()
    first = next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "no message")
    raise CompileError(
        f"the generated CUDA code does not {what}: {first.strip()} (whole output: {one_line(kept)})", kept
    )


def find_program(cache: Path, key: str) -> build_cache.Program | None:
    """The linked program of a key, if it is there and whole."""
    entry = cache_entry.find(cache / "programs" / key)
    return None if entry is None else build_cache.Program(entry, cached=True)


def program(cache: Path, key: str, sources: Path, how: Recipe | CpuRecipe, progress=None) -> build_cache.Program:
    """The linked program of a generated project: from the cache, else compiled and linked now.

    Raises
    ------
    CompilerMissing, DeviceMissing, CompileError, StorageError
    """

    def make(folder: Path, place: Path) -> None:
        compile_project(folder, how, place, progress)

    return find_program(cache, key) or build_cache.kept_program(cache, key, sources, make)
