"""Score and cost with and without SBP: published, and measured by the paper's measure and by counted operations."""

from __future__ import annotations

from sbp_brian.figures.base import Figure, label_panels, new, without_empty
from sbp_brian.figures.style import BLACK, COLUMNS, WHITE, colour, label, marker, short
from sbp_brian.report import literature
from sbp_brian.report.costs import RELEASED, counted, measured
from sbp_brian.report.learning import TASKS, by_learning, curve, setting_words, task_words, ten_recordings

__all__ = ["FIGURE"]


def lacks(records) -> str:
    """What is lacking, in words."""
    if any(measured(records, task) or counted(records, task).operations for task in TASKS):
        return ""
    return (
        "a task with two ways of learning of one of these models (sbp sweep mnist -s model=sbp_published -s "
        "learning=symmetric,sbp-no-gains,sbp-released,published-frozen --seeds 3)"
    )


def draw(records):
    """Columns: tasks; rows: score, the paper's cost, counted operations. Open and hatched: published."""
    deep = any(counted(records, task).operations for task in TASKS)
    drawing, axes = new(COLUMNS, 150 if deep else 100, nrows=2 + deep, ncols=3)
    numbers = {}
    for column, task in enumerate(TASKS):
        own, runs = measured(records, task), released(records, task)
        published = reported(task, runs)
        score_points(axes[0, column], published, own, task_words(task, runs).replace(", ", ",\n"))
        cost_bars(axes[1, column], published, own)
        numbers[axes[0, column]] = numbers[axes[1, column]] = {len(s) for s, _ in own.values()}
        if deep:
            found = counted(records, task)
            count_bars(axes[2, column], found)
            numbers[axes[2, column]] = {len(n) for n in found.operations.values()}
    label_panels(*without_empty(axes), n=numbers)
    return drawing


def released(records, task: str) -> list:
    """All runs of the released model on a task."""
    return [r for same in by_learning(records, task, "sbp_published").values() for r in same]


def reported(task: str, runs) -> list:
    """(what it is called, way of learning, what is published) to stand beside these runs; nothing beside other data."""
    if ten_recordings(runs):
        return []
    published = literature.WITHOUT_AND_WITH[task]
    return list(zip(("without*", "SBP*"), ("symmetric", "sbp-released"), published, strict=True))


def bars(ax, entries) -> None:
    """Bars of (text, height, spread, way of learning, published)."""
    if not entries:
        return
    for x, (_, height, spread, name, published) in enumerate(entries):
        look = {"facecolor": WHITE, "hatch": "////"} if published else {"facecolor": colour(name)}
        ax.bar(x, height, 0.7, yerr=spread, edgecolor=colour(name) if published else BLACK, ecolor=BLACK, **look)
    names(ax, entries)


def names(ax, entries) -> None:
    """The texts below the axis; panels with few entries keep the width of the others' bars."""
    ax.set_xlim(-0.6, max(len(entries), 4) - 0.4)
    ax.set_xticks(range(len(entries)), [e[0] for e in entries], rotation=40, ha="right", rotation_mode="anchor")


def score_points(ax, published, own, name) -> None:
    """Published best epochs on the test set beside measured test scores after the last epoch."""
    if not (published or own):
        return
    entries = [(word, 100 * r.score, 100 * r.spread, learning, True) for word, learning, r in published]
    entries += [
        (short(learning), 100 * s.mean(), 100 * s.std(ddof=1) if len(s) > 1 else 0, learning, False)
        for learning, (s, _) in own.items()
    ]
    for x, (_, height, spread, learning, known) in enumerate(entries):
        ax.errorbar(
            x,
            height,
            spread,
            color=colour(learning),
            ecolor=BLACK,
            marker=marker(learning),
            markersize=5.5,
            linestyle="none",
            markerfacecolor=WHITE if known else colour(learning),
        )
    names(ax, entries)
    ax.set(title=name, ylabel="test score (%)")


def cost_bars(ax, published, own) -> None:
    """The paper's cost: mean epochs times the operations of one epoch."""
    entries = [(word, r.cost / 1e6, r.cost_spread / 1e6, learning, True) for word, learning, r in published]
    entries += [(short(name), c.cost / 1e6, c.cost_spread / 1e6, name, False) for name, (_, c) in own.items() if c]
    bars(ax, entries)
    ax.set_ylabel("paper's cost (10\u2076)")


def count_bars(ax, found) -> None:
    """Operations that the network counted while it learned, until a validation score was first reached."""
    if not found.operations:
        return
    bars(
        ax,
        [
            (short(learning), n.mean() / 1e9, n.std(ddof=1) / 1e9 if len(n) > 1 else 0, learning, False)
            for learning, n in found.operations.items()
        ],
    )
    ax.set(ylabel=f"10\u2079 operations to {100 * found.level:.0f} %", title=found.model.replace("_", " "))


def caption(records) -> str:
    """What is seen."""
    parts = []
    for task in TASKS:
        runs = {name: r for name, r in by_learning(records, task, "sbp_published").items() if name in RELEASED}
        parts += [
            f"{task_words(task, same)}, released model: {setting_words(same)}" for same in list(runs.values())[:1]
        ]
        of, _, spent = counted(records, task)
        if spent:
            one = next(iter(by_learning(records, task, of).values()))
            parts.append(
                f"{task_words(task, one)}, {of.replace('_', ' ')} ({curve(one[0])[0]} score): "
                + "; ".join(f"{label(name)}, {len(n)} run{'s' if len(n) > 1 else ''}" for name, n in spent.items())
            )
    lacking = [name for task, name in TASKS.items() if not measured(records, task)]
    other = any(ten_recordings(released(records, task)) for task in TASKS)
    return (
        "Above, test scores: open and starred, published (best epoch on the test set, standard deviation over five "
        "seeds); filled, measured (weights after the last epoch). Middle, the paper's cost (hatched, published): "
        "mean epochs to five errors of a range, which depends on what is compared, times the synapses of the "
        "network; bars of different ranges do not compare. Below, operations that the networks counted while they "
        "learned, whole epochs, until the score was first reached that all ways of learning reach. "
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
