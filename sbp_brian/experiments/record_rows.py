"""The metrics of records as rows: for pandas, and as a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sbp_brian.experiments.record_format import FLAT

__all__ = ["to_csv", "to_dataframe"]


def to_dataframe(records: Iterable[Any]):
    """A pandas DataFrame, one row a metric, with the run's parameters as columns ``parameter.<name>``."""
    import pandas

    return pandas.DataFrame(_rows(records))


def to_csv(records: Iterable[Any], path: str | os.PathLike) -> Path:
    """Write the rows of `to_dataframe` as a CSV file (UTF-8, comma)."""
    rows = _rows(records)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return Path(path)


def _rows(records: Iterable[Any]) -> list[dict[str, Any]]:
    rows = []
    for record in records:
        run = {
            "protocol": record.protocol,
            "run": record.run,
            "target": record.target,
            "seed": record.seed,
            "size": record.size,
            "started": record.started,
        }
        for key, described in record.parameters.items():
            run[f"parameter.{key}" + (f" ({described['unit']})" if described["unit"] else "")] = described["value"]
        rows += [{**run, **{key: row.get(key) for key in FLAT}} for row in record.metrics]
    return rows
