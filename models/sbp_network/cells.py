"""Groups of cells of `sbp_brian.models.sbp_network`; that module explains them."""

from __future__ import annotations

import numpy as np
from brian2 import Clock, Equations, NeuronGroup

from sbp_brian.models import displaced as _displaced
from sbp_brian.models.sbp_network import code
from sbp_brian.models.sbp_network import options as o

#: Inputs whose pixels send spikes of their own during the sample: more equations, when a pixel spikes, what is
#: made of x at the start of a sample, and what is done in each step.
SPIKING_INPUTS = {
    "latency": (code.LATENCY, "x > 0 and phase == latency", code.READ_LATENCY, ""),
    "poisson": (code.POISSON, "fires > 0", code.READ_POISSON, code.STEP_POISSON),
    "spikes": (code.SPIKES, "fires > 0", "", code.STEP_SPIKES),
}


def order_of(layer: int) -> int:
    """Order, at the start of a sample, of the event at which synapses onto this hidden layer express its signal."""
    return -10 * layer


def pixels(model, shown, every_step: Clock, every_sample: Clock) -> NeuronGroup:
    """The input cells of an `SBPNetwork`; ``shown`` names what may be asked about the sample."""
    spiking = model.input in SPIKING_INPUTS
    equations, events = [code.PIXELS], {"onset": "x > 0", "sample_end": "x > 0 and teacher_on > 0"}
    if model.option(o.Dropout).input:
        equations.append(code.DROPPED_PIXELS)
    if model.option(o.Displacement):
        equations += ["jitter : 1 (shared)", _displaced.VARIABLES]
    if model.option(o.Dale):
        equations.append(code.SIGN)
    if spiking:
        own, fires, begun, stepping = SPIKING_INPUTS[model.input]
        equations += [code.SPIKING_PIXELS, own]
        events = {"onset": fires, "sample_end": "x > 0 and learning > 0"}
    cells = NeuronGroup(
        model.n_input,
        "\n".join(equations),
        clock=every_step if spiking else every_sample,
        events=events,
        namespace={
            **shown,
            "width": model.width,
            "n_steps": model.timing.steps,
            "step_length": model.timing.step,
            "input_rate": model.input_rate,
        },
        name="pixels",
    )
    if model.option(o.Dale):
        cells.polarity = 1
    cells.set_event_schedule("sample_end", when="start", order=0)
    cells.set_event_schedule("onset", when="start", order=3)
    read = f"teacher_on = teaching(t)\nx = {'0' if model.input == 'spikes' else 'sample_value(shown(t), i)'}"
    if model.option(o.Displacement):
        cells.column = np.arange(model.n_input) % model.width
        read = _displaced.READ
    if model.option(o.Dropout).input:
        read += "*int(rand() >= drop*teacher_on)/(1 - drop*teacher_on)"
    if spiking:
        cells.run_regularly("learning = teacher_on", clock=every_sample, when="start", order=-2, name="pixels_ending")
        read = f"learning = 0\n{read}\n{begun}"
    cells.run_regularly(read, clock=every_sample, when="start", order=1 if spiking else 2, name="pixels_read")
    if spiking:
        cells.run_regularly(code.STEP_PHASE + stepping, when="start", order=2, name="pixels_step")
    return cells


def hidden(model, k: int, shown, sbp, every_step: Clock, every_sample: Clock) -> NeuronGroup:
    """The cells of hidden layer `k` from 0."""
    below, upper, name = k + 1 < len(model.hidden_sizes), k > 0, model.hidden_names[k]
    pulses = upper or model.input in code.PULSES  # what arrives acts for one step; else for the whole sample
    equations = [code.UPPER if pulses else code.FIRST, code.HIDDEN]
    begin = [f"v = {model.timing.hidden_start!r}", "s = 0", "arriving = 0" if pulses else "drive = 0"]
    learn, shared, arrived = sbp.expressed_by("bias", "bias_rate"), [], "arriving"
    reset, before, after = "v -= 1\ns += 1", "", ""
    if model.option(o.Homeostasis) or below:
        equations.append("teacher_on : 1 (shared)")
        shared.append("teacher_on = teaching(t)")
    if below:
        equations.append(code.BELOW.format(steps=model.timing.steps))
        shared.append("learning = 0")
    if model.option(o.Homeostasis):
        equations.append(code.HOMEOSTASIS)
        learn += " - homeostasis*teacher_on*(s - target_spikes)" + (
            "*(1 - lost)" if model.option(o.Dropout).hidden else ""
        )
    if model.option(o.Dropout).hidden:
        equations.append(code.DROPPED_CELLS)
        begin = ["lost = int(rand() < drop*teaching(t))", f"v = {model.timing.hidden_start!r} - 1000*lost", *begin[1:]]
        if upper:
            equations.append(code.GAIN)
            shared.append("gain = 1 + (gain_taught - 1)*teaching(t)")
            arrived = "gain*arriving"
    if model.option(o.Dale):
        equations.append(code.SIGN)
    if model.option(o.ShortTerm):
        equations.append(code.RESOURCE)
        begin.append("resource = 1")
        before += f"resource += {model.per_step(model.option(o.ShortTerm).tau_rec)!r}*(1 - resource)\n"
        reset += f"\nresource *= 1 - {model.option(o.ShortTerm).release!r}"
    if model.option(o.SpikeTiming):
        equations.append(code.TRACE)
        begin.append("trace = 0")
        share = model.per_step(model.option(o.SpikeTiming).tau)
        before += f"trace *= 1 - {share!r}\n"
        reset += f"\ntrace += {share!r}"
    if model.option(o.MembraneHomeostasis):
        equations.append(code.HOMEOSTATIC_V)
        before += f"v += {model.option(o.MembraneHomeostasis).share!r}*(v_homeo - v)\n"
        after += f"\nv_homeo += {model.per_step(model.option(o.MembraneHomeostasis).tau)!r}*(v - v_homeo)"
    cells = NeuronGroup(
        model.hidden_sizes[k],
        Equations("\n".join(equations)) + sbp.equations,
        threshold="v >= 1",
        reset=reset,
        events=sbp.events | ({"sample_end": "learning > 0 and s > 0"} if below else {}),
        clock=every_step,
        namespace={**shown},
        name=name,
    )
    if model.option(o.Dropout).hidden and upper:
        cells.gain_taught = 1
    if model.option(o.Dale):
        cells.polarity = 1
    at = {"clock": every_sample, "when": "start"}
    if below:
        cells.set_event_schedule("sample_end", when="start", order=order_of(k + 1))
        cells.run_regularly("learning = teacher_on", order=order_of(k + 1) - 2, name=f"{name}_ending", **at)
    if shared:  # statements about all cells come first in a block, and the bias needs the old teacher_on
        cells.run_regularly(learn, order=1, name=f"{name}_learn", **at)
        cells.run_regularly("\n".join([*shared, *begin]), order=2, name=f"{name}_begin", **at)
    else:
        cells.run_regularly("\n".join([learn, *begin]), order=2, name=f"{name}_begin", **at)
    move = f"v += {arrived} + bias\narriving = 0" if pulses else "v += clip(drive + bias, 0, 1)"
    cells.run_regularly(before + move + after, when="groups", name=f"{name}_integrate")
    return cells


def output(model, shown, every_step: Clock, every_sample: Clock) -> NeuronGroup:
    """The output cells, with the teacher."""
    constants = {
        "step_length": model.timing.step,
        "n_steps": model.timing.steps,
        "first_taught": model.timing.first_taught,
    }
    cells = NeuronGroup(
        model.n_output,
        code.OUTPUT + (code.GAIN if model.option(o.Dropout).hidden else ""),
        threshold="v >= 1",
        reset="v -= 1\nc += 1",
        events=dict(code.OUTPUT_EVENTS),
        clock=every_step,
        namespace={**shown, **constants},
        name="output",
    )
    if model.option(o.Dropout).hidden:
        cells.gain_taught = 1
    for event in code.OUTPUT_EVENTS:
        cells.set_event_schedule(event, when="thresholds", order=1)
    cells.run_regularly(code.OUTPUT_PHASE, when="before_groups", name="output_phase")
    begin = ["gain = 1 + (gain_taught - 1)*teaching(t)"] if model.option(o.Dropout).hidden else []
    wanted = "target_value(shown(t), i)" if model.option(o.SeveralRight) else "int(i == target_class(t))"
    begin += [f"v = {'rand()' if model.timing.random_start else '0.5'}", "arriving = 0", "c = 0", f"wanted = {wanted}"]
    cells.run_regularly("\n".join(begin), clock=every_sample, when="start", order=2, name="output_begin")
    arrived = "gain*arriving" if model.option(o.Dropout).hidden else "arriving"
    cells.run_regularly(f"v = clip(v + {arrived}, 0, 2)\narriving = 0", when="groups", name="output_integrate")
    return cells
