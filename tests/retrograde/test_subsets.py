"""Which input synapses take part: the share, fixed or drawn at each event."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import BrianObjectException, Network, StateMonitor, ms, seed
from hypothesis import given, settings
from hypothesis import strategies as st

from sbp_brian.errors import RetrogradeError
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.subsets import InputSubset
from sbp_brian.rules import SynapseRule
from sbp_brian.targets import Simulation
from tests.reference.small_networks import STATIC, connected, group, on_numpy, run, steps_rule, train


@pytest.fixture(autouse=True)
def numpy_target():
    with on_numpy():
        yield


@given(st.floats(0, 1, exclude_min=True), st.lists(st.integers(0, 5), max_size=60), st.integers(0, 9))
@settings(max_examples=200, deadline=None)
def test_exact_share_at_least_one(lambda_p, post, seed):
    post = np.array(post, int)
    member = InputSubset(lambda_p, seed).values("s", np.zeros_like(post), post)
    share = InputSubset(lambda_p, seed, gives="share").values("s", np.zeros_like(post), post)
    assert member.dtype == bool
    for cell in np.unique(post):
        n = np.sum(post == cell)
        wanted = max(1, round(lambda_p * n))
        assert np.sum(member[post == cell]) == wanted
        np.testing.assert_allclose(share[post == cell] * n, wanted)


@given(
    st.floats(0, 1, exclude_min=True, exclude_max=True),
    st.lists(st.integers(0, 3), min_size=1, max_size=40),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=200, deadline=None)
def test_exact_count_at_each_draw(lambda_p, post, draw):
    post, place = np.array(post), draw / 2**32
    rank = InputSubset(lambda_p, drawn="event").values("s", post, post)
    share = InputSubset(lambda_p, drawn="event", gives="share").values("s", post, post)
    chosen = (rank - place) % 1.0 < share - 1e-12 * (share < 1)
    also = (rank - place) % 1.0 < share + 1e-12
    for cell in np.unique(post):
        n, wanted = np.sum(post == cell), max(1, round(lambda_p * np.sum(post == cell)))
        assert np.sum(chosen[post == cell]) <= wanted <= np.sum(also[post == cell])
        assert sorted(np.round(rank[post == cell] * n)) == list(range(n))


@given(st.floats(0.05, 0.95), st.floats(0, 0.5), st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_a_larger_share_holds_the_smaller(lambda_p, more, seed):
    post = np.repeat([0, 1, 2], [3, 10, 40])
    few = InputSubset(lambda_p, seed).values("s", post, post)
    many = InputSubset(min(1, lambda_p + more), seed).values("s", post, post)
    assert np.all(many[few])


@given(st.floats(0.02, 0.9), st.integers(2, 9), st.integers(1, 30), st.integers(2, 40), st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_cells_that_are_alike_have_the_same_inputs(lambda_p, alike, n_pre, n_post, seed):
    pre, post = np.indices((n_pre, n_post)).reshape(2, -1)
    member = InputSubset(lambda_p, seed, alike=alike).values("s", pre, post).reshape(n_pre, n_post)
    assert np.all(member.sum(0) == max(1, round(lambda_p * n_pre)))
    for first in range(0, n_post, alike):
        assert np.all(member[:, first : first + alike] == member[:, first : first + 1])


def test_groups_of_cells_that_are_alike_differ_and_have_every_input_as_often():
    pre, post = np.indices((200, 4000)).reshape(2, -1)
    member = InputSubset(0.25, 3, alike=4).values("s", pre, post).reshape(200, 4000)
    assert len(np.unique(member.T, axis=0)) == 1000
    # 1,000 draws for each input: a share of 0.25 +- 0.0137, 200 times
    assert np.abs(member.mean(1) - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / 1000)


@pytest.mark.parametrize(("wrong", "named"), [({"alike": 0}, "alike"), ({"alike": 2, "draw": "event"}, "draw")])
def test_cells_alike_in_no_way_are_refused(wrong, named):
    with pytest.raises(RetrogradeError, match=named):
        RetrogradeSBP(lambda_p=0.5, **wrong)


def test_all_synapses_are_one_choice_where_they_are_selectable():
    member, *_ = subset(RetrogradeSBP(selectable=True))
    assert member.all()
    with pytest.raises(RetrogradeError, match="leave out selectable or draw='event'"):
        RetrogradeSBP(selectable=True, draw="event")


def test_differs_between_objects_and_seeds_and_repeats():
    post = np.repeat(np.arange(4), 50)
    a = InputSubset(0.5, 1).values("a", post, post)
    assert np.array_equal(a, InputSubset(0.5, 1).values("a", post, post))
    assert not np.array_equal(a, InputSubset(0.5, 1).values("b", post, post))
    assert not np.array_equal(a, InputSubset(0.5, 2).values("a", post, post))


# ----------------------------------------------------------------------------------------- what a subset follows from
def subset(sbp=None, n=20, name=None, **names):
    """Which inputs take part; sources and cells are made anew, as a cell of a notebook does when it is run again."""
    sbp = sbp or RetrogradeSBP(lambda_p=0.5)
    source = group(train(5, *[[]] * n), **({"name": names["source"]} if "source" in names else {}))
    cells = group(train(5, [], [], []), sbp, **({"name": names["cells"]} if "cells" in names else {}))
    made = connected(sbp.receiving(STATIC), source, cells, name=name)
    sbp.operation(cells)
    return np.array(made.retro_receptive[:]), [source, cells, made]


def test_the_same_code_draws_the_same_whatever_else_is_alive():
    first, kept = subset()
    again, also = subset()
    assert kept[2].name != also[2].name
    np.testing.assert_array_equal(first, again)
    assert 0 < np.sum(first) < len(first)


def test_unnamed_objects_that_differ_draw_differently():
    """By the names of their groups, their sizes, the part of a group, the pairs of cells, the rule, the seed."""
    sbp = RetrogradeSBP(lambda_p=0.5)
    source, cells = group(train(5, *[[]] * 40)), group(train(5, *[[]] * 3), sbp)
    named = SynapseRule("w : 1", name="another")
    made = [subset(source=name)[0] for name in ("a", "b")] + [subset(cells="c")[0]] + [subset()[0]]
    made += [subset(RetrogradeSBP(lambda_p=0.5, seed=1))[0]]
    for rule, part in ((STATIC, source[:20]), (STATIC, source[20:]), (named, source[:20])):
        made.append(np.array(connected(sbp.receiving(rule), part, cells).retro_receptive[:]))
    i, j = np.indices((20, 3)).reshape(2, -1)
    made.append(np.array(connected(sbp.receiving(STATIC), source, cells, i=i, j=j).retro_receptive[:]))
    made.append(np.array(connected(sbp.receiving(STATIC), source, cells, i=i + 1, j=j).retro_receptive[:]))
    assert len({tuple(values) for values in made}) == len(made)


def test_a_named_object_draws_by_its_name_alone():
    """As these were drawn from the beginning."""
    expected = InputSubset(0.5).values("inputs", *np.indices((20, 3)).reshape(2, -1))
    found = [subset(name="inputs")[0], subset(name="inputs", source="a", cells="b")[0]]
    np.testing.assert_array_equal(found, [expected, expected])
    assert np.flatnonzero(expected[::3]).tolist() == [2, 3, 7, 9, 10, 11, 13, 14, 15, 19]


def test_a_pattern_is_no_name():
    first, kept = subset(name="inputs*")
    again, also = subset(name="inputs*")
    assert kept[2].name != also[2].name
    np.testing.assert_array_equal(first, again)


def test_two_objects_that_nothing_tells_apart_are_refused():
    sbp = RetrogradeSBP(lambda_p=0.5)
    a, b, cells = group(train(5, [], [])), group(train(5, [], [])), group(train(5, []), sbp)
    one, two = (connected(sbp.receiving(STATIC), source, cells) for source in (a, b))
    sbp.operation(cells)
    with pytest.raises(BrianObjectException) as error:
        run(5, a, b, cells, one, two)
    assert "would let the same random subset of synapses take part" in str(error.value.__cause__)
    run(5, a, cells, one)  # alone it is in order


def driven(sbp, steps=60, n_in=10, spikes=None, w=1.0, ups=None, tag="", **how):
    """Inputs -> one cell -> one target that spikes at given steps and so makes the output emit 0.1 each time."""
    source = group(np.zeros((steps, n_in), bool) if spikes is None else spikes, name=f"source{tag}")
    cells, target = group(train(steps, []), sbp, name=f"cells{tag}"), group(train(steps, ups or range(10, 50, 10)))
    sbp.operation(cells)
    inputs = connected(sbp.receiving(STATIC), source, cells, w=w, name=f"inputs{tag}", **how)
    outputs = connected(sbp.emitting(steps_rule()), cells, target, name=f"outputs{tag}")
    seen = StateMonitor(inputs, "w", record=np.arange(n_in), when="end", name=f"seen{tag}")
    return [source, cells, target, inputs, outputs, seen], inputs, seen


@pytest.mark.parametrize(("lambda_p", "count"), [(0.3, 3), (0.5, 5), (0.01, 1), (0.94, 9)])
def test_drawn_per_event_exact_count_at_each(lambda_p, count):
    objects, _, seen = driven(RetrogradeSBP(lambda_p=lambda_p, draw="event"), ups=range(2, 58), n_in=10)
    seed(1)
    run(60, *objects)
    moved = np.diff(seen.w, axis=1) > 0
    events = moved.any(axis=0)
    assert events.sum() == 56
    assert set(moved.sum(axis=0)[events]) == {count}
    assert len({tuple(column) for column in moved[:, events].T}) > 4  # not one subset for ever
    assert np.all(moved.sum(axis=1) > 0)


@pytest.mark.parametrize(("lambda_p", "count"), [(0.3, 3), (0.01, 1), (1.0, 10)])
def test_fixed_subset_is_the_same_at_each_event(lambda_p, count):
    objects, inputs, seen = driven(RetrogradeSBP(lambda_p=lambda_p))
    run(60, *objects)
    moved = np.diff(seen.w, axis=1) > 0
    assert len({tuple(column) for column in moved[:, moved.any(axis=0)].T}) == 1
    np.testing.assert_allclose(np.sort(inputs.w[:]), [1] * (10 - count) + [1.4] * count)


def subset_network():
    objects, *_ = driven(RetrogradeSBP(lambda_p=0.4, seed=5), n_in=20)
    drawn, *_ = driven(RetrogradeSBP(lambda_p=0.3, draw="event"), n_in=10, tag="_drawn")
    return Network(objects, drawn)


def test_same_subset_on_cpp_as_on_numpy():
    results = [Simulation(subset_network, 60 * ms, target=target, dt=1 * ms).run(seed=3) for target in ("numpy", "cpp")]
    for result in results:
        moved = np.diff(result["seen_drawn.w"], axis=1) > 0
        assert set(moved.sum(axis=0)) == {0, 3}
        assert np.sum(moved.any(axis=0)) == 4
    np.testing.assert_array_equal(*(np.diff(result["seen_drawn.w"], axis=1) > 0 for result in results))
    found = [result["inputs.w"] for result in results]
    np.testing.assert_array_equal(found[0] > 1, found[1] > 1)
    np.testing.assert_allclose(*found, rtol=1e-13)
    assert np.sum(found[0] > 1) == 8


def test_gate_by_window():
    spikes = train(60, [9], [3], [5], [6], [11], [])  # emitted at 10, expressed at 11: open within 5.5 ms of a spike
    objects, inputs, _ = driven(RetrogradeSBP(gate=5.5 * ms), n_in=6, spikes=spikes, ups=[10])
    run(60, *objects)
    np.testing.assert_allclose(inputs.w[:], [1.1, 1, 1, 1.1, 1.1, 1])


def test_gate_by_window_counts_from_arrival():
    sbp = RetrogradeSBP(gate=5.5 * ms)
    source, cells, target = group(train(60, [2], [6])), group(train(60, []), sbp), group(train(60, [10]))
    inputs = connected(sbp.receiving(STATIC), source, cells, delay=4 * ms)
    run(60, source, cells, target, sbp.operation(cells), inputs, connected(sbp.emitting(steps_rule()), cells, target))
    np.testing.assert_allclose(inputs.w[:], [1.1, 1.1])


def test_gate_by_expression():
    sbp = RetrogradeSBP(gate="recent_pre")
    source = group(train(60, [], []), equations="recent : 1")
    source.recent = [0.25, 2]
    cells, target = group(train(60, []), sbp), group(train(60, [10]))
    inputs = connected(sbp.receiving(STATIC), source, cells)
    run(60, source, cells, target, sbp.operation(cells), inputs, connected(sbp.emitting(steps_rule()), cells, target))
    np.testing.assert_allclose(inputs.w[:], [1.025, 1.2])


@pytest.mark.parametrize("bounds", [dict(w_max=1.25), dict(w_min=1.05, w_max=1.25)])
def test_bounds(bounds):
    objects, inputs, seen = driven(RetrogradeSBP(**bounds))
    run(60, *objects)
    assert np.max(seen.w) == 1.25
    np.testing.assert_array_equal(inputs.w, 1.25)


@pytest.mark.parametrize("expression", ["additive", "relative", "saturating"])
@pytest.mark.parametrize("bounds", [{}, dict(w_max=1.04)])
def test_persistence_decays_with_its_time_constant(expression, bounds):
    sbp = RetrogradeSBP(persistence=200 * ms, expression=expression, **bounds)
    objects, _, seen = driven(sbp, steps=400, ups=[10])
    run(400, *objects)
    w = np.array(seen.w[0])
    top = w.max() - 1
    assert 0.03 < top < 0.11
    start = int(np.argmax(w))
    np.testing.assert_allclose(w[start:] - 1, top * np.exp(-np.arange(400 - start) / 200), rtol=1e-2)
    np.testing.assert_allclose((w[start + 300] - 1) / (w[start + 100] - 1), np.exp(-1), rtol=1e-9)


def test_what_a_program_cannot_choose_for_synapses_that_it_makes_is_refused(tmp_path):
    import brian2

    before = brian2.get_device()
    brian2.set_device("cpp_standalone", build_on_run=False, directory=str(tmp_path))
    try:
        sbp = RetrogradeSBP(lambda_p=0.5, draw="event")
        cells = group(train(5, [], []), sbp, name="cells")
        inputs = sbp.receiving(STATIC).synapses(group(train(5, [], [])), cells, name="inputs")
        with pytest.raises(ValueError, match=r"draw='event' needs to know which cells 'inputs' .*connect with arrays"):
            inputs.connect(p=0.5)
        fixed = RetrogradeSBP(lambda_p=0.5)
        others = group(train(5, [], []), fixed, name="others")
        twice = fixed.receiving(STATIC).synapses(group(train(5, [], [])), others, name="twice")
        twice.connect(p=0.5)
        with pytest.raises(ValueError, match=r"'twice' is connected again, .*connect with arrays"):
            twice.connect(p=0.5)
    finally:
        brian2.get_device().reinit()
        brian2.get_device().activate()
        brian2.set_device(before)
