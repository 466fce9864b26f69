"""What the runs of a sweep gave together: one more record, which figures read.

It is written to ``DIR/sweep/<run>``:

========================= ======================== ============================================================
array                     shape                    content
========================= ======================== ============================================================
``axis_<parameter>``      (values,)                the values of a swept parameter, in the order given
``seeds``                 (seeds,)                 the seeds
``<metric>``              (axis 1, ..., seeds)     the value in each run, NaN where a run is lacking
``<array>_by_epoch``      (axis 1, ..., seeds, e)  an array by epoch of each run, NaN after its last epoch
``runs``                  (axis 1, ..., seeds)     the names of the runs' records, empty where one is lacking
========================= ======================== ============================================================
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sbp_brian.experiments import records
from sbp_brian.experiments.records import Record
from sbp_brian.experiments.sweep import Point, Sweep
from sbp_brian.identity import digest
from sbp_brian.machine import machine, versions

__all__ = ["PROTOCOL", "columns", "data_of", "gather", "summary_rows"]

#: The name under which sweeps are kept among the records.
PROTOCOL = "sweep"


def gather(sweep: Sweep, out: str | os.PathLike, seconds: float = 0.0) -> Record | None:
    """Read the records of a sweep's runs and write the one of the sweep; None where there is no run yet.

    Parameters
    ----------
    sweep : Sweep
    out : path
        As for the runs.
    seconds : float
        Wall time that was spent on it.
    """
    found = {point: records.read(sweep.folder(out, point)) for point in sweep.points if sweep.done(out, point)}
    if not found:
        return None
    arrays, units = _arrays(sweep, found)
    fixed = sweep.protocol.effective(sweep.size, **sweep.fixed)
    parameters = sweep.protocol.resolve(sweep.size, **fixed).described()
    swept = {name: [sweep.declared[name].check(name, text) for text in texts] for name, texts in sweep.axes.items()}
    described = {
        "swept protocol": {"value": sweep.protocol.name, "unit": ""},
        "swept parameters": {"value": list(sweep.axes), "unit": ""},
        "swept seeds": {"value": sweep.seeds, "unit": ""},
        **{name: {"value": p["value"], "unit": p["unit"]} for name, p in parameters.items()},
        **{name: {"value": values, "unit": sweep.declared[name].unit} for name, values in swept.items()},
    }
    first = sweep.seeds[0]
    folder = Path(out) / PROTOCOL / records.run_name(sweep.target, first, described)
    names = columns(list(found.values()))
    lacking = len(sweep.points) - len(found)
    notes = [f"{lacking} of {len(sweep.points)} runs are lacking; the same command makes them"] if lacking else []
    if data := data_of(found.values()):
        notes.append(f"Data: {', '.join(data)}.")
    if len({_made_with(record) for record in found.values()}) > 1:
        notes.append("Runs of different data, code or versions were taken over and are averaged here.")
    over = " x ".join(f"{len(texts)} values of {name}" for name, texts in sweep.axes.items()) or "one setting"
    record = Record(
        protocol=PROTOCOL,
        title="Sweeps over parameters",
        kind=sweep.protocol.kind,
        parameters=described,
        source={"citation": sweep.protocol.source.citation, "doi": sweep.protocol.source.doi},
        target=sweep.target,
        seed=first,
        size=sweep.size,
        versions=versions(),
        machine=machine(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        timing={"total_s": seconds, "runs_s": sum(r.timing.get("total_s") or 0.0 for r in found.values())},
        tables=[
            {
                "name": f"{sweep.protocol.name}: mean, standard deviation and number of seeds",
                "columns": [*sweep.axes, *itertools.chain(*((name, "SD", "n") for name in names))],
                "rows": summary_rows(sweep, found, names),
            }
        ],
        summary=f"{len(found)} runs of {sweep.protocol.name}: {over}, {len(sweep.seeds)} seed(s) each.",
        notes=notes,
        array_info={
            name: {"shape": list(a.shape), "dtype": str(a.dtype), "unit": units.get(name, "")}
            for name, a in arrays.items()
        },
    )
    records.write(record, folder, arrays)
    return record


def data_of(found: Iterable[Record]) -> list[str]:
    """The data that runs used, in words, e.g. ``["MNIST (full)"]``."""
    return sorted({part["what"] for record in found for part in record.identity.get("data", {}).values()})


def _made_with(record: Record) -> str:
    data = {name: part["digest"] for name, part in record.identity.get("data", {}).items()}
    return digest(data, record.identity.get("code"), record.identity.get("versions"))


def columns(found: Sequence[Record], most: int = 4) -> list[str]:
    """The metrics that a summary shows: those that differ among the runs.

    Scores on the test set are left out where there is one on validation samples: settings are compared on those.
    """
    by_name: dict[str, set] = {}
    for record in found:
        for row in record.metrics:
            by_name.setdefault(row["name"], set()).add(row["value"])
    known = set(by_name)
    shown = [
        name
        for name in by_name
        if not (name.startswith("test_") and f"validation_{name.removeprefix('test_')}" in known)
    ]
    varied = [name for name in shown if len(by_name[name]) > 1]
    return (varied or shown)[:most]


def summary_rows(sweep: Sweep, found: Mapping[Point, Record], names: Sequence[str]) -> list[list[Any]]:
    """One row a point of the grid: its settings, then mean, standard deviation (of the sample) and n of each metric."""
    grouped: dict[tuple, list[Record]] = {}
    for point in sweep.points:
        own = grouped.setdefault(tuple(point.settings.values()), [])
        if point in found:
            own.append(found[point])
    rows = []
    for settings, own in grouped.items():
        row: list[Any] = list(settings)
        for name in names:
            given = [
                r["value"] for record in own for r in record.metrics if r["name"] == name and r["value"] is not None
            ]
            spread = float(np.std(given, ddof=1)) if len(given) > 1 else None
            row += [float(np.mean(given)) if given else None, spread, len(given)]
        rows.append(row)
    return rows


def _arrays(sweep: Sweep, found: Mapping[Point, Record]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    arrays: dict[str, np.ndarray] = {"seeds": np.array(sweep.seeds)}
    units: dict[str, str] = {}
    for name, texts in sweep.axes.items():
        parameter = sweep.declared[name]
        checked = [parameter.check(name, text) for text in texts]
        arrays[f"axis_{name}"] = np.array(texts if isinstance(checked[0], tuple) else checked)
        units[f"axis_{name}"] = parameter.unit
    arrays["runs"] = np.full(sweep.shape, "", f"<U{max(len(p.run) for p in sweep.points)}")
    for point, record in found.items():
        arrays["runs"][point.index] = point.run
        for row in record.metrics:
            if row["value"] is not None:
                arrays.setdefault(row["name"], np.full(sweep.shape, np.nan))[point.index] = row["value"]
                units[row["name"]] = row["unit"]
    wanted = {
        name
        for record in found.values()
        for name, about in record.array_info.items()
        if name.endswith("_by_epoch") and len(about["shape"]) == 1 and not about["dtype"].startswith("<U")
    }
    for name in sorted(wanted):
        length = max(record.array_info[name]["shape"][0] for record in found.values() if name in record.array_info)
        arrays[name] = np.full((*sweep.shape, length), np.nan)
        for point, record in found.items():
            if name in record.array_info:
                given = record.array(name)
                arrays[name][(*point.index, slice(len(given)))] = given
    return arrays, units
