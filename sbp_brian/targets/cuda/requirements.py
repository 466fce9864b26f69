"""The target cuda: what has to be there to build for it and to run on it. brian2cuda is imported only when used."""

from __future__ import annotations

import importlib
import importlib.util

from brian2.core.preferences import prefs
from brian2.devices.device import set_device

from sbp_brian.errors import DeviceMissing
from sbp_brian.targets.compiling import compiler_command
from sbp_brian.targets.cuda.toolkit import curand, gpu_nodes, gpus, parse_archs, toolkit

__all__ = ["cuda_archs", "require_gpu", "use_cuda"]


def require_gpu() -> None:
    """Refuse to run a CUDA program where there is nothing to run it on.

    Raises
    ------
    DeviceMissing
    """
    if not gpus():
        what = "its driver does not answer (nvidia-smi)" if gpu_nodes() else "none was found on this machine"
        raise DeviceMissing(
            f"target 'cuda' needs an NVIDIA GPU to run, and {what}; without one, 'sbp build PROTOCOL "
            "--target cuda --arch sm_90' generates, compiles and links (or choose target='cpp')"
        )


def cuda_archs(arch: str | None) -> tuple[str, ...]:
    """What to compile for: the architectures named, else that of this machine's GPU, which then is needed."""
    if importlib.util.find_spec("brian2cuda") is None:
        raise DeviceMissing("target 'cuda' needs brian2cuda: pip install 'sbp_brian[cuda]' (or choose target='cpp')")
    if arch is None:
        require_gpu()
    compiler_command()
    kit = toolkit()
    curand(kit)
    return (gpus()[0].arch,) if arch is None else parse_archs(arch, kit)


def use_cuda(arch: str | None, options: dict) -> None:
    """Make a CUDA device Brian2's current one, with its preferences."""
    archs = cuda_archs(arch)
    device = importlib.import_module("sbp_brian.targets.cuda.device")
    for name, value in device.preferences(archs).items():
        prefs[name] = value
    if arch is not None:
        options = {"run": False, **options}
    set_device(device.new_device(archs), **options)
