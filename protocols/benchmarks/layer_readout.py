"""What a layer's spikes tell: a linear classifier fitted to them, of layers that have learned or are frozen.

A readout that is fixed and random is right by chance before its layer has learned: that a frozen layer scores a tenth
on ten classes says nothing about it. A classifier that is fitted to the spikes is the fair control, with the same
classifier on layers that have learned beside it.
"""

from __future__ import annotations

import numpy as np

from sbp_brian.experiments.protocol import Context
from sbp_brian.protocols.benchmarks.learning import Outcome
from sbp_brian.training.baselines import chosen_softmax
from sbp_brian.training.counts import count_spikes

__all__ = ["bins", "report"]

#: The most parts of a sample whose spikes are counted apart, where inputs are events.
MOST = 10


def bins(steps: int) -> int:
    """Parts of a sample of so many steps: the most, up to `MOST`, that divide it."""
    return max(parts for parts in range(1, MOST + 1) if steps % parts == 0)


def report(context: Context, outcome: Outcome) -> None:
    """Score of a linear softmax on each layer's spike counts, and where inputs are events on the counts in parts, too.

    Its decay is chosen on validation samples (`chosen_softmax`), test samples are named once. Metrics begin with
    ``frozen_`` where the network does not learn, else with ``trained_``.
    """
    training, network, samples = outcome.training, outcome.plan.network, outcome.plan.samples
    layers, kind = network.names[1:], "frozen" if network.learning == "frozen" else "trained"
    parts = bins(network.steps) if network.encoding == "spikes" else 1
    rows = np.concatenate([samples.training, samples.validation, samples.test])
    labels, ends = samples.labels[rows], np.cumsum([0, *map(len, (samples.training, samples.validation, samples.test))])
    learns, held, tested = (np.arange(*ends[k : k + 2]) for k in range(3))
    with context.progress(f"counting spikes, {len(rows):,} samples") as bar:
        counts = count_spikes(
            training.model,
            samples,
            rows,
            training.learned,
            layers,
            parts=parts,
            target=context.target,
            seed=context.seed,
            progress=bar,
        )
    forms = {"": "a sample"} | ({"in_time_": f"each of {parts} parts of a sample"} if parts > 1 else {})
    with context.progress("fitting classifiers to spikes") as bar:
        for k, layer in enumerate(layers, 1):
            for form, told in forms.items():
                x = counts[layer].reshape(len(rows), -1) if form else counts[layer].sum(1)
                answer, decay = chosen_softmax(x, labels, samples.classes, learns, held)
                right = float((answer(x[tested]) == labels[tested]).mean())
                context.metric(
                    f"{kind}_readout_{form}layer{k}_accuracy",
                    right,
                    standard_error=(right * (1 - right) / len(tested)) ** 0.5,
                    n=len(tested),
                    provenance=f"linear softmax on the spikes of each cell in {told}; decay {decay:g} of five, "
                    + ("chosen on validation samples" if len(held) else "chosen on a fifth of the training samples"),
                )
            bar(k / len(layers))
