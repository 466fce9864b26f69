"""``sbp benchmark``: a target held to another on this machine, and its speed."""

from __future__ import annotations

from pathlib import Path

import click

from sbp_brian.cli.catalogue import Catalogue
from sbp_brian.cli.options import on_cpu_options, run_options, set_option, settings
from sbp_brian.cli.running import run_and_show
from sbp_brian.errors import CommandError

__all__ = ["benchmark"]


@click.command(short_help="Hold a target to another: spikes, weights, speed.")
@run_options
@on_cpu_options
@set_option("Change a parameter, as in 'sbp run'.")
@click.option("--fresh", is_flag=True, help="Start anew where an interrupted run left checkpoints.")
@click.pass_obj
def benchmark(
    catalogue: Catalogue,
    target: str,
    seed: int,
    out: Path,
    size: str | None,
    given: tuple[str, ...],
    fresh: bool,
    on_cpu,
) -> None:
    """Hold a target to another on this machine, and time it; the record has spikes, weights and samples a second.

    The network of 'mnist' at full size and the nine-cell circuit of 'tao-2000' run on the target and on its reference:
    C++ for cuda, numpy for cpp and cython. Then training is timed beside C++, except where a CUDA program is carried
    out on the CPU (--target cuda --on-cpu), whose time tells nothing of a GPU. Exits with an error where a comparison
    is outside its band.
    """
    record = run_and_show(
        catalogue.benchmark(), target, seed, out, size or "default", settings(given), fresh, on_cpu=on_cpu
    )
    outside = [row["name"] for row in record.metrics if row["verdict"] == "outside"]
    if outside:
        raise CommandError(f"{target} differs from its reference in {', '.join(outside)}; the record tells by how much")
