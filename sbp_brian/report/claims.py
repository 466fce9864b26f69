"""What Zhang et al. 2021 (doi:10.1126/sciadv.abh0146) claim of SBP in networks, beside what the records at hand show.

Nothing is written down here but the claims and what was published (`literature`): every measured number, and every
verdict, is computed from records. A difference counts where the 95 % interval of the paired differences over seeds
(Student's t) leaves out zero; fewer than two seeds, or an interval with zero in it, decide nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from sbp_brian.datasets.dvsgesture import TEN_RECORDINGS
from sbp_brian.experiments.records import Record
from sbp_brian.report import literature
from sbp_brian.report.together import by_arm, by_depth, by_value, cell, curve, scores, setting_words, ten_recordings
from sbp_brian.training import cost

__all__ = ["VERDICTS", "Claim", "claims", "compare"]

HOLDS, FAILS, OPEN, NOT_RUN = "holds", "does not hold", "undecided", "not run"
VERDICTS = (HOLDS, FAILS, OPEN, NOT_RUN)


class Claim(NamedTuple):
    """One claim, or one control of it.

    Attributes
    ----------
    claim : str
    task : str
    published : str
        What the paper, or its code, reports.
    measured : str
        What the records show, with seeds and samples; or how to make the records that are lacking.
    verdict : str
        One of `VERDICTS`.
    """

    claim: str
    task: str
    published: str
    measured: str
    verdict: str


class Difference(NamedTuple):
    """Paired differences over seeds: their mean and the 95 % interval (NaN for one seed), and the verdict."""

    mean: float
    low: float
    high: float
    n: int
    verdict: str

    @property
    def words(self) -> str:
        """E.g. ``+1.21 points (95 % interval +0.90 to +1.52, 3 seeds)``."""
        if self.n < 2:
            return _minus(f"{100 * self.mean:+.2f} points (one seed)")
        return _minus(
            f"{100 * self.mean:+.2f} points (95 % interval {100 * self.low:+.2f} to {100 * self.high:+.2f}, "
            f"{self.n} seeds)"
        )


def compare(first: Sequence[Record], second: Sequence[Record]) -> Difference | None:
    """Test scores of the first less those of the second, over the seeds that both have; None where there is none."""
    pairs = [(a, b) for a in first for b in second if a.seed == b.seed]
    if not pairs:
        return None
    d = scores([a for a, _ in pairs]) - scores([b for _, b in pairs])
    mean, n = float(d.mean()), len(d)
    if n < 2:
        return Difference(mean, np.nan, np.nan, n, OPEN)
    half = float(student.ppf(0.975, n - 1) * d.std(ddof=1) / np.sqrt(n))
    low, high = mean - half, mean + half
    return Difference(mean, low, high, n, HOLDS if low > 0 else FAILS if high < 0 else OPEN)


def claims(records: Sequence[Record]) -> list[Claim]:
    """All claims, in the order of the paper; those of which there is no record say ``not run``."""
    records = [r for r in records if r.kind == "benchmark"]
    found: list[Claim] = []
    for task, (name, *_) in literature.TASKS.items():
        found += _spiking(records, task, name)
    for task in ("mnist", "nettalk"):
        found += _text(records, task, literature.TASKS[task][0])
    found.append(_lambda_p(records))
    found += [_depth(records, of) for of in ("sbp_published", "sbp_network")]
    for task in ("mnist", "nettalk"):
        found += _artificial(records, task, literature.TASKS[task][0])
    return found


def _difference(records, task, name, of, first, second, claim, published, **fixed) -> Claim:
    """A claim that one arm scores above another."""
    arms = by_arm(records, task, of, **fixed)
    settings = "".join(f" -s {key}={given}" for key, given in fixed.items())
    found = compare(arms[first], arms[second]) if first in arms and second in arms else None
    if found is None:
        lacking = ",".join(a for a in (first, second) if a not in arms) or f"{first},{second}"
        return Claim(
            claim, name, published, f"sbp sweep {task} -s model={of} -s arm={lacking}{settings} --seeds 3", NOT_RUN
        )
    text = (
        f"{cell(scores(arms[first]))} % against {cell(scores(arms[second]))} %: {found.words}; "
        f"{setting_words(arms[first])}{_other_data(arms[first])}"
    )
    return Claim(claim, name, published, text, found.verdict)


def _spiking(records, task, name) -> list[Claim]:
    without, with_it = literature.WITHOUT_AND_WITH[task]
    reported = f"{_reported(with_it)} with, {_reported(without)} without (best epoch on the test set)"
    of = "sbp_published"
    return [
        _difference(
            records,
            task,
            name,
            of,
            "sbp-released",
            "symmetric",
            "SBP raises the score of the spiking network",
            reported,
        ),
        _difference(
            records,
            task,
            name,
            of,
            "sbp-released",
            "sbp-no-gains",
            "The rise is due to the spread of changes, not to the other base rule",
            "control not reported",
        ),
        _difference(
            records,
            task,
            name,
            of,
            "sbp-released",
            "published-frozen",
            "The hidden layer contributes by its learning",
            "control not reported",
        ),
        _saving(records, task, name),
    ]


def _saving(records, task, name) -> Claim:
    without, with_it = literature.WITHOUT_AND_WITH[task]
    claim = "SBP reduces the computational cost (the paper's measure: a ratio of epochs)"
    share = 100 * cost.saved(without.cost, with_it.cost)
    published = f"{share:.1f} % saved: {without.epochs:g} to {with_it.epochs:g} mean epochs"
    arms = by_arm(records, task, "sbp_published")
    shown = [a for a in ("symmetric", "sbp-no-gains", "sbp-released") if a in arms]
    if not {"symmetric", "sbp-released"} <= set(shown):
        return Claim(
            claim,
            name,
            published,
            f"sbp sweep {task} -s model=sbp_published -s "
            "arm=symmetric,sbp-no-gains,sbp-released -s epochs=100 --seeds 5",
            NOT_RUN,
        )
    seeds = sorted(set.intersection(*({r.seed for r in arms[a]} for a in shown)))
    if not seeds:
        return Claim(claim, name, published, "the arms have no seed in common", NOT_RUN)
    kept = {a: [r for r in arms[a] if r.seed in seeds] for a in shown}
    curves = {a: np.array([1 - curve(r)[1] for r in runs]) for a, runs in kept.items()}
    _, m, n, k = literature.TASKS[task]
    spent = {}
    for a in shown[:-1]:
        pair = {a: curves[a], "sbp-released": curves["sbp-released"]}
        if not all(cost.error_range({x: c[s] for x, c in pair.items()}).meaningful for s in range(len(seeds))):
            return Claim(
                claim,
                name,
                published,
                f"the ranges of errors of {a} and sbp-released do not overlap: the "
                f"measure has no meaning ({setting_words(kept[a])})",
                OPEN,
            )
        count = cost.complexity("SNN-SBP", m, n, k)
        spent[a] = cost.cost(pair, dict.fromkeys(pair, count))
    parts = [
        f"{_minus(f'{100 * cost.saved(spent[a][a].cost, spent[a]["sbp-released"].cost):.1f}')} % against {a} "
        f"({spent[a][a].epochs:.1f} to {spent[a]['sbp-released'].epochs:.1f} mean epochs)"
        for a in shown[:-1]
    ]
    fewer = []
    for each in zip(curves["symmetric"], curves["sbp-released"], strict=True):
        within = cost.error_range(dict(enumerate(each)))
        fewer.append(cost.mean_epochs(each[1], within) < cost.mean_epochs(each[0], within))
    verdict = OPEN if len(seeds) < 2 or len(set(fewer)) > 1 else HOLDS if fewer[0] else FAILS
    return Claim(
        claim,
        name,
        published,
        f"{'; '.join(parts)}; {curve(kept['symmetric'][0])[0]} errors, "
        f"{setting_words(kept['symmetric'])}{_other_data(kept['symmetric'])}",
        verdict,
    )


def _text(records, task, name) -> list[Claim]:
    of = "sbp_network"
    return [
        _difference(
            records,
            task,
            name,
            of,
            "change",
            "frozen",
            "SBP as the text defines it (a share of the signed change reaches the input synapses) teaches a "
            "hidden layer of real spikes",
            "claimed; the released code computes something else",
        ),
        _difference(
            records,
            task,
            name,
            of,
            "weighted/activity",
            "frozen",
            "The same with the change weighted by the synapse and divided by the cell's activity (this project's form)",
            "not in the paper",
        ),
    ]


def _lambda_p(records) -> Claim:
    claim = "lambda_p, the share of input synapses that take part, sets the score (released model)"
    published = "maps over lambda_p from 0.1 to 1; in the released code lambda_p cancels"
    runs = by_value(records, "mnist", "sbp_published", "lambda_p", "sbp-released")
    seeds = sorted(set.intersection(*({r.seed for r in same} for same in runs.values()))) if len(runs) > 1 else []
    if not seeds:
        return Claim(
            claim,
            "MNIST",
            published,
            "sbp sweep mnist -s model=sbp_published -s lambda_p=0.1,0.5,1.0 --seeds 2",
            NOT_RUN,
        )
    values = np.array([scores([r for r in same if r.seed in seeds]) for same in runs.values()])
    widest = float(np.ptp(values, axis=0).max())
    text = (
        f"lambda_p {', '.join(f'{p:g}' for p in runs)}: scores differ by at most {100 * widest:.2f} points within "
        f"a seed; {setting_words(next(iter(runs.values())))}"
    )
    return Claim(claim, "MNIST", published, text, FAILS if widest == 0 else OPEN)


def _depth(records, of) -> Claim:
    which, published = {
        "sbp_published": (
            "sbp-released",
            ", ".join(f"{100 * s:.1f}" for s in literature.DEPTH["SNN with SBP"]["mnist"])
            + " % with 1 to 4 hidden layers",
        ),
        "sbp_network": ("weighted/activity", "not in the paper"),
    }[of]
    claim = (
        "The released network learns with several hidden layers"
        if of == "sbp_published"
        else "This project's form of SBP learns with several hidden layers (within 1 point of one)"
    )
    runs = by_depth(records, "mnist", of, which)
    if len(runs) < 2 or 1 not in runs:
        return Claim(claim, "MNIST", published, f"sbp sweep mnist -s model={of} -s depth=1,2,3 --seeds 3", NOT_RUN)
    text = "; ".join(f"{depth} hidden: {cell(scores(same))} %" for depth, same in runs.items())
    means = [scores(same).mean() for same in runs.values()]
    enough = all(len(same) > 1 for same in runs.values())
    held = min(means) >= means[0] - 0.01
    return Claim(
        claim, "MNIST", published, f"{text}; {setting_words(runs[1])}", OPEN if not enough else HOLDS if held else FAILS
    )


def _artificial(records, task, name) -> list[Claim]:
    without, with_it = literature.ENERGY[task]
    removed = literature.WITHOUT_HIDDEN_GRADIENT[task]
    return [
        _difference(
            records,
            task,
            name,
            "sbp_energy",
            "sbp",
            "without-sbp",
            'SBP raises the score of the energy-based network ("RBM")',
            f"{_reported(with_it)} with, {_reported(without)} without (one run each; the spread is that of a "
            "curve over epochs)",
        ),
        _difference(
            records,
            task,
            name,
            "sbp_spiking_perceptron",
            "pseudo-bp",
            "zero",
            "In the spiking perceptron SBP can take the place of 90 % of the hidden layer's gradient better "
            "than no signal at all",
            f"{removed['sbp'][0]:.2f} % by SBP, {removed['zero'][0]:.2f} % by zero",
            share=0.9,
        ),
        _difference(
            records,
            task,
            name,
            "sbp_spiking_perceptron",
            "pseudo-bp",
            "zero",
            "The same for all of the gradient",
            f"{removed['sbp'][1]:.2f} % by SBP, {removed['zero'][1]:.2f} % by zero",
        ),
        _difference(
            records,
            task,
            name,
            "sbp_perceptron",
            "change",
            "frozen",
            "SBP as the text defines it teaches the hidden layer of a perceptron",
            "claimed of networks trained by BP and SBP in turn",
        ),
        _exact(records, task, name),
    ]


def _exact(records, task, name) -> Claim:
    """Whether the weighted form divided by the activity scores as exact backpropagation does, seed by seed."""
    found = _difference(
        records,
        task,
        name,
        "sbp_perceptron",
        "weighted/activity",
        "backpropagation",
        "This project's form of SBP is exact backpropagation in a perceptron (equal scores)",
        "not in the paper",
    )
    if found.verdict == NOT_RUN:
        return found
    arms = by_arm(records, task, "sbp_perceptron")
    d = compare(arms["weighted/activity"], arms["backpropagation"])
    equal = d.n > 1 and max(abs(d.low), abs(d.high)) < 1e-9
    return found._replace(verdict=HOLDS if equal else OPEN if d.verdict == OPEN else FAILS)


def _other_data(runs: Sequence[Record]) -> str:
    return f"; {TEN_RECORDINGS}, not the paper's data" if ten_recordings(runs) else ""


def _reported(reported) -> str:
    spread = "" if reported.spread is None else f" \u00b1 {100 * reported.spread:.2f}"
    return f"{100 * reported.score:.2f}{spread} %"


def _minus(text: str) -> str:
    return text.replace("-", "\u2212")
