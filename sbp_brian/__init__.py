"""Self-backpropagation of synaptic modification (SBP) for Brian2."""

from sbp_brian._version import __version__

__all__ = ["__version__"]
