"""Write the tables of README and docs from the committed results of recipes, or check that they are what is written.

    python tools/tables.py            # writes every page anew that is not up to date
    python tools/tables.py --check    # writes nothing; exit status 1 where a page is not up to date

A page has ``<!-- results: NAME -->`` and ``<!-- end -->``, each on a line of its own; what stands between them is made
from ``tools/tables/NAME.md``, a jinja2 template. A number in the text is made likewise, from its comment:
``<!--r score("mnist")-->98.28 ± 0.08 %<!--/r-->``. What stands between ``<!--given-->`` and ``<!--/given-->`` is the
number of no run, and is left as it is. Both know these functions (recipe and cell by name, see ``recipes/``):

==================================== ===================================================================
``score("mnist")``                   test accuracy in per cent or cosine: mean ± SD, e.g. 98.28 ± 0.08 %
``number("mnist", "hidden_...")``    any metric: mean ± SD; ``digits=``, ``scale=``, ``sd=False``
``short("mnist", "angle_input")``    the mean with two digits that count
``seeds("stdbp")``                   the value of each seed, e.g. 98.15, 98.01, 98.16
``span("mnist")``                    the lowest and the highest seed, e.g. 98.18 to 98.40
``gain("a", "cell", "b", "cell")``   difference of two scores in points
``apart("a", "cell", "b", "cell")``  the same seed by seed, e.g. 2.05, 1.93, 1.97
``interval("energy-gains", "cell")`` the ends of the 95 % interval of a gain: 5.9 to 7.0
``same("a", "cell", "b", "cell")``   whether two scores are equivalent, with margin, difference, interval and p
``value("mnist", "test_accuracy")``  the mean, for arithmetic
``holds("tao-2000", ", ")``          of the metrics with this text in their name: ``agreeing of all``
``count("mnist")``                   how many seeds
``there("late", "cell")``            whether this was measured; a page says "not measured" else
``those("late", "late-full")``       the recipes of these that were
``wrong("published-mnist", ...)``    100 % less an accuracy: mean ± SD, or one seed's with ``seed=``
``at("mnist")``                      "measured at COMMIT" where the number is older than recipes are, else nothing;
                                     of one cell, ``at("mnist-trials", "cell")``: "measured at COMMIT (DAY)"
``measured("mnist", "nettalk")``     a line below a table: its recipes, and the commits of those that are older
``cells("late-tuning", "10 late")``  the names of its cells that begin with this text, in order
``takes("mnist")``                   what a run is expected to take, e.g. 35 s
``sources("mnist-trials")``          recipes with the commits where they were measured
``found("kills")``                   figures of a campaign, see ``campaigns/``; None where it did not run
``older("README.md")``               the recipes on a page whose numbers are, with their commits
==================================== ===================================================================
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sbp_brian import recipes
from sbp_brian.errors import RecipeError
from sbp_brian.experiments.results import Number
from sbp_brian.training.scores import equivalence

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "guide").glob("*.md")))
TEMPLATES = Path(__file__).parent / "tables"
_BLOCK = re.compile(r"(<!-- results: ([\w-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_INLINE = re.compile(r"(<!--r (.*?)-->)(.*?)(<!--/r-->)")
MINUS = "\u2212"


def find(recipe: str, metric: str | None = None, cell: str = "") -> Number:
    """One number; without a metric the test score, accuracy before cosine."""
    result = recipes.result(recipe)
    if metric is None:
        metric = next(name for name in ("test_accuracy", "test_cosine") if name in result.cells[cell])
    return result.number(metric, cell)


def number(
    recipe: str, metric: str, cell: str = "", digits: int = 0, scale: float = 1.0, sd: bool = True, sign: bool = False
) -> str:
    """Mean ± SD of a metric times ``scale``."""
    found = find(recipe, metric, cell)
    spread = f" \u00b1 {scale * found.sd:,.{digits}f}" if sd and found.sd is not None else ""
    return f"{scale * found.mean:{'+' if sign else ''},.{digits}f}{spread}".replace("-", MINUS)


def score(recipe: str, cell: str = "", metric: str | None = None, digits: int | None = None, sd: bool = True) -> str:
    """The test score: an accuracy as per cent with two digits, a cosine with three."""
    if metric is None:
        metric = next(n for n in ("test_accuracy", "test_cosine") if n in recipes.result(recipe).cells[cell])
    if "accuracy" in metric:
        return number(recipe, metric, cell, 2 if digits is None else digits, 100, sd) + " %"
    return number(recipe, metric, cell, 3 if digits is None else digits, 1, sd)


def short(recipe: str, metric: str, cell: str = "") -> str:
    """The mean of a metric with two digits that count, e.g. 2.1e-5."""
    return re.sub(r"e(-?)\+?0*", r"e\1", f"{find(recipe, metric, cell).mean:.2g}")


def seeds(
    recipe: str,
    cell: str = "",
    metric: str | None = None,
    digits: int = 2,
    scale: float = 100,
    only: int | None = None,
) -> str:
    """The values of the seeds, in order, or that of one of them."""
    found = find(recipe, metric, cell).by_seed or {}
    wanted = found.values() if only is None else [found[str(only)]]
    return ", ".join(f"{scale * value:.{digits}f}" for value in wanted).replace("-", MINUS)


def span(recipe: str, cell: str = "", metric: str | None = None, digits: int = 2, scale: float = 100) -> str:
    """The lowest and the highest of the seeds."""
    values = (find(recipe, metric, cell).by_seed or {}).values()
    return f"{scale * min(values):.{digits}f} to {scale * max(values):.{digits}f}".replace("-", MINUS)


def there(recipe: str, cell: str | None = None) -> bool:
    """Whether a recipe has a committed result, of this cell."""
    if recipe not in recipes.names() or recipes.get(recipe).pending:
        return False
    try:
        cells = recipes.result(recipe).cells
    except RecipeError:  # its file is lacking
        return False
    return cell is None or cell in cells


def those(*names: str) -> list[str]:
    """The recipes of these that have a committed result."""
    return [name for name in names if there(name)]


def wrong(recipe: str, metric: str, cell: str = "", digits: int = 2, sd: bool = True, seed: int | None = None) -> str:
    """What an accuracy leaves to 100, in per cent."""
    found = find(recipe, metric, cell)
    if seed is not None:
        return f"{100 * (1 - (found.by_seed or {})[str(seed)]):.{digits}f}"
    spread = f" \u00b1 {100 * found.sd:.{digits}f}" if sd and found.sd is not None else ""
    return f"{100 * (1 - found.mean):.{digits}f}{spread}"


def gain(recipe: str, cell: str, other: str, other_cell: str, metric: str | None = None, digits: int = 1) -> str:
    """Difference of the mean scores in points."""
    apart = 100 * (find(recipe, metric, cell).mean - find(other, metric, other_cell).mean)
    return f"{apart:.{digits}f}".replace("-", MINUS)


def apart(
    recipe: str,
    cell: str,
    other: str,
    other_cell: str,
    metric: str | None = None,
    digits: int = 2,
    only: int | None = None,
) -> str:
    """Difference of two scores in points, seed by seed, or that of one seed."""
    ours, theirs = find(recipe, metric, cell).by_seed or {}, find(other, metric, other_cell).by_seed or {}
    wanted = [key for key in ours if key in theirs] if only is None else [str(only)]
    return ", ".join(f"{100 * (ours[key] - theirs[key]):.{digits}f}" for key in wanted).replace("-", MINUS)


def interval(recipe: str, cell: str, digits: int = 1) -> str:
    """The ends of the 95 % interval of a gain, in points."""
    ends = (number(recipe, f"gain_{end}", cell, digits, sd=False) for end in ("lowest", "highest"))
    return " to ".join(ends)


def same(
    recipe: str,
    cell: str,
    other: str,
    other_cell: str,
    metric: str | None = None,
    margin: float = 0.2,
    digits: int = 2,
) -> str:
    """Whether two scores are the same to a margin in points, by two one-sided tests of Welch, in words."""
    found = {(name, of): find(name, metric, of).by_seed for name, of in ((recipe, cell), (other, other_cell))}
    for (name, of), by_seed in found.items():
        if not by_seed:
            raise RecipeError(f"recipe {name}, {of!r}: single seeds are not known, so nothing can be tested")
    ours, theirs = ([100 * value for value in (by_seed or {}).values()] for by_seed in found.values())
    tested = equivalence(ours, theirs, margin)
    words = "equivalent" if tested.shown else "not shown to be equivalent"
    p = "p < 0.001" if tested.p < 0.001 else f"p = {tested.p:.2g}"
    told = (
        f"{words} to {margin:g} points: difference {tested.difference:+.{digits}f} points, 90 % interval "
        f"{tested.low:+.{digits}f} to {tested.high:+.{digits}f}, {p}"
    )
    return told.replace("-", MINUS)


def holds(recipe: str, text: str = "", without: str = "\0", cell: str = "") -> str:
    """Of the metrics whose name has a text, how many are not outside: ``16 of 16``."""
    own = {n: m for n, m in recipes.result(recipe).cells[cell].items() if text in n and without not in n}
    judged = [m.verdict for m in own.values() if m.verdict and m.verdict != "no reference"]
    return f"{sum(verdict != 'outside' for verdict in judged)} of {len(judged)}"


def cells(recipe: str, begin: str = "") -> list[str]:
    """The names of the cells that begin with a text, as the recipe has them."""
    return [name for name in recipes.result(recipe).cells if name.startswith(begin)]


def commits(of: dict) -> str:
    """Where the numbers of an older result were measured: its commit, and those of cells that have another."""
    return ", ".join(dict.fromkeys([of["commit"], *(commit for commit, _ in of.get("cells", {}).values())]))


def at(recipe: str, cell: str | None = None) -> str:
    """Where an older number was measured, and of one cell when; nothing for one that was measured as a recipe."""
    measured = recipes.result(recipe).measured
    if cell is not None:
        commit, date = measured.get("cells", {}).get(cell, (measured["commit"], measured["date"]))
        return f"measured at {commit} ({date})"
    return "" if "versions" in measured else f"measured at {commits(measured)}"


def older(page: str) -> str:
    """The recipes that show their numbers on a page and were measured before there were recipes, with the commits."""
    shown = [entry.name for entry in recipes.entries() if page in entry.shown]
    return sources(*(name for name in shown if "versions" not in recipes.result(name).measured)) or "none"


def sources(*names: str) -> str:
    """Recipes, each with the commits where it was measured."""
    return ", ".join(f"`{name}` ({commits(recipes.result(name).measured)})" for name in names)


def measured(*names: str) -> str:
    """The line below a table: where its numbers come from, how old they are, and which cannot be measured again."""
    found = [(recipes.get(name), recipes.result(name).measured) for name in names]
    now = [f"`{entry.name}`" for entry, of in found if "versions" in of]
    old = [sources(entry.name) for entry, of in found if "versions" not in of and not entry.withdrawn]
    gone = [
        f"{sources(entry.name)} cannot be run any more: {entry.withdrawn}." for entry, _ in found if entry.withdrawn
    ]
    parts = [f"Recipe{'s' * (len(now) > 1)}: {', '.join(now)}."] if now else []
    parts += [f"Measured before there were recipes, at the commit in brackets: {', '.join(old)}."] if old else []
    return " ".join([*parts, *gone])


def found(campaign: str) -> dict | None:
    """The figures of a campaign, as committed; None where there are none."""
    file = ROOT / "campaigns" / "results" / f"{campaign}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def functions() -> dict:
    """What templates may call."""
    return {
        "apart": apart,
        "at": at,
        "cells": cells,
        "count": lambda recipe, cell="", metric=None: find(recipe, metric, cell).n,
        "found": found,
        "gain": gain,
        "holds": holds,
        "interval": interval,
        "measured": measured,
        "number": number,
        "older": older,
        "same": same,
        "score": score,
        "seeds": seeds,
        "short": short,
        "value": lambda recipe, metric=None, cell="": find(recipe, metric, cell).mean,
        "sources": sources,
        "span": span,
        "there": there,
        "those": those,
        "takes": lambda recipe: recipes.get(recipe).time.removesuffix(" a seed"),
        "wrong": wrong,
    }


def render(page: str) -> str:
    """The text of a page with all its blocks and numbers made anew."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True)
    environment.globals |= functions()
    page = _BLOCK.sub(lambda m: m[1] + environment.get_template(f"{m[2]}.md").render() + m[4], page)
    return _INLINE.sub(lambda m: m[1] + environment.from_string(f"{{{{ {m[2]} }}}}").render() + m[4], page)


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` say which are not up to date."""
    stale = []
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        if (new := render(text)) != text:
            stale.append(path.relative_to(ROOT))
            if "--check" not in arguments:
                path.write_text(new, encoding="utf-8")
    print(*(f"{path} {'is not up to date' if '--check' in arguments else 'written'}" for path in stale), sep="\n")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
