"""The equations of `SBPNetwork`: the whole default network, as text (`sbp_brian.models.text` tells how to read it).

Synapses onto hidden cells also express the retrograde signal, which `RetrogradeSBP.receiving` adds at the pixel's event
``sample_end``; output synapses report their changes, by `RetrogradeSBP.emitting`. Options change these texts line by
line; `SBPNetwork.text` shows what comes of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sbp_brian.models.text import Text

__all__ = ["HIDDEN", "INPUTS", "OUTPUT", "OUTPUTS", "PIXELS", "SPIKING_PIXELS", "Texts", "order_of"]

PIXELS = """
cells, each sample:
    teacher_on : 1 (shared)    # 1 while a sample with a teacher is shown
    x : 1                      # intensity of the pixel, 0 to 1
event onset, at start 3:
    x > 0
event sample_end, at start 0:
    x > 0 and teacher_on > 0
read, each sample, at start 2:
    teacher_on = teaching(t)
    x = sample_value(shown(t), i)
"""
INPUTS = """
synapses:
    w : 1
present, on pre onset, at start 4:
    drive_post += w*x_pre
"""
HIDDEN = """
cells, each step:
    drive : 1                  # what the inputs of this sample delivered
    bias : 1
    bias_rate : 1 (shared)
    v : 1                      # membrane, threshold 1, reset by subtraction
    s : 1                      # spikes in this sample
learn, each sample, at start 1:
    bias += bias_rate*(retro_ltp_now - retro_ltd_now)
begin, each sample, at start 2:
    v = 0
    s = 0
    drive = 0
integrate, each step, at groups 0:
    v += clip(drive + bias, 0, 1)
threshold:
    v >= 1
reset:
    v -= 1
    s += 1
"""
OUTPUTS = """
synapses:
    w : 1
    rate : 1 (shared)
pre, on pre spike:
    arriving_post += w
missing, on post missing:
    w = w + rate*s_pre/(phase_post + 1)
excess, on post excess:
    w = w - rate*s_pre/(phase_post + 1)
"""
OUTPUT = """
cells, each step:
    arriving : 1               # what hidden spikes delivered in this step
    v : 1
    c : 1                      # spikes in this sample
    wanted : 1                 # 1 for outputs that are right, else 0
    phase : integer (shared)   # step within the sample, from 0
    teacher : 1 (shared)       # 1 while the teacher is active
begin, each sample, at start 2:
    v = 0.5
    arriving = 0
    c = 0
    wanted = int(i == target_class(t))
phase, each step, at before_groups 0:
    phase = timestep(t, step_length) % n_steps
    teacher = teaching(t)*int(timestep(t, step_length) % n_steps >= first_taught)
integrate, each step, at groups 0:
    v = clip(v + arriving, 0, 2)
    arriving = 0
threshold:
    v >= 1
reset:
    v -= 1
    c += 1
event missing, at thresholds 1:
    teacher > 0 and wanted > 0 and v < 1
event excess, at thresholds 1:
    teacher > 0 and wanted == 0 and v >= 1
"""
# missing: the teacher's spike without the cell's own; excess: the cell's own without the teacher's
#: Pixels that spike of themselves during the sample: x is a trace, by which their synapses learn. Options say when.
SPIKING_PIXELS = """
cells, each step:
    teacher_on : 1 (shared)    # 1 while a sample with a teacher is shown
    learning : 1 (shared)      # 1 in the first step after a sample with a teacher, until a new sample begins
    phase : integer (shared)   # step within the sample, from 0
    x : 1
event onset, at start 3:
    fires > 0
event sample_end, at start 0:
    x > 0 and learning > 0
ending, each sample, at start -2:
    learning = teacher_on
read, each sample, at start 1:
    learning = 0
    teacher_on = teaching(t)
    x = sample_value(shown(t), i)
step, each step, at start 2:
    phase = timestep(t, step_length) % n_steps
"""


def order_of(layer: int) -> int:
    """Order, at the start of a sample, of the event at which synapses onto this hidden layer express its signal."""
    return -10 * layer


class Texts:
    """The texts of a network, before options change them.

    Parameters
    ----------
    hidden_names, input_names : list of str
        Of the hidden layers' cells, and of the synapses onto them.
    steps : int
        Of a sample.

    Attributes
    ----------
    pixels, output, outputs : Text
    hidden, inputs : list of Text
        One a hidden layer.
    """

    def __init__(self, hidden_names: list[str], input_names: list[str], steps: int):
        self.pixels, self.output, self.outputs = (
            Text("pixels", PIXELS),
            Text("output", OUTPUT),
            Text("outputs", OUTPUTS),
        )
        self.hidden = [Text(name, HIDDEN) for name in hidden_names]
        self.inputs = [Text(name, INPUTS) for name in input_names]
        for k in range(1, len(self.hidden)):
            between_hidden(self.inputs[k])
            receive_spikes(self.hidden[k])
            report_on(self.hidden[k - 1], k, steps)

    @property
    def after_hidden(self) -> list[Text]:
        """Synapses that hidden cells send their spikes through."""
        return [*self.inputs[1:], self.outputs]

    @property
    def behind_hidden(self) -> list[Text]:
        """Cells that receive the spikes of hidden cells."""
        return [*self.hidden[1:], self.output]

    def __iter__(self) -> Iterator[Text]:
        """From the input to the output."""
        yield self.pixels
        for inputs, hidden in zip(self.inputs, self.hidden, strict=True):
            yield inputs
            yield hidden
        yield self.outputs
        yield self.output


def receive_spikes(hidden: Text) -> None:
    """What arrives at the cell acts for one step, instead of lasting to the end of the sample."""
    hidden.replace("cells", "drive", "arriving : 1  # what spikes of the layer below delivered in this step")
    hidden.replace("begin", "drive", "arriving = 0")
    hidden.replace("integrate", "v", "v += arriving + bias", "arriving = 0")


def spike_of_themselves(pixels: Text) -> None:
    """Pixels send spikes during the sample, instead of one event at its onset."""
    pixels.sections.clear()
    pixels.put(SPIKING_PIXELS)


def between_hidden(inputs: Text) -> None:
    """The synapse between hidden cells transmits spikes."""
    del inputs.sections["present"]
    inputs.put("pre, on pre spike:\n    arriving_post += w")


def report_on(hidden: Text, layer: int, steps: int) -> None:
    """What the output synapses of a hidden cell need to know where these, onto hidden layer `layer`, learn by SBP."""
    place = order_of(layer)
    hidden.add(
        "cells",
        "teacher_on : 1 (shared)",
        "learning : 1 (shared)      # 1 in the first step after a sample with a teacher, until a new sample begins",
        f"x = s/{steps} : 1          # share of the steps with a spike",
    )
    hidden.first("begin", "teacher_on = teaching(t)", "learning = 0")
    hidden.put(f"""
        ending, each sample, at start {place - 2}:
            learning = teacher_on
        event sample_end, at start {place}:
            learning > 0 and s > 0
    """)
