"""All experiments on one page: what was reported, what the simulation gives, and whether they agree."""

from __future__ import annotations

from sbp_brian.figures.base import Figure, new
from sbp_brian.figures.style import BLACK, COLUMNS, DOWN, GREY, SHADE, SOFT, UP
from sbp_brian.report.text import CHANGE, number, whole_percent
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
VERDICTS = {
    "within": ("o", "in its band"),
    "pattern only": ("o", "agrees in direction"),
    "outside": ("X", "disagrees"),
    "no reference": ("_", "not scored"),
}
ROW = 4.4  # mm


def draw(records):
    """The truth table of both spread experiments, then the statements of all other protocols."""
    newest = {}
    for record in records:
        newest.setdefault(record.protocol, record)
    rows = [(name, heading, statements(newest.get(name), chosen)) for name, (heading, chosen) in STATEMENTS.items()]
    lines = 14 + sum(max(1, len(found)) for _, _, found in rows) + 0.4 * len(rows)
    fig, ax = new(COLUMNS, ROW * lines + 6)
    ax.set(xlim=(0, COLUMNS), ylim=(ROW * lines, 0))
    ax.axis("off")
    y = draw_truth(ax, newest, ROW)
    y += 1.6 * ROW
    heading_row(ax, y, ((0, "experiment"), (27, "observable"), (84, "reported"), (109, "simulated"), (142, "verdict")))
    y += ROW
    for name, heading, found in rows:
        ax.text(0, y, heading, va="center", fontweight="bold", fontsize=7.5)
        if name not in newest:
            ax.text(27, y, "not run", va="center", color=SOFT, fontstyle="italic", fontsize=7.5)
            y += ROW
        for text, row in found:
            draw_statement(ax, y, text, row)
            y += ROW
        ax.plot([0, COLUMNS], [y - 0.4 * ROW] * 2, color=SHADE, linewidth=0.5, linestyle="-")
        y += 0.4 * ROW
    return fig


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


def heading_row(ax, y: float, cells) -> None:
    """Column heads with a rule below."""
    for x, text in cells:
        ax.text(x, y, text, va="center", fontsize=7.5, color=SOFT)
    ax.plot([0, COLUMNS], [y + 0.4 * ROW] * 2, color=BLACK, linewidth=0.7, linestyle="-")


def draw_truth(ax, newest, y: float) -> float:
    """The truth table; gives the place below it."""
    for x, name, text in (
        (62, "tao-2000", "LTP at A\u2192B (Tao 2000)"),
        (116, "fitzsimonds-1997", "LTD at A\u2192B (Fitzsimonds 1997)"),
    ):
        ax.text(x, y, text + ("" if name in newest else ": not run"), va="center", fontweight="bold", fontsize=7.5)
    y += ROW
    heading_row(
        ax,
        y,
        ((0, "synapse"), (14, "position"), (62, "reported"), (83, "simulated"), (116, "reported"), (137, "simulated")),
    )
    y += ROW
    for synapse, position in POSITIONS.items():
        ax.text(0, y, synapse.replace("->", "\u2192"), va="center", fontsize=7.5, fontweight="bold")
        ax.text(14, y, position, va="center", fontsize=7.5)
        for x, name in ((62, "tao-2000"), (116, "fitzsimonds-1997")):
            row = next((r for r in newest[name].metrics if r["name"] == synapse), None) if name in newest else None
            if row is None:
                ax.text(x, y, "not run", va="center", fontsize=7.5, color=SOFT, fontstyle="italic")
                continue
            told = WORDS.get(row["paper_value"], "not known") if row["provenance"].startswith("read") else "not known"
            symbol(ax, x, y, told)
            shown = simulated(row)
            symbol(ax, x + 21, y, shown, f"{shown} ({percent(row['value'])})")
            if row["verdict"] == "outside":
                ax.plot(x + 52, y, marker="X", color=BLACK, markersize=5)
        y += ROW
    ax.plot([0, COLUMNS], [y - 0.5 * ROW] * 2, color=BLACK, linewidth=0.7, linestyle="-")
    agree = [
        f"{name}: {row['value']:.0f} of {row['paper_value']:.0f} reported signs agree"
        for name in reversed(TABLE)
        if name in newest
        for row in newest[name].metrics
        if row["name"] == "signs_agreeing"
    ]
    ax.text(
        0,
        y + 0.1 * ROW,
        "; ".join(agree) + (". " if agree else "") + "The signs are built into the model.",
        va="center",
        fontsize=7.5,
    )
    return y


def simulated(row) -> str:
    """Up, down or no change, as the row's own criterion says."""
    least = row.get("tolerance", 0.02)
    if row.get("pattern") == "none" and row["verdict"] != "outside":
        return "no change"
    return "up" if row["value"] > least else "down" if row["value"] < -least else "no change"


def percent(change: float) -> str:
    """A relative change in whole percent, zero without a sign."""
    return f"{whole_percent(change)} %"


def symbol(ax, x: float, y: float, word: str, text: str | None = None) -> None:
    """A triangle up or down, an open circle, or a question mark, with its word."""
    look = {"up": ("^", UP, UP), "down": ("v", DOWN, DOWN), "no change": ("o", "white", GREY)}
    if word in look:
        marker, face, edge = look[word]
        ax.plot(x + 1, y, marker=marker, markersize=5, markerfacecolor=face, markeredgecolor=edge, linestyle="none")
    elif word != "number":
        ax.text(x + 1, y, "?", ha="center", va="center", fontsize=7.5, color=SOFT)
    ax.text(x if word == "number" else x + 3.5, y, text or word, va="center", fontsize=7.5)


def draw_statement(ax, y: float, text: str, row) -> None:
    """One line: what it is, what is reported, what is simulated, the verdict."""
    ax.text(27, y, text, va="center", fontsize=7.5)
    told = reported(row)
    symbol(ax, 84, y, *told)
    relative = "->" in row["name"] or row["name"].startswith("change_") or row["name"].endswith("_change")
    unit = row["unit"] or (CHANGE if relative else "")
    bare = unit in ("", "%", CHANGE)
    value = number(row["value"], unit if bare else "")
    if unit == "%" and row.get("pattern") and row["value"] > 0:
        value = f"+{value}"
    if deviation(row) is not None:
        value += f" \u00b1 {number(deviation(row), unit if bare else '', digits=2).lstrip('+')}"
    if not bare:
        value += f" {unit}"
    ax.text(109, y, value, va="center", fontsize=7.5)
    marker, word = VERDICTS[row["verdict"]]
    if row["verdict"] == "pattern only" and told[0] == "?":
        word = "as expected"
    ax.plot(
        143,
        y,
        marker=marker,
        color=BLACK,
        markersize=4.5,
        linestyle="none",
        markeredgewidth=1,
        markerfacecolor=BLACK if row["verdict"] in ("within", "outside") else "white",
    )
    ax.text(146, y, word, va="center", fontsize=7.5)


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
        "Experiments and simulations. Above: change of each synapse after LTP or LTD at A\u2192B, as reported "
        "(abstracts; percentages are not known to this project) and as simulated (mean 20 to 30 min after "
        "pairing); "
        "triangles: up, down; circle: no change; ?: not known. Below: the other experiments, mean and SD "
        "over seeds; "
        "a filled dot is a value in its band of acceptance, an open one agrees in direction, a cross disagrees. "
        "Bands around values that are not known are this project's own." + missing
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
