"""What output synapses of `SBPNetwork` report to hidden cells, by its `learning`; and how well, an option."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sbp_brian.errors import ModelError, RetrogradeError
from sbp_brian.models.options import Option
from sbp_brian.retrograde import Emission
from sbp_brian.wording import names_parameters

__all__ = ["LEARNING", "Reports"]

#: How hidden layers learn: name -> what output synapses report, and whether it is divided by the cell's activity.
LEARNING = {
    "weighted/activity": ("weighted", True),
    "weighted": ("weighted", False),
    "strength/activity": ("strength", True),
    "bit": ("bit", False),
    "change/activity": ("change", True),
    "change": ("change", False),
    "relative/activity": ("relative", True),
    "relative": ("relative", False),
    "proportion/activity": ("proportion", True),
    "value-bit": ("value-bit", False),
    "frozen": ("weighted", True),
    "shuffled-labels": ("weighted", True),
}


@names_parameters
@dataclass(frozen=True)
class Reports(Option):
    """How well output synapses report, see `sbp_brian.retrograde.Emission`; without this option, exactly.

    Parameters
    ----------
    floor : float or None
        For ``relative`` reports: the least strength that a change is divided by.
    levels : int or None
        Steps from 0 to `full_scale` to which a report is rounded before it is divided by the cell's activity.
    full_scale : float or None
        The largest report, where there are levels.
    noise : float
        Standard deviation of the factor, about 1, of each report.
    loss : float
        Share of the reports that never arrive.
    """

    floor: float | None = None
    levels: int | None = None
    full_scale: float | None = None
    noise: float = 0.0
    loss: float = 0.0

    @classmethod
    def default(cls) -> Reports:
        """Exact reports."""
        return cls()

    def check(self, network) -> None:
        """Refuse a network that reports nothing, or to whose reports this means nothing."""
        if network.learning == "frozen":
            raise ModelError(f"{self!r} has no effect with learning='frozen', where nothing is reported; leave it out")
        try:
            self.emission(network.learning)
        except RetrogradeError as error:
            raise ModelError(f"learning={network.learning!r}: {error}") from None

    def emission(self, learning: str) -> Emission:
        """What an output synapse reports."""
        return Emission(LEARNING[learning][0], **{each.name: getattr(self, each.name) for each in fields(self)})
