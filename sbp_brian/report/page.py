"""One self-contained HTML page from records: the verdicts first, then what was run, each figure, each value once.

Style, script and figures (SVG) are in the page itself; it asks for nothing else. The files of figures and records lie
beside it, and are linked.
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
from sbp_brian.report import sections, tables, text
from sbp_brian.report.claims import NOT_RUN, Claim
from sbp_brian.report.differences import FAILS, HOLDS, OPEN

__all__ = ["CHAPTERS", "Chapter", "Shown", "render", "write"]


class Experiment(Protocol):
    """What the page has to know of an experiment, whether or not there is a record of it."""

    name: str
    kind: str  # of a `Chapter`


class Picture(Protocol):
    """What the page has to know of a figure as it is drawn: its SVG text, its caption, its width, its panels."""

    svg: str
    caption: str
    width_mm: float
    panels: int
    empty: int  # how many panels have no data


class Figure(Protocol):
    """What the page has to know of a figure."""

    name: str
    title: str
    needs: tuple[str, ...]  # protocols; the figure stands with the first, or at the beginning of a chapter
    uses: tuple[str, ...]

    @property
    def from_records(self) -> bool:
        """Whether it is drawn from records; figures of committed results are not on the page."""

    @property
    def page(self) -> bool:
        """Whether the page shows it; a table that is drawn as a picture would repeat the tables of the page."""

    def missing(self, records: Sequence[Record]) -> list[str]:
        """What it needs and these records lack."""

    def picture(self, records: Sequence[Record]) -> Picture:
        """The figure drawn from these records."""


@dataclass(frozen=True)
class Shown:
    """What the page shows beside the records that it is given; whoever asks for the page knows what there is.

    Attributes
    ----------
    experiments : sequence of Experiment
        In the order of the page; those of which there is no record are named as not run, in a line that unfolds.
    figures : sequence of Figure
        Those that the records allow are drawn, the others named there.
    claims : callable, optional
        ``claims(records)`` gives the rows of the table of claims; those that were measured are shown.
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
    figures: str | os.PathLike | None = None,
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
    figures : path, optional
        The folder with the files of figures that were drawn from the same records; the page links them.

    Raises
    ------
    RecordError
        Where there are no records or the file cannot be written.
    """
    path = Path(path)
    if not records and not failures:
        raise RecordError("there are no records to report on; make some with 'sbp run PROTOCOL'")
    html = render(records, shown, failures=failures, title=title, beside=path.parent, figures=figures)
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
    beside: Path | None = None,
    figures: str | os.PathLike | None = None,
) -> str:
    """The page as text; see `write`. Files are linked where ``beside``, the folder of the page, is given."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    page = Environment(
        loader=PackageLoader("sbp_brian.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("report.html")
    records = sorted(records, key=lambda r: r.started, reverse=True)
    failures = list(failures)
    lacking: list[tuple[str, str]] = []
    drawings = _drawings(records, shown, failures, lacking, _Files(figures, beside))
    told = _sections(records, shown, drawings, beside)
    learned = any(r.kind == "benchmark" for r in records)
    claims = shown.claims(records) if shown.claims is not None and learned else []
    looks = {**_VERDICTS, **_OF_CLAIMS}
    return page.render(
        title=title,
        chapters=_chapters(told, drawings),
        failures=failures,
        machines=_machines(records),
        verdicts={verdict: meaning for verdict, (_, meaning) in _VERDICTS.items()},
        classes={verdict: name for verdict, (name, _) in looks.items()},
        marks={**text.MARKS, **{verdict: mark for verdict, (_, mark) in _OF_CLAIMS.items()}},
        overall={verdict: sum(section["counted"][verdict] for section in told) for verdict in text.MARKS},
        outside=[(section, section["outside"]) for section in told if section["outside"]],
        linked=beside is not None,
        first=min((r.started for r in records), default="").replace("T", " ")[:16],
        claims=_claims(claims),
        not_run=_not_run(records, shown, claims, lacking),
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
#: The same for the verdict on a claim, in the order in which rows are sorted by it: class and mark.
_OF_CLAIMS = {
    FAILS: ("outside", text.MARKS["outside"]),
    HOLDS: ("within", text.MARKS["within"]),
    OPEN: ("pattern", "?"),
    NOT_RUN: ("no", text.MARKS["no reference"]),
}


class _Files(NamedTuple):
    """Where the files of figures lie, and the folder of the page that links them; None where there are none."""

    folder: str | os.PathLike | None
    beside: Path | None

    def of(self, name: str) -> list[dict[str, str]]:
        """The links to the files of a figure that are there."""
        if self.folder is None or self.beside is None:
            return []
        found = [Path(self.folder) / f"{name}.{kind}" for kind in ("svg", "pdf", "png")]
        return [
            {"text": file.suffix[1:].upper(), "href": sections.link(file, self.beside), "about": name}
            for file in found
            if file.is_file()
        ]


def _sections(
    records: Sequence[Record], shown: Shown, drawings: dict[str, list[dict]], beside: Path | None
) -> list[dict]:
    listed = [experiment.name for experiment in shown.experiments]
    present = dict.fromkeys(r.protocol for r in records)
    order = [name for name in listed if name in present] + [name for name in present if name not in listed]
    return [
        sections.section(number, [r for r in records if r.protocol == name], drawings.get(name, []), beside)
        for number, name in enumerate(order, 1)
    ]


def _chapters(told: Sequence[dict], drawings: dict[str, list[dict]]) -> list[dict]:
    """Sections by kind, each with the figures of the whole chapter."""
    chapters = []
    for kind, title, introduction in CHAPTERS:
        own = [section for section in told if section["kind"] == kind]
        if own:
            chapters.append(
                {
                    "id": kind,
                    "title": title,
                    "text": introduction,
                    "sections": own,
                    "figures": drawings.get(f"{kind} chapter", []),
                }
            )
    return chapters


def _not_run(
    records: Sequence[Record], shown: Shown, claims: Sequence[Claim], lacking: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """What there is and the page does not show, and in few words how much of it."""
    present = {r.protocol for r in records}
    found: dict[str, Any] = {
        "experiments": [e.name for e in shown.experiments if e.name not in present],
        "claims": [claim for claim in claims if claim.verdict == NOT_RUN],
        "figures": lacking,
    }
    counts = [(len(things), what if len(things) > 1 else what[:-1]) for what, things in found.items() if things]
    return found | {
        "told": ", ".join(f"{n} {what}" for n, what in counts),
        "committed": [figure.name for figure in shown.figures if not figure.from_records],
        "tables": [figure.name for figure in shown.figures if figure.from_records and not figure.page],
    }


def _claims(found: Sequence[Claim]) -> tables.Table | None:
    """Those of the claims that were measured; None where none was."""
    order = list(_OF_CLAIMS)
    rows = [
        [
            *map(tables.Cell, (claim.claim, claim.task, claim.published, claim.measured)),
            tables.Cell("", order.index(claim.verdict), claim.verdict),
        ]
        for claim in found
        if claim.verdict != NOT_RUN
    ]
    columns = ["Claim", "Task", "Published", "Measured here", "Verdict"]
    return tables.Table("Claims of the paper, and what was measured", columns, rows) if rows else None


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


def _drawings(
    records: Sequence[Record],
    shown: Shown,
    failures: list[tuple[str, str]],
    lacking: list[tuple[str, str]],
    files: _Files,
) -> dict[str, list[dict]]:
    """Protocol -> its figures.

    One that cannot be drawn is added to ``failures``, one without its records, or with a panel without data, to
    ``lacking`` with what it lacks; the page is made all the same.
    """
    kinds = {experiment.name: experiment.kind for experiment in shown.experiments}
    drawn: dict[str, list[dict]] = {}
    for figure in shown.figures:
        if not (figure.from_records and figure.page):
            continue
        try:
            if missing := figure.missing(records):
                lacking.append((figure.name, ", ".join(missing)))
                continue
            picture = figure.picture(records)
        except Exception as error:
            failures.append((f"figure {figure.name}", f"{type(error).__name__}: {error}"))
            continue
        if picture.empty:
            lacking.append((figure.name, f"records for {picture.empty} of its {picture.panels} panels"))
            continue
        # a figure of many protocols stands at the beginning of their chapter
        place = figure.needs[0] if figure.needs else f"{kinds.get(figure.uses[0], 'biology')} chapter"
        drawn.setdefault(place, []).append(
            {
                "name": figure.name,
                "title": figure.title,
                "caption": picture.caption,
                "data": base64.b64encode(picture.svg.encode()).decode(),
                "width": f"{picture.width_mm:.0f}mm",
                "files": files.of(figure.name),
            }
        )
    return drawn
