"""What this machine lacks to compile for CUDA, and to carry a CUDA program out on the CPU."""

import importlib.util

from sbp_brian.errors import DeviceMissing
from sbp_brian.targets.cuda.on_cpu.compiling import thrust
from sbp_brian.targets.cuda.toolkit import curand, toolkit


def _brian2cuda_lack() -> str:
    there = importlib.util.find_spec("brian2cuda") is not None
    return "" if there else "brian2cuda is not installed: pip install 'sbp_brian[cuda]'"


def thrust_lack() -> str:
    """What this machine lacks to compile a CUDA program for the CPU; empty where nothing."""
    try:
        thrust()
    except DeviceMissing as missing:
        return str(missing)
    return ""


def on_cpu_lack() -> str:
    """What this machine lacks to generate a CUDA program and carry it out on the CPU; empty where nothing."""
    return _brian2cuda_lack() or thrust_lack()


def cuda_lack() -> str:
    """What this machine lacks to compile for CUDA; empty where nothing."""
    if lack := _brian2cuda_lack():
        return lack
    try:
        curand(toolkit())
    except DeviceMissing as missing:
        return str(missing)
    return ""
