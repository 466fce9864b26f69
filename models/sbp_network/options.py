"""Options of `SBPNetwork`: what it may have beside its own fields.

Each option is a small frozen object that checks itself and changes the texts of the network; a network has at most one
of each kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from brian2 import Quantity, ms, second

from sbp_brian.errors import ModelError
from sbp_brian.models import checks
from sbp_brian.models.options import Option
from sbp_brian.models.sbp_network.inputs import (
    INPUTS,
    Deformation,
    Displacement,
    Graded,
    InitialWeights,
    InputCoding,
    Latency,
    Poisson,
    Spikes,
    SpikingInput,
)
from sbp_brian.models.sbp_network.lateness import Late, Tag
from sbp_brian.models.sbp_network.reports import Reports
from sbp_brian.wording import names_parameters

__all__ = [
    "INPUTS",
    "KINDS",
    "Dale",
    "Deformation",
    "Displacement",
    "Dropout",
    "Graded",
    "Homeostasis",
    "InitialWeights",
    "InputCoding",
    "Late",
    "Latency",
    "MembraneHomeostasis",
    "OneHop",
    "Poisson",
    "Precision",
    "Reports",
    "SeveralRight",
    "ShortTerm",
    "SpikeTiming",
    "Spikes",
    "SpikingInput",
    "SteadyHiddenRate",
    "Subset",
    "Tag",
    "Timing",
]


@names_parameters
@dataclass(frozen=True)
class Timing(Option):
    """How long a sample is shown and what happens when.

    Parameters
    ----------
    step : Quantity (second)
        Time step.
    steps : int
        Steps a sample is shown.
    first_taught : int or None
        Step, from 0, from which the teacher is active; before it, hidden rates settle. None: a fifth of the steps.
    random_start : bool
        Output membranes start each sample at a random value instead of half the threshold.
    hidden_start : float
        Where hidden membranes start each sample, 0 to below 1 (the threshold). 0: a cell's spikes are its drive
        rounded down, 0.5: rounded to the nearest.
    """

    step: Quantity = field(default_factory=lambda: 1 * ms)
    steps: int = 20
    first_taught: int | None = None
    random_start: bool = False
    hidden_start: float = 0.0

    def __post_init__(self):
        checks.time("step", self.step)
        checks.number("steps", self.steps, "[1, inf)", whole=True)
        if self.first_taught is None:
            object.__setattr__(self, "first_taught", self.steps // 5)
        if not 0 <= self.first_taught < self.steps:
            last = self.steps - 1
            raise ModelError(f"first_taught must be a step of the sample, 0 to {last}, got {self.first_taught}")
        if not 0 <= self.hidden_start < 1:
            raise ModelError(f"hidden_start must be from 0 to below the threshold of 1, got {self.hidden_start}")

    def change(self, texts, network) -> None:
        """Where membranes start."""
        for hidden in texts.hidden if self.hidden_start else ():
            hidden.replace("begin", "v", f"v = {self.hidden_start!r}")
        if self.random_start:
            texts.output.replace("begin", "v", "v = rand()")

    @classmethod
    def default(cls) -> Timing:
        """20 steps of 1 ms."""
        return cls()


@names_parameters
@dataclass(frozen=True)
class Dropout(Option):
    """Input and hidden cells that are silent at random during a sample with a teacher.

    Source: Srivastava et al. 2014, JMLR 15:1929.

    Parameters
    ----------
    input : float
        Share of the active pixels, 0 to below 1; they neither deliver nor learn. The others count 1/(1 - input) times
        as much.
    hidden : float
        Share of the hidden cells. What arrives from the others counts 1/(1 - hidden) times as much.
    """

    input: float = 0.0
    hidden: float = 0.0

    def __post_init__(self):
        checks.number("input of Dropout", self.input, "[0, 1)")
        checks.number("hidden of Dropout", self.hidden, "[0, 1)")

    @classmethod
    def default(cls) -> Dropout:
        """No cell is lost."""
        return cls()

    def check(self, network) -> None:
        """Refuse lost pixels where pixels spike."""
        coding = network.option(InputCoding)
        if self.input and not isinstance(coding, Graded):
            raise ModelError(
                f"input={self.input} of Dropout needs graded pixels: those that are kept count more, which a spike of "
                f"{coding!r} cannot say; leave one of them out"
            )

    def change(self, texts, network) -> None:
        """Lost pixels have no x; lost cells start far below the threshold."""
        if self.input:
            texts.pixels.add("cells", "drop : 1 (shared)  # share of active pixels that are lost")
            texts.pixels.extend("read", "x", "*int(rand() >= drop*teacher_on)/(1 - drop*teacher_on)")
        if not self.hidden:
            return
        for hidden in texts.hidden:
            hidden.add("cells", "drop : 1 (shared)  # share of the cells that are silent", "lost : 1")
            hidden.add("begin", "lost = int(rand() < drop*teaching(t))", before="v")
            hidden.extend("begin", "v", " - 1000*lost")
        for behind in texts.behind_hidden:
            behind.add("cells", "gain : 1 (shared)  # on what arrives", "gain_taught : 1 (shared)")
            behind.first("begin", "gain = 1 + (gain_taught - 1)*teaching(t)")
            behind.replace("integrate", "v", behind.line("integrate", "v").replace("arriving", "gain*arriving"))
            behind.initial["gain_taught"] = 1


@names_parameters
@dataclass(frozen=True)
class Homeostasis(Option):
    """The bias of a hidden cell opposes the cell's own activity: ``bias -= rate (s - target_spikes)`` after a sample.

    s are the spikes of a sample with a teacher. A form of our own.

    Parameters
    ----------
    rate : float
        Of the first epoch; above 0.
    target_spikes : float
        Spikes a sample. 0: a cost of every spike.
    """

    rate: float
    target_spikes: float = 0.0

    def __post_init__(self):
        checks.number("rate of Homeostasis", self.rate, "(0, inf)", remedy="leave the option out for none")
        checks.number("target_spikes", self.target_spikes, "[0, inf)")

    def change(self, texts, network) -> None:
        """The bias learns by the cell's own spikes too; not where the cell is lost."""
        kept = "*(1 - lost)" if network.option(Dropout).hidden else ""
        for hidden in texts.hidden:
            hidden.add(
                "cells", "teacher_on : 1 (shared)", "homeostasis : 1 (shared)  # a rate", "target_spikes : 1 (shared)"
            )
            hidden.first("begin", "teacher_on = teaching(t)")
            hidden.extend("learn", "bias", f" - homeostasis*teacher_on*(s - target_spikes){kept}")


@dataclass(frozen=True)
class SteadyHiddenRate(Option):
    """The learning rate of the hidden layers stays while the output's decays from epoch to epoch.

    What hidden layers express then falls as the output's changes do; without this option, with both rates, so with the
    square. The rate of `Homeostasis` decays all the same.
    """


@names_parameters
@dataclass(frozen=True)
class Dale(Option):
    """Dale's law: no output synapse of a cell ever changes its sign; a step beyond 0 ends at 0.

    Source of the option: Zhang et al. 2021, doi:10.1126/sciadv.abh0146.

    Parameters
    ----------
    inhibitory : float
        Share of the pixels and of each hidden layer's cells that are inhibitory, 0 to 1; the others are excitatory.
    """

    inhibitory: float = 0.5

    def __post_init__(self):
        checks.number("inhibitory", self.inhibitory, "[0, 1]")

    def change(self, texts, network) -> None:
        """Cells have a sign, beyond which no output synapse learns."""
        for cells in (texts.pixels, *texts.hidden):
            cells.add("cells", "polarity : 1  # of all output synapses of the cell: 1 or -1")
            cells.initial["polarity"] = 1
        for pathway in ("missing", "excess"):
            new = texts.outputs.line(pathway, "w").removeprefix("w = ")
            texts.outputs.replace(pathway, "w", self.bounded(new))

    @staticmethod
    def bounded(new: str) -> str:
        """The line that sets a weight to `new`, or to 0 where that has another sign than the cell in front."""
        return f"w = polarity_pre*clip(polarity_pre*({new}), 0, inf)"


@names_parameters
@dataclass(frozen=True)
class ShortTerm(Option):
    """Short-term depression of the output synapses of hidden cells.

    A spike delivers ``w resource`` and takes a share of the resource, which recovers and is full at the start of a
    sample. Source: Tsodyks & Markram 1997, doi:10.1073/pnas.94.2.719.

    Parameters
    ----------
    release : float
        The share that a spike takes, 0 to below 1.
    tau_rec : Quantity (second)
        Time constant of recovery.
    """

    release: float = 0.2
    tau_rec: Quantity = field(default_factory=lambda: 20 * ms)

    def __post_init__(self):
        checks.number("release", self.release, "[0, 1)")
        checks.time("tau_rec", self.tau_rec)

    def change(self, texts, network) -> None:
        """Hidden cells have a resource, by which their synapses deliver."""
        for hidden in texts.hidden:
            hidden.add("cells", "resource : 1  # share of its transmitter that the cell has left")
            hidden.add("begin", "resource = 1")
            recovered = network.per_step(self.tau_rec)
            hidden.add("integrate", f"resource += {recovered!r}*(1 - resource)", before="v")
            hidden.add("reset", f"resource *= 1 - {self.release!r}")
        for synapses in texts.after_hidden:
            synapses.replace("pre", "arriving_post", "arriving_post += w*resource_pre")


@names_parameters
@dataclass(frozen=True)
class SpikeTiming(Option):
    """Output synapses learn by a trace of presynaptic spikes that decays, so by the timing of spikes.

    Without this option they learn by the mean rate of the sample so far.

    Parameters
    ----------
    tau : Quantity (second)
        Time constant of the trace.
    """

    tau: Quantity

    def __post_init__(self):
        checks.time("tau of SpikeTiming", self.tau)

    def change(self, texts, network) -> None:
        """Hidden cells have a trace, by which their output synapses learn."""
        share = network.per_step(self.tau)
        for hidden in texts.hidden:
            hidden.add("cells", "trace : 1  # of the cell's spikes, as a rate: spikes a step")
            hidden.add("begin", "trace = 0")
            hidden.add("integrate", f"trace *= 1 - {share!r}", before="v")
            hidden.add("reset", f"trace += {share!r}")
        texts.outputs.replace("missing", "w", "w = w + rate*trace_pre")
        texts.outputs.replace("excess", "w", "w = w - rate*trace_pre")


@names_parameters
@dataclass(frozen=True)
class MembraneHomeostasis(Option):
    """Hidden membranes are drawn to their own average over many samples.

    It is the homeostatic V of Zhang et al. 2021, doi:10.1126/sciadv.abh0146, in a form of our own.

    Parameters
    ----------
    share : float
        Of the distance, in each step; above 0, below 1.
    tau : Quantity (second)
        Time constant with which the average follows the membrane.
    """

    share: float
    tau: Quantity = field(default_factory=lambda: 1 * second)

    def __post_init__(self):
        checks.number("share of MembraneHomeostasis", self.share, "(0, 1)", remedy="leave the option out for none")
        checks.time("tau of MembraneHomeostasis", self.tau)

    def change(self, texts, network) -> None:
        """Membranes are drawn to an average that follows them."""
        for hidden in texts.hidden:
            hidden.add("cells", "v_homeo : 1  # the membrane, averaged over many samples")
            hidden.add("integrate", f"v += {self.share!r}*(v_homeo - v)", before="v")
            hidden.add("integrate", f"v_homeo += {network.per_step(self.tau)!r}*(v - v_homeo)")


@dataclass(frozen=True)
class SeveralRight(Option):
    """Several outputs may be right at once: the teacher follows the targets of a sample instead of its class."""

    def change(self, texts, network) -> None:
        """What an output should be is the sample's target."""
        texts.output.replace("begin", "wanted", "wanted = target_value(shown(t), i)")


@dataclass(frozen=True)
class OneHop(Option):
    """With several hidden layers only the last one learns: what it expresses is not reported on to the layer below."""

    def check(self, network) -> None:
        """Refuse a single hidden layer, of which there is none to report to."""
        if len(network.hidden_sizes) < 2:
            raise ModelError("OneHop is for several hidden layers, e.g. n_hidden=(500, 500); leave it out")


@names_parameters
@dataclass(frozen=True)
class Subset(Option):
    """Which input synapses of a hidden cell take part, where `lambda_p` is below 1.

    Parameters
    ----------
    seed : int
        Of the random choice.
    alike : int
        So many hidden cells that follow one another have the same inputs that take part, see `RetrogradeSBP`.
    selectable : bool
        Which of them take part is a variable also where `lambda_p` is 1, see `RetrogradeSBP`.
    """

    seed: int = 0
    alike: int = 1
    selectable: bool = False

    def __post_init__(self):
        checks.number("alike of Subset", self.alike, "[1, inf)", whole=True)

    @classmethod
    def default(cls) -> Subset:
        """Seed 0, each cell its own."""
        return cls()


@names_parameters
@dataclass(frozen=True)
class Precision(Option):
    """Of weights and of the variables of cells; time is of double precision always.

    Single precision halves what a sample reads and writes, which is most of what it costs.

    Parameters
    ----------
    floats : str
        ``"double"`` (64 bits) or ``"single"`` (32 bits, some seven digits).
    """

    floats: str = "double"

    def __post_init__(self):
        checks.one_of("floats of Precision", self.floats, ("double", "single"))

    @classmethod
    def default(cls) -> Precision:
        """Double, as Brian2 has it."""
        return cls()

    @property
    def dtype(self) -> type:
        """As numpy's type."""
        return np.float32 if self.floats == "single" else np.float64

    def change(self, texts, network) -> None:
        """Tell the cells; synapses are told when they are made."""
        for text in texts:
            text.single = self.floats == "single"


#: Of `SBPNetwork`, in the order in which they change its equations.
KINDS = (
    Timing,
    InputCoding,
    Displacement,
    Deformation,
    Dropout,
    Homeostasis,
    SteadyHiddenRate,
    ShortTerm,
    SpikeTiming,
    Dale,
    MembraneHomeostasis,
    SeveralRight,
    OneHop,
    Subset,
    Late,
    Tag,
    Reports,
    InitialWeights,
    Precision,
)
