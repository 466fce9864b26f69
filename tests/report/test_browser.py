"""The report page in a real browser: it works without a net, by keyboard, on a phone, on paper, in the dark."""

import re
from pathlib import Path

import numpy as np
import pytest

from sbp_brian import protocols
from sbp_brian.experiments import records
from sbp_brian.experiments.executing import execute
from sbp_brian.figures.base import Figure, new
from sbp_brian.report import page
from sbp_brian.report.claims import claims
from tests.helpers.browser import axe, browser, lack
from tests.helpers.made_records import run

pytestmark = pytest.mark.browser

DEMO = protocols.get(str(Path(__file__).parents[1] / "helpers" / "demo_experiment.py"))
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
OVERFLOW = """() => [...document.querySelectorAll(".scroll, .picture")]
    .filter((part) => part.getClientRects().length && part.scrollWidth > part.clientWidth + 1)
    .map((part) => [part.getAttribute("aria-label"), part.tabIndex])"""
UNFOLD = "document.querySelectorAll('main details').forEach((fold) => (fold.open = true))"


def draw(found):
    drawing, ax = new(174, 60)
    ax.plot(records.latest(found, "demo").array("window"))
    return drawing


@pytest.fixture(scope="module")
def chromium():
    if lack():
        pytest.skip(lack())
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    """A page with several runs, one of them outside, claims, a sweep, a figure, a failure, and what was not run."""
    folder = tmp_path_factory.mktemp("page")
    found = [
        execute(DEMO, target="numpy", seed=seed, out=folder, parameters={"outcome": outcome, "pairs": pairs})
        for seed, outcome, pairs in ((0, "good", "60"), (1, "wrong", "9"), (2, "nan", "100"))
    ]
    for k, record in enumerate(found):
        record.started = f"2026-01-02T00:00:{k:02d}"  # the page shows the newest first
    for name in (None, "backpropagation"):
        found += [
            run(folder, 0.9 + 0.01 * seed, seed, model="sbp_perceptron", learning=name, arrays={"x": np.zeros(3)})
            for seed in (0, 1)
        ]
    table = {
        "name": "mnist: mean, standard deviation and number of seeds",
        "columns": ["lambda_p", *(part for k in range(4) for part in (f"quantity number {k}", "SD", "n"))],
        "rows": [[p, *([0.91234, 0.00123, 3] * 4)] for p in (0.1, 0.5, 1.0)],
    }
    sweep = run(folder, protocol="sweep")
    sweep.metrics, sweep.tables = [], [table]
    window = Figure("window", "The window", "Change against interval.", ("demo",), draw)
    window.save(found, folder / "figures")
    shown = page.Shown(figures=[window], claims=claims)
    failures = [("tao-2000", "no compiler")]
    return page.write([*found, sweep], folder / "report.html", shown, failures=failures, figures=folder / "figures")


@pytest.fixture
def opened(chromium, at):
    """``opened(viewport, scheme)`` gives the page in a new window; a complaint or a request of it fails the test."""
    contexts, complaints = [], []

    def open_it(viewport=WIDE, scheme="light"):
        context = chromium.new_context(viewport=viewport, color_scheme=scheme, service_workers="block")
        contexts.append(context)
        window = context.new_page()
        window.set_default_timeout(60_000)
        window.on("console", lambda message: complaints.append(message.text))
        window.on("pageerror", lambda error: complaints.append(str(error)))
        window.on("request", lambda asked: complaints.append(asked.url) if asked.url != at.as_uri() else None)
        window.goto(at.as_uri())
        return window

    yield open_it
    for context in contexts:
        context.close()
    assert [said for said in complaints if not said.startswith("data:")] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_keeps_people_out_and_nothing_is_cut(opened, viewport, scheme):
    window = opened(viewport, scheme)
    assert window.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    for unfolded in (False, True):
        if unfolded:
            window.evaluate(UNFOLD)
            window.wait_for_timeout(200)
        cut = window.evaluate(OVERFLOW)
        assert viewport is PHONE or cut == []
        assert all(tab_index == 0 for _, tab_index in cut), "what scrolls can be reached by keyboard"
        window.evaluate(axe())
        violations = window.evaluate("axe.run()")["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []
    dark = window.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") == (scheme == "light")


def test_tables_sort_by_keyboard_both_ways_by_number_and_by_word(opened):
    window = opened()
    table = window.get_by_role("table").nth(1)

    def column(k):
        return [words.strip() for words in table.locator(f"tbody tr > :nth-child({k})").all_inner_texts()]

    def press(name):
        button = table.get_by_role("button", name=name)
        button.focus()
        window.keyboard.press("Enter")
        return table.get_by_role("columnheader", name=name).get_attribute("aria-sort")

    assert column(2) == ["100", "9", "60"]
    assert press("Pairs") == "ascending"
    assert column(2) == ["9", "60", "100"], "by number, not by letter"
    assert press("Pairs") == "descending"
    assert column(2) == ["100", "60", "9"]
    assert press("Outcome") == "ascending"
    assert column(3) == ["good", "nan", "wrong"]
    assert table.locator("[aria-sort]").count() == 1
    summary = window.get_by_role("table").first
    summary.get_by_role("button", name="outside").click()
    summary.get_by_role("button", name="outside").click()
    assert "A demonstration" in summary.locator("tbody tr").first.inner_text()


def test_chapters_fold_and_a_link_unfolds_what_it_leads_to(opened):
    window = opened()
    chapter = window.locator("section.chapter > details").first
    assert chapter.get_attribute("open") is not None
    window.locator("section.chapter > details > summary").first.focus()
    window.keyboard.press("Enter")
    assert chapter.get_attribute("open") is None
    window.get_by_role("button", name="Unfold all").click()
    assert window.locator("main details:not([open])").count() == 0
    window.get_by_role("button", name="Fold all", exact=True).click()
    assert window.locator("main details[open]").count() == 0
    outside = window.locator("#summary ~ ul a").first
    outside.focus()
    window.keyboard.press("Enter")
    row = window.locator(outside.get_attribute("href"))
    row.wait_for(state="visible")
    assert "outside" in row.inner_text()
    window.evaluate("scrollTo(0, document.body.scrollHeight)")
    contents = window.get_by_role("navigation").get_by_role("link", name="Summary")
    assert contents.bounding_box()["y"] >= 0, "the contents stay in sight"
    window.wait_for_function("document.querySelector('nav a[aria-current]').hash !== '#summary'")


def test_on_a_phone_contents_are_a_bar_and_rows_are_cards(opened):
    window = opened(PHONE)
    contents = window.locator("nav details")
    assert contents.get_attribute("open") is None
    window.evaluate("scrollTo(0, 2000)")
    assert window.locator("nav summary").bounding_box()["y"] == pytest.approx(0, abs=1)
    window.locator("nav summary").click()
    window.locator("nav a").last.click()
    assert contents.get_attribute("open") is None, "it folds when a chapter is chosen"
    row = window.locator(".cards tbody tr").first
    assert row.evaluate("row => getComputedStyle(row).display") == "block"


def test_paper_shows_what_is_folded_and_leaves_out_what_can_only_be_clicked(opened):
    window = opened()
    folded = window.locator("details.made dl").first
    assert not folded.is_visible()
    paper = window.pdf(prefer_css_page_size=True)
    assert paper[:5] == b"%PDF-"
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 20
    assert not folded.is_visible(), "folded again afterwards"
    window.emulate_media(media="print")
    window.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert folded.is_visible()
    assert not window.locator("nav").is_visible()
    assert not window.locator("details.not-run").is_visible()
    assert window.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") == "visible"
    window.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not window.locator("details.made").first.evaluate("fold => fold.open")


def test_files_are_one_click_away(opened, at):
    window = opened()
    links = window.locator("main a[href]:not([href^='#']):not([href^='https:'])")
    found = [at.parent / href for href in links.evaluate_all("all => all.map((a) => a.getAttribute('href'))")]
    assert {file.suffix for file in found} == {".svg", ".pdf", ".png", ".json", ".npz"}
    assert all(file.is_file() for file in found)
