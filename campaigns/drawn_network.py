"""A random network with the retrograde signal, from a seed: what `campaigns.networks` compares."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from brian2 import nS

from tests.reference.retrograde_cases import UNITLESS, Case

__all__ = ["Drawn", "drawn"]

EMISSIONS = ("change", "relative", "weighted")
EXPRESSIONS = ("additive", "relative", "saturating")


@dataclass(frozen=True)
class Drawn(Case):
    """A case of the reference whose rule, connections and weights are drawn, too.

    Attributes
    ----------
    numbers : dict
        Of the plastic rule.
    share : float
        Of all pairs that are connected, where not all are.
    key : tuple of int
        From which connections and weights are drawn.
    """

    numbers: dict = field(default_factory=dict)
    share: float = 1.0
    key: tuple = ()

    @property
    def told(self) -> str:
        """The mechanism in one line."""
        parts = [self.emission, f"activity {self.activity}", *map(str, self.transport or ("no transport",))]
        parts += [self.expression, *(f"{name} {value:.3g}" for name, value in self.options.items())]
        parts += [
            f"{name} {getattr(self, name)}"
            for name in ("gate", "persistence", "cascade", "bonus", "signed", "delay", "second_output")
            if getattr(self, name)
        ]
        return ", ".join([*parts, f"{self.share:.0%} connected", "unit nS" if not self.bare else "no unit"])

    @property
    def bare(self) -> bool:
        """Whether the weight has no unit."""
        return isinstance(self.unit, float)

    def stdp(self) -> dict:
        """Numbers of the plastic rule."""
        return {**super().stdp(), **self.numbers, "bonus": self.bonus}

    def edges(self, n_pre: int, n_post: int) -> tuple[np.ndarray, np.ndarray]:
        """All pairs, or a share of them; how many there are does not depend on the variant."""
        pre, post = np.indices((n_pre, n_post)).reshape(2, -1)
        if self.dense:
            return pre, post
        rng = np.random.default_rng([*self.key, n_pre, n_post])
        chosen = np.sort(rng.choice(len(pre), max(2, round(self.share * len(pre))), replace=False))
        return pre[chosen], post[chosen]

    def weights(self, n: int, seed: int) -> np.ndarray:
        """Start weights."""
        return super().weights(n, seed + 1000 * int(np.random.default_rng(self.key).integers(1, 10**6)))

    def limits(self, part: str) -> tuple[float, float]:
        """Between which numbers the weights of a part must lie: those of its rule, and hard ones where it expresses."""
        low, high = -np.inf, np.inf
        lateral = any(self.options.get(name) for name in ("lateral_ltp", "lateral_ltd", "postlateral_ltd"))
        expresses = part in ("in", "through") or lateral
        if part != "in" and not expresses and not self.bonus:  # the second pathway of the rule knows no bounds
            low, high = self.stdp()["low"], self.stdp()["high"]
        elif part == "in":
            low, high = self.options.get("w_min", -np.inf), self.options.get("w_max", np.inf)
        return low, high


def drawn(seed: int, structure: int, variant: int) -> Drawn:
    """A network: its code follows from seed and structure; trains, connections and weights from the variant as well."""
    rng = np.random.default_rng([seed, structure])

    def pick(*choices):
        return choices[int(rng.integers(len(choices)))]

    def some(p: float) -> bool:
        return bool(rng.random() < p)

    signed, unit = some(0.4), (nS if some(0.25) else UNITLESS)
    expression = pick(*EXPRESSIONS)
    transport = _transport(rng, pick)
    options = {"rate": float(rng.uniform(0.05, 1.5)), "lambda_f": float(pick(1.0, rng.uniform(0.1, 1)))}
    options["lambda_p"] = float(pick(1.0, 1.0, rng.uniform(0.2, 1)))
    if expression == "saturating":
        options |= {"upper": float(rng.uniform(0.1, 1)), "lower": float(rng.uniform(0.1, 0.9))}
    if some(0.4):
        options["w_max"] = float(rng.uniform(1, 2))
    if some(0.4):
        options["w_min"] = float(-rng.uniform(1, 2) if signed else rng.uniform(0, 0.3))
    held = transport[:1] == ("window",)
    cascade = not held and some(0.2)
    if not held and not cascade:
        if some(0.35):
            options |= {"lateral_ltp": float(rng.uniform(0, 1)), "lateral_ltd": float(rng.uniform(0, 1))}
        elif some(0.25):
            options["postlateral_ltd"] = float(rng.uniform(0.1, 1))
    numbers = {
        "a_plus": float(rng.uniform(0.01, 0.08)),
        "a_minus": float(rng.uniform(0.01, 0.08)),
        "tau": float(rng.uniform(5, 30)),
        "low": float(-rng.uniform(1.2, 2) if signed else rng.uniform(0, 0.2)),
        "high": float(rng.uniform(1.2, 2)),
    }
    dense = some(0.3)
    return Drawn(
        name=f"net{structure}",
        emission=pick(*EMISSIONS),
        activity=pick(None, "count", "given"),
        transport=transport,
        expression=expression,
        options=options,
        gains=(float(pick(1, 1, 0, 0.5)), float(pick(1, 1, 0, 2))),
        gate=pick(None, None, int(rng.integers(0, 40))),
        persistence=pick(None, None, int(1000 * rng.integers(1, 3))) if expression != "saturating" else None,
        cascade=cascade,
        weight=pick("w", "strength"),
        unit=unit,
        bonus=0.0 if cascade else float(pick(0, 0, 0.05)),
        signed=signed,
        delay=int(pick(0, rng.integers(1, 12))),
        second_output=some(0.25),
        dense=dense,
        numbers=numbers,
        share=1.0 if dense else float(rng.uniform(0.3, 0.9)),
        key=(seed, structure, variant),
    )


def _transport(rng: np.random.Generator, pick) -> tuple:
    """None, a delay, a chain or a window, as the reference writes them."""
    kind = pick("none", "delay", "chain", "window")
    if kind == "delay":
        return "delay", int(rng.integers(1, 6)), int(rng.integers(1, 6))
    if kind == "chain":
        stages, every = int(rng.integers(1, 5)), int(rng.integers(1, 8))
        fastest = 100 / (stages * every * 1e-3)  # um/s at which a stage empties within a tick
        v, v_ltd = (float(round(fastest * rng.uniform(0.1, 0.9), 1)) for _ in range(2))
        return "chain", stages, every, v, v_ltd, pick(None, every * int(rng.integers(2, 10)))
    return ("window", 20) if kind == "window" else ()
