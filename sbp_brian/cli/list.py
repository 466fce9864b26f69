"""What there is, and whether this machine can run it; Brian2 is not imported to list."""

from __future__ import annotations

import ast
import inspect
import re
import tokenize
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from sbp_brian.cli.catalogue import Catalogue
from sbp_brian.report.text import console

_DOI = r"10\.\d{4,}/[^\s,;)]+"

__all__ = ["diagnose", "model_files", "models", "show", "show_recipes"]


def model_files(folders: Sequence[str]) -> dict[str, Path]:
    """The file of each model, by name, from its docstring, which names a DOI; none is imported."""
    found = {}
    for path in sorted(path for place in folders for path in Path(place).rglob("*.py")):
        if _doi(_told(path)):  # the other files are their helpers
            found[path.parent.name if path.stem == "network" else path.stem] = path
    return found


def models(folders: Sequence[str]) -> list[tuple[str, str, str]]:
    """``(name, first line, source)`` of each model file."""
    rows = []
    for name, path in model_files(folders).items():
        text = _told(path)
        rows.append((name, text.split("\n\n")[0].replace("\n", " "), f"doi:{_doi(text)}"))
    return rows


def _told(path: Path) -> str:
    """The docstring with which a file begins; the rest of it is not read."""
    with open(path, encoding="utf-8") as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.STRING:
                return inspect.cleandoc(ast.literal_eval(token.string))
            if token.type not in (tokenize.COMMENT, tokenize.NL):
                break
    return ""


def _doi(text: str) -> str:
    """The one that a docstring names: behind "Source", since what is cited before it are other people's variants."""
    found = re.search(_DOI, text.partition("\nSource")[2]) or re.search(_DOI, text)
    return found[0].rstrip(".:") if found else ""


def show(catalogue: Catalogue) -> None:
    """Print protocols, models and data sets."""
    from sbp_brian import datasets
    from sbp_brian.datasets.catalogue import CATALOGUE
    from sbp_brian.experiments.foreign import FIGURES, offered

    for kind, title in (("biology", "Protocols: biology"), ("benchmark", "Protocols: benchmarks")):
        _print(
            title,
            [
                (e.name, e.title, _cite(e.source.citation, e.source.doi))
                for e in catalogue.protocols.entries()
                if e.kind == kind
            ],
        )
    if others := [f for f in catalogue.figures.names() if f in offered(FIGURES)]:
        titles = [(name, catalogue.figures.get(name).title, offered(FIGURES)[name].value) for name in others]
        _print("Figures of other packages", titles)
    _print("Models (sbp_brian.models)", models(catalogue.models()))
    _print(
        "Data sets",
        [
            (name, f"{CATALOGUE[name].title}: {_where(where, remedy)}", CATALOGUE[name].source)
            for name, where, remedy in datasets.available()
        ],
    )


def _where(where: str | None, remedy: str) -> str:
    return f"not found, get it by {remedy}" if where is None else "; ".join(filter(None, (where, remedy)))


def show_recipes(catalogue: Catalogue) -> None:
    """Print the recipes: what each shows, how long a run takes, and where its numbers stand."""

    _print(
        "Recipes (sbp run --recipe NAME, sbp reproduce --recipe NAME)",
        [(entry.name, entry.title, _needs(entry)) for entry in catalogue.recipes.entries()],
    )


def _needs(entry) -> str:
    if entry.withdrawn:
        return ", ".join(["cannot be run any more", *entry.shown])
    runs = len(entry.cells) * len(entry.seeds)
    parts = [entry.protocol or entry.command, f"{runs} runs" if runs > 1 else "1 run", entry.time]
    parts += ["no result yet"] if entry.pending else []
    return ", ".join(filter(None, [*parts, *entry.shown]))


def diagnose() -> bool:
    """Print what `sbp_brian.cli.doctor.checks` finds; True where nothing that is required is lacking."""
    from sbp_brian.cli.doctor import checks

    table = Table(box=None, show_header=False, pad_edge=False)
    results = list(checks())
    for check in results:
        if check.ok:
            mark = Text("ok", style="green")
        else:
            mark = Text("LACKING", style="bold red") if check.required else Text("optional", style="cyan")
        table.add_row(mark, Text(str(check.name)), Text(str(check.found)), Text(str(check.remedy or "")))
    console().print(table)
    return all(check.ok or not check.required for check in results)


def _cite(citation: str, doi: str) -> str:
    return f"{citation}, doi:{doi}" if doi else citation


def _print(title: str, rows: list[tuple[str, str, str]]) -> None:
    out = console()
    out.print(Text(title, style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for name, text, source in rows:
        table.add_row(f"  {name}", Text(text))
        table.add_row("", Text(source, style="dim"))
    out.print(table if rows else "  none yet")
