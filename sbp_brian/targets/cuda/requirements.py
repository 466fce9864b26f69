"""The target cuda: what has to be there to build for it and to run on it. brian2cuda is imported only when used."""

from __future__ import annotations

import importlib
import importlib.util

from brian2.core.preferences import prefs
from brian2.devices.device import set_device

from sbp_brian.errors import DeviceMissing, SettingError
from sbp_brian.targets.compiling import compiler_command
from sbp_brian.targets.cuda.on_cpu.compiling import thrust
from sbp_brian.targets.cuda.on_cpu.settings import OnCpu, on_cpu_settings
from sbp_brian.targets.cuda.toolkit import DEFAULT_ARCH, curand, gpu_nodes, gpus, parse_archs, toolkit

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
            "--target cuda --arch sm_90' generates, compiles and links, and --on-cpu (on_cpu=True) carries the program "
            "out on the CPU (or choose target='cpp')"
        )


def cuda_archs(arch: str | None, on_cpu: OnCpu | None = None) -> tuple[str, ...]:
    """What to compile for: the architectures named, else that of this machine's GPU, which then is needed.

    Where the program is carried out on the CPU, the default architecture stands for it, and neither a GPU nor nvcc is.
    """
    if on_cpu is not None and arch is not None:
        raise SettingError(f"arch={arch!r} is for a GPU: leave it out where the program is carried out on the CPU")
    if importlib.util.find_spec("brian2cuda") is None:
        extra = "cuda" if on_cpu is None else "cuda-on-cpu"
        raise DeviceMissing(
            f"target 'cuda' needs brian2cuda: pip install 'sbp_brian[{extra}]' (or choose target='cpp')"
        )
    if on_cpu is not None:
        compiler_command()
        thrust()
        return DEFAULT_ARCH
    if arch is None:
        require_gpu()
    compiler_command()
    kit = toolkit()
    curand(kit)
    return (gpus()[0].arch,) if arch is None else parse_archs(arch, kit)


def use_cuda(arch: str | None, options: dict, on_cpu: bool | OnCpu | None = None) -> None:
    """Make a CUDA device Brian2's current one, with its preferences."""
    settings = on_cpu_settings(on_cpu, "cuda")
    archs = cuda_archs(arch, settings)
    device = importlib.import_module("sbp_brian.targets.cuda.device")
    for name, value in device.preferences(archs, settings).items():
        prefs[name] = value
    if arch is not None:
        options = {"run": False, **options}
    set_device(device.new_device(archs, settings), **options)
