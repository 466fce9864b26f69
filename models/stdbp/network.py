r"""STDBP: networks that learn by the time of one spike per cell (ReL-PSP neurons), of any depth.

Input cells spike once, the earlier the stronger: :math:`t_i = \tau (1 - x_i)`, and not at all where x = 0. Hidden and
output cells are those of `sbp_brian.models.stdbp.first_spike`, which holds the equations. The first output to spike is
the answer. The loss is the cross entropy of :math:`p = \mathrm{softmax}(-\kappa t/\tau)`, its gradient runs back from
spike to spike.

With ``sbp`` the hidden layer learns without weight transport, by `sbp_brian.retrograde.RetrogradeSBP` itself: the
output synapses change by the spike times they know, at once (`timing_rule`); each change is reported to the hidden cell
as w dw; the cell's input synapses express the sum, each in the share (t_j - t_i)/W_j of its own timing.

Source: Zhang M. et al. 2022, IEEE TNNLS 33:1947, doi:10.1109/TNNLS.2021.3110991 (arXiv:2003.11837).
What the paper leaves open and is a parameter here: threshold, latency window, initial weights, optimiser, the bound on
1/W, what becomes of cells that never spike. docs/stdbp.md has the choices and their measured effect.

One time step of the simulation is one sample. Within it, by order in the slot ``start``:

================= =====================================================================================================
order             what
================= =====================================================================================================
-10               the new sample is read; all cells start anew
10 l, +1, +2, +3  layer l: its spikes, put in order; they arrive at layer l + 1, whose times then are known
500, +1, +2       outputs: each compares its time with the others'; errors
600+10 k, +1, +2  backward, layer by layer: errors and gradients
603               ``sbp``: the hidden cells take over what was reported to them
900, +1, +2       every ``batch`` samples: the weights change
================= =====================================================================================================
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import ClassVar

import numpy as np
from brian2 import Clock, Equations, EventMonitor, Network, NeuronGroup, Quantity, StateMonitor

from sbp_brian.brian import copies
from sbp_brian.brian.event_order import EventOrder
from sbp_brian.errors import ModelError, NothingFiresError, SampleError
from sbp_brian.models import checks
from sbp_brian.models.options import HasOptions, Option
from sbp_brian.models.stdbp import input_code
from sbp_brian.models.stdbp.first_spike import (
    OPTIMISERS,
    FirstSpike,
    arrival,
    backward,
    comparison,
    learner,
    timing_rule,
)
from sbp_brian.models.stdbp.options import KINDS, Cells, Displacement, Dropout, Revive, WeightDecay, Weights
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.transport import Window
from sbp_brian.rules import SynapseRule
from sbp_brian.training import readout
from sbp_brian.training.spiking import Presentation, Samples, Shared, TrialModel
from sbp_brian.wording import names_parameters

__all__ = ["LEARNING", "STDBP"]

#: Who learns how; see `STDBP`.
LEARNING = ("exact", "sbp", "sbp-bit", "sbp-change", "frozen", "shuffled-labels", "rank-order")
#: What output synapses report when they change by dw, by `LEARNING` (see `RetrogradeSBP`).
EMISSION = {"sbp": "weighted", "sbp-bit": "bit", "sbp-change": "change"}
#: Input synapses express the signal by their own timing. Minus: it is summed as a gradient, to go down.
TIMING = (
    "-fired_post*int(spike_time_pre < spike_time_post)*(spike_time_post - spike_time_pre)"
    "/(tau*clip(slope_post, least_slope, 1e9))"
)

TEACHING = "teacher_on : 1 (shared)\nbatch_place : 1 (shared)\nused : 1"
OUTPUT = "\nothers : 1\nchosen : 1"
USED = "used = clip(used*int(batch_place > 0) + fired*teacher_on, 0, 1)"
PLACE = "teacher_on = teaching(t)\nbatch_place = timestep(t, sample_time) % batch\n"


@names_parameters
@dataclass(frozen=True)
class STDBP(HasOptions):
    r"""Parameters of the network.

    Parameters
    ----------
    layers : tuple of int
        Cells of each layer: input, hidden layers, output.
    learning : str
        A name in `LEARNING`. ``exact``: the paper. ``sbp``: the hidden layer learns by `RetrogradeSBP`, from w dw of
        its output synapses, instead of the derivative; ``sbp-bit``: from the sign of that; ``sbp-change``: from dw
        alone. In all three the output layer changes after each sample, plainly. ``frozen``: hidden layers do not
        learn. ``shuffled-labels``, ``rank-order``: as ``exact``; whoever trains it shuffles the labels or replaces
        times by ranks.
    rate_hidden, rate_output : float
        Learning rates of the first epoch.
    optimiser : str
        ``sgd``, ``momentum`` or ``adam``.
    batch : int
        Samples between two changes of the weights.
    width : int
        Pixels in a row of the image, where it is displaced (`Displacement`).
    cells : Cells
        Time constant, thresholds, window and least slope of all cells, sharpness of the softmax over spike times.
    weights : Weights
        Before learning.
    options : tuple
        What else the network has, at most one of each kind in `sbp_brian.models.stdbp.options`.

    Raises
    ------
    ModelError
        Unknown names; sizes, values or options that make no sense.

    Examples
    --------
    ::

        STDBP((784, 400, 10), cells=Cells(threshold=0.8), options=(Dropout(input=0.15), Displacement(1)))
    """

    layers: tuple[int, ...] = (784, 400, 10)
    learning: str = "exact"
    rate_hidden: float = 5e-4
    rate_output: float = 5e-4
    optimiser: str = "adam"
    batch: int = 20
    width: int = 28
    cells: Cells = field(default_factory=Cells)
    weights: Weights = field(default_factory=Weights)
    options: tuple[Option, ...] = ()

    KINDS: ClassVar = KINDS

    def __post_init__(self):
        layers = self.layers if isinstance(self.layers, (tuple, list, np.ndarray)) else ("none",)
        if any(not isinstance(n, Real) or not np.isfinite(n) or n != int(n) for n in layers):
            raise ModelError(f"layers must be whole numbers of cells, e.g. (784, 400, 10), got {self.layers!r}")
        object.__setattr__(self, "layers", tuple(int(n) for n in self.layers))
        checks.one_of("learning", self.learning, LEARNING)
        checks.one_of("optimiser", self.optimiser, OPTIMISERS)
        if len(self.layers) < 2 or min(self.layers) < 1:
            raise ModelError(f"layers must name at least an input and an output layer of 1 cell, got {self.layers}")
        if len(self.layers) > 40:
            raise ModelError(f"layers must be at most 40, got {len(self.layers)}")
        if self.learning in EMISSION and len(self.layers) != 3:
            reports = f"learning={self.learning!r} reports one synapse back"
            raise ModelError(f"{reports} and needs one hidden layer, got {self.layers}")
        checks.number("batch", self.batch, "[1, inf)", whole=True)
        checks.number("width", self.width, "[1, inf)", whole=True)
        for name in ("rate_hidden", "rate_output"):
            checks.number(name, getattr(self, name), "[0, inf)")
        for name, kind in (("cells", Cells), ("weights", Weights)):
            if not isinstance(getattr(self, name), kind):
                raise ModelError(f"{name} must be {kind.__name__}(...), got {getattr(self, name)!r}")
        self._check_options()

    @property
    def retrograde(self) -> RetrogradeSBP | None:
        """The signal of the hidden cells, where they learn by one."""
        if self.learning not in EMISSION:
            return None
        return RetrogradeSBP(emission=EMISSION[self.learning], transport=Window(self.duration), gate=TIMING)

    @property
    def duration(self) -> Quantity:
        """How long a sample is shown."""
        return self.cells.duration

    @property
    def names(self) -> list[str]:
        """Of the layers' cells: ``pixels``, ``hidden1`` ..., ``output``; synapses are ``into_hidden1`` and so on."""
        return ["pixels", *(f"hidden{k + 1}" for k in range(len(self.layers) - 2)), "output"]

    def network(self, presentation: Presentation) -> Network:
        """The network; objects are named as in `names`."""
        clock = Clock(self.duration, name="sample_clock")
        ticks = self._ticks(clock)
        shown = {**presentation.namespace(), "sample_time": self.duration, "batch": self.batch}
        groups = [self._layer(k, clock, ticks, shown) for k in range(len(self.layers))]
        objects = list(groups)
        for k in range(len(groups) - 1):
            objects += self._between(k, groups[k], groups[k + 1], shown)
        rule = comparison(self.cells.tau, self.cells.kappa).scheduled(compare=("start", self.shift + 501))
        compare = rule.synapses(groups[-1], groups[-1], name="compare", clock=ticks)
        copies.connect(compare)
        answers = StateMonitor(
            groups[-1], "spike_time", record=True, clock=clock, when="start", order=-20, name="answers"
        )
        counts = [
            EventMonitor(group, "onset", record=False, name=f"{name}_spikes")
            for name, group in zip(self.names[:-1], groups[:-1], strict=True)
        ]
        return Network(*objects, compare, answers, *counts)

    def _cells(self, k: int) -> FirstSpike:
        """What the cells of layer k share."""
        return self.cells.output if k == len(self.layers) - 1 else self.cells.hidden

    def _layer(self, k: int, clock: Clock, ticks: Clock, shown: dict) -> NeuronGroup:
        """Cells of layer k with their code and events, in the order of the module's table."""
        name, last, cells, shift = self.names[k], len(self.layers) - 1, self._cells(k), self.shift
        sbp, revive, lost = self.retrograde if 0 < k < last else None, self.option(Revive), self.option(Dropout)
        model = self._equations(k) + TEACHING + (OUTPUT if k == last else "")
        equations = Equations(model) + sbp.equations if sbp else Equations(model)
        namespace = {
            **shown,
            **cells.namespace,
            "kappa": self.cells.kappa,
            "revive_output": revive.output,
            "revive": revive.hidden,
            "drop": lost.hidden,
            "drop_input": lost.input,
        }
        group = copies.cells(
            self.layers[k],
            equations,
            method="euler",
            events=self._events(k),
            clock=ticks,
            namespace=namespace | self._constants(),
            name=name,
        )
        displacement = self.option(Displacement)
        if k == 0 and displacement:
            group.column = copies.tiled(np.arange(self.layers[0]) % self.width)
            group.namespace.update(jitter=displacement.pixels, width=self.width)
        begin = PLACE + (self._read() if k == 0 else self._begin(k))
        if k == last:
            begin += "\nothers = 0\nchosen = int(i == target_class(t))"
        group.run_regularly(begin, clock=clock, when="start", order=-10, name=f"{name}_begin")
        self._settle(k, group, clock)
        if k == last:
            group.set_event_schedule("answer", when="start", order=shift + 500)
            group.run_regularly(
                FirstSpike.OUTPUT_ERROR, clock=clock, when="start", order=shift + 502, name=f"{name}_error"
            )
            return group
        place = shift + 600 + 10 * (last - 1 - k)
        group.set_event_schedule("learn", when="start", order=place)
        group.set_event_schedule("improve", when="start", order=shift + 900)
        if sbp:
            sbp.operation(group, clock, order=place + 3)
        elif k > 0:
            group.run_regularly(FirstSpike.ERROR, clock=clock, when="start", order=place + 2, name=f"{name}_error")
        return group

    def _between(self, k: int, source: NeuronGroup, target: NeuronGroup, shown: dict) -> list:
        """Synapses from layer k to the next, and what hands the spikes of layer k on."""
        cells, last, sbp = self._cells(k + 1), k == len(self.layers) - 2, self.retrograde
        arriving, places, others = self._arriving(k, source, cells)
        improve, before = self._learner()
        if sbp and last:
            rule, before = arriving + sbp.emitting(timing_rule(cells, "learn")), ""
        elif sbp:
            rule = arriving + improve
            namespace = {**rule.namespace, "least_slope": cells.floor}
            rule = sbp.receiving(replace(rule, weight="grad", namespace=namespace), on="learn")
        else:
            rule = arriving + backward(cells, "learn", report=k > 0) + improve
        place = self.shift + 600 + 10 * (len(self.layers) - 2 - k)
        places = places | {
            "learn": ("start", place + 1),
            "retrograde": ("start", place + 1),
            "improve": ("start", self.shift + 902),
        }
        rule = rule.scheduled(**{pathway: places[pathway] for pathway in rule.pathways})
        synapses = rule.synapses(source, target, name=f"into_{target.name}", clock=source.clock)
        copies.connect(synapses)
        if before:
            synapses.run_regularly(
                before,
                dt=self.batch * self.duration,
                when="start",
                order=self.shift + self.stride_place,
                name=f"{synapses.name}_stride",
            )
        return [synapses, *others]

    def _learner(self) -> tuple[SynapseRule, str]:
        """How gradients change weights; see `learner`."""
        decay = self.option(WeightDecay)
        return learner(self.optimiser, "improve", self.batch, decay=decay.share if decay else 0.0)

    # ---------------------------------------------------------------- what depends on how time is dealt with
    #: Added to the place of all that follows when the times of a sample are known; place of the optimiser's stride.
    shift: ClassVar[int] = 0
    stride_place: ClassVar[int] = 901

    def _equations(self, k: int) -> str:
        return FirstSpike.EQUATIONS if k else input_code.equations(self)

    def _events(self, k: int) -> dict[str, str]:
        if k == len(self.layers) - 1:
            return {"answer": "teacher_on > 0"}
        return {
            "onset": "fired > 0",
            "learn": "fired > 0 and teacher_on > 0",
            "improve": "used > 0 and batch_place == batch - 1 and teacher_on > 0",
        }

    def _ticks(self, clock: Clock) -> Clock:
        """The clock of cells and synapses, given that of samples."""
        return clock

    def _constants(self) -> dict:
        """More constants for the code of cells."""
        return {}

    def _read(self) -> str:
        """Code by which input cells take their times from the sample."""
        return input_code.read(self) + USED

    def _begin(self, k: int) -> str:
        """Code by which the other cells start a sample."""
        return FirstSpike.BEGIN

    def _settle(self, k: int, group: NeuronGroup, clock: Clock) -> None:
        """Give the cells what finds their spike times and announces them."""
        last = len(self.layers) - 1
        if k < last:
            group.set_event_schedule("onset", when="start", order=10 * k)
        if k > 0:
            settle = FirstSpike.SETTLE
            if k < last:
                settle += (
                    "fired = fired*int(rand() >= drop*teacher_on)\n" if self.option(Dropout).hidden else ""
                ) + USED
            group.run_regularly(settle, clock=clock, when="start", order=10 * k - 7, name=f"{group.name}_settle")

    def _arriving(self, k: int, source: NeuronGroup, cells: FirstSpike) -> tuple[SynapseRule, dict, list]:
        """How spikes of layer k reach the next: rule, slot and order of its pathways, further objects."""
        order = EventOrder(source, "onset", "spike_time", when="start", order=10 * k + 1)
        return arrival(cells, "onset"), {"arrive": ("start", 10 * k + 2)}, [order]

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Weights before learning, and the optimiser's state.

        Raises
        ------
        NothingFiresError
            A layer of which no cell reaches its threshold within the window, even if all inputs came at once.
        """
        rng, start = np.random.default_rng([seed, 0]), {}
        for k in range(len(self.layers) - 1):
            name, w, columns = self._weights(k, rng)
            cells = self._cells(k + 1)
            reach = columns.clip(0).sum(0).max() * self.cells.window
            if reach < cells.threshold:
                raise NothingFiresError(
                    f"no cell of layer {self.names[k + 1]!r} can fire: with all inputs at once the membrane reaches "
                    f"{reach:.3g} of a threshold of {cells.threshold:g} within the window; raise mean or spread"
                )
            start[f"{name}.w"] = w
            if name == "into_output" and self.learning in EMISSION:
                continue  # changes after each sample, without an optimiser
            for state in {"adam": "mv", "momentum": "m", "sgd": ""}[self.optimiser]:
                start[f"{name}.{state}"] = np.zeros(len(w))
            if self.optimiser == "adam":
                start[f"{name}.updates"] = np.array(0.0)
        return start

    def _weights(self, k: int, rng: np.random.Generator) -> tuple[str, np.ndarray, np.ndarray]:
        """From layer k to the next: the weights' object, their values, and the same with one cell a column."""
        n, m = self.layers[k], self.layers[k + 1]
        w = rng.uniform(-1, 1, n * m) * self.weights.spread / np.sqrt(n) + self.weights.mean / n
        return f"into_{self.names[k + 1]}", w, w.reshape(n, m)

    def check(self, samples: Samples) -> None:
        """Refuse samples that the network cannot show or answer.

        Raises
        ------
        SampleError
            Another number of inputs; a label without an output cell, targets of another number.
        NothingFiresError
            No sample has an input spike.
        """
        if samples.images.shape[1] != self.layers[0]:
            raise SampleError(
                f"samples have {samples.images.shape[1]} inputs and layer 'pixels' has {self.layers[0]} "
                f"cells; make the network with layers=({samples.images.shape[1]}, ...)"
            )
        checks.have_cells(samples, self.layers[-1])
        if not samples.images[samples.training if len(samples.training) else slice(None)].any():
            raise NothingFiresError(
                "no cell of layer 'pixels' ever fires: all samples that train are 0, which is no spike"
            )

    def trial_model(self) -> TrialModel:
        """What `sbp_brian.training.spiking.Training` needs."""
        hidden = 0.0 if self.learning == "frozen" else self.rate_hidden
        rates = {f"into_{name}.rate": self.rate_output if name == "output" else hidden for name in self.names[1:]}
        return TrialModel(
            make=functools.partial(type(self).network, self),
            duration=self.duration,
            initial=self.initial,
            rates=rates,
            readout=readout.FirstSpike("answers.spike_time"),
            check=self.check,
            counted={f"{name}_spikes": f"{name}_spikes.N" for name in self.names[:-1]},
            set_by={rate: "rate_output" if rate == "into_output.rate" else "rate_hidden" for rate in rates},
            shared=self._shared(),
        )

    def _shared(self) -> Shared | None:
        """What it has in common with networks of other rates; the exact form has an order of its own."""
        return None
