"""One run from the command line: its progress, its table of results, and where its record lies."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sbp_brian.cli.show import print_record

__all__ = ["progress_bars", "run_and_show"]


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
    on_cpu=None,
    keep: tuple[str, ...] = (),
):
    """Run a protocol with progress, print its results and where they are; gives the record."""
    from sbp_brian.experiments.executing import execute
    from sbp_brian.report.text import console

    with _lines() if progress_lines else progress_bars(console(stderr=True)) as progress:
        record = execute(
            protocol,
            target=target,
            on_cpu=on_cpu,
            seed=seed,
            out=out,
            size=size,
            parameters=chosen,
            fresh=fresh,
            take_over=take_over,
            keep=keep,
            progress=progress,
            say=lambda text: click.echo(text, err=True),
        )
    print_record(record, console())
    place = out / record.protocol / record.run
    click.echo(f"Record: {place}")
    if protocol.figures:
        click.echo(f"Picture: sbp show {place}")
    if progress_lines:
        _say(folder=str(record.folder))
    return record


@contextmanager
def progress_bars(screen) -> Iterator:
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
