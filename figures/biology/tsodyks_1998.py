"""Trains on depressing and facilitating connections, and the stationary EPSC against the rate."""

from __future__ import annotations

import numpy as np

from sbp_brian.experiments.records import latest
from sbp_brian.figures.base import Figure, label_panels, means, new
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, ORANGE, VERMILION

__all__ = ["FIGURE"]

#: (connection, rate, colour, marker, fill, dash)
TRAINS = (
    ("depressing", 20, BLUE, "o", "full", "-"),
    ("facilitating", 20, ORANGE, "s", "full", "--"),
    ("facilitating", 70, VERMILION, "^", "none", "-."),
)


def draw(records):
    """Membranes, EPSCs by pulse, stationary EPSCs, mean drive."""
    record = latest(records, "tsodyks-1998")
    fig, axes = new(COLUMNS, 112, nrows=2, ncols=2, width_ratios=(1.25, 1))
    (top_left, top_right), (low_left, low_right) = axes
    draw_traces(top_left, record)
    draw_pulses(top_right, record)
    draw_stationary(low_left, record)
    draw_drive(low_right, record)
    n = record.parameters["seeds"]["value"]
    label_panels(top_left, top_right, low_left, low_right, n=(None, n, n, n))
    return fig


def draw_traces(ax, record) -> None:
    """Depolarisation of the membranes in the three trains, one above the other."""
    milliseconds = 1000 * record.array("seconds")
    shown = milliseconds <= 800
    base = 0.0
    for connection, rate, colour, _, _, _ in reversed(TRAINS):
        traces = record.array(f"{connection}_traces")[0 if rate == 20 else 1]
        ax.plot(milliseconds[shown], base + traces[shown], color=colour, linestyle="-", linewidth=0.9)
        ax.text(815, base, f"{connection}\n{rate} Hz", color=BLACK, fontsize=7, va="bottom")
        base += 1.25 * max(traces[shown].max(), 1.2)
    ax.plot([-25, -25], [0, 1], color=BLACK, linewidth=1.5, solid_capstyle="butt")
    ax.text(-40, 0.5, "1 mV", rotation=90, ha="right", va="center", fontsize=7)
    ax.set(xlabel="time (ms)", xlim=(-80, 1040))
    ax.set_xticks(range(0, 801, 200))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def draw_pulses(ax, record) -> None:
    """EPSC relative to the first against its number: mean and SD over connections."""
    for shift, (connection, rate, colour, marker, fill, _) in enumerate(TRAINS):
        train = record.array(f"{connection}_{rate}")[:, :20]
        train = train / train[:, :1].mean()
        train = train / train[:, :1]
        spread = train.std(0, ddof=1) if len(train) > 1 else np.zeros(train.shape[1])
        means(
            ax,
            np.arange(1, 21) + 0.12 * (shift - 1),
            train.mean(0),
            spread,
            (colour, marker, fill),
            f"{connection}, {rate} Hz",
            size=3,
            width=0.7,
            capsize=0,
        )
    ax.axhline(1, color=BLACK, linewidth=0.6, linestyle=(0, (1, 2)))
    ax.set(xlabel="pulse", ylabel="EPSC relative to the first")
    ax.set_ylim(bottom=0, top=ax.get_ylim()[1] * 1.45)
    ax.legend(loc="upper right", handletextpad=0.2, borderpad=0)


def draw_stationary(ax, record) -> None:
    """Stationary EPSC relative to the first, with the closed forms and the 1/rate limit."""
    rates = record.array("rates")
    fine = record.array("closed_rates")
    for connection, colour, marker, fill, dash in (
        ("depressing", BLUE, "o", "full", "-"),
        ("facilitating", ORANGE, "s", "full", "--"),
    ):
        values = record.array(f"{connection}_stationary")
        spread = values.std(-1, ddof=1) if values.shape[1] > 1 else None
        ax.plot(fine, record.array(f"{connection}_closed"), color=colour, linestyle=dash, linewidth=1)
        means(ax, rates, values.mean(-1), spread, (colour, marker, fill), connection, size=3.5, width=0.7, capsize=0)
    limit = 1 / (0.5 * 0.8 * fine)
    ax.plot(
        fine[limit < 1.6],
        limit[limit < 1.6],
        color=BLACK,
        linewidth=0.9,
        linestyle=(0, (1, 1.5)),
        label="limit 1/(rate \u00b7 U \u00b7 \u03c4)",
    )
    ax.set(xscale="log", yscale="log", xlabel="rate (Hz)", ylabel="stationary EPSC / first")
    ax.set_xticks([1, 10, 100], ["1", "10", "100"])
    ax.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
    ax.legend(loc="lower left", borderpad=0)


def draw_drive(ax, record) -> None:
    """Mean drive (rate times stationary EPSC) of the depressing connection."""
    rates, values = record.array("rates"), record.array("depressing_stationary")
    drive = 0.5 * values * rates[:, np.newaxis]
    spread = drive.std(-1, ddof=1) if drive.shape[1] > 1 else None
    ax.axhline(1 / 0.8, color=BLACK, linewidth=0.9, linestyle=(0, (1, 1.5)), label="limit 1/\u03c4")
    ax.errorbar(
        rates,
        drive.mean(-1),
        spread,
        color=BLUE,
        marker="o",
        markersize=3.5,
        elinewidth=0.7,
        capsize=0,
        linestyle="-",
        linewidth=0.8,
        label="depressing",
    )
    ax.set(xlabel="rate (Hz)", ylabel="share of the efficacy\nreleased per second", ylim=(0, None))
    ax.legend(loc="lower right", borderpad=0)


def caption(records) -> str:
    """What is seen, with the number of connections."""
    record = latest(records, "tsodyks-1998")
    n = record.array("depressing_20").shape[0]
    sweeps = record.parameters["sweeps"]["value"]
    return (
        f"Short-term plasticity (n = {n} connections of each kind, averages of {sweeps} sweeps). a, Depolarisation "
        "by regular trains: a depressing connection at 20 Hz, a facilitating one at 20 and 70 Hz. b, EPSCs "
        "relative to the first, mean and SD: depression, growth, and at 70 Hz a peak followed by decline. c, "
        "Stationary EPSC relative to the first against the rate: mean and SD, closed forms (lines), and the limit "
        "that falls as 1/rate (dotted). d, Rate times stationary EPSC of the depressing connection: at high "
        "rates the mean drive "
        "no longer tells the rate. The equations of release are built into the model."
    )


FIGURE = Figure(
    name="tsodyks-1998",
    title="Depression and facilitation in trains",
    caption=caption,
    needs=("tsodyks-1998",),
    draw=draw,
)
