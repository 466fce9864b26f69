"""A measured number of README and docs is made from a committed result, never typed."""

import re
import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from sbp_brian import recipes
from sbp_brian.errors import RecipeError
from sbp_brian.experiments.recipes import parse
from tests.helpers.made_results import result

TOML = 'title = "t"\nprotocol = "mnist"\nseeds = [0]\n'
ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "guide").glob("*.md"))]
TEMPLATES = sorted((ROOT / "tools" / "tables").glob("*.md"))

#: What is no typed number: code, tables made from templates, numbers made from results, and what is marked as given: a
#: number of a paper, an aim, a setting, or arithmetic such as the standard error of a share.
_LEFT_OUT = re.compile(
    r"^```.*?^```|<!-- results: .*?<!-- end -->|<!--r .*?<!--/r-->|<!--given-->.*?<!--/given-->|\{\{.*?\}\}|`[^`]*`"
    r"|\]\([^)]*\)",
    re.MULTILINE | re.DOTALL,
)

#: How measured numbers look. Shares without a decimal may be settings where a word says so.
_MEASURED = {
    "share": r"\d\.\d+ ?%",
    "mean and spread": r"\d ?\u00b1 ?\d",
    "per cent": r"(?<![\w.\-/x])\d\d\.\d\d?(?![.\w])",
    "cosine": r"(?<![\w.])0\.[2-9]\d\d(?!\d)",
    "difference": r"\d (?:percentage )?points\b",
    "rate": r"\d (?:(?:training|test) )?(?:samples|images|digits) (?:a|per) second\b|\d (?:samples|images)/s\b",
    "time": r"\d s of (?:processor time|one core)\b|\d (?:s|ms|us|ns) (?:a|for each) (?:run|sample|digit|image|pass)\b",
    "memory": r"\d (?:MB|MiB|GB|GiB)\b",
}
_WHOLE = re.compile(
    r"(?<![\d.])\d+ ?%(?! (?:of (?:the |its )?(?:inputs?|hidden|batches|pixels|cells|input spikes)|lost|interval)\b)"
    r"(?! and \d+ % (?:of the|lost))"
)


def typed(text: str, tables: bool = False) -> list[str]:
    """Each measured number that is typed in a page, with what stands around it; a template has settings in columns."""
    plain = " ".join(_LEFT_OUT.sub(" N ", text).split())
    patterns = [re.compile(pattern) for pattern in _MEASURED.values()] + [_WHOLE] * (not tables)
    return [plain[max(0, m.start() - 40) : m.end() + 20] for pattern in patterns for m in pattern.finditer(plain)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_measured_number_is_typed_in_a_page(page):
    assert not typed(page.read_text(encoding="utf-8")), "make it from a result (tools/tables.py), or mark it as given"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.stem)
def test_no_measured_number_is_typed_in_a_table(template):
    assert not typed(template.read_text(encoding="utf-8"), tables=True), "make it from a result"


@pytest.mark.parametrize(
    "text",
    [
        "it ends at 97.5 % on validation",
        "97.26 after 8 epochs",
        "a cosine of 0.871 after 12 epochs",
        "the two differ by 0.4 points",
        "error 13 \u00b1 2",
        "all are right in 97 % of the windows",
        "370 images a second",
        "about 75 s of processor time",
        "at most 478 MB",
        "<!--r score('mnist')-->98.28 %<!--/r--> and 98.1 %",
    ],
)
def test_a_typed_number_is_found(text):
    assert typed(f"Here {text}, which nobody has committed.")


@pytest.mark.parametrize(
    "text",
    [
        "<!--r score('mnist')-->98.28 \u00b1 0.08 %<!--/r-->",
        "the paper has <!--given-->97.89 % with\nand 97.58 % without<!--/given-->",
        "with 10 % of the inputs lost and rates of 0.15 and 0.075",
        "20 % of the inputs and 25 % of the hidden units lost",
        "the 95 % interval contains 0",
        "`sbp run mnist -s decay=0.875`",
        "5,000 images, windows of 50 ms, Brian2 2.10.1",
        "784-500-10, doi:10.1126/sciadv.abh0146",
        "<!-- results: mnist-rules -->\n| 98.28 % |\n<!-- end -->",
    ],
)
def test_a_setting_a_given_number_and_a_made_one_are_let_through(text):
    assert not typed(f"Here {text}.")


def test_a_number_marked_as_given_is_left_as_it_is():
    render = runpy.run_path(str(ROOT / "tools" / "tables.py"))["render"]
    text = "the paper has <!--given-->97.89 %<!--/given-->, one run"
    assert render(text) == text


@pytest.fixture
def tables(monkeypatch):
    """The functions of the tables, over two made-up results."""
    cells = {"a": {"test_accuracy": [0.980, 0.981, 0.982]}, "b": {"test_accuracy": [0.981, 0.982, 0.9811]}}
    cells["far"] = {"test_accuracy": [0.97, 0.971, 0.972]}
    made = result("made", cells)
    made.cells["old"] = {"test_accuracy": replace(made.number("test_accuracy", "a"), by_seed=None)}
    monkeypatch.setattr(recipes, "result", lambda name: made)
    return runpy.run_path(str(ROOT / "tools" / "tables.py"))


def test_sameness_is_told_with_its_margin_and_by_a_test(tables):
    same = tables["same"]
    near = "equivalent to 0.3 points: difference \u22120.04 points, 90 % interval \u22120.19 to +0.12, p = "
    assert same("made", "a", "made", "b", margin=0.3).startswith(near)
    assert same("made", "a", "made", "b", margin=0.1).startswith("not shown to be equivalent to 0.1 points: ")
    assert same("made", "a", "made", "far", margin=0.3).startswith(
        "not shown to be equivalent to 0.3 points: difference +1"
    )


def test_sameness_is_not_told_of_seeds_that_are_not_known(tables):
    with pytest.raises(RecipeError, match="recipe made, 'old': single seeds are not known"):
        tables["same"]("made", "a", "made", "old")


def test_what_was_not_measured_is_known(tables, monkeypatch):
    assert tables["span"]("made", "a") == "98.00 to 98.20"
    monkeypatch.setattr(recipes, "names", lambda: ("made", "pending"))
    monkeypatch.setattr(
        recipes, "get", lambda name: parse(name, TOML + ('pending = "long"' if name == "pending" else ""))
    )
    assert tables["there"]("made", "a")
    assert not tables["there"]("made", "c")
    assert tables["those"]("unknown", "made", "pending") == ["made"]


def test_every_mark_is_closed():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for begin, end in (("<!--r ", "<!--/r-->"), ("<!--given-->", "<!--/given-->")):
            assert text.count(begin) == text.count(end), f"{page.name}: {begin}"
