"""The command ``sbp``, also ``python -m sbp_brian``: the one place that knows protocols, figures and models."""

from __future__ import annotations

from sbp_brian.cli.catalogue import Catalogue, Later
from sbp_brian.cli.main import command_line

__all__ = ["CATALOGUE", "main"]

CATALOGUE = Catalogue(
    protocols=Later("sbp_brian.protocols"),
    figures=Later("sbp_brian.figures"),
    recipes=Later("sbp_brian.recipes"),
    models=lambda: Later("sbp_brian.models").__path__,
    benchmark=lambda: Later("sbp_brian.protocols.benchmarks.tasks.target_parity").PROTOCOL,
    quick=("mnist", "bi-poo-1998", "tao-2000"),
)

main = command_line(CATALOGUE)

if __name__ == "__main__":
    main()
