"""``sbp verify``: run a record again, and say whether it is the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from sbp_brian.cli.catalogue import Catalogue, protocol_named
from sbp_brian.errors import ParameterError

__all__ = ["verify"]


@click.command(short_help="Run a record again: equal, or what differs.")
@click.argument("folder", metavar="RECORD", type=click.Path(path_type=Path))
@click.option("--protocol", metavar="FILE", help="The Python file of the protocol, where it is one of your own.")
@click.option("--out", type=click.Path(path_type=Path), help="Keep the new record below this folder.  [default: no]")
@click.pass_obj
def verify(catalogue: Catalogue, folder: Path, protocol: str | None, out: Path | None) -> None:
    """Run the protocol of RECORD again with its parameters, seed and target, and compare.

    RECORD is the folder of one run, with its record.json. Every metric and every array is compared to the last bit,
    speeds left out. The exit status is 1 where one differs; what the new run was made with that the old one was not
    (versions, data, code) is told in any case.
    """
    from sbp_brian.cli.running import progress_bars
    from sbp_brian.experiments import records
    from sbp_brian.report.text import console

    record = records.read(folder)
    record.arrays  # noqa: B018  a damaged one is refused before anything runs
    if record.protocol == "sweep":
        raise records.RecordError(
            f"{folder} is the record of a sweep and has no run of its own; verify one of its runs"
        )
    if protocol is None and record.protocol not in catalogue.protocols.names():
        raise records.RecordError(
            f"{folder} is of {record.protocol!r}, which is no protocol of this package; name its file with --protocol"
        )
    found = protocol_named(catalogue, protocol or record.protocol)  # before what imports Brian2
    from sbp_brian.experiments import verifying

    if found.name != record.protocol:
        raise records.RecordError(f"{folder} is of {record.protocol!r}, but {protocol} defines {found.name!r}")
    with tempfile.TemporaryDirectory(prefix="sbp-verify-") as place, progress_bars(console(stderr=True)) as bars:
        try:
            done = verifying.verify(record, found, out or Path(place), bars)
        except ParameterError as error:
            raise records.RecordError(f"{folder / 'record.json'} cannot be run again: {error}") from error
        arrays = len(done.again.arrays)
    if done.ignored:
        click.echo(f"Note: left out, since they mean nothing here: {', '.join(done.ignored)}")
    for line in done.circumstances:
        click.echo(f"Note: {line}")
    what = f"{record.protocol}, {record.target}, seed {record.seed}"
    if done.equal:
        click.echo(f"equal: {len(done.again.metrics)} metrics and {arrays} arrays of {what}")
        return
    for line in done.differences:
        click.echo(line)
    raise click.ClickException(f"{len(done.differences)} differences in {what}")
