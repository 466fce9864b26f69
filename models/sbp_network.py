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

import numpy as np
from brian2 import Clock, Equations, EventMonitor, Network, NeuronGroup, Quantity, SpikeMonitor, StateMonitor, ms

from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.rules import SynapseRule
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

INPUT = """
teacher_on : 1 (shared)  # 1 while a sample with a teacher is shown
x : 1                    # intensity of the pixel, 0 to 1
"""
HIDDEN = """
drive : 1     # what the inputs of this sample delivered
bias : 1
v : 1         # membrane, threshold 1, reset by subtraction
s : 1         # spikes in this sample
"""
OUTPUT = """
arriving : 1  # what hidden spikes delivered in this step
v : 1
c : 1         # spikes in this sample
phase : integer (shared)  # step within the sample, from 0
teacher : 1 (shared)      # 1 while the teacher is active
"""
OUTPUT_PHASE = """
phase = timestep(t, step_length) % n_steps
teacher = teaching(t)*int(timestep(t, step_length) % n_steps >= first_taught)
"""
OUTPUT_EVENTS = {
    "missing": "teacher > 0 and i == target_class(t) and v < 1",  # the teacher's spike without the cell's own
    "excess": "teacher > 0 and i != target_class(t) and v >= 1",  # the cell's own without the teacher's
}
INPUT_RULE = SynapseRule(
    name="graded onset",
    model="w : 1",
    on_pre={"present": "drive_post += w*x_pre"},
    on_event={"present": "onset"},
)


def output_rule() -> SynapseRule:
    r"""The output synapse: transmits hidden spikes; learns by the difference of teacher and own spike.

    ``dw = +-rate s / (phase + 1)`` with s the presynaptic spikes of this sample so far, phase the step within it: the
    delta rule on the presynaptic rate. Changes happen at the output cell's events ``missing`` (+) and ``excess`` (-).
    """
    change = "w = w {sign} rate*s_pre/(phase_post + 1)"
    return SynapseRule(
        name="teacher-driven delta rule",
        model="w : 1\nrate : 1 (shared)",
        on_pre={"pre": "arriving_post += w"},
        on_post={"missing": change.format(sign="+"), "excess": change.format(sign="-")},
        on_event={"missing": "missing", "excess": "excess"},
        initial={"rate": 0.0},
    )


@dataclass(frozen=True)
class SBPNetwork:
    r"""Parameters of the network.

    Parameters
    ----------
    n_input, n_hidden, n_output : int
        Sizes of the layers.
    arm : str
        How the hidden layer learns, a name in `ARMS`. ``frozen``: not at all. ``shuffled-labels``: as
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

    Raises
    ------
    ValueError
        Unknown arm, sizes or rates that make no sense.
    """

    n_input: int = 784
    n_hidden: int = 500
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

    def __post_init__(self):
        if self.arm not in ARMS:
            raise ValueError(f"arm must be one of {', '.join(ARMS)}, got {self.arm!r}")
        for name in ("n_input", "n_hidden", "n_output", "steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.first_taught < self.steps:
            last = self.steps - 1
            raise ValueError(f"first_taught must be a step of the sample, 0 to {last}, got {self.first_taught}")
        for name in ("rate_hidden", "rate_output"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ValueError(f"{name} must be zero or positive and finite, got {getattr(self, name)}")
        _ = self.retrograde  # lets it check its own parameters now

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
            seed=self.seed_subset,
        )

    def network(self, presentation: Presentation) -> Network:
        """The network; synapses are named ``inputs``, ``outputs``, cells ``pixels``, ``hidden``, ``output``."""
        sbp = self.retrograde
        every_sample, every_step = Clock(self.duration, name="sample_clock"), Clock(self.step, name="step_clock")
        shown = presentation.namespace()
        constants = {"step_length": self.step, "n_steps": self.steps, "first_taught": self.first_taught}

        pixels = NeuronGroup(
            self.n_input,
            INPUT,
            clock=every_sample,
            events={"onset": "x > 0", "sample_end": "x > 0 and teacher_on > 0"},
            namespace=shown,
            name="pixels",
        )
        pixels.set_event_schedule("sample_end", when="start", order=0)
        pixels.set_event_schedule("onset", when="start", order=3)
        read = "teacher_on = teaching(t)\nx = sample_value(shown(t), i)"
        pixels.run_regularly(read, clock=every_sample, when="start", order=2, name="pixels_read")

        hidden = NeuronGroup(
            self.n_hidden,
            Equations(HIDDEN) + Equations("bias_rate : 1 (shared)") + sbp.equations,
            threshold="v >= 1",
            reset="v -= 1\ns += 1",
            events=sbp.events,
            clock=every_step,
            namespace={},
            name="hidden",
        )
        begin = "bias += bias_rate*(retro_ltp_now - retro_ltd_now)\ndrive = 0\nv = 0\ns = 0"
        hidden.run_regularly(begin, clock=every_sample, when="start", order=2, name="hidden_begin")
        hidden.run_regularly("v += clip(drive + bias, 0, 1)", when="groups", name="hidden_integrate")

        output = NeuronGroup(
            self.n_output,
            OUTPUT,
            threshold="v >= 1",
            reset="v -= 1\nc += 1",
            events=dict(OUTPUT_EVENTS),
            clock=every_step,
            namespace={**shown, **constants},
            name="output",
        )
        for event in OUTPUT_EVENTS:
            output.set_event_schedule(event, when="thresholds", order=1)
        output.run_regularly(OUTPUT_PHASE, when="before_groups", name="output_phase")
        begin = f"v = {'rand()' if self.random_start else '0.5'}\narriving = 0\nc = 0"
        output.run_regularly(begin, clock=every_sample, when="start", order=2, name="output_begin")
        output.run_regularly("v = clip(v + arriving, 0, 2)\narriving = 0", when="groups", name="output_integrate")

        inputs = sbp.receiving(INPUT_RULE, on="sample_end").synapses(pixels, hidden, name="inputs")
        inputs.connect()
        inputs.retrograde.when, inputs.retrograde.order = "start", 1
        inputs.present.when, inputs.present.order = "start", 4
        outputs = sbp.emitting(output_rule()).synapses(hidden, output, name="outputs")
        outputs.connect()

        answers = StateMonitor(output, ["c", "v"], record=True, clock=every_sample, when="start", order=-2,
                               name="answers")
        hidden_spikes = SpikeMonitor(hidden, record=False, name="hidden_spikes")
        counters = [EventMonitor(group, event, record=False, name=name) for group, event, name in (
            (pixels, "onset", "onsets"), (pixels, "sample_end", "sample_ends"), (output, "missing", "missing_events"),
            (output, "excess", "excess_events"))]
        objects = [pixels, hidden, output, inputs, outputs, answers, hidden_spikes, *counters]
        return Network(*objects, *sbp.operation(hidden, every_sample))

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Weights before learning: uniform, by the sizes of the layers (Glorot & Bengio 2010); biases 0."""
        rng = np.random.default_rng([seed, 0])
        n_in, n_hid, n_out = self.n_input, self.n_hidden, self.n_output
        return {
            "inputs.w": rng.uniform(-1, 1, n_in * n_hid) * np.sqrt(6 / (n_in + n_hid)),
            "outputs.w": rng.uniform(-1, 1, n_hid * n_out) * np.sqrt(6 / (n_hid + n_out)),
            "hidden.bias": np.zeros(n_hid),
        }

    def trial_model(self) -> TrialModel:
        """What `sbp_brian.trials.Training` needs."""
        hidden_rate = 0.0 if self.arm == "frozen" else self.rate_hidden
        return TrialModel(
            make=functools.partial(SBPNetwork.network, self),
            duration=self.duration,
            initial=self.initial,
            rates={"inputs.retro_rate": hidden_rate, "hidden.bias_rate": hidden_rate * self.fraction,
                   "outputs.rate": self.rate_output},
            counts="answers.c",
            remainder="answers.v",
            counted={"hidden_spikes": "hidden_spikes.N", "active_inputs": "onsets.N",
                     "synaptic_operations": {"onsets.N": self.n_hidden, "hidden_spikes.N": self.n_output}},
            counted_learning=self.counted_learning,
        )

    @property
    def counted_learning(self) -> dict[str, dict[str, float]]:
        """Weights that plasticity visits (unchanged ones too), and reports to hidden cells, for `TrialModel`.

        An output cell's event visits its weights from all hidden cells, and each reports; the end of a sample visits
        the weights of active inputs that take part. In the arm ``frozen`` nothing is reported and no input changes.
        """
        events = {"missing_events.N": self.n_hidden, "excess_events.N": self.n_hidden}
        if self.arm == "frozen":
            return {"weight_changes": events, "reports": {name: 0.0 for name in events}}
        taking_part = self.n_hidden * max(1, round(self.proportion * self.n_input)) / self.n_input
        return {"weight_changes": {**events, "sample_ends.N": taking_part}, "reports": events}
