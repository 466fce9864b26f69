"""What a result was computed with: versions and machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

__all__ = ["TARGETS", "cores", "machine", "versions"]

#: How Brian2 can compute, by name.
TARGETS = ("numpy", "cython", "cpp", "cuda")


def cores() -> int:
    """Number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def version(package: str) -> str:
    """The version of an installed package.

    Raises
    ------
    ModuleNotFoundError
        There is none of this name.
    """
    from importlib import metadata  # a tenth of what `sbp --help` takes

    return metadata.version(package)


def versions() -> dict[str, str]:
    """Versions of what a result depends on, by name; packages that are absent are left out."""
    found = {"python": platform.python_version()}
    for name in ("sbp_brian", "brian2", "numpy", "brian2cuda"):
        try:
            found[name] = version(name)
        except ModuleNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Cores this process may use, memory (GiB), processor; neither a host's name nor a path."""
    processor = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": cores(),
        "memory_gib": round(memory, 1),
        "processor": processor,
        "system": platform.system(),
    }
