"""How late a retrograde signal may come: lateness with and without a tag, its spread, tags of another time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from sbp_brian.experiments.results import Number
from sbp_brian.figures.base import label_panels, new
from sbp_brian.figures.learning.score_axis import score_axis
from sbp_brian.figures.results import Found, Measured, ResultFigure, single
from sbp_brian.figures.style import BLACK, COLUMN, COLUMNS, GREY, colour, marker

__all__ = ["FIGURE", "Curve", "by_lateness", "by_mismatch", "by_order", "by_spread"]

METRIC = "validation_accuracy"
SAMPLE_S = 0.02  # how long a sample is shown
REPORTS = {"weighted/activity": "w dw", "bit": "one bit"}


class Curve(NamedTuple):
    """One line of a panel: the report, its kind, its dash, whether marks are filled, and its points."""

    learning: str
    kind: str
    dash: str
    filled: bool
    points: tuple[tuple[float, Number], ...]


Key = Callable[[Mapping[str, str]], tuple[str, float] | None]


def _curves(measured: Measured, key: Key, looks: Mapping[str, tuple[str, bool]]) -> list[Curve]:
    """A curve for each report and kind; `key` gives kind and place of a cell, None for one of another panel."""
    found: dict[tuple[str, str], list[tuple[float, Number]]] = {}
    for parameters, number in measured.rows(METRIC):
        learning, at = parameters["learning"], key(parameters)
        if learning in REPORTS and at is not None:
            found.setdefault((learning, at[0]), []).append((at[1], number))
    return [
        Curve(learning, kind, *looks[kind], tuple(sorted(found[learning, kind])))
        for learning in REPORTS
        for kind in looks
        if (learning, kind) in found
    ]


def by_lateness(found: Found) -> list[Curve]:
    """Samples by which the signal is late; the kind is the tag."""

    def key(p: Mapping[str, str]) -> tuple[str, float] | None:
        if "signal_order" in p or p.get("tag") == "cascade":
            return None
        late = int(p.get("late", 0))
        return ("tag" if "tag" in p or not late else "no tag"), late

    return _curves(found["late"], key, {"tag": ("-", True), "no tag": (":", False)}) if "late" in found else []


def by_order(found: Found) -> list[Curve]:
    """Stages of the cascade that is the tag; the kind is the lateness. Tags about their mean alone."""

    def key(p: Mapping[str, str]) -> tuple[str, float] | None:
        wanted = p.get("tag_centred") == "yes" and p.get("tag_delay", p["late"]) == p["late"]
        return (f"{int(p['late']):,} late", int(p["tag_order"])) if wanted and p.get("tag") == "cascade" else None

    looks = {"10 late": ("-", True), "50 late": ("-.", True), "100 late": ("--", True), "600 late": (":", False)}
    return _curves(found["late-cascade"], key, looks) if "late-cascade" in found else []


def by_spread(found: Found) -> list[Curve]:
    """SD of the signal's arrival over its mean, by `sbp_brian.retrograde.cascade`; the kind is the tag's shape."""

    def key(p: Mapping[str, str]) -> tuple[str, float] | None:
        if "signal_order" not in p:
            return None
        kind = "tag as dispersed" if p["tag"] == "cascade" else "tag of one moment"
        stages = int(p["signal_order"])
        return kind, math.sqrt((1 - stages / int(p["late"])) / stages)

    looks = {"tag as dispersed": ("-", True), "tag of one moment": (":", False)}
    return _curves(found["late-spread"], key, looks) if "late-spread" in found else []


def by_mismatch(found: Found) -> list[Curve]:
    """The tag's time over the signal's; the kind is the tag's shape."""

    def key(p: Mapping[str, str]) -> tuple[str, float] | None:
        kind = f"tag of {p['tag_order']} stages" if p["tag"] == "cascade" else "tag of one moment"
        return kind, int(p.get("tag_delay", p["late"])) / int(p["late"])

    looks = {f"tag of {n} stages": ("-", True) for n in range(1, 100)} | {"tag of one moment": (":", False)}
    return _curves(found["late-mismatch"], key, looks) if "late-mismatch" in found else []


def _frozen(found: Found) -> Number | None:
    rows = found["late"].rows(METRIC) if "late" in found else []
    return next((number for p, number in rows if p["learning"] == "frozen"), None)


def _finish_lateness(ax, curves: list[Curve]) -> None:
    """Samples on a logarithmic axis that has a 0, and a minute."""
    ax.set_xscale("symlog", linthresh=1, linscale=0.5)
    ax.set(xlabel="lateness of the signal (samples of 20 ms)", xlim=(-0.2, 6000))
    _name(ax, [0, 1, 10, 100, 1000])
    minute = 60 / SAMPLE_S
    ax.axvline(minute, color=GREY, linewidth=0.6, zorder=0)
    within = {"xycoords": ("data", "axes fraction"), "rotation": 90, "ha": "right", "va": "center", "fontsize": 7}
    ax.annotate("1 min", (0.93 * minute, 0.5), **within)


def _finish_order(ax, curves: list[Curve]) -> None:
    ax.set(xscale="log", xlabel="stages of the cascade that is the tag")
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top * (top / bottom) ** 0.35)  # room for what the lines are
    handles = ax.get_legend().legend_handles
    ax.legend(handles=handles, fontsize=7, loc="upper center", ncols=2)
    _name(ax, sorted({x for curve in curves for x, _ in curve.points}))


def _finish_spread(ax, curves: list[Curve]) -> None:
    ax.set(xlabel="SD of the signal's arrival / its mean", xlim=(0, None))


def _finish_mismatch(ax, curves: list[Curve]) -> None:
    ax.set(xscale="log", xlabel="time of the tag / lateness of the signal")
    low, high = (of(x for curve in curves for x, _ in curve.points) for of in (min, max))
    _name(ax, [place for place in (0.25, 0.5, 0.75, 1, 1.5, 2, 4) if low <= place <= high])


#: The curves of a panel, what is left to be done on its axes, and what it shows.
PANELS: tuple[tuple[Callable[[Found], list[Curve]], Callable[..., None], str], ...] = (
    (
        by_lateness,
        _finish_lateness,
        "by lateness, with a tag of the input synapses' activity that is as late as the signal, and without one: then "
        "the activity of the moment counts",
    ),
    (
        by_order,
        _finish_order,
        "the tag is a cascade of stages, about its own mean, of the signal's mean time",
    ),
    (
        by_spread,
        _finish_spread,
        "the signal itself, 100 samples late on average, comes dispersed; its tag has the same shape, or is of one "
        "moment",
    ),
    (by_mismatch, _finish_mismatch, "the tag's time is another than the signal's, of 100 samples"),
)


def draw(found: Found):
    """A panel for each question of which there is a result."""
    shown = [(curves, finish) for of, finish, _ in PANELS if (curves := of(found))]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    drawing, axes = new(
        COLUMNS if columns > 1 else 1.2 * COLUMN, 22 + 52 * rows, nrows=rows, ncols=columns, squeeze=False
    )
    frozen = _frozen(found)
    for ax, (curves, finish) in zip(axes.ravel(), shown, strict=False):
        _panel(ax, curves, frozen)
        finish(ax, curves)
    for ax in axes.ravel()[len(shown) :]:
        ax.remove()
    reports = [Line2D([], [], color=colour(of), marker=marker(of), label=words) for of, words in REPORTS.items()]
    drawing.legend(handles=reports, loc="outside upper center", ncols=2, title="each output synapse reports")
    numbers = [{number.n for curve in curves for _, number in curve.points} for curves, _ in shown]
    label_panels(*axes.ravel()[: len(shown)], n=numbers)
    return drawing


def _of_the_same_seeds(frozen: Number, curves: list[Curve]) -> float:
    """The frozen layer's mean over the seeds that a panel has, so that it stands beside its like."""
    seeds = {seed for curve in curves for _, number in curve.points for seed in number.by_seed or {}}
    own = [value for seed, value in (frozen.by_seed or {}).items() if seed in seeds]
    return sum(own) / len(own) if own else frozen.mean


def _panel(ax, curves: list[Curve], frozen: Number | None) -> None:
    """Mean and SD of each point and its single seeds; the layer that does not learn as a line."""
    for curve in curves:
        look = {"color": colour(curve.learning), "marker": marker(curve.learning)}
        x = [place for place, _ in curve.points]
        y = [1 - number.mean for _, number in curve.points]
        fill = "full" if curve.filled else "none"
        bars = [number.sd or 0.0 for _, number in curve.points]
        ax.errorbar(x, y, bars, linestyle=curve.dash, fillstyle=fill, linewidth=1, elinewidth=0.8, **look)
        for place, number in curve.points:
            seeds = 1 - single(number)
            ax.plot([place] * len(seeds), seeds, "_", color=look["color"], markersize=4, alpha=0.6)
    seen = [number.mean for curve in curves for _, number in curve.points]
    if frozen is not None:
        still = _of_the_same_seeds(frozen, curves)
        ax.axhline(1 - still, color=GREY, linestyle="--", linewidth=0.8, zorder=0)
        place = (0.01, 1 - still)
        ax.annotate(
            "frozen", place, (0, 1), ax.get_yaxis_transform(), "offset points", ha="left", fontsize=6, color=GREY
        )
        seen.append(still)
    score_axis(ax, "y", seen, "validation accuracy (%)")
    kinds = {curve.kind: curve for curve in curves}
    handles = [
        Line2D([], [], color=BLACK, linestyle=c.dash, marker="o", fillstyle="full" if c.filled else "none", label=kind)
        for kind, c in kinds.items()
    ]
    ax.legend(handles=handles, fontsize=7, loc="best")


def _name(ax, places) -> None:
    ax.set_xticks(places, [f"{place:,g}" for place in places])
    ax.xaxis.set_minor_locator(NullLocator())


def caption(found: Found) -> str:
    """What is seen, and of how many seeds."""
    counts = sorted({number.n for one in found.values() for _, number in one.rows(METRIC)})
    over = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    runs = "One seed" if counts == [1] else f"Points and bars, mean and SD over {over} seeds; dashes, single seeds"
    shown = [words for of, _, words in PANELS if of(found)]
    told = shown if len(shown) == 1 else [f"{'abcd'[k]}, {words}" for k, words in enumerate(shown)]
    return (
        "Accuracy on validation images of MNIST (20,000 training images, 3 epochs, 20 ms each) where the retrograde "
        f"signal comes late: {'. '.join(told)}. {runs}. Axes of accuracy are logarithmic in the error. From the "
        f"committed results of the recipes {', '.join(found)}."
    )


FIGURE = ResultFigure(
    name="how-late",
    title="How late a retrograde signal may come",
    caption=caption,
    needs=(),
    draw=draw,
    recipes=("late", "late-cascade", "late-spread", "late-mismatch"),
)
