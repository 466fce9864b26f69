"""Replacing the hidden gradient by the change of an arm in 0 to 100 % of the batches."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from sbp_brian.figures.base import BLACK, COLUMNS, Figure, label_panels, new
from sbp_brian.figures.learning.artificial import COLOURS, CONTROLS, MARKERS, MODELS, TASKS, groups, scores, value
from sbp_brian.report.literature import WITHOUT_HIDDEN_GRADIENT

__all__ = ["FIGURE", "curves"]

LEAST = 3  # values of the share that make a curve
#: The arm that stands for a row of the published curve.
PUBLISHED = {"zero": "zero", "sbp": "pseudo-bp"}


def curves(records):
    """(model, task) -> {arm: {share: {seed: score in per cent}}}, of the setting with most runs.

    At a share of 0 every batch is learned by the gradient, whatever the arm: where rates are given, so that all arms
    have the same ones, a run of one arm at 0 stands for all arms.
    """
    best = {}
    for (task, model, rest), runs in groups(records, "share").items():
        lines = defaultdict(dict)
        for (which, share), same in runs.items():
            if which in COLOURS:
                lines[which][share] = scores(same)
        given = dict(rest)
        if "-1.0" not in (given["rate_hidden"], given["rate_output"]):
            none = max((line[0.0] for line in lines.values() if 0.0 in line), key=len, default=None)
            for line in lines.values() if none else ():
                line.setdefault(0.0, none)
        lines = {which: line for which, line in lines.items() if len(line) >= LEAST}
        size = sum(len(same) for line in lines.values() for same in line.values())
        if lines and size > best.get((model, task), (0,))[0]:
            best[model, task] = size, lines, next(iter(next(iter(runs.values())).values()))
    order = [(model, task) for model in MODELS for task in TASKS]
    return {key: best[key][1:] for key in order if key in best}


def lacks(records) -> str:
    """What is lacking, in words; empty where the figure can be drawn."""
    return (
        ""
        if curves(records)
        else (
            "runs at three shares or more (sbp sweep nettalk -s model=sbp_spiking_perceptron"
            " -s arm=zero,pseudo-bp -s share=0:1:0.1 -s rate_hidden=0.001"
            " -s rate_output=0.001)"
        )
    )


def draw(records):
    """A panel for each network and task."""
    found = curves(records)
    drawing, axes = new(COLUMNS, 68, ncols=len(found), squeeze=False)
    for ax, ((model, task), (lines, _)) in zip(axes[0], found.items(), strict=True):
        for name in (name for name in COLOURS if name in lines):
            shares = sorted(lines[name])
            each = [list(lines[name][share].values()) for share in shares]
            spread = [np.std(v, ddof=1) if len(v) > 1 else 0.0 for v in each]
            ax.errorbar(
                100 * np.array(shares),
                [np.mean(v) for v in each],
                spread,
                color=COLOURS[name],
                marker=MARKERS.get(name, "o"),
                linestyle="--" if name in CONTROLS[model] else "-",
                markersize=3.5,
                capsize=1.5,
                label=name,
            )
        if model == "sbp_spiking_perceptron" and task in WITHOUT_HIDDEN_GRADIENT:
            for name, reported in WITHOUT_HIDDEN_GRADIENT[task].items():
                ax.plot(
                    (90, 100),
                    reported,
                    MARKERS.get(PUBLISHED[name], "o"),
                    color=COLOURS[PUBLISHED[name]],
                    markerfacecolor="none",
                    linestyle="none",
                    markersize=6,
                )
            ax.plot([], [], "o", color=BLACK, markerfacecolor="none", linestyle="none", label="published")
        unit = "accuracy (%)" if task == "mnist" else "cosine (x 100)"
        ax.set(xlabel="share of batches by the arm (%)", ylabel=f"{TASKS[task]}, test {unit}", xlim=(-5, 105))
        ax.text(0.5, 1.03, MODELS[model], transform=ax.transAxes, ha="center", fontsize=8)
        ax.legend(fontsize=6.5, loc="lower left")
    label_panels(*axes[0])
    return drawing


def caption(records) -> str:
    """What is seen."""
    told = []
    for (model, task), (lines, record) in curves(records).items():
        counts = sorted({len(same) for line in lines.values() for same in line.values()})
        seeds = " to ".join(map(str, counts[:: max(1, len(counts) - 1)])) + (" seed" if counts == [1] else " seeds")
        told.append(
            f"{MODELS[model]}, {TASKS[task]}: {value(record, 'epochs')} epochs of "
            f"{record.metric('train_samples')['value']:,.0f} samples, {seeds}"
        )
    return (
        "The hidden gradient replaced in a share of the batches, spread evenly, by what the arm makes of it (zero "
        "and frozen: nothing); the others learn by the exact gradient (spiking: the surrogate gradient). Mean and "
        f"sample standard deviation over seeds of the test score after the last epoch. {'; '.join(told)}. Large "
        "symbols: published, one value each, the best epoch on the test set, where shares count time steps and "
        "NETtalk's score is another measure."
    )


FIGURE = Figure(
    name="replacement",
    title="Replacing the hidden gradient",
    caption=caption,
    needs=(),
    draw=draw,
    uses=("mnist", "nettalk"),
    lacks=lacks,
)
