"""One self-contained HTML page from records: what was run, on what, each figure, simulated against published values.

No script, no font, no picture is loaded from elsewhere: figures are embedded as SVG.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sbp_brian.errors import RecordError
from sbp_brian.experiments.records import Record
from sbp_brian.report import text

__all__ = ["render", "write"]

_DETAILED = 12  # runs of one protocol that are shown in full; older ones get a line each


def write(
    records: Sequence[Record],
    path: str | os.PathLike,
    *,
    failures: Sequence[tuple[str, str]] = (),
    title: str = "Self-backpropagation of synaptic modification",
) -> Path:
    """Write the page; it replaces an earlier one only when it is complete.

    Parameters
    ----------
    records : sequence of Record
    path : path
        The HTML file.
    failures : sequence of (name, message)
        What was asked for and did not finish; the page says so.
    title : str

    Raises
    ------
    RecordError
        Where there are no records or the file cannot be written.
    """
    path = Path(path)
    if not records and not failures:
        raise RecordError("there are no records to report on; make some with 'sbp run PROTOCOL'")
    html = render(records, failures=failures, title=title)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(html, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise RecordError(f"cannot write the report {path}: {error.strerror or error}; give another --out") from error
    return path


def render(
    records: Sequence[Record],
    *,
    failures: Sequence[tuple[str, str]] = (),
    title: str = "Self-backpropagation of synaptic modification",
) -> str:
    """The page as text; see `write`."""
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined

    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        (files("sbp_brian.report") / "templates" / "report.html").read_text(encoding="utf-8")
    )
    records = sorted(records, key=lambda r: r.started, reverse=True)
    failures = list(failures)
    drawings = _drawings(records, failures)
    sections = _sections(records, drawings)
    return page.render(
        title=title,
        sections=sections,
        chapters=_chapters(sections, drawings),
        failures=failures,
        machines=_machines(records),
        columns=text.COLUMNS,
        legend=_LEGEND,
        overall=text.counts([m for r in records for m in r.metrics]),
        first=min((r.started for r in records), default="").replace("T", " ")[:16],
        claims=_claims(records),
        total=text.duration(sum(r.timing.get("total_s") or 0.0 for r in records)),
    )


_LEGEND = (
    ("within", "the simulated value lies in the accepted range"),
    ("outside", "the simulated value lies outside the accepted range, or goes the other way than published"),
    (
        "pattern only",
        "no number to compare with: the simulation has the direction that is published or, where nothing "
        "is published, the one that a control must have",
    ),
    ("no reference", "nothing is published to compare with, or this run is not comparable with it"),
)


def _sections(records: Sequence[Record], drawings: dict[str, list[dict[str, str]]]) -> list[dict[str, Any]]:
    from sbp_brian import protocols

    listed = list(protocols.names())
    present = dict.fromkeys(r.protocol for r in records)
    order = [name for name in listed if name in present] + [name for name in present if name not in listed]
    sections = []
    for number, name in enumerate(order, 1):
        own = [r for r in records if r.protocol == name]
        newest = own[0]
        sections.append(
            {
                "id": f"s{number}",
                "name": name,
                "title": newest.title,
                "source": newest.source,
                "kind": newest.kind,
                "counts": text.counts([m for r in own for m in r.metrics]),
                "summary": newest.summary,
                "figures": drawings.get(name, []),
                "runs": [_run(r, f"s{number}r{k}") for k, r in enumerate(own[:_DETAILED])],
                "further": [
                    {"run": r.run, "started": _when(r), "counts": text.counts(r.metrics)} for r in own[_DETAILED:]
                ],
            }
        )
    return sections


_CHAPTERS = (
    (
        "biology",
        "Biological experiments",
        "Each experiment is simulated in the circuit in which it was done, and compared with what its paper reports. "
        "Percentages that nobody has checked in the paper are not given as the paper's: such rows are compared by "
        "direction "
        "alone. What is built into a model by a switch is named as built in; agreement there is a check of "
        "consistency, not "
        "evidence. Predictions have no published counterpart.",
    ),
    ("benchmark", "Learning tasks", "Networks whose hidden layer learns by the same mechanism."),
)


def _chapters(sections: Sequence[dict[str, Any]], drawings: dict[str, list[dict[str, str]]]) -> list[dict[str, Any]]:
    """Sections by kind, each with the figures of the whole chapter and the protocols of which there is no record."""
    from sbp_brian import protocols

    chapters = []
    for kind, title, introduction in _CHAPTERS:
        own = [section for section in sections if section["kind"] == kind]
        shown = {section["name"] for section in own}
        lacking = [entry.name for entry in protocols.entries() if entry.kind == kind and entry.name not in shown]
        if own:
            chapters.append(
                {
                    "id": kind,
                    "title": title,
                    "text": introduction,
                    "sections": own,
                    "not_run": lacking,
                    "figures": drawings.get(f"{kind} chapter", []),
                }
            )
    return chapters


def _claims(records: Sequence[Record]) -> list[dict[str, str]]:
    """The claims of the paper on SBP in networks with what the records show; none where no task was run."""
    from sbp_brian.report.claims import claims

    marks = {"holds": "within", "does not hold": "outside", "undecided": "pattern", "not run": "no"}
    if not any(r.kind == "benchmark" for r in records):
        return []
    return [claim._asdict() | {"mark": marks[claim.verdict]} for claim in claims(records)]


def _run(record: Record, anchor: str) -> dict[str, Any]:
    rows = [{"cells": [_whole(cell) for cell in text.cells(row)], "verdict": row["verdict"]} for row in record.metrics]
    parameters = ", ".join(f"{name.replace('_', ' ')} = {_value(p)}" for name, p in record.parameters.items())
    return {
        "id": anchor,
        "run": record.run,
        "target": record.target,
        "seed": record.seed,
        "size": record.size,
        "started": _when(record),
        "timing": text.timing(record.timing),
        "rows": rows,
        "notes": record.notes,
        "summary": record.summary,
        "parameters": parameters,
        "tables": [
            t | {"rows": [[text.number(value, digits=4) for value in row] for row in t["rows"]]} for t in record.tables
        ],
    }


def _whole(text: str) -> str:
    """The text with its numbers kept on one line with their units."""
    return text.replace(" %", "\u00a0%").replace("n = ", "n\u00a0=\u00a0").replace("\u00b1 ", "\u00b1\u00a0")


def _value(parameter: dict[str, Any]) -> str:
    value = parameter["value"]
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{text} {parameter['unit']}".strip()


def _when(record: Record) -> str:
    return record.started.replace("T", " ")[:16] + " UTC"


def _machines(records: Sequence[Record]) -> list[dict[str, str]]:
    """The different machines and versions among the records, in words."""
    found = {}
    for r in records:
        machine = ", ".join(
            filter(
                None,
                [
                    r.machine.get("processor"),
                    f"{r.machine['cores']} cores" if "cores" in r.machine else "",
                    f"{r.machine['memory_gib']:g} GiB memory" if "memory_gib" in r.machine else "",
                    r.machine.get("system"),
                ],
            )
        )
        versions = ", ".join(f"{name} {number}" for name, number in r.versions.items())
        found.setdefault((machine, versions), []).append(r.protocol)
    return [
        {"machine": machine, "versions": versions, "protocols": ", ".join(dict.fromkeys(names))}
        for (machine, versions), names in found.items()
    ]


def _drawings(records: Sequence[Record], failures: list[tuple[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Protocol -> its figures; one that cannot be drawn is added to ``failures``, and the page is made all the same."""
    from sbp_brian import figures, protocols
    from sbp_brian.figures.base import svg

    kinds = {entry.name: entry.kind for entry in protocols.entries()}
    drawn: dict[str, list[dict[str, str]]] = {}
    for name in figures.names():
        try:
            figure = figures.get(name)
            if figure.missing(records):
                continue
            drawing, caption = figure.make(records)
            data = base64.b64encode(svg(drawing).encode()).decode()
        except Exception as error:
            failures.append((f"figure {name}", f"{type(error).__name__}: {error}"))
            continue
        width = drawing.get_size_inches()[0] * 25.4
        # a figure of many protocols stands at the beginning of their chapter
        place = figure.needs[0] if figure.needs else f"{kinds.get(figure.uses[0], 'biology')} chapter"
        drawn.setdefault(place, []).append(
            {"name": name, "title": figure.title, "caption": caption, "data": data, "width": f"{width:.0f}mm"}
        )
    return drawn
