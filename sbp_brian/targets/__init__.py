"""Where a simulation runs: numpy, cython, C++ or CUDA; one build, many runs."""

from sbp_brian.targets.collecting import collecting
from sbp_brian.targets.progress import progress_bar
from sbp_brian.targets.results import Result
from sbp_brian.targets.simulation import TARGETS, OnCpu, Simulation, carried_out_on_cpu, use

__all__ = ["TARGETS", "OnCpu", "Result", "Simulation", "carried_out_on_cpu", "collecting", "progress_bar", "use"]
