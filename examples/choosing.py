"""Brian2's own classes, or what a `RetrogradeSBP` has in their place."""

from __future__ import annotations

from functools import partial

from brian2 import NeuronGroup, Synapses

__all__ = ["neurons", "reporting", "synapses"]


def neurons(sbp):
    """What makes cells: `brian2.NeuronGroup` without SBP."""
    return NeuronGroup if sbp is None else sbp.neurons


def synapses(sbp, **roles):
    """What makes synapses: `brian2.Synapses` without SBP. The roles are ``emits``, ``receives``, ``weight``."""
    return Synapses if sbp is None else partial(sbp.synapses, **roles)


def reporting(sbp):
    """What makes given synapses report what others change in them: nothing without SBP."""
    return (lambda made: None) if sbp is None else sbp.reporting
