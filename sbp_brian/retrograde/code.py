"""The Brian2 code by which a synapse reports its change and expresses the retrograde signal.

Every function takes the `RetrogradeSBP` (``sbp``) and gives text; `sbp_brian.retrograde` explains the names in it.
"""

from __future__ import annotations

import numpy as np

from sbp_brian.retrograde import bounds, chance

#: Bounds that a rule keeps its weight within, see `sbp_brian.retrograde.bounds`: (low, high) of each.
Bounds = tuple[tuple[str, str], ...]

#: Farther than any weight, in its unit, and a number in single precision, too.
BEYOND = "1e30"
EXPRESSIONS = ("additive", "relative", "saturating")


def unit_factor(sbp) -> str:
    """What turns a dimensionless amount into one with the unit of the weight."""
    return "*retro_unit" if sbp.unit is not None else ""


def bounded(sbp, own: Bounds = ()) -> bool:
    """Whether the weight has a hard bound, of the signal's or of the rule's own."""
    return bool(own) or sbp.w_min is not None or sbp.w_max is not None


def tap(sbp, weight: str, code: str, known: str = "") -> str:
    """Report what `code` changes: the amount goes to the presynaptic cell, increases and decreases apart.

    Without code, what has changed since the weight was as the variable `known` has it.
    A weight that lies beyond the bounds at which `code` cuts it counts from there: the cut is not reported.
    """
    before = known or weight
    for low, high in bounds.of_code(weight, code):
        before = f"clip({before}, {low}, {high})"
    emission = sbp.reports
    amount, coarse = emission.amount(weight, sbp.unit), []
    if emission.levels is not None:
        amount, coarse = emission.coarse("retro_amount"), [f"retro_amount = {amount}"]
    if sbp.activity:
        name = sbp.activity if isinstance(sbp.activity, str) else "retro_count"
        amount += f"/clip({name}_pre, 1, inf)"
    to, report = sbp.reported_to, "retro_report" if emission.chancy else "retro_change"
    lines = [
        f"retro_before = {before}",
        *filter(None, [code.strip("\n")]),
        *coarse,
        f"retro_change = {amount}",
        *(_chance(emission) if emission.chancy else []),
        f"retro_ltp{to}_pre += retro_ltp_gain_pre*clip({report}, 0, inf)",
        f"retro_ltd{to}_pre += retro_ltd_gain_pre*clip(-{report}, 0, inf)",
    ]
    if sbp.postlateral_ltd:
        lines.append(f"retro_local_due_post += retro_ltd_gain_post*clip(-{report}, 0, inf)")
    if sbp.has_lateral or sbp.postlateral_ltd:
        lines.append("retro_induced = retro_induced or retro_change != 0")
    return "\n".join(lines)


def _chance(emission) -> list[str]:
    """The report of a change, by chance; draws no number that it does not need."""
    lines, factors = [chance.STEP], []
    if emission.noise > 0:
        lines += chance.normal("retro_normal")
        factors.append("(1 + retro_noise*retro_normal)")
    if emission.loss > 0:
        lines += chance.uniform("retro_uniform")
        factors.append("int(retro_uniform > retro_loss)")
    return [*lines, "retro_report = retro_change*" + "*".join(factors)]


def expression(sbp, w: str, ltp: str, ltd: str, factor: str, own: Bounds = ()) -> str:
    """Code that moves the weight `w` by the two signals (see the class's `expression`), within its `own` bounds."""
    kept = sbp.persistence is not None
    if sbp.expression == "saturating":
        up, down = f"{factor}*{ltp}", f"{factor}*{ltd}"
        lines = [
            f"retro_up = {up}",
            f"retro_down = {down}",
            "retro_all = retro_up + retro_down",
            f"retro_goal = (retro_up*{float(sbp.upper)!r} - retro_down*{float(sbp.lower)!r})"
            "/(retro_all + int(retro_all == 0))",
            "retro_new = retro_goal + (retro_expressed - retro_goal)*exp(-retro_all)",
        ]
        new = f"{w}*(1 + retro_new)/(1 + retro_expressed)"
        after = ["retro_expressed = retro_new"]
    else:
        signal = f"({ltp} - {ltd})" if ltp != "0" else f"(-{ltd})"
        step = f"{factor}*{signal}"
        lines, after = [], []
        if sbp.expression == "additive":
            new = f"{w} + {step}{unit_factor(sbp)}"
            if kept:
                after = [f"retro_expressed = retro_expressed + {step}"]
        else:
            new = f"{w}*(1 + {step})"
            if kept:
                after = [f"retro_expressed = (1 + retro_expressed)*(1 + {step}) - 1"]
    if after and bounded(sbp, own):  # what a bound cut off was not expressed, and must not decay later
        lines.append(f"retro_from = {w}")
        if sbp.expression == "additive":
            per_unit = "/retro_unit" if sbp.unit is not None else ""
            after = [f"retro_expressed = retro_expressed + ({w} - retro_from){per_unit}"]
        else:
            at_zero = f"int(retro_from == 0*retro_from){unit_factor(sbp)}"
            after = [f"retro_expressed = (1 + retro_expressed)*(({w} + {at_zero})/(retro_from + {at_zero})) - 1"]
    return "\n".join([*lines, assignment(sbp, w, new, own), *after])


def assignment(sbp, w: str, new: str, own: Bounds = ()) -> str:
    """The statement that gives the weight the value `new`, within the hard bounds.

    Where nothing is expressed (lambda_f is 0) a weight that lies beyond a bound stays where it is.
    """
    unit = unit_factor(sbp)
    free = f"int(retro_lambda_f == 0)*{BEYOND}{unit}"
    for least, most in own:
        new = f"clip({new}, ({least}) - {free}, ({most}) + {free})"
    if not bounded(sbp):
        return f"{w} = {new}"
    low = f"retro_w_min - {free}" if sbp.w_min is not None else f"-inf{unit}"
    high = f"retro_w_max + {free}" if sbp.w_max is not None else f"inf{unit}"
    return f"{w} = clip({new}, {low}, {high})"


def decay(sbp, w: str, period, own: Bounds = ()) -> str:
    """Code by which expressed change is lost within one `period`, with the time constant ``sbp.persistence``."""
    lost = -float(np.expm1(-float(period / sbp.persistence)))
    lines = [f"retro_lost = {lost!r}*retro_expressed"]  # a plain copy would be an alias in generated numpy code
    if sbp.expression == "additive":
        lines.append(assignment(sbp, w, f"{w} - retro_lost{unit_factor(sbp)}", own))
    else:
        lines.append(assignment(sbp, w, f"{w}*(1 + retro_expressed - retro_lost)/(1 + retro_expressed)", own))
    return "\n".join([*lines, "retro_expressed = retro_expressed - retro_lost"])
