"""The spiking network of Zhang et al. (2021) as their released code computes it."""

from sbp_brian.models.published.network import LEARNING, ReleasedModel

__all__ = ["LEARNING", "ReleasedModel"]
