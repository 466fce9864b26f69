"""Replacing the hidden gradient by SBP, or by nothing, in 0 to 100 % of the batches."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.style import BLACK, COLUMNS, LOOKS, colour, marker, rank
from sbp_brian.report.learning import NETWORKS, SHUFFLED, TASKS, agree, artificial, own_choice, scores
from sbp_brian.report.literature import WITHOUT_HIDDEN_GRADIENT
from sbp_brian.report.together import value

__all__ = ["FIGURE", "curves"]

MODELS = ("sbp_perceptron", "sbp_spiking_perceptron", "sbp_energy")
SHOWN = ("mnist", "nettalk")
LEAST = 3  # values of the share that make a curve
#: The way of learning that stands for a row of the published curve.
PUBLISHED = {"zero": "zero", "sbp": "pseudo-bp"}


def curves(records):
    """(model, task) -> ({way of learning: {share: scores in per cent}}, one of the runs), of the fullest setting.

    At a share of 0 every batch is learned by the gradient, whatever replaces it: a run at 0 stands for all ways of
    learning that had its rates, where these were given.
    """
    best = {}
    for (task, model, _), runs in artificial(records, MODELS, "learning_share").items():
        lines: dict = {}
        for (which, share), same in runs.items():
            if which in LOOKS and which != SHUFFLED:
                lines.setdefault(which, {})[share] = same
        none = max((line[0.0] for line in lines.values() if 0.0 in line), key=len, default=None)
        for line in lines.values() if none else ():
            if _same_rates(none[0], next(iter(line.values()))[0]):
                line.setdefault(0.0, none)
        lines = {
            which: {share: 100 * scores(same) for share, same in line.items()}
            for which, line in lines.items()
            if len(line) >= LEAST
        }
        size = sum(len(same) for line in lines.values() for same in line.values())
        if lines and size > best.get((model, task), (0,))[0]:
            best[model, task] = size, lines, next(iter(runs.values()))[0]
    order = [(model, task) for model in MODELS for task in SHOWN]
    return {key: best[key][1:] for key in order if key in best}


def _same_rates(one, other) -> bool:
    """Whether two runs had the same rates, as far as they had an effect; not where a rate was left to each."""
    rates = [own_choice(run, ("rate_hidden", "rate_output")) for run in (one, other)]
    return agree(*rates) and all(rate is not None for each in rates for rate in each.values())


def lacks(records) -> str:
    """What is lacking, in words; empty where the figure can be drawn."""
    if curves(records):
        return ""
    return (
        "runs at three shares or more (sbp sweep nettalk -s model=sbp_spiking_perceptron -s learning=zero,pseudo-bp "
        "-s learning_share=0:1:0.1)"
    )


def draw(records):
    """A panel for each network and task."""
    found, numbers = curves(records), []
    drawing, axes = new(COLUMNS, 68, ncols=len(found), squeeze=False)
    for ax, ((model, task), (lines, _)) in zip(axes[0], found.items(), strict=True):
        for name in sorted(lines, key=rank):
            shares = sorted(lines[name])
            each = [lines[name][share] for share in shares]
            ax.errorbar(
                100 * np.array(shares),
                [np.mean(v) for v in each],
                [np.std(v, ddof=1) if len(v) > 1 else 0.0 for v in each],
                color=colour(name),
                marker=marker(name),
                linestyle="--" if name in NETWORKS[model].controls else "-",
                markersize=3.5,
                capsize=1.5,
                label=name,
            )
        if model == "sbp_spiking_perceptron" and task in WITHOUT_HIDDEN_GRADIENT:
            _published(ax, WITHOUT_HIDDEN_GRADIENT[task])
        unit = "accuracy (%)" if task == "mnist" else "cosine (x 100)"
        ax.set(xlabel="batches replaced (%)", ylabel=f"{TASKS[task]}, test {unit}", xlim=(-5, 105), xticks=(0, 50, 100))
        ax.set_title(NETWORKS[model].name)
        numbers.append({len(v) for line in lines.values() for v in line.values()})
        low, high = ax.get_ylim()
        ax.set_ylim(low - 0.12 * (2 + len(lines)) * (high - low), high)  # room for the legend below the curves
        ax.legend(fontsize=6.5, loc="lower left")
    label_panels(*axes[0], n=numbers)
    return drawing


def _published(ax, rows) -> None:
    """Open symbols at 90 and 100 %, and their line in the legend."""
    for name, reported in rows.items():
        which = PUBLISHED[name]
        ax.plot(
            (90, 100),
            reported,
            marker(which),
            color=colour(which),
            markerfacecolor="none",
            linestyle="none",
            markersize=6,
        )
    ax.plot([], [], "o", color=BLACK, markerfacecolor="none", linestyle="none", label="published")


def caption(records) -> str:
    """What is seen."""
    told = []
    for (model, task), (lines, record) in curves(records).items():
        counts = sorted({len(same) for line in lines.values() for same in line.values()})
        seeds = " to ".join(map(str, counts[:: max(1, len(counts) - 1)])) + (" seed" if counts == [1] else " seeds")
        told.append(
            f"{NETWORKS[model].name}, {TASKS[task]}: {value(record, 'epochs')} epochs of "
            f"{record.metric('train_samples')['value']:,.0f} samples, {seeds}"
        )
    return (
        "The hidden gradient replaced in a share of the batches, spread evenly, by what SBP makes of it (zero "
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
    uses=SHOWN,
    lacks=lacks,
)
