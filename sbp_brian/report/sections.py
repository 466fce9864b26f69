"""What the report page tells of each experiment: its runs, how they differ, their values, their files.

What runs of an experiment have in common stands once, with the experiment; what tells them apart is a column of the
table of runs, with the first of their values; the rest of a run is folded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sbp_brian.experiments.records import Record
from sbp_brian.report import tables, text

__all__ = ["link", "section"]

_DETAILED = 12  # runs of one protocol whose values are shown in full; older ones have a row in the table of runs
_SETTINGS = "settings: "  # how a note begins that lists what a model was made with
_COLUMNS = 4  # so many settings that differ have a column each; more are told in one


class _Difference(NamedTuple):
    """Something in which the runs of an experiment differ."""

    name: str
    of: Callable[[Record], tables.Cell]


def section(number: int, own: Sequence[Record], figures: Sequence[dict], beside: Path | None) -> dict[str, Any]:
    """One experiment, from its records, newest first.

    Parameters
    ----------
    number : int
        The number of the section on the page.
    own : sequence of Record
    figures : sequence of dict
        Its drawings.
    beside : Path, optional
        The folder of the page, from which links to the files of records start; without it there are none.
    """
    anchor, newest = f"s{number}", own[0]
    notes = tables.Notes(f"{anchor}n")
    differ = _differences(own)
    first = _first(own)
    for record in own if first and len(own) > 1 else []:
        notes.refer(record.metrics[0]["provenance"] or "")  # the table of runs has the first letters
    detailed = own[:_DETAILED]
    runs = [
        _run(
            record,
            f"{anchor}r{k}",
            notes,
            told=_told(record, differ),
            first=first if len(own) > 1 else "",
            beside=beside,
        )
        for k, record in enumerate(detailed, 1)
    ]
    common = [note for note in _remarks(newest) if all(note in r.notes for r in own)]
    for record, run in zip(detailed, runs, strict=True):
        run["parameters"] = _own_parameters(record, own)
        run["notes"] = [text.arrows(note) for note in _remarks(record) if note not in common]
        run["summary"] = text.arrows(record.summary) if record.summary != newest.summary else ""
    return {
        "id": anchor,
        "name": newest.protocol,
        "title": newest.title,
        "source": newest.source,
        "kind": newest.kind,
        "summary": (f"{len(own)} runs; the newest: " if len(own) > 1 else "") + text.arrows(newest.summary),
        "counted": {verdict: _count(own, verdict) for verdict in text.MARKS},
        "outside": [outside for run in runs for outside in run["outside"]] + _outside_of_older(own, anchor),
        "figures": figures,
        "setting": _setting(newest, {d.name for d in differ} if len(own) > 1 else set()),
        "notes": [text.arrows(note) for note in common],
        "several": _several(anchor, own, runs, differ, first, notes, beside) if len(own) > 1 else None,
        "runs": runs,
        "more": max(0, len(own) - _DETAILED),
        "chosen": _parameters(own, chosen=True),
        "usual": _parameters(own, chosen=False),
        "sources": notes.all(),
    }


def link(file: Path, beside: Path) -> str:
    """The address of a file as the page in folder ``beside`` gives it."""
    return quote(Path(os.path.relpath(file.absolute(), beside.absolute())).as_posix())


def when(record: Record) -> str:
    """Day and time of the start."""
    return record.started.replace("T", " ")[:16] + " UTC"


def value(parameter: dict[str, Any]) -> str:
    """A parameter as a user would give it; ``none`` where it was left open."""
    given = parameter["value"]
    words = {"True": "yes", "False": "no", "None": "none"}
    told = ", ".join(words.get(str(v), str(v)) for v in (given if isinstance(given, list) else [given]))
    return told if given is None else f"{told} {parameter['unit']}".strip()


def _count(own: Sequence[Record], verdict: str) -> int:
    return sum(row["verdict"] == verdict for record in own for row in record.metrics)


def _first(own: Sequence[Record]) -> str:
    """The metric that stands in the table of runs: the first, where all of them begin with it; empty where not."""
    names = {record.metrics[0]["name"] if record.metrics else "" for record in own}
    return names.pop() if len(names) == 1 else ""


def _differences(own: Sequence[Record]) -> list[_Difference]:
    """In what the runs differ: parameters, target, seed, size."""
    absent = {"value": None, "unit": ""}

    def parameter(name: str) -> _Difference:
        def of(record: Record) -> tables.Cell:
            p = record.parameters.get(name, absent)
            plain = p["value"] if isinstance(p["value"], (int, float)) and not isinstance(p["value"], bool) else None
            return tables.Cell(value(p), plain)

        return _Difference(name, of)

    found = [parameter(name) for name in _chosen(own)]
    found += [
        _Difference("target", lambda r: tables.Cell(r.target)),
        _Difference("seed", lambda r: tables.Cell(str(r.seed), r.seed)),
        _Difference("size", lambda r: tables.Cell(r.size)),
    ]
    return [d for d in found if len({d.of(record).text for record in own}) > 1]


def _chosen(own: Sequence[Record]) -> list[str]:
    """The parameters that were chosen for one of the runs; all of them where a record of before does not say."""
    told = all(record.identity for record in own)
    return list(dict.fromkeys(name for r in own for name in (r.identity["parameters"] if told else r.parameters)))


def _own_parameters(record: Record, own: Sequence[Record]) -> list[tuple[str, str]]:
    """The parameters of a run that others do not have so, and that nobody chose: a model has its own."""
    chosen = _chosen(own)
    return [
        (n.replace("_", " "), value(p)) for n, p in record.parameters.items() if n not in chosen and not _shared(n, own)
    ]


def _shared(name: str, own: Sequence[Record]) -> bool:
    """Whether all runs have this parameter, and the same value of it."""
    return len({value(r.parameters[name]) if name in r.parameters else None for r in own}) == 1


def _told(record: Record, differ: Sequence[_Difference]) -> str:
    """What tells a run from the others, in words; empty where nothing does."""
    return ", ".join(f"{d.name.replace('_', ' ')} {d.of(record).text}" for d in differ)


def _setting(record: Record, but: set[str]) -> str:
    """Target, seed and size, of those that all runs share."""
    told = {"target": f"target {record.target}", "seed": f"seed {record.seed}"}
    if record.size != "default":
        told["size"] = f"{record.size} size"
    return ", ".join(words for name, words in told.items() if name not in but)


def _outside_of_older(own: Sequence[Record], anchor: str) -> list[dict[str, str]]:
    """How many values of the runs without details are outside what is accepted, with the row that names the run."""
    counted = [(k, _count(own[k : k + 1], "outside")) for k in range(_DETAILED, len(own))]
    return [{"href": f"#{anchor}t{k}", "text": f"{n} in run {k + 1}"} for k, n in counted if n]


def _several(
    anchor: str,
    own: Sequence[Record],
    runs: Sequence[dict],
    differ: Sequence[_Difference],
    first: str,
    notes: tables.Notes,
    beside: Path | None,
) -> tables.Table:
    """The table of runs: what differs, the first of the values, the files; one row a run."""
    if len(differ) > _COLUMNS:
        differ = [_Difference("settings", lambda r, every=tuple(differ): tables.Cell(_told(r, every)))]
    shown = [d.name.replace("_", " ") for d in differ]
    columns = ["Run", *(name[:1].upper() + name[1:] for name in shown)]
    columns += tables.value_columns()[1:] if first else []
    columns += ["Record" if beside else "Folder"]
    rows = []
    firsts, shared = tables.shared_spread([record.metrics[0] for record in own]) if first else ([], "")
    for k, record in enumerate(own):
        head = tables.Cell(str(k + 1), k + 1, href=f"#{runs[k]['id']}" if k < len(runs) else "")
        measured: list[tables.Cell] = []
        if first:
            name, *measured = tables.value_cells(firsts[k], notes)
            measured[0] = measured[0]._replace(note=name.note)
        rows.append([head, *(d.of(record) for d in differ), *measured, _files_cell(record, beside)])
    caption = "Newest first."
    if first:
        caption = " ".join(filter(None, [f"Values are of: {text.cells(own[0].metrics[0])[0]}.", shared, caption]))
    ids = [f"{run['id']}v0" if run["first_outside"] else "" for run in runs]
    ids += [f"{anchor}t{k}" for k in range(len(runs), len(own))]
    return tables.Table(f"Runs of {own[0].protocol}", *tables.without_empty(columns, rows), caption, ids)


def _run(
    record: Record, anchor: str, notes: tables.Notes, *, told: str, first: str, beside: Path | None
) -> dict[str, Any]:
    """One run: its values but the first where that stands in the table of runs, its further tables, its files."""
    shown = record.metrics[1:] if first else record.metrics
    values = tables.values(shown, notes, f"Values of {record.protocol}{', ' if told else ''}{told}", anchor)
    # rows are counted from the first metric, wherever that stands
    values = values._replace(ids=[_moved(name, anchor) if first else name for name in values.ids])
    further = [tables.further(table, record.metrics) for table in record.tables]
    outside = [
        {"href": f"#{anchor}v{k}", "text": text.cells(row)[0]}
        for k, row in enumerate(record.metrics)
        if row["verdict"] == "outside"
    ]
    return {
        "id": anchor,
        "told": told,
        "measured": values if values.rows else None,
        "tables": [table for table in further if table is not None and table.rows],
        "outside": outside,
        "first_outside": bool(first) and record.metrics[0]["verdict"] == "outside",
        "started": when(record),
        "timing": text.timing(record.timing),
        "files": files(record, beside),
        "folder": f"{record.protocol}/{record.run}",
        "code": _code(record),
        "data": ", ".join(_data(record)),
        "settings": [note.removeprefix(_SETTINGS) for note in record.notes if note.startswith(_SETTINGS)],
    }


def _moved(name: str, anchor: str) -> str:
    return f"{anchor}v{int(name.removeprefix(f'{anchor}v')) + 1}" if name else ""


def _remarks(record: Record) -> list[str]:
    """The notes of a run without those that list its settings, which are folded."""
    return [note for note in record.notes if not note.startswith(_SETTINGS)]


def _data(record: Record) -> list[str]:
    """The data that no note names."""
    found = dict.fromkeys(part["what"] for part in record.identity.get("data", {}).values())
    return [what for what in found if not any(what in note for note in record.notes)]


def _code(record: Record) -> str:
    """Commit and digest of the code, as far as the record tells them."""
    commit, code = record.identity.get("commit"), record.identity.get("code")
    return ", ".join(filter(None, [f"commit {commit}" if commit else "", f"code {code}" if code else ""]))


def files(record: Record, beside: Path | None) -> list[dict[str, str]]:
    """The files of a record, as links from the page; none where the page or the record is nowhere."""
    if beside is None or record.folder is None or not Path(record.folder).is_dir():
        return []
    found = [file for file in sorted(Path(record.folder).iterdir()) if file.is_file() and file.name[0] != "."]
    found.sort(key=lambda file: file.name != "record.json")
    return [{"text": file.name, "href": link(file, beside), "about": record.run} for file in found]


def _files_cell(record: Record, beside: Path | None) -> tables.Cell:
    found = files(record, beside)
    return tables.Cell("" if found else record.run, record.run, links=tuple(found))


def _parameters(own: Sequence[Record], chosen: bool) -> list[tuple[str, str]]:
    """Parameters that all runs share: those that were chosen, or those left as the protocol has them."""
    newest = own[0]
    given = newest.identity.get("parameters", {})
    return [
        (name.replace("_", " "), value(parameter))
        for name, parameter in newest.parameters.items()
        if _shared(name, own) and (name in given) == chosen
    ]
