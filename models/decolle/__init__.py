"""DECOLLE: every layer learns online from a fixed random readout of its own."""

from sbp_brian.models.decolle.network import ARMS, Decolle

__all__ = ["ARMS", "Decolle"]
