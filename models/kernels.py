"""Synapses that share weights, as the kernels of a convolution do: which they are, and how they are linked.

A synapse holds the number of its weight; the weights belong to a group of their own, which the synapse's variables are
linked to. No pooling: patches lie `stride` apart instead. Source: LeCun et al. 1989, doi:10.1162/neco.1989.1.4.541.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2 import NeuronGroup, Synapses, get_device, linked_var

from sbp_brian.errors import CudaRaceError
from sbp_brian.rules.requirements import Requirement

__all__ = ["Convolution", "OneAfterAnother"]


@dataclass(frozen=True)
class Convolution:
    """Which cells a layer of kernels connects.

    Parameters
    ----------
    height, width : int
        Of the image, or of each map before (cells), numbered row by row.
    maps : int
        Kernels for each of the `channels`.
    size : int
        Side of a kernel (cells), at most the image's.
    stride : int
        Distance of neighbouring patches (cells).
    channels : int
        Images, or maps of the layer before: one after the other.
    """

    height: int
    width: int
    maps: int
    size: int
    stride: int
    channels: int = 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Maps, rows and columns of the cells behind."""
        rows, columns = ((side - self.size) // self.stride + 1 for side in (self.height, self.width))
        return self.maps, rows, columns

    @property
    def fan_in(self) -> int:
        """Weights that a cell behind sees."""
        return self.channels * self.size**2

    @property
    def weights(self) -> int:
        """How many weights there are."""
        return self.maps * self.fan_in

    def patches(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cell in front, cell behind and weight of each synapse.

        Returns
        -------
        i, j, kernel : ndarray of int, shape (synapses,)
            ``j = (map*rows + row)*columns + column``, ``kernel = ((map*channels + channel)*size + y)*size + x``.
        """
        maps, rows, columns = self.shape
        m, r, c, of, y, x = np.indices((maps, rows, columns, self.channels, self.size, self.size)).reshape(6, -1)
        return (
            (of * self.height + r * self.stride + y) * self.width + c * self.stride + x,
            (m * rows + r) * columns + c,
            ((m * self.channels + of) * self.size + y) * self.size + x,
        )

    def link(self, synapses: Synapses, weights: NeuronGroup, *names: str) -> None:
        """Connect the synapses, and link variables of theirs to those of the weights.

        Parameters
        ----------
        synapses : Synapses
            With a variable ``kernel : integer``, and each of `names` as ``(linked)``.
        weights : NeuronGroup
            `weights` of them, with the variables `names`.
        *names : str
        """
        i, j, kernel = self.patches()
        synapses.connect(i=i, j=j)
        synapses.kernel = kernel
        for name in names:
            setattr(synapses, name, linked_var(weights, name, index="kernel"))


@dataclass(frozen=True)
class OneAfterAnother(Requirement):
    """On CUDA synapses that share a weight would write it at the same time."""

    def check(self, synapses) -> None:
        """Refuse CUDA.

        Raises
        ------
        CudaRaceError
        """
        if "cuda" in type(get_device()).__name__.lower():
            raise CudaRaceError(
                f"{synapses.name!r} shares weights, which CUDA would write in a race; choose numpy, cython or cpp"
            )
