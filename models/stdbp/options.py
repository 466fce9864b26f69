"""What `STDBP` is made of beside its own fields: its cells, its initial weights, and its options.

Options are small frozen objects that check themselves; a network has at most one of each kind. `Dropout`,
`InputJitter` and `Displacement` act in training alone, while a sample has a teacher.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from brian2 import Quantity, ms

from sbp_brian.errors import ModelError
from sbp_brian.models import checks
from sbp_brian.models.options import Option
from sbp_brian.models.stdbp.first_spike import FirstSpike
from sbp_brian.training.encoding import check_displacement
from sbp_brian.wording import names_parameters

__all__ = [
    "KINDS",
    "Cells",
    "Displacement",
    "Dropout",
    "InputJitter",
    "Noise",
    "Revive",
    "WeightDecay",
    "Weights",
]


@names_parameters
@dataclass(frozen=True)
class Cells:
    """What the ReL-PSP cells of a network are; see `sbp_brian.models.stdbp.first_spike`.

    Source: Zhang M. et al. 2022, IEEE TNNLS 33:1947, doi:10.1109/TNNLS.2021.3110991, which leaves the values open.

    Parameters
    ----------
    tau : Quantity (second)
        Length of the latency code, and unit of the ramp.
    threshold, threshold_output : float
        Of hidden and of output cells.
    window : float
        A cell that would spike later than this many tau is silent; above 1, the length of the latency code.
    floor : float
        The least slope by which an error is divided. Bounds a weight's gradient by kappa*window/floor (output layer).
    kappa : float
        Sharpness of the softmax over the spike times of the output cells; from 0 on.

    Raises
    ------
    ModelError, RuleError
        A value outside its range.
    """

    tau: Quantity = field(default_factory=lambda: 10 * ms)
    threshold: float = 1.0
    threshold_output: float = 1.0
    window: float = 4.0
    floor: float = 0.2
    kappa: float = 40.0

    def __post_init__(self):
        checks.number("kappa", self.kappa, "[0, inf)")
        if not self.window > 1:
            raise ModelError(f"window must be longer than the latency code, above 1 tau, got {self.window}")
        _ = self.hidden, self.output  # let them check the rest

    @property
    def duration(self) -> Quantity:
        """How long a sample lasts: the window."""
        return self.window * self.tau

    @property
    def hidden(self) -> FirstSpike:
        """What the hidden cells share."""
        return FirstSpike(self.tau, self.threshold, self.duration, self.floor)

    @property
    def output(self) -> FirstSpike:
        """What the output cells share."""
        return FirstSpike(self.tau, self.threshold_output, self.duration, self.floor)


@names_parameters
@dataclass(frozen=True)
class Weights:
    """Initial weights: uniform, ``mean/n`` plus or minus ``spread/sqrt(n)`` for n presynaptic cells.

    Parameters
    ----------
    mean, spread : float
        Dimensionless; `spread` from 0 on.
    """

    mean: float = 6.0
    spread: float = 2.5

    def __post_init__(self):
        if not np.isfinite(self.mean):
            raise ModelError(f"mean must be finite, got {self.mean}")
        checks.number("spread", self.spread, "[0, inf)")


@names_parameters
@dataclass(frozen=True)
class Revive(Option):
    """What becomes of cells that are silent.

    Parameters
    ----------
    output : float
        Share of the error by which a silent output of the right class is made to spike; from 0 on.
    hidden : float
        Push on silent hidden cells; from 0 on.
    """

    output: float = 1.0
    hidden: float = 0.0

    def __post_init__(self):
        checks.number("output of Revive", self.output, "[0, inf)")
        checks.number("hidden of Revive", self.hidden, "[0, inf)")

    @classmethod
    def default(cls) -> Revive:
        """Outputs are pushed, hidden cells are not."""
        return cls()

    def check(self, network) -> None:
        """Refuse a push on hidden cells that learn by what is reported to them."""
        if self.hidden and network.retrograde is not None:
            raise ModelError(
                f"learning={network.learning!r} has no push on silent hidden cells; leave hidden of Revive at 0"
            )


@names_parameters
@dataclass(frozen=True)
class WeightDecay(Option):
    """Weights shrink at each update.

    Parameters
    ----------
    share : float
        Of each weight that is lost, times the learning rate; above 0.
    """

    share: float

    def __post_init__(self):
        checks.number("share of WeightDecay", self.share, "(0, inf)", remedy="leave the option out for none")


@names_parameters
@dataclass(frozen=True)
class Dropout(Option):
    """Spikes lost in training, at random. Source: Srivastava et al. 2014, JMLR 15:1929, without its scaling.

    Parameters
    ----------
    input, hidden : float
        Share of the spikes of the input and of the hidden layers, 0 to below 1.
    """

    input: float = 0.0
    hidden: float = 0.0

    def __post_init__(self):
        checks.number("input of Dropout", self.input, "[0, 1)")
        checks.number("hidden of Dropout", self.hidden, "[0, 1)")

    @classmethod
    def default(cls) -> Dropout:
        """No spike is lost."""
        return cls()


@names_parameters
@dataclass(frozen=True)
class InputJitter(Option):
    """Input spikes are early or late in training, normally distributed.

    Parameters
    ----------
    deviation : float
        Standard deviation (tau); above 0.
    """

    deviation: float

    def __post_init__(self):
        checks.number("deviation of InputJitter", self.deviation, "(0, inf)", remedy="leave the option out for none")


@names_parameters
@dataclass(frozen=True)
class Displacement(Option):
    """Training images are displaced at random, each way; what leaves the image is lost. This adds to the data.

    Parameters
    ----------
    pixels : int
        The most, in rows of the network's `width` pixels; at least 1.
    """

    pixels: int

    def __post_init__(self):
        checks.number("pixels of Displacement", self.pixels, "[1, inf)", whole=True)

    def check(self, network) -> None:
        """Refuse rows that do not fit."""
        check_displacement("pixels", self.pixels, network.width, network.layers[0])


@dataclass(frozen=True)
class Noise(Option):
    """For tests of robustness: spikes of the input may come with ``pixels.jitter`` (second), and be lost.

    The probability of a loss is ``pixels.missing``. Both are run arguments, 0 where they are not set.
    """

    def check(self, network) -> None:
        """Refuse images that are displaced, which is for training."""
        if network.option(Displacement) is not None:
            raise ModelError("Displacement is for training and Noise for tests; make a network for each")


#: Of `STDBP`.
KINDS = (Dropout, InputJitter, Displacement, Noise, Revive, WeightDecay)
