r"""STDBP: networks that learn by the time of one spike per cell (ReL-PSP neurons), of any depth.

Input cells spike once, the earlier the stronger: :math:`t_i = \tau (1 - x_i)`, and not at all where x = 0. Hidden and
output cells are those of `sbp_brian.models.stdbp.first_spike`, which holds the equations. The first output to spike is
the answer. The loss is the cross entropy of :math:`p = \mathrm{softmax}(-\kappa t/\tau)`, its gradient runs back from
spike to spike.

In the arm ``sbp`` the hidden layer learns without weight transport, by `sbp_brian.retrograde.RetrogradeSBP` itself: the
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
603               arm ``sbp``: the hidden cells take over what was reported to them
900, +1, +2       every ``batch`` samples: the weights change
================= =====================================================================================================
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from brian2 import Clock, Equations, EventMonitor, Network, NeuronGroup, Quantity, StateMonitor, ms

from sbp_brian.brian.event_order import EventOrder
from sbp_brian.errors import NothingFiresError, SampleError
from sbp_brian.models.stdbp import input as _stdbp_input
from sbp_brian.models.stdbp.first_spike import (
    OPTIMISERS,
    FirstSpike,
    arrival,
    backward,
    comparison,
    learner,
    timing_rule,
)
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.transport import Window
from sbp_brian.rules import SynapseRule
from sbp_brian.training import readout
from sbp_brian.training.encoding import check_displacement
from sbp_brian.training.spiking import Presentation, Samples, TrialModel

__all__ = ["ARMS", "STDBP"]

#: Who learns how; see `STDBP`.
ARMS = ("exact", "sbp", "sbp-change", "frozen", "shuffled-labels", "rank-order")
#: What output synapses report when they change by dw, by arm (see `RetrogradeSBP`).
EMISSION = {"sbp": "weighted", "sbp-change": "change"}
#: Input synapses express the signal by their own timing. Minus: it is summed as a gradient, to go down.
TIMING = (
    "-fired_post*int(spike_time_pre < spike_time_post)*(spike_time_post - spike_time_pre)"
    "/(tau*clip(slope_post, least_slope, 1e9))"
)

TEACHING = "teacher_on : 1 (shared)\nbatch_place : 1 (shared)\nused : 1"
OUTPUT = "\nothers : 1\nchosen : 1"
USED = "used = clip(used*int(batch_place > 0) + fired*teacher_on, 0, 1)"
PLACE = "teacher_on = teaching(t)\nbatch_place = timestep(t, sample_time) % batch\n"


@dataclass(frozen=True)
class STDBP:
    r"""Parameters of the network.

    Parameters
    ----------
    layers : tuple of int
        Cells of each layer: input, hidden layers, output.
    arm : str
        A name in `ARMS`. ``exact``: the paper. ``sbp``: the hidden layer learns by `RetrogradeSBP`, from w dw of its
        output synapses, instead of the derivative; ``sbp-change``: from dw alone. In both the output layer changes
        after each sample, plainly. ``frozen``: hidden layers do not learn. ``shuffled-labels``, ``rank-order``: as
        ``exact``; whoever trains it shuffles the labels or replaces times by ranks.
    rate_hidden, rate_output : float
        Learning rates of the first epoch.
    optimiser : str
        ``sgd``, ``momentum`` or ``adam``.
    batch : int
        Samples between two changes of the weights.
    tau : Quantity (s)
        Length of the latency code, and unit of the ramp.
    threshold : float
        Of hidden cells.
    threshold_output : float
        Of output cells.
    window : float
        A cell that would spike later than this many tau is silent.
    kappa : float
        Sharpness of the softmax.
    floor : float
        The least slope by which an error is divided. Bounds a weight's gradient by kappa*window/floor (output layer).
    revive, revive_hidden : float
        Share of the error that makes a silent output of the right class spike; push on silent hidden cells.
    mean, spread : float
        Initial weights are uniform, mean +- half width ``mean/n + spread/sqrt(n)`` for n presynaptic cells.
    decay : float
        Share of each weight lost at an update, times the learning rate.
    noisy : bool
        Input spikes may come with ``pixels.jitter`` (s) and be lost with probability ``pixels.missing``.
    drop, drop_input : float
        Share of hidden and of input spikes lost in training, at random.
    jitter_input : float
        Input spikes are early or late in training, normally distributed, by this standard deviation (tau).
    displaced, width : int
        Training images are displaced by up to `displaced` pixels each way, at random, in rows of `width` pixels; what
        leaves the image is lost. This adds to the data: say so with the result.

    Raises
    ------
    ValueError
        Unknown names, sizes or values that make no sense.
    """

    layers: tuple[int, ...] = (784, 400, 10)
    arm: str = "exact"
    rate_hidden: float = 5e-4
    rate_output: float = 5e-4
    optimiser: str = "adam"
    batch: int = 20
    tau: Quantity = field(default_factory=lambda: 10 * ms)
    threshold: float = 1.0
    threshold_output: float = 1.0
    window: float = 4.0
    kappa: float = 40.0
    floor: float = 0.2
    revive: float = 1.0
    revive_hidden: float = 0.0
    mean: float = 6.0
    spread: float = 2.5
    decay: float = 0.0
    noisy: bool = False
    drop: float = 0.0
    drop_input: float = 0.0
    jitter_input: float = 0.0
    displaced: int = 0
    width: int = 28

    def __post_init__(self):
        if isinstance(self.layers, str) or any(n != int(n) for n in self.layers):
            raise ValueError(f"layers must be whole numbers of cells, e.g. (784, 400, 10), got {self.layers!r}")
        object.__setattr__(self, "layers", tuple(int(n) for n in self.layers))
        if self.arm not in ARMS:
            raise ValueError(f"arm must be one of {', '.join(ARMS)}, got {self.arm!r}")
        if self.optimiser not in OPTIMISERS:
            raise ValueError(f"optimiser must be one of {', '.join(OPTIMISERS)}, got {self.optimiser!r}")
        if len(self.layers) < 2 or min(self.layers) < 1:
            raise ValueError(f"layers must name at least an input and an output layer of 1 cell, got {self.layers}")
        if len(self.layers) > 40:
            raise ValueError(f"layers must be at most 40, got {len(self.layers)}")
        if self.arm in EMISSION and len(self.layers) != 3:
            raise ValueError(
                f"arm {self.arm!r} reports one synapse back and needs one hidden layer, got layers {self.layers}"
            )
        if self.arm in EMISSION and self.revive_hidden:
            raise ValueError(f"arm {self.arm!r} has no push on silent hidden cells; leave revive_hidden at 0")
        if self.batch < 1 or self.batch != int(self.batch):
            raise ValueError(f"batch must be a whole number of samples, at least 1, got {self.batch}")
        if not np.isfinite(self.mean):
            raise ValueError(f"mean must be finite, got {self.mean}")
        if not self.window > 1:
            raise ValueError(f"window must be longer than the latency code, above 1 tau, got {self.window}")
        for name in ("drop", "drop_input"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be a share from 0 to below 1, got {getattr(self, name)}")
        check_displacement("displaced", self.displaced, self.width, self.layers[0])
        if self.displaced and self.noisy:
            raise ValueError("displaced is for training and noisy for tests; make a network for each")
        for name in (
            "rate_hidden",
            "rate_output",
            "kappa",
            "revive",
            "revive_hidden",
            "spread",
            "decay",
            "jitter_input",
        ):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be zero or positive and finite, got {getattr(self, name)}")
        _ = self.hidden_cells, self.output_cells  # let them check their own parameters now

    @property
    def hidden_cells(self) -> FirstSpike:
        """What the hidden cells share."""
        return FirstSpike(self.tau, self.threshold, self.window * self.tau, self.floor)

    @property
    def output_cells(self) -> FirstSpike:
        """What the output cells share."""
        return FirstSpike(self.tau, self.threshold_output, self.window * self.tau, self.floor)

    @property
    def retrograde(self) -> RetrogradeSBP | None:
        """The signal of the hidden cells, in the arms that have one."""
        if self.arm not in EMISSION:
            return None
        return RetrogradeSBP(emission=EMISSION[self.arm], transport=Window(self.duration), gate=TIMING)

    @property
    def duration(self) -> Quantity:
        """How long a sample is shown."""
        return self.window * self.tau

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
        compare = comparison(self.tau, self.kappa).synapses(groups[-1], groups[-1], name="compare", clock=ticks)
        compare.connect()
        compare.compare.when, compare.compare.order = "start", self.shift + 501
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
        return self.output_cells if k == len(self.layers) - 1 else self.hidden_cells

    def _layer(self, k: int, clock: Clock, ticks: Clock, shown: dict) -> NeuronGroup:
        """Cells of layer k with their code and events, in the order of the module's table."""
        name, last, cells, shift = self.names[k], len(self.layers) - 1, self._cells(k), self.shift
        sbp = self.retrograde if 0 < k < last else None
        model = self._equations(k) + TEACHING + (OUTPUT if k == last else "")
        equations = Equations(model) + sbp.equations if sbp else Equations(model)
        namespace = {
            **shown,
            **cells.namespace,
            "kappa": self.kappa,
            "revive_output": self.revive,
            "revive": self.revive_hidden,
            "drop": self.drop,
            "drop_input": self.drop_input,
        }
        group = NeuronGroup(
            self.layers[k],
            equations,
            method="euler",
            events=self._events(k),
            clock=ticks,
            namespace=namespace | self._constants(),
            name=name,
        )
        if k == 0 and self.displaced:
            group.column = np.arange(self.layers[0]) % self.width
            group.namespace.update(_stdbp_input.namespace(self.displaced, self.width))
        begin = PLACE + (self._read() if k == 0 else self._begin(k))
        if k == last:
            begin += "\nothers = 0\nchosen = int(i == target_class(t))"
        group.run_regularly(begin, clock=clock, when="start", order=-10, name=f"{name}_begin")
        self._settle(k, group, clock)
        if k == last:
            group.set_event_schedule("answer", when="start", order=shift + 500)
            error = (
                "delta = teacher_on*kappa*(chosen - 1/clip(others, 1, 1e300))\n"
                "err = delta*(fired + (1 - fired)*chosen*revive_output)/clip(slope, least_slope, 1e9)"
            )
            group.run_regularly(error, clock=clock, when="start", order=shift + 502, name=f"{name}_error")
            return group
        place = shift + 600 + 10 * (last - 1 - k)
        group.set_event_schedule("learn", when="start", order=place)
        group.set_event_schedule("improve", when="start", order=shift + 900)
        for hand_over in sbp.operation(group, clock) if sbp else ():
            hand_over.order = place + 3
        if k > 0 and not sbp:
            group.run_regularly(FirstSpike.ERROR, clock=clock, when="start", order=place + 2, name=f"{name}_error")
        return group

    def _between(self, k: int, source: NeuronGroup, target: NeuronGroup, shown: dict) -> list:
        """Synapses from layer k to the next, and what hands the spikes of layer k on."""
        cells, last, sbp = self._cells(k + 1), k == len(self.layers) - 2, self.retrograde
        arriving, places, others = self._arriving(k, source, cells)
        improve, before = learner(self.optimiser, "improve", self.batch, decay=self.decay)
        if sbp and last:
            rule, before = arriving + sbp.emitting(timing_rule(cells, "learn")), ""
        elif sbp:
            rule = arriving + improve
            namespace = {**rule.namespace, "least_slope": cells.floor}
            rule = sbp.receiving(replace(rule, weight="grad", namespace=namespace), on="learn")
        else:
            rule = arriving + backward(cells, "learn", report=k > 0) + improve
        synapses = rule.synapses(source, target, name=f"into_{target.name}", clock=source.clock)
        synapses.connect()
        place = self.shift + 600 + 10 * (len(self.layers) - 2 - k)
        places = places | {
            "learn": ("start", place + 1),
            "retrograde": ("start", place + 1),
            "improve": ("start", self.shift + 902),
        }
        for pathway in rule.pathways:
            getattr(synapses, pathway).when, getattr(synapses, pathway).order = places[pathway]
        if before:
            synapses.run_regularly(
                before,
                dt=self.batch * self.duration,
                when="start",
                order=self.shift + self.stride_place,
                name=f"{synapses.name}_stride",
            )
        return [synapses, *others]

    # ---------------------------------------------------------------- what depends on how time is dealt with
    #: Added to the place of all that follows when the times of a sample are known; place of the optimiser's stride.
    shift: ClassVar[int] = 0
    stride_place: ClassVar[int] = 901

    def _equations(self, k: int) -> str:
        return FirstSpike.EQUATIONS if k else _stdbp_input.equations(self.noisy, self.displaced)

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
        return (
            _stdbp_input.read(
                noisy=self.noisy, displaced=self.displaced, drop_input=self.drop_input, jitter_input=self.jitter_input
            )
            + USED
        )

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
                settle += ("fired = fired*int(rand() >= drop*teacher_on)\n" if self.drop else "") + USED
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
            reach = columns.clip(0).sum(0).max() * self.window
            if reach < cells.threshold:
                raise NothingFiresError(
                    f"no cell of layer {self.names[k + 1]!r} can fire: with all inputs at once the membrane reaches "
                    f"{reach:.3g} of a threshold of {cells.threshold:g} within the window; raise mean or spread"
                )
            start[f"{name}.w"] = w
            if name == "into_output" and self.arm in EMISSION:
                continue  # changes after each sample, without an optimiser
            for state in {"adam": "mv", "momentum": "m", "sgd": ""}[self.optimiser]:
                start[f"{name}.{state}"] = np.zeros(len(w))
            if self.optimiser == "adam":
                start[f"{name}.updates"] = np.array(0.0)
        return start

    def _weights(self, k: int, rng: np.random.Generator) -> tuple[str, np.ndarray, np.ndarray]:
        """From layer k to the next: the weights' object, their values, and the same with one cell a column."""
        n, m = self.layers[k], self.layers[k + 1]
        w = rng.uniform(-1, 1, n * m) * self.spread / np.sqrt(n) + self.mean / n
        return f"into_{self.names[k + 1]}", w, w.reshape(n, m)

    def check(self, samples: Samples) -> None:
        """Refuse samples that the network cannot show or answer.

        Raises
        ------
        SampleError
            Another number of inputs; a label without an output cell.
        NothingFiresError
            No sample has an input spike.
        """
        if samples.images.shape[1] != self.layers[0]:
            raise SampleError(
                f"samples have {samples.images.shape[1]} inputs and layer 'pixels' has {self.layers[0]} "
                f"cells; make the network with layers=({samples.images.shape[1]}, ...)"
            )
        if samples.labels.max() >= self.layers[-1]:
            first = int(np.argmax(samples.labels >= self.layers[-1]))
            raise SampleError(
                f"label {samples.labels[first]} of sample {first} has no output cell: layer 'output' has "
                f"{self.layers[-1]}; give it at least {samples.labels.max() + 1}"
            )
        if not samples.images[samples.training if len(samples.training) else slice(None)].any():
            raise NothingFiresError(
                "no cell of layer 'pixels' ever fires: all samples that train are 0, which is no spike"
            )

    def trial_model(self) -> TrialModel:
        """What `sbp_brian.training.spiking.Training` needs."""
        hidden = 0.0 if self.arm == "frozen" else self.rate_hidden
        rates = {f"into_{name}.rate": self.rate_output if name == "output" else hidden for name in self.names[1:]}
        return TrialModel(
            make=functools.partial(type(self).network, self),
            duration=self.duration,
            initial=self.initial,
            rates=rates,
            readout=readout.FirstSpike("answers.spike_time"),
            check=self.check,
            counted={f"{name}_spikes": f"{name}_spikes.N" for name in self.names[:-1]},
        )
