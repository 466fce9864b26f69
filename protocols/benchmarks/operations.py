"""What a training reports of the operations that its network counted; the same for every model that counts them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sbp_brian.experiments.protocol import Context
from sbp_brian.training.checkpoints import Epoch
from sbp_brian.training.cost import until

__all__ = ["COUNTED", "LEVELS", "report"]

#: What is counted a sample: deliveries of events to synapses, weights visited by plasticity, reports to cells.
COUNTED = ("synaptic_operations", "weight_changes", "reports")
LEVELS = (0.80, 0.85, 0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985)


def report(context: Context, history: Sequence[Epoch], training_samples: int) -> None:
    """Arrays by epoch, the sum a training sample, and what was spent until a validation score was reached.

    Parameters
    ----------
    context : Context
    history : sequence of Epoch
        Whose ``per_sample`` holds what there is of `COUNTED`.
    training_samples : int
        Samples of an epoch.
    """
    counted = [name for name in COUNTED if name in history[-1].per_sample]
    found = {name: np.array([e.per_sample[name] for e in history]) for name in counted}
    if "weight_changes" not in found:
        return
    each = sum(found.values())
    for name, values in found.items():
        context.array(f"{name}_by_epoch", values)
    context.array("operations_by_epoch", each * training_samples)
    context.metric(
        "training_operations_per_sample",
        each[-1],
        provenance=f"{' + '.join(found)}, a training sample of the last epoch".replace("_", " "),
    )
    validation = [e.validation for e in history]
    reached = [(level, until(level, validation, each * training_samples)) for level in LEVELS]
    rows = [
        (f"{100 * level:g} %", spent, int(np.flatnonzero(np.array(validation) >= level)[0]) + 1)
        for level, spent in reached
        if np.isfinite(spent)
    ]
    if rows:
        context.table(
            "operations until a validation score was first reached, whole epochs",
            ("score", "operations", "epochs"),
            rows,
        )
