r"""DECOLLE with convolutions: kernels that the patches of a map share (`sbp_brian.brian.kernels`), and max pooling.

Each cell of a layer sees a patch of all maps of the layer before, through the kernel of its own map. Weights belong
to the groups ``kernels1``, ``kernels2`` ...; nothing is stored for a synapse. The update of a kernel at a step is the
sum over the patches, :math:`\Delta w_c = \sum_{(i, j):\, \mathrm{kernel}(i, j) = c} c_i P_j`: its rank is not 1, so
that the event-driven form does not carry over, and the dense one touches every pair of cells twice a step, if the
presynaptic trace is not 0. Every cell has a bias of its own. Cells are numbered with maps last
(`sbp_brian.brian.convolution.Maps`), those of the input with maps first.

Source: as `sbp_brian.models.decolle`. `PAPER` has the layers of the paper's network (its Table 2): 7 x 7 kernels,
64-128-128 maps, pooling after the first and the third.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2 import NeuronGroup

from sbp_brian.brian.convolution import Convolution, Maps
from sbp_brian.errors import ModelError
from sbp_brian.models.decolle.network import Decolle
from sbp_brian.models.decolle.pooling import PooledDense, sums
from sbp_brian.models.decolle.rules import Dense, Rank1
from sbp_brian.models.windows import Windows
from sbp_brian.rules import SynapseRule
from sbp_brian.wording import takes_booleans

__all__ = ["PAPER", "ConvDecolle"]

#: Maps, side, stride, padding and pooling of each layer of the paper's network.
PAPER = ((64, 7, 1, 2, 2), (128, 7, 1, 2, 1), (128, 7, 1, 2, 2))


@takes_booleans
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
    kernels : tuple of tuple of int
        Of each layer: maps, side of a kernel and distance of neighbouring patches (cells); where wanted, rows and
        columns of padding, and the side of the windows that are pooled.
    single : bool
        Kernels, traces, sums and changes are of single precision: half the memory and half the time of the loops.

    Raises
    ------
    ModelError
        As `Decolle`; kernels or windows larger than what they look at; another form or optimiser.
    """

    layers: tuple[int, ...] | None = None
    form: str = "dense"
    image: tuple[int, int, int] = (1, 28, 28)
    kernels: tuple[tuple[int, ...], ...] = ((8, 7, 2), (16, 5, 2), (16, 3, 1))
    single: bool = False

    def __post_init__(self):
        if self.form != "dense" or self.optimiser != "sgd" or self.every != 1:
            raise ModelError(
                "shared weights change at every step by plain gradient steps in the dense form; leave "
                "form, optimiser and every as they are"
            )
        if len(self.image) != 3 or min(self.image) < 1:
            raise ModelError(f"image must be channels, height and width, got {self.image}")
        for k, kernel in enumerate(self.kernels, 1):
            if not 3 <= len(kernel) <= 5 or min((*kernel[:3], *kernel[4:])) < 1 or min(kernel) < 0:
                raise ModelError(
                    f"kernels of hidden layer {k} must be maps, side and stride, each at least 1, and where wanted "
                    f"padding (at least 0) and pooling (at least 1), got {kernel}"
                )
        wanted = tuple(maps.cells for maps in self._maps())
        if self.layers not in (None, wanted):
            raise ModelError(f"layers follow from image and kernels, {wanted}; leave them out")
        object.__setattr__(self, "layers", wanted)
        super().__post_init__()

    def _maps(self) -> list[Maps]:
        """Those of each layer's cells, the input's first."""
        layers = [Maps(*self.image)]
        for k, (maps, size, stride, padding, side) in enumerate(map(_whole, self.kernels), 1):
            before = layers[-1]
            if size > min(before.rows, before.columns) + 2 * padding:
                raise ModelError(
                    f"the kernels of hidden layer {k} have a side of {size}, what they look at is "
                    f"{before.rows} x {before.columns}{f' and {padding} of padding' if padding else ''}; make them "
                    "smaller"
                )
            behind = Convolution(before, maps, size, stride, padding, maps_last=True).target
            if side > min(behind.rows, behind.columns):
                raise ModelError(
                    f"the windows of hidden layer {k} have a side of {side}, what they pool is "
                    f"{behind.rows} x {behind.columns}; make them smaller"
                )
            layers.append(Windows(behind, side).behind)
        return layers

    def convolution(self, k: int) -> Convolution:
        """Which cells the kernels in front of hidden layer k (from 1) connect; where it pools, with its sums."""
        maps, size, stride, padding, _ = _whole(self.kernels[k - 1])
        return Convolution(self._maps()[k - 1], maps, size, stride, padding, maps_last=True)

    def _form(self, k: int) -> Rank1 | Dense:
        side = _whole(self.kernels[k - 1])[-1] if k else 1
        return self.update if side == 1 else PooledDense(self.cell, side=side)

    def _precision(self) -> dict[str, type] | None:
        names = ("p_trace", "q_trace", "drive", "change", "best", "w")
        return dict.fromkeys(names, np.float32) if self.single else None

    def _plastic(self, k: int, rule: SynapseRule, source: NeuronGroup, target: NeuronGroup, step) -> list:
        convolution, form, others = self.convolution(k), self._form(k), []
        if isinstance(form, PooledDense):
            target = sums(k, convolution.target, form, target, step, self._precision())
            others = [target]
        return [rule.kernels(source, target, convolution, name=f"kernels{k}", dtype=self._precision()), *others]

    def _weights(self, k: int, n: int, m: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """None for each pair of cells: biases and readouts are drawn as if there were."""
        rng.bit_generator.advance(n * m)
        return {}

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """As for `Decolle`; weights are those of the kernels."""
        start, rng = super().initial(seed), np.random.default_rng([seed, 1])
        for k, maps in enumerate(self._maps()[1:], 1):
            shared = self.convolution(k)
            drawn = rng.uniform(-1, 1, shared.shape) * self.spread / np.sqrt(shared.fan_in)
            start[f"kernels{k}.w"] = shared.flat(drawn)
            # what was drawn for cells with maps first, in the order of the cells
            cells = np.argsort(maps.number(*np.indices((maps.maps, maps.rows, maps.columns)).reshape(3, -1)))
            readouts = self.readouts[k - 1]
            start[f"hidden{k}.bias"] = start[f"hidden{k}.bias"][cells]
            start[f"reading{k}.w"] = start[f"reading{k}.w"].reshape(maps.cells, readouts)[cells].ravel()
            start[f"back{k}.w"] = start[f"back{k}.w"].reshape(readouts, maps.cells)[:, cells].ravel()
        return start


def _whole(kernel: tuple[int, ...]) -> tuple[int, ...]:
    """Maps, side, stride, padding and pooling."""
    return (*kernel, *(0, 1)[len(kernel) - 3 :])
