"""Options of `SBPNetwork`: what it may have beside its own fields.

Each option is a small frozen object that checks itself; a network has at most one of each kind. ``drop``, ``jitter``
and the like act in training alone, while a sample has a teacher.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from brian2 import Quantity, ms, second

from sbp_brian.errors import ModelError
from sbp_brian.models import checks
from sbp_brian.models.options import Option
from sbp_brian.training.encoding import check_displacement
from sbp_brian.wording import names_parameters

__all__ = [
    "INPUTS",
    "KINDS",
    "Dale",
    "Displacement",
    "Dropout",
    "Graded",
    "Homeostasis",
    "InputCoding",
    "Latency",
    "MembraneHomeostasis",
    "OneHop",
    "Poisson",
    "SeveralRight",
    "ShortTerm",
    "SpikeTiming",
    "Spikes",
    "SteadyHiddenRate",
    "Subset",
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
        checks.whole("steps", self.steps)
        if self.first_taught is None:
            object.__setattr__(self, "first_taught", self.steps // 5)
        if not 0 <= self.first_taught < self.steps:
            last = self.steps - 1
            raise ModelError(f"first_taught must be a step of the sample, 0 to {last}, got {self.first_taught}")
        if not 0 <= self.hidden_start < 1:
            raise ModelError(f"hidden_start must be from 0 to below the threshold of 1, got {self.hidden_start}")

    @classmethod
    def default(cls) -> Timing:
        """20 steps of 1 ms."""
        return cls()


@dataclass(frozen=True)
class InputCoding(Option):
    """How pixels say their intensity x, from 0 to 1; without this option, as `Graded`.

    What a synapse learns by is the pixel's trace, which at the end of the sample is x (`Graded`), x rounded to a step
    (`Latency`), or the number of spikes over (steps rate).
    """

    @classmethod
    def default(cls) -> Graded:
        """`Graded`."""
        return Graded()


@dataclass(frozen=True)
class Graded(InputCoding):
    """One event at the onset, that delivers ``w x`` to a drive which lasts to the end of the sample."""


@dataclass(frozen=True)
class Latency(InputCoding):
    """One spike, the sooner the brighter, in step floor((1 - x) steps); it starts a drive w that lasts to the end."""


@names_parameters
@dataclass(frozen=True)
class Poisson(InputCoding):
    """In each step a spike with probability ``x rate``, that delivers ``w / rate`` for this step.

    Parameters
    ----------
    rate : float
        Spikes a step of a pixel at full intensity, above 0 to 1.
    """

    rate: float = 0.5

    def __post_init__(self):
        if not 0 < self.rate <= 1:
            raise ModelError(f"rate of the input must be above 0 to 1 spikes a step, got {self.rate}")


@names_parameters
@dataclass(frozen=True)
class Spikes(Poisson):
    """Samples are the spikes of each input in each step, e.g. the events of a camera; they act as those of `Poisson`.

    `sbp_brian.training.encoding.spike_bytes` packs them.

    Parameters
    ----------
    rate : float
        Spikes a step of an input that counts as fully active, above 0 to 1.
    """


#: Name of an input coding -> its option.
INPUTS = {"graded": Graded, "latency": Latency, "poisson": Poisson, "spikes": Spikes}


@names_parameters
@dataclass(frozen=True)
class Displacement(Option):
    """Samples with a teacher are displaced at random, each way; what leaves the image is lost. This adds to the data.

    Parameters
    ----------
    pixels : int
        The most, in rows of the network's `width` pixels; at least 1.
    """

    pixels: int

    def __post_init__(self):
        checks.whole("pixels of Displacement", self.pixels)

    def check(self, network) -> None:
        """Refuse rows that do not fit, and samples of spikes."""
        if isinstance(network.option(InputCoding), Spikes):
            raise ModelError(f"{self!r} displaces pixels of graded samples, not spikes; leave it out with Spikes")
        check_displacement("pixels", self.pixels, network.width, network.n_input)


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
        checks.share("input of Dropout", self.input)
        checks.share("hidden of Dropout", self.hidden)

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
        checks.positive("rate of Homeostasis", self.rate, "leave the option out for none")
        checks.not_negative("target_spikes", self.target_spikes)


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
        if not 0 <= self.inhibitory <= 1:
            raise ModelError(f"inhibitory must be a share from 0 to 1, got {self.inhibitory}")


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
        checks.share("release", self.release)
        checks.time("tau_rec", self.tau_rec)


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
        checks.positive("share of MembraneHomeostasis", self.share, "leave the option out for none")
        checks.share("share of MembraneHomeostasis", self.share)
        checks.time("tau of MembraneHomeostasis", self.tau)


@dataclass(frozen=True)
class SeveralRight(Option):
    """Several outputs may be right at once: the teacher follows the targets of a sample instead of its class."""


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
    """

    seed: int = 0

    @classmethod
    def default(cls) -> Subset:
        """Seed 0."""
        return cls()


#: Of `SBPNetwork`, in the order in which they change its equations.
KINDS = (
    Timing,
    InputCoding,
    Displacement,
    Dropout,
    Homeostasis,
    SteadyHiddenRate,
    Dale,
    ShortTerm,
    SpikeTiming,
    MembraneHomeostasis,
    SeveralRight,
    OneHop,
    Subset,
)
