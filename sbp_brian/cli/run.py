"""``sbp run``: one protocol, with progress, a record and a table of results."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sbp_brian.machine import TARGETS

__all__ = ["run", "run_and_show", "run_options", "settings"]


def run_options(command):
    """The options that ``run`` and ``reproduce`` share: target, seed, out, quick, full."""
    for option in reversed(
        [
            click.option(
                "--target",
                type=click.Choice(TARGETS),
                default="cpp",
                show_default=True,
                help="How Brian2 computes: numpy (needs nothing), cython, cpp (fast; needs g++), cuda.",
            ),
            click.option(
                "--seed",
                type=click.IntRange(0, 2**32 - 1),
                default=0,
                show_default=True,
                help="All randomness derives from it: same seed and target, same result.",
            ),
            click.option(
                "--out",
                type=click.Path(path_type=Path),
                default="results",
                show_default=True,
                help="Folder for the records.",
            ),
            click.option("--quick", "size", flag_value="quick", help="A small version, to see that it works."),
            click.option("--full", "size", flag_value="full", help="The size that the published numbers need."),
        ]
    ):
        command = option(command)
    return command


def settings(texts: tuple[str, ...]) -> dict[str, str]:
    """``-s name=value`` options as a mapping; refused where one has no ``=`` or a name comes twice."""
    chosen = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise ValueError(f"-s {text!r} is not name=value; write e.g. -s pairs=30")
        if name in chosen:
            raise ValueError(f"-s {name} is given twice; give it once")
        chosen[name] = value
    return chosen


@click.command()
@click.argument("protocol")
@run_options
@click.option(
    "-s",
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a parameter, with its unit where it has one, e.g. -s delay=20ms; may be given often.",
)
@click.option("--parameters", is_flag=True, help="List what -s can change, and do not run.")
@click.option("--fresh", is_flag=True, help="Start anew where an interrupted run left checkpoints.")
@click.option(
    "--take-over", is_flag=True, help="Go on with an interrupted run even where it was made with other data or code."
)
@click.option("--progress-lines", is_flag=True, hidden=True)
def run(
    protocol: str,
    target: str,
    seed: int,
    out: Path,
    size: str | None,
    given: tuple[str, ...],
    parameters: bool,
    fresh: bool,
    take_over: bool,
    progress_lines: bool,
) -> None:
    """Run PROTOCOL and compare its result with the published one.

    PROTOCOL is a name from 'sbp list', or a Python file of your own that defines PROTOCOL. Progress is shown, a record
    is written below --out, and the table of results is printed. After Ctrl+C the same command goes on where it was.
    """
    from sbp_brian import protocols

    protocol = protocols.get(protocol)
    if parameters:
        _list_parameters(protocol, size or "default")
        return
    run_and_show(protocol, target, seed, out, size or "default", settings(given), fresh, progress_lines, take_over)


def run_and_show(
    protocol,
    target: str,
    seed: int,
    out: Path,
    size: str,
    chosen: dict[str, str],
    fresh: bool = False,
    progress_lines: bool = False,
    take_over: bool = False,
):
    """Run a protocol with progress, print its results and where they are; gives the record."""
    from sbp_brian.experiments.protocol import execute
    from sbp_brian.report.text import console, counts, result_table, timing

    with _lines() if progress_lines else _bars(console(stderr=True)) as progress:
        record = execute(
            protocol,
            target=target,
            seed=seed,
            out=out,
            size=size,
            parameters=chosen,
            fresh=fresh,
            take_over=take_over,
            progress=progress,
            say=lambda text: click.echo(text, err=True),
        )
    screen = console()
    if record.metrics:
        screen.print(result_table(record, screen.width))
    for text in filter(None, [record.summary, *record.notes, timing(record.timing)]):
        screen.print(text, markup=False)
    if record.metrics:
        screen.print(f"Values against their bands and patterns: {counts(record.metrics)}.", markup=False)
    click.echo(f"Record: {record.folder}")
    if progress_lines:
        _say(folder=str(record.folder))
    return record


def _list_parameters(protocol, size: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from sbp_brian.report.text import console

    values = protocol.resolve(size).described()
    table = Table(box=None, pad_edge=False)
    for heading in ("Parameter", "Value", "Range", "What it is"):
        table.add_column(heading)
    for name, parameter in protocol.parameters.items():
        value = values[name]["value"]
        value = tuple(value) if isinstance(value, list) else value
        if parameter.choices:
            allowed = ", ".join(map(str, parameter.choices))
        else:
            ends = parameter.minimum, parameter.maximum
            low, high = ("" if end is None else str(end) for end in ends)
            allowed = f"{low} to {high}".strip() if low or high else ""
        table.add_row(*map(Text, (name, parameter.show(value), allowed, parameter.help)))
    console().print(table)


@contextmanager
def _bars(screen) -> Iterator:
    """Progress bars where a terminal is attached, nothing otherwise."""
    if not screen.is_terminal:
        yield None
        return
    from sbp_brian.progress import bars

    with bars(screen, transient=True, redirect=sys.stdout.isatty()) as show:

        @contextmanager
        def one(description: str) -> Iterator:
            show(description, "", 0.0)
            yield lambda fraction, elapsed_s=None: show(description, "", fraction)
            show(description, "", 1.0)

        yield one


@contextmanager
def _lines() -> Iterator:
    """Progress as lines of JSON on the standard error stream, for a program that runs this one."""

    @contextmanager
    def one(description: str) -> Iterator:
        _say(description=description, fraction=0.0)
        yield lambda fraction, elapsed_s=None: _say(description=description, fraction=round(float(fraction), 4))

    yield one


def _say(**content) -> None:
    print("@" + json.dumps(content), file=sys.stderr, flush=True)
