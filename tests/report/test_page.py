"""The report page and the figures, from a small record and without any model."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from sbp_brian import figures, protocols
from sbp_brian.errors import RecordError
from sbp_brian.experiments import records
from sbp_brian.experiments.executing import execute
from sbp_brian.figures.base import Figure, label_panels, new, save, svg
from sbp_brian.figures.style import COLUMN, COLUMNS, house_style
from sbp_brian.report import claims, page, text
from sbp_brian.report.text import cells
from sbp_brian.report.together import deviation

DEMO = protocols.get(str(Path(__file__).parents[1] / "helpers" / "demo_experiment.py"))


def draw(found):
    record = records.latest(found, "demo")
    drawing, axes = new(COLUMNS, 60, ncols=2)
    axes[0].plot(record.array("window"), label="simulated")
    axes[0].set_ylabel("Change")
    axes[0].legend()
    label_panels(*axes)
    return drawing


WINDOW = Figure("window", "The window", "Change against <interval>.", ("demo",), draw)
BROKEN = Figure("broken", "Broken", "", ("demo",), lambda found: 1 / 0)
OTHER = Figure("other", "Other", "", ("elsewhere",), draw)


@pytest.fixture
def shown():
    """What there is: no experiment that is listed, two figures, no claims."""
    return page.Shown(figures=[WINDOW, OTHER])


@pytest.fixture
def record(tmp_path):
    return execute(DEMO, target="numpy", out=tmp_path / "out")


class Parsed(HTMLParser):
    """What a page holds: its tags in order, its ids, what it links to, and whether every tag is closed."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.open, self.text = [], [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs[key] for key in ("href", "src") if key in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_is_whole_and_loads_nothing(record, shown):
    html = page.render([record], shown)
    parsed = Parsed(html)
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    for link in parsed.links:
        assert link.startswith(("#", "data:image/svg+xml;base64,", "https://doi.org/")), link
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)
    assert not [tag for tag, _ in parsed.tags if tag in ("script", "link", "iframe", "object")]
    assert "@import" not in html
    assert "url(" not in html
    assert all(attrs.get("alt") for tag, attrs in parsed.tags if tag == "img")
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in parsed.tags
    for rule in ("prefers-color-scheme: dark", "@media print", "@page", "max-width: 40rem"):
        assert rule in html


def test_the_page_says_what_was_run_and_how_it_compares(record, shown):
    parsed = Parsed(page.render([record], shown))
    words = " ".join(parsed.text.split())
    for part in (
        "A demonstration <without> a network",
        "Nobody (1900)",
        "doi:10.1000/demo",
        "seed 0",
        "Target numpy",
        "A→B",
        "+43.0 % ± 8.0 % (SD, n = 10 runs)",
        "+40.0 %",
        "+30.0 % to +60.0 %",
        "✓ within",
        "≈ pattern only",
        "– no reference",
        "read: figure 1",
        "The synapse grows by 43 %.",
        "Accuracy by epoch",
        "embedded sample of 5,000",
        "6,650 samples a second",
        "cores",
        "brian2 2.",
        "pairs = 60",
        "delay = 10.0 ms",
        "1 within, 1 pattern only, 1 no reference",
        "Change against <interval>.",
    ):
        assert part in words, part
    assert [tag for tag, attrs in parsed.tags if tag == "figure"] == ["figure"]  # the other one lacks its records


def test_what_there_is_and_was_not_run_is_named_and_chapters_begin_with_figures_of_many(record, shown):
    listed = [SimpleNamespace(name=name, kind=kind) for name, kind in (("other", "biology"), ("task", "benchmark"))]
    of_many = Figure("many", "Many", "", (), draw, uses=("demo",))
    shown = replace(shown, experiments=listed, figures=[*shown.figures, of_many])
    parsed = Parsed(page.render([record], shown))
    assert "Not run, so not on this page: other." in parsed.text
    assert "Learning tasks" not in parsed.text, "a chapter without a record"
    figures_and_sections = [attrs["id"] for _, attrs in parsed.tags if attrs.get("id", "").startswith(("figure", "s1"))]
    assert figures_and_sections[:3] == ["figure-many", "s1", "figure-window"]


def test_every_verdict_has_its_mark():
    assert set(text.MARKS) == set(page._VERDICTS) == set(records.VERDICTS)
    assert set(page._OF_CLAIMS) == set(claims.VERDICTS)


def test_several_runs_and_further_runs(record, tmp_path, shown):
    many = [execute(DEMO, target="numpy", seed=seed, out=tmp_path / "out") for seed in range(14)]
    parsed = Parsed(page.render(many, shown))
    assert len([1 for tag, _ in parsed.tags if tag == "h4"]) == 13
    assert "Earlier runs" in parsed.text
    assert len(parsed.ids) == len(set(parsed.ids))


def test_a_figure_that_fails_and_a_value_that_is_missing_are_said(record, tmp_path, shown):
    shown = replace(shown, figures=[*shown.figures, BROKEN])
    bad = execute(DEMO, target="numpy", out=tmp_path / "out", parameters={"outcome": "nan"})
    parsed = Parsed(page.render([records.read(bad.folder)], shown, failures=[("tao-2000", "no compiler <g++>")]))
    assert "ZeroDivisionError" in parsed.text
    assert "no compiler <g++>" in parsed.text
    assert "not a number" in parsed.text


def test_write_is_whole_or_not_at_all(record, tmp_path, shown, monkeypatch):
    path = page.write([record], tmp_path / "deep" / "report.html", shown)
    before = path.read_text()

    def full(*args, **kwds):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RecordError, match=r"cannot write the report .*No space left"):
        page.write([record], path, shown)
    assert path.read_text() == before
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(RecordError, match="there are no records"):
        page.write([], path, shown)


def test_figures_are_saved_in_three_formats_at_their_size(record, tmp_path):
    drawing, caption = WINDOW.make([record])
    assert caption == "Change against <interval>."
    paths = save(drawing, tmp_path / "figures", "window")
    assert [p.name for p in paths] == ["window.svg", "window.pdf", "window.png"]
    assert all(p.stat().st_size > 1000 for p in paths)
    text = paths[0].read_text()
    assert 'width="493.228346pt"' in text  # 174 mm
    assert ">Change</text>" in text  # text stays text
    assert COLUMNS > COLUMN
    assert svg(WINDOW.make([record])[0]) == svg(WINDOW.make([record])[0])  # the same record, the same text
    assert not re.search(r"<dc:date>", svg(drawing))


def test_the_style_is_readable_and_the_user_s_settings_stay(record):
    import matplotlib

    before = matplotlib.rcParams["font.size"]
    with house_style():
        texts = "font.size", "xtick.labelsize", "ytick.labelsize", "legend.fontsize", "axes.labelsize", "axes.titlesize"
        sizes = [matplotlib.rcParams[key] for key in texts]
        assert min(sizes) >= 7
        assert (matplotlib.rcParams["svg.fonttype"], matplotlib.rcParams["pdf.fonttype"]) == ("none", 42)
        cycle = matplotlib.rcParams["axes.prop_cycle"].by_key()
        assert len(set(zip(cycle["color"], cycle["linestyle"], strict=True))) == len(cycle["color"])
    assert matplotlib.rcParams["font.size"] == before


def test_captions_may_depend_on_the_records(record):
    figure = Figure("x", "X", lambda found: f"{len(found)} runs", ("demo",), draw)
    assert figure.make([record, record])[1] == "2 runs"
    assert OTHER.missing([record]) == ["elsewhere"]


def test_the_list_of_figures():
    assert "base" not in figures.names()
    for name in figures.names():
        assert figures.get(name).name == name
    with pytest.raises(figures.UnknownFigureError, match="unknown figure 'no such'"):
        figures.get("no such")


def test_a_value_in_percent_is_shown_as_it_is():
    row = {
        "name": "A plus",
        "value": 78.07,
        "unit": "%",
        "spread": None,
        "n": None,
        "paper_value": None,
        "band": [70, 80],
        "verdict": "within",
        "provenance": "",
    }
    assert cells(row)[1].startswith("78.1 %")
    assert cells({**row, "name": "A->B", "value": 0.428, "unit": "", "band": None})[1].startswith("+42.8 %")
    assert cells({**row, "name": "test_accuracy", "value": 0.9827, "unit": "", "band": None})[1].startswith("98.27 %")


@pytest.mark.parametrize(
    ("kind", "n", "text"),
    [
        ("sd", 5, "0.5 \u00b1 0.1 (SD, n = 5 runs)"),
        ("se", 10_000, "0.5 \u00b1 0.1 (SE, n = 10,000 samples)"),
        (None, 5, "0.5 \u00b1 0.1 (n = 5)"),
        ("sd", None, "0.5 \u00b1 0.1 (SD)"),
    ],
)
def test_a_spread_says_what_it_is_and_over_how_many(kind, n, text):
    row = {"name": "R2", "value": 0.5, "unit": "", "spread": 0.1, "spread_kind": kind, "n": n, "paper_value": None}
    row |= {"band": None, "verdict": "no reference", "provenance": ""}
    assert cells(row)[1] == text
    assert deviation(row) == (None if kind == "se" else 0.1), "bars of an error are deviations over runs"
