"""``sbp describe``: the equations of a network as LaTeX, and a paper's tables of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sbp_brian.brian.without_plots import import_brian2
from sbp_brian.cli import completing
from sbp_brian.cli.catalogue import Catalogue
from sbp_brian.cli.options import set_option, settings, size_options
from sbp_brian.errors import CommandError
from sbp_brian.wording import unknown

if TYPE_CHECKING:
    from sbp_brian.export.described import Description

__all__ = ["describe"]


@click.command(short_help="Print a network's equations as LaTeX, and a paper's tables.")
@click.argument("model", shell_complete=completing.described)
@size_options
@set_option("Change a parameter of the protocol, as in 'sbp run'.")
@click.option("--latex", is_flag=True, help="All of it in LaTeX.  [default: Markdown with equations in LaTeX]")
@click.option(
    "--network", "number", type=click.IntRange(1), default=1, show_default=True, help="Which, where it has several."
)
@click.pass_obj
def describe(
    catalogue: Catalogue, model: str, size: str | None, given: tuple[str, ...], latex: bool, number: int
) -> None:
    """Print the equations of MODEL as LaTeX, and the tables that Nordlie et al. (2009) ask of a paper.

    MODEL is a model from 'sbp list', or a protocol, whose network is described as its parameters make it; also a Python
    file of your own that defines PROTOCOL. Nothing is run. The tables are those of doi:10.1371/journal.pcbi.1000456.
    A model that numpy computes by itself has no network in Brian2: its equations are those that its file states.
    """
    from sbp_brian.cli.list import model_files  # takes rich, which --help does without
    from sbp_brian.export.described import to_latex, to_markdown

    files = model_files(catalogue.models())
    if model in files and model not in catalogue.protocols.models():
        made = _as_told(model, files[model], asked=bool(given or size or number > 1))
    else:
        made = _as_built(catalogue, model, size or "default", settings(given), number, files)
    click.echo(to_latex(made) if latex else to_markdown(made))


def _as_told(model: str, path: Path, asked: bool) -> Description:
    """A model without a network, by its file."""
    from sbp_brian.export.told import told

    if asked:
        raise CommandError(f"{model} is described as its file states it; leave out --quick, --full, -s and --network")
    return told(path.read_text(encoding="utf-8"), model)


def _as_built(catalogue: Catalogue, model: str, size: str, given: dict[str, str], number: int, files) -> Description:
    """A network, by its objects."""
    if not model.endswith(".py") and model not in (known := (*files, *catalogue.protocols.names())):
        raise CommandError(unknown("model or protocol", model, known))
    import_brian2()  # before what imports it as a script does
    from sbp_brian.experiments.building import networks_of
    from sbp_brian.export.described import describe as described

    found, usual = catalogue.protocols.of_model(model)
    with tempfile.TemporaryDirectory(prefix="sbp-describe-") as place:
        simulations = networks_of(found, Path(place), size=size, parameters={**usual, **given})
    if number > len(simulations):
        raise CommandError(f"{model} makes {len(simulations)} network(s); give --network 1 to {len(simulations)}")
    title = f"{model}, as {found.name} has it" if model in files else f"{model}: {found.title}"
    return described(simulations[number - 1].network, title)
