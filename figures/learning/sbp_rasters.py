"""Spikes of the hidden and output cells for three images, before and after learning."""

from __future__ import annotations

import numpy as np

from sbp_brian.figures.base import Figure, new
from sbp_brian.figures.style import BLACK, COLUMNS, VERMILION, label
from sbp_brian.report.learning import NETWORKS, learning, model

__all__ = ["FIGURE"]


def chosen(records):
    """The record with spikes that is shown: SBP before controls, the most training samples, the newest."""
    with_spikes = [r for r in records if "raster_hidden_after" in r.array_info]
    return max(
        with_spikes,
        default=None,
        key=lambda r: (
            model(r) == "sbp_network" and learning(r) == NETWORKS["sbp_network"].learning,
            r.metric("train_samples")["value"],
            r.started,
        ),
    )


def lacks(records) -> str:
    """What is lacking, in words."""
    return "" if chosen(records) else "mnist with spikes (sbp run mnist -s raster=yes, or --full)"


def draw(records):
    """Columns: images before, images after; above the hidden cells, below the output cells."""
    record = chosen(records)
    labels = record.array("raster_labels")
    n = len(labels)
    drawing, axes = new(COLUMNS, 104, nrows=2, ncols=2 * n, sharex=True, sharey="row", height_ratios=(3, 1))
    end = max(
        record.array(f"raster_{layer}_{when}")[1].max(initial=1)
        for layer in ("hidden", "output")
        for when in ("before", "after")
    )
    for column, (when, image) in enumerate((w, i) for w in ("before", "after") for i in range(n)):
        for row, layer, size in ((0, "hidden", 0.6), (1, "output", 9.0)):
            ax = axes[row, column]
            shown, t, cell = record.array(f"raster_{layer}_{when}")
            at = shown == image
            if layer == "hidden":
                ax.plot(t[at], cell[at], ".", color=BLACK, markersize=size, markeredgewidth=0.3, linestyle="none")
            else:
                right = cell[at] == labels[image]
                ax.plot(t[at][~right], cell[at][~right], "|", color=BLACK, markersize=4, linestyle="none")
                ax.plot(t[at][right], cell[at][right], "D", color=VERMILION, markersize=3, linestyle="none")
                ax.axhline(labels[image], color=VERMILION, linewidth=0.5, linestyle=":")
                ax.set(ylim=(-0.7, 9.7), yticks=range(0, 10, 3))
            ax.set_xlim(0, np.ceil(end))
            if row == 0:
                ax.set_title(f"{when}\nimage of {labels[image]}\n{at.sum():,} spike{'s' if at.sum() != 1 else ''}")
    axes[0, 0].set_ylabel("hidden cell")
    axes[1, 0].set_ylabel("output cell")
    drawing.supxlabel("time since the onset of the image (ms)", fontsize=8)
    return drawing


def caption(records) -> str:
    """What is seen."""
    record = chosen(records)
    return (
        f"Spikes for three test images before and after learning ({label(learning(record))}, seed {record.seed}, "
        f"{len(record.array('epoch'))} epochs of {record.metric('train_samples')['value']:,} images), shown "
        "without a teacher. Above, every spike of the hidden cells; below, of the output cells, those of the right "
        "class as orange diamonds on the dotted line."
    )


FIGURE = Figure(
    name="sbp-rasters",
    title="Spikes before and after learning",
    caption=caption,
    needs=("mnist",),
    draw=draw,
    lacks=lacks,
)
