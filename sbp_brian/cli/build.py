"""``sbp build``: generate, compile and link the networks of a protocol, and run nothing."""

from __future__ import annotations

from pathlib import Path

import click

from sbp_brian.cli import completing
from sbp_brian.cli.catalogue import Catalogue, protocol_named
from sbp_brian.cli.options import seed_option, set_option, settings, size_options
from sbp_brian.errors import CommandError

__all__ = ["build"]


@click.command(short_help="Generate, compile and link, without running.")
@click.argument("protocol", shell_complete=completing.protocols)
@click.option(
    "--target", type=click.Choice(("cuda", "cpp")), default="cuda", show_default=True, help="What to build for."
)
@click.option(
    "--arch",
    metavar="SM",
    help="cuda: architectures, e.g. sm_90 (H100) or sm_80,sm_90; needs no GPU.  "
    "[default: the GPU of this machine, else sm_80]",
)
@seed_option("As in 'sbp run'.")
@size_options
@set_option("Change a parameter, as in 'sbp run'.")
@click.option("--generate-only", is_flag=True, help="Write the sources to --out and compile nothing.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for a copy of sources, data and program.")
@click.pass_obj
def build(
    catalogue: Catalogue,
    protocol: str,
    target: str,
    arch: str | None,
    seed: int,
    size: str | None,
    given: tuple[str, ...],
    generate_only: bool,
    out: Path | None,
) -> None:
    """Generate, compile and link the networks of PROTOCOL, and run nothing.

    No GPU is needed. Programs are kept in the cache, where 'sbp run' finds them. For CUDA, the table tells how many
    kernels each tick of a clock starts at most, and for how many copies the host waits.
    """
    from sbp_brian.cli.running import progress_bars
    from sbp_brian.report.text import console
    from sbp_brian.targets.cuda.toolkit import DEFAULT_ARCH, arch_names, gpus, parse_archs, toolkit

    if generate_only and out is None:
        raise CommandError("--generate-only writes sources: name a folder for them, --out DIR")
    if target == "cuda" and arch is None:
        arch = f"sm_{gpus()[0].arch}" if gpus() else arch_names(DEFAULT_ARCH)
    asked = protocol_named(catalogue, protocol)  # before what imports Brian2
    from sbp_brian.experiments import building

    found = building.simulations_of(
        asked,
        target,
        arch=arch,
        size=size or "default",
        seed=seed,
        parameters=settings(given),
    )
    done = []
    with progress_bars(console(stderr=True)) as bars:
        for k, simulation in enumerate(found):
            place = None if out is None else (out / f"{k + 1}-{simulation.name}" if len(found) > 1 else out)
            if generate_only:
                done.append(building.generate_only(simulation, place))
            elif bars is None:
                done.append(building.build(simulation, place))
            else:
                with bars(f"building {simulation.name}") as bar:
                    done.append(building.build(simulation, place, bar))
    _show(done)
    what = "Generated" if generate_only else "Generated, compiled and linked"
    many = f"{len(done)} network{'s' if len(done) > 1 else ''}"
    with_ = "C++"
    if target == "cuda":
        kit = toolkit()
        with_ = f"{arch_names(parse_archs(arch, kit))} with nvcc {kit.release}"
    click.echo(f"{what} {many} for {with_}. Nothing was run.")
    if out is not None:
        click.echo(f"Project: {out}")


def _show(done) -> None:
    from rich.table import Table
    from rich.text import Text

    from sbp_brian.report.text import console

    table = Table(box=None, pad_edge=False)
    for heading in ("Network", "Time", "Clock", "Step", "Kernels a tick", "Copies a tick", "One by one"):
        table.add_column(heading)
    for built in done:
        took = f"{built.seconds:.1f} s" + ("" if built.compiled else " (nothing to compile)")
        rows = built.cost or [None]
        for k, clock in enumerate(rows):
            step = "" if clock is None else "at events" if clock["dt"] is None else f"{clock['dt'] * 1e3:g} ms"
            cost = (
                ("", "", "", "")
                if clock is None
                else (clock["name"], step, f"{clock['kernels']}", f"{clock['copies']}")
            )
            serial = ", ".join(sorted(built.serial)) if k == 0 else ""
            table.add_row(*map(Text, (built.name if k == 0 else "", took if k == 0 else "", *cost, serial)))
    console().print(table)
