"""The spiking network of Zhang et al. (2021) as their released code computes it."""

from sbp_brian.models.published.network import ARMS, ReleasedModel

__all__ = ["ARMS", "ReleasedModel"]
