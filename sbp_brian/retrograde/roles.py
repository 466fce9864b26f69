"""The state of a rule that takes part in the retrograde spread: that it emits, that it receives, and by whose word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sbp_brian.retrograde.operation import require_operation
from sbp_brian.retrograde.shared import reported_first, require_reports, require_sums
from sbp_brian.retrograde.subsets import require_own_subset
from sbp_brian.rules import Requirement, SynapseRule

__all__ = ["Emitting", "Receiving", "Role", "role"]

REMEDY = "add sbp.equations to the cells' equations, events=sbp.events, and call sbp.operation(cells)"


@dataclass(frozen=True)
class Role(Requirement):
    """What a rule does with the signal (see `SynapseRule.requires`); asks for the cells' operation before each run.

    Parameters
    ----------
    sbp : RetrogradeSBP
        The one that gave the rule its role.
    """

    sbp: Any

    #: Sides of the synapses on which cells have to move their signal.
    sides = ()
    #: Whether the synapses express a signal.
    expresses = False

    @property
    def remedies(self) -> Mapping[str, str]:
        """What to do where cells lack the signal's variables, or the activity that was named."""
        found = dict.fromkeys(self.sbp.equations.names, REMEDY)
        if isinstance(self.sbp.activity, str):
            found[self.sbp.activity] = "it is the activity named in RetrogradeSBP(activity=...)"
        return found

    def check(self, synapses: Any) -> None:
        """Raise `RetrogradeError` unless the cells of every side move the signal."""
        for side in self.sides:
            require_operation(self.sbp, synapses, side)


@dataclass(frozen=True)
class Emitting(Role):
    """The rule reports its changes to the presynaptic cell (and its lateral arms express the signal)."""

    @property
    def sides(self) -> tuple[str, ...]:
        """The source; with the postsynaptic-lateral arm the target, too."""
        return ("source", "target") if self.sbp.postlateral_ltd else ("source",)

    @property
    def expresses(self) -> bool:
        """Whether there is a lateral arm."""
        return bool(self.undelayed)

    @property
    def undelayed(self) -> tuple[str, ...]:
        """The pathways of the lateral arms."""
        arms = {"retro_lateral": self.sbp.has_lateral, "retro_local": self.sbp.postlateral_ltd}
        return tuple(pathway for pathway, there in arms.items() if there)

    def shared(self, said: str, rule: SynapseRule) -> SynapseRule:
        """Each synapse reports its own change, before the sum of all is made."""
        require_reports(said, self.sbp)
        return reported_first(said, rule)


@dataclass(frozen=True)
class Receiving(Role):
    """The rule expresses the signal of the postsynaptic cell."""

    sides = ("target",)
    expresses = True
    undelayed = ("retrograde",)

    def check(self, synapses: Any) -> None:
        """As every role; and refuse a subset that is another object's, too."""
        super().check(synapses)
        if self.sbp.lambda_p < 1:
            require_own_subset(synapses, self.sbp.seed)

    def shared(self, said: str, rule: SynapseRule) -> SynapseRule:
        """As it is: what a synapse expresses is added to its weight."""
        require_sums(said, self.sbp)
        return rule


def role(rule: SynapseRule, kind: type[Role]) -> Role | None:
    """The first role of that kind that `rule` has, or None."""
    return next((need for need in rule.requires if isinstance(need, kind)), None)
