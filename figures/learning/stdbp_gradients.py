"""Why gradients of spike times fail: a spike that is all or none, a slope near zero, a potential that decays.

Panels a to c are computed here from the kernels alone; panel d is read from a record.
"""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, label_panels, new, without_empty
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, GREEN, GREY, VERMILION
from sbp_brian.report.learning import NETWORKS, learning

CELLS, INPUTS, END, STEP = 600, 30, 6.0, 0.01
#: Layer whose slopes a record holds -> its name and colour.
LAYERS_READ = {"hidden1": ("hidden", BLUE), "output": ("output", VERMILION)}
KERNELS = {
    "ReL-PSP": (VERMILION, lambda s: s * (s > 0)),
    "alpha": (BLUE, lambda s: s * np.exp(1 - s) * (s > 0)),
    "exponential": (GREEN, lambda s: np.exp(-np.maximum(s, 0)) * (s > 0)),
}


def first_crossings(kernel, weights, times):
    """First crossing of threshold 1 on the way up and the slope there, of each row of weights; NaN where there is none.

    Parameters
    ----------
    kernel : callable
    weights, times : ndarray, shape (cells, inputs)
        Weights, and times of the inputs (tau).
    """
    cells = len(weights)
    crossing, slope, before = np.full(cells, np.nan), np.full(cells, np.nan), np.zeros(cells)
    for t in np.arange(STEP, END, STEP):
        v = (weights * kernel(t - times)).sum(1)
        new_ones = np.isnan(crossing) & (before < 1) & (v >= 1)
        crossing[new_ones], slope[new_ones] = t, (v[new_ones] - before[new_ones]) / STEP
        before = v
    return crossing, slope


def population(mean, spread_of_times, seed=0):
    """Random cells: weights normal, mean `mean`/inputs, as wide as makes them compete; times uniform."""
    rng = np.random.default_rng(seed)
    weights = mean / INPUTS + rng.standard_normal((CELLS, INPUTS)) * 1.5 / np.sqrt(INPUTS)
    return weights, rng.uniform(0, spread_of_times, (CELLS, INPUTS))


def tail(ax, values, **style):
    """The share of values above each."""
    values = np.sort(values)
    ax.plot(values, 1 - np.arange(len(values)) / len(values), **style)


def draw(records):
    """Three causes and what a trained network has of the second."""
    drawing, axes = new(COLUMNS, 105, nrows=2, ncols=2)
    jump, steep, silent, trained = axes.ravel()
    _jump(jump)
    _steep(steep)
    _silent(silent)
    record, numbers = chosen(records), {steep: CELLS, silent: CELLS}
    if record is not None:
        _trained(trained, record)
        numbers[trained] = {int((record.array(f"slopes_{layer}") > 0).sum()) for layer in LAYERS_READ} - {0}
    label_panels(*without_empty(axes), n=numbers)
    return drawing


def _jump(ax) -> None:
    """A spike by a given time, the time of the spike, and its derivative, against the weight."""
    w = np.linspace(0.25, 2, 600)
    ax.plot(w, w * 2 >= 1, color=BLACK, linestyle="-", label=r"spike by $2\tau$ (0 or 1)")
    ax.plot(w, 1 / w, color=VERMILION, linestyle="-", label=r"spike time $\theta/w$ ($\tau$)")
    at = 0.8
    near = np.array([0.55, 1.05])
    ax.plot(near, 1 / at - (near - at) / at**2, color=GREY, linestyle="--", label="its derivative at w = 0.8")
    ax.set(xlabel="weight of the input", ylabel="output of a ReL-PSP cell", ylim=(-0.1, 4.2), title="spike or none")
    ax.legend()


def _steep(ax) -> None:
    """How far spikes of random cells move for a change of the potential."""
    weights, times = population(3.0, 1.0)
    sums = np.linspace(0.5, 4, CELLS)[:, None]
    excitatory = np.random.default_rng(1).uniform(0, 2, weights.shape) * sums / INPUTS
    for name, (colour, kernel) in KERNELS.items():
        if name == "exponential":  # jumps over the threshold at an input: no slope on the way up
            continue
        for kind, drawn, line in (("all weights positive", excitatory, "-"), ("both signs", weights, ":")):
            slope = first_crossings(kernel, drawn, times)[1]
            tail(ax, 1 / slope[slope > 0], color=colour, linestyle=line, label=f"{name}, {kind}")
    ax.set(
        xlabel=r"|dt/dV| at the crossing ($\tau$)",
        ylabel="share of spikes above",
        xscale="log",
        yscale="log",
        ylim=(1e-3, 1.2),
        xlim=(0.1, 300),
        title="steep where the slope is small",
    )
    ax.legend()


def _silent(ax) -> None:
    """The share of cells that never spike against the sum of their weights."""
    means = np.linspace(0, 6, 7)
    for name, (colour, kernel) in KERNELS.items():
        found = [np.isnan(first_crossings(kernel, *population(mean, 4.0))[0]).mean() for mean in means]
        ax.plot(means, 100 * np.array(found), color=colour, linestyle="-", marker="o", markersize=3, label=name)
    ax.set(
        xlabel="sum of the weights (mean over cells)",
        ylabel="cells that never spike (%)",
        ylim=(0, 100),
        title="cells that stay silent",
    )
    ax.legend()


def _trained(ax, record) -> None:
    """The same as `_steep`, of the hidden and output cells of a trained network."""
    for layer, (label, colour) in LAYERS_READ.items():
        slope = record.array(f"slopes_{layer}")
        if (slope > 0).any():
            tail(ax, 1 / slope[slope > 0], color=colour, linestyle="-", label=label)
    bound = 1 / record.array("least_slope")[0]
    ax.axvline(bound, color=GREY, linestyle=":")
    ax.text(0.93 * bound, 0.97, "bound on 1/W", ha="right", va="top", color=GREY)
    ax.set(
        xlabel=r"|dt/dV| at the crossing ($\tau$)",
        ylabel="share of spikes above",
        xscale="log",
        ylim=(0, 1.05),
        title=f"after learning: {record.protocol}",
    )
    ends = [line.get_xdata()[[0, -1]] for line in ax.lines[:-1]] + [[bound, bound]]
    low, high = 0.7 * min(e[0] for e in ends), 1.5 * max(e[1] for e in ends)
    ax.set_xticks(
        ticks := [at for at in (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100) if low < at < high],
        [f"{at:g}" for at in ticks],
    )
    ax.set_xlim(low, high)
    ax.minorticks_off()
    ax.legend(loc="center", bbox_to_anchor=(0.62, 0.6))


def chosen(records):
    """The newest record of a trained network that holds its slopes."""
    return next(
        (r for r in records if "slopes_hidden1" in r.array_info and learning(r) == NETWORKS["stdbp"].learning),
        None,
    )


def caption(records) -> str:
    """What is seen."""
    record = chosen(records)
    trained = (
        f" d, as b in hidden and output cells of the network trained on {record.protocol}, for one sample; dotted, the "
        "bound of learning."
        if record
        else ""
    )
    return (
        "Three causes for which learning by spike times fails, and what the ramp does about them. a, whether a cell "
        "spikes by a given time is a step, whose derivative is zero almost everywhere; the time of the spike is smooth "
        f"in the weight. b, how far a spike moves for a change of the potential, in {CELLS} random cells of {INPUTS} "
        "inputs within one tau: with positive weights an alpha-shaped potential may cross near its maximum, a ramp "
        "only gets steeper; with both signs the ramp has small slopes as well, which is why learning bounds 1/W. (An "
        "exponential potential jumps over the threshold.) c, cells that do not spike within "
        f"{END:g} tau, inputs spread over four: a potential that decays is gone before the next input comes, a ramp "
        f"stays.{trained}"
    )


FIGURE = Figure(
    name="stdbp-gradients",
    title="Why gradients of spike times fail, and where they do not",
    caption=caption,
    needs=(),
    uses=("mnist", "yin-yang", "fashion-mnist"),
    draw=draw,
)
