"""What recipes gave: a few kilobytes of JSON each, from which the tables of README and docs are made.

::

    {"recipe": "mnist",
     "measured": {"commit": "194a7a6", "date": "2026-11-29", "versions": {...}, "machine": {...}, "seconds": 25.1},
     "note": "",
     "cells": {"": {"test_accuracy": {"by_seed": {"0": 0.9827, "1": 0.983}, "mean": 0.98285, "sd": 0.0002,
                                      "lowest": 0.9827, "highest": 0.983, "n": 2, "spread": 0.0013,
                                      "spread_kind": "se", "items": 10000, "verdict": "within"}}}}

A number that was measured before there were recipes may have no ``by_seed``; ``rounded_to`` is its last digit then.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from sbp_brian.errors import RecipeError
from sbp_brian.experiments.recipes import Recipe
from sbp_brian.experiments.records import Record
from sbp_brian.wording import unknown

__all__ = ["Comparison", "Number", "Result", "compare", "gather", "read"]

#: How many standard errors two means of other seeds, machines or versions may be apart.
_TOLERANCE = 3.0
#: What metrics are called that were measured under another name.
_RENAMED = {f"training_{score}": f"running_{score}" for score in ("accuracy", "cosine")}


@dataclass(frozen=True)
class Number:
    """One metric of one cell over its seeds.

    Attributes
    ----------
    mean : float
        In ``unit``; of one seed its value.
    unit : str
    n : int
        How many seeds.
    by_seed : dict of str to float, or None
        None where only the mean is known.
    sd : float, optional
        Of the sample, over the seeds.
    lowest, highest : float, optional
    spread, spread_kind, items : float, str, int, optional
        What the first seed's run itself says of its value: ``"sd"`` over its own repetitions, or ``"se"`` over its
        items, and how many of these.
    verdict : str
        Of the first seed.
    rounded_to : float, optional
        The last digit that was written, where the number was not taken from records.
    """

    mean: float
    unit: str = ""
    n: int = 1
    by_seed: dict[str, float] | None = None
    sd: float | None = None
    lowest: float | None = None
    highest: float | None = None
    spread: float | None = None
    spread_kind: str | None = None
    items: int | None = None
    verdict: str = ""
    rounded_to: float | None = None


@dataclass(frozen=True)
class Result:
    """What one recipe gave.

    Attributes
    ----------
    recipe : str
    measured : dict
        ``commit``, ``date``, and where they are known ``versions``, ``machine`` (no host) and ``seconds`` a run;
        ``cells`` has ``[commit, date]`` of each cell that was measured elsewhere, ``seeds`` of each seed that was
        measured before the others.
    cells : dict of str to dict of str to Number
        Name of the cell -> name of the metric -> what it was.
    note : str
        What has to be said of it, e.g. that single values are not known.
    """

    recipe: str
    measured: dict[str, Any]
    cells: dict[str, dict[str, Number]]
    note: str = field(default="")

    def number(self, metric: str, cell: str = "") -> Number:
        """One metric of one cell.

        Raises
        ------
        RecipeError
            Where there is no such cell or metric; the nearest is suggested.
        """
        if cell not in self.cells:
            raise RecipeError(f"result of {self.recipe}: {unknown('cell', cell, self.cells)}")
        if metric not in self.cells[cell]:
            raise RecipeError(f"result of {self.recipe}: {unknown('metric', metric, self.cells[cell])}")
        return self.cells[cell][metric]

    def to_json(self) -> str:
        """The text of the file, a line a number; what is None or empty is left out."""
        head = {"recipe": self.recipe, "measured": self.measured, "note": self.note}
        lines = ["{", *(f" {_json(key)}: {_json(value)}," for key, value in head.items()), ' "cells": {']
        for place, (cell, numbers) in enumerate(self.cells.items(), 1):
            rows = [f"   {_json(metric)}: {_json(_short(asdict(number)))}" for metric, number in numbers.items()]
            lines += [f"  {_json(cell)}: {{", ",\n".join(rows), "  }" + "," * (place < len(self.cells))]
        return "\n".join([*lines, " }", "}", ""])


def read(path: Path) -> Result:
    """The result in a file.

    Raises
    ------
    RecipeError
        Where it is not there or cannot be read.
    """
    if not path.is_file():
        raise RecipeError(f"{path.stem} has no result ({path.name} is not there); 'sbp reproduce --recipe' makes one")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        cells = {
            cell: {_RENAMED.get(metric, metric): Number(**number) for metric, number in numbers.items()}
            for cell, numbers in content["cells"].items()
        }
        return Result(content["recipe"], content["measured"], cells, content.get("note", ""))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise RecipeError(f"{path} is damaged ({error}); restore it from version control") from error


def gather(recipe: Recipe, found: Mapping[str, Sequence[Record]], commit: str = "") -> Result:
    """The result that records of a recipe's cells give.

    Parameters
    ----------
    recipe : Recipe
    found : mapping of cell name to records
        A record for each seed.
    commit : str
        Where the code stood.
    """
    records = [record for own in found.values() for record in own]
    newest = max(records, key=lambda record: record.started)
    seconds = [record.timing["total_s"] for record in records if not record.timing.get("resumed")]
    measured = {
        "commit": commit,
        "date": newest.started[:10],
        "versions": dict(newest.versions),
        "machine": dict(newest.machine),
        **({"seconds": round(float(np.mean(seconds)), 1)} if seconds else {}),
    }
    return Result(recipe.name, measured, {cell: _numbers(own, recipe.metrics) for cell, own in found.items()})


@dataclass(frozen=True)
class Comparison:
    """One number beside the committed one: ``"equal"``, ``"agrees"``, ``"differs"`` or ``"lacking"``."""

    cell: str
    metric: str
    committed: Number
    now: Number | None
    verdict: str


def compare(committed: Result, now: Result) -> list[Comparison]:
    """Every number of a committed result beside what was measured now.

    It is ``"equal"`` where each seed has the same value, or, where single values are not known, the same as it was
    written; it ``"agrees"`` where the means are at most three standard errors apart.
    """
    rows = []
    for cell, numbers in committed.cells.items():
        for metric, number in numbers.items():
            mine = now.cells.get(cell, {}).get(metric)
            rows.append(Comparison(cell, metric, number, mine, "lacking" if mine is None else _verdict(number, mine)))
    return rows


def _verdict(old: Number, new: Number) -> str:
    if old.by_seed is not None and new.by_seed is not None:
        both = old.by_seed.keys() & new.by_seed.keys()
        if both and all(old.by_seed[seed] == new.by_seed[seed] for seed in both):
            return "equal"
    rounding = (old.rounded_to or 0.0) / 2
    distance = max(0.0, abs(old.mean - new.mean) - rounding * (1 + 1e-9))
    if distance == 0 and old.by_seed is None:
        return "equal"
    return "agrees" if distance <= _TOLERANCE * math.hypot(_error(old), _error(new)) else "differs"


def _error(number: Number) -> float:
    """The standard error of a mean over seeds; of one seed that of its items, if it says one."""
    if number.sd is not None:
        return number.sd / math.sqrt(number.n)
    if number.spread is None:
        return 0.0
    return number.spread / math.sqrt(number.items or 1) if number.spread_kind == "sd" else number.spread


def _numbers(records: Sequence[Record], wanted: Sequence[str]) -> dict[str, Number]:
    names = dict.fromkeys(row["name"] for record in records for row in record.metrics)
    names = [name for name in names if any(fnmatchcase(name, pattern) for pattern in wanted)]
    return {name: number for name in names if (number := _number(records, name)) is not None}


def _number(records: Sequence[Record], name: str) -> Number | None:
    rows = {r.seed: row for r in records for row in r.metrics if row["name"] == name and row["value"] is not None}
    if not rows:
        return None
    first = next(iter(rows.values()))
    return Number(
        **over_seeds({str(seed): row["value"] for seed, row in rows.items()}),
        unit=first["unit"],
        spread=first["spread"],
        spread_kind=first["spread_kind"],
        items=first["n"],
        verdict=first["verdict"],
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def over_seeds(by_seed: dict[str, float]) -> dict[str, Any]:
    """What a `Number` says of the values of its seeds: mean, and of several their spread and range."""
    values = np.array(list(by_seed.values()), dtype=float)
    several = len(values) > 1
    return {
        "mean": _plain(values.mean()),
        "n": len(values),
        "by_seed": by_seed,
        "sd": _plain(values.std(ddof=1)) if several else None,
        "lowest": _plain(values.min()) if several else None,
        "highest": _plain(values.max()) if several else None,
    }


def _plain(value: float) -> float:
    return float(f"{value:.10g}")


def _short(number: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in number.items() if value not in (None, "") and not (key == "n" and value == 1)}
