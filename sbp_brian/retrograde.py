"""Retrograde spread of synaptic modification from a cell's output to its input synapses (self-backpropagation).

When activity changes an output synapse of a cell, the change is reported to the cell, travels to its soma and is
expressed by the cell's input synapses, in the same direction. `RetrogradeSBP` says how, as one frozen declaration,
and adds it to any Brian2 network: it extends rules (strings), and what comes out are ordinary Brian2 objects that
generate code for every target. No Python runs during a simulation.

Contract (a cell with ``sbp.equations``; ``ltd`` is handled like ``ltp``; all dimensionless unless a unit is given)

======================= ============== ============================================ =================================
variable                shape          written by                                   slot
======================= ============== ============================================ =================================
``retro_ltp``           per cell       emitting synapses: change in strength        ``synapses``, at the rule's events
``retro_ltp_gain``      per cell       the user: 0 blocks the channel, 1 (default)  -
(stages of transport)   per cell       the tick of the slow clock                   ``start``
``retro_ltp_due``       per cell       the tick (no transport: emitting synapses)   ``start``
``retro_ltp_now``       per cell       event ``retrograde``: takes over what is due ``before_synapses``
the weight              per synapse    input and lateral synapses                   ``synapses``, at ``retrograde``
``retro_expressed``     per synapse    the same: relative change expressed so far   the same
======================= ============== ============================================ =================================

Emission and expression in one step cannot lose anything: what is emitted while a signal is being expressed waits for
the next step.

Sources: Fitzsimonds, Song & Poo 1997 (doi:10.1038/41267), Tao, Zhang, Bi & Poo 2000
(doi:10.1523/JNEUROSCI.20-09-03233.2000), Du, Wei, Wang, Wong & Poo 2009 (doi:10.1073/pnas.0910659106); as a learning
rule Zhang, Cheng, Jia, Poo, Zeng & Xu 2021 (doi:10.1126/sciadv.abh0146).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace

import numpy as np
from brian2 import Clock, Equations, NeuronGroup, Quantity, get_dimensions, second
from brian2.core.base import BrianObject
from brian2.equations.equations import PARAMETER
from brian2.groups.subgroup import Subgroup
from brian2.units.fundamentalunits import DIMENSIONLESS

from sbp_brian._operated import NeedsOperation, SBPError, mark, moved_by
from sbp_brian.events import OnEvent
from sbp_brian.rules import Regular, SynapseRule
from sbp_brian.subsets import InputSubset
from sbp_brian.transport import Chain, Transport, Window, require_positive

__all__ = ["RetrogradeSBP", "SBPError"]

CHANNELS = ("ltp", "ltd")
EMISSIONS = {
    "change": "{w} - retro_before",
    "relative": "({w} - retro_before)/(retro_before + int(retro_before == 0*retro_before)*retro_unit)",
    "weighted": "retro_before*({w} - retro_before)",
}
UNIT_POWER = {"change": 1, "relative": 0, "weighted": 2}  # of the weight's unit in the emitted amount
EXPRESSIONS = ("additive", "relative", "saturating")
NEGLIGIBLE = 1e-12  # a signal below this waits until more has come together: silent cells cost their synapses nothing


def choice(name: str, value, allowed) -> None:
    """Raise unless `value` is among `allowed`; suggests the nearest."""
    if value in allowed:
        return
    near = difflib.get_close_matches(str(value), allowed, 1)
    raise ValueError(
        f"RetrogradeSBP: {name} must be one of {', '.join(allowed)}, got {value!r}"
        + (f"; did you mean {near[0]!r}?" if near else "")
    )


def within(name: str, value, low: float, high: float, low_open: bool = False) -> None:
    """Raise unless `value` is a number in [low, high] (or (low, high])."""
    number = isinstance(value, (int, float, np.floating, np.integer)) and not isinstance(value, bool)
    above = number and (low < value or (value == low and not low_open))
    if not above or not value <= high or np.isinf(value):
        left = "(" if low_open else "["
        right = ")" if np.isinf(high) else "]"
        raise ValueError(f"RetrogradeSBP: {name} must be a number in {left}{low:g}, {high:g}{right}, got {value!r}")


@dataclass(frozen=True)
class RetrogradeSBP:
    r"""Self-backpropagation: activity-driven change at a cell's output synapses spreads to its input synapses.

    Parameters
    ----------
    proportion : float in (0, 1]
        :math:`\lambda_p`, the share of a cell's input synapses that can take part (at least one in each object).
    fraction : float in [0, 1]
        :math:`\lambda_f`, the share of the signal that they express.
    emission : {'change', 'relative', 'weighted'}
        What an output synapse reports when its weight w changes by dw: dw, dw/w or w dw (w before the change).
        The last two are positive where the synapse grows in *strength*, whether it excites or inhibits.
    activity : None, True or str
        Divide what is reported by the cell's own activity (where that exceeds 1): the name of a variable of the cell,
        or True for a spike count kept here (``retro_count``; the user may set it to 0, e.g. between samples).
    gain_ltp, gain_ltd : float >= 0
        Gains of the two channels; 0 is the blocker. Cell variables ``retro_ltp_gain``, ``retro_ltd_gain`` at run time.
    transport : None, Delay, Chain or Window
        How the signal reaches the soma, see `sbp_brian.transport`.
    expression : {'additive', 'relative', 'saturating'}
        With the arriving signal s = fraction * (LTP - LTD): 'additive' w += rate s; 'relative' w += rate s w;
        'saturating' moves the relative change x of the weight, w = w0 (1 + x), towards its bounds, exactly
        :math:`dx/ds = \kappa[s_+(\beta - x) - s_-(x + \delta)]`, with :math:`\kappa` = rate. A signal of one sign and
        total size M ends at :math:`x = \beta (1 - e^{-\kappa M})` for fraction 1.
    rate : float >= 0
        Learning rate of the expression (synapse variable ``retro_rate``, shared, settable as a run argument).
    upper, lower : float > 0
        Bounds :math:`\beta` and :math:`\delta` of the relative change, for 'saturating'.
    w_min, w_max : float, Quantity or None
        Hard bounds of the weight in every form; None: none.
    draw : {'fixed', 'event'}
        Whether the share of synapses that take part is one random subset, or drawn anew at each event.
    gate : None, Quantity or str
        None: every input synapse takes part. A time: only those with a presynaptic spike within it. A string: an
        expression in the synapse's variables that multiplies the signal, e.g. ``"x_pre"``.
    lateral_ltp, lateral_ltd : float >= 0
        Presynaptic-lateral arm: share of the signal expressed by the cell's other output synapses of emitting rules.
    postlateral_ltd : float >= 0
        Postsynaptic-lateral arm, for depression only: share expressed by the other emitting synapses onto the target
        cell. The target needs ``sbp.equations`` and ``sbp.operation`` too. Neither arm ever touches a synapse that has
        itself emitted.
    persistence : Quantity or None
        Time constant with which expressed change decays; None: it lasts.
    cascade : bool
        False: retrograde-driven change is never reported on (one hop, as in the experiments). True: it is, an
        algorithmic extension for deeper networks.
    unit : Quantity or None
        Unit of the weight where it has one, e.g. ``nS``; the signal is dimensionless.
    seed : int
        Seed of the fixed random subsets.

    Raises
    ------
    TypeError, ValueError
        A parameter outside its range, of the wrong unit, or in a combination that has no meaning.

    Notes
    -----
    Without a transport the signal is expressed in the next time step. For the saturating expression the weight is moved
    by the factor (1 + x_new)/(1 + x_old), so other plasticity of the same synapse is kept.

    Examples
    --------
    ::

        sbp = RetrogradeSBP(transport=Chain(length=150*um))
        cells = NeuronGroup(n, Equations(lif) + sbp.equations, threshold="v > v_th", reset="v = v_r", events=sbp.events)
        outputs = sbp.emitting(pair_stdp()).synapses(cells, targets)
        inputs = sbp.receiving(static).synapses(sources, cells)
        net = Network(..., sbp.operation(cells))
    """

    proportion: float = 1.0
    fraction: float = 1.0
    emission: str = "change"
    activity: bool | str | None = None
    gain_ltp: float = 1.0
    gain_ltd: float = 1.0
    transport: Transport | None = None
    expression: str = "additive"
    rate: float = 1.0
    upper: float = 0.6
    lower: float = 0.5
    w_min: float | Quantity | None = None
    w_max: float | Quantity | None = None
    draw: str = "fixed"
    gate: str | Quantity | None = None
    lateral_ltp: float = 0.0
    lateral_ltd: float = 0.0
    postlateral_ltd: float = 0.0
    persistence: Quantity | None = None
    cascade: bool = False
    unit: Quantity | None = None
    seed: int = field(default=0)

    def __post_init__(self):
        within("proportion (lambda_p)", self.proportion, 0, 1, low_open=True)
        within("fraction (lambda_f)", self.fraction, 0, 1)
        choice("emission", self.emission, tuple(EMISSIONS))
        choice("expression", self.expression, EXPRESSIONS)
        choice("draw", self.draw, ("fixed", "event"))
        for name in ("gain_ltp", "gain_ltd", "rate", "lateral_ltp", "lateral_ltd", "postlateral_ltd"):
            within(name, getattr(self, name), 0, np.inf)
        within("upper", self.upper, 0, np.inf, low_open=True)
        within("lower", self.lower, 0, 1, low_open=True)
        if self.lower == 1:
            raise ValueError("RetrogradeSBP: lower must lie below 1: a weight moved by factors never leaves zero")
        if self.transport is not None and not isinstance(self.transport, Transport):
            raise TypeError(f"RetrogradeSBP: transport must be None, Delay, Chain or Window, got {self.transport!r}")
        if not (self.activity is None or isinstance(self.activity, bool) or str(self.activity).isidentifier()):
            raise ValueError(
                f"RetrogradeSBP: activity must be None, True or name one variable of the cells, got {self.activity!r}"
            )
        if isinstance(self.gate, Quantity):
            require_positive("RetrogradeSBP", "gate", self.gate, second, "units of time, as a window")
        elif self.gate is not None and not (isinstance(self.gate, str) and self.gate.strip()):
            raise TypeError(f"RetrogradeSBP: gate must be None, a time or an expression in quotes, got {self.gate!r}")
        if self.persistence is not None:
            require_positive("RetrogradeSBP", "persistence", self.persistence, second, "units of time")
        if self.unit is not None and not isinstance(self.unit, Quantity):
            raise TypeError(f"RetrogradeSBP: unit must be a unit such as nS, got {self.unit!r}")
        self._check_bounds()
        if not isinstance(self.seed, (int, np.integer)) or isinstance(self.seed, bool) or self.seed < 0:
            raise ValueError(f"RetrogradeSBP: seed must be a whole number of at least 0, got {self.seed!r}")
        if isinstance(self.transport, Window) and (self.has_lateral or self.postlateral_ltd or self.draw == "event"):
            raise ValueError(
                "RetrogradeSBP: with transport=Window the input synapses express at presynaptic events only; "
                "lateral arms and draw='event' need transport=None, Delay or Chain"
            )

    def _check_bounds(self) -> None:
        given = {name: value for name in ("w_min", "w_max") if (value := getattr(self, name)) is not None}
        dimensions = DIMENSIONLESS if self.unit is None else get_dimensions(self.unit)
        for name, value in given.items():
            if not isinstance(value, (int, float, np.number, Quantity)) or np.ndim(value) or np.isnan(float(value)):
                raise TypeError(f"RetrogradeSBP: {name} must be one number in the unit of the weight, got {value!r}")
            if get_dimensions(value) != dimensions:
                raise TypeError(
                    f"RetrogradeSBP: {name}={value} is not in the unit of the weight, which is "
                    + ("none; give unit=... where the weight has one" if self.unit is None else f"unit={self.unit!r}")
                )
        if len(given) == 2 and not self.w_min < self.w_max:
            raise ValueError(f"RetrogradeSBP: w_min={self.w_min} must lie below w_max={self.w_max}")

    # ------------------------------------------------------------------------------------------------- properties
    @property
    def has_lateral(self) -> bool:
        """Whether the presynaptic-lateral arm is switched on."""
        return self.lateral_ltp > 0 or self.lateral_ltd > 0

    @property
    def holds(self) -> bool:
        """Whether the transport holds the signal for a whole window."""
        return self.transport is not None and self.transport.holds

    @property
    def _reported_to(self) -> str:
        """The variable that emitting synapses write: what is due at once where there is no transport."""
        return "_due" if self.transport is None else ""

    @property
    def equations(self) -> Equations:
        """Variables to add to the cells' equations."""
        lines = []
        for channel in CHANNELS:
            signal = f"retro_{channel}"
            lines += [f"{signal}{suffix} : 1" for suffix in (("_due", "_now") if not self.holds else ("_now",))]
            lines.append(f"{signal}_gain : 1 (constant)")
            if self.transport is not None:
                lines += [f"{signal} : 1", self.transport.equations(signal)]
        if isinstance(self.transport, Chain):
            lines.append("retro_length : meter (constant)")
        if self.activity is True:
            lines.append("retro_count : 1")
        if self.postlateral_ltd:
            lines += ["retro_local_due : 1", "retro_local_now : 1"]
        if self.draw == "event":
            lines.append("retro_draw : 1")
        return Equations("\n".join(line for line in lines if line))

    @property
    def events(self) -> dict[str, str]:
        """Events to give to the cells (merge with your own)."""
        events = {}
        if not self.holds:
            events["retrograde"] = f"retro_ltp_due > {NEGLIGIBLE!r} or retro_ltd_due > {NEGLIGIBLE!r}"
        if self.postlateral_ltd:
            events["retrograde_local"] = f"retro_local_due > {NEGLIGIBLE!r}"
        return events

    @property
    def _hints(self) -> dict[str, str]:
        """Remedies for groups that lack the variables."""
        remedy = "add sbp.equations to the cells' equations, events=sbp.events, and sbp.operation(cells) to the network"
        hints = {name: remedy for name in self.equations.names}
        if isinstance(self.activity, str):
            hints[self.activity] = "it is the activity named in RetrogradeSBP(activity=...)"
        return hints

    # --------------------------------------------------------------------------------------------------- emitting
    def emitting(self, rule: SynapseRule) -> SynapseRule:
        """The rule, its every activity-driven weight change reported to the presynaptic cell.

        Parameters
        ----------
        rule : SynapseRule
            Any rule whose on_pre or on_post code assigns the weight (``rule.weight``), in one or several pathways.

        Returns
        -------
        SynapseRule
            For synapses whose *source* has ``sbp.equations``.

        Raises
        ------
        SBPError
            The rule never changes its weight, reports already, or its weight is not a plain parameter.
        """
        self._check_weight(rule, "emitting")
        if "retro_ltp" in rule.hints and any("retro_before" in c for c in self._codes(rule)):
            raise SBPError(f"{self._name(rule)}: it is emitting already; wrap a rule once")
        changing = [p for p in [*rule.on_pre, *rule.on_post] if rule.changes_weight(p) and self._may_emit(p)]
        if not changing:
            raise SBPError(
                f"{self._name(rule)}: no pathway assigns the weight {rule.weight!r}, so there is no change to report; "
                "give emitting() a plastic rule, or name its weight with SynapseRule(weight=...)"
            )
        factors = {}
        if self.has_lateral:
            factors |= {"retro_lateral_ltp": self.lateral_ltp, "retro_lateral_ltd": self.lateral_ltd}
        if self.postlateral_ltd:
            factors["retro_postlateral"] = self.postlateral_ltd
        induced = ["retro_induced : boolean"] if factors else []
        extended = replace(
            rule,
            model="\n".join([rule.model, *induced, *(f"{name} : 1 (shared)" for name in factors)]),
            initial={**rule.initial, **factors},
            on_pre={p: self._tap(rule, c) if p in changing else c for p, c in rule.on_pre.items()},
            on_post={p: self._tap(rule, c) if p in changing else c for p, c in rule.on_post.items()},
            namespace={**rule.namespace, **self._unit_namespace},
            hints={**self._hints, "retro_ltp": "", **rule.hints},
            guards=(*rule.guards, NeedsOperation(self, "source")),
        )
        if not factors:
            return extended
        extended = self._with_expression_state(extended)
        if self.has_lateral:
            signals = ("retro_lateral_ltp*retro_ltp_now_pre", "retro_lateral_ltd*retro_ltd_now_pre")
            extended = self._add_pathway(extended, "on_pre", "retro_lateral", "retrograde", signals, lateral=True)
        if self.postlateral_ltd:
            signals = ("0", "retro_postlateral*retro_local_now_post")
            extended = replace(extended, guards=(*extended.guards, NeedsOperation(self, "target")))
            extended = self._add_pathway(extended, "on_post", "retro_local", "retrograde_local", signals, lateral=True)
        return extended

    def _may_emit(self, pathway: str) -> bool:
        return self.cascade or pathway not in ("retrograde", "retro_lateral", "retro_local")

    def _tap(self, rule: SynapseRule, code: str) -> str:
        """Report what `code` changes: the amount goes to the presynaptic cell, increases and decreases apart."""
        amount = f"({EMISSIONS[self.emission].format(w=rule.weight)})"
        if self.unit is not None and UNIT_POWER[self.emission]:
            amount += f"/retro_unit**{UNIT_POWER[self.emission]}"
        if self.emission == "relative" and self.unit is None:
            amount = amount.replace("*retro_unit", "")
        if self.activity:
            name = self.activity if isinstance(self.activity, str) else "retro_count"
            amount += f"/clip({name}_pre, 1, inf)"
        to = self._reported_to
        lines = [
            f"retro_before = {rule.weight}",
            code.strip("\n"),
            f"retro_change = {amount}",
            f"retro_ltp{to}_pre += retro_ltp_gain_pre*clip(retro_change, 0, inf)",
            f"retro_ltd{to}_pre += retro_ltd_gain_pre*clip(-retro_change, 0, inf)",
        ]
        if self.postlateral_ltd:
            lines.append("retro_local_due_post += retro_ltd_gain_post*clip(-retro_change, 0, inf)")
        if self.has_lateral or self.postlateral_ltd:
            lines.append("retro_induced = retro_induced or retro_change != 0")
        return "\n".join(lines)

    # -------------------------------------------------------------------------------------------------- receiving
    def receiving(self, rule: SynapseRule, on: str | None = None) -> SynapseRule:
        """The rule, open to the signal of its postsynaptic cell. What it expresses is not reported on (one hop).

        Parameters
        ----------
        rule : SynapseRule
            A rule with a weight, plastic or not.
        on : str or None
            None: expressed when the signal arrives (event ``retrograde`` of the postsynaptic cell). A name: at this
            event of the *presynaptic* cell, needed with ``transport=Window``.

        Returns
        -------
        SynapseRule
            For synapses whose *target* has ``sbp.equations``.

        Raises
        ------
        SBPError
            The rule has no plain weight, receives already, or `on` and the transport do not fit.
        """
        self._check_weight(rule, "receiving")
        if "retrograde" in {**rule.on_pre, **rule.on_post}:
            raise SBPError(f"{self._name(rule)}: it is receiving already; wrap a rule once")
        if self.holds and on is None:
            raise SBPError(
                "RetrogradeSBP with transport=Window holds the signal for a whole window: say at which event of the "
                'presynaptic cells it is expressed, receiving(rule, on="...")'
            )
        if on is not None and not self.holds:
            raise SBPError(
                f"receiving(rule, on={on!r}): without transport=Window the signal is there for one time step only and "
                "an event of the presynaptic cell would miss it; use transport=Window(...) or leave `on` out"
            )
        extended = self._with_expression_state(rule)
        guards = (*rule.guards, NeedsOperation(self, "target"))
        extended = replace(extended, hints={**self._hints, **rule.hints}, guards=guards)
        if isinstance(self.gate, Quantity):
            extended = self._with_gate_window(extended)
        if self.proportion < 1:
            extended = self._with_subset(extended)
        side, event = ("on_post", "retrograde") if on is None else ("on_pre", on)
        signals = ("retro_ltp_now_post", "retro_ltd_now_post")
        return self._add_pathway(extended, side, "retrograde", event, signals, lateral=False)

    def _with_expression_state(self, rule: SynapseRule) -> SynapseRule:
        """Add what expression needs, once."""
        if "retro_rate" in rule.initial:
            return rule
        model = rule.model + "\nretro_rate : 1 (shared)"
        namespace = {**rule.namespace, **self._unit_namespace}
        for name in ("w_min", "w_max"):
            bound = getattr(self, name)
            if bound is not None:
                namespace[f"retro_{name}"] = bound
        regularly = dict(rule.regularly)
        if self.expression == "saturating" or self.persistence is not None:
            model += "\nretro_expressed : 1"
        if self.persistence is not None:
            period = self.transport.period if self.transport is not None else self.persistence / 1000
            lost = -float(np.expm1(-float(period / self.persistence)))
            lines = [f"retro_lost = {lost!r}*retro_expressed"]  # a plain copy would be an alias in generated numpy code
            w = rule.weight
            if self.expression == "additive":
                lines.append(self._assignment(w, f"{w} - retro_lost{self._unit_factor}"))
            else:
                lines.append(self._assignment(w, f"{w}*(1 + retro_expressed - retro_lost)/(1 + retro_expressed)"))
            lines.append("retro_expressed = retro_expressed - retro_lost")
            regularly["retro_decay"] = Regular("\n".join(lines), dt=period)
        return replace(
            rule,
            model=model,
            namespace=namespace,
            regularly=regularly,
            initial={**rule.initial, "retro_rate": self.rate},
        )

    def _with_gate_window(self, rule: SynapseRule) -> SynapseRule:
        """Remember until when a presynaptic spike keeps the synapse open."""
        spike = [p for p in rule.on_pre if rule.on_event.get(p, "spike") == "spike"]
        opening = "retro_open_until = t + retro_window"
        on_pre = dict(rule.on_pre)
        pathway = spike[0] if spike else "retro_gate"
        on_pre[pathway] = (on_pre.get(pathway, "") + "\n" + opening).strip("\n")
        return replace(
            rule,
            model=rule.model + "\nretro_open_until : second",
            on_pre=on_pre,
            namespace={**rule.namespace, "retro_window": self.gate},
        )

    def _with_subset(self, rule: SynapseRule) -> SynapseRule:
        """Choose the share of the input synapses that take part, when the synapses are made."""
        subset = InputSubset(self.proportion, self.seed, drawn=self.draw)
        if self.draw == "fixed":
            model, initial = "\nretro_receptive : boolean (constant)", {"retro_receptive": subset}
        else:
            model = "\nretro_rank : 1 (constant)\nretro_share : 1 (constant)"
            initial = {"retro_rank": subset, "retro_share": replace(subset, gives="share")}
        return replace(rule, model=rule.model + model, initial={**rule.initial, **initial})

    def _add_pathway(self, rule, side, pathway, event, signals, lateral) -> SynapseRule:
        """The rule with one more pathway, in which it expresses the two signals."""
        factors = [repr(float(self.fraction))] if self.fraction != 1 else []
        if lateral:
            factors.append("int(not retro_induced)")
        else:
            if isinstance(self.gate, Quantity):
                factors.append("int(t <= retro_open_until)")
            elif self.gate:
                factors.append(f"({self.gate})")
            if self.proportion < 1:
                fixed = "int(retro_receptive)"
                drawn = "int((retro_rank - retro_draw_post) % 1.0 < retro_share)"
                factors.append(fixed if self.draw == "fixed" else drawn)
        code = self._expression_code(rule.weight, *signals, "*".join(["retro_rate", *factors]))
        if self.fraction == 0:  # nothing is expressed; a product with the literal 0 confuses Brian2's simplification
            code = f"{rule.weight} = {rule.weight}"
        taps = self.cascade and any("retro_before" in c for c in self._codes(rule))
        if taps and not lateral:
            code = self._tap(rule, code)
        return replace(
            rule,
            **{side: {**getattr(rule, side), pathway: code}},
            on_event={**rule.on_event, pathway: event},
            undelayed=(*rule.undelayed, pathway),
        )

    def _expression_code(self, w: str, ltp: str, ltd: str, factor: str) -> str:
        """Code that moves the weight `w` by the two signals (see the class's `expression`)."""
        kept = self.persistence is not None
        if self.expression == "saturating":
            up, down = f"{factor}*{ltp}", f"{factor}*{ltd}"
            lines = [
                f"retro_up = {up}",
                f"retro_down = {down}",
                "retro_all = retro_up + retro_down",
                "retro_goal = (retro_up*{:r} - retro_down*{:r})/(retro_all + int(retro_all == 0))",
                "retro_new = retro_goal + (retro_expressed - retro_goal)*exp(-retro_all)",
            ]
            lines[3] = lines[3].replace("{:r}", repr(float(self.upper)), 1).replace("{:r}", repr(float(self.lower)), 1)
            new = f"{w}*(1 + retro_new)/(1 + retro_expressed)"
            after = ["retro_expressed = retro_new"]
        else:
            signal = f"({ltp} - {ltd})" if ltp != "0" else f"(-{ltd})"
            step = f"{factor}*{signal}"
            lines, after = [], []
            if self.expression == "additive":
                new = f"{w} + {step}{self._unit_factor}"
                if kept:
                    after = [f"retro_expressed = retro_expressed + {step}"]
            else:
                new = f"{w}*(1 + {step})"
                if kept:
                    after = [f"retro_expressed = (1 + retro_expressed)*(1 + {step}) - 1"]
        if after and self._bounded:  # what a bound cut off was not expressed, and must not decay later
            lines.append(f"retro_from = {w}")
            if self.expression == "additive":
                per_unit = "/retro_unit" if self.unit is not None else ""
                after = [f"retro_expressed = retro_expressed + ({w} - retro_from){per_unit}"]
            else:
                at_zero = f"int(retro_from == 0*retro_from){self._unit_factor}"
                after = [f"retro_expressed = (1 + retro_expressed)*(({w} + {at_zero})/(retro_from + {at_zero})) - 1"]
        return "\n".join([*lines, self._assignment(w, new), *after])

    @property
    def _bounded(self) -> bool:
        return self.w_min is not None or self.w_max is not None

    def _assignment(self, w: str, new: str) -> str:
        """The statement that gives the weight the value `new`, within the hard bounds."""
        low = "retro_w_min" if self.w_min is not None else f"-inf{self._unit_factor}"
        high = "retro_w_max" if self.w_max is not None else f"inf{self._unit_factor}"
        return f"{w} = clip({new}, {low}, {high})" if self._bounded else f"{w} = {new}"

    # -------------------------------------------------------------------------------------------------- operation
    def operation(self, cells: NeuronGroup, clock: Clock | None = None) -> list[BrianObject]:
        """What moves and hands over the signal of `cells`; ordinary code-generated Brian2 objects.

        Gains, length and velocities of the cells get their values here; set others of your own after this call.

        Parameters
        ----------
        cells : NeuronGroup
            Cells with ``sbp.equations`` and ``sbp.events``, as sources of emitting or targets of receiving synapses.
        clock : Clock, optional
            A clock with the period of the transport to share with other objects, instead of one of its own: each clock
            costs time in every step.

        Returns
        -------
        list of BrianObject
            Already part of `cells` (they run wherever `cells` is in the network); may be added to the Network too.

        Raises
        ------
        SBPError
            `cells` is a subgroup, lacks equations or events, or has been given an operation before.
        """
        if isinstance(cells, Subgroup) or not isinstance(cells, NeuronGroup):
            name = getattr(cells, "name", "")
            raise SBPError(f"sbp.operation needs a whole NeuronGroup, got {type(cells).__name__} {name!r}")
        lacking = sorted(n for n in self.equations.names if n not in cells.variables)
        if lacking:
            raise SBPError(
                f"the cells {cells.name!r} lack {', '.join(lacking[:3])}{'...' if len(lacking) > 3 else ''}: add "
                "sbp.equations (of this very RetrogradeSBP) to their equations"
            )
        for event, condition in self.events.items():
            if cells.events.get(event) != condition:
                raise SBPError(
                    f"the cells {cells.name!r} do not define the event {event!r}: "
                    "give events=sbp.events to the NeuronGroup"
                )
        if isinstance(self.activity, str) and self.activity not in cells.variables:
            raise SBPError(f"the cells {cells.name!r} have no variable {self.activity!r}, named as their activity")
        if moved_by(cells) is not None:
            raise SBPError(f"the cells {cells.name!r} have their operation already; call sbp.operation once")
        if clock is not None and (self.transport is None or clock.dt != self.transport.period):
            raise SBPError(f"the clock {clock.name!r} does not have the period of the transport; leave clock= out")
        mark(cells, self)
        return self._operations(cells, clock)

    def _operations(self, cells: NeuronGroup, clock: Clock | None) -> list[BrianObject]:
        made = []
        for channel in CHANNELS:
            signal = f"retro_{channel}"
            setattr(cells, f"{signal}_gain", getattr(self, f"gain_{channel}"))
            if self.transport is not None:
                for name, value in self.transport.initial(signal).items():
                    setattr(cells, name, value)
        if isinstance(self.transport, Chain):
            cells.retro_length = self.transport.length
        if self.transport is not None:
            code = "\n".join(self.transport.tick(f"retro_{channel}") for channel in CHANNELS)
            own = {"dt": self.transport.period} if clock is None else {"clock": clock}
            tick = cells.run_regularly(code, **own, when="start", order=-1, name=f"{cells.name}_retrograde_tick")
            made.append(tick)
        if not self.holds:
            take = [f"retro_{c}_now = retro_{c}_due\nretro_{c}_due = 0" for c in CHANNELS]
            take += ["retro_draw = rand()"] if self.draw == "event" else []
            made.append(OnEvent(cells, "retrograde", "\n".join(take)))
        if self.postlateral_ltd:
            made.append(OnEvent(cells, "retrograde_local", "retro_local_now = retro_local_due\nretro_local_due = 0"))
        if self.activity is True:
            made.append(OnEvent(cells, "spike", "retro_count += 1", when="resets"))
        for made_object in made:
            if made_object not in cells.contained_objects:
                cells.contained_objects.append(made_object)
        return made

    # ----------------------------------------------------------------------------------------------------- helpers
    @property
    def _unit_namespace(self) -> dict:
        return {"retro_unit": self.unit} if self.unit is not None else {}

    @property
    def _unit_factor(self) -> str:
        return "*retro_unit" if self.unit is not None else ""

    @staticmethod
    def _codes(rule: SynapseRule) -> list[str]:
        return [*rule.on_pre.values(), *rule.on_post.values()]

    @staticmethod
    def _name(rule: SynapseRule) -> str:
        return f"rule {rule.name!r}" if rule.name else "the rule"

    def _check_weight(self, rule, verb: str) -> None:
        if not isinstance(rule, SynapseRule):
            raise TypeError(
                f"{verb}() takes a SynapseRule, got {type(rule).__name__}; wrap your strings: "
                "SynapseRule(model=..., on_pre=..., on_post=..., weight=...)"
            )
        if rule.weight is None:
            raise SBPError(f"{self._name(rule)} has no weight: name it with SynapseRule(weight=...)")
        equation = Equations(rule.model)[rule.weight]
        if equation.type != PARAMETER or "shared" in equation.flags or "constant" in equation.flags:
            raise SBPError(
                f"{self._name(rule)}: the weight {rule.weight!r} is not a plain parameter of each synapse, so its "
                f"changes cannot be followed at events; declare it as '{rule.weight} : <unit>' and change it "
                "in on_pre or on_post"
            )
        dimensionless = equation.dim.is_dimensionless
        if not dimensionless and self.unit is None:
            raise SBPError(
                f"{self._name(rule)}: the weight {rule.weight!r} has units; say in which the signal counts, "
                "RetrogradeSBP(unit=...), e.g. unit=nS"
            )
        if self.unit is not None and get_dimensions(self.unit) != equation.dim:
            raise SBPError(
                f"{self._name(rule)}: the weight {rule.weight!r} is in {equation.unit}, "
                f"RetrogradeSBP(unit={self.unit!r}) is not"
            )
