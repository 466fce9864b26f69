"""The retrograde mechanism in plain numpy and Python loops, independent of the library: one step, synapse by synapse.

It follows the description of the mechanism, not the library's code: what is emitted in a step can be expressed in
the next one at the earliest; within a step the order is tick of the transport, hand-over, presynaptic pathways,
postsynaptic pathways (each kind by name), spike counts. Weights, signals and times are bare numbers (steps).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

SMALLEST = 1e-12


@dataclass
class Plan:
    """What a cell or synapse does with the signal; the parameters of the mechanism as plain numbers."""

    emission: str = "change"
    floor: float = 0.0  # of the strength that a relative change is divided by
    levels: tuple[int, float] | None = None  # how many up to the full scale, and this
    activity: str | None = None  # None, "count" or "given"
    transport: str | None = None  # None, "delay", "chain" or "window"
    every: int = 1  # steps between two ticks
    slots: int = 1  # of a delay, or stages of a chain
    moved: tuple[float, float] = (0.0, 0.0)  # fraction of a stage that moves at a tick (ltp, ltd)
    leak: float | None = None  # fraction of the pool that is expressed at a tick
    expression: str = "additive"
    rate: float = 1.0
    lambda_f: float = 1.0
    upper: float = 0.6
    lower: float = 0.5
    bounds: tuple[float, float] = (-math.inf, math.inf)
    gate: int | None = None  # steps for which a presynaptic spike opens a synapse
    lateral: tuple[float, float] = (0.0, 0.0)
    postlateral: float = 0.0
    persistence: tuple[int, float] | None = None  # steps between two decays, factor kept at each
    cascade: bool = False


def reported(plan: Plan, w: float, dw: float) -> float:
    """What a synapse of weight `w` reports of a change by `dw`, before it is divided by an activity."""
    grows = math.copysign(1, dw) if dw else 0.0  # the value
    sign = math.copysign(1, w) if w else 0.0
    if plan.emission == "relative":
        amount = sign * dw / max(abs(w), plan.floor) if plan.floor else dw / (w if w else 1.0)
    else:
        amount = {
            "change": dw,
            "strength": sign * dw,
            "bit": sign * grows,
            "weighted": w * dw,
            "proportion": abs(w) * dw,
            "value-bit": grows,
        }[plan.emission]
    if plan.levels is None or not amount:
        return amount
    n, full = plan.levels
    nearest = min(range(n + 1), key=lambda k: (abs(abs(amount) - k * full / n), -k))
    return math.copysign(nearest * full / n, amount)


class Cells:
    """Cells with given spike trains (steps x cells) and, where they have a plan, the state of the signal."""

    def __init__(self, spikes, plan: Plan | None = None, gains=(1.0, 1.0), given=None, drives=None):
        self.spikes = np.asarray(spikes, bool)
        self.n = n = self.spikes.shape[1]
        self.plan = plan
        self.gains = [np.broadcast_to(np.asarray(g, float), n) for g in gains]
        self.given = given  # activity of each cell at each step
        self.drives = drives  # steps x cells: the event at which a window is expressed
        self.count = np.zeros(n)
        self.fresh = [np.zeros(n), np.zeros(n)]  # emitted, not yet picked up
        self.due = [np.zeros(n), np.zeros(n)]
        self.now = [np.zeros(n), np.zeros(n)]
        self.ways = [[np.zeros(n) for _ in range(plan.slots if plan else 0)] for _ in range(2)]
        self.pool = [np.zeros(n), np.zeros(n)]
        self.local_due, self.local_now = np.zeros(n), np.zeros(n)
        self.arrived = self.arrived_locally = np.zeros(n, bool)
        self.total = [np.zeros(n), np.zeros(n)]  # all that was ever emitted
        self.handed = [np.zeros(n), np.zeros(n)]  # all that was ever handed over

    def tick(self, k: int) -> None:
        plan = self.plan
        if plan is None or plan.transport is None or k % plan.every:
            return
        for c in range(2):
            way, fresh = self.ways[c], self.fresh[c]
            if plan.transport == "window":
                self.now[c] = fresh.copy()
            elif plan.transport == "delay":
                self.due[c] += way.pop()
                way.insert(0, fresh.copy())
            else:
                leaving = [plan.moved[c] * stage for stage in way]
                out = leaving[-1]
                if plan.leak is not None:
                    leaked = plan.leak * self.pool[c]
                    self.pool[c] = self.pool[c] - leaked + out
                    out = leaked
                self.due[c] += out
                for m, stage in enumerate(way):
                    stage += (fresh if m == 0 else leaving[m - 1]) - leaving[m]
            self.fresh[c] = np.zeros(self.n)

    def hand_over(self) -> None:
        if self.plan is None or self.plan.transport == "window":
            return
        self.arrived = (self.due[0] > SMALLEST) | (self.due[1] > SMALLEST)
        for c in range(2):
            self.now[c] = np.where(self.arrived, self.due[c], self.now[c])
            self.handed[c] += np.where(self.arrived, self.due[c], 0)
            self.due[c] = np.where(self.arrived, 0, self.due[c])
        self.arrived_locally = self.local_due > SMALLEST
        self.local_now = np.where(self.arrived_locally, self.local_due, self.local_now)
        self.local_due = np.where(self.arrived_locally, 0, self.local_due)

    def emit(self, cell: int, amount: float) -> None:
        c = 0 if amount > 0 else 1
        amount = abs(amount) * self.gains[c][cell]
        self.total[c][cell] += amount
        (self.due if self.plan.transport is None else self.fresh)[c][cell] += amount

    def activity(self, cell: int, k: int) -> float:
        return {"count": lambda: self.count[cell], "given": lambda: self.given[k][cell]}[self.plan.activity]()


@dataclass
class Stdp:
    """Pair rule with all-to-all traces; potentiation may happen in a second pathway, too (`bonus`)."""

    a_plus: float
    a_minus: float
    tau: float  # steps
    low: float
    high: float
    bonus: float = 0.0
    x: dict = field(default_factory=dict)
    y: dict = field(default_factory=dict)

    def _now(self, trace, s, k):
        value, last = trace.get(s, (0.0, 0))
        return value * math.exp(-(k - last) / self.tau)

    def pre(self, s, k, w):
        self.x[s] = (self._now(self.x, s, k) + 1, k)
        return min(max(w - self.a_minus * self._now(self.y, s, k), self.low), self.high)

    def post(self, s, k, w):
        self.y[s] = (self._now(self.y, s, k) + 1, k)
        return min(max(w + self.a_plus * self._now(self.x, s, k), self.low), self.high)

    def extra(self, s, k, w):
        return w * (1 + self.bonus)


class Synapses:
    """Synapses of one kind between two groups of cells, one weight each."""

    def __init__(
        self,
        name,
        source,
        target,
        pre,
        post,
        w,
        rule=None,
        delay=0,
        emits=None,
        receives=None,
        receptive=None,
        extra=None,
    ):
        self.name, self.source, self.target, self.rule, self.delay = name, source, target, rule, delay
        self.pre, self.post, self.w = list(pre), list(post), np.array(w, float)
        self.emits, self.receives, self.extra = emits, receives, extra
        n = len(self.w)
        self.receptive = np.ones(n, bool) if receptive is None else np.asarray(receptive)
        self.induced = np.zeros(n, bool)
        self.expressed = np.zeros(n)
        self.open_until = np.zeros(n)

    # ------------------------------------------------------------------------------------------- pathways of a step
    def pathways(self):
        """(order, name, what to do) of each pathway, as they are sorted within a step."""
        found = []
        if self.rule or (self.receives and self.receives.gate is not None):
            found.append((-1, f"{self.name}_pre", self._on_pre))
        if self.rule:
            found.append((1, f"{self.name}_post", self._on_post))
            if self.extra is not None:
                found.append((-1, f"{self.name}_extra", self._on_extra))
        if self.emits and any(self.emits.lateral):
            found.append((-1, f"{self.name}_retro_lateral", self._on_lateral))
        if self.emits and self.emits.postlateral:
            found.append((1, f"{self.name}_retro_local", self._on_local))
        if self.receives:
            held = self.receives.transport == "window"
            found.append((-1 if held else 1, f"{self.name}_retrograde", self._on_retrograde))
        return found

    def _change(self, s, k, new):
        """A change by activity: reported, if these synapses emit."""
        old, self.w[s] = self.w[s], new
        plan = self.emits
        if plan is None:
            return
        cell, change = self.pre[s], reported(plan, old, new - old)
        if plan.activity:
            change /= max(self.source.activity(cell, k), 1.0)
        self.source.emit(cell, change)
        if plan.postlateral and change < 0:
            self.target.local_due[self.post[s]] += -change * self.target.gains[1][self.post[s]]
        if change:
            self.induced[s] = True

    def _on_pre(self, k):
        for s, cell in enumerate(self.pre):
            if k >= self.delay and self.source.spikes[k - self.delay, cell]:
                if self.rule:
                    self._change(s, k, self.rule.pre(s, k, self.w[s]))
                if self.receives and self.receives.gate is not None:
                    self.open_until[s] = k + self.receives.gate + 0.5

    def _on_extra(self, k):
        for s, cell in enumerate(self.pre):
            if k >= self.delay and self.extra[k - self.delay, cell]:
                self._change(s, k, self.rule.extra(s, k, self.w[s]))

    def _on_post(self, k):
        for s, cell in enumerate(self.post):
            if self.target.spikes[k, cell]:
                self._change(s, k, self.rule.post(s, k, self.w[s]))

    def _on_lateral(self, k):
        for s, cell in enumerate(self.pre):
            if self.source.arrived[cell]:
                both = [f * self.source.now[c][cell] for c, f in enumerate(self.emits.lateral)]
                self._express(s, self.emits, *both, 0.0 if self.induced[s] else 1.0)

    def _on_local(self, k):
        for s, cell in enumerate(self.post):
            if self.target.arrived_locally[cell]:
                amount = self.emits.postlateral * self.target.local_now[cell]
                self._express(s, self.emits, 0.0, amount, 0.0 if self.induced[s] else 1.0)

    def _on_retrograde(self, k):
        plan = self.receives
        held = plan.transport == "window"
        for s in range(len(self.w)):
            cell = self.post[s]
            if (held and not self.source.drives[k, self.pre[s]]) or (not held and not self.target.arrived[cell]):
                continue
            share = float(self.receptive[s])
            if plan.gate is not None:
                share *= k <= self.open_until[s]
            before = self.w[s]
            self._express(s, plan, self.target.now[0][cell], self.target.now[1][cell], share)
            if plan.cascade and self.emits:
                new, self.w[s] = self.w[s], before
                self._change(s, k, new)

    # ------------------------------------------------------------------------------------------------- expression
    def _express(self, s, plan, ltp, ltd, share):
        ltp, ltd = (plan.rate * plan.lambda_f * share * part for part in (ltp, ltd))
        w, x = self.w[s], self.expressed[s]
        if plan.expression == "additive":
            new = w + (ltp - ltd)
        elif plan.expression == "relative":
            new = w * (1 + (ltp - ltd))
        else:
            both = ltp + ltd
            goal = (ltp * plan.upper - ltd * plan.lower) / both if both else 0.0
            target = goal + (x - goal) * math.exp(-both)
            new = w * (1 + target) / (1 + x)
        self.w[s] = min(max(new, plan.bounds[0]), plan.bounds[1])
        if plan.expression == "additive":
            self.expressed[s] = x + (self.w[s] - w)
        elif w:
            self.expressed[s] = (1 + x) * self.w[s] / w - 1

    def decay(self, k):
        expressing = self.emits and (any(self.emits.lateral) or self.emits.postlateral)
        for plan in (self.receives, self.emits if expressing else None):
            if plan is None or plan.persistence is None or k % plan.persistence[0]:
                continue
            old = self.expressed.copy()
            self.expressed = plan.persistence[1] * old
            moved = (
                self.w + (self.expressed - old)
                if plan.expression == "additive"
                else (self.w * (1 + self.expressed) / (1 + old))
            )
            self.w = np.clip(moved, *plan.bounds)
            return


def simulate(steps: int, cells, synapses) -> None:
    """Run `steps` steps; the state is left in the objects."""
    pathways = sorted((p for s in synapses for p in s.pathways()), key=lambda p: p[:2])
    for k in range(steps):
        for group in cells:
            group.tick(k)
        for s in synapses:
            s.decay(k)
        for group in cells:
            group.hand_over()
        for _, _, act in pathways:
            act(k)
        for group in cells:
            group.count += group.spikes[k]
