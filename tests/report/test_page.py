"""The report page and the figures, from a small record and without any model."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import html5lib
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
    axes[1].plot(record.array("window")[::-1])
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


def parsed(html):
    """The page as a browser reads it; what a browser would have to mend is an error."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)


def words(node):
    """The text of a part of the page."""
    return " ".join("".join(node.itertext()).split())


def rows(table):
    """The cells of each row in the body of a table."""
    return [[words(cell) for cell in row] for row in table.find("tbody")]


def with_class(node, name):
    return [part for part in node.iter() if isinstance(part.tag, str) and name in part.get("class", "").split()]


def test_the_page_is_whole_and_loads_nothing(record, shown):
    html = page.render([record], shown)
    tree = parsed(html)
    every = list(tree.iter())
    ids = [part.get("id") for part in every if part.get("id")]
    assert len(ids) == len(set(ids))
    for part in every:
        link = part.get("href") or part.get("src")
        assert not link or link.startswith(("#", "data:", "https://doi.org/")), link
        assert part.get("alt") or part.tag != "img"
        assert part.tag not in ("iframe", "object", "embed", "form")
        assert part.tag != "script" or not part.get("src")
    assert {part.get("href")[1:] for part in every if part.get("href", "").startswith("#")} <= set(ids)
    policy = next(part.get("content") for part in every if part.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "@import" not in html
    assert "url(" not in html


def test_summary_and_verdicts_come_first_and_chapters_fold(record, shown):
    tree = parsed(page.render([record], shown))
    body = tree.find("body")
    assert [part.tag for part in body] == ["a", "nav", "main", "script"]
    headings = [words(part) for part in tree.iter() if part.tag in ("h1", "h2", "h3", "h4")]
    assert headings[1:] == [
        "Summary",
        "Biological experiments",
        "A demonstration <without> a network",
        "Machine and versions",
        "Not run: 1 figure",
    ]
    first = next(tree.iter("table"))
    assert rows(first) == [
        [
            "A demonstration <without> a network",
            "The synapse grows by 43 %.",
            "\u2713 1",
            "\u2013",
            "\u2248 1",
            "\u2013 1",
        ]
    ]
    chapter = with_class(tree, "chapter")[0]
    assert [part.tag for part in chapter] == ["details"]
    assert chapter[0].get("open") is not None
    made = with_class(chapter, "made")[0]
    assert made.get("open") is None
    assert "pairs = 60; delay = 10.0 ms" in words(made), "parameters are folded"
    sources = with_class(made, "notes")[0]
    assert [words(part) for part in sources] == ["a", "read: figure 1", "b", "read: abstract"]
    contents = [part.get("href") for part in tree.find("body/nav").iter("a")]
    assert contents == ["#summary", "#biology", "#s1", "#setup", "#not-run"]


def test_the_page_says_what_was_run_and_how_it_compares(record, shown):
    tree = parsed(page.render([record], shown))
    told = words(tree.find("body"))
    for part in (
        "Nobody (1900)",
        "doi:10.1000/demo",
        "Target numpy, seed 0.",
        "embedded sample of 5,000",
        "6,650 samples a second",
        "cores",
        "brian2 2.",
        "Change against <interval>.",
        "Not run: 1 figure",
        "other: elsewhere",
    ):
        assert part in told, part
    assert len(list(tree.iter("figure"))) == 1, "the other one lacks its records"
    table = list(tree.iter("table"))[1]
    assert [words(part) for part in table.find("thead").iter("th")] == [
        "Quantity", "Simulated", "Published", "Accepted", "Verdict",
    ]  # fmt: skip
    assert rows(table) == [
        ["A\u2192B a", "+43.0 % \u00b1 8.0 % (SD, n = 10 runs)", "+40.0 %", "+30.0 % to +60.0 %", "\u2713 within"],
        ["I\u2192A b", "+20.0 %", "increase", "above +2.0 %", "\u2248 pattern only"],
        ["test accuracy", "98.12 %", "\u2013", "\u2013", "\u2013 no reference"],
    ]


def test_no_value_is_told_twice(record, tmp_path, shown):
    other = execute(DEMO, target="numpy", seed=1, out=tmp_path / "out", parameters={"pairs": "70"})
    for told, times in (([record], 1), ([record, other], 2)):
        text_of = words(parsed(page.render(told, shown)).find("body"))
        for value in ("+43.0 % \u00b1", "98.12 %", "+20.0 %"):
            assert text_of.count(value) == times, value
        for once in (
            "The synapse grows by 43 %.",
            "embedded sample",
            "read: figure 1",
            "delay = 10.0 ms",
            "Nobody (1900)",
        ):
            assert text_of.count(once) == 1, once


def test_what_there_is_and_was_not_run_is_named_and_chapters_begin_with_figures_of_many(record, shown):
    listed = [SimpleNamespace(name=name, kind=kind) for name, kind in (("other", "biology"), ("task", "benchmark"))]
    of_many = Figure("many", "Many", "", (), draw, uses=("demo",))
    committed = SimpleNamespace(name="committed", from_records=False, page=True)
    a_table = Figure("a-table", "A table", "", ("demo",), draw, page=False)
    shown = replace(shown, experiments=listed, figures=[*shown.figures, of_many, committed, a_table])
    tree = parsed(page.render([record], shown))
    folded = with_class(tree, "not-run")
    assert len(folded) == 1
    assert folded[0].get("open") is None
    told = words(folded[0])
    assert "Not run: 2 experiments, 1 figure" in told
    assert "sbp run NAME: other, task." in told
    assert "committed" in told
    assert "a-table" in told
    assert "Learning tasks" not in words(tree.find("body")), "a chapter without a record"
    placed = [p.get("id") for p in tree.iter() if p.get("id", "").startswith("figure") or p.get("id") == "s1"]
    assert placed == ["figure-many", "s1", "figure-window"]


def test_a_figure_with_a_panel_that_has_no_data_is_not_on_the_page(record, shown):
    def half(found):
        drawing, axes = new(COLUMNS, 60, ncols=2)
        axes[0].plot([1, 2])
        axes[1].text(0.5, 0.5, "not run")
        return drawing

    shown = replace(shown, figures=[Figure("half", "Half", "", ("demo",), half)])
    tree = parsed(page.render([record], shown))
    assert list(tree.iter("figure")) == []
    assert "half: records for 1 of its 2 panels" in words(with_class(tree, "not-run")[0])


def test_files_of_figures_and_records_are_a_link_away(record, tmp_path, shown):
    at = tmp_path / "out" / "the page.html"
    figures_at = tmp_path / "out" / "drawn here"
    WINDOW.save([record], figures_at)
    (record.folder / "weights.npz").write_bytes(b"kept")
    page.write([record], at, shown, figures=figures_at)
    links = [part.get("href") for part in parsed(at.read_text()).iter("a")]
    links = [link for link in links if not link.startswith(("#", "https:"))]
    assert [unquote(link) for link in links] == [
        *(f"drawn here/window.{kind}" for kind in ("svg", "pdf", "png")),
        *(f"demo/{record.run}/{name}" for name in ("record.json", "arrays.npz", "weights.npz")),
    ]
    assert all((at.parent / unquote(link)).is_file() for link in links)


def test_what_is_outside_is_named_in_the_summary_and_leads_to_its_row(tmp_path, shown):
    wrong = [
        execute(DEMO, target="numpy", seed=seed, out=tmp_path / "out", parameters={"outcome": "wrong"})
        for seed in (0, 1)
    ]
    for told in (wrong[:1], wrong):
        tree = parsed(page.render(told, shown))
        by_id = {part.get("id"): part for part in tree.iter() if part.get("id")}
        links = [p for p in tree.iter("a") if words(p) == "I\u2192A"]
        assert len(links) == len(told)
        for link in links:
            row = by_id[link.get("href")[1:]]
            assert words(row[0]).startswith("I\u2192A")
            assert "outside" in words(row)


def test_every_verdict_has_its_mark():
    assert set(text.MARKS) == set(page._VERDICTS) == set(records.VERDICTS)
    assert set(page._OF_CLAIMS) == set(claims.VERDICTS)


def test_what_tells_runs_apart_is_a_column_and_the_rest_stands_once(record, tmp_path, shown):
    many = [
        execute(DEMO, target="numpy", seed=seed, out=tmp_path / "out", parameters={"pairs": str(50 + seed)})
        for seed in range(14)
    ]
    tree = parsed(page.render(many, shown))
    runs = with_class(tree, "run")
    assert len(runs) == 12, "the newest unfold"
    assert [run.get("open") is not None for run in runs] == [True] + [False] * 11
    table = list(tree.iter("table"))[1]
    headings = [words(part) for part in table.find("thead").iter("th")]
    assert headings == ["Run", "Pairs", "Seed", "Simulated", "Published", "Accepted", "Verdict", "Folder"]
    assert "Values are of: A\u2192B." in words(table.find("caption"))
    told = rows(table)
    assert len(told) == 14
    assert sorted(row[1:3] for row in told) == [[str(50 + seed), str(seed)] for seed in range(14)]
    assert {row[3] for row in told} == {"+43.0 % \u00b1 8.0 % a"}, "what their spread is stands above"
    assert "standard deviation, n = 10 runs" in words(table.find("caption"))
    keys = [[cell.get("data-key") for cell in row] for row in table.find("tbody")]
    assert {row[3] for row in keys} == {"43.0"}
    assert len(told) == len({row[-1] for row in told})


def test_what_is_outside_in_a_run_without_details_is_named_too(tmp_path, shown):
    found = []
    for seed in range(14):
        outcome = "wrong" if seed == 0 else "good"
        found.append(execute(DEMO, target="numpy", seed=seed, out=tmp_path / "out", parameters={"outcome": outcome}))
        found[-1].started = f"2026-01-01T00:00:{seed:02d}"
    tree = parsed(page.render(found, shown))
    [link] = [part for part in tree.iter("a") if words(part) == "1 in run 14"]
    [row] = [part for part in tree.iter("tr") if part.get("id") == link.get("href")[1:]]
    assert [words(cell) for cell in row][:4] == ["14", "wrong", "0", "+43.0 % \u00b1 8.0 % a"]


def test_a_figure_that_fails_and_a_value_that_is_missing_are_said(record, tmp_path, shown):
    shown = replace(shown, figures=[*shown.figures, BROKEN])
    bad = execute(DEMO, target="numpy", out=tmp_path / "out", parameters={"outcome": "nan"})
    html = page.render([records.read(bad.folder)], shown, failures=[("tao-2000", "no compiler <g++>")])
    told = words(parsed(html).find("body"))
    assert "ZeroDivisionError" in told
    assert "no compiler <g++>" in told
    assert "not a number" in told


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


def test_a_figure_of_the_page_is_drawn_once_for_its_files_and_the_page(record, tmp_path):
    drawn = []

    def counting(found):
        drawn.append(found)
        return draw(found)

    figure = Figure("counted", "Counted", "Counted.", ("demo",), counting).once()
    figure.save([record], tmp_path / "figures")
    made = page.write([record], tmp_path / "report.html", page.Shown(figures=[figure]), figures=tmp_path / "figures")
    assert "counted.svg" in made.read_text()
    assert len(drawn) == 1
    figure.make([record, record])
    assert len(drawn) == 2, "other records are another drawing"
    committed = figures.get("how-late")
    assert committed.once() is committed


def test_panels_tell_their_numbers():
    _, axes = new(COLUMNS, 60, ncols=5)
    axes[1].set_title("mixed")
    label_panels(*axes, n=(3, {3, 5}, (), None, [1000, 1000]))
    assert [ax.get_title("right") for ax in axes] == ["n = 3", "n = 3 to 5", "", "", "n = 1,000"]
    assert [ax.get_title("left") for ax in axes] == list("abcde")
    assert axes[1].get_title() == "mixed\n", "its last line is that of the letter and of n"
    _, (left, right) = new(COLUMNS, 60, ncols=2)
    label_panels(left, right, n={right: 2})
    assert [ax.get_title("right") for ax in (left, right)] == ["", "n = 2"]
    _, alone = new(COLUMN, 60)
    label_panels(alone, n=4)
    assert (alone.get_title("left"), alone.get_title("right")) == ("", "n = 4")


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
