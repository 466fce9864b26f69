"""SBP in artificial networks: what it gains over a control that does not learn, replacement of the gradient, depth."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from sbp_brian.figures.base import (
    BLACK,
    BLUE,
    COLUMNS,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    SKY,
    VERMILION,
    Figure,
    label_panels,
    new,
)
from sbp_brian.training.scores import paired_gain

MODELS = {"sbp_perceptron": "perceptron", "sbp_spiking_perceptron": "spiking perceptron", "sbp_energy": "energy-based"}
TASKS = {"mnist": "MNIST", "nettalk": "NETtalk"}
OWN = {"sbp_perceptron": "weighted/activity", "sbp_spiking_perceptron": "pseudo-bp", "sbp_energy": "sbp"}
#: Whose hidden layers never learn; the one that does best on validation is the one to beat.
CONTROLS = {"sbp_perceptron": ("frozen",), "sbp_spiking_perceptron": ("zero",), "sbp_energy": ("frozen", "sbp-frozen")}
COLOURS = {
    "weighted/activity": VERMILION,
    "weighted": ORANGE,
    "relative": SKY,
    "change": BLUE,
    "pseudo-bp": PINK,
    "sbp": VERMILION,
    "theta-1": SKY,
    "theta-1-leak-kept": BLUE,
    "output-leak": ORANGE,
    "without-sbp": BLACK,
    "surrogate": BLACK,
    "backpropagation": BLACK,
    "feedback-alignment": GREEN,
    "direct-feedback-alignment": GREEN,
    "frozen": GREY,
    "zero": GREY,
}
MARKERS = {
    "direct-feedback-alignment": "D",
    "weighted": "s",
    "change": "v",
    "relative": "^",
    "frozen": "x",
    "zero": "x",
    "theta-1": "^",
    "theta-1-leak-kept": "v",
    "output-leak": "s",
}


#: What makes a setting; other parameters of the protocols belong to other networks.
SETTING = (
    "epochs",
    "hidden",
    "lambda_p",
    "lambda_f",
    "rate_hidden",
    "rate_output",
    "decay",
    "hold_out",
    "train_samples",
    "validation_samples",
    "test_samples",
    "share",
    "depth",
    "free_steps",
    "nudged_steps",
    "batch",
)


def value(record, name, default=None):
    """A parameter of a run; runs made before the protocol had it get the default."""
    return record.parameters.get(name, {"value": default})["value"]


def arm(record) -> str:
    """How hidden layers learned in this run."""
    name = value(record, "arm")
    return OWN[value(record, "model")] if name == "own" else name


def groups(records, *varied):
    """(task, model, its setting but for `varied`) -> {(arm, values of `varied`): {seed: record}}."""
    found = defaultdict(lambda: defaultdict(dict))
    for record in sorted(records, key=lambda r: r.started):
        model = value(record, "model")
        if model in MODELS:
            rest = tuple((name, str(value(record, name))) for name in SETTING if name not in varied)
            key = (arm(record), *(value(record, name) for name in varied))
            found[record.protocol, model, rest][key][record.seed] = record
    return found


def scores(runs) -> dict:
    """Seed -> the test score, in per cent (or cosine times 100)."""
    return {seed: 100 * record.metrics[0]["value"] for seed, record in runs.items()}


def gains(records):
    """(task, model) -> [(arm, mean, low, high)] against its control, from the fullest group of runs.

    Runs are paired by seed; low and high are NaN where there are fewer than two pairs.
    """
    best = {}
    for (task, model, rest), runs in groups(records).items():
        control = _control(runs, model)
        size = (sum(len(r) for r in runs.values()), rest)
        whole = not runs or value(next(iter(next(iter(runs.values())).values())), "share", 1) == 1
        if control and len(runs) > 1 and whole and size > best.get((task, model), ((0,), None))[0]:
            reference, rows = scores(control), []
            for (name,), same in runs.items():
                own = scores(same)
                seeds = sorted(set(own) & set(reference))
                if name in COLOURS and name not in CONTROLS[model] and seeds:
                    rows.append((name, *paired_gain([own[s] for s in seeds], [reference[s] for s in seeds])))
            best[task, model] = size, sorted(rows, key=lambda row: list(COLOURS).index(row[0]))
    order = [(task, model) for model in MODELS for task in TASKS]
    return {key: best[key][1] for key in order if key in best}


def _control(runs, model):
    """The runs of the control that scores best on validation samples; None where there is none."""
    found = [runs[name,] for name in CONTROLS[model] if (name,) in runs]
    return max(
        found,
        key=lambda same: np.mean([r.array("validation_accuracy_by_epoch")[-1] for r in same.values()]),
        default=None,
    )


def curves(records, name):
    """The group of runs with most values of parameter `name`: (task, model, {arm: (values, scores)})."""
    best = None
    for (task, model, _), runs in groups(records, name).items():
        lines = defaultdict(dict)
        for (which, at), same in runs.items():
            lines[which][at] = list(scores(same).values())
        lines = {which: line for which, line in lines.items() if len(line) > 2}
        size = sum(len(line) for line in lines.values())
        if lines and (best is None or size > best[0]):
            best = size, task, model, lines
    return None if best is None else best[1:]


def draw(records):
    """Three panels."""
    drawing, axes = new(COLUMNS, 120, nrows=2, ncols=2, width_ratios=(1.25, 1))
    grid = axes[0, 0].get_gridspec()
    for ax in axes[:, 0]:
        ax.remove()
    gained = drawing.add_subplot(grid[:, 0])
    _gained(gained, gains(records))
    for ax, name, label, scale in (
        (axes[0, 1], "share", "share of batches by the arm (%)", 100),
        (axes[1, 1], "depth", "hidden layers", 1),
    ):
        _curves(ax, curves(records, name), label, scale)
    label_panels(gained, *axes[:, 1])
    return drawing


def _gained(ax, found) -> None:
    at, ticks, names = 0.0, [], []
    for (task, model), rows in found.items():
        ax.text(
            0.01,
            at,
            f"{TASKS[task]}, {MODELS[model]}",
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=7,
            fontweight="bold",
            bbox={"color": "white", "pad": 1},
        )
        for name, mean, low, high in rows:
            at += 1
            if np.isfinite(low):
                ax.plot([low, high], [at, at], color=COLOURS[name], linewidth=1.4, linestyle="-")
            ax.plot(mean, at, MARKERS.get(name, "o"), color=COLOURS[name], markersize=4)
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
    if not found:
        ax.text(0.5, 0.5, "no records of an artificial network\nand its control", ha="center", transform=ax.transAxes)


def _curves(ax, found, label, scale) -> None:
    if found is None:
        ax.text(0.5, 0.5, "no records with\nthree values or more", ha="center", transform=ax.transAxes)
        ax.set(xlabel=label, xticks=[], yticks=[])
        return
    task, model, lines = found
    for name in (name for name in COLOURS if name in lines):
        x = np.array(sorted(lines[name]), float)
        each = [lines[name][at] for at in sorted(lines[name])]
        middle = np.array([np.mean(v) for v in each])
        reach = np.array([[np.mean(v) - min(v), max(v) - np.mean(v)] for v in each]).T
        ax.errorbar(
            scale * x,
            middle,
            reach,
            color=COLOURS[name],
            marker=MARKERS.get(name, "o"),
            markersize=3.5,
            capsize=1.5,
            label=name,
        )
    unit = "accuracy (%)" if task == "mnist" else "cosine (x 100)"
    ax.set(xlabel=label, ylabel=f"{TASKS[task]}, test {unit}")
    if scale == 1:
        ax.set_xticks(sorted({at for line in lines.values() for at in line}))
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.4 * (high - low), high)  # room for the legend below the curves
    ax.legend(title=MODELS[model], fontsize=6.5, loc="lower left", ncols=2)


def caption(records) -> str:
    """What is seen."""
    found = {name: curves(records, name) for name in ("share", "depth")}
    told = {name: f" ({MODELS[f[1]]}, {TASKS[f[0]]})" if f else "" for name, f in found.items()}
    return (
        "Self-backpropagation in artificial networks. a, test score less that of the same network whose hidden layer "
        "never learns, paired by seed: mean and, where there are two seeds or more, the 95 % interval of Student's t. "
        f"b, the share of batches that learn by the arm, the others by the exact gradient{told['share']}. c, depth"
        f"{told['depth']}; mean and range over seeds."
    )


FIGURE = Figure(
    name="artificial",
    title="Self-backpropagation in artificial networks",
    caption=caption,
    needs=(),
    draw=draw,
    uses=("mnist", "nettalk"),
)
