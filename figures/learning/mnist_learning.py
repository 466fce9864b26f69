"""MNIST: accuracy by epoch, what the hidden cells spend, what is confused, and how the weights have moved."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, label_panels, new
from sbp_brian.figures.style import BLACK, BLUE, COLUMNS, LOOKS, ORANGE, SOFT, WHITE, colour, look
from sbp_brian.report.learning import NETWORKS, learning, model, usual
from sbp_brian.report.together import groups, one_a_seed, setting

__all__ = ["FIGURE", "longest"]

OWN = NETWORKS["sbp_network"].learning


def longest(records) -> dict[str, list]:
    """Way of learning of the SBP network -> its runs, one a seed: the setting of most epochs, of these the newest."""
    found = [r for r in records if model(r) == "sbp_network" and _validated(r)]
    chosen = {}
    for runs in groups(found, key=learning, of=lambda r: setting(r, ("learning",), usual(r))).values():
        for name, same in runs.items():
            newest = max((len(r.array("epoch")), r.started) for r in same)
            if name not in chosen or newest > chosen[name][0]:
                chosen[name] = newest, one_a_seed(same)
    return {name: chosen[name][1] for name in LOOKS if name in chosen}


def _validated(record) -> bool:
    curve = record.array("validation_accuracy_by_epoch")
    return bool(len(curve) and np.isfinite(curve).all())


def lacks(records) -> str:
    """What is lacking, in words."""
    return "" if longest(records) else "mnist with model=sbp_network (sbp run mnist)"


def draw(records):
    """Four panels; the first two show every way of learning of which there are records, the others one that learns."""
    drawing, axes = new(COLUMNS, 112, nrows=2, ncols=2)
    curve, spent, confused, weights = axes.ravel()
    found = longest(records)
    _errors(curve, found)
    for name, runs in found.items():
        _band(spent, runs[0].array("epoch"), np.array([run.array("hidden_spikes_by_epoch") for run in runs]), name)
    spent.set(xlabel="epoch", ylabel="hidden spikes per sample", ylim=(0, None))
    drawing.legend(
        *curve.get_legend_handles_labels(),
        loc="outside upper center",
        ncols=min(len(found), 6),
        title="hidden layer learns by",
        columnspacing=1.4,
        handlelength=2.4,
    )
    epochs = max(len(runs[0].array("epoch")) for runs in found.values())
    for ax in (curve, spent):
        ax.set_xticks(range(1, epochs + 1, 1 if epochs <= 12 else epochs // 6))
        ax.set_xlim(1 - 0.05 * epochs, epochs + max(0.6, 0.08 * epochs))
    shown = found.get(OWN, next(iter(found.values())))[0]
    _confusions(confused, shown.array("confusion").astype(float))
    _weights(weights, shown)
    seeds = {len(runs) for runs in found.values()}
    label_panels(curve, spent, confused, weights, n=(seeds, seeds, 1, 1))
    return drawing


def _band(ax, epoch, values, name, label=None) -> None:
    """Mean over runs by epoch, and their range."""
    ax.plot(epoch, values.mean(0), label=label, **look(name))
    if len(values) > 1:
        ax.fill_between(epoch, values.min(0), values.max(0), color=colour(name), alpha=0.2, linewidth=0)


def _errors(ax, found) -> None:
    """Validation error by epoch, and the mean test error as a star."""
    errors = []
    for name, runs in found.items():
        epoch = runs[0].array("epoch")
        values = 100 * (1 - np.array([run.array("validation_accuracy_by_epoch") for run in runs]))
        _band(ax, epoch, values, name, label=name)
        errors.append(values.ravel())
        test = 100 * (1 - np.mean([run.metric("test_accuracy")["value"] for run in runs]))
        ax.plot(epoch[-1] + 0.35, test, marker="*", color=colour(name), markersize=7, linestyle="none")
    star = ax.plot([], [], marker="*", color=SOFT, markersize=7, linestyle="none")
    ax.legend(star, ["on the test images"], loc="upper right", handletextpad=0.3)
    ax.set(xlabel="epoch", ylabel="validation error (%)", yscale="log")
    errors = np.concatenate(errors)
    wide = errors.max() > 20 * errors.min()
    marks = (1, 2, 5, 10, 20, 50, 90) if wide else (1, 1.5, 2, 3, 5, 10, 20, 50, 90)
    ticks = [t for t in marks if errors.min() / 1.4 <= t <= errors.max() * 1.4]
    ax.set_yticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()


def _confusions(ax, table) -> None:
    """Wrong answers by digit, in percent of its images."""
    share = 100 * table / np.maximum(table.sum(1, keepdims=True), 1)
    np.fill_diagonal(share, np.nan)
    image = ax.imshow(share, cmap="Greys", vmin=0, aspect="auto")
    ax.set(xlabel="answer", ylabel="digit", xticks=range(10), yticks=range(10))
    ax.figure.colorbar(image, ax=ax, label="of the digit's images (%)")
    for (row, column), value in np.ndenumerate(share):
        if value >= 0.6:
            dark = value > 0.6 * np.nanmax(share)
            ax.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=7, color=WHITE if dark else BLACK)


def _weights(ax, record) -> None:
    """Densities of input and output weights before and after learning."""
    for kind, colour_of in (("inputs", BLUE), ("outputs", ORANGE)):
        edges = record.array(f"weights_{kind}_edges")
        for when, dash, width in (("before", ":", 0.9), ("after", "-", 1.3)):
            counts = record.array(f"weights_{kind}_{when}").astype(float)
            density = counts / counts.sum() / np.diff(edges)
            density[counts == 0] = np.nan
            label = f"{kind}, {when}"
            ax.stairs(density, edges, color=colour_of, linestyle=dash, linewidth=width, label=label)
    ax.set(xlabel="weight", ylabel="density", yscale="log", ylim=(1e-4, 3e3))
    ax.set_yticks([1e-3, 1e-1, 1e1])
    ax.legend(ncol=2, loc="upper center", columnspacing=1.2, handlelength=1.6)


def caption(records) -> str:
    """What is seen."""
    runs = longest(records)
    seeds = sorted({len(same) for same in runs.values()})
    over = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    shown = runs.get(OWN, next(iter(runs.values())))[0]
    return (
        "A spiking network whose hidden layer learns by nothing but self-backpropagation, on MNIST. a, error on the "
        f"validation images after each epoch ({', '.join(runs)}; mean and range over {over} seed(s)); stars, mean "
        "error on the test images with the weights of the last epoch. b, spikes of the hidden layer per image. "
        "c, confusions on the test images (diagonal left out) and d, weights before and after learning, both for "
        f"{learning(shown)}, seed {shown.seed}."
    )


FIGURE = Figure(
    name="mnist-learning",
    title="MNIST learned by self-backpropagation",
    caption=caption,
    needs=("mnist",),
    draw=draw,
    lacks=lacks,
)
