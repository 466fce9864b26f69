"""STDBP: networks that learn by the time of one spike per cell."""

from sbp_brian.models.stdbp.network import ARMS, OPTIMISERS, STDBP

__all__ = ["ARMS", "OPTIMISERS", "STDBP"]
