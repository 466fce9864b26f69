"""``sbp data list`` and ``sbp data fetch``."""

from __future__ import annotations

import sys

import click

from sbp_brian.cli import completing

__all__ = ["data"]


@click.group(invoke_without_command=False)
def data() -> None:
    """Find or fetch the data sets of the benchmarks.

    They are looked for in the folder that SBP_DATA names, in ../shared/data beside a checkout, in your cache and in
    /usr/share/datasets. Nothing is downloaded unless you say 'sbp data fetch'.
    """


@data.command("list")
def list_command() -> None:
    """List the data sets, where each was found, and the parts that runs use in the place of the whole."""
    from sbp_brian.datasets import available

    found = available()
    width = max(len(name) for name, *_ in found) + 2
    for name, where, remedy in found:
        how = remedy if remedy.startswith("all of it") else f"get it by {remedy}"
        click.echo(f"{name:{width}}{where or 'not found'}" + (f"\n{'':{width}}{how}" if remedy else ""))


@data.command()
@click.argument("name", shell_complete=completing.data_sets)
@click.option("--url", help="Fetch the same files from another place; their checksums stay the same.")
def fetch(name: str, url: str | None) -> None:
    """Download the data set NAME into your cache and check it. Give the command again if it was interrupted."""
    from sbp_brian import datasets

    click.echo(str(datasets.fetch(name, url=url, progress=sys.stderr.isatty())))
