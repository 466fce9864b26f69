"""Running a record again: whether the same command gives the same numbers, and if not, which differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.protocol import Protocol
from sbp_brian.experiments.records import Record

__all__ = ["Verification", "differences", "given_of", "verify"]


@dataclass(frozen=True)
class Verification:
    """What running a record again showed.

    Attributes
    ----------
    again : Record
    differences : tuple of str
        One line for each metric or array that is not the same; empty where all are equal.
    circumstances : tuple of str
        What the new run was made with that the old one was not: versions, data, code.
    ignored : tuple of str
        Parameters of the record that the protocol does not have any more.
    """

    again: Record
    differences: tuple[str, ...]
    circumstances: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether every metric and array is the same."""
        return not self.differences


def verify(
    record: Record,
    protocol: Protocol,
    out: Path,
    progress: Callable[[str], AbstractContextManager] | None = None,
) -> Verification:
    """Run a record again with its parameters, seed and target, and compare.

    Parameters
    ----------
    record : Record
    protocol : Protocol
        The one that it is of.
    out : path
        The new record goes below it.
    progress : callable, optional
        As in `sbp_brian.experiments.executing.execute`.

    Raises
    ------
    ParameterError, RecordError, DatasetError
        As `execute`.
    """
    given, ignored = given_of(record, protocol)
    again = execute(
        protocol, target=record.target, seed=record.seed, out=out, parameters=given, fresh=True, progress=progress
    )
    return Verification(again, tuple(differences(record, again)), tuple(_circumstances(record, again)), tuple(ignored))


def given_of(record: Record, protocol: Protocol) -> tuple[dict[str, Any], list[str]]:
    """The parameters of a record that differ from what is usual, and the names that the protocol does not have."""
    values = {name: _plain(described["value"]) for name, described in record.parameters.items()}
    values = {name: value for name, value in values.items() if value not in (None, "own")}
    given: dict[str, Any] = {}
    for name in ("model", "learning", "input"):  # what the others depend on comes first
        if name in values and name in _described(protocol, given):
            given[name] = values[name]
    usual = _described(protocol, given)
    ignored = []
    for name, value in values.items():
        if name in given:
            continue
        if name not in usual:
            ignored.append(name)
        elif _plain(usual[name]["value"]) != value:
            given[name] = value
    return given, ignored


def differences(before: Record, after: Record) -> list[str]:
    """One line for each metric or array that two records do not share, speeds and times left out."""
    lines = []
    rows = [{row["name"]: row for row in record.metrics if not _timed(row["name"])} for record in (before, after)]
    for name in dict.fromkeys([*rows[0], *rows[1]]):
        if any(name not in own for own in rows):
            lines.append(f"{name}: only in the record" if name in rows[0] else f"{name}: only in the new run")
            continue
        old, new = (own[name]["value"] for own in rows)
        if not _same(old, new):
            lines.append(f"{name}: {old!r} in the record, {new!r} now")
    kept = [{n: a for n, a in record.arrays.items() if not _timed(n)} for record in (before, after)]
    for name in dict.fromkeys([*kept[0], *kept[1]]):
        if any(name not in own for own in kept):
            lines.append(f"array {name}: only in the {'record' if name in kept[0] else 'new run'}")
            continue
        old, new = (own[name] for own in kept)
        if old.shape != new.shape:
            lines.append(f"array {name}: shape {old.shape} in the record, {new.shape} now")
        elif not np.array_equal(old, new, equal_nan=old.dtype.kind == "f" and new.dtype.kind == "f"):
            lines.append(f"array {name}: {_apart(old, new)}")
    return lines


def _described(protocol: Protocol, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    try:
        return protocol.resolve("default", **given).described()
    except ParameterError:
        return protocol.resolve("default").described()


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _timed(name: str) -> bool:
    return "samples_per_s" in name or name.endswith("_seconds")


def _same(old: Any, new: Any) -> bool:
    def missing(value):
        return value is None or (isinstance(value, float) and not math.isfinite(value))

    return old == new or (missing(old) and missing(new))


def _apart(old: np.ndarray, new: np.ndarray) -> str:
    if old.dtype.kind not in "fiu" or new.dtype.kind not in "fiu":
        return f"{int((old != new).sum())} of {old.size} entries differ"
    apart = np.abs(old.astype(float) - new.astype(float))
    return f"{int((apart != 0).sum())} of {old.size} entries differ, by up to {np.nanmax(apart):.3g}"


def _circumstances(before: Record, after: Record) -> list[str]:
    """What may have made a difference: versions, and the parts of the identity where both records have one."""
    lines = [
        f"{name} {before.versions.get(name, 'absent')} in the record, {after.versions.get(name, 'absent')} now"
        for name in dict.fromkeys([*before.versions, *after.versions])
        if before.versions.get(name) != after.versions.get(name)
    ]
    old, new = (getattr(record, "identity", None) or {} for record in (before, after))
    if not old:
        return [*lines, "the record does not say which data and code it was made with"] if new else lines
    changed = [name for name in old if name not in ("version", "versions") and old[name] != new.get(name)]
    return lines + [f"other {name} than in the record" for name in changed]
