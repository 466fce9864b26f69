"""Neurons as frozen declarations that add up and build ordinary groups."""

from sbp_brian.cells.integrate_and_fire import firing_rate, lif_conductance, lif_current, soft_reset
from sbp_brian.cells.model import NeuronModel
from sbp_brian.cells.rectified_linear import relpsp, relpsp_synapse

__all__ = ["NeuronModel", "firing_rate", "lif_conductance", "lif_current", "relpsp", "relpsp_synapse", "soft_reset"]
