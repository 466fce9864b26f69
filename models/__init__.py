"""Models: networks of the literature, one file or folder each; what stands here is imported when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sbp_brian._lazy import lazy

if TYPE_CHECKING:
    from sbp_brian.models import artificial, circuits, decolle, published, sbp_network, stdbp
    from sbp_brian.models.artificial.energy import SBPEnergy
    from sbp_brian.models.artificial.perceptron import SBPPerceptron
    from sbp_brian.models.artificial.rbm import RBM
    from sbp_brian.models.artificial.spiking_perceptron import SBPSpikingPerceptron
    from sbp_brian.models.decolle import Decolle
    from sbp_brian.models.decolle.conv import ConvDecolle
    from sbp_brian.models.published import ReleasedModel
    from sbp_brian.models.sbp_network import SBPNetwork
    from sbp_brian.models.stdbp import STDBP
    from sbp_brian.models.stdbp.conv import ConvSTDBP
    from sbp_brian.models.stdbp.grid import GridSTDBP

_HOMES = {
    "sbp_brian.models.artificial.energy": ("SBPEnergy",),
    "sbp_brian.models.artificial.perceptron": ("SBPPerceptron",),
    "sbp_brian.models.artificial.rbm": ("RBM",),
    "sbp_brian.models.artificial.spiking_perceptron": ("SBPSpikingPerceptron",),
    "sbp_brian.models.decolle": ("Decolle",),
    "sbp_brian.models.decolle.conv": ("ConvDecolle",),
    "sbp_brian.models.published": ("ReleasedModel",),
    "sbp_brian.models.sbp_network": ("SBPNetwork",),
    "sbp_brian.models.stdbp": ("STDBP",),
    "sbp_brian.models.stdbp.conv": ("ConvSTDBP",),
    "sbp_brian.models.stdbp.grid": ("GridSTDBP",),
}

__all__ = [
    "RBM",
    "STDBP",
    "ConvDecolle",
    "ConvSTDBP",
    "Decolle",
    "GridSTDBP",
    "ReleasedModel",
    "SBPEnergy",
    "SBPNetwork",
    "SBPPerceptron",
    "SBPSpikingPerceptron",
    "artificial",
    "circuits",
    "decolle",
    "published",
    "sbp_network",
    "stdbp",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(
        __name__, _HOMES, ("artificial", "circuits", "decolle", "published", "sbp_network", "stdbp")
    )
