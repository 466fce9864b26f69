"""Published scores and costs of learning algorithms, and what was measured here."""

from __future__ import annotations

from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.style import BLUE, COLUMNS, GREEN, SHADE, SOFT, VERMILION, WHITE
from sbp_brian.report.learning import TASKS, TEN_RECORDINGS, by_learning, scores, setting_words, ten_recordings
from sbp_brian.report.literature import ALGORITHMS

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
ROW = 4.3  # mm, of one line
OTHER_DATA = "\u2020"
#: Kind of a published algorithm -> how it is drawn.
KINDS = {"plasticity": (BLUE, "s"), "gradient": (GREEN, "^")}
HERE = (VERMILION, "o")


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
    """Above, the score of each algorithm on each task; below, the published cost."""
    ours = measured(records)
    names = [a.name for kind in KINDS for a in ALGORITHMS if a.kind == kind]
    lines = [*names, *(text for text, _ in ours)]
    heights = (len(lines) + 4, len(names) + 4)
    drawing, axes = new(COLUMNS, ROW * sum(heights), nrows=2, ncols=len(TASKS), height_ratios=heights)
    for (upper, lower), (task, name) in zip(axes.T, TASKS.items(), strict=True):
        _scores(upper, task, lines, ours)
        _costs(lower, task, names)
        upper.set_title(name)
    for ax in axes[:, 1:].ravel():
        ax.set_yticklabels([])
    _legend(drawing)
    label_panels(*axes.ravel())
    return drawing


def _scores(ax, task: str, lines, ours) -> None:
    """Published and measured scores, a line each; what was not measured has none."""
    for algorithm in ALGORITHMS:
        got = algorithm.results.get(task)
        if got is not None:
            colour, marker = KINDS[algorithm.kind]
            _dot(ax, 100 * got.score, lines.index(algorithm.name), 100 * got.spread, colour, marker, WHITE)
    first = len(lines) - len(ours)
    for y, (_, runs) in enumerate(ours, first):  # by place: some rows have one name
        if task not in runs:
            continue
        found = 100 * scores(runs[task])
        _dot(ax, found.mean(), y, found.std(ddof=1) if len(found) > 1 else None, *HERE, HERE[0])
        told = f"n = {len(found)}{OTHER_DATA if ten_recordings(runs[task]) else ''}"
        ax.text(1.0, y, told, transform=ax.get_yaxis_transform(), ha="right", va="center", fontsize=6, color=SOFT)
    _lines(ax, lines)
    low, high = ax.get_xlim()
    ax.set(xlabel="score (%)", xlim=(low, high + 0.35 * (high - low)))


def _costs(ax, task: str, names) -> None:
    """The paper's cost, on a logarithmic axis."""
    for algorithm in ALGORITHMS:
        got = algorithm.results.get(task)
        if got is not None:
            colour, marker = KINDS[algorithm.kind]
            _dot(ax, got.cost / 1e6, names.index(algorithm.name), None, colour, marker, WHITE)
    _lines(ax, names)
    ax.set(xlabel="published cost (10\u2076)", xscale="log")
    low, high = ax.get_xlim()
    if high < 100 * low:  # less than two decades, which matplotlib would fill with minor labels
        marks = [m * 10.0**k for k in range(-3, 4) for m in (1, 3)]
        marks = [mark for mark in marks if low <= mark <= high]
        ax.set_xticks(marks, [f"{mark:g}" for mark in marks])
    ax.xaxis.set_minor_formatter(NullFormatter())


def _dot(ax, x: float, y: int, spread: float | None, colour: str, marker: str, face: str) -> None:
    ax.errorbar(x, y, xerr=spread, color=colour, marker=marker, markersize=4.5, markerfacecolor=face, linestyle="none")


def _lines(ax, names) -> None:
    """A line of the panel for each name, the first above."""
    ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.6))
    ax.tick_params(axis="y", length=0)
    for y in range(len(names)):
        ax.axhline(y, color=SHADE, linewidth=0.4, zorder=0)


def _legend(drawing) -> None:
    looks = {f"published: {kind}-based": (*look, WHITE) for kind, look in KINDS.items()}
    looks["measured here"] = (*HERE, HERE[0])
    handles = [
        Line2D([], [], color=colour, marker=marker, markersize=4.5, markerfacecolor=face, linestyle="none", label=text)
        for text, (colour, marker, face) in looks.items()
    ]
    drawing.legend(handles=handles, loc="outside upper center", ncols=3)


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
        "clips. Measured: test score with the weights after the last epoch, standard deviation over seeds, n their "
        f"number ({settings})."
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
