"""``sbp new``: a file of your own that runs, to be changed."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path

import click

from sbp_brian.errors import CommandError

__all__ = ["KINDS", "new"]

#: What can be begun -> how it is run.
KINDS = {"experiment": "sbp run {} --quick", "rule": "python {}", "network": "python {}"}


@click.command(short_help="Write a file of your own that runs.")
@click.argument("kind", type=click.Choice(tuple(KINDS)))
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path), default=".", help="Folder for the file.  [default: this one]")
def new(kind: str, name: str, out: Path) -> None:
    """Write NAME.py, a small experiment, rule or network that runs as it stands, and that you change into yours."""
    word = name.removesuffix(".py").replace("-", "_")
    if not re.fullmatch(r"[A-Za-z]\w*", word, re.ASCII) or keyword.iskeyword(word):
        raise CommandError(f"{name!r} is no name for a file of Python; take letters, digits and _, e.g. my_{kind}")
    if not out.is_dir():
        raise CommandError(f"{out} is no folder; make it, or name another with --out")
    path = out / f"{word}.py"
    text = files("sbp_brian.cli").joinpath(f"starters/{kind}.txt").read_text(encoding="utf-8")
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(
                text.replace("NAME", word if kind == "rule" else word.replace("_", "-")).replace("FILE", path.name)
            )
    except FileExistsError:
        raise CommandError(f"{path} is there already; take another name, or remove it") from None
    click.echo(f"{path}\nRun it: {KINDS[kind].format(path)}")
