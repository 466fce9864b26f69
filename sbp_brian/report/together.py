"""Which records belong together: runs of one setting, told apart by what is compared and by the seed alone.

Nothing here knows a task or a network; `sbp_brian.report.learning` does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

from sbp_brian.experiments.records import Record

__all__ = ["common_seeds", "deviation", "groups", "one_a_seed", "setting", "value"]


def value(record: Record, name: str, default: Any = None) -> Any:
    """A parameter of a record; `default` where it has none of this name, or left it to its model (None)."""
    given = record.parameters.get(name, {"value": None})["value"]
    return default if given is None else given


def setting(
    record: Record,
    but: Collection[str] = (),
    usual: Mapping[str, Any] | None = None,
    only: Collection[str] | None = None,
) -> tuple:
    """What two runs must share to belong together: their target, and every parameter that is not as usual.

    A parameter that is missing, None, or has its usual value makes no difference, so that runs made before a protocol
    had it belong to those made after.

    Parameters
    ----------
    record : Record
    but : collection of str
        Parameters that may differ.
    usual : mapping of str to value, optional
        What a parameter is where nobody chose it.
    only : collection of str, optional
        The parameters that count; by default all.
    """
    usual = usual or {}
    names = record.parameters if only is None else only
    given = {name: value(record, name) for name in names if name not in but}
    told = {name: str(found) for name, found in given.items() if found is not None and found != usual.get(name)}
    return record.target, *sorted(told.items())


def groups(
    records: Iterable[Record], key: Callable[[Record], Hashable], of: Callable[[Record], Hashable] = setting
) -> dict[Hashable, dict[Hashable, list[Record]]]:
    """Setting -> key -> runs, in the order of the records.

    Parameters
    ----------
    records : iterable of Record
    key : callable
        ``key(record)`` is what the runs of a setting are told apart by, such as how they learned.
    of : callable
        ``of(record)`` is the setting.
    """
    found: dict[Hashable, dict[Hashable, list[Record]]] = {}
    for record in records:
        found.setdefault(of(record), {}).setdefault(key(record), []).append(record)
    return found


def one_a_seed(runs: Iterable[Record]) -> list[Record]:
    """The newest run of each seed, by seed."""
    newest = {r.seed: r for r in sorted(runs, key=lambda r: r.started)}
    return [newest[seed] for seed in sorted(newest)]


def common_seeds(compared: Mapping[Hashable, Sequence[Record]]) -> dict[Hashable, list[Record]]:
    """The same groups of runs with those seeds alone that all of them have, by seed; each run has its partners."""
    if not compared:
        return {}
    seeds = set.intersection(*({r.seed for r in runs} for runs in compared.values()))
    return {name: sorted((r for r in runs if r.seed in seeds), key=lambda r: r.seed) for name, runs in compared.items()}


def deviation(row: Mapping[str, Any]) -> float | None:
    """The standard deviation over runs of a metric; None where it has none, or has a standard error over samples."""
    return None if row.get("spread_kind") == "se" else row["spread"]
