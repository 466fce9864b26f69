"""What this machine has for CUDA: nvcc, its headers and libraries, curand, GPUs; each lack with its remedy."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sbp_brian.errors import DeviceMissing, SettingError

#: The version that brian2cuda's code, and the headers it includes, are compiled as.
STANDARD = "c++17"
#: Compiled for where neither an architecture nor a GPU says otherwise; later GPUs translate it when a program starts.
DEFAULT_ARCH = ("80",)
_ARCH = re.compile(r"(?:sm_|compute_)?(\d+?)\.?(\d[af]?)$")


@dataclass(frozen=True)
class Gpu:
    """One GPU: its name, architecture (e.g. ``"90"``) and memory (MiB)."""

    name: str
    arch: str
    memory_mib: int


@dataclass(frozen=True)
class Toolkit:
    """A CUDA compiler and what belongs to it.

    Attributes
    ----------
    nvcc : str
        Path of the compiler.
    root : Path
        Folder of the toolkit that it belongs to.
    version : (int, int)
    includes, libraries : tuple of Path
        Folders that nvcc searches by itself.
    codes : tuple of str
        Architectures it compiles for, e.g. ``("80", "90")``; empty where it does not tell.
    """

    nvcc: str
    root: Path
    version: tuple[int, int]
    includes: tuple[Path, ...]
    libraries: tuple[Path, ...]
    codes: tuple[str, ...]

    @property
    def release(self) -> str:
        """The version as a text, e.g. ``"13.0"``."""
        return f"{self.version[0]}.{self.version[1]}"

    def header(self, name: str) -> Path | None:
        """The folder in which a header is found: one that nvcc searches, or the ``cccl`` folder within one."""
        places = [*self.includes, *(folder / "cccl" for folder in self.includes)]
        return next((folder for folder in places if (folder / name).is_file()), None)


@dataclass(frozen=True)
class Curand:
    """The library of random numbers: folder of its header, the library itself, and where it comes from."""

    include: Path
    library: Path
    origin: str


def find_nvcc() -> str | None:
    """Path of nvcc: of ``$CUDA_PATH`` or ``$CUDA_HOME``, on the PATH, or in the usual folders."""
    for variable in ("CUDA_PATH", "CUDA_HOME"):
        place = os.environ.get(variable)
        if place and (Path(place) / "bin" / "nvcc").is_file():
            return str(Path(place) / "bin" / "nvcc")
    on_path = shutil.which("nvcc")
    usual = (Path(place, "bin", "nvcc") for place in ("/usr/local/cuda", "/opt/cuda"))
    return on_path or next((str(path) for path in usual if path.is_file()), None)


def toolkit() -> Toolkit:
    """The CUDA toolkit of this machine.

    Raises
    ------
    DeviceMissing
        If there is no nvcc, or one that does not work.
    """
    nvcc = find_nvcc()
    if nvcc is None:
        raise DeviceMissing(
            "target 'cuda' needs nvcc and none was found: install the CUDA toolkit, 12 or newer, and "
            "put its bin folder on the PATH, or name the toolkit in CUDA_PATH (or choose target='cpp')"
        )
    return _ask(nvcc)


@lru_cache(maxsize=4)
def _ask(nvcc: str) -> Toolkit:
    said = _output([nvcc, "--version"])
    release = re.search(r"release (\d+)\.(\d+)", said)
    if release is None:
        raise DeviceMissing(f"{nvcc} does not tell its version: reinstall the CUDA toolkit (or choose target='cpp')")
    # nvcc may be a link or a wrapper: it knows itself where its toolkit is
    plan = _output([nvcc, "--dryrun", "-x", "cu", "/dev/null", "-o", "/dev/null"])
    values = dict(re.findall(r"^#\$ (\w+)=(.*)$", plan, re.MULTILINE))
    root = Path(os.path.normpath(values.get("TOP", Path(nvcc).resolve().parent.parent)))
    words = shlex.split(f"{values.get('INCLUDES', '')} {values.get('SYSTEM_INCLUDES', '')}")
    includes = [word.removeprefix("-I") for word in words if word not in ("-isystem", "")]
    libraries = [word.removeprefix("-L") for word in shlex.split(values.get("LIBRARIES", ""))]
    codes = re.findall(r"sm_(\w+)", _output([nvcc, "--list-gpu-code"]))
    return Toolkit(
        nvcc,
        root,
        (int(release[1]), int(release[2])),
        _there([*includes, root / "include"]),
        _there([*libraries, root / "lib64", root / "lib"]),
        tuple(codes),
    )


def _there(folders) -> tuple[Path, ...]:
    """Those that exist, in order, none twice."""
    normal = [Path(os.path.normpath(folder)) for folder in folders]
    return tuple(dict.fromkeys(folder for folder in normal if folder.is_dir()))


def curand(kit: Toolkit) -> Curand:
    """The curand that programs are compiled and linked with: the toolkit's, else that of a Python package.

    Raises
    ------
    DeviceMissing
        If there is neither.
    """
    include = kit.header("curand_kernel.h")
    library = _library(kit.libraries)
    if include and library:
        return Curand(include, library, "CUDA toolkit")
    package, folder = _curand_package(kit)
    found = importlib.util.find_spec("nvidia")
    for place in found.submodule_search_locations if found else ():
        home = Path(place) / folder
        library = _library([home / "lib"])
        if (home / "include" / "curand_kernel.h").is_file() and library:
            return Curand(home / "include", library, f"{package} {_version(package)}")
    raise DeviceMissing(
        f"the CUDA toolkit in {kit.root} has no curand: pip install {package} (or install the "
        "toolkit's own curand with its headers)"
    )


def curand_package(kit: Toolkit) -> str:
    """The Python package whose curand fits the toolkit."""
    return _curand_package(kit)[0]


def _curand_package(kit: Toolkit) -> tuple[str, str]:
    """The package that has curand for the toolkit, and its folder within ``nvidia``."""
    major = kit.version[0]
    return ("nvidia-curand", f"cu{major}") if major >= 13 else (f"nvidia-curand-cu{major}", "curand")


def _library(folders) -> Path | None:
    """libcurand in one of the folders; packages ship it without the name that ``-lcurand`` looks for."""
    for folder in folders:
        for path in [folder / "libcurand.so", *sorted(folder.glob("libcurand.so.*"))]:
            if path.is_file():
                return path
    return None


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def gpus() -> list[Gpu]:
    """The NVIDIA GPUs of this machine, as ``nvidia-smi`` tells them; empty where there is none."""
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        said = _output(["nvidia-smi", "--query-gpu=name,compute_cap,memory.total", "--format=csv,noheader,nounits"])
    except OSError:
        return []
    found = []
    for line in said.splitlines():
        parts = [part.strip() for part in line.rsplit(",", 2)]
        if len(parts) == 3 and re.fullmatch(r"\d+\.\d+", parts[1]) and parts[2].isdigit():
            found.append(Gpu(parts[0], parts[1].replace(".", ""), int(parts[2])))
    return found


def gpu_nodes() -> bool:
    """Whether the system shows an NVIDIA GPU at all, driver or not."""
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists()


def parse_archs(text: str | None, kit: Toolkit | None = None) -> tuple[str, ...]:
    """Architectures from a text such as ``"sm_90"``, ``"9.0"`` or ``"sm_80,sm_90"``; the default where it is None.

    Raises
    ------
    SettingError
        For a text that names none, or one that the toolkit does not compile for.
    """
    if text is None:
        return DEFAULT_ARCH
    found = []
    for word in text.split(","):
        match = _ARCH.match(word.strip())
        if match is None:
            raise SettingError(
                f"--arch {word.strip()!r} is no CUDA architecture: write e.g. sm_80 (A100), sm_90 (H100), "
                "or several, sm_80,sm_90"
            )
        arch = match[1] + match[2]
        if kit is not None and kit.codes and arch not in kit.codes:
            known = ", ".join(f"sm_{code}" for code in kit.codes)
            raise SettingError(f"nvcc {kit.release} does not compile for sm_{arch}: it knows {known}")
        found.append(arch)
    return tuple(dict.fromkeys(found))


def arch_names(archs: tuple[str, ...]) -> str:
    """The architectures as a user writes them."""
    return ",".join(f"sm_{arch}" for arch in archs)


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr
