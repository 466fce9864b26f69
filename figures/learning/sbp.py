"""What the figures of SBP in networks share: how arms are drawn, and what a panel without records says."""

from __future__ import annotations

from sbp_brian.datasets.dvsgesture import TEN_RECORDINGS
from sbp_brian.figures.base import BLACK, BLUE, GREEN, GREY, ORANGE, PINK, SKY, VERMILION
from sbp_brian.report.together import ten_recordings

__all__ = ["LABELS", "STYLES", "TASKS", "absent", "label", "look", "task_title", "task_words"]

#: Protocols of the paper's tasks, and what they are called.
TASKS = {"mnist": "MNIST", "nettalk": "NETtalk", "dvsgesture": "DvsGesture"}
#: Arm -> colour, line, marker: told apart in grey too.
STYLES = {
    "weighted/activity": (VERMILION, "-", "o"),
    "weighted": (ORANGE, "--", "s"),
    "change": (BLUE, "-.", "v"),
    "relative": (SKY, ":", "^"),
    "frozen": (GREY, "--", "x"),
    "shuffled-labels": (BLACK, ":", "+"),
    "backpropagation": (GREEN, "-", "D"),
    "exact": (GREEN, "-", "D"),
    "sbp-released": (VERMILION, "-", "o"),
    "sbp-no-gains": (SKY, "--", "s"),
    "symmetric": (BLUE, "-.", "v"),
    "published-frozen": (GREY, "--", "x"),
    "differential": (PINK, ":", "^"),
}
LABELS = {
    "weighted/activity": "SBP, w dw / activity",
    "weighted": "SBP, w dw",
    "change": "SBP, dw (text)",
    "relative": "SBP, dw / w",
    "frozen": "hidden layer frozen",
    "shuffled-labels": "labels shuffled",
    "backpropagation": "exact backpropagation",
    "sbp-released": "SBP as released",
    "sbp-no-gains": "its base rule, gains 0",
    "symmetric": "without SBP as released",
    "published-frozen": "hidden layer frozen",
    "differential": "differential rule",
}


def look(arm: str) -> dict:
    """Colour, line and marker of an arm."""
    colour, line, marker = STYLES.get(arm, (PINK, "-", "*"))
    return {"color": colour, "linestyle": line, "marker": marker}


def label(arm: str) -> str:
    """What an arm is called in a legend."""
    return LABELS.get(arm, arm)


def task_words(task: str, runs) -> str:
    """What a task is called where these runs of it are shown."""
    return TASKS[task] + (f", {TEN_RECORDINGS}" if ten_recordings(runs) else "")


def task_title(task: str, runs) -> str:
    """The same, for the title of a narrow panel."""
    return task_words(task, runs).replace(", ", ",\n")


def absent(ax, text: str) -> None:
    """Say in a panel that there is no record for it."""
    ax.text(0.5, 0.5, text, ha="center", va="center", transform=ax.transAxes, fontsize=7, color="#555555")
    ax.set(xticks=[], yticks=[])
    for side in ax.spines.values():
        side.set_visible(False)
