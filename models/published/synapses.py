"""The synapses of `sbp_brian.models.published`: transmission, change, gains, and the memory of a batch."""

from __future__ import annotations

from typing import Any

from brian2 import Clock, NeuronGroup, Synapses

from sbp_brian.rules import SynapseRule

#: What a sample adds to a synapse's change; {free} and {taught} are the presynaptic state in either phase.
CHANGES = {
    "differential": "({taught} - {free})*s_free_post",
    "symmetric": "{taught}*s_post - {free}*s_free_post",
    "sbp": "{free}*(s_post - s_free_post)",
}
PLAIN = "step = change/(beta*batch)"
GAINS_OUTPUT = """
ltp = clip(change, 0, inf)/(beta*batch)
ltd = clip(change, -inf, 0)/(beta*batch)
step = ltp*gain_ltp_pre + ltd*(gain_ltd_pre + gain_in_post)/2
"""
GAINS_HIDDEN = """
ltp = clip(change, 0, inf)/(beta*batch)
ltd = clip(change, -inf, 0)/(beta*batch)
step = ltp*(gain_ltp_pre + 1 + back_ltp_post)/2 + ltd*(gain_ltd_pre + gain_in_post + 1 + back_ltd_post)/3
"""
TALLY = """
out_ltp_pre += clip(change, 0, inf)
out_ltd_pre -= clip(change, -inf, 0)
in_ltd_post -= clip(change, -inf, 0)
"""
NOISE = {"none": "", "norm": "step *= 1.01*rand()\n", "poisson": "step *= noise_factor\n"}
DALE = "against = int(w*step < 0)\nw += (1 - against)*rate*step - against*0.1*w\n"


def between(model: Any, k: int, source: NeuronGroup, target: NeuronGroup) -> Synapses:
    """Synapses into layer k: they transmit, sum up their change over a batch, and take the step at its end."""
    first, last = k == 1, k == len(model.layers) - 1
    state = {"free": "x_pre", "taught": "x_pre"} if first else {"free": "s_free_pre", "taught": "s_pre"}
    step = (GAINS_OUTPUT if last else GAINS_HIDDEN) if model.with_gains else PLAIN
    step = step.strip() + "\n" + NOISE[model.noise] + (DALE if model.dale and not first else "w += rate*step\n")
    on_pre = {"learn": "change += " + CHANGES[model.rule].format(**state), "improve": step + "change = 0"}
    on_event = {"learn": "learn", "improve": "improve"}
    orders = {"learn": -89, "improve": -70}
    if first:
        on_pre["present"], on_event["present"], orders["present"] = "below_post += w*x_pre", "onset", -39
    else:
        on_pre["forward"], on_event["forward"], orders["forward"] = "below_post += w*s_pre", "forward", 10 * k
        on_pre["feedback"], on_event["feedback"] = "above_pre += w*s_post", "relax"
        orders["feedback"] = 10 * (k - 1) + 1
    if model.with_gains:
        on_pre["tally"], on_event["tally"], orders["tally"] = TALLY.strip(), "improve", -78
    variables = "w : 1\nchange : 1\nrate : 1 (shared)"
    if model.noise == "poisson":
        variables += "\nnoise_factor : 1 (shared)"
    rule = SynapseRule(
        name="change over a batch",
        model=variables,
        on_pre=on_pre,
        on_event=on_event,
        namespace={"beta": model.beta, "batch": model.batch},
        schedule={pathway: ("start", order) for pathway, order in orders.items()},
    )
    synapses = rule.synapses(source, target, name=f"into_{target.name}")
    synapses.connect()
    return synapses


POOL = """
teacher_on : 1 (shared)
batch_place : integer (shared)
ltp : 1
ltd : 1
in_ltd : 1
back_ltp : 1
back_ltd : 1
"""


def gains(model: Any, source: NeuronGroup, target: NeuronGroup, clock: Clock, shown: dict) -> list:
    """What turns sums of changes into gains: each cell's share of its layer's total, found in a pool of one cell."""
    constants = {
        "share": model.lambda_p,
        "pre": model.lambda_pre * model.lambda_f,
        "post": model.lambda_post * model.lambda_f,
        "back": model.lambda_back * model.lambda_f,
    }
    ended = "teacher_on > 0 and batch_place == batch - 1"
    pool = NeuronGroup(1, POOL, clock=clock, events={"total": ended}, namespace=shown, name=f"pool_{target.name}")
    pool.set_event_schedule("total", when="start", order=-80)
    clear = "ltp = 0\nltd = 0\nin_ltd = 0\nback_ltp = 0\nback_ltd = 0"
    pool.run_regularly(clear, clock=clock, when="start", order=-79, name=f"{pool.name}_clear")
    place = "teacher_on = teaching(t)\nbatch_place = timestep(t, sample_time) % batch"
    pool.run_regularly(place, clock=clock, when="start", order=-50, name=f"{pool.name}_place")
    clear = "out_ltp = 0\nout_ltd = 0\ngain_ltp = 1\ngain_ltd = 1\nback_ltp = 0\nback_ltd = 0"
    source.run_regularly(clear, clock=clock, when="start", order=-79, name=f"{source.name}_clear_out")
    target.run_regularly(
        "in_ltd = 0\ngain_in = 1", clock=clock, when="start", order=-79, name=f"{target.name}_clear_in"
    )

    def of(part, total):
        return f"share*{part}/({total} + int({total} == 0))"

    outward = SynapseRule(
        name="shares of the changes of output synapses",
        model="",
        weight=None,
        namespace=constants,
        on_pre={
            "collect": "ltp_post += share*out_ltp_pre\nltd_post += share*out_ltd_pre",
            "collect_back": "back_ltp_post += share*gain_ltp_pre*out_ltp_pre\n"
            "back_ltd_post += share*gain_ltd_pre*out_ltd_pre",
        },
        on_post={
            "give": f"gain_ltp_pre += pre*{of('out_ltp_pre', 'ltp_post')}\n"
            f"gain_ltd_pre += pre*{of('out_ltd_pre', 'ltd_post')}",
            "give_back": f"back_ltp_pre += back*{of('gain_ltp_pre*out_ltp_pre', 'back_ltp_post')}\n"
            f"back_ltd_pre += back*{of('gain_ltd_pre*out_ltd_pre', 'back_ltd_post')}",
        },
        on_event={"collect": "improve", "collect_back": "improve", "give": "total", "give_back": "total"},
    )
    inward = SynapseRule(
        name="shares of the depression of input synapses",
        model="",
        weight=None,
        namespace=constants,
        on_pre={"collect": "in_ltd_post += share*in_ltd_pre"},
        on_post={"give": f"gain_in_pre += post*{of('in_ltd_pre', 'in_ltd_post')}"},
        on_event={"collect": "improve", "give": "total"},
    )
    orders = {"collect": -77, "give": -76, "collect_back": -75, "give_back": -74}
    objects = [pool]
    for rule, cells, name in ((outward, source, "out"), (inward, target, "in")):
        rule = rule.scheduled(**{pathway: ("start", orders[pathway]) for pathway in rule.pathways})
        synapses = rule.synapses(cells, pool, name=f"{pool.name}_{name}")
        synapses.connect()
        objects.append(synapses)
    return objects


def memory(model: Any, layers: list[NeuronGroup], clock: Clock, shown: dict) -> list:
    """One cell for each place in a batch; its synapses keep what a layer's cells carry over to the next batch."""
    rows = NeuronGroup(
        model.batch,
        "batch_place : integer (shared)\nused : 1 (shared)",
        clock=clock,
        name="rows",
        events={"keep": "i == batch_place and used > 0", "recall": "i == batch_place"},
        namespace=shown,
    )
    rows.set_event_schedule("keep", when="start", order=-60)
    rows.set_event_schedule("recall", when="start", order=-45)
    rows.run_regularly(
        "used = 1\nbatch_place = timestep(t, sample_time) % batch",
        clock=clock,
        when="start",
        order=-50,
        name="rows_place",
    )
    kept = {"v": "1", "g": "siemens", "homeo": "1"}
    kept |= dict.fromkeys(("use", "resource", "filtered"), "1") if model.short_term else {}
    rule = SynapseRule(
        name="memory of a place in the batch",
        weight=None,
        model="\n".join(f"{name}_kept : {unit}" for name, unit in kept.items()),
        on_pre={
            "keep": "\n".join(f"{name}_kept = {'s_free' if name == 'homeo' else name}_post" for name in kept),
            "recall": "\n".join(f"{name}_post = {name}_kept" for name in kept),
        },
        on_event={"keep": "keep", "recall": "recall"},
        schedule={"keep": ("start", -59), "recall": ("start", -44)},
    )
    objects = [rows]
    for cells in layers:
        synapses = rule.synapses(rows, cells, name=f"memory_{cells.name}")
        synapses.connect()
        objects.append(synapses)
    return objects
