"""One self-contained HTML page from records: what was run, on what, each figure, simulated against published values.

No script, no font, no picture is loaded from elsewhere: figures are embedded as SVG.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sbp_brian.errors import RecordError
from sbp_brian.experiments.records import Record
from sbp_brian.report import text
from sbp_brian.report.claims import NOT_RUN, Claim
from sbp_brian.report.differences import FAILS, HOLDS, OPEN

__all__ = ["CHAPTERS", "Chapter", "Shown", "render", "write"]

_DETAILED = 12  # runs of one protocol that are shown in full; older ones get a line each


class Experiment(Protocol):
    """What the page has to know of an experiment, whether or not there is a record of it."""

    name: str
    kind: str  # of a `Chapter`


class Figure(Protocol):
    """What the page has to know of a figure."""

    name: str
    title: str
    needs: tuple[str, ...]  # protocols; the figure stands with the first, or at the beginning of a chapter
    uses: tuple[str, ...]

    def missing(self, records: Sequence[Record]) -> list[str]:
        """What it needs and these records lack."""

    def picture(self, records: Sequence[Record]) -> tuple[str, str, float]:
        """The figure drawn from these records: its SVG text, its caption, and its width in mm."""


@dataclass(frozen=True)
class Shown:
    """What the page shows beside the records that it is given; whoever asks for the page knows what there is.

    Attributes
    ----------
    experiments : sequence of Experiment
        In the order of the page; those of which there is no record are named as not run.
    figures : sequence of Figure
        Those that the records allow are drawn.
    claims : callable, optional
        ``claims(records)`` gives the rows of the table of claims; it is shown where a learning task was run.
    """

    experiments: Sequence[Experiment] = ()
    figures: Sequence[Figure] = ()
    claims: Callable[[Sequence[Record]], Sequence[Claim]] | None = None


class Chapter(NamedTuple):
    """A part of the page: all experiments of one kind."""

    kind: str
    title: str
    text: str


CHAPTERS = (
    Chapter(
        "biology",
        "Biological experiments",
        "Each experiment is simulated in the circuit in which it was done, and compared with what its paper reports. "
        "Percentages that nobody has checked in the paper are not given as the paper's: such rows are compared by "
        "direction alone. What is built into a model by a switch is named as built in; agreement there is a check of "
        "consistency, not evidence. Predictions have no published counterpart.",
    ),
    Chapter("benchmark", "Learning tasks", "Networks whose hidden layer learns by the same mechanism."),
)


def write(
    records: Sequence[Record],
    path: str | os.PathLike,
    shown: Shown,
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
    shown : Shown
        The experiments, figures and claims that there are.
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
    html = render(records, shown, failures=failures, title=title)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(html, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise RecordError(f"cannot write the report {path}: {error.strerror or error}; give another --out") from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    return path


def render(
    records: Sequence[Record],
    shown: Shown,
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
    drawings = _drawings(records, shown, failures)
    sections = _sections(records, shown, drawings)
    return page.render(
        title=title,
        sections=sections,
        chapters=_chapters(sections, shown, drawings),
        failures=failures,
        machines=_machines(records),
        columns=text.COLUMNS,
        legend=[(verdict, meaning) for verdict, (_, meaning) in _VERDICTS.items()],
        classes={verdict: name for verdict, (name, _) in _VERDICTS.items()},
        marks=text.MARKS,
        overall=text.counts([m for r in records for m in r.metrics]),
        first=min((r.started for r in records), default="").replace("T", " ")[:16],
        claims=_claims(records, shown),
        total=text.duration(sum(r.timing.get("total_s") or 0.0 for r in records)),
    )


#: Verdict -> the class that its mark has in the template, and what it means.
_VERDICTS = {
    "within": ("within", "the simulated value lies in the accepted range"),
    "outside": ("outside", "the simulated value lies outside the accepted range, or goes the other way than published"),
    "pattern only": (
        "pattern",
        "no number to compare with: the simulation has the direction that is published or, where nothing "
        "is published, the one that a control must have",
    ),
    "no reference": ("no", "nothing is published to compare with, or this run is not comparable with it"),
}
#: The same for the verdict on a claim: class and mark.
_OF_CLAIMS = {
    HOLDS: ("within", text.MARKS["within"]),
    FAILS: ("outside", text.MARKS["outside"]),
    OPEN: ("pattern", "?"),
    NOT_RUN: ("no", text.MARKS["no reference"]),
}


def _sections(records: Sequence[Record], shown: Shown, drawings: dict[str, list[dict[str, str]]]) -> list[dict]:
    listed = [experiment.name for experiment in shown.experiments]
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


def _chapters(sections: Sequence[dict], shown: Shown, drawings: dict[str, list[dict[str, str]]]) -> list[dict]:
    """Sections by kind, each with the figures of the whole chapter and the experiments of which there is no record."""
    chapters = []
    for kind, title, introduction in CHAPTERS:
        own = [section for section in sections if section["kind"] == kind]
        run = {section["name"] for section in own}
        lacking = [e.name for e in shown.experiments if e.kind == kind and e.name not in run]
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


def _claims(records: Sequence[Record], shown: Shown) -> list[dict[str, str]]:
    """The claims on SBP in networks with what the records show; none where no task was run."""
    if shown.claims is None or not any(r.kind == "benchmark" for r in records):
        return []
    found = [(claim, *_OF_CLAIMS[claim.verdict]) for claim in shown.claims(records)]
    return [claim._asdict() | {"mark": name, "sign": sign} for claim, name, sign in found]


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


def _whole(words: str) -> str:
    """The text with its numbers kept on one line with their units."""
    return words.replace(" %", "\u00a0%").replace("n = ", "n\u00a0=\u00a0").replace("\u00b1 ", "\u00b1\u00a0")


def _value(parameter: dict[str, Any]) -> str:
    """A parameter as a user would give it; ``none`` where it was left open."""
    value = parameter["value"]
    values = value if isinstance(value, list) else [value]
    words = {"True": "yes", "False": "no", "None": "none"}
    told = ", ".join(words.get(str(v), str(v)) for v in values)
    return told if value is None else f"{told} {parameter['unit']}".strip()


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


def _drawings(records: Sequence[Record], shown: Shown, failures: list[tuple[str, str]]) -> dict[str, list[dict]]:
    """Protocol -> its figures; one that cannot be drawn is added to ``failures``, and the page is made all the same."""
    kinds = {experiment.name: experiment.kind for experiment in shown.experiments}
    drawn: dict[str, list[dict[str, str]]] = {}
    for figure in shown.figures:
        try:
            if figure.missing(records):
                continue
            drawing, caption, width = figure.picture(records)
        except Exception as error:
            failures.append((f"figure {figure.name}", f"{type(error).__name__}: {error}"))
            continue
        # a figure of many protocols stands at the beginning of their chapter
        place = figure.needs[0] if figure.needs else f"{kinds.get(figure.uses[0], 'biology')} chapter"
        drawn.setdefault(place, []).append(
            {
                "name": figure.name,
                "title": figure.title,
                "caption": caption,
                "data": base64.b64encode(drawing.encode()).decode(),
                "width": f"{width:.0f}mm",
            }
        )
    return drawn
