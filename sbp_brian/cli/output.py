"""``sbp figures`` and ``sbp report``: redraw from records, without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sbp_brian.cli import completing
from sbp_brian.cli.catalogue import Catalogue
from sbp_brian.errors import CommandError

if TYPE_CHECKING:
    from sbp_brian.report.page import Shown

__all__ = ["draw_figures", "figures", "report", "shown"]


@click.command(short_help="Draw the figures again from records.")
@click.argument("names", nargs=-1, metavar="[NAME ...]", shell_complete=completing.figures)
@click.option(
    "--records",
    "folder",
    type=click.Path(path_type=Path),
    default="results",
    show_default=True,
    help="Folder with the records of earlier runs.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the drawings.  [default: RECORDS/figures]")
@click.pass_obj
def figures(catalogue: Catalogue, names: tuple[str, ...], folder: Path, out: Path | None) -> None:
    """Draw the figures again from records, as SVG, PDF and PNG.

    Without a NAME, every figure for which there are records, and beside them those of committed results. Nothing is
    simulated.
    """
    from sbp_brian.experiments.records import find

    wanted = [catalogue.figures.get(name) for name in names]
    records = find(folder) if not wanted or any(figure.from_records for figure in wanted) else []
    nothing = CommandError(
        f"no figure can be drawn from {folder}: it holds no records that one needs; "
        "make some with 'sbp run PROTOCOL', or name the folder of others with --records"
    )
    if not wanted and not records:  # who asks for all that a folder gives does not mean what is committed alone
        raise nothing
    failures: list[tuple[str, str]] = []
    made, skipped = draw_figures(catalogue, records, names, out or folder / "figures", failures)
    for name, lacking in skipped:
        what = "record" if catalogue.figures.get(name).from_records else "committed result"
        click.echo(f"{name}: not drawn, no {what} of {', '.join(lacking)}")
    for name in made:
        click.echo(f"{name}: {out or folder / 'figures'}/{name}.svg, .pdf, .png")
    if failures:
        what, reason = failures[0]
        more = f", and {len(failures) - 1} more" if len(failures) > 1 else ""
        raise CommandError(
            f"{what} cannot be drawn ({reason}){more}; a record of an older version has to be made anew with 'sbp run'"
        )
    if not made:
        raise nothing


def draw_figures(
    catalogue: Catalogue,
    records: list,
    names: tuple[str, ...],
    out: Path,
    failures: list[tuple[str, str]] | None = None,
    given: Sequence[Any] | None = None,
) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Draw the named figures, or all that can be drawn; gives those drawn and those that lack records.

    A named figure whose records are lacking is an error.  Where ``failures`` is given, a figure that cannot be drawn is
    added to it, with the reason, and the others are drawn all the same. ``given`` are figures that were found already.
    """
    made, skipped = [], []
    for figure in _figures(catalogue, names) if given is None else given:
        if lacking := figure.missing(records):
            if names and not figure.from_records:
                raise CommandError(
                    f"{figure.name} needs a committed result of {lacking[0]}; 'sbp reproduce --recipe' makes one"
                )
            if names:
                remedy = "" if " " in lacking[0] else f"; make it with 'sbp run {lacking[0]}'"
                raise CommandError(f"{figure.name} needs a record of {lacking[0]}{remedy}")
            skipped.append((figure.name, lacking))
            continue
        try:
            figure.save(records, out)
        except Exception as error:
            if failures is None:
                raise
            failures.append((f"figure {figure.name}", f"{type(error).__name__}: {error}"))
        else:
            made.append(figure.name)
    return made, skipped


def _figures(catalogue: Catalogue, names: Sequence[str] = ()) -> list[Any]:
    """The figures of these names, or all; those of committed results find them."""
    recipes = catalogue.recipes
    found = [catalogue.figures.get(name) for name in names or catalogue.figures.names()]
    return [figure.reading(lambda name: (recipes.get(name), recipes.result(name))) for figure in found]


def shown(catalogue: Catalogue) -> Shown:
    """What there is to be shown on the page: all experiments, all figures, each drawn once, the claims on networks."""
    from sbp_brian.report.claims import claims
    from sbp_brian.report.page import Shown

    return Shown(catalogue.protocols.entries(), [figure.once() for figure in _figures(catalogue)], claims)


@click.command(short_help="Write the report page from records.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The page to write.  [default: DIR/report.html]")
@click.pass_obj
def report(catalogue: Catalogue, folder: Path, out: Path | None) -> None:
    """Write one self-contained HTML page from the records in DIR.

    It shows the verdicts, what was run, on what, each figure, and each table of simulated against published values. The
    figures' files (SVG, PDF, PNG) are written into figures/ beside it; the page links them, and the records.
    """
    from sbp_brian.experiments.records import find
    from sbp_brian.report import page

    records = find(folder)
    if not records:
        raise CommandError(f"{folder} holds no records; make some with 'sbp run PROTOCOL --out {folder}'")
    path = out or folder / "report.html"
    drawn, whole = path.parent / "figures", shown(catalogue)
    draw_figures(catalogue, records, (), drawn, failures=[], given=whole.figures)  # the page says what failed
    click.echo(str(page.write(records, path, whole, figures=drawn)))
