r"""A cascade of leaky stages, in ticks: what enters spends a random time in it, of a given mean and spread.

At each tick the share :math:`p = n/m` of every stage moves on to the next. What enters at one tick leaves, in all,
after the sum of n geometric times, each :math:`1/p` on average: after k ticks with the probability

.. math:: h(k) = \binom{k-1}{n-1} p^n (1-p)^{k-n}, \qquad k \ge n,

of mean m and coefficient of variation :math:`\sqrt{(1-p)/n}`. One stage is an ordinary leak; with :math:`p = 1` it
would be a fixed delay of n ticks.
"""

from __future__ import annotations

from math import exp, floor, lgamma, log, log1p

__all__ = ["height", "passed_on", "share"]


def share(mean: float, stages: int) -> float:
    """p: what moves on from a stage in one tick, where `stages` of them take `mean` ticks."""
    return stages / mean


def height(mean: float, stages: int) -> float:
    """The largest h(k): what at most leaves in one tick of what entered at one."""
    p = share(mean, stages)
    k = 1 + floor((stages - 1) / p)
    ways = lgamma(k) - lgamma(stages) - lgamma(k - stages + 1)
    return exp(ways + stages * log(p) + (k - stages) * log1p(-p))


def passed_on(stages: list[str], entering: str, moved: str) -> list[str]:
    """Statements that move the share `moved` of each stage on, the last one first, and let `entering` in.

    What leaves the last stage, ``moved*stages[-1]``, is to be taken before them.
    """
    lines = [
        f"{later} += {moved}*({earlier} - {later})"
        for earlier, later in zip(stages[-2::-1], stages[:0:-1], strict=True)
    ]
    return [*lines, f"{stages[0]} += {entering} - {moved}*{stages[0]}"]
