"""Local learning by DECOLLE: accuracy of every layer over training and on the test set, beside its controls."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from sbp_brian.figures.base import Figure, label_panels, new, without_empty
from sbp_brian.figures.style import BLACK, COLUMNS, GREY, LAYERS
from sbp_brian.report.learning import SHUFFLED, learning, model
from sbp_brian.report.together import groups, one_a_seed, setting, value

__all__ = ["FIGURE", "by_control"]

#: The network that learns, then its controls, in the order of the bars.
SHOWN = ("local", "convolutions", "time shuffled", "frozen", SHUFFLED)


def which(record) -> str | None:
    """Which bar a record belongs to: how its layers learned, or what else is particular; None where it is not shown."""
    if model(record) == "decolle_conv" and learning(record) != "local":
        return None
    if value(record, "shuffle_time", False):
        return "time shuffled"
    return "convolutions" if model(record) == "decolle_conv" else learning(record)


def by_control(records):
    """Task -> bar -> its runs, one a seed: those of the setting with most presentations, then the newest."""
    ours = [r for r in records if model(r) in ("decolle", "decolle_conv") and which(r) in SHOWN]
    found = groups(ours, key=which, of=lambda r: r.protocol)
    return {task: {name: largest(same) for name, same in bars.items()} for task, bars in found.items()}


def largest(records):
    """The seeds of one experiment, the newest record of each: the experiment with the most presentations."""
    most = max(records, key=lambda r: (r.metric("presentations")["value"], r.started))
    return one_a_seed(r for r in records if setting(r) == setting(most))


def lacks(records) -> str:
    """What is lacking, in words."""
    return "" if by_control(records) else "mnist with model=decolle, or nmnist (sbp run mnist -s model=decolle)"


def draw(records):
    """For each task: validation accuracy by layer over epochs, test accuracy by layer and control."""
    tasks, numbers = by_control(records), {}
    drawing, axes = new(COLUMNS, 55 * len(tasks), nrows=len(tasks), ncols=2, squeeze=False)
    for (curves, bars), (task, found) in zip(axes, sorted(tasks.items()), strict=True):
        _curves(curves, found.get("local", ()))
        (curves if curves.has_data() else bars).set_title(task, y=1.02 if curves.has_data() else 1.1)
        _bars(bars, {name: found[name] for name in SHOWN if name in found})
        numbers |= {curves: len(found.get("local", ())), bars: {len(same) for same in found.values()}}
    label_panels(*without_empty(axes), n=numbers)
    return drawing


def _curves(ax, runs) -> None:
    """Validation accuracy of each layer by epoch, a line a seed."""
    for record in runs:
        by_epoch = record.array("validation_accuracy_by_epoch_and_layer")
        for k in range(by_epoch.shape[1] if by_epoch.ndim == 2 else 0):
            ax.plot(
                record.array("epoch"),
                100 * by_epoch[:, k],
                color=LAYERS[k],
                marker="o",
                markersize=3,
                linestyle="-",
                alpha=0.7,
                label=f"layer {k + 1}",
            )
    handles, labels = ax.get_legend_handles_labels()
    shown = dict(zip(labels, handles, strict=True))
    if not shown:
        return
    ax.legend(shown.values(), shown.keys(), loc="lower right")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.set(xlabel="epoch", ylabel="validation accuracy (%)")


def _bars(ax, found) -> None:
    """Test accuracy of each layer by control, beside classifiers without hidden cells."""
    names, place = [], 0
    for name, same in found.items():
        layers = np.array([r.array("test_accuracy_by_layer") for r in same])
        for k in range(layers.shape[1]):
            ax.bar(place + 0.35 * k, 100 * layers[:, k].mean(), 0.32, color=LAYERS[k])
            ax.plot(np.full(len(layers), place + 0.35 * k), 100 * layers[:, k], "k.", markersize=3)
        names.append((place + 0.35 * (layers.shape[1] - 1) / 2, name))
        place += 1 + 0.35 * (layers.shape[1] - 2)
    first = next(iter(found))
    if first != SHUFFLED:  # there the baselines saw shuffled labels too
        for name, style in (("linear_softmax", "--"), ("nearest_mean", ":")):
            ax.axhline(
                100 * found[first][0].metric(f"{name}_accuracy")["value"],
                color=BLACK,
                linestyle=style,
                linewidth=0.8,
                label=name.replace("_", " "),
            )
    ax.axhline(10, color=GREY, linewidth=0.8, linestyle="-", label="chance")
    ax.set_xticks([x for x, _ in names], [name for _, name in names])
    ax.set(ylabel="test accuracy (%)", ylim=(0, 100))
    ax.legend(fontsize=6, ncols=3, loc="lower right", bbox_to_anchor=(1, 1.07))


FIGURE = Figure(
    name="decolle-learning",
    title="Accuracy of every layer under local learning",
    caption="Left, accuracy of the readout of each layer on validation samples, one line a seed. Right, test accuracy "
    "by layer (colours as on the left; bars: mean over seeds, dots: seeds), with controls, beside classifiers "
    "without hidden cells on the samples of the leftmost bars.",
    needs=(),
    uses=("mnist", "nmnist", "dvsgesture"),
    draw=draw,
    lacks=lacks,
)
