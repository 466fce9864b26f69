"""DECOLLE: every layer learns online from a fixed random readout of its own."""

from sbp_brian.models.decolle.network import LEARNING, Decolle

__all__ = ["LEARNING", "Decolle"]
