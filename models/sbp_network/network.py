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
from brian2 import Clock, EventMonitor, Network, Quantity, SpikeMonitor, StateMonitor, ms, second

from sbp_brian.errors import SampleError
from sbp_brian.models.sbp_network import cells as cells_of
from sbp_brian.models.sbp_network import code
from sbp_brian.models.sbp_network.cells import order_of
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.transport import Window, require_positive
from sbp_brian.training.encoding import check_displacement
from sbp_brian.training.readout import SpikeCounts
from sbp_brian.training.spiking import Presentation, Samples, TrialModel
from sbp_brian.wording import names_parameters, unknown

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
    lambda_p, lambda_f : float
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
        Seed of the choice of input synapses, where `lambda_p` < 1.
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
    input : str
        How pixels say their intensity x. ``graded``: one event at the onset, that delivers ``w x`` to a drive which
        lasts. ``latency``: one spike, the sooner the brighter, in step floor((1 - x) steps); it starts a drive w that
        lasts to the end of the sample. ``poisson``: in each step a spike with probability ``x input_rate``, that
        delivers ``w / input_rate`` for this step. ``spikes``: samples are the spikes of each input in each step, as
        `sbp_brian.training.encoding.spike_bytes` packs them, e.g. the events of a camera; a spike acts as one of
        ``poisson``. What a synapse then learns by is the pixel's trace, which at the end of the sample is x, x rounded
        to a step, and for the last two the number of spikes over (steps input_rate).
    input_rate : float
        Of ``poisson`` and ``spikes``: spikes a step of a pixel at full intensity, at most 1.
    dale : bool
        Dale's law: a share `inhibitory` of the pixels and of each hidden layer's cells is inhibitory, the others are
        excitatory, and no output synapse of a cell ever changes its sign: a step beyond 0 ends at 0.
    inhibitory : float
        See `dale`.
    short_term : bool
        Short-term depression of hidden cells' output synapses (Tsodyks & Markram 1997, doi:10.1073/pnas.94.2.719): a
        spike delivers ``w resource`` and takes the share `release` of the resource, which recovers with `tau_rec` and
        is full at the start of a sample.
    release : float
        See `short_term`.
    tau_rec : Quantity (second)
        See `short_term`.
    homeostatic_v : float
        In each step hidden membranes are drawn by this share to their own average ``v_homeo``, that follows them with
        `tau_homeo` over many samples (the paper's homeostatic V, in a form of our own). 0: not at all.
    tau_homeo : Quantity (second)
        See `homeostatic_v`.
    tau_stdp : Quantity (second) or None
        Output synapses learn by a trace of presynaptic spikes that decays with this time constant, so by the timing of
        spikes. None: by the mean rate of the sample so far.
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
    lambda_p: float = 1.0
    lambda_f: float = 1.0
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
    input: str = "graded"
    input_rate: float = 0.5
    dale: bool = False
    inhibitory: float = 0.5
    short_term: bool = False
    release: float = 0.2
    tau_rec: Quantity = field(default_factory=lambda: 20 * ms)
    homeostatic_v: float = 0.0
    tau_homeo: Quantity = field(default_factory=lambda: 1 * second)
    tau_stdp: Quantity | None = None
    several_right: bool = False

    def __post_init__(self):
        if np.ndim(self.n_hidden):
            object.__setattr__(self, "n_hidden", tuple(int(n) for n in self.n_hidden))
        if self.arm not in ARMS:
            raise ValueError(f"arm must be one of {', '.join(ARMS)}, got {self.arm!r}")
        for name, smallest in (
            ("n_input", self.n_input),
            ("n_hidden", min(self.hidden_sizes, default=0)),
            ("n_output", self.n_output),
            ("steps", self.steps),
        ):
            if smallest < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.first_taught < self.steps:
            last = self.steps - 1
            raise ValueError(f"first_taught must be a step of the sample, 0 to {last}, got {self.first_taught}")
        for name in ("rate_hidden", "rate_output", "homeostasis", "target_spikes"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be zero or positive and finite, got {getattr(self, name)}")
        for name in ("drop_input", "drop_hidden", "release", "homeostatic_v"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be a share from 0 to below 1, got {getattr(self, name)}")
        if self.input not in code.DELIVERED:
            raise ValueError(unknown("input", self.input, code.DELIVERED))
        if self.drop_input and self.input != "graded":
            raise ValueError(
                f"drop_input={self.drop_input} needs input='graded': pixels that are kept count more, "
                "which a spike cannot say; leave it out"
            )
        if not (0 < self.input_rate <= 1 and 0 <= self.inhibitory <= 1):
            raise ValueError(
                "input_rate must be above 0 to 1 spikes a step and inhibitory a share from 0 to 1, got "
                f"{self.input_rate} and {self.inhibitory}"
            )
        for name in ("step", "tau_rec", "tau_homeo", *(["tau_stdp"] if self.tau_stdp is not None else [])):
            require_positive("SBPNetwork", name, getattr(self, name), second, "units of time")
        if not 0 <= self.hidden_start < 1:
            raise ValueError(f"hidden_start must be from 0 to below the threshold of 1, got {self.hidden_start}")
        if self.jitter and self.input == "spikes":
            raise ValueError(
                f"jitter={self.jitter} displaces pixels of graded samples, not spikes; leave it out with input='spikes'"
            )
        check_displacement("jitter", self.jitter, self.width, self.n_input)
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

    def per_step(self, tau: Quantity) -> float:
        """Share that decays with the time constant `tau` within a step."""
        return -float(np.expm1(-float(self.step / tau)))

    @property
    def retrograde(self) -> RetrogradeSBP:
        """The retrograde signal of the hidden cells."""
        emission, by_activity = ARMS[self.arm]
        return RetrogradeSBP(
            lambda_p=self.lambda_p,
            lambda_f=self.lambda_f,
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
        shown, sbp = presentation.namespace(bits=self.input == "spikes"), self.retrograde
        pixels = cells_of.pixels(self, shown, every_step, every_sample)
        hidden = [cells_of.hidden(self, k, shown, sbp, every_step, every_sample) for k in range(len(self.hidden_sizes))]
        output = cells_of.output(self, shown, every_step, every_sample)

        synapses = []
        for k, (source, target) in enumerate(pairwise([pixels, *hidden])):
            plain = code.spike_rule(self.short_term) if k else code.input_rule(self.input, self.input_rate)
            receiving = sbp.receiving(plain, on="sample_end")
            if self.dale:
                receiving = code.with_fixed_sign(receiving)
            rule = sbp.emitting(receiving) if k and sbp.cascade else receiving
            made = rule.synapses(source, target, name=self.input_names[k])
            made.connect()
            made.retrograde.when, made.retrograde.order = "start", order_of(k) + 1
            synapses.append(made)
        synapses[0].present.when, synapses[0].present.order = "start", 4
        learning = code.output_rule(self.short_term, self.dale, self.tau_stdp is not None)
        outputs = sbp.emitting(learning).synapses(hidden[-1], output, name="outputs")
        outputs.connect()

        answers = StateMonitor(
            output, ["c", "v"], record=True, clock=every_sample, when="start", order=-2, name="answers"
        )
        counters = [SpikeMonitor(cells, record=False, name=f"{cells.name}_spikes") for cells in hidden]
        counters += [
            EventMonitor(group, event, record=False, name=name)
            for group, event, name in (
                (pixels, "onset", "onsets"),
                (pixels, "sample_end", "sample_ends"),
                (output, "missing", "missing_events"),
                (output, "excess", "excess_events"),
            )
        ]
        counters += [
            EventMonitor(cells, "sample_end", record=False, name=f"{cells.name}_sample_ends") for cells in hidden[:-1]
        ]
        net = Network(pixels, *hidden, output, *synapses, outputs, answers, *counters)
        for k, cells in enumerate(hidden):
            for hand_over in sbp.operation(cells, every_sample):
                hand_over.order = order_of(k) - 1
                net.add(hand_over)
        return net

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Weights before learning: uniform, by the sizes of the layers (Glorot & Bengio 2010); biases 0."""
        rng, start = np.random.default_rng([seed, 0]), {}
        sizes = (self.n_input, *self.hidden_sizes, self.n_output)
        for name, (n, m) in zip([*self.input_names, "outputs"], pairwise(sizes), strict=True):
            start[f"{name}.w"] = rng.uniform(-1, 1, n * m) * np.sqrt(6 / (n + m))
        start |= {f"{name}.bias": np.zeros(n) for name, n in zip(self.hidden_names, sizes[1:-1], strict=True)}
        if self.homeostatic_v:
            start |= {f"{name}.v_homeo": np.zeros(n) for name, n in zip(self.hidden_names, sizes[1:-1], strict=True)}
        if self.dale:
            senders, synapses = ["pixels", *self.hidden_names], [*self.input_names, "outputs"]
            for cells, out, n in zip(senders, synapses, sizes[:-1], strict=True):
                sign = np.where(rng.permutation(n) < round(self.inhibitory * n), -1.0, 1.0)
                start[f"{cells}.polarity"] = sign
                start[f"{out}.w"] = (sign[:, None] * np.abs(start[f"{out}.w"].reshape(n, -1))).ravel()
        return start

    def trial_model(self) -> TrialModel:
        """What `sbp_brian.training.spiking.Training` needs."""
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
            readout=SpikeCounts("answers.c", "answers.v"),
            counted=counted,
            counted_learning=self.counted_learning,
            by_epoch=self._constants,
            check=self._check,
        )

    def _check(self, samples: Samples) -> None:
        """Refuse samples that the input layer cannot read."""
        columns = samples.images.shape[1]
        if self.input == "spikes":
            needed = -(-self.steps * self.n_input // 8)
            if columns != needed:
                raise SampleError(
                    f"samples of {columns} bytes are not {self.steps} steps of {self.n_input} inputs, "
                    f"which are {needed}; pack spikes with sbp_brian.training.encoding.spike_bytes"
                )
        elif columns != self.n_input:
            raise SampleError(
                f"samples have {columns} features, the input layer {self.n_input} cells; give both the same number"
            )

    def _hidden_rates(self) -> dict[str, float]:
        """Learning rates of the hidden layers in the first epoch."""
        learns = self.arm != "frozen"
        rates = {f"{name}.retro_rate": self.rate_hidden * learns for name in self.input_names}
        rates |= {f"{name}.bias_rate": self.rate_hidden * self.lambda_f * learns for name in self.hidden_names}
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
        visits = {
            end: m * max(1, round(self.lambda_p * n)) / n for end, (n, m) in zip(ends, pairwise(sizes), strict=True)
        }
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
