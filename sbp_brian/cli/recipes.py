"""``sbp run --recipe`` and ``sbp reproduce --recipe``: what is behind a published number, held to the committed one."""

from __future__ import annotations

from pathlib import Path

import click

from sbp_brian.cli.catalogue import Catalogue, protocol_named
from sbp_brian.cli.checking import check_bands
from sbp_brian.cli.options import was_given
from sbp_brian.errors import CommandError

__all__ = ["reproduce_recipes", "run_recipe"]

_WORDS = {
    "equal": "equal",
    "agrees": "within 3 standard errors",
    "differs": "DIFFERS",
    "lacking": "LACKING",
}


def run_recipe(
    catalogue: Catalogue,
    name: str,
    protocol: str | None,
    chosen: dict[str, str],
    out: Path,
    fresh: bool = False,
    progress_lines: bool = False,
    check: bool = False,
    on_cpu=None,
    keep: tuple[str, ...] = (),
) -> None:
    """Run one setting of a recipe with one seed, show it, and say whether it is what was committed.

    Parameters
    ----------
    catalogue : Catalogue
    name : str
        Of the recipe.
    protocol : str or None
        What the user named as well, which is refused.
    chosen : dict of str to str
        Which setting, where the recipe has several.
    out : Path
    fresh, progress_lines : bool
        As in `sbp_brian.cli.running.run_and_show`.
    check : bool
        Whether a value outside its band, or that is not the committed one, is an error.
    on_cpu : OnCpu, optional
    keep : tuple of str
        As in `sbp_brian.experiments.executing.execute`.

    Raises
    ------
    CommandError
        With `check`.
    """
    from sbp_brian.cli.running import run_and_show
    from sbp_brian.experiments import results

    cell = catalogue.recipes.get(name).cell(chosen)
    recipe = _runnable(catalogue, name, protocol, check)
    asked = click.get_current_context()
    of_user = {key: asked.params[key] for key in ("seed", "target") if was_given(asked, key)}
    seed, target = of_user.get("seed", recipe.seeds[0]), of_user.get("target", recipe.target)
    click.echo(f"{recipe.name}: {recipe.line(cell, seed)}", err=True)
    found = protocol_named(catalogue, recipe.protocol)
    record = run_and_show(
        found, target, seed, out, "default", cell.parameters, fresh, progress_lines, on_cpu=on_cpu, keep=keep
    )
    if recipe.pending:
        return
    now = results.gather(recipe, {cell.name: [record]})
    committed = catalogue.recipes.result(recipe.name)
    rows = [row for row in results.compare(committed, now) if row.cell == cell.name]
    _say(rows, committed)
    if check:
        if bad := [row.metric for row in rows if row.verdict in ("differs", "lacking")]:
            raise CommandError(f"recipe {name}: not what was committed: {', '.join(bad)}")
        check_bands([record], len(rows))


def reproduce_recipes(
    catalogue: Catalogue,
    names: tuple[str, ...],
    protocols: tuple[str, ...],
    out: Path,
    workers: int,
    check: bool = False,
    keep: tuple[str, ...] = (),
) -> None:
    """Run all settings and seeds of recipes and hold what they give to the committed results.

    Raises
    ------
    click.ClickException
        Where a run failed, or a number is not what was committed; with `check` also where one is outside its band.
    """
    from sbp_brian.cli.jobs import run_all
    from sbp_brian.experiments import records, results

    asked = click.get_current_context()
    for key in ("seed", "target"):
        if was_given(asked, key):
            raise CommandError(f"--{key} is the recipe's own here; change it with 'sbp run --recipe'")
    wanted = [_runnable(catalogue, name, next(iter(protocols), None), check) for name in names]
    jobs = {recipe.name: _jobs(recipe, out, keep) for recipe in wanted}
    run_all([job for own in jobs.values() for job, _, _ in own], workers)
    bad, found = [], []
    for recipe in wanted:
        bad += [f"{job.name} failed: {job.error}" for job, _, _ in jobs[recipe.name] if job.error]
        done = {
            cell.name: [records.read(job.folder) for job, own, _ in jobs[recipe.name] if own is cell and not job.error]
            for cell in recipe.cells
        }
        done = {cell: own for cell, own in done.items() if own}
        if not done:
            continue
        found += [record for own in done.values() for record in own]
        if recipe.pending:
            continue
        now, committed = results.gather(recipe, done), catalogue.recipes.result(recipe.name)
        rows = results.compare(committed, now)
        _table(recipe, rows)
        _say(rows, committed)
        bad += [f"{recipe.name}: {row.metric} {row.verdict}" for row in rows if row.verdict in ("differs", "lacking")]
    if bad:
        more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
        raise click.ClickException(f"not reproduced: {bad[0]}{more}")
    if check:
        check_bands(found, len(found))


def _runnable(catalogue: Catalogue, name: str, protocol: str | None, check: bool):
    """The recipe, refused where a protocol is named too, a command makes it, or what it needs is lacking."""
    from sbp_brian.datasets import available
    from sbp_brian.errors import DatasetError, RecipeError

    recipe = catalogue.recipes.get(name)
    if protocol is not None:
        raise RecipeError(
            f"{protocol} and --recipe {name} are both given; the recipe has its protocol, so leave it out"
        )
    if recipe.withdrawn:
        raise RecipeError(f"recipe {name} cannot be run any more: {recipe.withdrawn}")
    if recipe.command:
        raise RecipeError(f"recipe {name} is made in the checkout by '{recipe.command}', not by a protocol")
    if recipe.pending and check:
        raise RecipeError(
            f"recipe {name} has no committed result to check against: {recipe.pending}; leave --check out"
        )
    if recipe.pending:
        click.echo(f"recipe {name} has no committed result to compare with: {recipe.pending}", err=True)
    for data, _, remedy in available() if recipe.data else ():
        if data in recipe.data and remedy:
            raise DatasetError(f"recipe {name} needs the data set {data}, which is not here: get it by {remedy}")
    return recipe


def _jobs(recipe, out: Path, keep: tuple[str, ...]) -> list:
    """``(job, cell, seed)`` of every run of a recipe."""
    from sbp_brian.cli.jobs import Job, run_command

    found = []
    for seed in recipe.seeds:
        for cell in recipe.cells:
            command = run_command(
                recipe.protocol,
                target=recipe.target,
                seed=seed,
                out=out,
                settings=cell.parameters,
                keep=keep,
            )
            label = ", ".join(filter(None, [recipe.name, cell.name, f"seed {seed}"]))
            found.append((Job(label, command), cell, seed))
    return found


def _say(rows, committed) -> None:
    """How many numbers are what was committed, and which are not."""
    when = f"{committed.measured['commit']}, {committed.measured['date']}"
    found = {word: [row for row in rows if row.verdict == word] for word in _WORDS}
    parts = [f"{len(own)} {_WORDS[word]}" for word, own in found.items() if own]
    click.echo(f"Beside the committed result ({when}): {', '.join(parts) or 'nothing to compare'}")
    for row in found["differs"]:
        click.echo(f"  {row.metric}: {_value(row.now)} here, {_value(row.committed)} committed")


def _table(recipe, rows) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from sbp_brian.report.text import console

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=Text(f"{recipe.name}: {recipe.title}"))
    headings = (*(["Setting"] if len(recipe.cells) > 1 else []), "Quantity", "Here", "Committed", "")
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        cells = (row.cell, row.metric.replace("_", " "), _value(row.now), _value(row.committed), _WORDS[row.verdict])
        table.add_row(*map(Text, cells[-len(headings) :]))
    console().print(table)


def _value(found) -> str:
    from sbp_brian.report.text import number

    if found is None:
        return "\u2013"
    spread = "" if found.sd is None else f" \u00b1 {number(found.sd)}"
    return f"{number(found.mean, digits=4)}{spread}" + (f" {found.unit}" if found.unit else "")
