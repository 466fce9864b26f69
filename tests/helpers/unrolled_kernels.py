"""Kernels written out: a synapse for each pair of cells of a convolution, linked to the weight that it shares."""

from __future__ import annotations

from brian2 import NeuronGroup, Synapses, linked_var

from sbp_brian.brian.convolution import Convolution

__all__ = ["link"]


def link(convolution: Convolution, synapses: Synapses, weights: NeuronGroup, *names: str) -> None:
    """Connect the synapses of a convolution, and link variables of theirs to those of the weights.

    Parameters
    ----------
    convolution : Convolution
    synapses : Synapses
        With a variable ``kernel : integer``, and each of `names` as ``(linked)``.
    weights : NeuronGroup
        As many as the convolution has, with the variables `names`.
    *names : str
    """
    i, j, kernel = convolution.patches()
    synapses.connect(i=i, j=j)
    synapses.kernel = kernel
    for name in names:
        setattr(synapses, name, linked_var(weights, name, index="kernel"))
