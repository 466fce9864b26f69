"""``sbp benchmark``: a target held to another on this machine, and its speed; other programs; counted instructions."""

from __future__ import annotations

from pathlib import Path

import click

from sbp_brian.cli.catalogue import Catalogue
from sbp_brian.cli.checkout import run_script
from sbp_brian.cli.options import on_cpu_options, run_options, set_option, settings, was_given
from sbp_brian.cli.running import run_and_show
from sbp_brian.errors import CommandError

__all__ = ["benchmark"]

_FILE = click.Path(path_type=Path, resolve_path=True, dir_okay=False)


def _others(ctx: click.Context, out: Path, peers: bool, torch, count, compare) -> tuple[str, list[str]] | None:
    """The script that is asked for and its arguments; None where the command holds a target to another.

    Raises
    ------
    UsageError
        For options that do not go together.
    """
    asked = [name for name, given in (("--peers", peers), ("--count", count), ("--compare", compare)) if given]
    if torch is not None and not peers:
        raise click.UsageError("--torch is for --peers: the interpreter that has PyTorch")
    if len(asked) > 1:
        raise click.UsageError(f"{' and '.join(asked)} exclude one another; give one of them")
    if not asked:
        return None
    own = {"--peers": {"peers", "torch", "out"}, "--count": {"count"}, "--compare": {"compare"}}[asked[0]]
    for parameter in ctx.command.params:
        if parameter.name not in own and was_given(ctx, str(parameter.name)):
            raise click.UsageError(f"{parameter.opts[0]} has no effect with {asked[0]}; leave it out")
    if peers:
        return "benchmarks.peers", ["--out", str(out.resolve()), *([] if torch is None else ["--torch", torch])]
    return "benchmarks.instructions", [asked[0], str(count or compare)]


@click.command(short_help="Hold a target to another: spikes, weights, speed.")
@run_options
@on_cpu_options
@set_option("Change a parameter, as in 'sbp run'.")
@click.option("--fresh", is_flag=True, help="Start anew where an interrupted run left checkpoints.")
@click.option("--peers", is_flag=True, help="Time the flagship beside other programs for the same network.")
@click.option("--torch", metavar="PYTHON", help="With --peers: an interpreter that has PyTorch.")
@click.option(
    "--count", type=_FILE, metavar="FILE", help="Count instructions of a learned sample (callgrind), write them there."
)
@click.option("--compare", type=_FILE, metavar="BASELINE", help="Count them, and hold them to a file of --count.")
@click.pass_context
def benchmark(
    ctx: click.Context,
    target: str,
    seed: int,
    out: Path,
    size: str | None,
    given: tuple[str, ...],
    fresh: bool,
    peers: bool,
    torch: str | None,
    count: Path | None,
    compare: Path | None,
    on_cpu,
) -> None:
    """Hold a target to another on this machine, and time it; the record has spikes, weights and samples a second.

    The network of 'mnist' at full size and the nine-cell circuit of 'tao-2000' run on the target and on its reference:
    C++ for cuda, numpy for cpp and cython. Then training is timed beside C++, except where a CUDA program is carried
    out on the CPU (--target cuda --on-cpu), whose time tells nothing of a GPU. Exits with an error where a comparison
    is outside its band.

    With --peers: processor time of a training sample of that network here, in C written by hand, in plain Brian2 and,
    with --torch, in PyTorch, in one run: a table, OUT/speed-peers.json and the figure OUT/speed-peers.png. With --count
    and --compare: instructions of a learned sample of five programs, which the load of the machine does not move;
    --compare exits with an error where one takes more than 2 % more than in the baseline. Both need the repository.
    """
    others = _others(ctx, out, peers, torch, count, compare)
    if others:
        run_script(*others)
        return
    catalogue: Catalogue = ctx.obj
    record = run_and_show(
        catalogue.benchmark(), target, seed, out, size or "default", settings(given), fresh, on_cpu=on_cpu
    )
    outside = [row["name"] for row in record.metrics if row["verdict"] == "outside"]
    if outside:
        raise CommandError(f"{target} differs from its reference in {', '.join(outside)}; the record tells by how much")
