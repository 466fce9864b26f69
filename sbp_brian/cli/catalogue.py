"""What the commands show and run, given to them by whoever knows all rooms; the command line itself names none."""

from __future__ import annotations

import importlib
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sbp_brian.brian.without_plots import import_brian2, short_numpy

if typing.TYPE_CHECKING:
    from sbp_brian.experiments.protocol import Protocol, Source

__all__ = ["Catalogue", "Entry", "Figures", "Later", "Protocols", "Recipes", "protocol_named"]


class Entry(typing.Protocol):
    """A line of the list of protocols, there before the protocol is imported."""

    @property
    def name(self) -> str:
        """As a user types it."""

    @property
    def title(self) -> str:
        """One line."""

    @property
    def source(self) -> Source:
        """Citation and DOI."""

    @property
    def kind(self) -> str:
        """``"biology"`` or ``"benchmark"``."""


class Protocols(typing.Protocol):
    """Protocols by name; listing them imports none."""

    def entries(self) -> Sequence[Entry]:
        """All, in the order in which they are listed."""

    def names(self) -> Sequence[str]:
        """Their names."""

    def own_names(self) -> Sequence[str]:
        """Those of this package."""

    def get(self, name: str) -> Protocol:
        """The one of this name, or of a user's own file; an unknown one is refused with the nearest."""

    def models(self) -> Sequence[str]:
        """The models of which a protocol makes a network."""

    def of_model(self, name: str) -> tuple[Protocol, Mapping[str, str]]:
        """The protocol that makes a network of this model, with its parameters; a protocol's own name as it is."""


class Figures(typing.Protocol):
    """Figures by name; listing them imports none."""

    def names(self) -> Sequence[str]:
        """Their names."""

    def get(self, name: str) -> Any:
        """The one of this name; an unknown one is refused with the nearest."""


class Recipes(typing.Protocol):
    """What is behind each published number, by name."""

    def entries(self) -> Sequence[Any]:
        """All, in the order in which they are listed."""

    def names(self) -> Sequence[str]:
        """Their names."""

    def get(self, name: str) -> Any:
        """The one of this name; an unknown one is refused with the nearest."""

    def result(self, name: str) -> Any:
        """What it gave, as committed."""


@dataclass(frozen=True)
class Catalogue:
    """What there is.

    Attributes
    ----------
    protocols : Protocols
    figures : Figures
    recipes : Recipes
    models : callable
        Gives the folders in which the files of models lie.
    benchmark : callable
        Gives the protocol of ``sbp benchmark``.
    quick : sequence of str
        The protocols of ``sbp reproduce --quick``: one road through all parts, in minutes.
    """

    protocols: Protocols
    figures: Figures
    recipes: Recipes
    models: Callable[[], Sequence[str]]
    benchmark: Callable[[], Protocol]
    quick: Sequence[str]


def protocol_named(catalogue: Catalogue, name: str) -> Protocol:
    """The protocol; Brian2 is imported without plots for it, and not at all for a name that there is not."""
    if name.endswith(".py"):
        import_brian2()
    elif name in catalogue.protocols.own_names():
        import_brian2()
        with short_numpy():  # scipy takes all names of numpy; no protocol of this package does
            return catalogue.protocols.get(name)
    return catalogue.protocols.get(name)


class Later:
    """A module that is imported when something is first asked of it."""

    def __init__(self, module: str):
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._module), name)
