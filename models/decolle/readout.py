"""The local readouts of `Decolle`: what a layer says, how wrong it is, and the error that comes back to it.

Source: Kaiser, Mostafa & Neftci 2020, Front Neurosci 14:424, doi:10.3389/fnins.2020.00424.
`sbp_brian.models.text` tells how to read `READOUT`.
"""

from __future__ import annotations

from collections.abc import Mapping

from brian2 import Clock, NeuronGroup, StateMonitor, TimedArray

from sbp_brian.brian import copies
from sbp_brian.models.decolle.cell import LOSSES
from sbp_brian.models.decolle.rules import feedback_rule, readout_rule, vote_rule
from sbp_brian.models.text import Text
from sbp_brian.rules import SynapseRule

__all__ = ["READOUT", "read_out"]

READOUT = """
cells, each step:
    y : 1                        # what the layer's spikes of this step add up to
    aim : 1
    err : 1
    others : 1                   # readouts that are larger
    votes : 1                    # steps of this sample in which none was
    total : 1
    teaching_now : 1 (shared)
    voting : 1 (shared)
    wanted : 1 (shared)
begin, each sample, at start 0:
    votes = 0
    total = 0
where, each step, at start -15:
    voting = int(timestep(t, step_length) % n_steps >= burn_in)
    teaching_now = voting*teaching(t)
    wanted = target_class(t)
    aim = teaching_now*height*int(i == wanted)
error, each step, at before_synapses 1:
    err = 0
event wrong, at before_synapses 2:
    teaching_now > 0
event vote, at before_synapses 2:
    voting > 0
count, each step, at synapses -2:
    votes += voting*int(others == 0)
    total += voting*y
    others = 0
    y = 0
"""


def read_out(network, k: int, cells: NeuronGroup, clocks: Mapping[str, Clock], shown: Mapping) -> list:
    """Readouts of layer `k` (from 1) of a `Decolle`, their error, their vote, and what records their answers.

    Parameters
    ----------
    network : Decolle
    k : int
    cells : NeuronGroup
        The layer.
    clocks : mapping of str to Clock
        ``step`` and ``sample``.
    shown : mapping
        What may be asked about the sample.

    Returns
    -------
    list of BrianObject
    """
    n, step, text = network.readouts[k - 1], clocks["step"], Text(f"readout{k}", READOUT)
    namespace = {
        **shown,
        "step_length": network.step,
        "n_steps": network.steps,
        "burn_in": network.burn_in,
        "height": network.aim_class,
        "n_readouts": n,
    }
    text.replace("error", "err", f"err = ({LOSSES[network.loss]})/n_readouts")
    if network.targets is not None:
        name = f"target{k}"
        namespace[name] = TimedArray(network.targets[k - 1], dt=network.step, name=name)
        text.replace("where", "aim", f"aim = {name}((timestep(t, step_length) % n_steps + 0.5)*step_length, i)")
    group = text.cells(n, clocks, namespace)
    reading = readout_rule().synapses(cells, group, name=f"reading{k}", clock=step)
    back = feedback_rule().synapses(group, cells, name=f"back{k}", clock=step)
    objects = [group, reading, back]
    if network.targets is None:
        objects.append(vote_rule().synapses(group, group, name=f"compare{k}", clock=step))
    for synapses in objects[1:]:
        copies.connect(synapses)
    if network.cell.too_silent:
        objects += share_of_active(k, cells, network.layers[k], step)
    recorded = ["votes", "total"] if network.targets is None else ["total"]
    answers = StateMonitor(
        group, recorded, record=True, clock=clocks["sample"], when="start", order=-20, name=f"answers{k}"
    )
    return [*objects, answers]


def share_of_active(k: int, cells: NeuronGroup, n: int, step: Clock) -> list:
    """What tells the `n` cells of layer `k` how many of them spike in a step."""
    share = copies.cells(1, "share_active : 1", clock=step, name=f"share{k}", namespace={})
    share.run_regularly("share_active = 0", clock=step, when="start", order=-15, name=f"share{k}_begin")
    counting = SynapseRule(
        "",
        weight=None,
        on_pre={"pre": "share_active_post += part"},
        namespace={"part": 1 / n},
        schedule={"pre": ("before_synapses", 0)},
        name="share of spiking cells",
    )
    count = counting.synapses(cells, share, name=f"count{k}", clock=step)
    copies.connect(count)
    cells.share_active = copies.linked(share, "share_active", cells)
    return [share, count]
