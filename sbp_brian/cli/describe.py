"""``sbp describe``: the equations of a network as LaTeX, and a paper's tables of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from sbp_brian.cli import completing
from sbp_brian.cli.catalogue import Catalogue
from sbp_brian.cli.options import set_option, settings, size_options
from sbp_brian.errors import CommandError

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
    """
    from sbp_brian.experiments.building import networks_of
    from sbp_brian.export.described import describe as described
    from sbp_brian.export.described import to_latex, to_markdown

    protocol, usual = catalogue.protocols.of_model(model)
    found = catalogue.protocols.get(protocol)
    with tempfile.TemporaryDirectory(prefix="sbp-describe-") as place:
        simulations = networks_of(found, Path(place), size=size or "default", parameters={**usual, **settings(given)})
    if number > len(simulations):
        raise CommandError(f"{model} makes {len(simulations)} network(s); give --network 1 to {len(simulations)}")
    title = f"{model}: {found.title}" if protocol == model else f"{model}, as {protocol} has it"
    made = described(simulations[number - 1].network, title)
    click.echo(to_latex(made) if latex else to_markdown(made))
