"""SBP in artificial networks: what it gains over a control that does not learn, replacement of the gradient, depth."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.style import BLACK, COLUMNS, LOOKS, WHITE, colour, look, marker, rank
from sbp_brian.report.differences import compare
from sbp_brian.report.learning import NETWORKS, SHUFFLED, TASKS, artificial, scores, validated
from sbp_brian.report.together import value

__all__ = ["FIGURE", "curves", "gains"]

MODELS = ("sbp_perceptron", "sbp_spiking_perceptron", "sbp_energy")
SHOWN = ("mnist", "nettalk")
#: Parameter -> label of its axis, factor.
_CURVES = (("learning_share", "share of batches that learn so (%)", 100), ("depth", "hidden layers", 1))


def gains(records):
    """(task, model) -> [(way of learning, mean, low, high, n)] against its control, from the fullest group of runs.

    Points in per cent; n runs are paired by seed, low and high are NaN where there are fewer than two pairs.
    """
    best = {}
    for (task, model, rest), runs in artificial(records, MODELS).items():
        found = {name: same for (name,), same in runs.items()}
        control = validated(found, NETWORKS[model].controls)
        size = (sum(len(same) for same in found.values()), rest)
        whole = value(next(iter(found.values()))[0], "learning_share", 1) == 1
        if control and len(found) > 1 and whole and size > best.get((task, model), ((0,), None))[0]:
            compared = {
                name: compare(same, control)
                for name, same in found.items()
                if name in LOOKS and name not in (SHUFFLED, *NETWORKS[model].controls)
            }
            rows = [
                (name, 100 * d.mean, 100 * d.low, 100 * d.high, d.n) for name, d in compared.items() if d is not None
            ]
            best[task, model] = size, sorted(rows, key=lambda row: rank(row[0]))
    order = [(task, model) for model in MODELS for task in SHOWN]
    return {key: best[key][1] for key in order if key in best}


def curves(records, name):
    """The group of runs with most values of parameter `name`: (task, model, {way of learning: {value: scores}})."""
    best = None
    for (task, model, _), runs in artificial(records, MODELS, name).items():
        lines: dict = {}
        for (which, at), same in runs.items():
            lines.setdefault(which, {})[at] = 100 * scores(same)
        lines = {which: line for which, line in lines.items() if len(line) > 2}
        size = sum(len(line) for line in lines.values())
        if lines and (best is None or size > best[0]):
            best = size, task, model, lines
    return None if best is None else best[1:]


def draw(records):
    """Up to three panels: those of which there are records."""
    gained = gains(records)
    lines = [(curves(records, name), label, scale) for name, label, scale in _CURVES]
    lines = [each for each in lines if each[0] is not None]
    both = bool(gained) and bool(lines)
    drawing = new(COLUMNS, 120 if gained or len(lines) > 1 else 70)[0]
    drawing.clear()
    grid = drawing.add_gridspec(max(1, len(lines)), 1 + both, width_ratios=(1.25, 1) if both else None)
    panels = [drawing.add_subplot(grid[:, 0])] if gained else []
    panels += [drawing.add_subplot(grid[row, -1]) for row in range(len(lines))]
    if gained:
        _gained(panels[0], gained)
    for ax, (found, label, scale) in zip(panels[bool(gained) :], lines, strict=True):
        _curves(ax, found, label, scale)
    numbers = [{row[-1] for rows in gained.values() for row in rows}] if gained else []
    numbers += [{len(v) for line in found[-1].values() for v in line.values()} for found, _, _ in lines]
    label_panels(*panels, n=numbers)
    return drawing


def lacks(records) -> str:
    """What is lacking, in words."""
    if gains(records) or any(curves(records, name) for name, *_ in _CURVES):
        return ""
    return "an artificial network and its control (sbp sweep mnist -s model=sbp_perceptron -s learning=...,frozen)"


def _gained(ax, found) -> None:
    at, ticks, names = 0.0, [], []
    for (task, model), rows in found.items():
        ax.text(
            0.01,
            at,
            f"{TASKS[task]}, {NETWORKS[model].name}",
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=7,
            fontweight="bold",
            bbox={"color": WHITE, "pad": 1},
        )
        for name, mean, low, high, _ in rows:
            at += 1
            if np.isfinite(low):
                ax.plot([low, high], [at, at], color=colour(name), linewidth=1.4, linestyle="-")
            ax.plot(mean, at, marker(name), color=colour(name), markersize=4)
            ticks.append(at)
            names.append(name)
        at += 1.6
    ax.axvline(0, color=BLACK, linewidth=0.6)
    ax.set(
        xlabel="gain over a hidden layer that never learns (points)",
        yticks=ticks,
        yticklabels=names,
        ylim=(at - 0.6, -1),
    )
    ax.tick_params(axis="y", length=0)


def _curves(ax, found, label, scale) -> None:
    task, model, lines = found
    for name in sorted((name for name in lines if name in LOOKS and name != SHUFFLED), key=rank):
        x = np.array(sorted(lines[name]), float)
        each = [lines[name][at] for at in sorted(lines[name])]
        middle = np.array([np.mean(v) for v in each])
        reach = np.array([[np.mean(v) - min(v), max(v) - np.mean(v)] for v in each]).T
        ax.errorbar(scale * x, middle, reach, markersize=3.5, capsize=1.5, label=name, **look(name))
    unit = "accuracy (%)" if task == "mnist" else "cosine (x 100)"
    ax.set(xlabel=label, ylabel=f"{TASKS[task]}, test {unit}")
    if scale == 1:
        ax.set_xticks(sorted({at for line in lines.values() for at in line}))
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.4 * (high - low), high)  # room for the legend below the curves
    ax.legend(title=NETWORKS[model].name, fontsize=6.5, loc="lower left", ncols=2)


def caption(records) -> str:
    """What is seen."""
    words = {
        "learning_share": "the share of batches that learn in the way named, the others by the exact gradient",
        "depth": "depth",
    }
    parts = []
    if gains(records):
        parts.append(
            "test score less that of the same network whose hidden layer never learns, paired by seed: mean and, where "
            "there are two seeds or more, the 95 % interval of Student's t"
        )
    for name, text in words.items():
        if found := curves(records, name):
            parts.append(f"{text} ({NETWORKS[found[1]].name}, {TASKS[found[0]]}); mean and range over seeds")
    told = ". ".join(f"{letter}, {part}" for letter, part in zip("abc", parts, strict=False))
    return f"Self-backpropagation in artificial networks. {told}."


FIGURE = Figure(
    name="artificial",
    title="Self-backpropagation in artificial networks",
    caption=caption,
    needs=(),
    draw=draw,
    uses=SHOWN,
    lacks=lacks,
)
