"""What the model of retrograde spread predicts, a panel for each prediction."""

from __future__ import annotations

import numpy as np

from sbp_brian.experiments.records import latest
from sbp_brian.figures.base import Figure, label_panels, means, new
from sbp_brian.figures.biology.trials import bars
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, GREY, ORANGE, VERMILION
from sbp_brian.report.text import minus

__all__ = ["FIGURE"]

UPPER, LOWER, RATE = 0.6, 0.5, 1.4  # of the model's expression, for the lines of the closed forms


def one_sign(total):
    """Closed form: change of an input after a total change at the outputs."""
    return np.where(total > 0, UPPER, -LOWER) * (1 - np.exp(-RATE * np.abs(total)))


def draw(records):
    """Window, alternation, number of pairings, latency, partial blocks, shared inputs."""
    record = latest(records, "sbp-predictions")
    fig, axes = new(COLUMNS, 168, nrows=3, ncols=2)
    for ax, panel in zip(
        axes.flat, (draw_window, draw_alternation, draw_numbers, draw_latency, draw_doses, draw_shared), strict=True
    ):
        panel(ax, record)
    label_panels(*axes.flat, n=record.parameters["seeds"]["value"])
    return fig


def points(ax, x, values, colour, marker, fill, label=None) -> None:
    """Mean and SD over trials, in percent; values of shape (n_x, n_trials)."""
    spread = 100 * values.std(-1, ddof=1) if values.shape[-1] > 1 else None
    means(ax, x, 100 * values.mean(-1), spread, (colour, marker, fill), label, size=3.5, width=0.7, capsize=0)


def draw_window(ax, record) -> None:
    """The window of the output and of the input."""
    intervals = record.array("intervals")
    for side in (-1, 1):
        fine = side * np.linspace(1, np.abs(intervals).max(), 200)
        amplitude, tau = ((0.777, 16.8), (-0.273, 33.7))[0 if side > 0 else 1]
        output = amplitude * np.exp(-np.abs(fine) / tau)
        ax.plot(fine, 100 * output, color=GREY, linestyle="--", linewidth=0.9)
        ax.plot(fine, 100 * one_sign(output), color=BLUE, linestyle="-", linewidth=0.9)
    points(ax, intervals - 0.8, record.array("window_output"), GREY, "D", "none", "output A\u2192B (built in)")
    points(ax, intervals + 0.8, record.array("window_input"), BLUE, "o", "full", "input I\u2192A (predicted)")
    ax.axhline(0, color=BLACK, linewidth=0.6)
    ax.axvline(0, color=BLACK, linewidth=0.6)
    ax.set(xlabel="spike of B minus spike of A (ms)", ylabel="EPSC change (%)")
    ax.set_ylim(top=ax.get_ylim()[1] * 1.15)
    ax.legend(loc="upper left", handletextpad=0.2, borderpad=0)


def draw_alternation(ax, record) -> None:
    """Output and input after pairings that cancel at the output."""
    shown = {
        "alternating": "alternating",
        "alternating, LTP signal blocked": "LTP signal\nblocked",
        "alternating, LTD signal blocked": "LTD signal\nblocked",
        "LTP first": "LTP\nfirst",
        "LTD first": "LTD\nfirst",
    }
    names = [str(name) for name in record.array("alternation")]
    places = np.arange(len(names))
    ax.axhline(0, color=BLACK, linewidth=0.6)
    points(ax, places - 0.15, record.array("alternation_output"), GREY, "D", "none", "output A\u2192B")
    points(ax, places + 0.15, record.array("alternation_input"), BLUE, "o", "full", "input I\u2192A")
    ax.plot(
        places + 0.32,
        100 * record.array("alternation_closed"),
        color=BLACK,
        linestyle="none",
        marker="_",
        markersize=8,
        markeredgewidth=1.2,
        label="closed form (input)",
    )
    ax.set_xticks(places, [shown[name] for name in names])
    ax.tick_params(axis="x", length=0)
    low, high = ax.get_ylim()
    ax.set(ylabel="EPSC change (%)", ylim=(low, high + 0.3 * (high - low)))
    ax.legend(loc="upper left", ncols=2, handletextpad=0.2, borderpad=0, columnspacing=1.0)


def draw_numbers(ax, record) -> None:
    """Growth of the output and saturation of the input with the number of pairings."""
    numbers = record.array("numbers")
    fine = np.linspace(0, numbers.max(), 200)
    output = fine * 0.777 * np.exp(-10 / 16.8) / 60
    ax.plot(fine, 100 * output, color=GREY, linestyle="--", linewidth=0.9)
    ax.plot(fine, 100 * one_sign(output), color=BLUE, linestyle="-", linewidth=0.9)
    ax.axhline(100 * UPPER, color=BLACK, linewidth=0.8, linestyle=(0, (1, 1.5)))
    ax.text(numbers.max(), 100 * UPPER + 3, "bound of the input (choice)", ha="right", va="bottom", fontsize=7)
    points(ax, numbers, record.array("numbers_output"), GREY, "D", "none", "output A\u2192B")
    points(ax, numbers, record.array("numbers_input"), BLUE, "o", "full", "input I\u2192A")
    ax.set(xlabel="pairings (+10 ms)", ylabel="EPSC change (%)")
    ax.legend(loc="upper left", handletextpad=0.2, borderpad=0)


def draw_latency(ax, record) -> None:
    """Times to 10, 50 and 90 % of the final change against the length of the axon."""
    lengths, times, closed = (record.array(name) for name in ("lengths", "latency", "latency_closed"))
    for k, (word, colour, marker, fill, dash) in enumerate(
        (("10 %", ORANGE, "^", "none", ":"), ("50 %", BLUE, "o", "full", "-"), ("90 %", VERMILION, "s", "full", "--"))
    ):
        ax.plot(lengths, closed[:, k], color=colour, linestyle=dash, linewidth=0.9)
        ax.plot(
            lengths,
            times[..., k].mean(-1),
            color=colour,
            marker=marker,
            markersize=4,
            fillstyle=fill,
            linestyle="none",
            label=f"{word} of the final change",
        )
    ax.plot(
        lengths,
        lengths / 60,
        color=BLACK,
        linewidth=0.9,
        linestyle=(0, (4, 1.5, 1, 1.5)),
        label="length / velocity alone",
    )
    ax.set(
        xlabel="length of the axon (\u00b5m), at an assumed 1 \u00b5m/s",
        ylabel="time after pairing (min)",
        ylim=(-0.4, 1.25 * times.max()),
    )
    ax.legend(loc="upper left", handletextpad=0.4, borderpad=0)


def draw_doses(ax, record) -> None:
    """Spread left by partial blocks, relative to the mean without a block."""
    shares, changes = record.array("shares"), record.array("dose_changes")
    names = [str(name) for name in record.array("doses")]
    look = {"LTP signal": (VERMILION, "o", "full"), "LTD signal": (BLUE, "s", "none"), "NMDA": (ORANGE, "^", "none")}
    total = {"LTP signal": 0.777 * np.exp(-10 / 16.8), "LTD signal": -0.273 * np.exp(-10 / 33.7)}
    fine = np.linspace(0, 1, 200)
    many = next(name for name in names if "pairings" in name)
    n = int(many.split()[2])
    for shift, name in enumerate(names):
        size = total["LTP signal"] * n / 60 if name == many else total.get(name, total["LTP signal"])
        colour, marker, fill = look.get(name, (BLACK, "D", "full"))
        label = f"LTP signal, {n} pairings" if name == many else f"{name}, 60 pairings"
        mean = changes[shift, -1].mean()
        ax.plot(
            100 * fine,
            100 * one_sign(fine * size) / float(one_sign(np.array(size))),
            color=colour,
            linewidth=0.9,
            linestyle={"LTP signal": "-", "LTD signal": "--", "NMDA": ":"}.get(name, "-."),
        )
        ratio = changes[shift] / mean
        error = 100 * ratio.std(-1, ddof=1) / np.sqrt(ratio.shape[1]) if ratio.shape[1] > 1 else None
        means(
            ax,
            100 * shares + 1.2 * (shift - 1.5),
            100 * ratio.mean(-1),
            error,
            (colour, marker, fill),
            label,
            size=3.5,
            width=0.7,
            capsize=0,
        )
    ax.plot([0, 100], [0, 100], color=GREY, linewidth=0.8, linestyle=(0, (1, 1.5)))
    ax.set(xlabel="left by the block (%)", ylabel="spread to the input\n(% of that without block)")
    ax.legend(loc="lower right", handletextpad=0.2, borderpad=0)


def draw_shared(ax, record) -> None:
    """Both branches of one input axon and both outputs."""
    synapses = [str(name) for name in record.array("shared_synapses")]
    conditions = [str(name) for name in record.array("shared_conditions")]
    changes, shown = record.array("shared_changes"), ("A->B", "K->L", "I->A", "I->K")
    groups, labels = [], []
    for k in range(len(conditions)):
        groups += [changes[k, synapses.index(name)] for name in shown]
        labels += [name.replace("->", "\u2192") for name in shown]
    bars(ax, groups, labels)
    ax.tick_params(axis="x", rotation=90)
    low, high = ax.get_ylim()
    ax.set(ylabel="EPSC change (%)", ylim=(low, high + 0.2 * (high - low)), xlim=(-0.6, len(groups) - 0.4))
    for k, text in enumerate(("A paired", "both paired", "K in reverse")):
        ax.text(4 * k + 1.5, high + 0.17 * (high - low), minus(text), ha="center", va="top", fontsize=7)
        if k:
            ax.axvline(4 * k - 0.5, color=GREY, linewidth=0.5)


def caption(records) -> str:
    """What is seen, with the number of trials."""
    record = latest(records, "sbp-predictions")
    n, pairings = record.array("window_input").shape[1], record.parameters["alternating"]["value"]
    return (
        f"Predictions of the model, none of them built in by a switch and none measured (n = {n} trials each; mean "
        "and SD; lines: closed forms of the model). a, The input I\u2192A inherits the window of the output "
        f"A\u2192B, compressed by saturation. b, {pairings} pairings of +20 and \u22125 ms in turn cancel at the "
        "output; the input hardly changes, unless one of the two signals is blocked; with blocks of one sign the "
        "later one weighs more. c, With the number of pairings the output grows on, the input saturates. d, Times "
        "to 10, 50 and 90 % of the change of the input against the length of the axon (velocity is an assumption; "
        "without EPSC noise). e, Partial blocks (mean and SE): half of a signal leaves more than half of the "
        "spread, the more so after a strong induction; dotted: proportional. f, Two cells, A and K, share "
        "the input I: its "
        "two branches change apart, each with the output of its own target. Sizes depend on chosen bounds and "
        "rate."
    )


FIGURE = Figure(
    name="predictions", title="What retrograde spread predicts", caption=caption, needs=("sbp-predictions",), draw=draw
)
