"""Rules that teach hidden layers, local ones beside exact gradients, over the same images."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator, NullFormatter, NullLocator, StrMethodFormatter

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, GREY, ORANGE, VERMILION
from sbp_brian.report.learning import by_learning, model, scores, setting_words
from sbp_brian.report.text import mean_sd
from sbp_brian.report.together import groups, value

__all__ = ["FIGURE", "ROWS", "rows"]

#: Model, way of learning, what it is called, colour: of what is local, of what needs more, of what does not learn.
ROWS = (
    ("sbp_network", "weighted/activity", "SBP, weighted", BLUE),
    ("decolle", "local", "DECOLLE, layer 2", BLUE),
    ("stdbp", "exact", "STDBP", VERMILION),
    ("sbp_spiking_perceptron", "surrogate", "surrogate gradient through time", VERMILION),
    ("sbp_network", "frozen", "SBP's network, hidden frozen", GREY),
    ("stdbp", "frozen", "STDBP's network, hidden frozen", GREY),
    ("decolle", "frozen", "DECOLLE's network, frozen", GREY),
)
#: Errors that are named on the axis (%).
TICKS = (2, 5, 10, 20, 50, 90)


def budget(record):
    """Hidden cells, epochs and training images: what rules must share to be compared."""
    return value(record, "hidden"), value(record, "epochs"), value(record, "train_samples")


def rows(records):
    """(name, colour, runs) of each rule, all of the budget of which there are most rules; several rules or none."""
    given = (r for r in records if r.protocol == "mnist" and value(r, "hidden"))
    found = []
    for (hidden, *_), networks in groups(given, key=model, of=budget).items():
        runs = {of: by_learning(same, "mnist", of, hidden=hidden) for of, same in networks.items()}
        found.append(
            [(name, colour, runs[of][learning]) for of, learning, name, colour in ROWS if learning in runs.get(of, {})]
        )
    best = max(found, key=len, default=[])
    return best if len(best) > 1 and any(name.startswith("DECOLLE,") for name, *_ in best) else []


def spikes(run):
    """Hidden spikes of a sample."""
    names = {row["name"]: row["value"] for row in run.metrics}
    return next((names[name] for name in ("hidden_spikes_per_sample", "hidden_spikes") if name in names), np.nan)


def lacks(records) -> str:
    """What is lacking, in words."""
    if rows(records):
        return ""
    return (
        "mnist with equal hidden, epochs and train_samples for model=decolle and another model (docs/decolle.md has "
        "the commands)"
    )


def draw(records):
    """Test error and hidden spikes of each rule."""
    found = rows(records)
    drawing, (left, right) = new(COLUMNS, 12 + 7 * len(found), ncols=2, sharey=True, width_ratios=(3, 2))
    for place, (name, colour, runs) in enumerate(found):
        values = 100 * (1 - scores(runs))
        left.plot(values, np.full(len(values), place), "o", color=colour, markersize=4, markeredgewidth=0)
        left.plot(2 * [values.mean()], [place - 0.3, place + 0.3], color=colour, linestyle="-")
        left.text(1.02, place, mean_sd(scores(runs)), transform=left.get_yaxis_transform(), va="center", fontsize=7)
        if name == "DECOLLE, layer 2":
            first = 100 * (1 - np.array([r.array("test_accuracy_by_layer")[0] for r in runs]))
            left.plot(
                first,
                np.full(len(first), place + 0.25),
                "o",
                color=ORANGE,
                markersize=3,
                markeredgewidth=0,
                label="DECOLLE, layer 1",
                zorder=0,
            )
            left.axvline(
                100 * (1 - runs[0].metric("linear_softmax_accuracy")["value"]),
                color=BLACK,
                linestyle="--",
                linewidth=0.8,
                label="linear softmax",
            )
        right.plot(
            [spikes(r) for r in runs], np.full(len(runs), place), "o", color=colour, markersize=4, markeredgewidth=0
        )
    left.set_yticks(range(len(found)), [name for name, *_ in found])
    left.invert_yaxis()
    left.text(1.02, -0.75, "accuracy (%)", transform=left.get_yaxis_transform(), va="center", fontsize=7)
    least = 1 - max(scores(runs).max() for *_, runs in found)
    left.set(xlabel="test error (%)", xscale="log", xlim=(70 * least, 100))
    left.set_xticks(TICKS, [f"{x:g}" for x in TICKS])
    left.xaxis.set_minor_locator(NullLocator())
    left.legend(fontsize=6, loc="upper right")
    right.set(xlabel="hidden spikes an image", xscale="log")
    low, high = right.get_xlim()
    if high < 30 * low:  # too few powers of ten to be named
        right.xaxis.set_major_locator(MaxNLocator(4))
    right.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    right.xaxis.set_minor_formatter(NullFormatter())
    label_panels(left, right, n=[{len(runs) for *_, runs in found}] * 2)
    return drawing


def caption(records) -> str:
    """Names the budget."""
    found = rows(records)
    hidden = value(found[0][2][0], "hidden") if found else 0
    counted = f" ({setting_words(found[0][2])}, {hidden} cells a hidden layer)" if found else ""
    return (
        "The same training and test images for every rule" + counted + ". a, test error: dots, seeds; bars, means; "
        "numbers, mean accuracy (and standard deviation). Blue, no gradient is sent through later layers or time; "
        "red, exact gradients; grey, hidden layers as they were drawn, with an output that learns (SBP, STDBP) or "
        "with fixed random readouts (DECOLLE). b, spikes of all hidden cells."
    )


FIGURE = Figure(
    name="local-learning",
    title="Local rules side by side",
    caption=caption,
    needs=(),
    uses=("mnist",),
    draw=draw,
    lacks=lacks,
)
