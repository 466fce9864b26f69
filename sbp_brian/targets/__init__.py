"""Where a simulation runs: numpy, cython, C++ or CUDA; one build, many runs.

What it shows is imported when it is asked for: the compiler's part of this room needs no Brian2.
"""

from typing import TYPE_CHECKING

from sbp_brian._lazy import lazy
from sbp_brian.targets.collecting import collecting  # now: later its module would be found under this name

if TYPE_CHECKING:
    from sbp_brian.targets.progress import progress_bar
    from sbp_brian.targets.results import Result
    from sbp_brian.targets.simulation import TARGETS, OnCpu, Simulation, carried_out_on_cpu, use

__all__ = ["TARGETS", "OnCpu", "Result", "Simulation", "carried_out_on_cpu", "collecting", "progress_bar", "use"]

_HOMES = {
    "sbp_brian.targets.progress": ("progress_bar",),
    "sbp_brian.targets.results": ("Result",),
    "sbp_brian.targets.simulation": ("TARGETS", "OnCpu", "Simulation", "carried_out_on_cpu", "use"),
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, _HOMES)
