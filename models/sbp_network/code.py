"""Equations and rules of `sbp_brian.models.sbp_network`, as Brian2 strings; that module explains them."""

from __future__ import annotations

from dataclasses import replace

from sbp_brian.rules import SynapseRule

PIXELS = """
teacher_on : 1 (shared)  # 1 while a sample with a teacher is shown
x : 1                    # intensity of the pixel, 0 to 1
"""
DROPPED_PIXELS = "drop : 1 (shared)  # share of active pixels that are lost while there is a teacher"
#: Of pixels that send spikes: x becomes the trace by which their synapses learn.
SPIKING_PIXELS = """
learning : 1 (shared)    # 1 in the first step after a sample with a teacher, until a new sample begins
phase : integer (shared) # step within the sample, from 0
"""
LATENCY = """
latency : 1              # step of the pixel's one spike; x is the share of the sample from then on
"""
POISSON = """
intensity : 1            # x is the number of spikes so far, over the number expected at full intensity
fires : 1                # 1 in a step with a spike
"""
SPIKES = """
fires : 1                # 1 in a step with a spike; x is the number of spikes so far, over (n_steps input_rate)
"""
READ_LATENCY = "latency = floor((1 - x)*n_steps)\nx = int(x > 0)*(1 - latency/n_steps)"
READ_POISSON = "intensity = x\nx = 0*x"
STEP_PHASE = "phase = timestep(t, step_length) % n_steps\n"
STEP_POISSON = "fires = int(rand() < intensity*input_rate)\nx += fires/(n_steps*input_rate)"
STEP_SPIKES = "fires = sample_bit(shown(t), phase*N + i)\nx += fires/(n_steps*input_rate)"
SIGN = "polarity : 1             # of all output synapses of the cell: 1 or -1 (Dale's law)"
FIRST = "drive : 1     # what the inputs of this sample delivered"
UPPER = "arriving : 1  # what spikes of the layer below delivered in this step"
HIDDEN = """
bias : 1
bias_rate : 1 (shared)
v : 1         # membrane, threshold 1, reset by subtraction
s : 1         # spikes in this sample
"""
HOMEOSTASIS = """
homeostasis : 1 (shared)   # rate at which the bias follows the cell's own activity
target_spikes : 1 (shared)
"""
DROPPED_CELLS = """
drop : 1 (shared)          # share of the cells that are silent while there is a teacher
lost : 1
"""
RESOURCE = "resource : 1  # share of its transmitter that the cell has left"
HOMEOSTATIC_V = "v_homeo : 1   # the membrane, averaged over many samples, to which it is drawn"
TRACE = "trace : 1     # of the cell's spikes, as a rate: spikes a step"
GAIN = """
gain : 1 (shared)          # on what arrives; larger while cells of the layer below are silent
gain_taught : 1 (shared)
"""
#: Of hidden cells in front of hidden cells: what their own output synapses need to know at the end of a sample.
BELOW = """
learning : 1 (shared)      # 1 in the first step after a sample with a teacher, until a new sample begins
x = s/{steps} : 1          # share of the steps with a spike
"""
OUTPUT = """
arriving : 1  # what hidden spikes delivered in this step
v : 1
c : 1         # spikes in this sample
wanted : 1    # 1 for outputs that are right, else 0
phase : integer (shared)  # step within the sample, from 0
teacher : 1 (shared)      # 1 while the teacher is active
"""
OUTPUT_PHASE = """
phase = timestep(t, step_length) % n_steps
teacher = teaching(t)*int(timestep(t, step_length) % n_steps >= first_taught)
"""
OUTPUT_EVENTS = {
    "missing": "teacher > 0 and wanted > 0 and v < 1",  # the teacher's spike without the cell's own
    "excess": "teacher > 0 and wanted == 0 and v >= 1",  # the cell's own without the teacher's
}
#: Code by which a step that led a weight beyond zero is taken back to it; polarity is the sign of the presynaptic cell.
BOUND = "polarity_pre*clip(polarity_pre*({new}), 0, inf)"
#: Input -> what an active pixel's event does to a hidden cell.
DELIVERED = {
    "graded": "drive_post += w*x_pre",
    "latency": "drive_post += w",
    "poisson": "arriving_post += w/input_rate",
    "spikes": "arriving_post += w/input_rate",
}
#: Inputs whose spikes act for one step; what the others deliver lasts to the end of the sample.
PULSES = ("poisson", "spikes")


def input_rule(coding: str, input_rate: float) -> SynapseRule:
    """The synapse from a pixel: delivers at the pixel's event ``onset``."""
    return SynapseRule(
        name=f"{coding} input",
        model="w : 1",
        on_pre={"present": DELIVERED[coding]},
        on_event={"present": "onset"},
        namespace={"input_rate": input_rate} if coding in PULSES else {},
    )


def spike_rule(short_term: bool) -> SynapseRule:
    """The synapse from a hidden cell to another: transmits its spikes."""
    return SynapseRule(name="spike transmission", model="w : 1", on_pre={"pre": _transmit(short_term)})


def _transmit(short_term: bool) -> str:
    return "arriving_post += w*resource_pre" if short_term else "arriving_post += w"


def with_fixed_sign(receiving: SynapseRule) -> SynapseRule:
    """A synapse that expresses the retrograde signal, by Dale's law."""
    text = f"{receiving.on_pre['retrograde']}\nw = {BOUND.format(new='w')}"
    return replace(receiving, on_pre={**receiving.on_pre, "retrograde": text})


def output_rule(short_term: bool = False, dale: bool = False, by_trace: bool = False) -> SynapseRule:
    r"""The output synapse: transmits hidden spikes; learns by the difference of teacher and own spike.

    ``dw = +-rate s / (phase + 1)`` with s the presynaptic spikes of this sample so far, phase the step within it: the
    delta rule on the presynaptic rate. Changes happen at the output cell's events ``missing`` (+) and ``excess`` (-).
    With `by_trace` a trace of presynaptic spikes that decays takes the place of the rate: plasticity by spike timing.
    """
    amount = "trace_pre" if by_trace else "s_pre/(phase_post + 1)"
    new = f"w {{sign}} rate*{amount}"
    change = f"w = {BOUND.format(new=new) if dale else new}"
    return SynapseRule(
        name="teacher-driven delta rule",
        model="w : 1\nrate : 1 (shared)",
        on_pre={"pre": _transmit(short_term)},
        on_post={"missing": change.format(sign="+"), "excess": change.format(sign="-")},
        on_event={"missing": "missing", "excess": "excess"},
        initial={"rate": 0.0},
    )
