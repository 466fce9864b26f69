"""What Zhang et al. 2021 (doi:10.1126/sciadv.abh0146) claim of SBP in networks, beside what the records at hand show.

Nothing is written down here but the claims and what was published (`literature`): every measured number, and every
verdict, is computed from records. A difference counts where the 95 % interval of the paired differences over seeds
(Student's t) leaves out zero; fewer than two seeds, or an interval with zero in it, decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from sbp_brian.experiments.records import Record
from sbp_brian.report import costs, literature
from sbp_brian.report.differences import FAILS, HOLDS, OPEN, compare
from sbp_brian.report.learning import (
    TASKS,
    TEN_RECORDINGS,
    by_depth,
    by_learning,
    by_value,
    curve,
    scores,
    setting_words,
    ten_recordings,
)
from sbp_brian.report.text import mean_sd, minus
from sbp_brian.report.together import common_seeds
from sbp_brian.training import cost

__all__ = ["NOT_RUN", "VERDICTS", "Claim", "claims"]

NOT_RUN = "not run"
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


class Comparison(NamedTuple):
    """A claim that a model learns better in the first of two ways than in the second, at parameters that are fixed."""

    claim: str
    model: str
    first: str
    second: str
    published: str
    fixed: Mapping[str, Any] = MappingProxyType({})


def claims(records: Sequence[Record]) -> list[Claim]:
    """All claims, in the order of the paper; those of which there is no record say ``not run``."""
    records = [r for r in records if r.kind == "benchmark"]
    found: list[Claim] = []
    for task in TASKS:
        found += [_difference(records, task, comparison) for comparison in _spiking(task)]
        found.append(_saving(records, task))
    for task in ("mnist", "nettalk"):
        found += [_difference(records, task, comparison) for comparison in _TEXT]
    found.append(_lambda_p(records))
    found += [_depth(records, of) for of in _DEPTH]
    for task in ("mnist", "nettalk"):
        found += [_difference(records, task, comparison) for comparison in _artificial(task)]
        found.append(_exact(records, task))
    return found


def _spiking(task: str) -> tuple[Comparison, ...]:
    """Claims on the spiking network of the paper: the released model."""
    without, with_it = literature.WITHOUT_AND_WITH[task]
    reported = f"{_reported(with_it)} with, {_reported(without)} without (best epoch on the test set)"
    of, silent = "sbp_published", "control not reported"
    return (
        Comparison("SBP raises the score of the spiking network", of, "sbp-released", "symmetric", reported),
        Comparison(
            "The rise is due to the spread of changes, not to the other base rule",
            of,
            "sbp-released",
            "sbp-no-gains",
            silent,
        ),
        Comparison("The hidden layer contributes by its learning", of, "sbp-released", "published-frozen", silent),
    )


_CLAIMED = "claimed, and can be read in two ways; the released code computes something else"
#: Claims on SBP as the text of the paper defines it, among real spikes: a share of the signed change of the output
#: synapses reaches the input synapses. Where weights are negative, the change can be that of the value or of the
#: strength; experiments measure the strength. Last, what this project adds.
_TEXT = tuple(
    Comparison(claim, "sbp_network", learning, "frozen", published)
    for claim, learning, published in (
        (
            "SBP as the text defines it, the change read as that of the weight's value, teaches a hidden layer of real "
            "spikes",
            "change",
            _CLAIMED,
        ),
        ("The same, divided by the cell's activity", "change/activity", "not in the paper"),
        (
            "SBP as the text defines it, the change read as that of the synapse's strength, teaches a hidden layer of "
            "real spikes (divided by the cell's activity, this project's addition)",
            "strength/activity",
            _CLAIMED,
        ),
        (
            "One bit of the change of strength, whether the synapse grew stronger, is enough (this project's form)",
            "bit",
            "not in the paper",
        ),
        (
            "A report in proportion to the synapse's strength, divided by the cell's activity, teaches as well (this "
            "project's form)",
            "weighted/activity",
            "not in the paper",
        ),
    )
)


def _artificial(task: str) -> tuple[Comparison, ...]:
    """Claims on artificial networks."""
    without, with_it = literature.ENERGY[task]
    removed = literature.WITHOUT_HIDDEN_GRADIENT[task]
    spiking = "sbp_spiking_perceptron", "pseudo-bp", "zero"
    return (
        Comparison(
            'SBP raises the score of the energy-based network ("RBM")',
            "sbp_energy",
            "sbp",
            "without-sbp",
            f"{_reported(with_it)} with, {_reported(without)} without (one run each; the spread is that of a curve "
            "over epochs)",
        ),
        Comparison(
            "In the spiking perceptron SBP can take the place of 90 % of the hidden layer's gradient better than no "
            "signal at all",
            *spiking,
            f"{removed['sbp'][0]:.2f} % by SBP, {removed['zero'][0]:.2f} % by zero",
            {"learning_share": 0.9},
        ),
        Comparison(
            "The same for all of the gradient",
            *spiking,
            f"{removed['sbp'][1]:.2f} % by SBP, {removed['zero'][1]:.2f} % by zero",
        ),
        Comparison(
            "SBP as the text defines it, the change read as that of the weight's value, teaches the hidden layer of a "
            "perceptron",
            "sbp_perceptron",
            "change",
            "frozen",
            "claimed of networks trained by BP and SBP in turn",
        ),
    )


def _difference(records, task: str, comparison: Comparison) -> Claim:
    """What the records show of a comparison."""
    claim, of, first, second, published, fixed = comparison
    runs = by_learning(records, task, of, **fixed)
    found = compare(runs[first], runs[second]) if first in runs and second in runs else None
    if found is None:
        lacking = ",".join(name for name in (first, second) if name not in runs) or f"{first},{second}"
        settings = "".join(f" -s {key}={given}" for key, given in fixed.items())
        command = f"sbp sweep {task} -s model={of} -s learning={lacking}{settings} --seeds 3"
        return Claim(claim, TASKS[task], published, command, NOT_RUN)
    text = (
        f"{mean_sd(scores(runs[first]))} % against {mean_sd(scores(runs[second]))} %: {found.words}; "
        f"{setting_words(runs[first])}{_other_data(runs[first])}"
    )
    return Claim(claim, TASKS[task], published, text, found.verdict)


def _saving(records, task: str) -> Claim:
    """Whether SBP saves costs by the paper's measure, against no SBP and against the base rule of SBP."""
    without, with_it = literature.WITHOUT_AND_WITH[task]
    share = 100 * cost.saved(without.cost, with_it.cost)

    def told(measured: str, verdict: str) -> Claim:
        return Claim(
            "SBP reduces the computational cost (the paper's measure: a ratio of epochs)",
            TASKS[task],
            f"{share:.1f} % saved: {without.epochs:g} to {with_it.epochs:g} mean epochs",
            measured,
            verdict,
        )

    found = by_learning(records, task, "sbp_published")
    names = [name for name in costs.RELEASED[:3] if name in found]
    if not {"symmetric", "sbp-released"} <= set(names):
        wanted = ",".join(costs.RELEASED[:3])
        return told(f"sbp sweep {task} -s model=sbp_published -s learning={wanted} -s epochs=100 --seeds 5", NOT_RUN)
    kept = common_seeds({name: found[name] for name in names})
    with_sbp, base = kept["sbp-released"], kept["symmetric"]
    if not base:
        return told("the ways of learning have no seed in common", NOT_RUN)
    parts = []
    for name in names[:-1]:
        spent = costs.paper_cost(task, {name: kept[name], "sbp-released": with_sbp})
        if not spent:
            return told(
                f"the ranges of errors of {name} and sbp-released do not overlap: the measure has no meaning "
                f"({setting_words(kept[name])})",
                OPEN,
            )
        own, sbp = spent[name], spent["sbp-released"]
        saved = minus(f"{100 * cost.saved(own.cost, sbp.cost):.1f}")
        parts.append(f"{saved} % against {name} ({own.epochs:.1f} to {sbp.epochs:.1f} mean epochs)")
    fewer = costs.fewer_epochs(base, with_sbp)
    verdict = OPEN if len(fewer) < 2 or len(set(fewer)) > 1 else HOLDS if fewer[0] else FAILS
    text = f"{'; '.join(parts)}; {curve(base[0])[0]} errors, {setting_words(base)}{_other_data(base)}"
    return told(text, verdict)


def _lambda_p(records) -> Claim:
    """Whether lambda_p matters to the released model."""
    claim = "lambda_p, the share of input synapses that take part, sets the score (released model)"
    published = "maps over lambda_p from 0.1 to 1; in the released code lambda_p cancels"
    runs = by_value(records, "mnist", "sbp_published", "lambda_p", "sbp-released")
    kept = common_seeds(runs)
    if len(runs) < 2 or not all(kept.values()):
        text = "no parameter of the model here, as it changes nothing (docs/published.md); records of before had it"
        return Claim(claim, TASKS["mnist"], published, text, NOT_RUN)
    widest = float(np.ptp(np.array([scores(same) for same in kept.values()]), axis=0).max())
    text = (
        f"lambda_p {', '.join(f'{p:g}' for p in runs)}: scores differ by at most {100 * widest:.2f} points within "
        f"a seed; {setting_words(next(iter(runs.values())))}"
    )
    return Claim(claim, TASKS["mnist"], published, text, FAILS if widest == 0 else OPEN)


#: Model -> claim, way of learning, what is published.
_DEPTH = {
    "sbp_published": (
        "The released network learns with several hidden layers",
        "sbp-released",
        ", ".join(f"{100 * s:.1f}" for s in literature.DEPTH["SNN with SBP"]["mnist"]) + " % with 1 to 4 hidden layers",
    ),
    "sbp_network": (
        "This project's form of SBP learns with several hidden layers (within 1 point of one)",
        "weighted/activity",
        "not in the paper",
    ),
}


def _depth(records, of: str) -> Claim:
    """Whether a model keeps its score with more hidden layers, to a point."""
    claim, which, published = _DEPTH[of]
    runs = by_depth(records, "mnist", of, which)
    if len(runs) < 2 or 1 not in runs:
        command = f"sbp sweep mnist -s model={of} -s depth=1,2,3 --seeds 3"
        return Claim(claim, TASKS["mnist"], published, command, NOT_RUN)
    text = "; ".join(f"{depth} hidden: {mean_sd(scores(same))} %" for depth, same in runs.items())
    means = [scores(same).mean() for same in runs.values()]
    enough = all(len(same) > 1 for same in runs.values())
    verdict = OPEN if not enough else HOLDS if min(means) >= means[0] - 0.01 else FAILS
    return Claim(claim, TASKS["mnist"], published, f"{text}; {setting_words(runs[1])}", verdict)


_EXACT = Comparison(
    "This project's form of SBP is exact backpropagation in a perceptron (equal scores)",
    "sbp_perceptron",
    "weighted/activity",
    "backpropagation",
    "not in the paper",
)


def _exact(records, task: str) -> Claim:
    """Whether the weighted form divided by the activity scores as exact backpropagation does, seed by seed."""
    found = _difference(records, task, _EXACT)
    if found.verdict == NOT_RUN:
        return found
    runs = by_learning(records, task, _EXACT.model)
    d = compare(runs[_EXACT.first], runs[_EXACT.second])
    equal = d.n > 1 and max(abs(d.low), abs(d.high)) < 1e-9
    return found._replace(verdict=HOLDS if equal else OPEN if d.verdict == OPEN else FAILS)


def _other_data(runs: Sequence[Record]) -> str:
    return f"; {TEN_RECORDINGS}, not the paper's data" if ten_recordings(runs) else ""


def _reported(reported: literature.Reported) -> str:
    spread = "" if reported.spread is None else f" \u00b1 {100 * reported.spread:.2f}"
    return f"{100 * reported.score:.2f}{spread} %"
