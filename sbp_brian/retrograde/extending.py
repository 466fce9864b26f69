"""From a rule to one that emits or receives: changes are collected in a `Draft`, then made and checked once."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from brian2 import Quantity

from sbp_brian.brian import language
from sbp_brian.errors import RetrogradeError
from sbp_brian.retrograde import bounds, chance, checks, code
from sbp_brian.retrograde.roles import Emitting, Receiving, Role, role
from sbp_brian.retrograde.subsets import InputSubset
from sbp_brian.rules import Regular, SynapseRule

_WORD = re.compile(r"\blastupdate\b")


class Draft:
    """A rule under extension by a `RetrogradeSBP`.

    Attributes
    ----------
    on_pre, on_post, on_event, namespace, initial, regularly : dict
        As those of the rule, to be changed.
    bounds : tuple of (str, str)
        Within which the rule itself keeps its weight.
    model : list of str
        Lines of the model.
    """

    def __init__(self, sbp: Any, rule: SynapseRule):
        self.sbp, self.rule, self.weight = sbp, rule, rule.weight
        self.bounds = bounds.of_rule(rule, rule.undelayed)
        self.model = [rule.model]
        self.on_pre, self.on_post, self.on_event = dict(rule.on_pre), dict(rule.on_post), dict(rule.on_event)
        self.namespace, self.initial, self.regularly = dict(rule.namespace), dict(rule.initial), dict(rule.regularly)
        if sbp.unit is not None:
            self.namespace["retro_unit"] = sbp.unit

    def finished(self, new: Role) -> SynapseRule:
        """The extended rule with its new role."""
        if any(pathway not in self.rule.pathways for pathway in (*self.on_pre, *self.on_post)):
            self.keep_lastupdate()
        return replace(
            self.rule,
            model="\n".join(self.model),
            on_pre=self.on_pre,
            on_post=self.on_post,
            on_event=self.on_event,
            namespace=self.namespace,
            initial=self.initial,
            regularly=self.regularly,
            requires=(*self.rule.requires, new),
        )

    def share(self, name: str, value: float) -> None:
        """One more variable that all synapses share, with its value."""
        self.model.append(f"{name} : 1 (shared)")
        self.initial[name] = value

    def keep_lastupdate(self) -> None:
        """Let code that reads ``lastupdate`` see the rule's own last event: Brian2 counts those of the signal, too."""
        own = [name for name in self.rule.pathways if name not in self.rule.undelayed]
        pieces = {name: code for name, code in self.rule.pathways.items() if name in own}
        pieces |= {name: entry.code for name, entry in self.rule.regularly.items()}
        for name, equation in self.rule.equations.items():
            if "lastupdate" in equation.identifiers:
                raise RetrogradeError(
                    f"{checks.rule_name(self.rule)}: the equation of {name!r} reads lastupdate, which events of the "
                    "signal change, too; keep the time of your own events in a variable, 'last : second', and read it"
                )
        if not any("lastupdate" in language.names_in(code) for code in pieces.values()):
            return
        self.model.append("retro_last : second")
        for side in (self.on_pre, self.on_post):
            for name in side.keys() & set(own):
                side[name] = _WORD.sub("retro_last", side[name]) + "\nretro_last = t"
        for name, entry in self.rule.regularly.items():
            self.regularly[name] = replace(entry, code=_WORD.sub("retro_last", entry.code))

    def tap(self, pathways: list[str]) -> None:
        """Report what these pathways change."""
        emission = self.sbp.reports
        for name, value in (("retro_noise", emission.noise), ("retro_loss", emission.loss)):
            if value > 0 and self.initial.get(name, value) != value:
                raise RetrogradeError(
                    f"{checks.rule_name(self.rule)}: its reports have {name}={self.initial[name]} already and are to "
                    f"have {value}, too; use one RetrogradeSBP for emitting and receiving"
                )
            if value > 0 and name not in self.initial:
                self.share(name, value)
        if emission.chancy and chance.STATE not in self.initial:
            self.model.append(f"{chance.STATE} : integer\n{chance.SEED} : integer (shared)")
            self.initial |= {chance.STATE: chance.Streams(self.sbp.seed), chance.SEED: 0}
        for side in (self.on_pre, self.on_post):
            for pathway in side.keys() & set(pathways):
                side[pathway] = code.tap(self.sbp, self.weight, side[pathway])

    def can_express(self) -> None:
        """Add what expression needs, unless the rule has it from another role."""
        if any(isinstance(need, Role) and need.expresses for need in self.rule.requires):
            return
        checks.check_lasting(self.rule)
        sbp = self.sbp
        self.share("retro_rate", sbp.rate)
        self.share("retro_lambda_f", sbp.lambda_f)
        hard = {"retro_w_min": sbp.w_min, "retro_w_max": sbp.w_max}
        self.namespace |= {name: bound for name, bound in hard.items() if bound is not None}
        if sbp.expression == "saturating" or sbp.persistence is not None:
            self.model.append("retro_expressed : 1")
        if sbp.persistence is not None:
            period = sbp.transport.period if sbp.transport is not None else sbp.persistence / 1000
            self.regularly["retro_decay"] = Regular(code.decay(sbp, self.weight, period, self.bounds), dt=period)

    def gate_by_time(self) -> None:
        """Remember until when a presynaptic spike keeps the synapse open."""
        spike = [p for p in self.on_pre if self.on_event.get(p, "spike") == "spike"]
        pathway = spike[0] if spike else "retro_gate"
        opening = "retro_open_until = timestep(t + retro_window, dt)"  # in steps: no edge hangs on the last digit
        self.on_pre[pathway] = (self.on_pre.get(pathway, "") + "\n" + opening).strip("\n")
        self.model.append("retro_open_until : integer")
        self.initial["retro_open_until"] = -1
        self.namespace["retro_window"] = self.sbp.gate

    def choose_subset(self) -> None:
        """Choose the share of the input synapses that take part, when the synapses are made."""
        subset = InputSubset(self.sbp.lambda_p, self.sbp.seed, drawn=self.sbp.draw, alike=self.sbp.alike)
        if self.sbp.draw == "fixed":
            self.model.append("retro_receptive : boolean (constant)")
            self.initial["retro_receptive"] = subset
        else:
            self.model.append("retro_rank : 1 (constant)\nretro_share : 1 (constant)")
            self.initial |= {"retro_rank": subset, "retro_share": replace(subset, gives="share")}

    def express(self, side: str, pathway: str, event: str, signals: tuple[str, str], factors: list[str]) -> None:
        """Add a pathway in which the synapse moves by the two signals, times `factors`."""
        scale = "*".join(["retro_rate", "retro_lambda_f", *factors])
        getattr(self, side)[pathway] = code.expression(self.sbp, self.weight, *signals, scale, self.bounds)
        self.on_event[pathway] = event


def emitting(sbp: Any, rule: SynapseRule) -> SynapseRule:
    """See `RetrogradeSBP.emitting`."""
    checks.check_weight(sbp, rule, "emitting")
    if role(rule, Emitting):
        raise RetrogradeError(f"{checks.rule_name(rule)}: it is emitting already; wrap a rule once")
    receiving_in = role(rule, Receiving).undelayed if role(rule, Receiving) else ()
    quiet = () if sbp.cascade else receiving_in
    changing = [pathway for pathway in rule.pathways if rule.changes_weight(pathway) and pathway not in quiet]
    if not changing:
        raise RetrogradeError(
            f"{checks.rule_name(rule)}: no pathway assigns the weight {rule.weight!r}, so there is no change to "
            "report; let it receive only (emits=False), give it code that changes the weight, "
            "or name another by weight=..."
        )
    draft = Draft(sbp, rule)
    draft.tap(changing)
    if sbp.has_lateral or sbp.postlateral_ltd:
        draft.model.append("retro_induced : boolean")
        draft.can_express()
    others = ["int(not retro_induced)"]
    if sbp.has_lateral:
        draft.share("retro_lateral_ltp", sbp.lateral_ltp)
        draft.share("retro_lateral_ltd", sbp.lateral_ltd)
        signals = ("retro_lateral_ltp*retro_ltp_now_pre", "retro_lateral_ltd*retro_ltd_now_pre")
        draft.express("on_pre", "retro_lateral", "retrograde", signals, others)
    if sbp.postlateral_ltd:
        draft.share("retro_postlateral", sbp.postlateral_ltd)
        signals = ("0", "retro_postlateral*retro_local_now_post")
        draft.express("on_post", "retro_local", "retrograde_local", signals, others)
    return draft.finished(Emitting(sbp))


def receiving(sbp: Any, rule: SynapseRule, on: str | None) -> SynapseRule:
    """See `RetrogradeSBP.receiving`."""
    checks.check_weight(sbp, rule, "receiving")
    if role(rule, Receiving):
        raise RetrogradeError(f"{checks.rule_name(rule)}: it is receiving already; wrap a rule once")
    checks.check_pathway(rule, "retrograde")
    if sbp.holds and on is None:
        raise RetrogradeError(
            "RetrogradeSBP with transport=Window holds the signal for a whole window: say at which event of the "
            'presynaptic cells it is expressed, receiving(rule, on="...")'
        )
    if on is not None and not sbp.holds:
        raise RetrogradeError(
            f"receiving(rule, on={on!r}): without transport=Window the signal is there for one time step only and "
            "an event of the presynaptic cell would miss it; use transport=Window(...) or leave `on` out"
        )
    if on is not None and not (isinstance(on, str) and on.isidentifier()):
        raise RetrogradeError(f"receiving(rule, on={on!r}): give the name of an event of the presynaptic cells")
    draft, factors = Draft(sbp, rule), []
    draft.can_express()
    if isinstance(sbp.gate, Quantity):
        draft.gate_by_time()
        factors.append("int(timestep(t, dt) <= retro_open_until)")
    elif sbp.gate:
        factors.append(f"({sbp.gate})")
    if sbp.lambda_p < 1 or sbp.selectable:
        draft.choose_subset()
        drawn = "int((retro_rank - retro_draw_post) % 1.0 < retro_share)"
        factors.append("int(retro_receptive)" if sbp.draw == "fixed" else drawn)
    side, event = ("on_post", "retrograde") if on is None else ("on_pre", on)
    draft.express(side, "retrograde", event, ("retro_ltp_now_post", "retro_ltd_now_post"), factors)
    if sbp.cascade and role(rule, Emitting):
        draft.tap(["retrograde"])
    return draft.finished(Receiving(sbp))
