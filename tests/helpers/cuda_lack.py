"""What this machine lacks to compile for CUDA."""

import importlib.util

from sbp_brian.errors import DeviceMissing
from sbp_brian.targets.cuda.toolkit import curand, toolkit


def cuda_lack() -> str:
    """What this machine lacks to compile for CUDA; empty where nothing."""
    if importlib.util.find_spec("brian2cuda") is None:
        return "brian2cuda is not installed: pip install 'sbp_brian[cuda]'"
    try:
        curand(toolkit())
    except DeviceMissing as missing:
        return str(missing)
    return ""
