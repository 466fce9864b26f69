"""Random networks on CUDA, carried out on the CPU: they agree with numpy, C++ and an independent reference.

The networks are those of `campaigns.networks`, twenty side by side in one program; each variant of them has threads and
an order of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from campaigns import networks
from campaigns.base import Campaign, Case, Outcome

__all__ = ["CAMPAIGN"]

TARGETS = ("numpy", "cpp", "cuda")
THREADS = (32, 1, 256, 7, 1024)


def check(cases: Sequence[Case], _place: Path) -> Iterator[Outcome]:
    """Run each group of networks on all targets, and hold them to one another and to the reference."""
    from sbp_brian.targets import OnCpu, carried_out_on_cpu

    def together(case: Case) -> tuple[int, int]:
        return case.given["program"], case.given["variant"]

    for (program, variant), group in groupby(sorted(cases, key=together), together):
        with carried_out_on_cpu(OnCpu(THREADS[variant % len(THREADS)], order=100 * program + variant)):
            yield from networks.compare(list(group), cases[0].given.get("targets", TARGETS))


def short() -> list[Case]:
    """A few networks, held to the reference on CUDA alone."""
    return [replace(case, given=case.given | {"targets": ("cuda",)}) for case in networks.draw(1, 3)]


CAMPAIGN = Campaign(
    "cuda_networks",
    "Random networks give the same weights and signals on numpy, on C++, on CUDA and in an independent reference.",
    300,
    networks.draw,
    check,
    short,
    chunk=networks.PROGRAM,
    against="brian2cuda",
)
