"""Testing with the mean of the weights after each of the last epochs."""

from __future__ import annotations

from sbp_brian.experiments.protocol import Context
from sbp_brian.training.spiking import Training

__all__ = ["take_mean"]


def take_mean(context: Context, training: Training, done: int, wanted: int) -> int:
    """Replace what `done` epochs taught by the mean over the last `wanted` of them, or all; note it; their number."""
    last = min(wanted, done)
    if last > 1:
        training.learned = training.checkpoints.mean(done - last + 1, done)
        context.note(f"tested with the mean of the weights after each of the last {last} epochs")
    return last
