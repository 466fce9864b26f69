"""What learning cost in the runs at hand: the measure of Zhang et al. 2021, and the operations that were counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sbp_brian.experiments.records import Record
from sbp_brian.report import literature
from sbp_brian.report.learning import by_learning, curve, scores
from sbp_brian.report.together import common_seeds
from sbp_brian.training import cost

__all__ = ["COUNTED", "RELEASED", "Counted", "counted", "errors", "fewer_epochs", "measured", "paper_cost"]

#: Ways of learning of the released model that are compared: without SBP, the base rule of SBP, SBP, a control.
RELEASED = ("symmetric", "sbp-no-gains", "sbp-released", "published-frozen")
#: Networks that count their operations, and which of their ways of learning are compared.
COUNTED = {
    "sbp_network": ("weighted/activity", "weighted", "change", "frozen"),
    "sbp_perceptron": ("weighted/activity", "backpropagation", "frozen"),
}


def errors(runs: Sequence[Record]) -> np.ndarray:
    """Errors after each epoch as fractions, shape (runs, epochs)."""
    return np.array([1 - curve(r)[1] for r in runs])


def paper_cost(task: str, compared: dict[str, Sequence[Record]]) -> dict[str, cost.Cost]:
    """The paper's cost of two ways of learning that share their seeds; empty where their ranges of errors mean nothing.

    Parameters
    ----------
    task : str
    compared : dict of str to runs
        With equal seeds in equal order, see `sbp_brian.report.together.common_seeds`.
    """
    curves = {name: errors(runs) for name, runs in compared.items()}
    seeds = min((len(c) for c in curves.values()), default=0)
    if not seeds or not all(
        cost.error_range({name: c[k] for name, c in curves.items()}).meaningful for k in range(seeds)
    ):
        return {}
    _, m, n, k = literature.TASKS[task]
    return cost.cost(curves, dict.fromkeys(curves, cost.complexity("SNN-SBP", m, n, k)))


def fewer_epochs(first: Sequence[Record], second: Sequence[Record]) -> list[bool]:
    """For each seed, whether the second needs fewer mean epochs than the first, in the range of errors of the two."""
    found = []
    for pair in zip(errors(first), errors(second), strict=True):
        within = cost.error_range(dict(enumerate(pair)))
        found.append(cost.mean_epochs(pair[1], within) < cost.mean_epochs(pair[0], within))
    return found


def measured(records: Sequence[Record], task: str) -> dict[str, tuple[np.ndarray, cost.Cost | None]]:
    """Way of learning of the released model -> its test scores, and its cost over the seeds that all of them have."""
    found = {name: runs for name, runs in by_learning(records, task, "sbp_published").items() if name in RELEASED}
    kept = {name: runs for name, runs in common_seeds(found).items() if name in ("symmetric", "sbp-released") and runs}
    costs = paper_cost(task, kept) if len(kept) == 2 else {}
    return {name: (scores(found[name]), costs.get(name)) for name in RELEASED if name in found}


class Counted(NamedTuple):
    """Operations of each run until its validation score first reached a level.

    Attributes
    ----------
    model : str
        Empty where nothing was counted.
    level : float
        The highest whole percent that all of these runs reach, as a fraction.
    operations : dict of str to ndarray, shape (runs,)
        By way of learning.
    """

    model: str
    level: float
    operations: dict[str, np.ndarray]


def counted(records: Sequence[Record], task: str) -> Counted:
    """What the first network of `COUNTED` counted of which two ways of learning or more were run."""
    for of, names in COUNTED.items():
        found = {
            name: [r for r in runs if "operations_by_epoch" in r.array_info]
            for name, runs in by_learning(records, task, of).items()
            if name in names
        }
        found = {name: found[name] for name in names if found.get(name)}
        if len(found) > 1:
            level = np.floor(100 * min(curve(r)[1].max() for runs in found.values() for r in runs)) / 100
            return Counted(
                of,
                float(level),
                {
                    name: np.array([cost.until(level, curve(r)[1], r.array("operations_by_epoch")) for r in runs])
                    for name, runs in found.items()
                },
            )
    return Counted("", np.nan, {})
