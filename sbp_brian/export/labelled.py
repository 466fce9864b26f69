"""To xarray and netCDF: sweeps with labelled axes; arrays of a record; states of a result over time."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from sbp_brian.experiments.records import Record
from sbp_brian.export.source import gathered, needed, record_of, whole
from sbp_brian.targets import Result

__all__ = ["to_xarray"]


def to_xarray(source: Any, path: str | os.PathLike | None = None) -> Any:
    """An `xarray.Dataset`.

    Parameters
    ----------
    source : Record, Result or path of a record's folder
    path : path, optional
        Also write it there, as netCDF (``.nc``).

    Returns
    -------
    xarray.Dataset
        Of a sweep: each metric over the swept parameters and ``seed``, which are coordinates with their values and
        units, and each array by epoch over ``epoch`` as well. Of another record: each metric as a number with its
        spread, n and verdict as attributes, and each array. Of a result: each recorded variable over its own time and
        its recorded cells. A slash in a name becomes "over".

    Raises
    ------
    ExtraMissing
        xarray (or, to write, netCDF4) is not installed.
    ExportError, RecordError
        There is nothing to export.
    """
    xarray = needed("xarray", "xarray")
    if isinstance(source, Result):
        dataset = _of_result(xarray, source)
    else:
        record = record_of(source)
        dataset = _of_sweep(xarray, record) if record.protocol == "sweep" else _of_record(xarray, record)
    if path is not None:
        needed("netCDF4", "xarray")
        with whole(path) as draft:
            dataset.to_netcdf(draft, engine="netcdf4")
    return dataset


def _of_sweep(xarray: Any, record: Record) -> Any:
    axes = list(record.parameters["swept parameters"]["value"])
    arrays, about = record.arrays, record.array_info
    dims = [*axes, "seed"]
    shape = arrays["runs"].shape
    coords: dict[str, Any] = {"seed": ("seed", arrays["seeds"])}
    for name in axes:
        coords[name] = (name, arrays[f"axis_{name}"], _unit(about[f"axis_{name}"]["unit"]))
    data: dict[str, Any] = {}
    for name, values in arrays.items():
        if name == "seeds" or name.startswith("axis_"):
            continue
        own = dims
        if values.shape != shape:
            own = [*dims, "epoch"]
            coords["epoch"] = ("epoch", np.arange(1, max(values.shape[-1], len(coords.get("epoch", ("", ()))[1])) + 1))
        data[_name(name)] = own, values, {"long_name": name, **_unit(about[name]["unit"])}
    longest = len(coords["epoch"][1]) if "epoch" in coords else 0
    for name, (own, values, attributes) in data.items():
        if own[-1] == "epoch" and values.shape[-1] < longest:
            padding = [(0, 0)] * len(dims) + [(0, longest - values.shape[-1])]
            data[name] = own, np.pad(values, padding, constant_values=np.nan), attributes
    return xarray.Dataset(data, coords, _about(record))


def _of_record(xarray: Any, record: Record) -> Any:
    data: dict[str, Any] = {}
    for row in record.metrics:
        told = {key: row[key] for key in ("spread", "spread_kind", "n", "paper_value", "provenance", "verdict")}
        told = {key: value for key, value in told.items() if value not in (None, "")}
        value = np.nan if row["value"] is None else row["value"]
        data[_name(row["name"])] = (), value, {"long_name": row["name"], **_unit(row["unit"]), **told}
    for name, values in record.arrays.items():
        own = _name(name) if _name(name) not in data else f"{_name(name)}_array"
        dims = [f"{own}_{k}" for k in range(values.ndim)]
        data[own] = dims, values, {"long_name": name, **_unit(record.array_info[name]["unit"])}
    return xarray.Dataset(data, attrs=_about(record))


def _of_result(xarray: Any, result: Result) -> Any:
    found = gathered(result)
    data, coords = {}, {}
    for states in found.runs["run"].states:
        name = f"{states.object}.{states.variable}"
        own, time = f"{name} index", f"{name} time"
        coords[own] = own, states.indices
        coords[time] = time, states.t, {"units": "s"}
        data[name] = [own, time], states.values, _unit(states.unit)
    for weights in found.runs["run"].weights:
        own = f"{weights.name} synapse"
        values = np.asarray(weights.values)
        data[weights.name] = [own] if values.ndim else [], values, _unit(weights.unit)
        for end, cells in (("pre", weights.i), ("post", weights.j)):
            if cells is not None and values.ndim:
                coords[f"{weights.name} {end}"] = own, cells
    for spikes in found.runs["run"].spikes:
        own = f"{spikes.object} {spikes.event}"
        data[f"{own} time"] = [own], spikes.t, {"units": "s"}
        data[f"{own} cell"] = [own], spikes.i
    return xarray.Dataset(data, coords, found.about)


def _about(record: Record) -> dict[str, Any]:
    own = {
        "title": record.title,
        "protocol": record.protocol,
        "run": record.run,
        "target": record.target,
        "started": record.started,
        "summary": record.summary,
        "source": record.source["citation"],
        "doi": record.source["doi"],
    }
    own |= {
        f"parameter {name}": f"{p['value']} {p['unit']}".strip()
        for name, p in record.parameters.items()
        if p["value"] is not None
    }
    return {name: value for name, value in own.items() if value}


def _unit(unit: str) -> dict[str, str]:
    return {"units": unit} if unit else {}


def _name(name: str) -> str:
    """A name that netCDF allows."""
    return name.replace("/", "over")
