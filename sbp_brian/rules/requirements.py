"""What a rule needs of the cells it connects, beyond the names in its code: `Requirement`.

Who extends rules (`sbp_brian.retrograde`) derives classes of its own; a rule carries them as ``requires`` and they go
along when it is changed or added to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

__all__ = ["CellVariables", "Requirement"]


class Requirement:
    """The base of all requirements: nothing is needed. Those that say the same must compare equal."""

    #: Variable of a cell group (without _pre or _post) -> the remedy to name where a group lacks it.
    remedies: Mapping[str, str] = MappingProxyType({})
    #: Pathways that act at their event itself: no delay ever holds them back.
    undelayed: tuple[str, ...] = ()

    def check(self, synapses: Any) -> None:
        """Called with the built `brian2.Synapses` before each run; raises where something is lacking."""

    def shared(self, said: str, rule: Any) -> Any:
        """The rule as kernels that synapses share carry it, or None where what is needed looks at each synapse.

        Parameters
        ----------
        said : str
            What to call the kernels in messages.
        rule : SynapseRule
            With this among its requirements.
        """
        return None


@dataclass(frozen=True)
class CellVariables(Requirement):
    """Variables that the cells must have, with the remedy where they do not.

    Parameters
    ----------
    remedies : mapping of str to str
        See `Requirement.remedies`.
    """

    remedies: Mapping[str, str] = field(default_factory=dict)

    def shared(self, said: str, rule: Any) -> Any:
        """The rule itself: cells are there with kernels as well."""
        return rule
