"""What holds for any trains and any parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.rules import SynapseRule
from tests.reference.small_networks import STATIC, connected, group, on_numpy, run

STEPS, N_IN, N = 40, 12, 2
RULE = SynapseRule(
    "w : 1\ndx/dt = -x/(10*ms) : 1 (event-driven)\ndy/dt = -y/(10*ms) : 1 (event-driven)",
    on_pre={"pre": "x += 1\nw = clip(w - 0.3*y, 0, 3)"},
    on_post={"post": "y += 1\nw = clip(w + 0.4*x, 0, 3)"},
)
SLOW = settings(max_examples=5, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # no shrinking
seeds = st.integers(0, 10**6)


@pytest.fixture(autouse=True, scope="module")
def numpy_target():
    with on_numpy():
        yield


def spread(sbp, seed, w=None, order=None, rate=0.2):
    """Input weights and output weights after random trains; `order` permutes the way in which inputs are connected."""
    rng = np.random.default_rng(seed)
    spikes = [rng.random((STEPS, n)) < rate for n in (N_IN, N, N)]
    source, cells, target = group(spikes[0]), group(spikes[1], sbp), group(spikes[2])
    pre, post = np.indices((N_IN, N)).reshape(2, -1)
    w = rng.uniform(-1, 1, len(pre)) if w is None else w
    order = np.arange(len(pre)) if order is None else order
    inputs = connected(sbp.receiving(STATIC), source, cells, w=w[order], i=pre[order], j=post[order], name="inputs")
    outputs = connected(sbp.emitting(RULE), cells, target, w=0.5)
    run(STEPS, source, cells, target, inputs, outputs, sbp.operation(cells))
    found = np.empty(len(pre))
    found[order] = inputs.w[:]
    return w, found, np.array(outputs.w[:])


@given(seeds, st.floats(0, 5), st.floats(0.01, 0.99), st.floats(0.01, 3), st.floats(0, 1))
@SLOW
def test_saturating_keeps_its_bounds_and_the_sign(seed, rate, lower, upper, train_rate):
    sbp = RetrogradeSBP(expression="saturating", rate=rate, lower=lower, upper=upper)
    w0, w, _ = spread(sbp, seed, rate=train_rate)
    relative = w / w0 - 1
    assert np.all(relative <= upper * (1 + 1e-9))
    assert np.all(relative >= -lower * (1 + 1e-9))
    assert np.all(np.sign(w) == np.sign(w0))
    assert np.all(np.isfinite(w))


@given(
    seeds,
    st.sampled_from(["additive", "relative", "saturating"]),
    st.sampled_from(["change", "relative", "weighted"]),
    st.floats(0, 20),
    st.floats(-0.9, 0),
    st.floats(0.01, 2),
)
@SLOW
def test_hard_bounds_hold(seed, expression, emission, rate, w_min, w_max):
    sbp = RetrogradeSBP(expression=expression, emission=emission, rate=rate, w_min=w_min, w_max=w_max)
    w0 = np.random.default_rng(seed).uniform(w_min, w_max, N_IN * N)
    _, w, _ = spread(sbp, seed, w=w0)
    assert np.all((w >= w_min) & (w <= w_max))


@given(seeds, st.floats(0.01, 1), st.floats(0, 1))
@SLOW
def test_more_synapses_take_part_with_a_larger_lambda_p(seed, lambda_p, more):
    _, few, out = spread(RetrogradeSBP(lambda_p=lambda_p), seed)
    w0, many, same = spread(RetrogradeSBP(lambda_p=min(1.0, lambda_p + more)), seed)
    assert np.array_equal(out, same)
    moved = few != w0
    np.testing.assert_array_equal(few[moved], many[moved])
    assert np.sum(many != w0) >= np.sum(moved)


@given(seeds, st.floats(0, 1), st.floats(0, 1))
@example(1, 0.0, 1.0)
@SLOW
def test_spread_grows_with_lambda_f(seed, lambda_f, more):
    larger = min(1.0, lambda_f + more)
    for expression in ("additive", "relative"):
        block = dict(expression=expression, gain_ltd=0.0)
        w0, a, _ = spread(RetrogradeSBP(lambda_f=lambda_f, **block), seed)
        _, b, _ = spread(RetrogradeSBP(lambda_f=larger, **block), seed)
        assert np.all(np.abs(b - w0) >= np.abs(a - w0) - 1e-12)


@given(
    seeds, st.sampled_from(["additive", "relative", "saturating"]), st.sampled_from(["change", "relative", "weighted"])
)
@SLOW
def test_blocked_gains_leave_the_inputs_untouched_to_the_bit(seed, expression, emission):
    w0, w, out = spread(RetrogradeSBP(gain_ltp=0.0, gain_ltd=0.0, expression=expression, emission=emission), seed)
    np.testing.assert_array_equal(w, w0)
    _, _, free = spread(RetrogradeSBP(expression=expression, emission=emission), seed)
    np.testing.assert_array_equal(out, free)  # the outputs' own plasticity does not know of the signal


@given(seeds, st.sampled_from(["additive", "relative", "saturating"]))
@SLOW
def test_the_order_of_the_synapses_does_not_matter(seed, expression):
    order = np.random.default_rng(seed + 1).permutation(N_IN * N)
    sbp = RetrogradeSBP(expression=expression, rate=0.3)
    np.testing.assert_allclose(spread(sbp, seed)[1], spread(sbp, seed, order=order)[1], rtol=1e-12)


@given(
    st.floats(1e-3, 1, exclude_min=True),
    st.floats(0, 1),
    st.sampled_from(["additive", "relative", "saturating"]),
    st.sampled_from(["change", "relative", "weighted"]),
    st.sampled_from([None, True, "level"]),
    st.booleans(),
    st.floats(0, 2),
    st.floats(0, 2),
)
@settings(max_examples=15, deadline=None)
def test_any_valid_declaration_gives_valid_rules(
    lambda_p, lambda_f, expression, emission, activity, cascade, lateral, local
):
    sbp = RetrogradeSBP(
        lambda_p,
        lambda_f,
        emission,
        activity,
        expression=expression,
        cascade=cascade,
        lateral_ltp=lateral,
        postlateral_ltd=local,
    )
    for rule in (sbp.receiving(sbp.emitting(RULE)), sbp.emitting(sbp.receiving(RULE))):
        assert rule.changes_weight("retrograde")
        assert rule.on_pre["pre"].startswith("retro_before = clip(w, 0, 3)\n")  # its own bounds
        assert ("retro_before" in rule.on_post["retrograde"]) == cascade
