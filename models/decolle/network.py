r"""DECOLLE: every layer learns online, at each step, from a fixed random readout of its own.

Weights change by three factors: the presynaptic trace P, the surrogate derivative at the membrane potential U, and the
layer's local error, which its fixed readouts send back. No gradient runs through time or between layers; state does not
grow with the length of a sample. `sbp_brian.models.decolle.cell` has the equations, `sbp_brian.models.decolle.rules`
the two exact forms of the update, docs/decolle.md what came of it.

Source: Kaiser, Mostafa & Neftci 2020, Front Neurosci 14:424, doi:10.3389/fnins.2020.00424.
What differs: plain gradient steps by default, rates that decay, no dropout on the readout, one sample at a time, and
the loss is the mean over readouts.

Within a step of ``step``:

================== ==================================================================================================
slot, order        what
================== ==================================================================================================
start, -20         the answers of the last sample are recorded
start, -15         where in the sample and in its window the step lies
start, -12 to -10  rank 1: at the beginning of a window, flush
start, 0           a new sample: all cells start anew
before_groups      dense: potentials are summed up
thresholds         spikes of all layers
before_synapses    0 readouts; 1 errors; 2, 3 the readouts' events and what they send
synapses           -3 moments; -2 the cells' step: bias, traces, potential; 0 spikes arrive (rank 1), or gradients add
                   up; 2 weights change (dense)
resets             traces take up the spikes
================== ==================================================================================================
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace

import numpy as np
from brian2 import (
    Clock,
    Hz,
    Network,
    NeuronGroup,
    Quantity,
    SpikeMonitor,
    have_same_dimensions,
    ms,
)

from sbp_brian.brian import copies
from sbp_brian.errors import ModelError
from sbp_brian.models import checks
from sbp_brian.models.decolle.cell import LOSSES, DecolleCell
from sbp_brian.models.decolle.readout import read_out
from sbp_brian.models.decolle.rules import OPTIMISERS, Dense, Rank1
from sbp_brian.rules import SynapseRule
from sbp_brian.rules.quantities import duration
from sbp_brian.training.encoding import spike_bytes
from sbp_brian.training.readout import Votes
from sbp_brian.training.spiking import Presentation, Samples, Shared, TrialModel

__all__ = ["LEARNING", "Decolle"]

LEARNING = ("local", "frozen", "shuffled-labels")
COMMON = "phase : integer (shared)"
HIDDEN = """
u = {potential} : 1
r : 1
bias : 1
rate : 1 (shared)
shrink : 1 (shared)
rate_now : 1 (shared)
feedback : 1
learning : 1 (shared)
phase : integer (shared)
"""


@dataclass(frozen=True)
class Decolle:
    r"""Parameters of the network.

    Parameters
    ----------
    layers : tuple of int
        Cells of the input and of each hidden layer.
    readouts : int or tuple of int
        Readouts of each hidden layer: the classes.
    learning : str
        ``local``: DECOLLE. ``frozen``: nothing learns. ``shuffled-labels``: whoever trains it shuffles the labels.
    form : str
        ``rank1`` (follows the spikes) or ``dense``; equal up to rounding.
    steps : int
        Steps a sample is shown.
    burn_in : int
        Steps of a sample before learning and voting begin.
    step : Quantity (s)
    cell : DecolleCell
    loss : str
        A name in `sbp_brian.models.decolle.cell.LOSSES`: ``smooth-l1`` or ``squared`` (half the square).
    rate : float
        Learning rate of the first presentation.
    shrink : float
        Factor on the rate after each sample of a run.
    every : int
        Steps between two updates (dense form); the gradients between are summed.
    optimiser : str
        ``sgd`` or, in the dense form, ``adamax`` (betas 0 and 0.95).
    encoding : str
        ``poisson``: a feature x spikes with rate ``x * input_rate``. ``spikes``: samples are spikes, `packed`.
    input_rate : Quantity (Hz)
    targets : tuple of ndarray, or None
        Of each hidden layer, shape (steps, readouts): its target as a function of time. None: labels; the readout of
        the class aims at ``aim_class``, the others at 0.
    aim_class : float
    readout_scale : float
        G is uniform within readout_scale/sqrt(n) for a layer of n cells.
    spread : float
        Initial weights are uniform within spread/sqrt(n) for n presynaptic cells, biases within 0.001.
    feedback_noise : float
        The feedback weights are G times a factor uniform within 1 +- this (below 1: signs agree).

    Raises
    ------
    ModelError, RuleError
        Unknown names, sizes that do not chain, targets of the wrong length, values that make no sense.
    """

    layers: tuple[int, ...] = (784, 128, 128)
    readouts: int | tuple[int, ...] = 10
    learning: str = "local"
    form: str = "rank1"
    steps: int = 60
    burn_in: int = 10
    step: Quantity = field(default_factory=lambda: 1 * ms)
    cell: DecolleCell = field(default_factory=DecolleCell)
    loss: str = "smooth-l1"
    rate: float = 0.01
    shrink: float = 1.0
    every: int = 1
    optimiser: str = "sgd"
    encoding: str = "poisson"
    input_rate: Quantity = field(default_factory=lambda: 500 * Hz)
    targets: tuple | None = None
    aim_class: float = 1.0
    readout_scale: float = 0.5
    spread: float = 0.1
    feedback_noise: float = 0.0

    def __post_init__(self):
        object.__setattr__(self, "layers", tuple(int(n) for n in self.layers))
        if len(self.layers) < 2 or min(self.layers) < 1:
            raise ModelError(f"layers must name the input and at least one hidden layer of 1 cell, got {self.layers}")
        hidden = len(self.layers) - 1
        if np.ndim(self.readouts) == 0:
            object.__setattr__(self, "readouts", (int(self.readouts),) * hidden)
        object.__setattr__(self, "readouts", tuple(int(k) for k in self.readouts))
        if len(self.readouts) != hidden or min(self.readouts) < 1:
            raise ModelError(
                f"readouts must be one number above 0 for each of the {hidden} hidden layers, got {self.readouts}"
            )
        for name, known in (
            ("learning", LEARNING),
            ("form", ("rank1", "dense")),
            ("loss", LOSSES),
            ("optimiser", OPTIMISERS),
            ("encoding", ("poisson", "spikes")),
        ):
            checks.one_of(name, getattr(self, name), known)
        duration("step", self.step)
        if not 0 <= self.burn_in < self.steps:
            raise ModelError(f"burn_in must be a step of the sample, 0 to {self.steps - 1}, got {self.burn_in}")
        if self.every < 1 or self.steps % self.every:
            raise ModelError(f"every must divide the sample's {self.steps} steps, got {self.every}")
        if self.form == "rank1" and (self.every > 1 or self.optimiser != "sgd"):
            raise ModelError(
                "the rank-1 form updates at every step by plain gradient steps; for "
                f"every={self.every}, optimiser={self.optimiser!r} choose form='dense'"
            )
        if not have_same_dimensions(self.input_rate, Hz) or not 0 < float(self.input_rate * self.step) <= 1:
            raise ModelError(f"input_rate must be above 0 and at most one spike a step, got {self.input_rate}")
        checks.number("shrink", self.shrink, "(0, 1]")
        checks.number("feedback_noise", self.feedback_noise, "[0, 1)", remedy="from 1 on signs would disagree")
        for name in ("rate", "aim_class", "readout_scale", "spread"):
            checks.number(name, getattr(self, name), "[0, inf)")
        if self.targets is not None:
            self._check_targets(hidden)

    def _check_targets(self, hidden: int) -> None:
        targets = tuple(np.array(target, float) for target in self.targets)
        if len(targets) != hidden:
            raise ModelError(f"targets must be one array for each of the {hidden} hidden layers, got {len(targets)}")
        for k, (target, n) in enumerate(zip(targets, self.readouts, strict=True)):
            if target.shape != (self.steps, n):
                raise ModelError(
                    f"the target of hidden layer {k + 1} must have the shape (steps, readouts) = "
                    f"({self.steps}, {n}), got {target.shape}"
                )
            if not np.isfinite(target).all():
                raise ModelError(f"the target of hidden layer {k + 1} holds NaN or infinite values")
        object.__setattr__(self, "targets", targets)

    # ------------------------------------------------------------------------------------------------- description
    @property
    def duration(self) -> Quantity:
        """How long a sample is shown."""
        return self.steps * self.step

    @property
    def names(self) -> list[str]:
        """Of the cells: ``pixels``, ``hidden1`` ...; synapses are ``into_hidden1`` ..., readouts ``readout1`` ..."""
        return ["pixels", *(f"hidden{k}" for k in range(1, len(self.layers)))]

    @property
    def update(self) -> Rank1 | Dense:
        """The form of the update."""
        return Rank1(self.cell) if self.form == "rank1" else Dense(self.cell, self.every, self.optimiser)

    def _form(self, k: int) -> Rank1 | Dense:
        """That of the cells of layer k."""
        return self.update

    def _precision(self) -> dict[str, type] | None:
        """Types of variables that are not of double precision."""
        return None

    @staticmethod
    def packed(spikes: np.ndarray) -> np.ndarray:
        """Samples for ``encoding='spikes'``; see `sbp_brian.training.encoding.spike_bytes`."""
        return spike_bytes(spikes)

    # ---------------------------------------------------------------------------------------------------- building
    def network(self, presentation: Presentation) -> Network:
        """The network; objects are named as in `names`."""
        self._check_inputs(presentation.images.shape[1])
        step, sample = Clock(self.step, name="step_clock"), Clock(self.duration, name="sample_clock")
        shown, factors = presentation.namespace(bits=self.encoding == "spikes"), self.cell.factors(self.step)
        namespace = {
            **shown,
            **factors,
            "step_length": self.step,
            "n_steps": self.steps,
            "burn_in": self.burn_in,
            "every": self.every,
            "sample_length": self.duration,
            "n_inputs": self.layers[0],
            "spike_share": float(self.input_rate * self.step),
        }
        if self.form == "rank1":
            namespace["window_steps"] = self.update.window(self.step, self.steps)
            namespace["window_length"] = float(namespace["window_steps"])
        groups = [self._cells(k, step, sample, namespace) for k in range(len(self.layers))]
        objects = list(groups)
        for k in range(1, len(groups)):
            objects += self._arriving(k, groups[k - 1], groups[k], step, sample, namespace)
            objects += read_out(self, k, groups[k], {"step": step, "sample": sample}, shown)
        spikes = [SpikeMonitor(group, record=False, name=f"{group.name}_spikes") for group in groups]
        return Network(*objects, *spikes)

    def _cells(self, k: int, step: Clock, sample: Clock, namespace: dict) -> NeuronGroup:
        """Layer k: the presynaptic side of what follows it, the postsynaptic side of what feeds it."""
        form, n = self._form(k), self.layers[k]
        pre, post = k < len(self.layers) - 1, k > 0
        rank1 = self.form == "rank1"
        model, stepping, begin, reset, events = [], ["phase = timestep(t, step_length) % n_steps"], [], [], {}
        if post:
            model += [HIDDEN.format(potential=form.POTENTIAL), form.POST]
            stepping += ["learning = teaching(t)*int(phase >= burn_in)", form.POST_STEP]
            begin += ["rate_now = rate*shrink**timestep(t, sample_length)\nr = 0\nfeedback = 0", form.POST_BEGIN]
            reset += ["r += 1 - gamma_ref"]
            if rank1:
                model += ["pp : 1 (linked)\npq : 1 (linked)"]
            else:
                model += [form.bias_state()]
            if self.cell.too_silent:
                model += ["share_active : 1 (linked)"]
            threshold = "u > 0"
        elif self.encoding == "poisson":
            model, threshold = [COMMON, "x : 1"], "x > 0 and rand() < x"
            begin += ["x = spike_share*sample_value(shown(t), i)"]
        else:
            model, threshold = [COMMON, "row : 1 (shared)"], "sample_bit(row, phase*n_inputs + i) > 0"
            stepping += ["row = shown(t)"]
        if pre:
            model, stepping = [*model, form.PRE], [*stepping, form.PRE_STEP]
            reset += [form.PRE_SPIKE]
            events = {"flush": form.FLUSH} if rank1 else {"present": form.PRESENT, "improve": form.improve}
            begin += [] if rank1 else [form.PRE_BEGIN]
        code = "\n".join(model)
        cells = copies.cells(
            n,
            code,
            threshold=threshold,
            reset="\n".join(reset) or None,
            events=events,
            clock=step,
            namespace=namespace,
            dtype=self._precision(),
            name=self.names[k],
        )
        cells.run_regularly("\n".join(stepping), clock=step, when="start", order=-15, name=f"{cells.name}_where")
        if begin:
            cells.run_regularly("\n".join(begin), clock=sample, when="start", order=0, name=f"{cells.name}_begin")
        if pre and rank1:
            cells.set_event_schedule("flush", when="start", order=-12)
            cells.run_on_event("flush", form.PRE_FLUSHED, when="start", order=-10)
        elif pre:
            cells.set_event_schedule("present", when="before_groups", order=0)
            cells.set_event_schedule("improve", when="synapses", order=1)
            cells.run_regularly(form.PRE_TRACES, clock=step, when="synapses", order=9, name=f"{cells.name}_traces")
        if post:
            cells.run_regularly(form.learn(n), clock=step, when="synapses", order=-2, name=f"{cells.name}_step")
        return cells

    def _arriving(self, k: int, source: NeuronGroup, target: NeuronGroup, step, sample, namespace) -> list:
        """Plastic synapses into layer k, and the moments of their traces."""
        form, factors = self.update, self.cell.factors(self.step)
        synapses, *weights = self._plastic(k, form.rule(factors), source, target, step)
        if self.form == "dense":
            return [synapses, *weights]
        sums = copies.cells(1, form.MOMENTS, clock=step, namespace=namespace, name=f"sums{k}")
        sums.run_regularly("pp = 0\npq = 0\nqq = 0", clock=sample, when="start", order=0, name=f"sums{k}_begin")
        sums.run_regularly(form.MOMENTS_STEP, clock=step, when="synapses", order=-1, name=f"sums{k}_step")
        collect = form.moments(factors).synapses(source, sums, name=f"collect{k}", clock=step)
        copies.connect(collect)
        target.pp, target.pq = (copies.linked(sums, name, target) for name in ("pp", "pq"))
        return [synapses, sums, collect]

    def _plastic(self, k: int, rule: SynapseRule, source: NeuronGroup, target: NeuronGroup, step) -> list:
        """Synapses into layer k, connected, and what else holds their weights."""
        synapses = rule.synapses(source, target, name=f"into_{target.name}", clock=step)
        copies.connect(synapses)
        return [synapses]

    # ---------------------------------------------------------------------------------------------------- training
    def check(self, samples: Samples) -> None:
        """Refuse samples that the network cannot show or answer.

        Raises
        ------
        ModelError
            Another number of inputs.
        SampleError
            A label or targets for which a layer has no readout.
        """
        self._check_inputs(samples.images.shape[1])
        for k, n in enumerate(self.readouts if self.targets is None else (), 1):
            checks.have_cells(samples, n, f"readout{k}")

    def _check_inputs(self, columns: int) -> None:
        if self.encoding == "spikes" and 8 * columns < self.steps * self.layers[0]:
            raise ModelError(
                f"samples of {columns} bytes are too short for {self.steps} steps of {self.layers[0]} inputs; pack "
                "them with Decolle.packed"
            )
        if self.encoding == "poisson" and columns != self.layers[0]:
            raise ModelError(
                f"samples have {columns} features, the input layer {self.layers[0]} cells; give both the same number"
            )

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Weights before learning, the optimiser's state, the rate's decay, and the fixed readouts and feedback."""
        rng, start = np.random.default_rng([seed, 0]), {}
        for k, (n, m, r) in enumerate(zip(self.layers[:-1], self.layers[1:], self.readouts, strict=True), 1):
            start |= self._weights(k, n, m, rng)
            start[f"hidden{k}.bias"] = rng.uniform(-1e-3, 1e-3, m)
            start[f"hidden{k}.shrink"] = np.array(self.shrink)
            if self.optimiser == "adamax":
                start[f"into_hidden{k}.top"], start[f"hidden{k}.bias_top"] = np.zeros(n * m), np.zeros(m)
            readout = rng.uniform(-1, 1, (m, r)) * self.readout_scale / np.sqrt(m)
            start[f"reading{k}.w"] = readout.ravel()
            noise = 1 + self.feedback_noise * rng.uniform(-1, 1, (m, r))
            start[f"back{k}.w"] = (readout * noise).T.ravel()
        return start

    def _weights(self, k: int, n: int, m: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Weights into layer k of m cells, from n."""
        return {f"into_hidden{k}.w": rng.uniform(-1, 1, n * m) * self.spread / np.sqrt(n)}

    def trial_model(self) -> TrialModel:
        """What `sbp_brian.training.spiking.Training` needs; the last layer answers."""
        last = len(self.layers) - 1
        rates = {f"hidden{k}.rate": 0.0 if self.learning == "frozen" else self.rate for k in range(1, last + 1)}
        counted = {f"{name}_spikes": f"{name}_spikes.N" for name in self.names}
        votes = "votes" if self.targets is None else "total"
        return TrialModel(
            make=functools.partial(Decolle.network, self),
            duration=self.duration,
            initial=self.initial,
            rates=rates,
            readout=Votes(f"answers{last}.{votes}", f"answers{last}.total"),
            counted=counted,
            check=self.check,
            set_by=dict.fromkeys(rates, "rate"),
            shared=self._shared(),
        )

    def _shared(self) -> Shared | None:
        """What it has in common with networks of another rate."""
        if type(self) is not Decolle:  # kernels are no pathways of cells
            return None
        common = replace(self, rate=0.0, shrink=1.0, learning=LEARNING[0])
        return Shared(functools.partial(Decolle.network, common))
