"""The tables of the report page, made from records: columns, cells, what rows are sorted by; each value once.

A protocol that tells of a number as a metric often tells of it in a table of its own as well. Such a column is left out
here (`further`): the table of values has it, with its spread, its band and its verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sbp_brian.report import text

__all__ = [
    "Cell",
    "Notes",
    "Table",
    "further",
    "shared_spread",
    "value_cells",
    "value_columns",
    "values",
    "whole",
    "without_empty",
]

#: Which verdict stands first where rows are sorted by it: what disagrees.
_RANK = {verdict: k for k, verdict in enumerate(("outside", "within", "pattern only", "no reference"))}
_DASH = "\u2013"
#: A spread that so many rows share is told once, above the table.
_SHARED = 3


class Cell(NamedTuple):
    """One cell.

    Attributes
    ----------
    text : str
    key : float or str, optional
        What rows are sorted by; by default the text.
    verdict : str
        Shown as a mark, where the cell is a verdict.
    note : tuple of (letter, anchor, words), optional
        Where the published value, or the band, comes from.
    href, links : str, tuple of dict
        Where the text leads to, or several links in its place.
    """

    text: str
    key: float | str | None = None
    verdict: str = ""
    note: tuple[str, str, str] | None = None
    href: str = ""
    links: tuple[dict[str, str], ...] = ()


class Table(NamedTuple):
    """A table: what it shows, its columns, and its rows; the first cell of a row names it.

    Attributes
    ----------
    name : str
        What it shows, for those who do not see it.
    columns : list of str
    rows : list of list of Cell
    caption : str
    ids : list of str
        The anchor of each row, empty where it has none.
    cards : bool
        Whether each row becomes a card on a narrow screen; otherwise the table is scrolled there.
    """

    name: str
    columns: list[str]
    rows: list[list[Cell]]
    caption: str = ""
    ids: Sequence[str] = ()
    cards: bool = True


class Notes:
    """Where values come from: each text once, with the letter by which the rows refer to it."""

    def __init__(self, anchor: str):
        self._anchor = anchor
        self._letters: dict[str, str] = {}

    def refer(self, words: str) -> tuple[str, str, str] | None:
        """Letter, anchor and words; None where nothing is said."""
        if not words:
            return None
        letter = self._letters.setdefault(words, text.letter(len(self._letters)))
        return letter, f"{self._anchor}{letter}", words

    def all(self) -> list[tuple[str, str, str]]:
        """Every note in the order of its letter."""
        return [(letter, f"{self._anchor}{letter}", words) for words, letter in self._letters.items()]


def values(metrics: Sequence[Mapping[str, Any]], notes: Notes, name: str, anchor: str) -> Table:
    """Simulated beside published values, without columns that say nothing; a spread that many share is told once."""
    rows, told = shared_spread(metrics)
    cells = [value_cells(row, notes) for row in rows]
    columns = value_columns()
    if metrics and all(row["verdict"] == "no reference" and row["paper_value"] is None for row in metrics):
        told = f"{told} Nothing is published to compare with.".strip()
        columns, cells = columns[:-1], [row[:-1] for row in cells]
    ids = [f"{anchor}v{k}" if row["verdict"] == "outside" else "" for k, row in enumerate(metrics)]
    return Table(name, *without_empty(columns, cells), told, ids)


def value_columns() -> list[str]:
    """The headings of `value_cells`."""
    return ["Quantity", "Simulated", "Published", "Accepted", "Verdict"]


def value_cells(row: Mapping[str, Any], notes: Notes) -> list[Cell]:
    """One metric: its name, what was simulated, what is published, what is accepted, the verdict."""
    told = dict(zip(text.COLUMNS, text.cells(row), strict=True))
    percent = text.shown_unit(row) in (text.SHARE, text.CHANGE)

    def key(value: Any) -> float | str | None:
        return value * (100 if percent else 1) if isinstance(value, (int, float)) else value

    band = row["band"] or [None, None]
    return [
        Cell(told["Quantity"], note=notes.refer(row["provenance"] or "")),
        Cell(whole(told["Simulated"]), key(row["value"])),
        Cell(whole(told["Published"]), key(row["paper_value"])),
        Cell(whole(told["Accepted"]), key(band[0] if band[0] is not None else band[1])),
        Cell("", _RANK[row["verdict"]], row["verdict"]),
    ]


def further(table: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]]) -> Table | None:
    """A table of the record without the columns that the table of values has; None where nothing else is in it."""
    columns, rows = list(table["columns"]), [list(row) for row in table["rows"]]
    repeated = _repeated(columns, rows, metrics)
    kept = [k for k in range(len(columns)) if k not in repeated]
    if repeated and len(kept) < 2:
        return None
    columns, rows = [columns[k] for k in kept], [[row[k] for k in kept] for row in rows]
    columns, cells, caption = _with_spreads(columns, rows)
    columns, cells = without_empty(columns, cells)
    return Table(text.arrows(table["name"]), [c.replace("_", " ") for c in columns], cells, caption, cards=False)


def whole(words: str) -> str:
    """The text with its numbers kept on one line with their units."""
    return words.replace(" %", "\u00a0%").replace("n = ", "n\u00a0=\u00a0").replace("\u00b1 ", "\u00b1\u00a0")


def shared_spread(metrics: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], str]:
    """The metrics without the kind of spread and the n that most of them have, and the words that say these once."""
    counted = Counter((row.get("spread_kind"), row["n"]) for row in metrics if row["spread"] is not None)
    shared, times = counted.most_common(1)[0] if counted else ((None, None), 0)
    if times < _SHARED or None in shared:
        return list(metrics), ""
    kind, n = shared
    what = f"standard deviation, n = {n:,} runs" if kind == "sd" else f"standard error, n = {n:,} samples"
    rows = [
        {**row, "spread_kind": None, "n": None}
        if row["spread"] is not None and (row.get("spread_kind"), row["n"]) == shared
        else row
        for row in metrics
    ]
    return rows, whole(f"Mean \u00b1 {what}{', where a row says nothing else' if times < len(rows) else ''}.")


def without_empty(columns: Sequence[str], rows: Sequence[list[Cell]]) -> tuple[list[str], list[list[Cell]]]:
    """Without the columns in which no row says anything."""
    kept = [
        k
        for k in range(len(columns))
        if not rows or any(row[k].text not in ("", _DASH, "-") or row[k].verdict or row[k].links for row in rows)
    ]
    return [columns[k] for k in kept], [[row[k] for k in kept] for row in rows]


def _repeated(columns: Sequence[str], rows: Sequence[list], metrics: Sequence[Mapping[str, Any]]) -> set[int]:
    """Which columns say what the table of values says: each row is a metric, and each of its numbers agrees."""
    by_name = {_plain(row["name"]): row for row in metrics}
    own = [by_name.get(_plain(row[0])) for row in rows]
    if not rows or None in own:
        return set()
    found: set[int] = set()
    for of in (_mean, _spread, _n, _verdict, _direction):
        for k in range(1, len(columns)):
            if k not in found and all(_says(row[k], of(metric)) for row, metric in zip(rows, own, strict=True)):
                found.add(k)
                break
    return found


def _plain(name: Any) -> str:
    """A name without its unit, as metrics and the rows of tables share it."""
    return str(name).partition(" (")[0].replace("_", " ")


def _scaled(row: Mapping[str, Any], value: Any) -> Any:
    percent = text.shown_unit(row) in (text.SHARE, text.CHANGE)
    return 100 * value if percent and value is not None else value


def _mean(row: Mapping[str, Any]) -> Any:
    return _scaled(row, row["value"])


def _spread(row: Mapping[str, Any]) -> Any:
    return _scaled(row, row["spread"])


def _n(row: Mapping[str, Any]) -> Any:
    return row["n"]


def _verdict(row: Mapping[str, Any]) -> Any:
    return row["verdict"]


def _direction(row: Mapping[str, Any]) -> Any:
    return row.get("pattern") or "-"


def _says(told: Any, value: Any) -> bool:
    """Whether a table tells of this value, to the digits that it gives."""
    if value is None or isinstance(value, str) or isinstance(told, str) or told is None:
        return told == value
    digits = len(repr(float(told)).partition(".")[2])
    return bool(abs(told - value) <= 0.5000001 * 10**-digits)


def _with_spreads(columns: Sequence[str], rows: Sequence[list]) -> tuple[list[str], list[list[Cell]], str]:
    """Columns ``x``, ``SD``, ``n`` made one, ``mean ± SD``; where every n is the same it stands above the table."""
    numbers = {
        row[k + 1]
        for k in range(len(columns) - 1)
        if columns[k : k + 2] == ["SD", "n"]
        for row in rows
        if row[k] is not None
    }
    caption = whole(f"\u00b1 standard deviation, n = {next(iter(numbers)):,} runs.") if len(numbers) == 1 else ""
    makers: list[tuple[str, Callable[[list], Cell]]] = []
    k = 0
    while k < len(columns):
        if columns[k + 1 : k + 3] == ["SD", "n"]:
            makers.append((columns[k], _of_three(k, tell_n=not caption)))
            k += 3
        else:
            makers.append((columns[k], _of_one(k)))
            k += 1
    return [name for name, _ in makers], [[make(row) for _, make in makers] for row in rows], caption


def _of_one(k: int) -> Callable[[list], Cell]:
    def make(row: list) -> Cell:
        return Cell(text.arrows(text.number(row[k], digits=4)), row[k])

    return make


def _of_three(k: int, tell_n: bool) -> Callable[[list], Cell]:
    def make(row: list) -> Cell:
        value, spread, n = row[k : k + 3]
        told = text.number(value, digits=4)
        told += "" if spread is None else f" \u00b1 {text.number(spread, digits=2)}"
        return Cell(whole(told + (f" (n = {n:,})" if tell_n and value is not None else "")), value)

    return make
