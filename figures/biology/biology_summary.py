"""All experiments in one picture: what was reported, what the simulation gives, and whether they agree."""

from __future__ import annotations

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.style import BLACK, COLUMNS, DOWN, GREY, SHADE, SOFT, UP, WHITE
from sbp_brian.report.text import number
from sbp_brian.report.together import deviation

__all__ = ["FIGURE", "POSITIONS", "STATEMENTS"]

#: synapse -> where it lies, as in the truth table of Fitzsimonds 1997 (LTD) and Tao 2000 (LTP)
POSITIONS = {
    "A->B": "induced",
    "I->A": "input of A, glutamatergic",
    "J->A": "input of A, GABAergic",
    "A->C": "other glutamatergic target of A",
    "A->G": "GABAergic target of A",
    "D->B": "other input of B",
    "B->E": "output of B",
    "H->I": "one step further back",
}
#: protocol -> (heading, metrics and what they say)
STATEMENTS = {
    "bi-poo-1998": (
        "Bi & Poo 1998",
        (
            ("A->B, sign at +10 ms", "pre 10 ms before post"),
            ("A->B, sign at -10 ms", "post 10 ms before pre"),
            ("tau_plus", "window for LTP, time constant"),
            ("tau_minus", "window for LTD, time constant"),
            ("A->G, +10 ms, GABAergic target", "pairing onto a GABAergic cell"),
        ),
    ),
    "zhang-1998": (
        "Zhang 1998",
        (
            ("W->T, +10 ms", "input 10 ms before the spike"),
            ("W->T, -10 ms", "subthreshold input 10 ms after it"),
            ("reach_plus", "reach of potentiation"),
            ("reach_minus", "reach of depression"),
        ),
    ),
    "bi-poo-1999": (
        "Bi & Poo 1999",
        (
            ("Z->T, +10 ms", "remote synapse, 10 ms above the delay"),
            ("Z->T, -10 ms", "remote synapse, 10 ms below it"),
            ("Z->T, single pulses", "single pulses"),
        ),
    ),
    "du-poo-2004": (
        "Du & Poo 2004",
        (
            ("RGC->TC", "BDNF: retinotectal synapse"),
            ("BC->RGC", "BDNF: input of the ganglion cell"),
            ("BC->RGC, TrkB blocked", "the same, TrkB blocked"),
            ("BC->RGC, PLC blocked", "the same, PLC blocked"),
            ("spikes to light, RGC", "BDNF: ganglion spikes to light"),
        ),
    ),
    "du-2009": (
        "Du et al. 2009",
        (
            ("BC->RGC, LTP", "tectal LTP: synapse in the retina"),
            ("BC->RGC, LTP, BDNF blocked", "the same, BDNF blocked"),
            ("BC->RGC, LTP, NO blocked", "the same, NO blocked"),
            ("BC->RGC, LTD", "tectal LTD: synapse in the retina"),
            ("BC->RGC, LTD, BDNF blocked", "the same, BDNF blocked"),
            ("BC->RGC, LTD, NO blocked", "the same, NO blocked"),
        ),
    ),
    "tsodyks-1998": (
        "Tsodyks 1998",
        (
            ("depressing_stationary_20_Hz", "depressing: stationary / first"),
            ("facilitating_second_to_first_20_Hz", "facilitating: second / first"),
            ("facilitating_stationary_to_peak_70_Hz", "facilitating, 70 Hz: stationary / peak"),
        ),
    ),
    "turrigiano-1998": (
        "Turrigiano 1998",
        (
            ("factor_activity_blocked", "48 h of blocked activity: factor"),
            ("change_activity_doubled", "48 h of doubled activity: change"),
            ("r_squared_activity_blocked", "ranked line through 0: R\u00b2"),
            ("second_to_first_change", "change of the paired-pulse ratio"),
        ),
    ),
    "sbp-predictions": (
        "Predictions",
        (
            ("I->A, +10 ms", "input's window at +10 ms"),
            ("I->A, alternating, LTD signal blocked", "cancelling pairings, LTD signal blocked"),
            ("t50 per mm of axon", "t50 per mm of axon (assumes 1 \u00b5m/s)"),
        ),
    ),
}
TABLE = ("fitzsimonds-1997", "tao-2000")
WORDS = {
    "up": "up",
    "down": "down",
    "none": "no change",
    "increase": "up",
    "decrease": "down",
    "no change": "no change",
}
ROW = 4.6  # mm, of one line of a panel
#: Reported: marker, face, edge.
REPORTED = {"up": ("^", UP, UP), "down": ("v", DOWN, DOWN), "no change": ("o", WHITE, GREY)}
#: Verdict -> marker and face of what is simulated.
SIMULATED = {
    "within": ("o", BLACK),
    "pattern only": ("o", WHITE),
    "outside": ("X", BLACK),
    "no reference": ("_", BLACK),
}


def draw(records):
    """The spread of LTP and LTD by position; relative changes of the other experiments; values within their bands."""
    newest = {}
    for record in records:
        newest.setdefault(record.protocol, record)
    spread = [name for name in TABLE if name in newest]
    rows = [
        (f"{heading}: {text}", row, _n(newest[name]))
        for name, (heading, chosen) in STATEMENTS.items()
        if name in newest
        for text, row in statements(newest[name], chosen)
    ]
    changes = [each for each in rows if relative(each[1])]
    banded = [each for each in rows if not relative(each[1]) and None not in (each[1]["band"] or (None,))]
    sizes = [len(POSITIONS) * bool(spread), len(changes), len(banded)]
    sizes = [size + 3 for size in sizes if size]
    drawing, axes = new(COLUMNS, ROW * sum(sizes) + 8, nrows=len(sizes), height_ratios=sizes, squeeze=False)
    panels = list(axes[:, 0])
    rest = iter(panels)
    if spread:
        draw_spread(next(rest), newest, spread)
    if changes:
        draw_changes(next(rest), changes)
    if banded:
        draw_bands(next(rest), banded)
    label_panels(*panels)
    return drawing


def _n(record) -> int | None:
    """How many trials stand behind its values."""
    return record.parameters.get("seeds", {}).get("value")


def relative(row) -> bool:
    """Whether a metric is a relative change."""
    named = "->" in row["name"] or row["name"].startswith("change_") or row["name"].endswith("_change")
    return row["unit"] == "%" or (not row["unit"] and named)


def statements(record, chosen) -> list[tuple[str, dict]]:
    """The metrics that are shown: those chosen, or the first scored ones of another protocol."""
    if record is None:
        return []
    known = {row["name"]: row for row in record.metrics}
    found = [(text, known[name]) for name, text in chosen if name in known]
    if found:
        return found
    scored = [row for row in record.metrics if row["verdict"] != "no reference"]
    return [(row["name"].replace("->", "\u2192").replace("_", " "), row) for row in scored[:4]]


def lines_of(ax, names) -> None:
    """A line of the panel for each name, the first above."""
    ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.6))
    ax.tick_params(axis="y", length=0)
    for y in range(len(names)):
        ax.axhline(y, color=SHADE, linewidth=0.5, zorder=0)


def point(ax, x: float, y: float, spread: float | None, row, colour: str = BLACK) -> None:
    """What is simulated: its mean and SD, filled where it is in a band, a cross where it disagrees."""
    marker, face = SIMULATED[row["verdict"]]
    ax.errorbar(
        x,
        y,
        xerr=spread,
        marker=marker,
        color=colour,
        markerfacecolor=colour if face == BLACK else WHITE,
        markersize=4.5,
        elinewidth=0.9,
        linestyle="none",
    )


def reported_at(ax, y: float, row, x: float = 1.025) -> None:
    """What is reported, in the right margin: a triangle, a circle, a number, or a question mark."""
    word, text = reported(row)
    if word in REPORTED:
        marker, face, edge = REPORTED[word]
        ax.plot(
            x,
            y,
            transform=ax.get_yaxis_transform(),
            clip_on=False,
            marker=marker,
            markersize=5,
            markerfacecolor=face,
            markeredgecolor=edge,
        )
        return
    shown, side = (text, "left") if word == "number" else ("?", "center")
    x = 1.008 if side == "left" else x
    ax.text(x, y, shown, transform=ax.get_yaxis_transform(), ha=side, va="center", fontsize=7, color=SOFT)


def draw_spread(ax, newest, spread) -> None:
    """Each synapse of the circuit after LTP and after LTD at A->B."""
    places = list(POSITIONS)
    lines_of(ax, [f"{name.replace('->', chr(0x2192))}, {where}" for name, where in POSITIONS.items()])
    for name in spread:
        colour, word = (UP, "LTP (Tao 2000)") if name == "tao-2000" else (DOWN, "LTD (Fitzsimonds 1997)")
        shift = -0.17 if name == "tao-2000" else 0.17
        for row in newest[name].metrics:
            if row["name"] in POSITIONS:
                y = places.index(row["name"])
                sd = deviation(row)
                point(ax, 100 * row["value"], y + shift, None if sd is None else 100 * sd, row, colour)
                reported_at(ax, y, row, 1.025 if name == "tao-2000" else 1.06)
        ax.plot([], [], "o", color=colour, markersize=4.5, label=f"{word}, n = {_n(newest[name])}")
    ax.axvline(0, color=BLACK, linewidth=0.6)
    ax.set_xlabel("EPSC change by induction at A\u2192B (%); right: reported, LTP and LTD")
    ax.legend(loc="lower right")


def draw_changes(ax, rows) -> None:
    """Relative changes of the other experiments."""
    lines_of(ax, [text for text, *_ in rows])
    for y, (_, row, n) in enumerate(rows):
        factor = 1 if row["unit"] == "%" else 100
        sd = deviation(row)
        point(ax, factor * row["value"], y, None if sd is None else factor * sd, row)
        reported_at(ax, y, row)
        _number_of(ax, y, row, n)
    ax.axvline(0, color=BLACK, linewidth=0.6)
    low, high = ax.get_xlim()
    ax.set(xlabel="simulated change (%), mean and SD; right: reported", xlim=(low, high + 0.12 * (high - low)))


def draw_bands(ax, rows) -> None:
    """Other values, each on the scale of its band of acceptance."""
    lines_of(ax, [f"{text}: {number(row['value'], row['unit'])}" for text, row, _ in rows])
    ax.axvspan(0, 1, color=SHADE, alpha=0.5, linewidth=0, zorder=0)
    for y, (_, row, n) in enumerate(rows):
        low, high = row["band"]
        sd = deviation(row)
        place = (row["value"] - low) / (high - low) if high > low else 0.5
        point(ax, place, y, None if sd is None or high == low else sd / (high - low), row)
        reported_at(ax, y, row)
        _number_of(ax, y, row, n)
    ax.set(xlabel="place within the band of acceptance (shaded); right: reported", xlim=(-0.4, 1.4))
    ax.set_xticks([0, 0.5, 1], ["lower end", "middle", "upper end"])


def _number_of(ax, y: float, row, n) -> None:
    """How many trials, at the right end of a line."""
    shown = row["n"] or n
    if shown:
        ax.text(
            0.995,
            y,
            f"n = {shown}",
            transform=ax.get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=7,
            color=SOFT,
        )


def reported(row) -> tuple[str, str]:
    """What the source says of a metric: a symbol's word, and the text beside it."""
    if row["provenance"].startswith("read") and row["paper_value"] is not None:
        if row["paper_value"] in WORDS:
            return WORDS[row["paper_value"]], WORDS[row["paper_value"]]
        return "number", number(row["paper_value"], row["unit"])
    if row["provenance"].startswith("prediction"):
        return "?", "not measured"
    return "?", "not known"


def caption(records) -> str:
    """What is seen."""
    have = {record.protocol for record in records}
    lacking = [name for name in (*TABLE, *STATEMENTS) if name not in have]
    missing = f" Not run: {', '.join(lacking)}." if lacking else ""
    return (
        "Experiments and simulations, mean and SD over n trials: a filled dot is a value in its band of acceptance, an "
        "open one agrees in direction, a cross disagrees. In the right margin what is reported: triangles, up and "
        "down; circle, no change; ?, not known. Above, change of each synapse after LTP or LTD at A\u2192B, 20 to "
        "30 min after pairing (reported in abstracts; percentages are not known to this project; which synapses can "
        "take part is built into the model). Then the relative changes of the other experiments, and values on the "
        "scale of their bands. Bands around values that are not known are this project's own." + missing
    )


FIGURE = Figure(
    name="biology-summary",
    title="All experiments: reported and simulated",
    caption=caption,
    needs=(),
    uses=(*TABLE, *STATEMENTS),
    draw=draw,
    page=False,
)
