"""Learning with and without SBP on the paper's tasks: the released model, and this project's network of real spikes."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, label_panels, new, without_empty
from sbp_brian.figures.style import BLACK, COLUMNS, WHITE, colour, label, look
from sbp_brian.report.learning import NETWORKS, TASKS, by_learning, curve, setting_words, task_words
from sbp_brian.report.literature import CURVES

__all__ = ["FIGURE", "found", "lacks"]

ROWS = {
    "sbp_published": ("symmetric", "sbp-no-gains", "sbp-released", "published-frozen"),
    "sbp_network": ("frozen", "change", "weighted", "weighted/activity"),
}


def found(records) -> dict:
    """(model, task) -> way of learning -> runs, of those that are shown."""
    shown = {}
    for of, names in ROWS.items():
        for task in TASKS:
            runs = by_learning(records, task, of)
            shown[of, task] = {name: runs[name] for name in names if name in runs}
    return {key: runs for key, runs in shown.items() if runs}


def lacks(records) -> str:
    """What is lacking, in words; empty where there is something to draw."""
    if found(records):
        return ""
    return (
        "a task with one of these models (sbp sweep mnist -s model=sbp_published -s "
        "learning=symmetric,sbp-no-gains,sbp-released,published-frozen --seeds 3)"
    )


def draw(records):
    """A row a model and a column a task, as far as there are records."""
    runs = found(records)
    numbers = {}
    models = [of for of in ROWS if any(of == model for model, _ in runs)]
    drawing, axes = new(COLUMNS, 65 * len(models), nrows=len(models), ncols=3, squeeze=False)
    for row, of in zip(axes, models, strict=True):
        for ax, task in zip(row, TASKS, strict=True):
            shown = [r for same in runs.get((of, task), {}).values() for r in same]
            if (of, task) not in runs:
                continue
            ax.set_title(task_words(task, shown).replace(", ", ",\n"))
            for learning, same in runs[of, task].items():
                draw_curve(ax, learning, same)
            numbers[ax] = {len(same) for same in runs[of, task].values()}
            if of == "sbp_published" and task in CURVES:
                for kind, line, marker in zip(CURVES[task], (":", "-"), ("v", "o"), strict=True):
                    ax.plot(
                        CURVES["epoch"],
                        kind,
                        color=BLACK,
                        linestyle=line,
                        linewidth=0.6,
                        marker=marker,
                        markersize=3,
                        markerfacecolor=WHITE,
                    )
            what = "error (%)" if task != "nettalk" else "1 \u2212 cosine (%)"
            ax.set(xlabel="epoch", xscale="log", ylabel=f"{curve(shown[0])[0]} {what}")
            ticks = [e for e in (1, 2, 3, 5, 10, 20, 50, 100) if e <= ax.get_xlim()[1]]
            ax.set_xticks(ticks, [f"{e}" for e in ticks])
            ax.minorticks_off()
        legend(drawing, of, {name for (model, _), by in runs.items() if model == of for name in by})
    label_panels(*without_empty(axes), n=numbers)
    return drawing


def draw_curve(ax, learning: str, same) -> None:
    """Mean over seeds, and their range."""
    length = min(len(curve(r)[1]) for r in same)
    errors = 100 * (1 - np.array([curve(r)[1][:length] for r in same]))
    epoch = same[0].array("epoch")[:length]
    ax.plot(epoch, errors.mean(0), markevery=max(1, length // 8), markersize=3.5, **look(learning))
    if len(same) > 1:
        ax.fill_between(epoch, errors.min(0), errors.max(0), color=colour(learning), alpha=0.2, linewidth=0)


def legend(drawing, of: str, learnings) -> None:
    """One legend a row, above the first and below the second, with the published curves where they are drawn."""
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], markersize=3.5, label=label(name), **look(name)) for name in ROWS[of] if name in learnings]
    if of == "sbp_published" and lines:
        lines += [
            Line2D(
                [],
                [],
                color=BLACK,
                linestyle=line,
                linewidth=0.6,
                marker=marker,
                markersize=3,
                markerfacecolor=WHITE,
                label=f"published, {word} SBP",
            )
            for line, marker, word in ((":", "v", "without"), ("-", "o", "with"))
        ]
    if lines:
        where = "outside upper center" if of == "sbp_published" else "outside lower center"
        drawing.legend(handles=lines, loc=where, ncols=3 if len(lines) > 4 else 4, title=NETWORKS[of].name)


def caption(records) -> str:
    """What is seen."""
    runs = found(records)
    parts = []
    for (of, task), by in runs.items():
        first = next(iter(by.values()))
        what = {"running": "running score"}.get(curve(first[0])[0], f"{curve(first[0])[0]} samples")
        parts.append(
            f"{NETWORKS[of].name} on {task_words(task, first)} ({what}): "
            + "; ".join(f"{label(name)}, {setting_words(same)}" for name, same in by.items())
        )
    absent_ones = [
        f"{NETWORKS[of].name} on {name}" for of in ROWS for task, name in TASKS.items() if (of, task) not in runs
    ]
    return (
        "Error after each epoch, mean and range over seeds. Above, the released model by how it learns, with the "
        "published test errors (thin black, read off plots to 0.2 points). Below, the network of real spikes whose "
        "hidden layer learns by SBP alone. "
        + ". ".join(parts)
        + "."
        + (f" Not run: {', '.join(absent_ones)}." if absent_ones else "")
    )


FIGURE = Figure(
    name="sbp-curves",
    title="Learning with and without SBP",
    caption=caption,
    needs=(),
    uses=tuple(TASKS),
    draw=draw,
    lacks=lacks,
)
