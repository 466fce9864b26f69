"""``sbp reproduce``: every protocol, all figures, one report page; goes on past a protocol that fails."""

from __future__ import annotations

from pathlib import Path

import click

from sbp_brian.cli import completing
from sbp_brian.cli.catalogue import Catalogue
from sbp_brian.cli.checking import check_bands, check_option
from sbp_brian.cli.jobs import Job, run_all, run_command
from sbp_brian.cli.options import keep_option, recipe_option, run_options
from sbp_brian.machine import cores

__all__ = ["reproduce"]


@click.command(short_help="Run all protocols, draw all figures, write the report.")
@click.argument("names", nargs=-1, metavar="[PROTOCOL ...]", shell_complete=completing.protocols)
@run_options
@recipe_option(
    "Run every setting and seed of a published number's recipe, and hold what they give to the committed result; "
    "may be given often.",
    multiple=True,
)
@click.option("--workers", type=click.IntRange(1), help="Protocols run at once.  [default: 2, or 1 on one core]")
@keep_option
@check_option
@click.pass_obj
def reproduce(
    catalogue: Catalogue,
    names: tuple[str, ...],
    target: str,
    seed: int,
    out: Path,
    size: str | None,
    recipe: tuple[str, ...],
    workers: int | None,
    keep: tuple[str, ...],
    check: bool,
) -> None:
    """Run all protocols (or those named), draw all figures and write one report page.

    With --quick and without names: two biological protocols and MNIST, in minutes. Without it: everything.

    A protocol that fails does not stop the others: it is named at the end, and the exit status is not 0. The page is
    OUT/report.html, the drawings are in OUT/figures.

    With --recipe: all seeds of that recipe, beside the committed result; the exit status is 1 where a number differs.
    With --check it is 1 where a value is outside its band or does not have its pattern, too.
    """
    if recipe:
        from sbp_brian.cli.recipes import reproduce_recipes

        reproduce_recipes(catalogue, recipe, names, out, workers or min(2, cores()), check, keep)
        return
    if keep:
        raise click.UsageError("--keep goes with --recipe here, since not every protocol has all of it; or 'sbp run'")
    from sbp_brian.cli.output import draw_figures, shown
    from sbp_brian.experiments import records
    from sbp_brian.report import page

    known = {entry.name: entry for entry in catalogue.protocols.entries()}
    for name in names:
        if name not in known and not name.endswith(".py"):
            catalogue.protocols.get(name)  # refuses it
    if out.exists() and not out.is_dir():
        raise records.RecordError(f"{out} is a file, not a folder; remove it or give another --out")
    # benchmarks take longest: they start first
    chosen = names or (
        catalogue.quick if size == "quick" else sorted(known, key=lambda name: known[name].kind != "benchmark")
    )
    jobs = [Job(name, run_command(name, target=target, seed=seed, out=out, size=size)) for name in chosen]
    run_all(jobs, workers or min(2, cores()))
    for job in jobs:
        click.echo(job.output)
    failures = [(job.name, job.error) for job in jobs if job.error]
    done = [records.read(job.folder) for job in jobs if job.folder]
    if done:
        undrawn: list[tuple[str, str]] = []
        whole = shown(catalogue)
        draw_figures(catalogue, done, (), out / "figures", undrawn, whole.figures)
        path = page.write(done, out / "report.html", whole, failures=failures, figures=out / "figures")
        click.echo(f"Report: {path}")
        failures += undrawn
    for name, text in failures:
        click.echo(f"{name} failed: {text}", err=True)
    if failures:
        raise click.ClickException(
            f"{len(done)} of {len(jobs)} protocols done; failed: {', '.join(name for name, _ in failures)}"
        )
    if check:
        check_bands(done)
