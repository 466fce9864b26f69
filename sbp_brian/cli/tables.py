"""Tables in the terminal that lose nothing where it is narrow: results of a run, with their sources as notes below.

What all rows share is said once. The widest layout that fits is taken: every column; verdicts as signs alone; a line
for the value and a second one for what it is held to. The line that counts verdicts explains the signs.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sbp_brian.report import text
from sbp_brian.report.text import MARKS

__all__ = ["notes", "plain_table", "results", "wrapped"]

_STYLES = {"within": "green", "outside": "bold red", "pattern only": "cyan", "no reference": "dim"}
_HEADINGS = ("Quantity", "Simulated", "Published", "Accepted", "Verdict", "Note")
_NOTHING = {"", "\u2013"}
_KINDS = {"sd": "SD", "se": "SE"}
_ITEMS = {"sd": "runs", "se": "samples"}


def results(record: Any, screen: Console) -> None:
    """Print the metrics of a record as a table, and below it what they share and where published values stand."""
    wrapped(f"{record.protocol}: {record.title}", screen, 0, style="bold")
    rows = record.metrics
    shared = _shared(rows)
    letters = notes(rows)
    lines = [_line(row, shared, letters) for row in rows]
    for short in (False, True):
        widths = _widths(lines, short)
        if sum(widths) + 2 * (len(widths) - 1) <= screen.width:
            _side_by_side(lines, widths, short, screen)
            break
    else:
        _stacked(lines, screen)
    if shared:
        kind, n = shared
        wrapped(f"\u00b1 {_KINDS[kind]}, n = {n:,} {_ITEMS[kind]}, where nothing else is said", screen, 2)
    for source, letter in letters.items():
        wrapped(f"{letter}  {source}", screen, 3)


def notes(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Each provenance -> its letter, in the order of the rows."""
    found = list(dict.fromkeys(row["provenance"] for row in rows if row["provenance"]))
    return {source: text.letter(k) for k, source in enumerate(found)}


def plain_table(rows: Sequence[Sequence[str]], headings: Sequence[str] = (), *, frame: bool = False) -> Table:
    """A table of texts whose columns wrap, and cut nothing off."""
    table = Table(box=box.SIMPLE_HEAD if frame else None, show_header=bool(headings), pad_edge=False)
    for k in range(max([len(headings), *map(len, rows)])):
        table.add_column(headings[k] if headings else "", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _shared(rows: Sequence[Mapping[str, Any]]) -> tuple[str, int] | None:
    """Spread and number that all rows with a spread have, where there are several."""
    found = {(row.get("spread_kind"), row["n"]) for row in rows if row["spread"] is not None}
    several = sum(row["spread"] is not None for row in rows) > 1
    ((kind, n),) = found if len(found) == 1 else ((None, None),)
    return (kind, n) if several and kind and n is not None else None


def _line(row: Mapping[str, Any], shared: tuple[str, int] | None, letters: Mapping[str, str]) -> dict[str, Any]:
    """The texts of a metric, and the condition that stands in its name behind a comma."""
    name, value, published, verdict, accepted, _ = text.cells(row)
    if shared and row["spread"] is not None and (row.get("spread_kind"), row["n"]) == shared:
        value = value.rpartition(" (")[0]
    quantity, _, condition = name.partition(", ") if "\u2192" in name else (name, "", "")
    return {
        "condition": condition,
        "verdict": row["verdict"],
        "texts": (quantity, value, published, accepted, verdict, letters.get(row["provenance"], "")),
    }


def _shown(line: Mapping[str, Any], short: bool) -> list[str]:
    """The texts of a row under `_HEADINGS`; `short`: a sign in the place of the verdict."""
    texts = list(line["texts"])
    texts[0] = "  " * bool(line["condition"]) + texts[0]
    if short:
        texts[4] = MARKS[line["verdict"]]
    return texts


def _headings(short: bool) -> list[str]:
    return ["" if short and heading == "Verdict" else heading for heading in _HEADINGS]


def _widths(lines: Sequence[Mapping[str, Any]], short: bool) -> list[int]:
    """Of each column; 0 of one in which nothing stands."""
    columns = zip(_headings(short), *(_shown(line, short) for line in lines), strict=True)
    return [0 if set(texts) <= _NOTHING else max(map(cell_len, (heading, *texts))) for heading, *texts in columns]


def _side_by_side(lines: Sequence[Mapping[str, Any]], widths: Sequence[int], short: bool, screen: Console) -> None:
    """A line for each metric; rows of one condition stand below its name."""

    def put(texts: Sequence[str], style: str = "") -> None:
        line = Text()
        for k, (each, width) in enumerate(zip(texts, widths, strict=True)):
            if not width:
                continue
            line.append(each, style if k == 4 else "").append(" " * (width - cell_len(each) + 2))
        line.rstrip()
        screen.print(line, no_wrap=True, crop=False)

    put(_headings(short))
    screen.print("\u2500" * (sum(widths) + 2 * (sum(map(bool, widths)) - 1)), no_wrap=True)
    above = ""
    for line in lines:
        if line["condition"] != above and line["condition"]:
            wrapped(line["condition"], screen, 2, style="bold")
        above = line["condition"]
        put(_shown(line, short), _STYLES[line["verdict"]])


def _stacked(lines: Sequence[Mapping[str, Any]], screen: Console) -> None:
    """Two lines for each metric: its value; what it is held to."""
    above = ""
    for line in lines:
        if line["condition"] != above and line["condition"]:
            wrapped(line["condition"], screen, 2, style="bold")
        above = line["condition"]
        quantity, value, published, accepted, _, letter = line["texts"]
        first = f"{MARKS[line['verdict']]} {quantity}: {value}  {letter}".rstrip()
        wrapped(first, screen, 4, "  " * bool(above), _STYLES[line["verdict"]])
        held = [f"published {published}" if published != "\u2013" else ""]
        held.append(f"accepted {accepted}" if accepted != "\u2013" else "")
        if any(held):
            wrapped("; ".join(filter(None, held)), screen, 2, "    ")


def wrapped(content: str, screen: Console, indent: int, before: str = "", style: str = "") -> None:
    """Print a text between words, later lines indented; a word that is too long goes on in the next line."""
    width = max(screen.width, 20)
    for line in textwrap.wrap(content, width, initial_indent=before, subsequent_indent=before + " " * indent):
        screen.print(Text(line, style=style))
