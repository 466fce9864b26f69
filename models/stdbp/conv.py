r"""STDBP with a convolutional first layer: kernels that the patches of a map share, and pooling by the earliest spike.

Each cell of the first hidden layer sees a patch of the image through the kernel of its map. The weights, the summed
gradients and the optimiser's state belong to a group ``kernels`` (`sbp_brian.brian.kernels`); nothing is stored for a
synapse:

.. math:: \frac{\partial L}{\partial w_{c}} = -\sum_{(j, k):\, \mathrm{kernel}(j, k) = c} e_k (t_k - t_j)/\tau .

With pooling these are the cells ``fields``; a cell of ``hidden1`` takes over the earliest spike of a window of them,
and its error goes back to that one alone, the first of equal ones:

.. math:: t_p = \min_{k \in \mathrm{window}} t_k, \qquad \delta_k = \delta_p \, [k = \arg\min] .

With ``sbp``, ``sbp-bit`` and ``sbp-change`` the kernels express the signal of the hidden cells, each synapse by its own
timing (`sbp_brian.models.stdbp.network`), summed over the patches.

All else, deeper layers included, is `sbp_brian.models.stdbp`. Cells are numbered with maps last
(`sbp_brian.brian.convolution.Maps`). Within a step, beside the orders of `STDBP`: 3 times of the fields, 4 pooling, and
613 (one hidden layer: 603) their errors. Source: as there; the paper's own convolutional network
(16C5-P2-32C5-P2-800-128-10, second hand) is a larger one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from brian2 import Clock, NeuronGroup, linked_var

from sbp_brian.brian.convolution import Convolution, Maps
from sbp_brian.errors import ModelError
from sbp_brian.models import checks
from sbp_brian.models.stdbp.first_spike import FirstSpike, backward
from sbp_brian.models.stdbp.network import EMISSION, STDBP, USED
from sbp_brian.models.stdbp.options import Displacement, Dropout, Revive
from sbp_brian.models.windows import Windows
from sbp_brian.training.spiking import TrialModel

__all__ = ["ConvSTDBP"]

FIELDS = (
    FirstSpike.EQUATIONS
    + """
    place : integer (constant)
    pool : integer (constant)
    pool_err : 1 (linked)
    pool_first : integer (linked)
    """
)
#: Whether a batch that teaches ends with this sample.
COMPLETE = "complete = int(teaching(t) > 0)*int(timestep(t, sample_time) % batch == batch - 1)"
#: Of a cell that pools, beside a few for each place of its window.
POOLING = "slope : 1\nfired : 1\nspike_time : second\ndelta : 1\nerr : 1\nfirst : integer\n"
SEEN = "time{0} : second (linked)\nslope{0} : 1 (linked)\nfired{0} : 1 (linked)\nfield{0} : integer (constant)\n"
BEGIN = "slope = 0\nfired = 0\ndelta = 0\nerr = 0\n"
LOOK = """
earlier = int(time{0} < spike_time)
first = first + earlier*({0} - first)
slope = earlier*slope{0} + (1 - earlier)*slope
spike_time = earlier*time{0} + (1 - earlier)*spike_time
fired = clip(fired + fired{0}, 0, 1)
"""


@dataclass(frozen=True)
class ConvSTDBP(STDBP):
    """Parameters of the network: those of `STDBP` and of its first hidden layer.

    Parameters
    ----------
    layers : tuple of int
        As in `STDBP`; the first hidden layer must have as many cells as `first_layer` says.
    image : tuple of int
        Height and width (pixels). A `Displacement` needs the same `width`.
    maps, size, stride : int
        Kernels, their side, and the distance of neighbouring patches (pixels).
    pooling : int
        Side of the windows that are pooled (cells); 1 for none.

    Raises
    ------
    ModelError
        As `STDBP`; sizes that do not fit; pooling where hidden cells learn by a signal or are revived.
    """

    layers: tuple[int, ...] = (784, 2304, 10)
    image: tuple[int, int] = (28, 28)
    maps: int = 16
    size: int = 5
    stride: int = 2
    pooling: int = 1

    def __post_init__(self):
        super().__post_init__()
        for name in ("maps", "size", "stride", "pooling"):
            checks.number(name, getattr(self, name), "[1, inf)", whole=True)
        if self.size > min(self.image):
            raise ModelError(f"size must be at most the image's {min(self.image)} pixels, got {self.size}")
        if self.option(Displacement) and self.width != self.image[1]:
            raise ModelError(f"width must be {self.image[1]} as that of the image {self.image}, got {self.width}")
        behind = self.convolution.target
        if self.pooling > min(behind.rows, behind.columns):
            raise ModelError(
                f"pooling must be at most the {min(behind.rows, behind.columns)} rows of a map, got {self.pooling}"
            )
        if self.pooling > 1 and self.learning in EMISSION:
            raise ModelError(
                f"learning={self.learning!r} has its signal in the cells that the kernels reach, and "
                f"pooling={self.pooling} puts others between; leave pooling at 1, and take a larger stride"
            )
        if self.pooling > 1 and self.option(Revive).hidden:
            raise ModelError(
                f"pooling={self.pooling} tells a silent window of no cell that could be pushed; leave hidden of Revive "
                "at 0"
            )
        need = (prod(self.image), self.first_layer(self.image, self.maps, self.size, self.stride, self.pooling))
        if len(self.layers) < 3 or self.layers[:2] != need:
            pooled = f", windows of {self.pooling}" if self.pooling > 1 else ""
            raise ModelError(
                f"image {self.image[0]} x {self.image[1]} under {self.maps} maps of side {self.size}, "
                f"{self.stride} apart{pooled} needs layers=({need[0]}, {need[1]}, ...), got {self.layers}"
            )

    @staticmethod
    def first_layer(image: tuple[int, int], maps: int, size: int, stride: int = 1, pooling: int = 1) -> int:
        """How many cells the first hidden layer has; parameters are those of the class."""
        behind = Convolution(Maps(1, *image), maps, size, stride, maps_last=True).target
        return Windows(behind, pooling).behind.cells

    @property
    def convolution(self) -> Convolution:
        """Which cells the kernels connect."""
        return Convolution(Maps(1, *self.image), self.maps, self.size, self.stride, maps_last=True)

    # ---------------------------------------------------------------------------------------------------- building
    def _between(self, k: int, source: NeuronGroup, target: NeuronGroup, shown: dict) -> list:
        if k:
            return super()._between(k, source, target, shown)
        cells, others, clock = self._cells(1), [], source.clock
        fields = target
        if self.pooling > 1:
            fields = self._fields(target, clock)
            others = [fields]
        arriving, places, order = self._arriving(0, source, cells)
        improve, before = self._learner()
        own = replace(improve, model=f"{improve.model}\ncomplete : 1 (shared)", on_pre={}, on_event={}, namespace={})
        place = 600 + 10 * (len(self.layers) - 2) + 1
        sbp = self.retrograde
        if sbp:
            rule = replace(arriving + own, weight="grad", namespace={**arriving.namespace, "least_slope": cells.floor})
            rule = sbp.receiving(rule, on="learn")
        else:
            rule = arriving + backward(cells, "learn") + own
        places = places | {"learn": ("start", place), "retrograde": ("start", place)}
        rule = rule.scheduled(**{pathway: places[pathway] for pathway in rule.pathways})
        kernels = rule.kernels(
            source,
            fields,
            self.convolution,
            name="kernels",
            events={"improve": "complete > 0"},
            in_order=("arrive",),
        )
        kernels.namespace.update({**shown, **improve.namespace})
        kernels.run_regularly(COMPLETE, clock=clock, when="start", order=-10, name="kernels_begin")
        kernels.set_event_schedule("improve", when="start", order=900)
        kernels.run_on_event("improve", improve.pathways["improve"], when="start", order=902)
        if before:
            kernels.run_regularly(before, dt=self.batch * self.duration, when="start", order=901, name="kernels_stride")
        return [kernels, *others, *order]

    def _fields(self, pooling: NeuronGroup, clock: Clock) -> NeuronGroup:
        """The cells that the kernels reach, where others pool them."""
        windows = Windows(self.convolution.target, self.pooling)
        namespace = self._cells(1).namespace
        fields = NeuronGroup(windows.maps.cells, FIELDS, clock=clock, namespace=namespace, name="fields")
        fields.place, fields.pool = windows.places()
        for n, members in enumerate(windows.members()):
            setattr(pooling, f"field{n}", members)
            for mine, theirs in (("time", "spike_time"), ("slope", "slope"), ("fired", "fired")):
                setattr(pooling, f"{mine}{n}", linked_var(fields, theirs, index=f"field{n}"))
        fields.pool_err = linked_var(pooling, "err", index="pool")
        fields.pool_first = linked_var(pooling, "first", index="pool")
        place = 600 + 10 * (len(self.layers) - 3) + 3
        for name, code, order in (
            ("begin", FirstSpike.BEGIN, -10),
            ("settle", FirstSpike.SETTLE, 3),
            ("error", "err = pool_err*fired*int(pool_first == place)", place),
        ):
            fields.run_regularly(code, clock=clock, when="start", order=order, name=f"fields_{name}")
        return fields

    def _pools(self, k: int) -> bool:
        return k == 1 and self.pooling > 1

    def _equations(self, k: int) -> str:
        if not self._pools(k):
            return super()._equations(k)
        return POOLING + "".join(SEEN.format(n) for n in range(self.pooling**2))

    def _begin(self, k: int) -> str:
        return BEGIN if self._pools(k) else super()._begin(k)

    def _settle(self, k: int, group: NeuronGroup, clock: Clock) -> None:
        if not self._pools(k):
            super()._settle(k, group, clock)
            return
        group.set_event_schedule("onset", when="start", order=10)
        lost = "\nfired = fired*int(rand() >= drop*teacher_on)\n" if self.option(Dropout).hidden else ""
        look = "first = 0\nslope = slope0\nspike_time = time0\nfired = fired0"
        look += "".join(LOOK.format(n) for n in range(1, self.pooling**2))
        group.run_regularly(look + lost + USED, clock=clock, when="start", order=4, name=f"{group.name}_look")

    # ---------------------------------------------------------------------------------------------------- training
    def _weights(self, k: int, rng: np.random.Generator) -> tuple[str, np.ndarray, np.ndarray]:
        if k:
            return super()._weights(k, rng)
        shared = self.convolution
        w = rng.uniform(-1, 1, (self.maps, shared.fan_in)) * self.weights.spread / self.size
        w += self.weights.mean / shared.fan_in
        return "kernels", shared.flat(w.reshape(shared.shape)), w.T

    def trial_model(self) -> TrialModel:
        """What `sbp_brian.training.spiking.Training` needs."""
        model = super().trial_model()

        def shared(names):
            return {"kernels.rate" if name == "into_hidden1.rate" else name: value for name, value in names.items()}

        return replace(model, rates=shared(model.rates), set_by=shared(model.set_by))
