"""Settings of `tests.reference.nest_cases` with the rules of the package: what they send at each presynaptic spike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from brian2 import Network, NeuronGroup, StateMonitor, TimedArray, ms

from sbp_brian.plasticity import pair_stdp, short_term_plasticity, triplet_stdp
from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation
from tests.reference.nest_cases import STEP, STEPS

#: NEST sends the weight that the spike's own depression has left; added to a rule, this comes after its code.
SEND = SynapseRule("w : 1", on_pre={"pre": "sent_post += w"})
MARKS = ("pair_x", "pair_y", "r1", "r2", "o1", "o2")
MORE = 16  # steps, for trains that are shifted


def shipped(setting: dict) -> SynapseRule:
    """The rule of a setting as the package has it."""
    given = {
        name: value * ms if name.startswith("tau") and value is not None else value
        for name, value in setting["parameters"].items()
    }
    if setting["kind"].startswith("short-term"):
        return short_term_plasticity(**given, transmit="sent_post += w*released")
    return (pair_stdp if setting["kind"].startswith("pair") else triplet_stdp)(**given, transmit="") + SEND


def with_coincidences_of_nest(rule: SynapseRule) -> SynapseRule:
    """The rule, where spikes that meet do not see one another and the postsynaptic one acts first.

    The lines that leave a mark in a trace go to pathways of their own, which run after all that read the traces.
    """
    pathways = {}
    for name, code in rule.pathways.items():
        lines = code.splitlines()
        marks = [line for line in lines if line.split()[0] in MARKS]
        pathways[name] = "\n".join(line for line in lines if line not in marks)
        pathways[f"{name}_mark"] = "\n".join(marks)
    return replace(
        rule,
        on_pre={name: code for name, code in pathways.items() if name.startswith("pre")},
        on_post={name: code for name, code in pathways.items() if name.startswith("post")},
        schedule={
            "post": ("synapses", 0),
            "pre": ("synapses", 1),
            "pre_mark": ("synapses", 2),
            "post_mark": ("synapses", 2),
        },
    )


def _train(trains: Sequence[Sequence[int]], name: str) -> TimedArray:
    values = np.zeros((STEPS + MORE, len(trains)))
    for column, steps in enumerate(trains):
        values[steps, column] = 1
    return TimedArray(values, dt=STEP * ms, name=name)


def network(settings: Sequence[dict], coincidences_of_nest: bool, axonal: bool) -> Network:
    """All settings in one network, a pair of cells for each synapse."""
    pairs = [(trains, setting["delay"]) for setting in settings for trains in setting["trains"]]
    space = {
        "pre_train": _train([trains["pre"] for trains, _ in pairs], "pre_train"),
        "post_train": _train([[k + 2 * d * axonal for k in trains["post"]] for trains, d in pairs], "post_train"),
    }
    cells = [
        NeuronGroup(
            len(pairs),
            "sent : 1",
            threshold=f"{side}_train(t, i) > 0.5",
            reset="",
            dt=STEP * ms,
            namespace=space,
            name=f"{side}_cells",
        )
        for side in ("pre", "post")
    ]
    synapses, first = [], 0
    for k, setting in enumerate(settings):
        rule = shipped(setting)
        if coincidences_of_nest and not setting["kind"].startswith("short-term"):
            rule = with_coincidences_of_nest(rule)
        late = {
            name: setting["delay"] * STEP * ms for name in rule.pathways if name.startswith("pre" if axonal else "post")
        }
        made = rule.synapses(*cells, name=f"synapses_{k}", dt=STEP * ms, delay=late or None)
        own = np.arange(first, first + len(setting["trains"]))
        made.connect(i=own, j=own)
        made.w = setting["w"]
        synapses.append(made)
        first += len(own)
    return Network(
        *cells, *synapses, StateMonitor(cells[1], "sent", record=True, when="end", dt=STEP * ms, name="received")
    )


def ours(
    settings: Sequence[dict], *, coincidences_of_nest: bool = False, axonal: bool = False, target: str = "numpy"
) -> list[list[np.ndarray]]:
    """For each setting and synapse what its presynaptic spikes send, as `tests.reference.nest_run` has it.

    The delay of a setting is the dendritic one, as in NEST: what a postsynaptic spike does is late by it. With `axonal`
    what a presynaptic spike does is late by as much instead, and postsynaptic spikes come later by both, so that the
    same spikes meet.
    """
    make = partial(network, settings, coincidences_of_nest, axonal)
    result = Simulation(make, (STEPS + MORE) * STEP * ms, target=target).run(seed=0)
    sent = np.diff(result["received.sent"], axis=1, prepend=0)
    found, first = [], 0
    for setting in settings:
        late = setting["delay"] * axonal
        found.append([sent[first + s, np.add(t["pre"], late)] for s, t in enumerate(setting["trains"])])
        first += len(setting["trains"])
    return found
