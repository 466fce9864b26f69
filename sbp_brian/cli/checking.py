"""The option ``--check``: a value outside its band, or against its pattern, makes the command fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from sbp_brian.errors import CommandError

if TYPE_CHECKING:
    from sbp_brian.experiments.records import Record

__all__ = ["check_bands", "check_option"]


def check_option(command: Callable) -> Callable:
    """The option ``--check``."""
    text = "Fail, with exit status 1, where a value is outside its band or does not have its pattern."
    return click.option("--check", is_flag=True, help=text)(command)


def check_bands(records: Iterable[Record], compared: int = 0) -> None:
    """Refuse records of which a value is outside its band or against its pattern.

    Parameters
    ----------
    records : iterable of Record
    compared : int
        How many of their values were held to something else already.

    Raises
    ------
    CommandError
        Names the values; also where there is none that has a band or a pattern.
    """
    held, outside = 0, []
    for record in records:
        for row in record.metrics:
            held += row["band"] is not None or bool(row.get("pattern"))
            if row["verdict"] == "outside":
                outside.append(f"{record.protocol} {row['name']}")
    if outside:
        raise CommandError(
            f"{len(outside)} of {held} values are outside their bands or against their patterns: {', '.join(outside)}; "
            "the records tell by how much"
        )
    if not held + compared:
        raise CommandError("--check: no value has a band or a pattern to be held to; run it without --check")
