"""Building the networks of a protocol without running them (``sbp build``): generated, compiled and linked."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbp_brian.errors import SettingError
from sbp_brian.experiments.protocol import Context, Protocol
from sbp_brian.targets import Simulation, collecting
from sbp_brian.targets.cache_entry import SEAL
from sbp_brian.targets.cuda.requirements import cuda_archs

__all__ = ["Built", "build", "generate_only", "networks_of", "simulations_of"]


@dataclass(frozen=True)
class Built:
    """One network that was generated, or built.

    Attributes
    ----------
    name : str
    folder : Path or None
        Its sources and program.
    compiled : bool
        Whether anything was compiled now; otherwise all of it was in the cache.
    seconds : float
        Wall time.
    cost : list of dict
        cuda: for each clock its ``name``, ``dt`` (s, None for an event clock) and the ``kernels`` and ``copies`` that
        one tick asks for at most.
    serial : dict
        cuda: pathway code that runs one synapse after another -> the variables that make it so.
    """

    name: str
    folder: Path | None
    compiled: bool
    seconds: float
    cost: list
    serial: dict


def simulations_of(
    protocol: Protocol,
    target: str,
    *,
    arch: str | None = None,
    size: str = "default",
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
) -> list[Simulation]:
    """The simulations that a protocol makes until its first run; none is built.

    Parameters
    ----------
    protocol : Protocol
    target : {'cpp', 'cuda'}
    arch : str, optional
        cuda: architectures to compile for; by default that of this machine's GPU.
    size, seed, parameters
        As in `sbp_brian.experiments.executing.execute`.

    Raises
    ------
    SettingError
        If the protocol makes no simulation with these parameters, or the target compiles nothing.
    DeviceMissing, CompilerMissing
    """
    if target not in ("cpp", "cuda"):
        raise SettingError(f"target {target!r} compiles no program: build for 'cuda' or 'cpp'")
    if target not in protocol.targets:
        raise SettingError(f"{protocol.name} does not run on target {target!r}: {', '.join(protocol.targets)}")
    if arch is not None and target != "cuda":
        raise SettingError(f"--arch is for target 'cuda', not for {target!r}")
    if target == "cuda":
        cuda_archs(arch)
    chosen = protocol.resolve(size, **(parameters or {}))
    with tempfile.TemporaryDirectory(prefix="sbp-build-") as place, collecting(arch) as found:
        protocol.run(Context(chosen, target, seed, Path(place), size))
    if not found:
        raise SettingError(
            f"{protocol.name} simulates no Brian2 network with these parameters, so there is nothing to "
            "build; choose another model"
        )
    return found


def networks_of(
    protocol: Protocol, folder: Path, *, size: str = "default", parameters: Mapping[str, Any] | None = None
) -> list[Simulation]:
    """The simulations that a protocol makes until its first run, on the target numpy, to be looked at.

    Parameters
    ----------
    protocol : Protocol
    folder : Path
        For what it writes meanwhile.
    size, parameters
        As in `sbp_brian.experiments.executing.execute`.

    Raises
    ------
    SettingError
        It makes none with these parameters.
    """
    chosen = protocol.resolve(size, **(parameters or {}))
    with collecting() as found:
        protocol.run(Context(chosen, "numpy", 0, folder, size))
    if not found:
        raise SettingError(
            f"{protocol.name} makes no Brian2 network with these parameters; choose another model (-s model=...)"
        )
    return found


def build(
    simulation: Simulation, out: Path | None = None, progress: Callable[[float, float], None] | None = None
) -> Built:
    """Generate, compile and link one simulation; `out` receives a copy of the project with its program."""
    start = time.perf_counter()
    backend = simulation._backend
    backend.compiling = progress
    simulation.build()
    folder = backend.latest.program.parent
    if out is not None:
        shutil.copytree(folder, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns(SEAL))
        shutil.copytree(backend.latest.arrays, out / "static_arrays", dirs_exist_ok=True)
        folder = out
    return _described(simulation, folder, not backend.cached, start)


def generate_only(simulation: Simulation, out: Path) -> Built:
    """Write the sources of one simulation to the folder `out`, new or empty, and compile nothing."""
    if out.is_dir() and os.listdir(out):
        raise SettingError(f"{out} already holds files: name a new folder")
    out.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    simulation._backend.generate(out)
    return _described(simulation, out, False, start)


def _described(simulation: Simulation, folder: Path, compiled: bool, start: float) -> Built:
    manifest = simulation._backend.manifest
    return Built(
        simulation.name,
        folder,
        compiled,
        time.perf_counter() - start,
        manifest.get("cost", []),
        manifest.get("serial", {}),
    )
