r"""Signals that come late to the synapses of `SBPNetwork`, and tags that wait for them: options `Late` and `Tag`.

A signal that travels along an axon takes minutes, thousands of samples of 20 ms. When it comes, the trace of the
presynaptic cell is that of another sample. A tag is a slower trace of the same cell, that stands highest when the
signal comes. It is one variable of the presynaptic cell, so all its synapses have the same: that a synapse keeps a tag
of its own needs the same equations, once a synapse.

In biology the tag would be what presynaptic activity leaves behind at the synapse and needs no change in strength of
its own: a state of an enzyme or of the scaffold. Three kinds can be told apart by one measurement, the change of an
input synapse against the time from its activity to the arrival of the signal, both given by the experimenter:

========================= ========================================== =================================================
tag                       could be                                   refuted where the change against that time
========================= ========================================== =================================================
a leak (one stage)        one state that decays, e.g. a              rises before it falls
                          phosphorylated kinase
a cascade of n stages     steps one after the other, of the same     falls from the start, or is wider or narrower than
                          rate, e.g. sites of phosphorylation, or    1/sqrt(n) of the time of its peak
                          enzymes that turn one another on
a fixed delay             none known: the limit of many stages       has any width that more stages do not explain
========================= ========================================== =================================================

Source of cascades as tags: Raharison Ralambomihanta, Anokhin, Pogodin, Ebrahimi Kahou, Cornford & Richards 2025,
arXiv:2506.14598, for networks of rates; there the peak is set to the delay, here the mean: a cascade of n stages of
mean ``late*n/(n - 1)`` has its peak there. What differs: spikes, SBP's own signal, and that the signal itself may come
dispersed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sbp_brian.errors import ModelError
from sbp_brian.models import checks
from sbp_brian.models.options import Option
from sbp_brian.retrograde.cascade import height, passed_on, share
from sbp_brian.wording import names_parameters

__all__ = ["Late", "Tag"]

#: A tag below this is none: its synapses are left alone.
NEGLIGIBLE = "1e-12"
#: Samples over which `Tag.centred` takes the mean of a trace; from the start the mean of those that have been.
MEAN_OVER = 1000


@names_parameters
@dataclass(frozen=True)
class Late(Option):
    """The retrograde signal of a sample comes many samples after the sample's end.

    Hidden cells express what comes while samples with a teacher are shown; what is under way when they end is lost.

    Parameters
    ----------
    samples : int
        How many, on average; at least 1.
    stages : int or None
        None: the signal comes at once. A number below `samples`: it passes a cascade of so many stages, and comes
        dispersed over a time of about samples/sqrt(stages) (`sbp_brian.retrograde.cascade`).
    """

    samples: int
    stages: int | None = None

    def __post_init__(self):
        checks.number("samples of Late", self.samples, "[1, inf)", whole=True, remedy="leave the option out for none")
        check_stages("Late", self.stages, "samples", self.samples)

    def check(self, network) -> None:
        """Refuse several hidden layers: a synapse that reports on would divide by the activity of another sample."""
        if len(network.hidden_sizes) > 1:
            raise ModelError(f"{self!r} is for one hidden layer, not for n_hidden={network.n_hidden}; leave it out")

    def change(self, texts, network) -> None:
        """Biases learn while there is a teacher, as weights do."""
        (hidden,) = texts.hidden
        hidden.add("cells", "teacher_on : 1 (shared)")
        hidden.first("begin", "teacher_on = teaching(t)")
        learned = hidden.line("learn", "bias")
        hidden.replace("learn", "bias", learned.replace("bias_rate*", "teacher_on*bias_rate*"))


@names_parameters
@dataclass(frozen=True)
class Tag(Option):
    """Synapses learn by a tag of the presynaptic cell instead of its trace x of the last sample.

    A sample with trace x, alone, has a tag that is x at its height; so `rate_hidden` keeps its meaning.

    Parameters
    ----------
    delay : int or None
        Samples from the sample to its tag, on average; at least 1. None: those of `Late`.
    stages : int or None
        None: the tag is x of the sample that was `delay` samples ago, and nothing else. A number below `delay`: x
        passes a cascade of so many stages, of which 1 is an ordinary leak; the tag is what leaves it, divided by the
        most that leaves it of one sample. Samples that were shown before and after are in it, too.
    centred : bool
        The tag is of x less its running mean over the last 1,000 samples, and may be negative.
    """

    delay: int | None = None
    stages: int | None = None
    centred: bool = False

    def __post_init__(self):
        if self.delay is not None:
            checks.number("delay of Tag", self.delay, "[1, inf)", whole=True, remedy="leave the option out for none")
        check_stages("Tag", self.stages, "delay", self.delay)

    def check(self, network) -> None:
        """Refuse a signal on time, for which x is there."""
        late = network.option(Late)
        if late is None:
            raise ModelError(f"{self!r} waits for a signal that comes late; add Late(samples), or leave it out")
        check_stages("Tag", self.stages, "delay", self.samples(network))

    def samples(self, network) -> int:
        """From a sample to its tag, in this network."""
        return network.option(Late).samples if self.delay is None else self.delay

    def change(self, texts, network) -> None:
        """Pixels have a tag, and those with one learn."""
        pixels, delay = texts.pixels, self.samples(network)
        pixels.add("cells", "tag : 1  # by which synapses learn when the signal comes")
        entering, keep = "x", []
        if self.centred:
            pixels.add("cells", f"x_mean : 1  # of x, over {MEAN_OVER} samples")
            keep = [f"x_mean += (x - x_mean)/clip(timestep(t, n_steps*step_length), 1, {MEAN_OVER})"]
            entering = "x - x_mean"
        if self.stages is None:
            pixels.put(f"ring, each sample, at start -5:\n    x_back : {delay}  # what was written {delay} samples ago")
            tag, keep = "x_back", [*keep, f"x_back = {entering}"]
        else:
            stages, moved = [f"x_stage_{k}" for k in range(1, self.stages + 1)], share(delay, self.stages)
            pixels.add("cells", *(f"{stage} : 1" for stage in stages))
            tag = f"{moved / height(delay, self.stages)!r}*{stages[-1]}"
            keep = [*keep, *passed_on(stages, entering, repr(moved))]
        # sections of their own: in one, numpy would take a tag that equals the last stage for that stage itself
        pixels.put(f"tag, each sample, at start -4:\n    tag = {tag}")
        pixels.put("\n    ".join(["keep, each sample, at start -3:", *keep]))
        condition = pixels["sample_end"].lines
        condition[0] = condition[0].replace("x > 0", f"abs(tag) > {NEGLIGIBLE}", 1)


def check_stages(option: str, stages, name: str, samples) -> None:
    """Stages that take more than a sample each, on average: else they are a fixed delay."""
    if stages is None:
        return
    checks.number(f"stages of {option}", stages, "[1, inf)", whole=True)
    if samples is not None and stages >= samples:
        raise ModelError(
            f"{option}: each of stages={stages} takes more than a sample on average, so they cannot take "
            f"{name}={samples}; give fewer stages, a larger {name}, or stages=None for none"
        )
