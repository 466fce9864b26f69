"""The spiking network whose hidden layers learn by nothing but self-backpropagation (SBP)."""

from sbp_brian.models.sbp_network.network import SBPNetwork
from sbp_brian.models.sbp_network.reports import LEARNING

__all__ = ["LEARNING", "SBPNetwork"]
