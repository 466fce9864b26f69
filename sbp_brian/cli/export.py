"""``sbp export``: a record in the format of another program."""

from __future__ import annotations

from pathlib import Path

import click

from sbp_brian.errors import CommandError

__all__ = ["FORMATS", "export"]

#: Format -> the end of a file's name, and what it is.
FORMATS = {
    "nwb": (".nwb", "Neurodata Without Borders"),
    "neo": (".nix", "Neo, in a NIX file"),
    "netcdf": (".nc", "labelled arrays, sweeps with their axes"),
    "csv": (".csv", "metrics, a row each"),
    "npz": (".npz", "all arrays, for numpy"),
}


@click.command(short_help="Write a record in the format of another program.")
@click.argument("folder", metavar="RECORD", type=click.Path(path_type=Path))
@click.option("--to", "form", type=click.Choice(tuple(FORMATS)), required=True, help="The format.")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write.  [default: named after the record]")
def export(folder: Path, form: str, out: Path | None) -> None:
    """Write the record in the folder RECORD for other programs.

    \b
    nwb     Neurodata Without Borders: units, time series, weights; needs --keep
    neo     Neo: spike trains and signals, in a NIX file; needs --keep
    netcdf  xarray: labelled arrays, of a sweep with its axes
    csv     metrics, a row each
    npz     all arrays, and what is kept

    What nwb and neo hold, a run keeps with 'sbp run PROTOCOL --keep weights,spikes,states'.
    """
    from sbp_brian.experiments import records

    record = records.read(folder)
    end, _ = FORMATS[form]
    out = out or Path(f"{record.protocol}-{record.run}{end}")
    if out.suffix != end:
        raise CommandError(
            f"{out} does not end in {end}, by which other programs know the format; give {out.stem}{end}"
        )
    if form == "csv":
        records.to_csv([record], out)
    else:
        from sbp_brian import export as room

        write = {"nwb": room.to_nwb, "neo": room.to_neo, "netcdf": room.to_xarray, "npz": room.to_npz}[form]
        write(record, out)
    click.echo(str(out))
