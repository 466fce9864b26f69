"""How figures look: every colour, and what stands for a way of learning, a network or a direction of change."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, NamedTuple

import matplotlib.style

__all__ = [
    "BLACK",
    "BLUE",
    "COLUMN",
    "COLUMNS",
    "DOWN",
    "GREEN",
    "GREY",
    "LAYERS",
    "LOOKS",
    "NONE",
    "ORANGE",
    "PINK",
    "SHADE",
    "SKY",
    "SOFT",
    "UP",
    "VERMILION",
    "WHITE",
    "YELLOW",
    "Look",
    "by_change",
    "colour",
    "house_style",
    "label",
    "look",
    "marker",
    "rank",
    "short",
]

COLUMN, COLUMNS = 85.0, 174.0  # width of one and of two journal columns, mm

# Okabe & Ito (2008), https://jfly.uni-koeln.de/color/: told apart with every common form of colour vision
BLACK, WHITE, ORANGE, SKY, GREEN = "#000000", "#FFFFFF", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PINK, GREY = "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#8A8A8A"
UP, DOWN, NONE = VERMILION, BLUE, GREY  # potentiation, depression, no change: the same in every figure
SOFT, SHADE = "#555555", "#DDDDDD"  # text of less weight; spans of time, lines between groups, inhibitory cells
LAYERS = (BLUE, VERMILION, GREEN, ORANGE)  # hidden layers, from the input on


class Look(NamedTuple):
    """How a way of learning is drawn: told apart in grey too; its name in a legend, and below a bar."""

    colour: str
    line: str
    marker: str
    label: str
    short: str = ""


#: Ways of learning in the order in which they are listed. Black: the exact gradient, or the network without SBP; grey:
#: hidden layers that never learn.
LOOKS = {
    "weighted/activity": Look(VERMILION, "-", "o", "SBP, w dw / activity", "w dw / act."),
    "weighted": Look(ORANGE, "--", "s", "SBP, w dw", "w dw"),
    "strength/activity": Look(GREEN, "-", "o", "SBP, sign(w) dw / activity", "sgn(w) dw"),
    "bit": Look(PINK, "-", "D", "SBP, sign(w) sign(dw)", "one bit"),
    "relative/activity": Look(SKY, "--", "^", "SBP, dw / w / activity", "dw/w / act."),
    "change/activity": Look(BLUE, "--", "v", "SBP, dw / activity", "dw / act."),
    "proportion/activity": Look(GREY, "-.", "s", "SBP, |w| dw / activity", "|w| dw"),
    "value-bit": Look(GREY, ":", "D", "SBP, sign(dw)", "sgn(dw)"),
    "relative": Look(SKY, ":", "^", "SBP, dw / w"),
    "change": Look(BLUE, "-.", "v", "SBP, dw (text)", "dw"),
    "sbp-released": Look(VERMILION, "-", "o", "SBP as released", "SBP"),
    "sbp-no-gains": Look(SKY, "--", "s", "its base rule, gains 0", "gains 0"),
    "symmetric": Look(BLUE, "-.", "v", "without SBP as released", "without"),
    "differential": Look(PINK, ":", "^", "differential rule"),
    "pseudo-bp": Look(PINK, "-", "o", "pseudo-bp"),
    "sbp": Look(VERMILION, "-", "o", "sbp"),
    "sbp-bit": Look(SKY, "--", "s", "sbp-bit"),
    "sbp-change": Look(BLUE, "-.", "v", "sbp-change"),
    "theta-1": Look(SKY, "-", "^", "theta-1"),
    "theta-1-leak-kept": Look(BLUE, "-.", "v", "theta-1-leak-kept"),
    "output-leak": Look(ORANGE, "--", "s", "output-leak"),
    "rank-order": Look(GREEN, ":", "^", "rank-order"),
    "local": Look(BLUE, "-", "o", "local"),
    "without-sbp": Look(BLACK, "-", "D", "without-sbp"),
    "exact": Look(BLACK, "-", "D", "exact"),
    "surrogate": Look(BLACK, "-", "D", "surrogate"),
    "backpropagation": Look(BLACK, "-", "D", "exact backpropagation", "backprop."),
    "feedback-alignment": Look(GREEN, "-", "o", "feedback-alignment"),
    "direct-feedback-alignment": Look(GREEN, "--", "s", "direct-feedback-alignment"),
    "frozen": Look(GREY, "--", "x", "hidden layer frozen", "frozen"),
    "published-frozen": Look(GREY, "--", "x", "hidden layer frozen", "frozen"),
    "sbp-frozen": Look(GREY, ":", "+", "sbp-frozen"),
    "zero": Look(GREY, "--", "x", "zero"),
    "shuffled-labels": Look(PINK, ":", "+", "labels shuffled"),
}
_OTHER = Look(PINK, "-", "*", "")


def colour(learning: str) -> str:
    """The colour of a way of learning."""
    return LOOKS.get(learning, _OTHER).colour


def marker(learning: str) -> str:
    """The marker of a way of learning."""
    return LOOKS.get(learning, _OTHER).marker


def look(learning: str) -> dict[str, Any]:
    """Colour, line and marker of a way of learning, for a curve."""
    found = LOOKS.get(learning, _OTHER)
    return {"color": found.colour, "linestyle": found.line, "marker": found.marker}


def label(learning: str) -> str:
    """What a way of learning is called in a legend."""
    return LOOKS.get(learning, _OTHER).label or learning


def short(learning: str) -> str:
    """What it is called where there is little room."""
    return LOOKS.get(learning, _OTHER).short or learning


def rank(learning: str) -> int:
    """Its place in a legend or a list: the order of `LOOKS`, what is not in it last."""
    return list(LOOKS).index(learning) if learning in LOOKS else len(LOOKS)


def by_change(change: float, least: float = 0.05) -> dict[str, Any]:
    """Colour, width and dash of a synapse by its relative change, so that it can be read in grey too."""
    if change > least:
        return {"color": UP, "linewidth": 2.2, "linestyle": "-"}
    if change < -least:
        return {"color": DOWN, "linewidth": 2.2, "linestyle": (0, (4, 1.2))}
    return {"color": NONE, "linewidth": 1.0, "linestyle": "-"}


def house_style():
    """A context in which matplotlib draws in the house style (style.mplstyle), whatever the user's settings are."""
    return matplotlib.style.context(["default", str(files("sbp_brian.figures") / "style.mplstyle")])
