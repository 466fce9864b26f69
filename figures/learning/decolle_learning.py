"""Local learning by DECOLLE: accuracy of every layer over training and on the test set, beside its controls."""

from __future__ import annotations

import numpy as np
from matplotlib.ticker import MaxNLocator

from sbp_brian.figures.base import BLACK, BLUE, COLUMNS, GREEN, GREY, ORANGE, VERMILION, Figure, label_panels, new
from sbp_brian.figures.learning.sbp import absent

COLOURS = (BLUE, VERMILION, GREEN, ORANGE)
ARMS = ("local", "convolutions", "time shuffled", "frozen", "shuffled-labels")


def ours(records):
    """Records of model=decolle by task and arm; of one task and arm those with most presentations."""
    found = {}
    for record in records:
        model = record.parameters.get("model", {"value": ""})["value"]
        if model not in ("decolle", "decolle_conv"):
            continue
        arm = record.parameters["arm"]["value"].replace("own", "local")
        if model == "decolle_conv":
            if arm != "local":
                continue
            arm = "convolutions"
        if record.parameters.get("shuffle_time", {"value": False})["value"]:
            arm = "time shuffled"
        found.setdefault(record.protocol, {}).setdefault(arm, []).append(record)
    return found


def lacks(records) -> str:
    """What is lacking, in words."""
    return "" if ours(records) else "mnist with model=decolle, or nmnist (sbp run mnist -s model=decolle)"


def value(record, name):
    """A metric's value."""
    return record.metric(name)["value"]


def largest(records):
    """The seeds of one experiment, the newest record of each: the experiment with the most presentations."""
    most = max(records, key=lambda r: (value(r, "presentations"), r.started))
    same = [r for r in records if r.parameters == most.parameters and r.target == most.target]
    return sorted({r.seed: r for r in sorted(same, key=lambda r: r.started)}.values(), key=lambda r: r.seed)


def draw(records):
    """For each task: validation accuracy by layer over epochs, test accuracy by layer and control."""
    tasks = ours(records)
    drawing, axes = new(COLUMNS, 55 * len(tasks), nrows=len(tasks), ncols=2, squeeze=False)
    for (curve, bars), (task, arms) in zip(axes, sorted(tasks.items()), strict=True):
        for record in largest(arms.get("local", [])) if "local" in arms else []:
            by_epoch = record.array("validation_accuracy_by_epoch_and_layer")
            for k in range(by_epoch.shape[1] if by_epoch.ndim == 2 else 0):
                curve.plot(
                    record.array("epoch"),
                    100 * by_epoch[:, k],
                    color=COLOURS[k],
                    marker="o",
                    markersize=3,
                    linestyle="-",
                    alpha=0.7,
                    label=f"layer {k + 1}",
                )
        handles, labels = curve.get_legend_handles_labels()
        shown = dict(zip(labels, handles, strict=True))
        curve.set_title(task)
        if shown:
            curve.legend(shown.values(), shown.keys(), loc="lower right")
            curve.xaxis.set_major_locator(MaxNLocator(integer=True))
            curve.set(xlabel="epoch", ylabel="validation accuracy (%)")
        else:
            absent(curve, "learning with validation in dense layers:\nnot run")
        names, place = [], 0
        present = [arm for arm in ARMS if arm in arms]
        for arm in present:
            same = largest(arms[arm])
            layers = np.array([r.array("test_accuracy_by_layer") for r in same])
            for k in range(layers.shape[1]):
                bars.bar(place + 0.35 * k, 100 * layers[:, k].mean(), 0.32, color=COLOURS[k])
                bars.plot(np.full(len(layers), place + 0.35 * k), 100 * layers[:, k], "k.", markersize=3)
            names.append((place + 0.35 * (layers.shape[1] - 1) / 2, arm))
            place += 1 + 0.35 * (layers.shape[1] - 2)
        if present[0] != "shuffled-labels":  # there the baselines saw shuffled labels too
            some = largest(arms[present[0]])[0]
            for name, style in (("linear_softmax", "--"), ("nearest_mean", ":")):
                bars.axhline(
                    100 * value(some, f"{name}_accuracy"),
                    color=BLACK,
                    linestyle=style,
                    linewidth=0.8,
                    label=name.replace("_", " "),
                )
        bars.axhline(10, color=GREY, linewidth=0.8, linestyle="-", label="chance")
        bars.set_xticks([x for x, _ in names], [name for _, name in names])
        bars.set(ylabel="test accuracy (%)", ylim=(0, 100))
        bars.legend(fontsize=6, ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
    label_panels(*axes.ravel())
    return drawing


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
