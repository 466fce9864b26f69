"""The published parameters of the triplet rule against the experiments that they were fitted to.

Sixty pairs of spikes at five rates, in visual cortex: Sjostrom, Turrigiano & Nelson 2001, Neuron 32:1149,
doi:10.1016/S0896-6273(01)00542-6. The values, mean and standard error of the relative change, are those of public
transcriptions, not read in the paper. No trace and no code of the rule takes part, only its parameters.
"""

import inspect

import numpy as np
import pytest
from brian2 import second

from sbp_brian.plasticity import TRIPLET_SETS, triplet_stdp
from tests import reference

#: Rate in Hz -> (mean, standard error) for the presynaptic spike 10 ms before, and 10 ms after.
MEASURED = {
    0.1: ((-0.04, 0.05), (-0.29, 0.08)),
    10: ((0.14, 0.10), (-0.41, 0.11)),
    20: ((0.29, 0.14), (-0.34, 0.10)),
    40: ((0.53, 0.11), (0.56, 0.32)),
    50: ((0.56, 0.26), (0.75, 0.19)),
}
SHORT = {"a2p": "A2_plus", "a3p": "A3_plus", "a2m": "A2_minus", "a3m": "A3_minus"}
DEFAULTS = {name: parameter.default for name, parameter in inspect.signature(triplet_stdp).parameters.items()}


def error(**given):
    """Mean squared distance from the means, in standard errors: about 1 where a model is as good as the experiment."""
    p = {**DEFAULTS, **given}
    times = {name: float((p[name] or 1 * second) / second) for name in ("tau_plus", "tau_minus", "tau_x", "tau_y")}
    amplitudes = {short: p[name] for short, name in SHORT.items()}
    squares = []
    for rate, both in MEASURED.items():
        pre = 1 + np.arange(60) / rate
        for late, (mean, sem) in zip((0.010, -0.010), both, strict=True):
            w = reference.triplet(1.0, pre, pre + late, **amplitudes, **times, low=-9, high=9, nearest=False)
            squares.append(((w - 1 - mean) / sem) ** 2)
    return np.mean(squares)


@pytest.mark.parametrize("name", ["visual cortex", "visual cortex, minimal"])
def test_the_sets_of_visual_cortex_describe_its_pairs_at_five_rates(name):
    assert error(**TRIPLET_SETS[name]) < 0.4


@pytest.mark.parametrize("name", ["A3_plus", "A2_minus", "tau_y"])
def test_they_are_near_the_best(name):
    """Half as much, or twice as much, of one parameter describes them worse than the experiment's own error."""
    given = TRIPLET_SETS["visual cortex, minimal"]
    assert min(error(**{**given, name: factor * given[name]}) for factor in (0.5, 2)) > 1


def test_without_triplets_the_order_of_spikes_alone_counts_at_every_rate():
    """The control: what the rule is for. Pairs cannot have depression at 20 Hz become potentiation at 40 Hz."""
    assert error(**{**TRIPLET_SETS["visual cortex"], "A2_plus": 7e-3, "A3_plus": 0.0, "A3_minus": 0.0}) > 3


def test_the_defaults_are_the_set_of_hippocampus():
    given = TRIPLET_SETS["hippocampus"]
    assert {name: DEFAULTS[name] for name in given} == dict(given)
