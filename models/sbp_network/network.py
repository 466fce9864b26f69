r"""A spiking network whose hidden layer learns by nothing but self-backpropagation (SBP).

Three layers of cells, real spikes, no feedback weights and no second phase. The output cells learn by a local,
teacher-driven rule; each of their weight changes is reported back to the hidden cell in front of it (`RetrogradeSBP`),
and at the end of the sample the hidden cell's active input synapses change with it. It is SBP as the text of Zhang et
al. (2021) describes it, with one choice made explicit: what a synapse reports (`LEARNING`, `Reports`).

With ``weighted`` reports, w dw, divided by the cell's own spike count s, the signal of hidden cell j is

.. math:: R_j = \sum_k w_{jk} \, dw_{jk} / s_j = \eta \sum_k w_{jk} e_k ,

which is the gradient of the output error with respect to the cell's activity, though every factor is local to the cell
and its own synapses. Reports of the bare change dw, as the text has it, sum to :math:`s_j \sum_k e_k`: they carry no
class information to tell hidden cells apart. What a report must carry is whether the synapse grew *stronger*, as
sign(w) dw does (``strength/activity``); one bit of it is enough (``bit``). With the sign of the value in its place,
sign(dw) and abs(w) dw (``value-bit``, ``proportion/activity``) are controls.

Source: Zhang, Cheng, Jia, Poo, Zeng & Xu 2021, Science Advances 7, eabh0146, doi:10.1126/sciadv.abh0146, Fig. 1.
What differs from their released code: hidden spikes are what the next layer receives; the retrograde signal makes
changes of its own instead of rescaling others; the local rule is delta-like, driven by a teaching spike train.

`sbp_brian.models.sbp_network.equations` holds all equations, `sbp_brian.models.sbp_network.options` what else a network
may have; ``print(network.text)`` shows a network as it is.

Time course of a sample (slots of the first step in the order in which they run)

====== ============= ================================================================================================
start  order -1      hidden: what the outputs reported during the last sample is handed over (``Window``)
start  0, 1          input cells that were active: event ``sample_end``; their synapses, and hidden biases, express it
start  2             all cells start anew; the new sample is read
start  3, 4          active input cells: event ``onset``; each delivers ``w x`` once to the drive of the hidden cells
groups               membranes add their drive
...    every step    threshold, synapses (hidden -> output), output plasticity, reset by subtraction
====== ============= ================================================================================================
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from brian2 import Clock, EventMonitor, Network, NeuronGroup, Quantity, SpikeMonitor, StateMonitor

from sbp_brian.brian import copies
from sbp_brian.errors import SampleError
from sbp_brian.models import checks
from sbp_brian.models.options import HasOptions, Option
from sbp_brian.models.sbp_network.equations import Texts, order_of
from sbp_brian.models.sbp_network.options import (
    KINDS,
    Dale,
    Deformation,
    Displacement,
    Dropout,
    Homeostasis,
    InitialWeights,
    InputCoding,
    Late,
    MembraneHomeostasis,
    OneHop,
    Precision,
    Reports,
    SeveralRight,
    Spikes,
    SteadyHiddenRate,
    Subset,
    Tag,
    Timing,
)
from sbp_brian.models.sbp_network.reports import LEARNING
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.subsets import InputSubset
from sbp_brian.retrograde.transport import Window
from sbp_brian.rules import SynapseRule
from sbp_brian.training.readout import SpikeCounts
from sbp_brian.training.spiking import Presentation, Samples, Shared, TrialModel
from sbp_brian.wording import names_parameters

__all__ = ["SBPNetwork"]


@names_parameters
@dataclass(frozen=True)
class SBPNetwork(HasOptions):
    r"""Parameters of the network.

    Parameters
    ----------
    n_input : int
        Size of the input layer.
    n_hidden : int or sequence of int
        Size of the hidden layer, or of several, the one next to the input first.
    n_output : int
        Size of the output layer.
    learning : str
        How hidden layers learn, a name in `LEARNING`. ``frozen``: not at all. ``shuffled-labels``: as
        ``weighted/activity``; the labels are shuffled by whoever trains it.
    rate_hidden, rate_output : float
        Learning rates of the first epoch.
    lambda_p, lambda_f : float
        :math:`\lambda_p`, :math:`\lambda_f` of `RetrogradeSBP`.
    width : int
        Pixels in a row of the image, where it is displaced (`Displacement`).
    options : tuple
        What else the network has, at most one of each kind in `sbp_brian.models.sbp_network.options`.

    Raises
    ------
    ModelError
        Unknown learning; sizes, rates or options that make no sense.

    Examples
    --------
    ::

        SBPNetwork(784, (300, 300), 10, options=(Dropout(hidden=0.2), Dale(inhibitory=0.3)))
    """

    n_input: int = 784
    n_hidden: int | tuple[int, ...] = 500
    n_output: int = 10
    learning: str = "weighted/activity"
    rate_hidden: float = 20.0
    rate_output: float = 0.001
    lambda_p: float = 1.0
    lambda_f: float = 1.0
    width: int = 28
    options: tuple[Option, ...] = ()

    KINDS: ClassVar = KINDS

    def __post_init__(self):
        if np.ndim(self.n_hidden):
            object.__setattr__(self, "n_hidden", tuple(int(n) for n in self.n_hidden))
        checks.one_of("learning", self.learning, LEARNING)
        for name, smallest in (
            ("n_input", self.n_input),
            ("n_hidden", min(self.hidden_sizes, default=0)),
            ("n_output", self.n_output),
        ):
            checks.number(name, smallest, "[1, inf)", whole=True)
        checks.number("width", self.width, "[1, inf)", whole=True)
        checks.number("rate_hidden", self.rate_hidden, "[0, inf)")
        checks.number("rate_output", self.rate_output, "[0, inf)")
        self._check_options()
        _ = self.retrograde  # lets it check its own parameters now

    @property
    def timing(self) -> Timing:
        """How long a sample is shown and what happens when."""
        return self.option(Timing)

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
        return self.timing.steps * self.timing.step

    def per_step(self, tau: Quantity) -> float:
        """Share that decays with the time constant `tau` within a step."""
        return -float(np.expm1(-float(self.timing.step / tau)))

    @property
    def cascade(self) -> bool:
        """Whether hidden layers report on what they express."""
        return len(self.hidden_sizes) > 1 and self.option(OneHop) is None

    @property
    def retrograde(self) -> RetrogradeSBP:
        """The retrograde signal of the hidden cells."""
        late = self.option(Late)
        return RetrogradeSBP(
            lambda_p=self.lambda_p,
            lambda_f=self.lambda_f,
            emission=self.option(Reports).emission(self.learning),
            activity="s" if LEARNING[self.learning][1] else None,
            transport=Window(self.duration, *((late.samples, late.stages) if late else ())),
            gate="tag_pre" if self.option(Tag) else "x_pre",
            rate=0.0,  # set for each run: it decays from epoch to epoch
            cascade=self.cascade,
            seed=self.option(Subset).seed,
            alike=self.option(Subset).alike,
            selectable=self.option(Subset).selectable,
        )

    # ---------------------------------------------------------------------------------------------------- building
    @property
    def texts(self) -> Texts:
        """Equations, code and events of all groups, as the options have them."""
        texts = Texts(self.hidden_names, self.input_names, self.timing.steps)
        for hidden in texts.hidden:
            hidden.replace("learn", "bias", self.retrograde.expressed_by("bias", "bias_rate"))
        for kind in self.KINDS:
            if (option := self.option(kind)) is not None:
                option.change(texts, self)
        return texts

    def rules(self, texts: Texts) -> list[SynapseRule]:
        """Rules of the synapses from the input to the output: what texts say, and the retrograde signal."""
        sbp, found = self.retrograde, []
        for k, text in enumerate(texts.inputs):
            rule = sbp.receiving(text.rule("hidden to hidden" if k else "pixel to hidden"), on="sample_end")
            if self.option(Dale) is not None:
                bounded = f"{rule.on_pre['retrograde']}\n{Dale.bounded('w')}"
                rule = replace(rule, on_pre={**rule.on_pre, "retrograde": bounded})
            rule = rule.scheduled(retrograde=("start", order_of(k) + 1))
            found.append(sbp.emitting(rule) if k and sbp.cascade else rule)
        learning = texts.outputs.rule("teacher-driven delta rule", initial={"rate": 0.0})
        return [*found, sbp.emitting(learning)]

    @property
    def text(self) -> str:
        """The network in words: equations and code of its cells, the rules of its synapses."""
        texts = self.texts
        rules = dict(zip([*self.input_names, "outputs"], self.rules(texts), strict=True))
        parts = [f"{each.name}\n\n{rules.get(each.name, each)}" for each in texts]
        return "\n\n\n".join([*parts, f"hidden cells also have what this adds\n\n{self.retrograde}"])

    def network(self, presentation: Presentation) -> Network:
        """The network; cells ``pixels``, `hidden_names`, ``output``, synapses `input_names`, ``outputs``."""
        every_sample, every_step = Clock(self.duration, name="sample_clock"), Clock(self.timing.step, name="step_clock")
        clocks, texts, sbp = {"sample": every_sample, "step": every_step}, self.texts, self.retrograde
        shared = {
            **presentation.namespace(
                bits=isinstance(self.option(InputCoding), Spikes),
                width=self.width if self.option(Deformation) else None,
            ),
            "step_length": self.timing.step,
            "n_steps": self.timing.steps,
            "first_taught": self.timing.first_taught,
            "width": self.width,
        }
        pixels = texts.pixels.cells(self.n_input, clocks, shared)
        hidden = [text.cells(n, clocks, shared, sbp) for text, n in zip(texts.hidden, self.hidden_sizes, strict=True)]
        output = texts.output.cells(self.n_output, clocks, shared)
        for k, cells in enumerate(hidden):
            sbp.operation(cells, every_sample, order=order_of(k) - 1)
        synapses = []
        for name, rule, (source, target) in zip(
            [*self.input_names, "outputs"], self.rules(texts), pairwise([pixels, *hidden, output]), strict=True
        ):
            synapses.append(rule.synapses(source, target, name=name, dtype=self.option(Precision).dtype))
            copies.connect(synapses[-1])
        answers = StateMonitor(
            output, ["c", "v"], record=True, clock=every_sample, when="start", order=-2, name="answers"
        )
        return Network(pixels, *hidden, output, *synapses, answers, *self._counters(pixels, hidden, output))

    def _counters(self, pixels: NeuronGroup, hidden: list[NeuronGroup], output: NeuronGroup) -> list[EventMonitor]:
        """What counts spikes and learning, for the cost of a sample."""
        counted = [(pixels, "onset", "onsets"), (pixels, "sample_end", "sample_ends")]
        counted += [(output, "missing", "missing_events"), (output, "excess", "excess_events")]
        counted += [(cells, "sample_end", f"{cells.name}_sample_ends") for cells in hidden[:-1]]
        counters = [SpikeMonitor(cells, record=False, name=f"{cells.name}_spikes") for cells in hidden]
        return counters + [EventMonitor(group, event, record=False, name=name) for group, event, name in counted]

    def initial(self, seed: int) -> dict[str, np.ndarray]:
        """Weights before learning: uniform, by the sizes of the layers (Glorot & Bengio 2010), scaled; biases 0."""
        rng, start = np.random.default_rng([seed, 0]), {}
        sizes = (self.n_input, *self.hidden_sizes, self.n_output)
        for name, (n, m) in zip([*self.input_names, "outputs"], pairwise(sizes), strict=True):
            start[f"{name}.w"] = rng.uniform(-1, 1, n * m) * np.sqrt(6 / (n + m))
        drawn = np.random.default_rng([seed, 1])
        for name in self.input_names:
            start[f"{name}.w"] = self.option(InitialWeights).applied(start[f"{name}.w"], drawn)
        start |= {f"{name}.bias": np.zeros(n) for name, n in zip(self.hidden_names, sizes[1:-1], strict=True)}
        if self.option(MembraneHomeostasis):
            start |= {f"{name}.v_homeo": np.zeros(n) for name, n in zip(self.hidden_names, sizes[1:-1], strict=True)}
        if self.option(Dale):
            senders, synapses = ["pixels", *self.hidden_names], [*self.input_names, "outputs"]
            for cells, out, n in zip(senders, synapses, sizes[:-1], strict=True):
                sign = np.where(rng.permutation(n) < round(self.option(Dale).inhibitory * n), -1.0, 1.0)
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
            set_by=self._set_by(),
            shared=self._shared(),
        )

    def _shared(self) -> Shared:
        """What it has in common with networks of other rates and lambda_f, and of another lambda_p below 1.

        And with those of any lambda_p, where all synapses taking part are one choice of many.
        """
        alike = self.learning in ("frozen", "shuffled-labels")
        common = replace(
            self,
            rate_hidden=1.0,
            rate_output=1.0,
            lambda_p=self.lambda_p if self.lambda_p == 1 else 0.5,
            lambda_f=1.0,
            learning="weighted/activity" if alike else self.learning,
            options=tuple(option for option in self.options if not isinstance(option, Subset)),
        )
        selectable = replace(common, lambda_p=1.0, options=(*common.options, Subset(selectable=True)))
        make, own = SBPNetwork.network, functools.partial(self._own, selectable=True)
        wider = Shared(functools.partial(make, selectable), own)
        return Shared(functools.partial(make, common), self._own, wider)

    def _own(self, *, selectable: bool = False) -> dict[str, Any]:
        """What is this network's own in one that is shared: lambda_f, and which synapses take part."""
        own = {f"{name}.retro_lambda_f": self.lambda_f for name in self.input_names}
        if self.lambda_p == 1 and not selectable:
            return own
        subset = InputSubset(self.lambda_p, self.option(Subset).seed, alike=self.option(Subset).alike)
        sizes = (self.n_input, *self.hidden_sizes)
        for name, (n, m) in zip(self.input_names, pairwise(sizes), strict=True):
            own[f"{name}.retro_receptive"] = subset.values(name, *np.indices((n, m)).reshape(2, -1))
        return own

    def _check(self, samples: Samples) -> None:
        """Refuse samples that the input layer cannot read, or the output layer not answer."""
        if self.option(SeveralRight) is None:
            checks.have_cells(samples, self.n_output)
        else:
            checks.targets_have_cells(samples.target_table.shape[1], self.n_output)
        columns = samples.images.shape[1]
        if (late := self.option(Late)) and late.samples >= len(samples.training):
            raise SampleError(
                f"a signal that comes {late.samples} samples late never comes within an epoch of "
                f"{len(samples.training)}; take more samples or less of Late"
            )
        if isinstance(self.option(InputCoding), Spikes):
            needed = -(-self.timing.steps * self.n_input // 8)
            if columns != needed:
                raise SampleError(
                    f"samples of {columns} bytes are not {self.timing.steps} steps of {self.n_input} inputs, "
                    f"which are {needed}; pack spikes with sbp_brian.training.encoding.spike_bytes"
                )
        else:
            checks.inputs_have_cells(samples, self.n_input)

    def _hidden_rates(self) -> dict[str, float]:
        """Learning rates of the hidden layers in the first epoch."""
        learns = self.learning != "frozen"
        rates = {f"{name}.retro_rate": self.rate_hidden * learns for name in self.input_names}
        rates |= {f"{name}.bias_rate": self.rate_hidden * self.lambda_f * learns for name in self.hidden_names}
        if homeostasis := self.option(Homeostasis):
            rates |= {f"{name}.homeostasis": homeostasis.rate * learns for name in self.hidden_names}
        return rates

    def _set_by(self) -> dict[str, str]:
        """The parameter that sets each learning rate."""
        names = {name: "rate_hidden" for name in self._hidden_rates() if not name.endswith("homeostasis")}
        names |= {f"{name}.homeostasis": "Homeostasis.rate" for name in self.hidden_names}
        return {**names, "outputs.rate": "rate_output"}

    @property
    def counted_learning(self) -> dict[str, dict[str, float]]:
        """Weights that plasticity visits (unchanged ones too), and reports to hidden cells, for `TrialModel`.

        An output cell's event visits its weights from all hidden cells, and each reports; the end of a sample visits
        the weights of active inputs that take part (in cascade these report too). With learning ``frozen`` nothing is
        reported and no input changes.
        """
        reports = dict.fromkeys(("missing_events.N", "excess_events.N"), float(self.hidden_sizes[-1]))
        if self.learning == "frozen":
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
        constants, lost = {}, self.option(Dropout)
        if self.option(SteadyHiddenRate):
            constants |= {name: rate for name, rate in self._hidden_rates().items() if not name.endswith("homeostasis")}
        if displacement := self.option(Displacement):
            constants["pixels.jitter"] = displacement.pixels
        if lost.input:
            constants["pixels.drop"] = lost.input
        if homeostasis := self.option(Homeostasis):
            constants |= {f"{name}.target_spikes": homeostasis.target_spikes for name in self.hidden_names}
        if lost.hidden:
            constants |= {f"{name}.drop": lost.hidden for name in self.hidden_names}
            gain = 1 / (1 - lost.hidden)
            constants |= {f"{name}.gain_taught": gain for name in [*self.hidden_names[1:], "output"]}
        return constants
