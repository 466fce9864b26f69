"""How numbers and verdicts are written, in the terminal and in the report."""

from __future__ import annotations

import math
import os
import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sbp_brian.experiments.verdicts import SPREADS
from sbp_brian.stopwatch import PARTS

__all__ = [
    "COLUMNS",
    "MARKS",
    "arrows",
    "cells",
    "console",
    "counts",
    "duration",
    "mean_sd",
    "minus",
    "number",
    "shown_unit",
    "spread",
    "timing",
    "whole_percent",
]

COLUMNS = ("Quantity", "Simulated", "Published", "Verdict", "Accepted", "Provenance")
MINUS = "\u2212"
SHARE, CHANGE = "share in percent", "change in percent"  # how a fraction is shown; no record has these units
MARKS = {"within": "\u2713", "outside": "\u2717", "pattern only": "\u2248", "no reference": "\u2013"}
#: Parts of a run that took less than this are left out (s).
_SHOWN_S = 0.05


def console(stderr: bool = False):
    """A rich console; where no terminal is attached its lines are 120 wide (COLUMNS overrules) and without colour."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 120
    return Console(file=stream, width=width, highlight=False, soft_wrap=False)


def number(value: Any, unit: str = "", digits: int = 3) -> str:
    """A number with its unit in few digits; texts as they are, None as a dash.

    The unit `SHARE` stands for a fraction that is shown in percent, `CHANGE` for a signed relative change.
    """
    if value is None:
        return "\u2013"
    if isinstance(value, str):
        return value
    if unit == SHARE:
        return f"{100 * value:.2f} %"
    if unit == CHANGE:
        return minus(f"{round(100 * value, 1) + 0.0:+.1f} %".replace("+0.0 %", "0.0 %"))
    if isinstance(value, int) or (float(value).is_integer() and 1e3 <= abs(value) < 1e15):
        text = f"{int(value):,}"
    else:
        text = f"{value:,.{digits}g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{minus(text)} {unit}" if unit else minus(text)


def letter(k: int) -> str:
    """By which a note is called: a, b, ..., z, aa, ab, ..."""
    first, last = divmod(k, 26)
    return (letter(first - 1) if first else "") + chr(ord("a") + last)


def minus(text: str) -> str:
    """The text with typographic minus signs."""
    return text.replace("-", MINUS)


def arrows(words: str) -> str:
    """The text with typographic arrows: synapses are named ``A->B``."""
    return words.replace("->", "\u2192")


def whole_percent(change: float) -> str:
    """A relative change in whole percent without its sign of percent, zero without a sign: ``+43``."""
    whole = round(100 * change)
    return minus(f"{whole:+d}") if whole else "0"


def mean_sd(values: Sequence[float], digits: int = 2, factor: float = 100) -> str:
    """Mean and sample standard deviation of fractions in percent, e.g. ``98.28 ± 0.02``; of one value, that."""
    n, scaled = len(values), [factor * float(value) for value in values]
    text = f"{statistics.fmean(scaled):.{digits}f}"
    return minus(text + (f" ± {statistics.stdev(scaled):.{digits}f}" if n > 1 else ""))


def shown_unit(row: Mapping[str, Any]) -> str:
    """The unit in which a metric is shown: synapses (``A->B``) as signed percent, accuracies as percent."""
    if not row["unit"] and "->" in row["name"]:
        return CHANGE
    if not row["unit"] and row["name"].endswith("accuracy"):
        return SHARE
    return row["unit"]


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts of one metric under `COLUMNS`."""
    unit = shown_unit(row)
    value = number(row["value"], unit)
    if row["value"] is None:
        value = "not a number"
    value += spread(row, unit)
    name = row["name"].replace("->", "\u2192")
    if "->" not in row["name"]:
        name = name.replace("_", " ")
    verdict = f"{MARKS[row['verdict']]} {row['verdict']}"
    return name, value, number(row["paper_value"], unit), verdict, _band(row, unit), row["provenance"] or "\u2013"


def spread(row: Mapping[str, Any], unit: str) -> str:
    """What stands after the value of a metric: `` ± 0.1 (SD, n = 5 runs)``, `` ± 0.1 (SE, n = 10,000 samples)``.

    A standard deviation is over runs, a standard error over the samples of one run; an old record does not say which
    its spread is.
    """
    after = "" if row["spread"] is None else f" ± {number(row['spread'], unit).lstrip('+')}"
    kind = row.get("spread_kind")
    of = "" if row["n"] is None else f"n = {row['n']:,}" + {"sd": " runs", "se": " samples"}.get(kind, "")
    told = ", ".join(filter(None, (SPREADS.get(kind, ""), of)))
    return f"{after} ({told})" if told else after


def counts(metrics: Sequence[Mapping[str, Any]]) -> str:
    """How many metrics have which verdict, e.g. ``3 within, 1 outside``; empty where there are none."""
    found = Counter(row["verdict"] for row in metrics)
    return ", ".join(f"{found[verdict]} {verdict}" for verdict in MARKS if found[verdict])


def duration(seconds: float | None) -> str:
    """Wall time: ``0.4 s``, ``12 s``, ``3 min 5 s``, ``1 h 2 min``."""
    if seconds is None:
        return "\u2013"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def timing(times: Mapping[str, Any]) -> str:
    """One line on how long a run took; what it took in parts adds up to the whole."""
    total = f"{duration(times['total_s'])} in all" if times.get("total_s") is not None else ""
    known = {what: times[key] for key, what in PARTS.items() if times.get(key) is not None}
    # in records of before, parts overlap and do not make up the whole: these are told as they were measured
    whole = total and math.isclose(sum(known.values()), times["total_s"], abs_tol=1e-6)
    parts = [f"{duration(seconds)} {what}" for what, seconds in known.items() if seconds >= _SHOWN_S or not whole]
    parts = [": ".join([total, *parts[:1]]), *parts[1:]] if whole else [*filter(None, [total]), *parts]
    if times.get("runs_s") is not None:
        parts.append(f"{duration(times['runs_s'])} the runs themselves, side by side or before")
    if times.get("samples_per_s"):
        parts.append(f"{times['samples_per_s']:,.0f} samples a second")
    if times.get("resumed"):
        parts.append("resumed after an interruption, so times are of the last part only")
    return ", ".join(parts)


def _band(row: Mapping[str, Any], unit: str) -> str:
    if row["band"] is None:
        if not row.get("pattern"):
            return "\u2013"
        small, large = number(-row["tolerance"], unit), number(row["tolerance"], unit)
        return {"up": f"above {large}", "down": f"below {small}", "none": f"{small} to {large}"}[row["pattern"]]
    low, high = (number(end, unit) if end is not None else None for end in row["band"])
    if low is None or high is None:
        return f"at least {low}" if high is None else f"at most {high}"
    return f"{low} to {high}"
