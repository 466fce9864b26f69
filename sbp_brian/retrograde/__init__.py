"""The retrograde signal: how change at a cell's output synapses reaches its input synapses."""

from sbp_brian.retrograde.emission import Emission
from sbp_brian.retrograde.signal import RetrogradeSBP
from sbp_brian.retrograde.transport import Chain, Delay, Transport, Window

__all__ = ["Chain", "Delay", "Emission", "RetrogradeSBP", "Transport", "Window"]
