r"""The spiking network of Zhang et al. (2021) as their released MATLAB code computes it, with every option it has.

Cells have an analog state s; the next layer receives s, not spikes. A sample is shown in up to three phases:

1. LIF (optional, ``lif``), 100 steps of 0.1 ms, layers in turn: :math:`I = \sigma(s_{l-1} W_l + b_l)` drives a
   conductance, that a membrane v; v is drawn to the relaxed state of the batch before; :math:`s_l = \sigma(v)`. Spikes
   are counted and sent nowhere. v, g and the relaxed states are carried over from batch to batch.
2. Free, 20 iterations, layers in turn (:math:`\sigma(z) = \tanh(z/2)`, :math:`\epsilon = 1/2`):
   hidden :math:`s_l \leftarrow \sigma(s_l - \epsilon [s_l - s_{l-1} W_l - W_{l+1} s_{l+1} - b_l])`,
   output :math:`s_L \leftarrow \max(0, s_L - \epsilon [s_L - s_{L-1} W_L - b_L])`.
   It ends in :math:`s^0`, the answer.
3. Taught, 5 iterations: the same with :math:`\beta (s_L - y)` in the output's bracket. It ends in :math:`s^+`.

At the end of a batch of B samples, :math:`b_l` grows by :math:`\alpha_l \langle s_l^+ - s_l^0 \rangle / \beta` and W_l
by :math:`\alpha_l D'_l`, where D' is made from D, the mean over the samples, divided by :math:`\beta`, of

================ ====================================================================================================
``differential`` :math:`(s_{l-1}^+ - s_{l-1}^0)\, s_l^0`
``symmetric``    :math:`s_{l-1}^+ s_l^+ - s_{l-1}^0 s_l^0` (equilibrium propagation; the paper's "without SBP")
``sbp``          :math:`s_{l-1}^0 (s_l^+ - s_l^0)`, times gains (pre, post, back) of about 1.0004 (its "with SBP")
================ ====================================================================================================

The gains are 1 + lambda N(lambda_p v), N(v) = v/sum(v): lambda_p cancels. `LEARNING` sets apart what the released
comparison mixed: base rule, gains, and whether the hidden layer learns at all.

How Brian2 carries a batch: samples are shown one after another while W stands still; each adds its share to ``change``
of the synapses, and at the batch's last sample the event ``improve`` turns the sum into a step of W. What cells
remember of the batch before, sample by sample, lies in synapses from ``rows``, one cell for each place in the batch.

Source: Zhang, Cheng, Jia, Poo, Zeng & Xu 2021, Science Advances 7, eabh0146, doi:10.1126/sciadv.abh0146; the equations
are those of the authors' code (folder SBP_SNN_STDP), written anew. Weights start from numpy's generator, not MATLAB's.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field

import numpy as np
from brian2 import Clock, Network, NeuronGroup, Quantity, SpikeMonitor, StateMonitor, ms, nsiemens

from sbp_brian.errors import ModelError
from sbp_brian.models import checks
from sbp_brian.models.published.synapses import between, gains, memory
from sbp_brian.training.readout import Graded
from sbp_brian.training.spiking import Presentation, Samples, TrialModel
from sbp_brian.wording import takes_booleans, unknown

__all__ = ["LEARNING", "ReleasedModel"]

#: Name -> (base rule, gains as released, hidden layers learn).
LEARNING = {
    "symmetric": ("symmetric", False, True),
    "sbp-no-gains": ("sbp", False, True),
    "sbp-released": ("sbp", True, True),
    "published-frozen": ("sbp", False, False),
    "differential": ("differential", False, True),
}

TRIAL = """
teacher_on : 1 (shared)           # 1 while a sample with a teacher is shown
batch_place : integer (shared)    # place of the sample within its batch, from 0
"""
PLACE = "teacher_on = teaching(t)\nbatch_place = timestep(t, sample_time) % batch\n"
LAST = "teacher_on > 0 and batch_place == batch - 1"
CELL = (
    TRIAL
    + """
phase : integer (shared)          # step within the sample, from 0
s : 1                             # analog state, what the next layer receives
s_free : 1                        # the state at the end of the free phase, s^0
below : 1                         # what the layer before delivers
above : 1                         # what the next layer delivers back
bias : 1
bias_change : 1                   # its sum over the batch so far
bias_rate : 1 (shared)
y : 1                             # what an output cell should be
"""
)
LIF = """
v : 1
g : siemens
homeo : 1                         # s^0 of the sample at this place in the batch before
reversal : 1                      # excitatory, or inhibitory with Dale's law
current : 1
"""
SHORT_TERM = """
use : 1
resource : 1
filtered : 1
"""
REPORTED = """
out_ltp : 1                       # sums of changes over the output synapses
out_ltd : 1
in_ltd : 1                        # over the input synapses
gain_ltp : 1
gain_ltd : 1
gain_in : 1
back_ltp : 1
back_ltd : 1
"""
LIF_STEP = """
lif_on = int(phase < n_lif)
g = g + lif_on*step_time/tau_syn*(g_leak - g + {current}*nS)
v_now = v + lif_on*step_time/tau_m*(v_leak - v - g/g_leak*(v - reversal))
v_now = v_now + lif_on*int(v_now > v_th)*(v_reset - v_now)
share = (phase + 1)*1.0/n_lif
v = v_now + lif_on*((share - 1)*v_now + (1 - share)*homeo)
"""
SHORT_TERM_STEP = """
stp_on = int(phase < n_lif)
use_now = use + stp_on*(-use/tau_f + use_base*current*(1 - use))
resource_now = resource + stp_on*((1 - resource)/tau_d - use_now*resource*current)
filtered = filtered + stp_on*(-filtered/tau_s + use_now*resource_now*current)
use = use_now
resource = resource_now
"""
SAVE = "taught_now = int(phase == n_lif + n_free)\ns_free = taught_now*s + (1 - taught_now)*s_free\n"


@takes_booleans
@dataclass(frozen=True)
class ReleasedModel:
    r"""Parameters of the network; those without a unit are numbers of the authors' code.

    Parameters
    ----------
    layers : tuple of int
        Cells of each layer: input, hidden layers, output.
    learning : str
        A name in `LEARNING`.
    rates : tuple of float
        :math:`\alpha` of each layer of synapses from the input on; a pair serves any depth as (first, all others).
    batch : int
        Samples between two changes of the weights.
    lif : bool
        With the LIF phase.
    short_term : bool
        Short-term plasticity of the LIF phase's currents.
    dale : bool
        A share `inhibitory` of each layer's cells is inhibitory; a step against the sign of a weight that leaves a
        hidden cell becomes a step of -0.1 w.
    noise : str
        ``none``; ``norm``: each step times 1.01 U(0, 1); ``poisson``: times 1 + 0.1 p(epoch), p of mean 1.
    lambda_p, lambda_f, lambda_pre, lambda_post, lambda_back : float
        Of the gains.
    n_free, n_teach : int
        Iterations of the free and of the taught phase.
    epsilon, beta : float
        Step of an iteration, strength of the teacher.
    v_reset : float
        Reset of the membrane; the authors' desktop script has -0.1.
    inhibitory : float
        Share of inhibitory cells with `dale`.
    step, lif_time : Quantity (second)
        Time step, one iteration; length of the LIF phase.

    Raises
    ------
    ModelError
        Unknown names, sizes or values that make no sense.
    """

    layers: tuple[int, ...] = (784, 500, 10)
    learning: str = "sbp-released"
    rates: tuple[float, ...] = (0.1, 0.05)
    batch: int = 50
    lif: bool = False
    short_term: bool = False
    dale: bool = False
    noise: str = "none"
    lambda_p: float = 0.1
    lambda_f: float = 0.2
    lambda_pre: float = 1.0
    lambda_post: float = 0.5
    lambda_back: float = 1.0
    n_free: int = 20
    n_teach: int = 5
    epsilon: float = 0.5
    beta: float = 0.5
    v_reset: float = -0.5
    inhibitory: float = 0.5
    step: Quantity = field(default_factory=lambda: 0.1 * ms)
    lif_time: Quantity = field(default_factory=lambda: 10 * ms)

    def __post_init__(self):
        object.__setattr__(self, "layers", tuple(int(n) for n in self.layers))
        if self.learning not in LEARNING:
            raise ModelError(unknown("learning", self.learning, LEARNING))
        checks.one_of("noise", self.noise, ("none", "norm", "poisson"))
        if not 3 <= len(self.layers) <= 20 or min(self.layers) < 1:
            raise ModelError(f"layers must be 3 to 20 sizes of at least 1 cell, with a hidden layer, got {self.layers}")
        n, rates = len(self.layers) - 1, tuple(float(rate) for rate in self.rates)
        if len(rates) == 2 < n:
            rates = (rates[0], *[rates[1]] * (n - 1))
        if len(rates) != n or min(rates) < 0 or not np.isfinite(rates).all():
            raise ModelError(f"rates must be {n} numbers of at least 0, one a layer of synapses, got {self.rates}")
        object.__setattr__(self, "rates", rates)
        for name in ("batch", "n_free", "n_teach"):
            checks.number(name, getattr(self, name), "[1, inf)", whole=True)
        for name in ("lambda_p", "lambda_f", "lambda_pre", "lambda_post", "lambda_back", "inhibitory"):
            checks.number(name, getattr(self, name), "[0, inf)")
        for name in ("step", "lif_time"):
            checks.time(name, getattr(self, name))
        checks.number("epsilon", self.epsilon, "(0, 1]")
        checks.number("beta", self.beta, "(0, inf)")
        if self.short_term and not self.lif:
            raise ModelError("short_term acts on the currents of the LIF phase; set lif=True as well")

    @property
    def rule(self) -> str:
        """The base rule."""
        return LEARNING[self.learning][0]

    @property
    def with_gains(self) -> bool:
        """Whether gains differ from 1."""
        released = LEARNING[self.learning][1] and self.lambda_f > 0
        return released and max(self.lambda_pre, self.lambda_post, self.lambda_back) > 0

    @property
    def n_lif(self) -> int:
        """Steps of the LIF phase."""
        return round(float(self.lif_time / self.step)) if self.lif else 0

    @property
    def duration(self) -> Quantity:
        """How long a sample is shown."""
        return (self.n_lif + self.n_free + self.n_teach) * self.step

    @property
    def names(self) -> list[str]:
        """Of the layers' cells: ``pixels``, ``hidden1`` ..., ``output``; synapses are ``into_hidden1`` and so on."""
        return ["pixels", *(f"hidden{k}" for k in range(1, len(self.layers) - 1)), "output"]

    @property
    def constants(self) -> dict:
        """Names in the code of cells and synapses."""
        return {
            "sample_time": self.duration,
            "step_time": self.step,
            "batch": self.batch,
            "n_steps": self.n_lif + self.n_free + self.n_teach,
            "n_lif": self.n_lif,
            "n_free": self.n_free,
            "epsilon": self.epsilon,
            "beta": self.beta,
            "g_leak": 5 * nsiemens,
            "nS": nsiemens,
            "tau_syn": 2 * ms,
            "tau_m": 10 * ms,
            "v_leak": 0.0,
            "v_th": 0.05,
            "v_reset": self.v_reset,
            "use_base": 0.45,
            "tau_f": 10.0,
            "tau_d": 2.0,
            "tau_s": 2.0,
        }

    def network(self, presentation: Presentation) -> Network:
        """The network; objects are named as in `names`."""
        clocks = Clock(self.duration, name="sample_clock"), Clock(self.step, name="step_clock")
        shown = {**presentation.namespace(), **self.constants}
        pixels = self._pixels(clocks[0], shown)
        layers = [pixels, *(self._layer(k, *clocks, shown) for k in range(1, len(self.layers)))]
        objects = list(layers)
        for k in range(1, len(layers)):
            objects.append(between(self, k, layers[k - 1], layers[k]))
            if self.with_gains:
                objects += gains(self, layers[k - 1], layers[k], clocks[0], shown)
        if self.lif:
            objects += memory(self, layers[1:], clocks[0], shown)
            objects += [SpikeMonitor(cells, record=False, name=f"{cells.name}_spikes") for cells in layers[1:]]
        answers = StateMonitor(
            layers[-1], "s_free", record=True, clock=clocks[0], when="start", order=-100, name="answers"
        )
        return Network(*objects, answers)

    def _pixels(self, clock: Clock, shown: dict) -> NeuronGroup:
        events = {"onset": "x > 0", "learn": "x > 0 and teacher_on > 0", "improve": f"used > 0 and {LAST}"}
        model = TRIAL + "x : 1\nused : 1\n" + (REPORTED if self.with_gains else "")
        pixels = NeuronGroup(self.layers[0], model, clock=clock, events=events, namespace=shown, name="pixels")
        for event, order in (("learn", -90), ("improve", -80), ("onset", -40)):
            pixels.set_event_schedule(event, when="start", order=order)
        read = (
            PLACE + "x = sample_value(shown(t), i)\n"
            "used = clip(used*int(batch_place > 0) + teacher_on*int(x > 0), 0, 1)"
        )
        pixels.run_regularly(read, clock=clock, when="start", order=-50, name="pixels_read")
        return pixels

    def _layer(self, k: int, sample_clock: Clock, step_clock: Clock, shown: dict) -> NeuronGroup:
        """Cells of layer k from 1, with what they do in each phase."""
        name, last = self.names[k], k == len(self.layers) - 1
        model = CELL + (LIF if self.lif else "") + (SHORT_TERM if self.short_term else "")
        events = {"improve": f"phase == n_steps - 1 and {LAST}"}  # phase is still that of the step before
        if not last:
            events |= {
                "learn": "phase == n_steps - 1 and teacher_on > 0",
                "forward": "phase >= 0",
                "relax": "phase >= n_lif",
            }
        cells = NeuronGroup(
            self.layers[k],
            model + (REPORTED if self.with_gains else ""),
            clock=step_clock,
            events=events,
            name=name,
            namespace=shown,
            **({"threshold": "phase < n_lif and v > v_th", "reset": ""} if self.lif else {}),
        )
        for event, order in (("learn", -90), ("improve", -80), ("forward", -3), ("relax", -2)):
            if event in events:
                cells.set_event_schedule(event, when="start", order=order)

        def at(code, order, clock, purpose):
            cells.run_regularly(code, clock=clock, when="start", order=order, name=f"{name}_{purpose}")

        at("bias_change += teacher_on*(s - s_free)", -88, sample_clock, "bias_share")
        at(
            f"ended = int({LAST})\nbias += ended*bias_rate*bias_change/(beta*batch)\nbias_change *= 1 - ended",
            -69,
            sample_clock,
            "bias_step",
        )
        begin = PLACE + "s = 0\nbelow = 0\nabove = 0\n" + ("y = target_value(shown(t), i)" if last else "")
        at(begin, -50, sample_clock, "begin")
        at("phase = timestep(t, step_time) % n_steps", -5, step_clock, "phase")
        update, relaxed = SAVE, "s - epsilon*(s - below - above - bias)"
        if last:
            relaxed = "s - epsilon*(s - below - bias + beta*teacher_on*int(phase >= n_lif + n_free)*(s - y))"
        if self.lif:
            first = k == 1
            at(
                "current = 2/(1 + exp(-(below + bias))) - 1",
                -38 if first else 10 * k + 1,
                sample_clock if first else step_clock,
                "current",
            )
            if self.short_term:
                update += SHORT_TERM_STEP.strip() + "\n"
            update += LIF_STEP.strip().format(current="filtered" if self.short_term else "current") + "\n"
            bounded = f"clip({relaxed}, 0, inf)" if last else f"2/(1 + exp(-({relaxed}))) - 1"
            if last:
                update += f"s = lif_on*(2/(1 + exp(-v)) - 1) + (1 - lif_on)*{bounded}\n"
            else:
                update += f"z = lif_on*v + (1 - lif_on)*({relaxed})\ns = 2/(1 + exp(-z)) - 1\n"
        else:
            update += f"s = clip({relaxed}, 0, inf)\n" if last else f"s = 2/(1 + exp(-({relaxed}))) - 1\n"
        update += ("" if k == 1 else "below = 0\n") + ("" if last else "above = 0\n")
        at(update, 10 * k + 2, step_clock, "update")
        return cells

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Weights, uniform by the sizes of the layers; biases 0; what the cells remember."""
        rng, start = np.random.default_rng([seed, 0]), {}
        sizes = self.layers
        signs = [np.where(rng.permutation(n) < round(self.inhibitory * n), -1.0, 1.0) for n in sizes if self.dale]
        for k in range(1, len(sizes)):
            name, n, m = self.names[k], sizes[k - 1], sizes[k]
            shift = self.inhibitory + 0.35 if self.dale and k > 1 else 0.5
            w = 2 * (rng.random((n, m)) - shift) * np.sqrt(6 / (n + m))
            start[f"into_{name}.w"] = (signs[k - 1][:, None] * np.abs(w) if self.dale else w).ravel()
            start[f"{name}.bias"] = np.zeros(m)
            if self.lif:
                start[f"{name}.reversal"] = np.where(signs[k] > 0, 0.2, 0.1) if self.dale else np.full(m, 0.2)
                kept = {"v_kept": 0.0, "g_kept": 0.0 * nsiemens, "homeo_kept": 0.0}
                kept |= {"use_kept": 0.1, "resource_kept": 1.0, "filtered_kept": 0.1} if self.short_term else {}
                for variable, value in kept.items():
                    start[f"memory_{name}.{variable}"] = np.ones(self.batch * m) * value
        return start

    def by_epoch(self, number: int) -> dict[str, float]:
        """The factor of ``noise="poisson"`` in the epoch `number` (from 0), for all synapses."""
        factor = 1 + 0.1 * math.exp(-1) / math.factorial(number) if number < 150 else 1.0
        return {f"into_{name}.noise_factor": factor for name in self.names[1:]}

    def check(self, samples: Samples) -> None:
        """Refuse samples that the network cannot show or answer.

        Raises
        ------
        SampleError
            Another number of inputs; other outputs than classes or targets, which all cells read.
        """
        checks.inputs_have_cells(samples, self.layers[0])
        checks.targets_have_cells(samples.target_table.shape[1], self.layers[-1])

    def trial_model(self) -> TrialModel:
        """What `sbp_brian.training.spiking.Training` needs."""
        rates, set_by = {}, {}
        for k, (name, rate) in enumerate(zip(self.names[1:], self.rates, strict=True)):
            learns = name == "output" or LEARNING[self.learning][2]
            set_by |= dict.fromkeys((f"into_{name}.rate", f"{name}.bias_rate"), f"rates[{k}]")
            rates[f"into_{name}.rate"] = rates[f"{name}.bias_rate"] = rate if learns else 0.0
        return TrialModel(
            make=functools.partial(ReleasedModel.network, self),
            duration=self.duration,
            initial=self.initial,
            rates=rates,
            readout=Graded("answers.s_free"),
            counted={f"{name}_spikes": f"{name}_spikes.N" for name in self.names[1:]} if self.lif else {},
            by_epoch=self.by_epoch if self.noise == "poisson" else None,
            check=self.check,
            set_by=set_by,
        )
