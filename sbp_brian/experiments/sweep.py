"""Many runs of one protocol over values of its parameters: which they are, and which are done.

Every run leaves the record that ``sbp run`` would leave, in the same place, so a run that was done before is found and
not done again, if it was made of the same data, code and versions (`sbp_brian.experiments.made_of`): what data sets
hold is looked up now and compared with what the record says. What the runs gave together is
`sbp_brian.experiments.gathering`.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from sbp_brian.datasets.contents import content_now
from sbp_brian.errors import ParameterError, RecordError
from sbp_brian.experiments import records
from sbp_brian.experiments.kept import kinds_of, refuse_lacking
from sbp_brian.experiments.made_of import given, made_of, other, tell_own
from sbp_brian.experiments.parameters import Parameter, Parameters
from sbp_brian.experiments.protocol import Protocol
from sbp_brian.experiments.run_folder import interrupted
from sbp_brian.identity import noting
from sbp_brian.wording import takes_booleans, unknown

__all__ = ["Point", "Sweep", "values"]

UNTOLD = "records that do not say of which data and code they are"
_PART = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")


def values(name: str, parameter: Parameter, text: str) -> list[str]:
    """The values that a user's text stands for, as texts that ``sbp run -s name=...`` takes.

    Parameters
    ----------
    name : str
    parameter : Parameter
    text : str
        Values and ranges ``first:last:step`` (the last included where a step meets it), separated by commas; by
        semicolons where one value of the parameter is itself a list. A unit may follow each number, or the last alone.

    Raises
    ------
    ParameterError
        An empty range, a step of 0, a value that the parameter does not take, or one that comes twice.
    """
    separator = ";" if isinstance(parameter.default, tuple) else ","
    found: dict[Any, str] = {}
    for item in text.split(separator):
        if not item.strip():
            raise ParameterError(f"{name}={text} has an empty place; write e.g. {name}=a{separator}b")
        ranged = ":" in item and parameter.kind in (int, float) and separator == ","
        for one in _range(name, item) if ranged else [item.strip()]:
            value = parameter.check(name, one)
            if value in found:
                raise ParameterError(f"{name} = {one} comes twice in {name}={text}; give it once")
            found[value] = one
    return list(found.values())


def _range(name: str, item: str) -> list[str]:
    parts = [_PART.fullmatch(part) for part in item.split(":")]
    if len(parts) != 3 or None in parts:
        raise ParameterError(f"{name}={item.strip()} is not a range; write first:last:step, e.g. 0.1:1.0:0.1")
    units = {part[2] for part in parts if part[2]}
    if len(units) > 1:
        raise ParameterError(f"{name}={item.strip()} mixes the units {' and '.join(sorted(units))}; use one of them")
    first, last, step = (Decimal(part[1]) for part in parts)
    if step == 0:
        raise ParameterError(f"{name}={item.strip()} has a step of 0; give one that leads from {first} to {last}")
    count = int((last - first) / step) + 1 if (last - first) * step >= 0 else 0
    if count < 1:
        raise ParameterError(
            f"{name}={item.strip()} is an empty range: steps of {step} do not lead from {first} to "
            f"{last}; change the sign of the step or the order of the ends"
        )
    if count > 100_000:
        raise ParameterError(f"{name}={item.strip()} has {count:,} values; take a larger step")
    unit = units.pop() if units else ""
    return [f"{(first + k * step).normalize():f}{unit}" for k in range(count)]


@dataclass(frozen=True, eq=False)
class Point:
    """One run of a sweep.

    Attributes
    ----------
    index : tuple of int
        Its place along each axis and among the seeds.
    settings : dict of str to str
        The swept parameters, as a user types them.
    seed : int
    run : str
        Name of its record.
    known : dict
        What it is made of, without its data (`sbp_brian.experiments.made_of`).
    parameters : Parameters
        All of them.
    asked : dict of str to str
        What is asked for: of swept and fixed parameters those that have an effect beside the others.
    """

    index: tuple[int, ...]
    settings: dict[str, str]
    seed: int
    run: str
    known: dict[str, Any] = field(repr=False, default_factory=dict)
    parameters: Parameters | None = field(repr=False, default=None)
    asked: dict[str, str] = field(repr=False, default_factory=dict)

    @property
    def label(self) -> str:
        """E.g. ``arm=frozen, lambda_p=0.1, seed 2``."""
        return ", ".join([*(f"{name}={text}" for name, text in self.settings.items()), f"seed {self.seed}"])


@takes_booleans
class Sweep:
    """What is to be run.

    Parameters
    ----------
    protocol : Protocol
    given : mapping of str to str
        What ``-s`` gave: parameters with one value are held fixed, those with several are the axes, in this order.
    seeds : sequence of int
    target, size : str
        As for one run.
    limit : int
        The most runs that are accepted.
    take_over : bool
        Count records of other data, code or versions as done all the same, and those that keep less.
    keep : sequence of str
        What each record keeps, as in `sbp_brian.experiments.executing.execute`; one that does not is done again.

    Attributes
    ----------
    fixed : dict of str to str
    axes : dict of str to list of str
    points : list of Point
        Seeds change slowest: each seed's grid is whole before the next begins.

    Raises
    ------
    ParameterError
        Unknown names (the nearest is suggested), bad values or ranges, more runs than `limit`.
    KeepError
        A run has nothing of what is to be kept.
    """

    def __init__(
        self,
        protocol: Protocol,
        given: Mapping[str, str],
        seeds: Sequence[int],
        *,
        target: str = "cpp",
        size: str = "default",
        limit: int = 1000,
        take_over: bool = False,
        keep: Sequence[str] = (),
    ):
        self.take_over, self.keep = take_over, tuple(keep)
        self._contents: dict[str, dict[str, str] | None] = {}
        self.protocol, self.seeds, self.target, self.size = protocol, list(seeds), target, size
        self.declared = declared = protocol.declared()
        for name in given:
            if name not in declared:
                raise ParameterError(unknown("parameter", name, declared))
        found = {name: values(name, declared[name], text) for name, text in given.items()}
        self.fixed = {name: texts[0] for name, texts in found.items() if len(texts) == 1}
        self.axes = {name: texts for name, texts in found.items() if len(texts) > 1}
        count = len(self.seeds)
        for texts in self.axes.values():
            count *= len(texts)
        if count > limit:
            sizes = " x ".join([*(f"{len(t)} ({name})" for name, t in self.axes.items()), f"{len(self.seeds)} seeds"])
            raise ParameterError(
                f"the sweep has {count:,} runs, {sizes}, more than {limit:,}; take fewer values or "
                f"allow them with --max-runs {count}"
            )
        self.points = list(self._points())
        used = {name for point in self.points for name in point.asked}
        if not used.issuperset(given):  # what has an effect in no run is refused, as in one run
            protocol.resolve(size, **{name: texts[0] for name, texts in found.items()})
        for point in self.points:
            refuse_lacking(protocol, point.parameters, self.keep)

    def _points(self) -> Iterable[Point]:
        places = [range(len(texts)) for texts in self.axes.values()]
        known: dict[str, Any] = {}
        for s, *index in itertools.product(range(len(self.seeds)), *places):
            chosen = {name: texts[k] for (name, texts), k in zip(self.axes.items(), index, strict=True)}
            asked, seed = self.protocol.effective(self.size, **self.fixed, **chosen), self.seeds[s]
            parameters = self.protocol.resolve(self.size, **asked)
            known = known or made_of(self.protocol, parameters, self.target, seed)
            own = {**known, "parameters": given(self.protocol, parameters), "seed": seed}
            name = records.run_name(self.target, seed, own["parameters"])
            yield Point((*index, s), chosen, seed, name, own, parameters, asked)

    @property
    def one_program(self) -> bool:
        """Whether networks of all runs can be one program where each by itself might be another."""
        return any(self.declared[name].one_program for name in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Values of each axis, and seeds."""
        return (*(len(texts) for texts in self.axes.values()), len(self.seeds))

    def folder(self, out: str | os.PathLike, point: Point) -> Path:
        """Where the record of a point is, or will be."""
        return Path(out) / self.protocol.name / point.run

    def done(self, out: str | os.PathLike, point: Point) -> bool:
        """Whether the record of a point is there, whole, and made of what it would be made of now."""
        return self._lacks(out, point) == ""

    def other(self, out: str | os.PathLike, point: Point) -> str:
        """Why the record of a point that is there does not count, in one line; empty where it counts or is not there.

        That is: other data, code or versions, no word of them, or damage.
        """
        return self._lacks(out, point) or ""

    def stale(self, out: str | os.PathLike, point: Point) -> bool:
        """Whether an interrupted run of a point left checkpoints of something else than it would be made of now."""
        folder = self.folder(out, point)
        work = folder.parent / f".{folder.name}.work"
        if self.take_over or not work.is_dir():
            return False
        earlier = interrupted(work)
        return bool(other(earlier, self._now(point, earlier)))

    def _lacks(self, out: str | os.PathLike, point: Point) -> str | None:
        """What the record of a point lacks to be taken over: None where it is not there, empty where nothing."""
        folder = self.folder(out, point)
        if not folder.exists():
            before = folder.parent / records.run_name(self.target, point.seed, point.parameters.described())
            return UNTOLD if before.exists() else None
        try:
            record = records.read(folder)
            _ = record.arrays
        except RecordError:
            return "damaged"
        if self.take_over:
            return ""
        now = self._now(point, record.identity)
        if untold := sorted(record.identity.get("data", {}).keys() - now["data"].keys()):
            return f"nothing tells what their data {untold[0]!r} hold now, which Protocol(data=) would"
        if record.identity and not other(record.identity, now) and (lacking := self._not_kept(record)):
            return f"they do not keep {' and '.join(lacking)}"
        return other(record.identity, now) if record.identity else UNTOLD

    def _not_kept(self, record: records.Record) -> list[str]:
        return [kind for kind in self.keep if kind not in kinds_of(record.kept)]

    def _now(self, point: Point, earlier: Mapping[str, Any]) -> dict[str, Any]:
        """What a point would be made of now, if it asked for the data that an earlier run asked for."""
        with noting() as noted:
            tell_own(self.protocol, point.parameters)
        for name in earlier.get("data", {}):
            if name not in noted.data and name not in self._contents:
                self._contents[name] = content_now(name)
        found = {name: noted.data.get(name) or self._contents[name] for name in earlier.get("data", {})}
        found |= noted.data
        return {**point.known, "data": {name: part for name, part in found.items() if part is not None}}
