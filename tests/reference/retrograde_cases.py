"""Networks for the retrograde tests, built twice from one description: with the library, and with the plain reference.

Each case is four input cells -> three cells with the signal -> three target cells, all with given random spike trains
that often coincide. Many cases live side by side in one network, so that a target compiles once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from brian2 import Equations, Network, NeuronGroup, TimedArray, ms, second, um

from sbp_brian.retrograde import Emission, RetrogradeSBP
from sbp_brian.retrograde.transport import Chain, Delay, Window
from sbp_brian.rules import SynapseRule
from tests.reference import retrograde

UNITLESS = 1.0
DT = 1 * ms
STEPS = 300
SIZES = {"src": 4, "cells": 3, "tgt": 3}
LEVELS = np.array([0.25, 2.0, 3.5])  # activity of the cells where it is given; below 1 it must not divide


def trains(seed: int = 1) -> dict[str, np.ndarray]:
    """Random trains (steps x cells) with coincidences, a rarer extra event and a drive at the start of each window."""
    rng = np.random.default_rng(seed)
    found = {name: rng.random((STEPS, n)) < 0.12 for name, n in [*SIZES.items(), ("mid", 3)]}
    together = rng.random(STEPS) < 0.03
    for name in found:
        found[name][together] = True
        found[name][:2] = False
    found["bonus"] = rng.random((STEPS, 3)) < 0.05
    found["drive"] = np.zeros((STEPS, 4), bool)
    found["drive"][7::20] = rng.random((len(range(7, STEPS, 20)), 4)) < 0.7
    return found


@dataclass(frozen=True)
class Case:
    """One setting of the mechanism; numbers in steps of `DT`."""

    name: str
    emission: str = "change"
    activity: str | None = None
    transport: tuple = ()  # (), ("delay", slots, every), ("chain", stages, every, v, v_ltd, pool), ("window", every)
    expression: str = "additive"
    options: dict = field(default_factory=dict)  # further arguments of RetrogradeSBP that are plain numbers
    floor: float = 0.0  # of a relative report
    levels: tuple | None = None  # of reports, with their full scale
    gains: tuple = (1.0, 1.0)
    gate: int | None = None
    persistence: int | None = None
    cascade: bool = False
    weight: str = "w"
    unit: object = UNITLESS
    bonus: float = 0.0  # a second pathway that changes the weight
    signed: bool = False  # weights of both signs
    delay: int = 0
    second_output: bool = False
    dense: bool = True

    @property
    def bare(self) -> bool:
        """Whether the weight has no unit."""
        return self.unit is UNITLESS

    def sbp(self) -> RetrogradeSBP:
        """The library's declaration."""
        kind, *numbers = self.transport or (None,)
        transport = None
        if kind == "delay":
            transport = Delay((numbers[0] + 0.5) * numbers[1] * DT, slots=numbers[0])
        elif kind == "window":
            transport = Window(numbers[0] * DT)
        elif kind == "chain":
            stages, every, v, v_ltd, pool = numbers
            transport = Chain(
                length=100 * um,
                velocity=v * um / second,
                stages=stages,
                dt=every * DT,
                pool=None if pool is None else pool * DT,
                velocity_ltd=v_ltd * um / second,
            )
        options = dict(self.options)
        for name in {"w_min", "w_max"} & options.keys():
            options[name] = options[name] * self.unit
        n, full = self.levels or (None, None)
        floor = self.floor * self.unit if self.floor else None
        return RetrogradeSBP(
            emission=Emission(self.emission, floor=floor, levels=n, full_scale=full),
            activity={None: None, "count": True, "given": "level"}[self.activity],
            transport=transport,
            expression=self.expression,
            cascade=self.cascade,
            gate=None if self.gate is None else (self.gate + 0.5) * DT,
            persistence=None if self.persistence is None else self.persistence * DT,
            unit=None if self.bare else self.unit,
            **options,
        )

    def plan(self) -> retrograde.Plan:
        """The same for the reference."""
        kind, *numbers = self.transport or (None,)
        o = self.options
        plan = retrograde.Plan(
            emission=self.emission,
            floor=self.floor,
            levels=self.levels,
            activity=self.activity,
            transport=kind,
            expression=self.expression,
            gate=self.gate,
            rate=o.get("rate", 1.0),
            lambda_f=o.get("lambda_f", 1.0),
            upper=o.get("upper", 0.6),
            lower=o.get("lower", 0.5),
            bounds=(o.get("w_min", -np.inf), o.get("w_max", np.inf)),
            lateral=(o.get("lateral_ltp", 0.0), o.get("lateral_ltd", 0.0)),
            postlateral=o.get("postlateral_ltd", 0.0),
            cascade=self.cascade,
        )
        if kind == "delay":
            plan.slots, plan.every = numbers
        elif kind == "window":
            plan.every = numbers[0]
        elif kind == "chain":
            plan.slots, plan.every, v, v_ltd, pool = numbers
            plan.moved = tuple(plan.slots * speed * plan.every * 1e-3 / 100 for speed in (v, v_ltd))
            plan.leak = None if pool is None else plan.every / pool
        if self.persistence:
            period = plan.every if kind else self.persistence // 1000
            plan.persistence = (period, np.exp(-period / self.persistence))
        return plan

    # ------------------------------------------------------------------------------------------------------ parts
    def stdp(self) -> dict:
        """Numbers of the plastic rule."""
        return dict(a_plus=0.05, a_minus=0.04, tau=15.0, low=-1.5 if self.signed else 0.0, high=1.5, bonus=self.bonus)

    def rule(self) -> SynapseRule:
        """The plastic rule as strings."""
        w, p = self.weight, self.stdp()
        model = f"""{w} : {"1" if self.bare else "siemens"}
                    dx/dt = -x/tau_x : 1 (event-driven)
                    dy/dt = -y/tau_x : 1 (event-driven)"""
        on_pre = {"pre": f"x += 1\n{w} = clip({w} - a_minus*y, low, high)"}
        if self.bonus:
            on_pre["extra"] = f"{w} *= 1 + bonus"
        namespace = {n: p[n] * self.unit for n in ("a_plus", "a_minus", "low", "high")}
        if self.bare:
            namespace = {n: float(v) for n, v in namespace.items()}
        return SynapseRule(
            model,
            on_pre=on_pre,
            on_post={"post": f"y += 1\n{w} = clip({w} + a_plus*x, low, high)"},
            on_event={"extra": "bonus_now"} if self.bonus else {},
            weight=w,
            name=self.name,
            namespace={**namespace, "tau_x": p["tau"] * DT, **({"bonus": self.bonus} if self.bonus else {})},
        )

    def edges(self, n_pre: int, n_post: int) -> tuple[np.ndarray, np.ndarray]:
        """All to all, or with every third pair left out."""
        pre, post = np.indices((n_pre, n_post)).reshape(2, -1)
        keep = np.ones(len(pre), bool) if self.dense else np.arange(len(pre)) % 3 != 1
        return pre[keep], post[keep]

    def weights(self, n: int, seed: int) -> np.ndarray:
        """Start weights."""
        rng = np.random.default_rng(seed)
        return rng.uniform(0.3, 1.0, n) * (rng.choice([-1.0, 1.0], n) if self.signed else 1.0)


def layout(case: Case) -> list[tuple[str, str, str, str, int]]:
    """(name, from, to, kind, seed of the weights) of each Synapses object: kind is 'in', 'through' or 'out'."""
    first = "mid" if case.cascade else "cells"
    found = [("in", "src", first, "in", 11), ("out", "cells", "tgt", "out", 12)]
    if case.cascade:
        found.append(("through", "mid", "cells", "through", 13))
    if case.second_output:
        found.append(("out2", "cells", "tgt", "out", 14))
    return found


def network(cases, seed: int = 1) -> Network:
    """One network that holds all `cases`, from library objects."""
    drive = {
        name: TimedArray(values.astype(float), dt=DT, name=f"train_{name}") for name, values in trains(seed).items()
    }
    objects = []

    def group(name, train, equations="", events=None, reset=None):
        spikes = {"spikes_now": drive[train], "bonus_train": drive["bonus"], "drive_train": drive["drive"]}
        found = NeuronGroup(
            SIZES.get(train, 3),
            Equations("level : 1") + equations,
            threshold="spikes_now(t, i) > 0.5",
            reset=reset,
            events=events or {},
            name=name,
            namespace=spikes,
        )
        objects.append(found)
        return found

    drives = any(case.transport[:1] == ("window",) for case in cases)
    shared = {
        "src": group("src", "src", events={"drive_now": "drive_train(t, i) > 0.5"} if drives else None),
        "tgt": group("tgt", "tgt"),
    }
    for case in cases:
        sbp = case.sbp()
        own = dict(shared)
        holders = ["cells", *(["mid"] if case.cascade else []), *(["tgt"] if sbp.postlateral_ltd else [])]
        for name in holders:
            events = {
                **sbp.events,
                **({"bonus_now": "bonus_train(t, i) > 0.5"} if name == "cells" and case.bonus else {}),
            }
            own[name] = cells = group(
                f"{case.name}_{name}",
                name,
                sbp.equations,
                events,
                reset="level = level" if case.activity == "count" else None,
            )
            sbp.operation(cells)
            cells.level = LEVELS
            if name == "cells":
                for channel, gain in zip(("ltp", "ltd"), case.gains, strict=True):
                    setattr(cells, f"retro_{channel}_gain", gain)
        for name, source, target, kind, start in layout(case):
            rule = (
                case.rule()
                if kind != "in"
                else SynapseRule(
                    f"{case.weight} : {'1' if case.bare else 'siemens'}", weight=case.weight, name="static"
                )
            )
            if kind != "in":
                rule = sbp.emitting(rule)
            if kind != "out":
                rule = sbp.receiving(rule, on="drive_now" if case.transport[:1] == ("window",) else None)
            made = rule.synapses(
                own[source],
                own[target],
                name=f"{case.name}_{name}",
                delay=case.delay * DT if case.delay and kind == "out" else None,
            )
            pre, post = case.edges(len(own[source]), len(own[target]))
            if case.dense:
                made.connect()
            else:
                made.connect(i=pre, j=post)
            setattr(made, case.weight, case.weights(len(pre), start) * case.unit)
            objects.append(made)
    return Network(objects)


def expected(case: Case, receptive: dict[str, np.ndarray], seed: int = 1):
    """The reference's groups and synapses of one case after all steps, by name."""
    t = trains(seed)
    plan = case.plan()
    groups = {name: retrograde.Cells(t[name], drives=t["drive"] if name == "src" else None) for name in ("src", "tgt")}
    for name in ["cells", *(["mid"] if case.cascade else []), *(["tgt"] if plan.postlateral else [])]:
        groups[name] = retrograde.Cells(
            t[name], plan, case.gains if name == "cells" else (1, 1), given=np.tile(LEVELS, (STEPS, 1))
        )
    synapses = {}
    for name, source, target, kind, start in layout(case):
        pre, post = case.edges(groups[source].n, groups[target].n)
        synapses[name] = retrograde.Synapses(
            name,
            groups[source],
            groups[target],
            pre,
            post,
            case.weights(len(pre), start),
            rule=retrograde.Stdp(**case.stdp()) if kind != "in" else None,
            delay=case.delay if kind == "out" else 0,
            emits=plan if kind != "in" else None,
            receives=plan if kind != "out" else None,
            receptive=receptive.get(name),
            extra=t["bonus"] if kind == "out" and case.bonus else None,
        )
    retrograde.simulate(STEPS, list(groups.values()), list(synapses.values()))
    return groups, synapses
