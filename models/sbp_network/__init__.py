"""The spiking network whose hidden layers learn by nothing but self-backpropagation (SBP)."""

from sbp_brian.models.sbp_network.network import LEARNING, SBPNetwork

__all__ = ["LEARNING", "SBPNetwork"]
