"""Score against the number of hidden layers."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, label_panels, new, without_empty
from sbp_brian.figures.style import BLUE, COLUMNS, GREEN, GREY, ORANGE, VERMILION, WHITE
from sbp_brian.report.learning import TASKS, by_depth, hidden_cells, scores, setting_words
from sbp_brian.report.literature import DEPTH

__all__ = ["FIGURE"]

#: Model -> (way of learning, what it is called, colour, line, marker).
MODELS = {
    "sbp_network": ("weighted/activity", "network of real spikes", VERMILION, "-", "o"),
    "sbp_published": ("sbp-released", "released model", BLUE, "--", "s"),
    "sbp_perceptron": ("weighted/activity", "perceptron with SBP", GREEN, "-.", "D"),
    "sbp_energy": ("sbp", "energy-based network", ORANGE, ":", "^"),
}
PUBLISHED = {"SNN with SBP": "s", "RBM, BP + SBP": "^", "spiking MLP, p-BP + SBP": "v"}
SHOWN = {task: name for task, name in TASKS.items() if task != "dvsgesture"}


def found(records) -> dict:
    """(task, model) -> depth -> runs, where more than one depth was run."""
    runs = {
        (task, of): by_depth(records, task, of, learning) for task in SHOWN for of, (learning, *_) in MODELS.items()
    }
    return {key: by for key, by in runs.items() if len(by) > 1}


def lacks(records) -> str:
    """What is lacking, in words."""
    return "" if found(records) else "runs with several depths (sbp sweep mnist -s depth=1,2,3 --seeds 3)"


def draw(records):
    """A panel a task: measured filled, published open and grey."""
    runs, numbers = found(records), {}
    drawing, axes = new(COLUMNS, 80, ncols=2)
    for ax, (task, name) in zip(axes, SHOWN.items(), strict=True):
        ax.set_title(name)
        own = {of: by for (t, of), by in runs.items() if t == task}
        if not own:
            continue
        numbers[ax] = {len(same) for by in own.values() for same in by.values()}
        for text, marker in PUBLISHED.items():
            values = DEPTH[text][task]
            ax.plot(
                range(1, len(values) + 1),
                100 * np.array(values),
                color=GREY,
                linestyle=":",
                linewidth=0.8,
                marker=marker,
                markerfacecolor=WHITE,
                label=f"published: {text}",
            )
        for of, by in own.items():
            _, text, colour, line, marker = MODELS[of]
            means = [100 * scores(same).mean() for same in by.values()]
            spread = [100 * scores(same).std(ddof=1) if len(same) > 1 else 0 for same in by.values()]
            ax.errorbar(list(by), means, spread, color=colour, linestyle=line, marker=marker, label=text)
        ax.set(xlabel="hidden layers", ylabel="test score (%)", ylim=(0, 102))
        ax.set_xticks(range(1, 1 + max(4, *(max(by) for by in own.values()))))
    shown = {text: line for ax in axes for line, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    drawing.legend(shown.values(), shown.keys(), loc="outside upper center", ncols=3)
    label_panels(*without_empty(axes), n=numbers)
    return drawing


def caption(records) -> str:
    """What is seen."""
    parts = [
        f"{MODELS[of][1]} on {SHOWN[task]}, {_cells(by)}: "
        + "; ".join(f"{depth} hidden, {setting_words(same)}" for depth, same in by.items())
        for (task, of), by in found(records).items()
    ]
    return (
        "Test score with the weights after the last epoch against the number of hidden layers, mean and standard "
        "deviation over seeds. " + ". ".join(parts) + ". Open grey: published, best epoch on the test set, many "
        "typed into the notebook by hand."
    )


def _cells(by) -> str:
    """How large the hidden layers are."""
    return f"{hidden_cells(next(iter(by.values()))[0])} cells a layer"


FIGURE = Figure(
    name="sbp-depth",
    title="SBP with several hidden layers",
    caption=caption,
    needs=(),
    uses=tuple(SHOWN),
    draw=draw,
    lacks=lacks,
)
