"""STDBP: networks that learn by the time of one spike per cell."""

from sbp_brian.models.stdbp.network import LEARNING, OPTIMISERS, STDBP

__all__ = ["LEARNING", "OPTIMISERS", "STDBP"]
