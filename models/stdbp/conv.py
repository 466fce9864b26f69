r"""STDBP with a convolutional first layer: synapses that share their weights through linked variables.

Each cell of the first hidden layer sees a patch of the image through the kernel of its map. The weights, the summed
gradients and the optimiser's state belong to a group ``kernels``; a synapse holds only the number of its weight, and
reads ``w`` and adds to ``grad`` there:

.. math:: \frac{\partial L}{\partial w_{c}} = -\sum_{(j, k):\, \mathrm{kernel}(j, k) = c} e_k (t_k - t_j)/\tau .

All else, deeper layers included, is `sbp_brian.models.stdbp`. No pooling: patches are `stride` pixels apart instead.
Source: as there; the paper's own convolutional network (16C5-P2-32C5-P2-800-128-10, second hand) is a larger one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from brian2 import Clock, Equations, NeuronGroup

from sbp_brian.brian.convolution import Convolution, Maps
from sbp_brian.errors import ModelError
from sbp_brian.models import checks
from sbp_brian.models.kernels import link
from sbp_brian.models.stdbp.first_spike import backward
from sbp_brian.models.stdbp.network import EMISSION, PLACE, STDBP
from sbp_brian.models.stdbp.options import Displacement
from sbp_brian.training.spiking import TrialModel

__all__ = ["ConvSTDBP"]


@dataclass(frozen=True)
class ConvSTDBP(STDBP):
    """Parameters of the network: those of `STDBP` and of its first hidden layer.

    Parameters
    ----------
    layers : tuple of int
        As in `STDBP`; the first hidden layer must have as many cells as there are patches, times `maps`.
    image : tuple of int
        Height and width (pixels). A `Displacement` needs the same `width`.
    maps, size, stride : int
        Kernels, their side, and the distance of neighbouring patches (pixels).

    Raises
    ------
    ModelError
        As `STDBP`; sizes that do not fit; learning ``sbp`` or ``sbp-change``.
    """

    layers: tuple[int, ...] = (784, 2304, 10)
    image: tuple[int, int] = (28, 28)
    maps: int = 16
    size: int = 5
    stride: int = 2

    def __post_init__(self):
        super().__post_init__()
        if self.learning in EMISSION:
            raise ModelError(f"learning={self.learning!r} needs synapses with weights of their own; use STDBP")
        for name in ("maps", "size", "stride"):
            checks.number(name, getattr(self, name), "[1, inf)", whole=True)
        if self.size > min(self.image):
            raise ModelError(f"size must be at most the image's {min(self.image)} pixels, got {self.size}")
        if self.option(Displacement) and self.width != self.image[1]:
            raise ModelError(f"width must be {self.image[1]} as that of the image {self.image}, got {self.width}")
        need = (prod(self.image), self.convolution.target.cells)
        if len(self.layers) < 3 or self.layers[:2] != need:
            raise ModelError(
                f"image {self.image[0]} x {self.image[1]} under {self.maps} maps of side {self.size}, "
                f"{self.stride} apart needs layers=({need[0]}, {need[1]}, ...), got {self.layers}"
            )

    @property
    def convolution(self) -> Convolution:
        """Which cells the kernels connect."""
        return Convolution(Maps(1, *self.image), self.maps, self.size, self.stride)

    def _kernels(self, clock: Clock, shown: dict) -> NeuronGroup:
        improve, before = self._learner()
        equations = Equations(improve.model + "\nteacher_on : 1 (shared)\nbatch_place : 1 (shared)")
        kernels = NeuronGroup(
            self.convolution.weights,
            equations,
            clock=clock,
            name="kernels",
            namespace={**shown, **improve.namespace},
            events={"improve": "batch_place == batch - 1 and teacher_on > 0"},
        )
        kernels.run_regularly(PLACE, clock=clock, when="start", order=-10, name="kernels_begin")
        kernels.set_event_schedule("improve", when="start", order=900)
        kernels.run_on_event("improve", improve.pathways["improve"], when="start", order=902)
        if before:
            kernels.run_regularly(before, dt=self.batch * self.duration, when="start", order=901, name="kernels_stride")
        return kernels

    def _between(self, k: int, source: NeuronGroup, target: NeuronGroup, shown: dict) -> list:
        if k:
            return super()._between(k, source, target, shown)
        cells = self._cells(1)
        arriving, places, others = self._arriving(k, source, cells)
        rule = arriving + backward(cells, "learn")
        rule = replace(rule, model="w : 1 (linked)\ngrad : 1 (linked)\nkernel : integer")
        places = places | {"learn": ("start", 600 + 10 * (len(self.layers) - 2) + 1)}
        rule = rule.scheduled(**{pathway: places[pathway] for pathway in rule.pathways})
        synapses = rule.synapses(source, target, name="into_hidden1", clock=source.clock)
        kernels = self._kernels(source.clock, shown)
        link(self.convolution, synapses, kernels, "w", "grad")
        return [kernels, synapses, *others]

    def _weights(self, k: int, rng: np.random.Generator) -> tuple[str, np.ndarray, np.ndarray]:
        if k:
            return super()._weights(k, rng)
        n = self.convolution.fan_in
        w = rng.uniform(-1, 1, (self.maps, n)) * self.weights.spread / self.size + self.weights.mean / n
        return "kernels", w.ravel(), w.T

    def trial_model(self) -> TrialModel:
        """What `sbp_brian.training.spiking.Training` needs."""
        model = super().trial_model()

        def shared(names):
            return {"kernels.rate" if name == "into_hidden1.rate" else name: value for name, value in names.items()}

        return replace(model, rates=shared(model.rates), set_by=shared(model.set_by))
