"""Scripts for the gallery, made from examples/ and from the figures of the package: what sphinx-gallery runs.

A network's script is its file with a heading, and a last line that draws it. A figure's script finds records and draws
them; where its records lack, or nothing is to be run, the page says which command makes them, and draws nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

from examples import GALLERY
from sbp_brian import figures, protocols, recipes
from sbp_brian.errors import RecordError
from sbp_brian.experiments import records

#: Figure -> the recipe whose record it shows, where that is not the recipe of its own name.
SHOWS = {
    "artificial": "perceptron",
    "biology-summary": "tao-2000",
    "decolle-learning": "decolle",
    "energy-grid": "energy-map",
    "how-late": "late",
    "lambda-maps": "lambda-map",
    "kernels-cost": "speed-kernels",
    "mnist-learning": "mnist",
    "predictions": "sbp-predictions",
    "report-angles": "reports-angle",
    "sbp-algorithms": "mnist-rules",
    "sbp-cost": "published-nettalk",
    "sbp-curves": "nettalk",
    "sbp-depth": "mnist-depth",
    "sbp-rasters": "mnist",
    "sbp-weights": "mnist",
    "shared-kernels": "sbp-kernels",
    "speed": "speed-growth",
    "speed-peers": "speed-peers",
    "stdbp-gradients": "stdbp",
    "stdbp-learning": "stdbp",
    "what-it-carries": "reports-mnist-mixed",
}

_SCRIPT = '''r"""
{title}
{line}

{text}
"""

{code}
'''
_DRAWING = """import textwrap

from sbp_brian import figures, recipes
from sbp_brian.experiments import records

figure = figures.get("{name}").reading(lambda name: (recipes.get(name), recipes.result(name)))
drawing, caption = figure.make({records})
print(textwrap.fill(caption, 100))"""


def networks(folder: Path, examples: Path) -> None:
    """A script for each network of other people."""
    lines = ["Networks of other people", "========================", ""]
    lines += ["Each is written anew from its paper, and run without and with SBP: ``python -m examples NAME``.", ""]
    _write(folder / "GALLERY_HEADER.rst", "\n".join(lines))
    for name, shows in GALLERY.items():
        text = (examples / f"{name}.py").read_text(encoding="utf-8")
        told, code = re.match(r'"""(.*?)"""\n(.*)', text, re.DOTALL).groups()
        title = f"{name.replace('_', ' ').capitalize()}: {shows}"
        script = _script(
            title,
            f"``python -m examples {name} {name}.svg``\n\n{told.strip()}",
            f"{code.strip()}\n\n\ndrawing = main('{name}.svg')",
        )
        _write(folder / f"{name}.py", script)


def pictures(folder: Path, kept: Path, runs: bool) -> None:
    """A script for each figure of the package; `kept` has the records."""
    lines = ["Every figure", "============", ""]
    lines += ["Figures are drawn from records, or committed results, and nothing else: ``sbp figures NAME``.", ""]
    _write(folder / "GALLERY_HEADER.rst", "\n".join(lines))
    have, link = found(kept), folder / "results"  # scripts run in their own folder
    link.unlink(missing_ok=True)
    link.symlink_to(kept)
    for name in figures.names():
        figure = figures.get(name).reading(lambda of: (recipes.get(of), recipes.result(of)))
        drawable = runs and not figure.missing(have)
        code = _DRAWING.format(name=name, records='records.find("results")' if figure.from_records else "")
        text = command(name)
        if not drawable:
            shown = "\n".join(f"    {line}".rstrip() for line in code.splitlines())
            text, code = f"{text}\n\n*Not drawn here.*\n\n.. code-block:: python\n\n{shown}", ""
        _write(folder / f"{name.replace('-', '_')}.py", _script(figure.title, text, code))


def found(kept: Path) -> list:
    """The records that there are."""
    try:
        return records.find(str(kept))
    except RecordError:
        return []


def command(name: str) -> str:
    """What makes a figure, and how long its runs take."""
    recipe = recipes.get(SHOWS.get(name, name))
    figure = figures.get(name)
    if not figure.from_records:
        return f"``sbp figures {name}``, 1 s, from the committed results of ``{'``, ``'.join(figure.recipes)}``."
    needs = figure.needs or figure.uses
    of = "each of " if len(needs) > 1 and not figure.needs else ""
    runs = " and ".join(f"``sbp run {each}``" for each in needs if each in _protocols())
    time = f"{recipe.time}, {len(recipe.seeds)} seed{'s' * (len(recipe.seeds) > 1)}"
    first = f"``sbp reproduce --recipe {recipe.name}`` ({time})"
    return f"{first}, then ``sbp figures {name}``." + (f"\n\nIt shows records of {of}{runs}." if runs else "")


def _protocols() -> set[str]:
    return {entry.name for entry in protocols.entries()}


def _script(title: str, text: str, code: str) -> str:
    return _SCRIPT.format(title=title, line="=" * len(title), text=text, code=code)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def scraper(block, block_vars, gallery_conf) -> str:
    """The figure that a script leaves as ``drawing``, as sphinx-gallery wants it."""
    from sphinx_gallery.scrapers import figure_rst

    drawing = block_vars["example_globals"].pop("drawing", None)
    if drawing is None:
        return ""
    path = next(block_vars["image_path_iterator"])
    drawing.savefig(path, dpi=150)
    return figure_rst([path], gallery_conf["src_dir"])
