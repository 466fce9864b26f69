"""``sbp show``: a record as its run printed it, and its picture."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from sbp_brian.cli.catalogue import Catalogue
from sbp_brian.cli.output import draw_figures

__all__ = ["drawn_from", "print_record", "show"]


@click.command(short_help="Show a record: its table, its parameters, its picture.")
@click.argument("folder", metavar="RECORD", type=click.Path(path_type=Path, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the drawings.  [default: beside the records]")
@click.option("--no-open", is_flag=True, help="Draw the picture and open no window.")
@click.pass_obj
def show(catalogue: Catalogue, folder: Path, out: Path | None, no_open: bool) -> None:
    """Show the record in the folder RECORD: its table, the parameters in force, what it keeps, and its picture.

    The picture is what its protocol's figures draw from this record alone, as SVG, PDF and PNG; it is opened where
    there is a desktop. Nothing is run.
    """
    from sbp_brian.cli import tables
    from sbp_brian.experiments import records
    from sbp_brian.report.text import console

    record = records.read(folder)
    screen = console()
    print_record(record, screen)
    shown = [f"{name} {_value(p['value'])} {p['unit']}".rstrip() for name, p in record.parameters.items()]
    tables.wrapped(f"Parameters: {', '.join(shown) or 'none'}", screen, 2)
    tables.wrapped(f"Made with target {record.target}, seed {record.seed}, {record.started}", screen, 2)
    if record.kept:
        kinds = dict.fromkeys(entry["kind"] for entry in record.kept.values())
        click.echo(f"Keeps {', '.join(kinds)}: sbp export {folder} --to nwb")
    out = out or folder.absolute().parent.parent / "figures"
    failures: list[tuple[str, str]] = []
    names = drawn_from(catalogue, record)
    made = draw_figures(catalogue, [record], names, out, failures)[0] if names else []
    for name in made:
        click.echo(f"Picture: {_near(out / f'{name}.png')}")
    for name, reason in failures:
        click.echo(f"Picture: none, {name} cannot be drawn from this record ({reason})")
    if not made and not failures:
        click.echo("Picture: none, no figure is drawn from this record alone ('sbp figures' draws those of several)")
    if made and not no_open and _desktop():
        click.launch(str(out / f"{made[0]}.png"))


def print_record(record: Any, screen: Any) -> None:
    """Print the table of a record's results, its summary, its notes and its times."""
    from sbp_brian.cli import tables
    from sbp_brian.report.text import MARKS, timing

    if record.metrics:
        tables.results(record, screen)
    for text in filter(None, [record.summary, *record.notes, timing(record.timing)]):
        screen.print(text, markup=False)
    if record.metrics:
        found = [row["verdict"] for row in record.metrics]
        counted = ", ".join(f"{MARKS[v]} {found.count(v)} {v}" for v in MARKS if v in found)
        screen.print(f"Values against their bands and patterns: {counted}.", markup=False)


def drawn_from(catalogue: Catalogue, record: Any) -> tuple[str, ...]:
    """The figures of the record's protocol that can be drawn from this record alone."""
    if record.protocol not in catalogue.protocols.names():
        return ()
    known = catalogue.figures.names()
    own = [name for name in catalogue.protocols.get(record.protocol).figures if name in known]
    return tuple(name for name in own if not catalogue.figures.get(name).missing([record]))


def _value(value: Any) -> str:
    return "of the model" if value is None else ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _near(path: Path) -> str:
    """The path as it is written from here, where that is shorter."""
    here = os.path.relpath(path)
    return str(path) if here.startswith("..") else here


def _desktop() -> bool:
    """Whether somebody sits before it who would see a window."""
    seen = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return seen and sys.stdout.isatty()
