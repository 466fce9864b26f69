"""Score and cost with and without SBP: published, and measured by the paper's measure and by counted operations."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import COLUMNS, Figure, label_panels, new
from sbp_brian.figures.learning.sbp import STYLES, TASKS, absent, label, task_title, task_words
from sbp_brian.report import literature
from sbp_brian.report.together import by_arm, curve, scores, setting_words, ten_recordings
from sbp_brian.training import cost

__all__ = ["FIGURE", "counted", "measured"]

RELEASED = ("symmetric", "sbp-no-gains", "sbp-released", "published-frozen")
COUNTED = {
    "sbp_network": ("weighted/activity", "weighted", "change", "frozen"),
    "sbp_perceptron": ("weighted/activity", "backpropagation", "frozen"),
}
SHORT = {
    "symmetric": "without",
    "sbp-no-gains": "gains 0",
    "sbp-released": "SBP",
    "published-frozen": "frozen",
    "weighted/activity": "w dw / act.",
    "weighted": "w dw",
    "change": "dw",
    "frozen": "frozen",
    "backpropagation": "backprop.",
}


def measured(records, task: str) -> dict:
    """Arm of the released model -> (test scores, `cost.Cost` or None), over the seeds that all of its arms have."""
    arms = {name: runs for name, runs in by_arm(records, task, "sbp_published").items() if name in RELEASED}
    if not arms:
        return {}
    seeds = set.intersection(*({r.seed for r in runs} for runs in arms.values()))
    kept = {name: [r for r in runs if r.seed in seeds] for name, runs in arms.items()}
    compared = {
        name: np.array([1 - curve(r)[1] for r in runs])
        for name, runs in kept.items()
        if name in ("symmetric", "sbp-released") and runs
    }
    costs = {}
    ranges = (
        [cost.error_range({name: c[k] for name, c in compared.items()}) for k in range(len(seeds))]
        if len(compared) == 2
        else []
    )
    if ranges and all(r.meaningful for r in ranges):
        _, m, n, k = literature.TASKS[task]
        costs = cost.cost(compared, dict.fromkeys(compared, cost.complexity("SNN-SBP", m, n, k)))
    return {name: (scores(arms[name]), costs.get(name)) for name in RELEASED if name in arms}


def counted(records, task: str) -> tuple[str, float, dict]:
    """Model, level, and arm -> operations of each run until its validation score first reached that level.

    The level is the highest whole percent that all of these runs reach.
    """
    for of, names in COUNTED.items():
        arms = {
            name: [r for r in runs if "operations_by_epoch" in r.array_info]
            for name, runs in by_arm(records, task, of).items()
            if name in names
        }
        arms = {name: runs for name, runs in arms.items() if runs}
        if len(arms) > 1:
            level = np.floor(100 * min(curve(r)[1].max() for runs in arms.values() for r in runs)) / 100
            return (
                of,
                float(level),
                {
                    name: np.array([cost.until(level, curve(r)[1], r.array("operations_by_epoch")) for r in arms[name]])
                    for name in names
                    if name in arms
                },
            )
    return "", np.nan, {}


def lacks(records) -> str:
    """What is lacking, in words."""
    if any(measured(records, task) or counted(records, task)[2] for task in TASKS):
        return ""
    return (
        "a task with two arms of one of these models (sbp sweep mnist -s model=sbp_published -s "
        "arm=symmetric,sbp-no-gains,sbp-released,published-frozen --seeds 3)"
    )


def draw(records):
    """Columns: tasks; rows: score, the paper's cost, counted operations. Open and hatched: published."""
    drawing, axes = new(COLUMNS, 150, nrows=3, ncols=3)
    for column, (task, name) in enumerate(TASKS.items()):
        own, runs = measured(records, task), released(records, task)
        published = reported(task, runs)
        score_points(axes[0, column], published, own, task_title(task, runs))
        cost_bars(axes[1, column], published, own)
        count_bars(axes[2, column], *counted(records, task), name)
    label_panels(*axes.ravel())
    return drawing


def released(records, task: str) -> list:
    """All runs of the released model's arms on a task."""
    return [r for same in by_arm(records, task, "sbp_published").values() for r in same]


def reported(task: str, runs) -> list:
    """(what it is called, arm, what is published) to stand beside these runs; nothing beside other data."""
    if ten_recordings(runs):
        return []
    published = literature.WITHOUT_AND_WITH[task]
    return list(zip(("without*", "SBP*"), ("symmetric", "sbp-released"), published, strict=True))


def bars(ax, entries) -> None:
    """Bars of (text, height, spread, arm, published)."""
    for x, (_, height, spread, arm, published) in enumerate(entries):
        look = {"facecolor": "white", "hatch": "////"} if published else {"facecolor": STYLES[arm][0]}
        ax.bar(x, height, 0.7, yerr=spread, edgecolor=STYLES[arm][0] if published else "black", ecolor="black", **look)
    names(ax, entries)


def names(ax, entries) -> None:
    """The texts below the axis; panels with few entries keep the width of the others' bars."""
    ax.set_xlim(-0.6, max(len(entries), 4) - 0.4)
    ax.set_xticks(range(len(entries)), [e[0] for e in entries], rotation=40, ha="right", rotation_mode="anchor")


def score_points(ax, published, own, name) -> None:
    """Published best epochs on the test set beside measured test scores after the last epoch."""
    entries = [(word, 100 * r.score, 100 * r.spread, arm, True) for word, arm, r in published]
    entries += [
        (SHORT[arm], 100 * s.mean(), 100 * s.std(ddof=1) if len(s) > 1 else 0, arm, False)
        for arm, (s, _) in own.items()
    ]
    for x, (_, height, spread, arm, known) in enumerate(entries):
        colour, _, marker = STYLES[arm]
        ax.errorbar(
            x,
            height,
            spread,
            color=colour,
            ecolor="black",
            marker=marker,
            markersize=5.5,
            linestyle="none",
            markerfacecolor="white" if known else colour,
        )
    names(ax, entries)
    ax.set(title=name, ylabel="test score (%)")


def cost_bars(ax, published, own) -> None:
    """The paper's cost: mean epochs times the operations of one epoch."""
    entries = [(word, r.cost / 1e6, r.cost_spread / 1e6, arm, True) for word, arm, r in published]
    entries += [(SHORT[arm], c.cost / 1e6, c.cost_spread / 1e6, arm, False) for arm, (_, c) in own.items() if c]
    bars(ax, entries)
    ax.set_ylabel("paper's cost (10\u2076)")


def count_bars(ax, of, level, spent, name) -> None:
    """Operations that the network counted while it learned, until a validation score was first reached."""
    if not spent:
        absent(ax, f"counted operations\non {name}: not run")
        return
    bars(
        ax,
        [
            (SHORT[arm], values.mean() / 1e9, values.std(ddof=1) / 1e9 if len(values) > 1 else 0, arm, False)
            for arm, values in spent.items()
        ],
    )
    ax.set(ylabel=f"10\u2079 operations to {100 * level:.0f} %", title=of.replace("_", " "))


def caption(records) -> str:
    """What is seen."""
    parts = []
    for task in TASKS:
        runs = {a: r for a, r in by_arm(records, task, "sbp_published").items() if a in RELEASED}
        parts += [
            f"{task_words(task, same)}, released model: {setting_words(same)}" for same in list(runs.values())[:1]
        ]
        of, _, spent = counted(records, task)
        if spent:
            one = next(iter(by_arm(records, task, of).values()))
            parts.append(
                f"{task_words(task, one)}, {of.replace('_', ' ')} ({curve(one[0])[0]} score): "
                + "; ".join(
                    f"{label(arm)}, {len(values)} run{'s' if len(values) > 1 else ''}" for arm, values in spent.items()
                )
            )
    lacking = [name for task, name in TASKS.items() if not measured(records, task)]
    other = any(ten_recordings(released(records, task)) for task in TASKS)
    return (
        "Above, test scores: open and starred, published (best epoch on the test set, standard deviation over five "
        "seeds); filled, measured (weights after the last epoch). Middle, the paper's cost (hatched, published): "
        "mean epochs to five errors of a range, which depends on what is compared, times the synapses of the "
        "network; bars of different ranges do not compare. Below, operations that the networks counted while they "
        "learned, whole epochs, until the score was first reached that all arms reach. "
        + ". ".join(parts)
        + "."
        + (" Nothing published stands beside the ten recordings, which are other data." if other else "")
        + (f" Released model not run on {', '.join(lacking)}." if lacking else "")
    )


FIGURE = Figure(
    name="sbp-cost",
    title="Score and cost with and without SBP",
    caption=caption,
    needs=(),
    uses=tuple(TASKS),
    draw=draw,
    lacks=lacks,
)
