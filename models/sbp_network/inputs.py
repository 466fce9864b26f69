"""How the pixels of `SBPNetwork` say their intensity, by a kind of options; where they look; first weights."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from sbp_brian.errors import ModelError
from sbp_brian.models import checks, displaced
from sbp_brian.models.options import Option
from sbp_brian.models.sbp_network.equations import receive_spikes, spike_of_themselves
from sbp_brian.training.deformation import RealTable, deformations
from sbp_brian.training.encoding import check_displacement
from sbp_brian.wording import names_parameters

__all__ = [
    "INPUTS",
    "Deformation",
    "Displacement",
    "Graded",
    "InitialWeights",
    "InputCoding",
    "Latency",
    "Poisson",
    "Spikes",
    "SpikingInput",
]


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

    def change(self, texts, network) -> None:
        """Pixels spike once; their synapses deliver w."""
        pixels = texts.pixels
        spike_of_themselves(pixels)
        pixels.add("cells", "latency : 1  # step of the pixel's one spike; x is the share of the sample from then on")
        pixels.put("event onset, at start 3:\n    x > 0 and phase == latency")
        pixels.add("read", "latency = floor((1 - x)*n_steps)", "x = int(x > 0)*(1 - latency/n_steps)")
        texts.inputs[0].replace("present", "drive_post", "drive_post += w")


@dataclass(frozen=True)
class SpikingInput(InputCoding):
    """Spikes that come all through the sample, each of which delivers ``w / rate`` to hidden cells for one step.

    Parameters
    ----------
    rate : float
        Spikes a step of a pixel at full intensity, above 0 to 1.
    """

    rate: float = 0.5

    def __post_init__(self):
        checks.number("rate of the input", self.rate, "(0, 1]")

    def change(self, texts, network) -> None:
        """Pixels spike; their synapses and the first hidden layer act for a step."""
        spike_of_themselves(texts.pixels)
        texts.pixels.add("cells", "fires : 1  # 1 in a step with a spike; x is the number of spikes over that expected")
        texts.inputs[0].replace("present", "drive_post", "arriving_post += w/input_rate")
        receive_spikes(texts.hidden[0])
        for text in (texts.pixels, texts.inputs[0]):
            text.namespace["input_rate"] = self.rate


@names_parameters
@dataclass(frozen=True)
class Poisson(SpikingInput):
    """In each step a spike with probability ``x rate``; see `SpikingInput`."""

    def change(self, texts, network) -> None:
        """Pixels spike at random; x counts the spikes."""
        super().change(texts, network)
        texts.pixels.add("cells", "intensity : 1")
        texts.pixels.add("read", "intensity = x", "x = 0*x")
        texts.pixels.add("step", "fires = int(rand() < intensity*input_rate)", "x += fires/(n_steps*input_rate)")


@names_parameters
@dataclass(frozen=True)
class Spikes(SpikingInput):
    """Samples are the spikes of each input in each step, e.g. the events of a camera; see `SpikingInput`.

    `sbp_brian.training.encoding.spike_bytes` packs them; `rate` is that of an input that counts as fully active.
    """

    def change(self, texts, network) -> None:
        """Pixels spike as the sample has it; x counts the spikes."""
        super().change(texts, network)
        texts.pixels.replace("read", "x", "x = 0")
        texts.pixels.add("step", "fires = sample_bit(shown(t), phase*N + i)", "x += fires/(n_steps*input_rate)")


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
        checks.number("pixels of Displacement", self.pixels, "[1, inf)", whole=True)

    def check(self, network) -> None:
        """Refuse rows that do not fit, and samples of spikes."""
        if isinstance(network.option(InputCoding), Spikes):
            raise ModelError(f"{self!r} displaces pixels of graded samples, not spikes; leave it out with Spikes")
        check_displacement("pixels", self.pixels, network.width, network.n_input)

    def change(self, texts, network) -> None:
        """Pixels read x beside their own place."""
        texts.pixels.add(
            "cells", "jitter : 1 (shared)  # the largest displacement", *displaced.VARIABLES.strip().splitlines()
        )
        texts.pixels.replace("read", "x", *displaced.LINES)
        texts.pixels.initial["column"] = np.arange(network.n_input) % network.width


@names_parameters
@dataclass(frozen=True)
class Deformation(Option):
    """Samples with a teacher are deformed at random, smoothly. This adds to the data.

    Each presentation draws one of `fields` deformations, which are drawn once (`deformations`).

    Source: Simard, Steinkraus & Platt 2003, doi:10.1109/ICDAR.2003.1227801 (affine and elastic deformation).

    Parameters
    ----------
    elastic : float
        Root of the mean square of the elastic displacement, in pixels.
    smooth : float
        Standard deviation, in pixels, of the Gaussian that smooths it.
    rotate : float
        Largest angle, in degrees.
    scale, shear : float
        Largest shares, 0 to below 1.
    shift : float
        Largest displacement of the whole image, in pixels; not only whole ones.
    fields : int
    seed : int
    """

    elastic: float = 0.0
    smooth: float = 4.0
    rotate: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    fields: int = 1000
    seed: int = 0

    def __post_init__(self):
        for name, bounds in (
            ("elastic", "[0, inf)"),
            ("smooth", "(0, inf)"),
            ("rotate", "[0, 180]"),
            ("scale", "[0, 1)"),
            ("shear", "[0, 1)"),
            ("shift", "[0, inf)"),
        ):
            checks.number(f"{name} of Deformation", getattr(self, name), bounds)
        checks.number("fields of Deformation", self.fields, "[1, inf)", whole=True)
        if not any(getattr(self, name) for name in ("elastic", "rotate", "scale", "shear", "shift")):
            raise ModelError(f"{self!r} deforms nothing; give elastic, rotate, scale, shear or shift, or leave it out")

    def check(self, network) -> None:
        """Refuse rows that do not fit, samples of spikes, and displacement in whole pixels as well."""
        if isinstance(network.option(InputCoding), Spikes):
            raise ModelError(f"{self!r} deforms images, not spikes; leave it out with Spikes")
        if network.option(Displacement):
            raise ModelError(f"Displacement and {type(self).__name__} are both there; give the latter's shift instead")
        check_displacement("shift", 1, network.width, network.n_input)

    def change(self, texts, network) -> None:
        """Pixels read x where the deformation of this presentation has it."""
        pixels, width, height = texts.pixels, network.width, network.n_input // network.width
        down, right = _fields(self, height, width)
        pixels.namespace |= {
            "found_below": RealTable(down, "found_below"),
            "found_right": RealTable(right, "found_right"),
        }
        pixels.namespace["deformations"] = self.fields
        pixels.add("cells", "deformation : 1 (shared)   # of this presentation", "row : 1", "column : 1")
        place = "row + teacher_on*found_below(deformation, i), column + teacher_on*found_right(deformation, i)"
        pixels.replace("read", "x", "deformation = floor(deformations*rand())", f"x = sample_at(shown(t), {place})")
        pixels.initial["row"], pixels.initial["column"] = np.divmod(np.arange(network.n_input), width)


@functools.lru_cache(maxsize=4)
def _fields(option: Deformation, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The deformations of an option, drawn once for images of a size."""
    settings = {name: getattr(option, name) for name in ("elastic", "smooth", "rotate", "scale", "shear", "shift")}
    return deformations(option.fields, height, width, **settings, seed=option.seed)


@names_parameters
@dataclass(frozen=True)
class InitialWeights(Option):
    """How weights onto hidden cells are before learning, beside what the sizes of the layers give.

    Parameters
    ----------
    scale : float
        A factor; above 1 where so few inputs are active that a random layer is nearly silent.
    connected : float
        Share of them that are not 0, above 0 to 1; the others can still grow. Those that are not 0 are larger by
        ``1/sqrt(connected)``, so that what hidden cells receive varies as much. Under Dale's law, where weights do not
        cancel, few large ones let hidden cells differ more than many small ones.
    """

    scale: float = 1.0
    connected: float = 1.0

    def __post_init__(self):
        checks.number("scale of InitialWeights", self.scale, "(0, inf)")
        checks.number("connected of InitialWeights", self.connected, "(0, 1]")

    @classmethod
    def default(cls) -> InitialWeights:
        """As the sizes give them."""
        return cls()

    def applied(self, weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The weights as this option has them; without it nothing is drawn."""
        if self.connected < 1:
            weights = weights * (rng.random(len(weights)) < self.connected) / np.sqrt(self.connected)
        return weights * self.scale
