r"""DECOLLE with convolutions: synapses that share their weights through linked variables.

Each cell of a layer sees a patch of all maps of the layer before, through the kernel of its own map. Weights belong to
a group ``kernels1``, ``kernels2`` ...; a synapse holds only the number of its weight. The update of a kernel at a step
is the sum over the patches, :math:`\Delta w_c = \sum_{(i, j):\, \mathrm{kernel}(i, j) = c} c_i P_j`: its rank is not
1, so that the event-driven form does not carry over, and the dense one touches every synapse twice a step. Patches lie
``stride`` cells apart in the place of pooling; every cell has a bias of its own.

Source: as `sbp_brian.models.decolle`. The paper's network is a larger one (7 x 7 kernels, 64-128-128 maps, pooling).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from brian2 import NeuronGroup

from sbp_brian.errors import ModelError
from sbp_brian.models.decolle.network import Decolle
from sbp_brian.models.kernels import Convolution, OneAfterAnother
from sbp_brian.rules import SynapseRule

__all__ = ["ConvDecolle"]


@dataclass(frozen=True)
class ConvDecolle(Decolle):
    """Parameters of the network: those of `Decolle`, whose layers follow from the kernels.

    Parameters
    ----------
    layers : tuple of int, optional
        Leave it out.
    form : str
        ``dense``.
    image : tuple of int
        Channels, height and width of the input, whose cells are numbered in this order.
    kernels : tuple of (int, int, int)
        Of each layer: maps, side of a kernel and distance of neighbouring patches (cells).

    Raises
    ------
    ModelError
        As `Decolle`; kernels larger than what they look at; another form or optimiser.
    """

    layers: tuple[int, ...] | None = None
    form: str = "dense"
    image: tuple[int, int, int] = (1, 28, 28)
    kernels: tuple[tuple[int, int, int], ...] = ((8, 7, 2), (16, 5, 2), (16, 3, 1))

    def __post_init__(self):
        if self.form != "dense" or self.optimiser != "sgd" or self.every != 1:
            raise ModelError(
                "shared weights change at every step by plain gradient steps in the dense form; leave "
                "form, optimiser and every as they are"
            )
        if len(self.image) != 3 or min(self.image) < 1:
            raise ModelError(f"image must be channels, height and width, got {self.image}")
        for k, kernel in enumerate(self.kernels, 1):
            if len(kernel) != 3 or min(kernel) < 1:
                raise ModelError(
                    f"kernels of hidden layer {k} must be maps, side and stride, each at least 1, got {kernel}"
                )
        shapes = self._shapes()
        wanted = tuple(prod(shape) for shape in shapes)
        if self.layers not in (None, wanted):
            raise ModelError(f"layers follow from image and kernels, {wanted}; leave them out")
        object.__setattr__(self, "layers", wanted)
        super().__post_init__()

    def _shapes(self) -> list[tuple[int, int, int]]:
        """Maps, rows and columns of each layer, the input's first."""
        shapes = [tuple(self.image)]
        for k, (maps, size, stride) in enumerate(self.kernels, 1):
            _, height, width = shapes[-1]
            if size > min(height, width):
                raise ModelError(
                    f"the kernels of hidden layer {k} have a side of {size}, what they look at is "
                    f"{height} x {width}; make them smaller"
                )
            shapes.append(Convolution(height, width, maps, size, stride).shape)
        return shapes

    def convolution(self, k: int) -> Convolution:
        """Which cells the kernels in front of hidden layer k (from 1) connect."""
        channels, height, width = self._shapes()[k - 1]
        return Convolution(height, width, *self.kernels[k - 1], channels)

    def _plastic(self, k: int, rule: SynapseRule, source: NeuronGroup, target: NeuronGroup, step) -> list:
        learn = "w += change_post*p_trace_pre"  # a sum: several synapses write the same weight
        rule = replace(
            rule,
            model="w : 1 (linked)\nkernel : integer",
            on_pre={**rule.on_pre, "learn": learn},
            requires=(*rule.requires, OneAfterAnother()),
        )
        synapses = rule.synapses(source, target, name=f"into_{target.name}", clock=step)
        convolution = self.convolution(k)
        kernels = NeuronGroup(convolution.weights, "w : 1", clock=step, namespace={}, name=f"kernels{k}")
        convolution.link(synapses, kernels, "w")
        return [synapses, kernels]

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """As for `Decolle`; weights are those of the kernels."""
        start, rng = super().initial(seed), np.random.default_rng([seed, 1])
        for k in range(1, len(self.layers)):
            del start[f"into_hidden{k}.w"]
            shared = self.convolution(k)
            start[f"kernels{k}.w"] = rng.uniform(-1, 1, shared.weights) * self.spread / np.sqrt(shared.fan_in)
        return start
