"""``sbp run``: one protocol, with progress, a record and a table of results."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from sbp_brian.children import die_with_parent
from sbp_brian.cli import completing
from sbp_brian.cli.catalogue import Catalogue, protocol_named
from sbp_brian.cli.checking import check_bands, check_option
from sbp_brian.cli.options import keep_option, on_cpu_options, recipe_option, run_options, set_option, settings
from sbp_brian.cli.recipes import run_recipe
from sbp_brian.cli.running import run_and_show

__all__ = ["run"]


@click.command()
@click.argument("protocol", shell_complete=completing.protocols, required=False)
@run_options
@on_cpu_options
@recipe_option("Run what is behind a published number, see 'sbp list recipes', in the place of a PROTOCOL.")
@set_option("Change a parameter, with its unit where it has one, e.g. -s delay=20ms; may be given often.")
@click.option("--parameters", is_flag=True, help="List what -s can change, and do not run.")
@click.option("--fresh", is_flag=True, help="Start anew where an interrupted run left checkpoints.")
@click.option(
    "--take-over", is_flag=True, help="Go on with an interrupted run even where it was made with other data or code."
)
@keep_option
@check_option
@click.option("--progress-lines", is_flag=True, hidden=True)
@click.option("--one-program", is_flag=True, hidden=True)
@click.pass_obj
def run(
    catalogue: Catalogue,
    protocol: str | None,
    target: str,
    seed: int,
    out: Path,
    size: str | None,
    recipe: str | None,
    given: tuple[str, ...],
    parameters: bool,
    fresh: bool,
    take_over: bool,
    keep: tuple[str, ...],
    check: bool,
    progress_lines: bool,
    one_program: bool,
    on_cpu,
) -> None:
    """Run PROTOCOL and compare its result with the published one.

    PROTOCOL is a name from 'sbp list', or a Python file of your own that defines PROTOCOL. Progress is shown, a record
    is written below --out, and the table of results is printed. After Ctrl+C the same command goes on where it was.

    With --recipe the parameters, the target and the seed (the first of several) are the recipe's, and the result is
    held to the committed one. Where the recipe has several settings, -s picks one of them.

    With --check the exit status is 1 where a value is outside its band or does not have its pattern, and with --recipe
    where it is not what was committed, too.
    """
    if progress_lines:
        die_with_parent()  # whoever runs this one may be killed
    if recipe is not None:
        run_recipe(
            catalogue,
            recipe,
            protocol,
            settings(given),
            out,
            fresh=fresh,
            progress_lines=progress_lines,
            check=check,
            on_cpu=on_cpu,
            keep=keep,
        )
        return
    if protocol is None:
        raise click.UsageError("name a PROTOCOL ('sbp list'), or a recipe with --recipe ('sbp list recipes')")
    if parameters:
        _list_parameters(protocol_named(catalogue, protocol), size or "default", settings(given))
        return
    with _compiling_headers(target):  # while Brian2 is imported
        found = protocol_named(catalogue, protocol)
        with _one_program(one_program):
            record = run_and_show(
                found,
                target,
                seed,
                out,
                size or "default",
                settings(given),
                fresh,
                progress_lines,
                take_over,
                on_cpu,
                keep,
            )
    if check:
        check_bands([record])


def _compiling_headers(target: str) -> AbstractContextManager[None]:
    """Let the compiler begin with what programs of a target have in common."""
    if target != "cpp":
        return nullcontext()
    from sbp_brian.targets.meanwhile import headers_meanwhile

    return headers_meanwhile()


def _one_program(wanted: bool) -> AbstractContextManager[None]:
    """Take, where it is wanted, the program that a sweep takes for all its runs."""
    if not wanted:
        return nullcontext()
    from sbp_brian.training.one_program import one_program

    return one_program()


def _list_parameters(protocol, size: str, given: dict[str, str]) -> None:
    """The parameters of the chosen model with the values in force, those without effect beside them told apart."""
    from sbp_brian.cli.tables import plain_table
    from sbp_brian.report.text import console

    chosen = protocol.resolve(size, **given)
    values = chosen.described()
    rows = []
    for name, parameter in protocol.declared(chosen.get("model")).items():
        value = values.get(name, {"value": None})["value"]
        value = tuple(value) if isinstance(value, list) else value
        if parameter.choices:
            allowed = ", ".join(map(str, parameter.choices))
        else:
            ends = parameter.minimum, parameter.maximum
            low, high = ("" if end is None else str(end) for end in ends)
            allowed = f"{low} to {high}".strip() if low or high else ""
        shown = "no effect" if name in chosen.idle else parameter.show(value)
        rows.append((name, shown, allowed, parameter.help))
    console().print(plain_table(rows, ("Parameter", "Value", "Range", "What it is")))
