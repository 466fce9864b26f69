"""What this machine has of what sbp_brian needs, with the remedy for each lack (``sbp doctor``)."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sbp_brian.errors import CompilerMissing, DeviceMissing
from sbp_brian.machine import cores
from sbp_brian.targets.cache_place import cache_folder, trouble_with
from sbp_brian.targets.compiling import compiler_command
from sbp_brian.targets.cuda import toolkit
from sbp_brian.targets.cuda.on_cpu.compiling import thrust

_WANTED_DISK = 1 << 30
_WANTED_MEMORY = 1 << 30
_WANTED_CUDA = (12, 0)


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes
    ----------
    name : str
    ok : bool
    found : str
        What is there.
    remedy : str
        What to do about it, empty where nothing is needed.
    required : bool
        Whether sbp_brian cannot do its main job without it; the others only inform.
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""
    required: bool = True


def checks() -> list[Check]:
    """All checks, in the order in which a reader would go through them; none raises."""
    found: list[Check] = []
    for check in (_python, _packages, _compiler, _cython, _cuda, _cache, _machine, _data):
        try:
            found += check()
        except Exception as error:  # a doctor reports what he cannot examine
            found.append(Check(check.__name__.strip("_"), False, f"{type(error).__name__}: {error}", required=False))
    return found


def _python() -> list[Check]:
    ok = sys.version_info >= (3, 12)
    return [Check("Python", ok, platform.python_version(), "" if ok else "install Python 3.12 or newer")]


def _packages() -> list[Check]:
    wanted = {"brian2": (2, 10), "numpy": (2, 0), "scipy": (1, 13)}
    return [_package(name, least) for name, least in wanted.items()]


def _package(name: str, least: tuple[int, int]) -> Check:
    remedy = f"pip install '{name}>={least[0]}.{least[1]}'"
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Check(name, False, "not installed", remedy)
    ok = tuple(int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")[:2]) >= least
    return Check(name, ok, version, "" if ok else remedy)


def _compiler() -> list[Check]:
    try:
        command = compiler_command()
    except CompilerMissing as missing:
        return [Check("C++ compiler", False, "none", str(missing))]
    version = _first_line([*command, "--version"])
    with tempfile.TemporaryDirectory(prefix="sbp-doctor-") as place:
        source, program = Path(place, "tiny.cpp"), Path(place, "tiny")
        source.write_text('#include <iostream>\nint main() { std::cout << "works"; }\n')
        made = subprocess.run(
            [*command, "-std=c++11", str(source), "-o", str(program)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if made.returncode:
            line = next((text for text in made.stderr.splitlines() if "error" in text), "it does not compile")
            return [
                Check(
                    "C++ compiler",
                    False,
                    f"{version}: {line}",
                    "reinstall g++ with its headers (Debian: apt install g++; conda: gxx)",
                )
            ]
        shown = subprocess.run([str(program)], capture_output=True, text=True, timeout=60, check=False).stdout
    ok = shown == "works"
    return [Check("C++ compiler", ok, version, "" if ok else "its programs do not run here: is /tmp mounted noexec?")]


def _cython() -> list[Check]:
    there = importlib.util.find_spec("Cython") is not None
    found = importlib.metadata.version("cython") if there else "not installed"
    remedy = "" if there else "pip install cython (only for target 'cython')"
    return [Check("Cython", there, found, remedy, required=False)]


def _cuda() -> list[Check]:
    there = importlib.util.find_spec("brian2cuda") is not None
    found = importlib.metadata.version("brian2cuda") if there else "not installed"
    package = _informs("brian2cuda", there, found, "pip install 'sbp_brian[cuda]'")
    try:
        kit = toolkit.toolkit()
    except DeviceMissing as missing:
        return [_informs("nvcc", False, "not found", str(missing)), package, _on_cpu(there), _gpu()]
    ok = kit.version >= _WANTED_CUDA
    nvcc = _informs("nvcc", ok, f"{kit.release} ({kit.nvcc}, toolkit {kit.root})", "install CUDA 12 or newer")
    cccl = kit.header("thrust/device_vector.h")
    headers = _informs(
        "cccl headers",
        cccl is not None,
        str(cccl or f"not in {kit.root}"),
        "install the toolkit's cccl package (thrust, cub)",
    )
    try:
        random = toolkit.curand(kit)
        curand = _informs("curand", True, f"{random.library.name} of {random.origin}")
    except DeviceMissing as missing:
        curand = _informs("curand", False, "not found", str(missing))
    return [nvcc, headers, curand, package, _on_cpu(there), _gpu()]


def _on_cpu(there: bool) -> Check:
    """Whether CUDA programs can be carried out on the CPU."""
    try:
        found = f"with thrust of {thrust()}"
    except DeviceMissing as missing:
        return _informs("CUDA on the CPU", False, "no headers of thrust", str(missing))
    return _informs("CUDA on the CPU", there, found, "pip install 'sbp_brian[cuda-on-cpu]'")


def _gpu() -> Check:
    names = ", ".join(f"{gpu.name} (sm_{gpu.arch}, {gpu.memory_mib} MiB)" for gpu in toolkit.gpus())
    if names:
        return _informs("GPU", True, names)
    found = "there is one, but its driver does not answer" if toolkit.gpu_nodes() else "none"
    remedy = (
        "install NVIDIA's driver" if toolkit.gpu_nodes() else "a machine with an NVIDIA GPU; 'sbp build' needs none"
    )
    return _informs("GPU", False, found, remedy)


def _informs(name: str, ok: bool, found: str, remedy: str = "") -> Check:
    """A finding about what only the target cuda needs."""
    only = "" if "'cuda'" in remedy else " (only for target 'cuda')"
    return Check(name, ok, found, "" if ok else remedy + only, required=False)


def _cache() -> list[Check]:
    folder = cache_folder()
    trouble = trouble_with(folder)
    if trouble is not None:
        return [Check("cache folder", False, f"{folder}: {trouble[0]}", trouble[1])]
    return [Check("cache folder", True, str(folder))]


def _machine() -> list[Check]:
    free = shutil.disk_usage(tempfile.gettempdir()).free
    enough = free >= _WANTED_DISK
    disk = Check(
        "free disk",
        enough,
        f"{free / 2**30:.1f} GiB in {tempfile.gettempdir()}",
        "" if enough else "make room, or name another folder in TMPDIR",
    )
    memory = _free_memory()
    if memory is None:
        return [disk, Check("cores", True, str(cores()), required=False)]
    enough = memory >= _WANTED_MEMORY
    remedy = "" if enough else "close other programs: training on all of MNIST needs 0.6 GiB"
    return [
        disk,
        Check("free memory", enough, f"{memory / 2**30:.1f} GiB", remedy, required=False),
        Check("cores", True, str(cores()), required=False),
    ]


def _free_memory() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def _data() -> list[Check]:
    from sbp_brian.datasets import available

    return [
        Check(
            f"data: {name}",
            where is not None,
            str(where) if where is not None else "not found",
            str(remedy),
            required=False,
        )
        for name, where, remedy in available()
    ]


def _first_line(command: list[str]) -> str:
    lines = _output(command)
    return lines[0] if lines else "?"


def _output(command: list[str]) -> list[str]:
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    return [line.strip() for line in shown.splitlines() if line.strip()]
