"""A table: published scores and costs of learning algorithms, and what was measured here."""

from __future__ import annotations

from sbp_brian.figures.base import Figure, new
from sbp_brian.figures.style import BLACK, COLUMNS, SOFT
from sbp_brian.report.learning import TASKS, TEN_RECORDINGS, by_learning, scores, setting_words, ten_recordings
from sbp_brian.report.literature import ALGORITHMS
from sbp_brian.report.text import mean_sd

__all__ = ["FIGURE", "measured"]

#: Model -> ways of learning that are listed, with what they are called.
MODELS = {
    "sbp_network": {
        "weighted/activity": "network of real spikes, SBP (w dw / activity)",
        "change": "the same, SBP as in the text (dw)",
        "frozen": "the same, hidden layer frozen",
    },
    "sbp_published": {
        "sbp-released": "released model, SBP",
        "sbp-no-gains": "its base rule, gains 0",
        "symmetric": "released model without SBP",
        "published-frozen": "the same, hidden layer frozen",
    },
    "sbp_perceptron": {
        "weighted/activity": "perceptron, SBP (w dw / activity)",
        "backpropagation": "the same, exact backpropagation",
        "frozen": "the same, hidden layer frozen",
    },
    "sbp_spiking_perceptron": {
        "pseudo-bp": "spiking perceptron, p-BP + SBP",
        "surrogate": "the same, surrogate gradient",
    },
    "sbp_energy": {"sbp": "energy-based network, SBP", "without-sbp": "the same without SBP"},
}
PLACES = {task: 78 + 34 * k for k, task in enumerate(TASKS)}  # mm
ROW = 4.3
OTHER_DATA = "\u2020"


def measured(records) -> list:
    """(what it is called, task -> runs) of the networks of which there are records."""
    rows = []
    for of, listed in MODELS.items():
        runs = {task: by_learning(records, task, of) for task in TASKS}
        for name, text in listed.items():
            by_task = {task: found[name] for task, found in runs.items() if name in found}
            rows += [(text, by_task)] if by_task else []
    return rows


def lacks(records) -> str:
    """What is lacking, in words."""
    return "" if measured(records) else "a task with a network that learns by SBP (sbp run mnist)"


def draw(records):
    """Published rows by kind with score and cost, then measured rows."""
    rows = measured(records)
    lines = len(ALGORITHMS) + len(rows) + 6.5
    drawing, ax = new(COLUMNS, ROW * lines + 4)
    ax.set(xlim=(0, COLUMNS), ylim=(ROW * lines, 0))
    ax.axis("off")
    y = 0.6 * ROW
    for task, name in TASKS.items():
        ax.text(PLACES[task], y, name, va="center", fontweight="bold", fontsize=7.5)
    y += ROW
    for kind in ("plasticity", "gradient"):
        ax.text(0, y, f"published: {kind}-based", va="center", fontsize=7.5, fontweight="bold")
        for x in PLACES.values():
            ax.text(x, y, "score (%)    cost/10\u2076", va="center", fontsize=7, color=SOFT)
        y = rule(ax, y)
        for algorithm in (a for a in ALGORITHMS if a.kind == kind):
            ax.text(2, y, algorithm.name, va="center", fontsize=7.5)
            for task, x in PLACES.items():
                got = algorithm.results.get(task)
                text = "\u2013" if got is None else f"{100 * got.score:.2f} \u00b1 {100 * got.spread:.2f}"
                ax.text(x, y, text, va="center", fontsize=7.5)
                ax.text(x + 20, y, "" if got is None else f"{got.cost / 1e6:.2f}", va="center", fontsize=7.5)
            y += ROW
        y += 0.4 * ROW
    ax.text(0, y, "measured here", va="center", fontsize=7.5, fontweight="bold")
    for x in PLACES.values():
        ax.text(x, y, "score (%)", va="center", fontsize=7, color=SOFT)
    y = rule(ax, y)
    for text, runs in rows:
        ax.text(2, y, text, va="center", fontsize=7.5)
        for task, x in PLACES.items():
            ax.text(
                x,
                y,
                _measured(runs[task]) if task in runs else "not run",
                va="center",
                fontsize=7.5,
                color=BLACK if task in runs else SOFT,
                fontstyle="normal" if task in runs else "italic",
            )
        y += ROW
    return drawing


def _measured(runs) -> str:
    return f"{mean_sd(scores(runs))} ({len(runs)}){OTHER_DATA if ten_recordings(runs) else ''}"


def rule(ax, y: float) -> float:
    """A line below a heading; gives the place below it."""
    ax.plot([0, COLUMNS], [y + 0.5 * ROW] * 2, color=BLACK, linewidth=0.6, linestyle="-")
    return y + ROW


def caption(records) -> str:
    """What is seen."""
    settings = "; ".join(
        f"{text} on {TASKS[task]}, {setting_words(same)}"
        for text, runs in measured(records)
        for task, same in runs.items()
    )
    return (
        "Scores: share of right answers, on NETtalk the mean cosine. Published: read in the authors' notebooks, "
        "not measured here; best epoch on the test set, standard deviation over five seeds (some twice), cost by "
        "the paper's measure, which compares inside a kind and task alone; on NETtalk and DvsGesture the range of "
        "the gradient-based kind is inverted, so that its costs mean nothing there. On DvsGesture the "
        "plasticity-based networks are scored by frames, most of them blank by an error of indexing, the others by "
        "clips. Measured: test score with the weights after the last epoch, standard deviation over seeds, their "
        f"number in brackets ({settings})."
        + (
            f" {OTHER_DATA} {TEN_RECORDINGS}: other data than the published, with which nothing compares."
            if any(ten_recordings(same) for _, runs in measured(records) for same in runs.values())
            else ""
        )
    )


FIGURE = Figure(
    name="sbp-algorithms",
    title="Algorithms compared: published and measured",
    caption=caption,
    needs=(),
    uses=tuple(TASKS),
    draw=draw,
    lacks=lacks,
    page=False,
)
