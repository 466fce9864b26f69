"""MNIST: accuracy by epoch, what the hidden cells spend, what is confused, and how the weights have moved."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import BLACK, BLUE, COLUMNS, GREY, ORANGE, VERMILION, Figure, label_panels, new

MARKERS = {
    "weighted/activity": "o",
    "weighted": "s",
    "change": "v",
    "relative": "^",
    "frozen": "x",
    "shuffled-labels": "+",
}
COLOURS = {
    "weighted/activity": VERMILION,
    "weighted": ORANGE,
    "change": BLUE,
    "relative": "#56B4E9",
    "frozen": GREY,
    "shuffled-labels": BLACK,
}


def arm(record) -> str:
    """How the hidden layer learned in this run."""
    name = record.parameters["arm"]["value"]
    return "weighted/activity" if name == "own" else name


def of_sbp(records):
    """The records of the network that learns by SBP; those of other models have figures of their own."""
    return [r for r in records if r.parameters.get("model", {"value": "sbp_network"})["value"] == "sbp_network"]


def groups(records) -> dict[str, list]:
    """Arm -> its runs that differ by nothing but the seed; the longest ones, of these the newest setting."""
    records = of_sbp(records)
    chosen: dict[str, list] = {}
    for record in sorted(records, key=lambda r: (len(r.array("epoch")), r.started)):
        same = [r for r in records if r.parameters == record.parameters and r.target == record.target]
        if (
            len(record.array("validation_accuracy_by_epoch"))
            and np.isfinite(record.array("validation_accuracy_by_epoch")).all()
        ):
            chosen[arm(record)] = sorted({r.seed: r for r in same}.values(), key=lambda r: r.seed)
    return {name: chosen[name] for name in COLOURS if name in chosen}


def lacks(records) -> str:
    """What is lacking, in words."""
    return "" if groups(records) else "mnist with model=sbp_network (sbp run mnist)"


def draw(records):
    """Four panels; the first two show every arm of which there are records, the others a learning one."""
    drawing, axes = new(COLUMNS, 112, nrows=2, ncols=2)
    curve, spent, confused, weights = axes.ravel()
    by_arm = groups(records)
    errors = []
    for name, runs in by_arm.items():
        style = {"color": COLOURS[name], "marker": MARKERS[name]}
        epoch = runs[0].array("epoch")
        for ax, array, change in (
            (curve, "validation_accuracy_by_epoch", lambda a: 100 * (1 - a)),
            (spent, "hidden_spikes_by_epoch", lambda a: a),
        ):
            values = change(np.array([run.array(array) for run in runs]))
            ax.plot(epoch, values.mean(0), label=name if ax is curve else None, **style)
            if len(runs) > 1:
                ax.fill_between(epoch, values.min(0), values.max(0), color=COLOURS[name], alpha=0.2, linewidth=0)
            if ax is curve:
                errors.append(values.ravel())
        test = 100 * (1 - np.mean([run.metric("test_accuracy")["value"] for run in runs]))
        curve.plot(epoch[-1] + 0.35, test, marker="*", color=COLOURS[name], markersize=7, linestyle="none")
    curve.set(xlabel="epoch", ylabel="validation error (%)", yscale="log")
    errors = np.concatenate(errors)
    wide = errors.max() > 20 * errors.min()
    marks = (1, 2, 5, 10, 20, 50, 90) if wide else (1, 1.5, 2, 3, 5, 10, 20, 50, 90)
    ticks = [t for t in marks if errors.min() / 1.4 <= t <= errors.max() * 1.4]
    curve.set_yticks(ticks, [f"{t:g}" for t in ticks])
    curve.minorticks_off()
    drawing.legend(
        loc="outside upper center",
        ncols=min(len(by_arm), 6),
        title="hidden layer learns by",
        columnspacing=1.4,
        handlelength=2.4,
    )
    spent.set(xlabel="epoch", ylabel="hidden spikes per sample", ylim=(0, None))
    longest = max(len(runs[0].array("epoch")) for runs in by_arm.values())
    for ax in (curve, spent):
        ax.set_xticks(range(1, longest + 1, 1 if longest <= 12 else longest // 6))

    shown = by_arm.get("weighted/activity", next(iter(by_arm.values())))[0]
    table = shown.array("confusion").astype(float)
    share = 100 * table / np.maximum(table.sum(1, keepdims=True), 1)
    np.fill_diagonal(share, np.nan)
    image = confused.imshow(share, cmap="Greys", vmin=0, aspect="auto")
    confused.set(xlabel="answer", ylabel="digit", xticks=range(10), yticks=range(10))
    confused.figure.colorbar(image, ax=confused, label="of the digit's images (%)")
    for (row, column), value in np.ndenumerate(share):
        if value >= 0.6:
            dark = value > 0.6 * np.nanmax(share)
            confused.text(
                column, row, f"{value:.1f}", ha="center", va="center", fontsize=7, color="white" if dark else "black"
            )

    for kind, colour, line in (("inputs", BLUE, "-"), ("outputs", ORANGE, "-")):
        edges = shown.array(f"weights_{kind}_edges")
        for when, dash, width in (("before", ":", 0.9), ("after", line, 1.3)):
            counts = shown.array(f"weights_{kind}_{when}").astype(float)
            density = counts / counts.sum() / np.diff(edges)
            density[counts == 0] = np.nan
            label = f"{kind}, {when}"
            weights.stairs(density, edges, color=colour, linestyle=dash, linewidth=width, label=label)
    weights.set(xlabel="weight", ylabel="density", yscale="log", ylim=(1e-4, 3e3))
    weights.set_yticks([1e-3, 1e-1, 1e1])
    weights.legend(ncol=2, loc="upper center", columnspacing=1.2, handlelength=1.6)
    label_panels(curve, spent, confused, weights)
    return drawing


def caption(records) -> str:
    """What is seen."""
    runs = groups(records)
    seeds = sorted({len(same) for same in runs.values()})
    over = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    shown = runs.get("weighted/activity", next(iter(runs.values())))[0]
    return (
        "A spiking network whose hidden layer learns by nothing but self-backpropagation, on MNIST. a, error on the "
        f"validation images after each epoch ({', '.join(runs)}; mean and range over {over} seed(s)); stars, mean "
        "error on the test images with the weights of the last epoch. b, spikes of the hidden layer per image. "
        "c, confusions on the test images (diagonal left out) and d, weights before and after learning, both for "
        f"{arm(shown)}, seed {shown.seed}."
    )


FIGURE = Figure(
    name="mnist-learning",
    title="MNIST learned by self-backpropagation",
    caption=caption,
    needs=("mnist",),
    draw=draw,
    lacks=lacks,
)
