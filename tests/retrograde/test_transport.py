"""How the signal travels: mean times and their spread in closed form, and that nothing is lost or made on the way."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import EventMonitor, StateMonitor, mm, ms, second, um

from sbp_brian.brian.on_event import OnEvent
from sbp_brian.retrograde import RetrogradeSBP
from sbp_brian.retrograde.transport import Chain, Delay, Window
from tests.reference.small_networks import DT, group, on_numpy, run, train

STEP = 1e-3  # s


@pytest.fixture(autouse=True)
def numpy_target():
    with on_numpy():
        yield


def packets(transport, phases, steps):
    """Each cell emits 1 at its phase (step); what arrives at which time (s), and what is still under way."""
    sbp = RetrogradeSBP(transport=transport)
    cells = group(train(steps, *([p] for p in phases)), sbp)
    sbp.operation(cells)
    emit = OnEvent(cells, "spike", "retro_ltp += 1\nretro_ltd += 2", when="synapses")
    seen = EventMonitor(cells, "retrograde", ["retro_ltp_now", "retro_ltd_now"], when="synapses")
    run(steps, cells, emit, seen)
    names = [
        n for n in sbp.equations.names if n.startswith("retro_ltp") and not n.endswith(("gain", "velocity", "now"))
    ]
    rest = sum(np.array(getattr(cells, n)[:]) for n in names)
    latency = np.asarray(seen.t / second) - np.asarray(phases)[seen.i] * STEP
    return latency, *(np.array(x) for x in (seen.retro_ltp_now[:], seen.retro_ltd_now[:], seen.i[:])), rest


def moments(latency, amount):
    mean = np.sum(latency * amount) / np.sum(amount)
    return mean, np.sum((latency - mean) ** 2 * amount) / np.sum(amount)


@pytest.mark.parametrize(
    ("stages", "every", "v", "pool"),
    [(1, 10, 1000, None), (4, 10, 1000, None), (8, 4, 3000, None), (3, 5, 2000, 50), (2, 1, 5000, 7)],
)
def test_chain_mean_and_variance(stages, every, v, pool):
    length = 100
    transport = Chain(
        length=length * um,
        velocity=v * um / second,
        stages=stages,
        dt=every * DT,
        pool=None if pool is None else pool * DT,
    )
    latency, ltp, ltd, cell, rest = packets(transport, range(every), 3000)
    np.testing.assert_allclose(np.bincount(cell, ltp) + rest, 1, rtol=1e-11)
    np.testing.assert_allclose(ltd, 2 * ltp, rtol=1e-9, atol=1e-11)
    tick = every * STEP
    p = stages * v * tick / length
    mean = length / v + tick / 2 + STEP / 2 + (pool or 0) * STEP  # the half step: emission falls on whole steps
    variance = stages * (1 - p) / p**2 * tick**2 + (tick**2 - STEP**2) / 12
    if pool is not None:
        leak = every / pool
        variance += (1 - leak) / leak**2 * tick**2
    found = moments(latency, ltp)
    np.testing.assert_allclose(found, (mean, variance), rtol=1e-7)


def test_chain_is_faster_for_its_own_carrier():
    transport = Chain(length=100 * um, velocity=2 * mm / second, velocity_ltd=0.5 * mm / second, stages=2, dt=2 * DT)
    latency, ltp, ltd, _, _ = packets(transport, [1], 3000)
    np.testing.assert_allclose(moments(latency, ltp)[0], 0.05 + 0.001, rtol=1e-6)
    np.testing.assert_allclose(moments(latency, ltd)[0], 0.2 + 0.001, rtol=1e-6)


@pytest.mark.parametrize(("slots", "every"), [(1, 2), (4, 10), (20, 3), (3, 1)])
def test_delay_latency(slots, every):
    transport = Delay((slots + 0.5) * every * DT, slots=slots)
    latency, ltp, _, _, rest = packets(transport, range(every), (slots + 3) * every)
    assert len(latency) == every  # each packet arrives whole and once
    np.testing.assert_allclose(ltp, 1)
    np.testing.assert_allclose(rest, 0)
    slot = every * STEP
    np.testing.assert_allclose(np.mean(latency), (slots + 0.5) * slot + STEP / 2)
    np.testing.assert_allclose([latency.min(), latency.max()], [slots * slot + STEP, (slots + 1) * slot])


def test_delay_that_is_no_multiple_of_the_step():
    latency, ltp, _, _, _ = packets(Delay(37.7 * DT, slots=7), range(100), 300)
    np.testing.assert_allclose(ltp, 1)
    assert np.mean(latency) == pytest.approx(0.0377, abs=0.002)


def test_pool_time_constant():
    sbp = RetrogradeSBP(transport=Chain(length=1 * um, velocity=1 * mm / second, dt=1 * DT, stages=1, pool=40 * DT))
    cells = group(train(200, []), sbp)
    sbp.operation(cells)
    cells.retro_ltp_pool = 1
    seen = StateMonitor(cells, "retro_ltp_pool", record=True, when="end")
    run(200, cells, seen)
    np.testing.assert_allclose(seen.retro_ltp_pool[0], (1 - 1 / 40) ** np.arange(1, 201), rtol=1e-12)


def test_a_window_on_time_says_nothing_of_lateness():
    assert Window().tick("retro_ltp") == "retro_ltp_now = retro_ltp\nretro_ltp = 0"
    assert Window().equations("retro_ltp") == ""


def test_window_sums():
    sbp = RetrogradeSBP(transport=Window(20 * DT))
    rng = np.random.default_rng(3)
    spikes = rng.random((200, 5)) < 0.2
    spikes[0] = spikes[19] = spikes[20] = True
    cells = group(spikes, sbp)
    sbp.operation(cells)
    emit = OnEvent(cells, "spike", "retro_ltp += 1\nretro_ltd += 0.5", when="synapses")
    seen = StateMonitor(cells, ["retro_ltp_now", "retro_ltd_now"], record=True, when="end")
    run(200, cells, emit, seen)
    sums = spikes.reshape(10, 20, 5).sum(1)
    held = np.vstack([np.zeros((1, 5)), sums[:-1]]).repeat(20, axis=0)
    np.testing.assert_array_equal(seen.retro_ltp_now.T, held)
    np.testing.assert_array_equal(seen.retro_ltd_now.T, held / 2)
    np.testing.assert_array_equal(cells.retro_ltp, sums[-1])


@pytest.mark.parametrize(("late", "stages"), [(4, None), (30, None), (4, 1), (12, 3)])
def test_a_window_that_is_late_hands_over_the_same_later(late, stages):
    sbp, windows = RetrogradeSBP(transport=Window(2 * DT, late=late, stages=stages)), 300
    cells = group(train(2 * windows, [0], [1, 3]), sbp)
    sbp.operation(cells)
    emit = OnEvent(cells, "spike", "retro_ltp += 1\nretro_ltd += 0.5", when="synapses")
    seen = StateMonitor(cells, ["retro_ltp_now", "retro_ltd_now"], record=True, when="end")
    run(2 * windows, cells, emit, seen)
    comes = seen.retro_ltp_now[
        :, ::2
    ]  # windows after that of the first spike's, plus one: it is handed over at the end
    np.testing.assert_array_equal(seen.retro_ltp_now[:, 1::2], comes)
    np.testing.assert_allclose(seen.retro_ltd_now[:, ::2], comes / 2, rtol=1e-12)
    after = np.arange(windows) - 1
    np.testing.assert_allclose(comes.sum(1), [1, 2], rtol=1e-9)
    np.testing.assert_allclose(comes @ after / [1, 2], [late, late + 0.5], rtol=1e-7)
    variance = 0 if stages is None else late * (late - stages) / stages
    np.testing.assert_allclose(comes[0] @ (after - late) ** 2, variance, rtol=1e-5, atol=1e-12)
    assert (comes[0, : (late if stages is None else stages) + 1] == 0).all()


@pytest.mark.parametrize(
    "transport",
    [
        None,
        Delay(15 * DT, slots=2),
        Delay(3.3 * DT, slots=3),
        Chain(length=30 * um, velocity=1 * mm / second, dt=3 * DT, stages=3),
        Chain(length=30 * um, velocity=1 * mm / second, dt=1 * DT, stages=2, pool=9 * DT),
    ],
)
@pytest.mark.parametrize("stop", [1, 17, 50])
def test_emitted_is_delivered_or_in_transit(transport, stop):
    """Emission in every step, so that it always coincides with expression; the run stops anywhere."""
    sbp = RetrogradeSBP(transport=transport)
    spikes = np.ones((stop + 40, 2), bool)
    spikes[:, 1] = np.random.default_rng(stop).random(len(spikes)) < 0.5
    cells = group(spikes, sbp)
    sbp.operation(cells)
    to = "_due" if transport is None else ""
    emit = OnEvent(cells, "spike", f"retro_ltp{to} += 0.7\nretro_ltd{to} += 1e-13", when="synapses")
    seen = EventMonitor(cells, "retrograde", ["retro_ltp_now", "retro_ltd_now"], when="synapses")
    net = run(stop, cells, emit, seen)
    for steps in (stop, stop + 23):
        for channel, amount in (("ltp", 0.7), ("ltd", 1e-13)):
            names = [
                n
                for n in sbp.equations.names
                if n.startswith(f"retro_{channel}") and not n.endswith(("gain", "velocity", "now"))
            ]
            there = sum(np.asarray(getattr(cells, n)[:]) for n in names)
            delivered = np.bincount(seen.i[:], getattr(seen, f"retro_{channel}_now")[:], minlength=2)
            np.testing.assert_allclose(delivered + there, amount * spikes[:steps].sum(0), rtol=1e-12)
        if steps == stop:
            net.run(23 * ms, namespace={})


def test_a_signal_too_small_waits_for_more():
    sbp = RetrogradeSBP()
    cells = group(train(30, range(30)), sbp)
    sbp.operation(cells)
    emit = OnEvent(cells, "spike", "retro_ltp_due += 3e-13", when="synapses")
    seen = EventMonitor(cells, "retrograde", "retro_ltp_now", when="synapses")
    run(30, cells, emit, seen)
    assert 5 <= len(seen.t) <= 8
    np.testing.assert_allclose(sum(seen.retro_ltp_now[:]) + cells.retro_ltp_due[0], 30 * 3e-13)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Delay(3), "Delay: time must be one value in units of time, got 3"),
        (lambda: Delay(3 * um), "units of time"),
        (lambda: Delay([1, 2] * second), "one value"),
        (lambda: Delay(0 * second), "time must be positive and finite"),
        (lambda: Delay(-1 * second), "time must be positive"),
        (lambda: Delay(np.inf * second), "finite"),
        (lambda: Delay(np.nan * second), "finite"),
        (lambda: Delay(1 * second, slots=0), "slots must be a whole number of at least 1, got 0"),
        (lambda: Delay(1 * second, slots=2.5), "whole number"),
        (lambda: Delay(1 * second, slots=True), "whole number"),
        (lambda: Chain(length=3 * second), "length must be one value in units of length"),
        (lambda: Chain(velocity=1 * um), "velocity must be one value in units of length per time"),
        (lambda: Chain(velocity=0 * um / second), "velocity must be positive"),
        (lambda: Chain(velocity_ltd=-1 * um / second), "velocity_ltd must be positive"),
        (lambda: Chain(stages=0), "stages must be a whole number"),
        (lambda: Chain(dt=100 * second), "use dt <= 37.5 s or fewer stages"),
        (lambda: Chain(dt=30 * second, velocity_ltd=2 * um / second), "with velocity_ltd="),
        (lambda: Chain(pool=0.5 * second), "pool=0.5 s is shorter than the tick"),
        (lambda: Chain(pool=3), "pool must be one value in units of time"),
        (lambda: Window(20), "Window: time must be one value in units of time"),
        (lambda: Window(0 * ms), "positive"),
        (lambda: Window(late=-1), "Window: late must be a whole number of at least 0, got -1"),
        (lambda: Window(late=1.5), "Window: late must be a whole number"),
        (lambda: Window(late=4, stages=0), "Window: stages must be a whole number of at least 1"),
        (lambda: Window(late=4, stages=4), "each of stages=4 takes more than a window on average"),
    ],
)
def test_refusals(make, message):
    with pytest.raises((TypeError, ValueError)) as error:
        make()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_p_of_one_is_allowed():
    latency, ltp, *_ = packets(Chain(length=20 * um, velocity=1 * mm / second, stages=2, dt=10 * DT), [0], 60)
    np.testing.assert_allclose(ltp, 1)
    np.testing.assert_allclose(latency, 0.01 + 0.02)
