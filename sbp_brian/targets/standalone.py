"""The backend of `Simulation` for compiled programs: one program, its data, many runs."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import weakref
from collections import OrderedDict
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import brian2
import numpy as np

from sbp_brian.errors import Interrupted, SettingError, StorageError
from sbp_brian.targets import build_cache, cache_entry
from sbp_brian.targets.cache_arrays import link_arrays
from sbp_brian.targets.cache_place import one_line, usable_cache, warn_of
from sbp_brian.targets.cache_room import limit_of, make_room
from sbp_brian.targets.compiling import DEFAULT_FLAGS
from sbp_brian.targets.cuda import build
from sbp_brian.targets.cuda.on_cpu.settings import OnCpu
from sbp_brian.targets.cuda.requirements import require_gpu
from sbp_brian.targets.meanwhile import headers_meanwhile
from sbp_brian.targets.network_key import network_key
from sbp_brian.targets.program_run import ProgramRun
from sbp_brian.targets.programs import generate
from sbp_brian.targets.results import Result

_SPARE_BYTES = 16 << 20
#: A network with more data than this is generated each time, keyed or not.
_KEPT_BYTES = 512 << 20
#: Builds of a network that draws numbers while it is made, which are kept ready beside those of runs under way.
_KEPT_SEEDS = 8


@dataclass(eq=False)
class Build:
    """A network that is ready to run: its description, its program, the folder of its data.

    Attributes
    ----------
    manifest : dict
        Description of the network's variables (`sbp_brian.targets.programs.generate`).
    program, arrays : Path
    cached : bool
        Whether nothing had to be compiled.
    held : list of Entry
        What of the cache it stands on; kept there while this object lives.
    """

    manifest: dict
    program: Path
    arrays: Path
    cached: bool
    held: list[cache_entry.Entry] = field(default_factory=list)

    def intact(self) -> bool:
        """Whether what it stands on is still what was written."""
        return all(entry.intact() for entry in self.held)


class StandaloneBackend:
    """Generates, compiles and runs one network.

    A network whose `make` draws nothing by numpy or Python is generated once, whatever the seeds of its runs. Where it
    draws, each seed has data of its own, and the network is generated anew for it; the program is compiled again only
    if its text differs.

    Parameters are those of `Simulation`, checked there; `key_namespace` is the namespace that was given explicitly;
    `archs` are CUDA architectures, none for C++; with `on_cpu` the CUDA program is carried out on the CPU.

    Attributes
    ----------
    latest : Build or None
    manifest : dict or None
        That of the latest build.
    cached : bool
        Whether nothing had to be compiled for it.
    build_s : float
        Time of all builds (s).
    """

    def __init__(
        self,
        make,
        duration,
        namespace,
        *,
        dt,
        cache,
        key,
        key_namespace,
        archs: tuple[str, ...] = (),
        on_cpu: OnCpu | None = None,
    ):
        self.make, self.duration, self.namespace, self.dt, self.key = make, duration, namespace, dt, key
        self.key_namespace, self.archs, self.on_cpu = key_namespace, archs, on_cpu
        self._private = None
        if cache is False:
            self._private = Path(tempfile.mkdtemp(prefix="sbp-cache-"))
            weakref.finalize(self, shutil.rmtree, self._private, ignore_errors=True)
        self.cache = self._private or usable_cache(None if cache in (None, True) else cache)
        limit_of(self.cache)  # a limit that is none is refused before anything is built
        self.manifest = None
        self.cached = False
        self.build_s = 0.0
        self.compiling = None  # called as compiling(fraction, elapsed_s)
        self._common: Build | None = None  # of a network that draws nothing
        self._by_seed: OrderedDict[int, Build] = OrderedDict()  # of one that draws, the latest last
        self.latest: Build | None = None

    def prepare(self, seed: int = 0) -> Build:
        """Generate and compile for a seed, or find both in the cache."""
        ready = self._common or self._by_seed.get(seed)
        if ready is not None and ready.intact():
            if ready is not self._common:
                self._by_seed.move_to_end(seed)
            return ready
        self._common = None
        self._by_seed.pop(seed, None)
        start = time.perf_counter()
        keyed = self._keyed_folder()
        built = (self._from_key(keyed, seed) if keyed else None) or self._from_make(keyed, seed)
        if built.manifest.get("draws"):
            self._by_seed[seed] = built
            if len(self._by_seed) > _KEPT_SEEDS:
                self._by_seed.popitem(last=False)
        else:
            self._common = built
        self.latest, self.manifest, self.cached = built, built.manifest, built.cached
        self.build_s += time.perf_counter() - start
        return built

    def generate(self, folder: Path, seed: int = 0) -> None:
        """Write the sources to a folder and compile nothing."""
        self.manifest, _ = self._generated(folder, seed)

    def _generated(self, folder: Path, seed: int) -> tuple:
        options = dict(dt=self.dt, archs=self.archs, on_cpu=self.on_cpu, seed=seed)
        return generate(self.make, self.duration, self.namespace, folder, **options)

    def _keyed_folder(self) -> Path | None:
        if self.key is None:
            return None
        step = float(self.dt if self.dt is not None else brian2.defaultclock.dt)
        given = sorted((name, repr(value)) for name, value in self.key_namespace.items())
        watched = [] if self.on_cpu is None else ["on the CPU", self.on_cpu.sanitizer]
        key = network_key(self.key, self.make, float(self.duration), step, given, *self.archs, *watched)
        return self.cache / "networks" / key if key else None

    def _from_key(self, keyed: Path, seed: int) -> Build | None:
        """What is kept under a key; where `make` draws, under the key and the seed."""
        entry, kept = _read_kept(keyed)
        if kept == {"draws": True}:
            entry, kept = _read_kept(_of_seed(keyed, seed))
        if entry is None or "program" not in kept:
            return None
        find = build.find_program if self.archs else build_cache.find_program
        found = find(self.cache, kept["program"])
        if found is None:
            return None
        return Build(kept["manifest"], found.path, entry.path / "static_arrays", True, [entry, found.entry])

    def _from_make(self, keyed: Path | None, seed: int) -> Build:
        folder = Path(tempfile.mkdtemp(prefix="sbp-build-"))
        try:
            with headers_meanwhile(self.cache) if self._headers_known() else nullcontext():
                manifest, how = self._generated(folder, seed)
            if self.archs:
                key = f"{build_cache.content_key(folder, [])}-{how.identity}"
                program = build.program(self.cache, key, folder, how, self.compiling)
            else:
                key = build_cache.content_key(folder, how)
                program = build_cache.program(self.cache, key, folder, how)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        built = Build(manifest, program.path, folder / "static_arrays", program.cached, [program.entry])
        weakref.finalize(built, shutil.rmtree, folder, ignore_errors=True)
        if keyed is not None and _size(built.arrays) <= min(_KEPT_BYTES, limit_of(self.cache)):
            try:
                entry = self._keep(keyed, seed, built, key)
                built.arrays = entry.path / "static_arrays"
                built.held.append(entry)
                shutil.rmtree(folder, ignore_errors=True)
            except OSError as error:
                why = error.strerror or str(error)
                warn_of(
                    f"the cache {one_line(self.cache)} takes no more ({why}); the network is generated anew next time"
                )
        return built

    def _headers_known(self) -> bool:
        """Whether the flags of the standard headers are known before code is generated."""
        cpp = brian2.prefs.codegen.cpp
        return not self.archs and cpp.extra_compile_args is None and tuple(cpp.extra_compile_args_gcc) == DEFAULT_FLAGS

    def _keep(self, keyed: Path, seed: int, built: Build, key: str) -> cache_entry.Entry:
        """Keep a network under its key; where its `make` draws, this is said there, and it is kept under its seed."""
        if built.manifest["draws"]:
            self._publish(keyed, {"draws": True})
            keyed = _of_seed(keyed, seed)
        entry = self._publish(keyed, dict(manifest=built.manifest, program=key), built.arrays)
        make_room(self.cache)
        return entry

    def _publish(self, keyed: Path, kept: dict, arrays: Path | None = None) -> cache_entry.Entry:
        with cache_entry.staging(keyed.parent) as made:
            if arrays is not None:
                link_arrays(self.cache, arrays, made.path / "static_arrays")
            (made.path / "manifest.json").write_text(json.dumps(kept))
            found, there = _read_kept(keyed)
            if found is not None and there != kept:  # of a machine with another processor, which shares the cache
                del found
                cache_entry.remove_unused(keyed)
            return cache_entry.publish(made, keyed)

    def check_place(self, results: Path | None) -> None:
        """Refuse a place for results that is a file, in use, or too small.

        Raises
        ------
        ValueError, OSError
        """
        place = results if results is not None else Path(tempfile.gettempdir())
        part = next(p for p in [place, *place.parents] if p.exists())
        if not part.is_dir():
            raise NotADirectoryError(f"results={str(results)!r} cannot be a folder: {part} is a file")
        if not os.access(part, os.W_OK):
            raise PermissionError(f"results={str(results)!r} cannot be written: no permission to write in {part}")
        if results is not None and results.is_dir() and any(results.iterdir()):
            raise SettingError(f"results={str(results)!r} already holds files: give each run a folder of its own")
        needed = _SPARE_BYTES
        if self.manifest is not None:
            needed += sum(
                (entry["size"] or 0) * np.dtype(entry["dtype"]).itemsize
                for entry in self.manifest["entries"].values()
                if "value" not in entry
            )
        free = shutil.disk_usage(part).free
        if free < needed:
            raise StorageError(f"the disk of {place} is full: {free >> 20} MiB are free, {needed >> 20} MiB are needed")

    def run(
        self,
        settings,
        seed: int,
        progress=None,
        results: Path | None = None,
        names=None,
        duration=None,
        register=None,
        built: Build | None = None,
    ) -> Result:
        """Run the program once, from any thread where `built`, what `prepare` gave for the seed, is given."""
        built = built or self.prepare(seed)
        if self.archs and self.on_cpu is None:
            require_gpu()
        self.check_place(results)
        manifest = built.manifest
        sources = None if names is None else _sources(manifest, names)
        folder = results if results is not None else Path(tempfile.mkdtemp(prefix="sbp-results-"))
        folder.mkdir(parents=True, exist_ok=True)
        set_names = manifest["set_names"]
        settings = {set_names.get(source, source): values for source, values in settings.items()}
        run = ProgramRun(
            built.program,
            built.arrays,
            folder,
            settings,
            seed,
            None if duration is None else float(duration),
            environment=None if self.on_cpu is None else self.on_cpu.environment,
        )
        if register is not None:
            register(run)
        try:
            run_s = run.run(progress)
        except BaseException:
            if results is None:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        result = None
        if run.begun:
            files, entries = manifest["files"], manifest["entries"]
            if sources is not None:
                entries = {
                    name: entry for name, entry in entries.items() if "value" in entry or entry["source"] in sources
                }
                for path in folder.iterdir():
                    if path.name not in {files[source] for source in sources} | {"last_run_info.txt", "output.txt"}:
                        path.unlink()
            result = Result(
                entries,
                _reader(folder, files),
                target="cuda" if self.archs else "cpp",
                on_cpu=self.on_cpu,
                seed=seed,
                completed=run.completed,
                run_s=run_s,
                build_s=self.build_s,
                cached=built.cached,
                folder=folder,
                temporary=results is None,
            )
        elif results is None:
            shutil.rmtree(folder, ignore_errors=True)
        if run.interrupted:
            raise Interrupted(result)
        return result


def _sources(manifest: dict, names) -> set[str]:
    entries = manifest["entries"]
    return {entries[name]["source"] for name in names if "value" not in entries[name]}


def _of_seed(keyed: Path, seed: int) -> Path:
    return keyed.with_name(f"{keyed.name}-seed{seed}")


def _read_kept(keyed: Path) -> tuple[cache_entry.Entry | None, dict]:
    """The entry of a key, checked, with its description; None and nothing where there is none."""
    entry = cache_entry.find(keyed)
    if entry is None:
        return None, {}
    try:
        return entry, json.loads((entry.path / "manifest.json").read_text())
    except (OSError, ValueError):  # removed between the check and now
        return None, {}


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def _reader(folder: Path, files: dict[str, str]):
    def read(source: str, dtype: np.dtype) -> np.ndarray:
        return np.fromfile(folder / files[source], dtype=dtype)

    return read
