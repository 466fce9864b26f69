r"""A spiking network whose hidden layer learns by nothing but self-backpropagation (SBP).

Three layers of cells, real spikes, no feedback weights and no second phase. The output cells learn by a local,
teacher-driven rule; each of their weight changes is reported back to the hidden cell in front of it (`RetrogradeSBP`),
and at the end of the sample the hidden cell's active input synapses change with it. It is SBP as the text of Zhang et
al. (2021) describes it, with one choice made explicit: what a synapse reports.

With ``weighted`` reports, w dw, divided by the cell's own spike count s, the signal of hidden cell j is

.. math:: R_j = \sum_k w_{jk} \, dw_{jk} / s_j = \eta \sum_k w_{jk} e_k ,

which is the gradient of the output error with respect to the cell's activity, though every factor is local to the cell
and its own synapses. Reports of the bare change dw, as the text has it, sum to :math:`s_j \sum_k e_k`: they carry no
class information to tell hidden cells apart.

Source: Zhang, Cheng, Jia, Poo, Zeng & Xu 2021, Science Advances 7, eabh0146, doi:10.1126/sciadv.abh0146, Fig. 1.
What differs from their released code: hidden spikes are what the next layer receives; the retrograde signal makes
changes of its own instead of rescaling others; the local rule is delta-like, driven by a teaching spike train.

Time course of a sample of ``steps`` steps (slots of the first step in the order in which they run)

====== ============= ================================================================================================
start  order -1      hidden: what the outputs reported during the last sample is handed over (``Window``)
start  0, 1          input cells that were active: event ``sample_end``; their synapses express it
start  2             hidden bias expresses it; all cells start anew; the new sample is read
start  3, 4          active input cells: event ``onset``; each delivers ``w x`` once to the drive of the hidden cells
groups               membranes add their drive
...    every step    threshold, synapses (hidden -> output), output plasticity, reset by subtraction
====== ============= ================================================================================================
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from brian2 import Clock, Equations, EventMonitor, Network, NeuronGroup, Quantity, SpikeMonitor, StateMonitor, ms

from sbp_brian._names import names_parameters
from sbp_brian.models import _sbp_network_code as code
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.transport import Window
from sbp_brian.trials import Presentation, TrialModel

__all__ = ["ARMS", "SBPNetwork"]

#: How the hidden layer learns in each arm: what is reported, divided by the cell's activity or not.
ARMS = {
    "weighted/activity": ("weighted", True),
    "weighted": ("weighted", False),
    "change": ("change", False),
    "relative": ("relative", False),
    "frozen": ("weighted", True),
    "shuffled-labels": ("weighted", True),
}

@names_parameters
@dataclass(frozen=True)
class SBPNetwork:
    r"""Parameters of the network.

    Parameters
    ----------
    n_input, n_output : int
        Sizes of the input and the output layer.
    n_hidden : int or sequence of int
        Size of the hidden layer, or of several, the one next to the input first.
    arm : str
        How hidden layers learn, a name in `ARMS`. ``frozen``: not at all. ``shuffled-labels``: as
        ``weighted/activity``; the labels are shuffled by whoever trains it.
    rate_hidden, rate_output : float
        Learning rates of the first epoch.
    proportion, fraction : float
        :math:`\lambda_p`, :math:`\lambda_f` of `RetrogradeSBP`.
    step : Quantity (second)
        Time step.
    steps : int
        Steps a sample is shown.
    first_taught : int
        Step from which the teacher is active; before it, hidden rates settle.
    random_start : bool
        Output membranes start each sample at a random value instead of half the threshold.
    seed_subset : int
        Seed of the choice of input synapses, where `proportion` < 1.
    cascade : bool
        With several hidden layers: what a hidden layer expresses is reported on to the layer below it. Else only the
        last one learns.
    drop_input : float
        Share of the active pixels that are lost, at random, while there is a teacher; they neither deliver nor learn.
        The others count 1/(1 - drop_input) times as much.
    drop_hidden : float
        Share of the hidden cells that are silent during a sample with a teacher. What arrives from the others counts
        1/(1 - drop_hidden) times as much.
    homeostasis : float
        Rate, in the first epoch, at which a hidden cell's bias follows its own activity after each sample with a
        teacher: ``bias -= homeostasis (s - target_spikes)``, s the spikes of the sample.
    target_spikes : float
        See `homeostasis`. 0: a cost of every spike.
    hidden_decays : bool
        The rate of the hidden layers decays with the output's from epoch to epoch, so that what they express, the
        product of both, falls with the square. Else it stays, and the signal falls as the output's changes do.
    hidden_start : float
        Where hidden membranes start each sample, 0 to below 1 (the threshold). 0: a cell's spikes are its drive
        rounded down, 0.5: rounded to the nearest.
    jitter, width : int
        Samples with a teacher are displaced by up to `jitter` pixels each way, at random, in rows of `width` pixels;
        what leaves the image is lost. 0: not at all.
    several_right : bool
        Several outputs may be right at once: the teacher follows the targets of a sample instead of its class.

    Raises
    ------
    ValueError
        Unknown arm, sizes or rates that make no sense.
    """

    n_input: int = 784
    n_hidden: int | tuple[int, ...] = 500
    n_output: int = 10
    arm: str = "weighted/activity"
    rate_hidden: float = 20.0
    rate_output: float = 0.001
    proportion: float = 1.0
    fraction: float = 1.0
    step: Quantity = field(default_factory=lambda: 1 * ms)
    steps: int = 20
    first_taught: int = 4
    random_start: bool = False
    seed_subset: int = 0
    cascade: bool = True
    drop_input: float = 0.0
    drop_hidden: float = 0.0
    homeostasis: float = 0.0
    target_spikes: float = 0.0
    hidden_decays: bool = True
    hidden_start: float = 0.0
    jitter: int = 0
    width: int = 28
    several_right: bool = False

    def __post_init__(self):
        if np.ndim(self.n_hidden):
            object.__setattr__(self, "n_hidden", tuple(int(n) for n in self.n_hidden))
        if self.arm not in ARMS:
            raise ValueError(f"arm must be one of {', '.join(ARMS)}, got {self.arm!r}")
        for name, smallest in (("n_input", self.n_input), ("n_hidden", min(self.hidden_sizes, default=0)),
                               ("n_output", self.n_output), ("steps", self.steps)):
            if smallest < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.first_taught < self.steps:
            last = self.steps - 1
            raise ValueError(f"first_taught must be a step of the sample, 0 to {last}, got {self.first_taught}")
        for name in ("rate_hidden", "rate_output", "homeostasis", "target_spikes"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be zero or positive and finite, got {getattr(self, name)}")
        for name in ("drop_input", "drop_hidden"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be a share from 0 to below 1, got {getattr(self, name)}")
        if not 0 <= self.hidden_start < 1:
            raise ValueError(f"hidden_start must be from 0 to below the threshold of 1, got {self.hidden_start}")
        if self.jitter < 0 or (self.jitter and (self.width < 1 or self.n_input % self.width)):
            raise ValueError(f"jitter needs 0 or more pixels, and rows of a width that divides the {self.n_input} "
                             f"inputs; got jitter={self.jitter}, width={self.width}")
        _ = self.retrograde  # lets it check its own parameters now

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """Sizes of the hidden layers, the one next to the input first."""
        return self.n_hidden if isinstance(self.n_hidden, tuple) else (self.n_hidden,)

    @property
    def hidden_names(self) -> list[str]:
        """Of the hidden layers' cells: ``hidden``, ``hidden2``, ``hidden3`` ..."""
        return ["hidden", *(f"hidden{k}" for k in range(2, len(self.hidden_sizes) + 1))]

    @property
    def input_names(self) -> list[str]:
        """Of the synapses onto each hidden layer: ``inputs``, ``inputs2``, ``inputs3`` ..."""
        return [name.replace("hidden", "inputs") for name in self.hidden_names]

    @property
    def duration(self) -> Quantity:
        """How long a sample is shown."""
        return self.steps * self.step

    @property
    def retrograde(self) -> RetrogradeSBP:
        """The retrograde signal of the hidden cells."""
        emission, by_activity = ARMS[self.arm]
        return RetrogradeSBP(
            proportion=self.proportion,
            fraction=self.fraction,
            emission=emission,
            activity="s" if by_activity else None,
            transport=Window(self.duration),
            gate="x_pre",
            rate=0.0,  # set for each run: it decays from epoch to epoch
            cascade=self.cascade and len(self.hidden_sizes) > 1,
            seed=self.seed_subset,
        )

    def network(self, presentation: Presentation) -> Network:
        """The network; cells ``pixels``, `hidden_names`, ``output``, synapses `input_names`, ``outputs``."""
        every_sample, every_step = Clock(self.duration, name="sample_clock"), Clock(self.step, name="step_clock")
        shown, sbp = presentation.namespace(), self.retrograde
        pixels = self._pixels(shown, every_sample)
        hidden = [self._hidden(k, shown, sbp, every_step, every_sample) for k in range(len(self.hidden_sizes))]
        output = self._output(shown, every_step, every_sample)

        synapses = []
        for k, (source, target) in enumerate(pairwise([pixels, *hidden])):
            receiving = sbp.receiving(code.SPIKE_RULE if k else code.INPUT_RULE, on="sample_end")
            rule = sbp.emitting(receiving) if k and sbp.cascade else receiving
            made = rule.synapses(source, target, name=self.input_names[k])
            made.connect()
            made.retrograde.when, made.retrograde.order = "start", self._order(k) + 1
            synapses.append(made)
        synapses[0].present.when, synapses[0].present.order = "start", 4
        outputs = sbp.emitting(code.output_rule()).synapses(hidden[-1], output, name="outputs")
        outputs.connect()

        answers = StateMonitor(output, ["c", "v"], record=True, clock=every_sample, when="start", order=-2,
                               name="answers")
        counters = [SpikeMonitor(cells, record=False, name=f"{cells.name}_spikes") for cells in hidden]
        counters += [EventMonitor(group, event, record=False, name=name) for group, event, name in (
            (pixels, "onset", "onsets"), (pixels, "sample_end", "sample_ends"), (output, "missing", "missing_events"),
            (output, "excess", "excess_events"))]
        counters += [EventMonitor(cells, "sample_end", record=False, name=f"{cells.name}_sample_ends")
                     for cells in hidden[:-1]]
        net = Network(pixels, *hidden, output, *synapses, outputs, answers, *counters)
        for k, cells in enumerate(hidden):
            for hand_over in sbp.operation(cells, every_sample):
                hand_over.order = self._order(k) - 1
                net.add(hand_over)
        return net

    @staticmethod
    def _order(layer: int) -> int:
        """Order, at the start of a sample, of the event at which synapses onto this hidden layer express its signal."""
        return -10 * layer

    def _pixels(self, shown, clock) -> NeuronGroup:
        pixels = NeuronGroup(
            self.n_input,
            code.PIXELS + (code.DROPPED_PIXELS if self.drop_input else "") + (code.DISPLACED if self.jitter else ""),
            clock=clock,
            events={"onset": "x > 0", "sample_end": "x > 0 and teacher_on > 0"},
            namespace={**shown, "width": self.width},
            name="pixels",
        )
        pixels.set_event_schedule("sample_end", when="start", order=0)
        pixels.set_event_schedule("onset", when="start", order=3)
        read = "teacher_on = teaching(t)\nx = sample_value(shown(t), i)"
        if self.jitter:
            pixels.column = np.arange(self.n_input) % self.width
            read = code.READ_DISPLACED
        if self.drop_input:
            read += "*int(rand() >= drop*teacher_on)/(1 - drop*teacher_on)"
        pixels.run_regularly(read, clock=clock, when="start", order=2, name="pixels_read")
        return pixels

    def _hidden(self, k: int, shown, sbp, every_step, every_sample) -> NeuronGroup:
        below, upper = k + 1 < len(self.hidden_sizes), k > 0
        equations = [code.UPPER if upper else code.FIRST, code.HIDDEN]
        begin = [f"v = {self.hidden_start!r}", "s = 0", "arriving = 0" if upper else "drive = 0"]
        learn, shared, arrived = "bias += bias_rate*(retro_ltp_now - retro_ltd_now)", [], "arriving"
        if self.homeostasis or below:
            equations.append("teacher_on : 1 (shared)")
            shared.append("teacher_on = teaching(t)")
        if below:
            equations.append(code.BELOW.format(steps=self.steps))
            shared.append("learning = 0")
        if self.homeostasis:
            equations.append(code.HOMEOSTASIS)
            learn += " - homeostasis*teacher_on*(s - target_spikes)" + ("*(1 - lost)" if self.drop_hidden else "")
        if self.drop_hidden:
            equations.append(code.DROPPED_CELLS)
            begin = ["lost = int(rand() < drop*teaching(t))", f"v = {self.hidden_start!r} - 1000*lost", *begin[1:]]
            if upper:
                equations.append(code.GAIN)
                shared.append("gain = 1 + (gain_taught - 1)*teaching(t)")
                arrived = "gain*arriving"
        cells = NeuronGroup(
            self.hidden_sizes[k],
            Equations("\n".join(equations)) + sbp.equations,
            threshold="v >= 1",
            reset="v -= 1\ns += 1",
            events=sbp.events | ({"sample_end": "learning > 0 and s > 0"} if below else {}),
            clock=every_step,
            namespace={**shown},
            name=self.hidden_names[k],
        )
        if self.drop_hidden and upper:
            cells.gain_taught = 1
        name, at = cells.name, {"clock": every_sample, "when": "start"}
        if below:
            cells.set_event_schedule("sample_end", when="start", order=self._order(k + 1))
            cells.run_regularly("learning = teacher_on", order=self._order(k + 1) - 2, name=f"{name}_ending", **at)
        if shared:  # statements about all cells come first in a block, and the bias needs the old teacher_on
            cells.run_regularly(learn, order=1, name=f"{name}_learn", **at)
            cells.run_regularly("\n".join([*shared, *begin]), order=2, name=f"{name}_begin", **at)
        else:
            cells.run_regularly("\n".join([learn, *begin]), order=2, name=f"{name}_begin", **at)
        move = f"v += {arrived} + bias\narriving = 0" if upper else "v += clip(drive + bias, 0, 1)"
        cells.run_regularly(move, when="groups", name=f"{name}_integrate")
        return cells

    def _output(self, shown, every_step, every_sample) -> NeuronGroup:
        constants = {"step_length": self.step, "n_steps": self.steps, "first_taught": self.first_taught}
        output = NeuronGroup(
            self.n_output,
            code.OUTPUT + (code.GAIN if self.drop_hidden else ""),
            threshold="v >= 1",
            reset="v -= 1\nc += 1",
            events=dict(code.OUTPUT_EVENTS),
            clock=every_step,
            namespace={**shown, **constants},
            name="output",
        )
        if self.drop_hidden:
            output.gain_taught = 1
        for event in code.OUTPUT_EVENTS:
            output.set_event_schedule(event, when="thresholds", order=1)
        output.run_regularly(code.OUTPUT_PHASE, when="before_groups", name="output_phase")
        begin = ["gain = 1 + (gain_taught - 1)*teaching(t)"] if self.drop_hidden else []
        wanted = "target_value(shown(t), i)" if self.several_right else "int(i == target_class(t))"
        begin += [f"v = {'rand()' if self.random_start else '0.5'}", "arriving = 0", "c = 0", f"wanted = {wanted}"]
        output.run_regularly("\n".join(begin), clock=every_sample, when="start", order=2, name="output_begin")
        arrived = "gain*arriving" if self.drop_hidden else "arriving"
        output.run_regularly(f"v = clip(v + {arrived}, 0, 2)\narriving = 0", when="groups", name="output_integrate")
        return output

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Weights before learning: uniform, by the sizes of the layers (Glorot & Bengio 2010); biases 0."""
        rng, start = np.random.default_rng([seed, 0]), {}
        sizes = (self.n_input, *self.hidden_sizes, self.n_output)
        for name, (n, m) in zip([*self.input_names, "outputs"], pairwise(sizes), strict=True):
            start[f"{name}.w"] = rng.uniform(-1, 1, n * m) * np.sqrt(6 / (n + m))
        return start | {f"{name}.bias": np.zeros(n) for name, n in zip(self.hidden_names, sizes[1:-1], strict=True)}

    def trial_model(self) -> TrialModel:
        """What `sbp_brian.trials.Training` needs."""
        spikes = {f"{name}_spikes.N": 1.0 for name in self.hidden_names}
        reached = zip(["onsets.N", *spikes], (*self.hidden_sizes, self.n_output), strict=True)
        counted = {"hidden_spikes": spikes, "active_inputs": "onsets.N", "synaptic_operations": dict(reached)}
        if len(spikes) > 1:
            counted |= {f"{name}_spikes": f"{name}_spikes.N" for name in self.hidden_names[1:]}
        return TrialModel(
            make=functools.partial(SBPNetwork.network, self),
            duration=self.duration,
            initial=self.initial,
            rates={**self._hidden_rates(), "outputs.rate": self.rate_output},
            counts="answers.c",
            remainder="answers.v",
            counted=counted,
            counted_learning=self.counted_learning,
            by_epoch=self._constants,
        )

    def _hidden_rates(self) -> dict[str, float]:
        """Learning rates of the hidden layers in the first epoch."""
        learns = self.arm != "frozen"
        rates = {f"{name}.retro_rate": self.rate_hidden * learns for name in self.input_names}
        rates |= {f"{name}.bias_rate": self.rate_hidden * self.fraction * learns for name in self.hidden_names}
        if self.homeostasis:
            rates |= {f"{name}.homeostasis": self.homeostasis * learns for name in self.hidden_names}
        return rates

    @property
    def counted_learning(self) -> dict[str, dict[str, float]]:
        """Weights that plasticity visits (unchanged ones too), and reports to hidden cells, for `TrialModel`.

        An output cell's event visits its weights from all hidden cells, and each reports; the end of a sample visits
        the weights of active inputs that take part (in cascade these report too). In the arm ``frozen`` nothing is
        reported and no input changes.
        """
        reports = dict.fromkeys(("missing_events.N", "excess_events.N"), float(self.hidden_sizes[-1]))
        if self.arm == "frozen":
            return {"weight_changes": reports, "reports": dict.fromkeys(reports, 0.0)}
        sizes = (self.n_input, *self.hidden_sizes)
        ends = ["sample_ends.N", *(f"{name}_sample_ends.N" for name in self.hidden_names[:-1])]
        visits = {end: m * max(1, round(self.proportion * n)) / n
                  for end, (n, m) in zip(ends, pairwise(sizes), strict=True)}
        if not self.cascade:
            visits = {ends[-1]: visits[ends[-1]]}
        upper = {end: visits[end] for end in ends[1:]} if self.cascade else {}
        return {"weight_changes": {**reports, **visits}, "reports": {**reports, **upper}}

    def _constants(self, epoch: int = 0) -> dict[str, float]:
        """Values of what training adds to a network at rest, and of rates that do not decay."""
        constants = {}
        if not self.hidden_decays:
            constants |= {name: rate for name, rate in self._hidden_rates().items() if not name.endswith("homeostasis")}
        if self.jitter:
            constants["pixels.jitter"] = self.jitter
        if self.drop_input:
            constants["pixels.drop"] = self.drop_input
        if self.homeostasis:
            constants |= {f"{name}.target_spikes": self.target_spikes for name in self.hidden_names}
        if self.drop_hidden:
            constants |= {f"{name}.drop": self.drop_hidden for name in self.hidden_names}
            gain = 1 / (1 - self.drop_hidden)
            constants |= {f"{name}.gain_taught": gain for name in [*self.hidden_names[1:], "output"]}
        return constants
