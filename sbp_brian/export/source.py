"""What is exported: the runs of a record or a result, and what there is to say of them; files written whole."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sbp_brian.errors import ExportError, ExtraMissing
from sbp_brian.experiments import records
from sbp_brian.experiments.records import Record
from sbp_brian.identity import digest
from sbp_brian.targets import Result
from sbp_brian.targets.recordings import Recordings, recordings

__all__ = ["Source", "gathered", "needed", "record_of", "whole"]


@dataclass(frozen=True, eq=False)
class Source:
    """What is exported.

    Attributes
    ----------
    title : str
    identifier : str
        The same for the same content.
    started : datetime
        With its time zone.
    about : dict of str to str
        Protocol, target, seed, parameters, versions, source.
    doi : str
    runs : mapping of str to Recordings
    """

    title: str
    identifier: str
    started: datetime
    runs: Mapping[str, Recordings]
    about: dict[str, str] = field(default_factory=dict)
    doi: str = ""


def needed(module: str, extra: str) -> Any:
    """A module of an optional package.

    Raises
    ------
    ExtraMissing
        It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        if error.name not in (package, module):
            raise
        raise ExtraMissing(
            f"{package} is not installed, which this export needs; install it with pip install 'sbp_brian[{extra}]'",
            name=module,
        ) from error


def record_of(source: Any) -> Record:
    """A record, or the one in a folder.

    Raises
    ------
    ExportError
        It is neither.
    RecordError
        There is none in the folder.
    """
    if isinstance(source, Record):
        return source
    if isinstance(source, (str, os.PathLike)):
        return records.read(source)
    raise ExportError(f"{type(source).__name__} cannot be exported; give a Result, a Record or the folder of a record")


def gathered(source: Any) -> Source:
    """The runs of a result, a record or the folder of a record, and what there is to say of them.

    Raises
    ------
    ExportError
        It is none of these, or nothing was recorded.
    RecordError
        The record keeps no recordings.
    """
    if isinstance(source, Result):
        found = recordings(source)
        if not (found.spikes or found.states or found.weights):
            raise ExportError("the result holds no spikes, states or weights; add a SpikeMonitor or a StateMonitor")
        about = {"target": source.target, "seed": str(source.seed)}
        trains = [(s.object, s.i, s.t) for s in found.spikes] + [(s.object, s.values) for s in found.states]
        identifier = digest(trains, [(w.name, w.values) for w in found.weights])
        return Source("A simulation", identifier, datetime.now(UTC), {"run": found}, about)
    record = record_of(source)
    about = {
        "protocol": record.protocol,
        "target": record.target,
        "seed": str(record.seed),
        "parameters": ", ".join(
            f"{name} = {p['value']} {p['unit']}".rstrip()
            for name, p in record.parameters.items()
            if p["value"] is not None
        ),
        "versions": ", ".join(f"{name} {version}" for name, version in record.versions.items()),
        "source": record.source["citation"],
    }
    identifier = record.digests.get("record.json") or digest(record.to_json())
    started = datetime.fromisoformat(record.started)
    started = started if started.tzinfo else started.replace(tzinfo=UTC)
    return Source(record.title, identifier, started, record.runs, about, record.source["doi"])


@contextmanager
def whole(path: str | os.PathLike) -> Iterator[Path]:
    """A draft beside ``path`` that takes its place where nothing fails.

    Raises
    ------
    ExportError
        The folder is not there.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise ExportError(f"{path.parent} is no folder; make it, or give another file")
    if path.is_dir():
        raise ExportError(f"{path} is a folder; give the name of a file in it")
    draft = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
