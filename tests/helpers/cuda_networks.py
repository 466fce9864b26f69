"""Networks that hold, between them, what Brian2 offers and a CUDA program can carry: clocks, delays, monitors."""

import numpy as np
from brian2 import (
    Clock,
    EventMonitor,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
)

from sbp_brian.brian.event_clock import EventClock

STEP = 0.5 * ms


def on_clocks():
    """Cells on a clock that ticks at given times, with traces that decay between them, and two slow clocks."""
    times = np.array([1, 2, 2.5, 4, 7, 7.5, 9, 12, 16, 16.5]) * ms
    clock = EventClock(times, 0.5 * ms, name="moments")
    cells = NeuronGroup(
        6, "due : second\ntrace : 1", threshold="abs(t - due) < 0.1*ms", name="driven", clock=clock, namespace={}
    )
    clock.drive(cells)
    cells.due = [-5, -2, 1, -5, -2, -3.5] * ms
    cells.run_regularly("due += 6*ms", dt=5 * ms, name="later", when="after_synapses")
    watched = NeuronGroup(4, "total : 1\nseen : second", name="watched", clock=clock, namespace={})
    clock.drive(watched)
    synapses = Synapses(
        cells,
        watched,
        """dapre/dt = -apre/(5*ms) : 1 (event-driven)
        w : 1
        when_ : second""",
        on_pre="apre += 1\nw += 0.1*apre\ntotal_post += w\nwhen_ = t",
        name="traced",
        namespace={},
    )
    synapses.connect(condition="(i + j) % 2 == 0")
    synapses.w = "0.01*(i + 2*j)"
    slow = Clock(dt=3 * ms, name="slow")
    ticking = NeuronGroup(3, "x : 1\ncount : integer", name="ticking", clock=slow, namespace={})
    ticking.run_regularly("x = x + t/second\ncount += timestep(t, dt)", name="add", clock=slow)
    return Network(
        cells,
        watched,
        synapses,
        ticking,
        SpikeMonitor(cells, name="spikes"),
        SpikeMonitor(cells[1:4], name="some"),
        StateMonitor(ticking, ("x", "count"), record=True, name="slowly"),
        StateMonitor(synapses, "w", record=[0, 3], clock=slow, name="weights"),
    )


def with_delays():
    """Cells that integrate, with delays of every kind, refractory time, an own event and a driving array."""
    drive = TimedArray(np.array([[0.3, 1.4, 1.2], [1.8, 0.2, 1.5]]), dt=4 * ms, name="drive")
    cells = NeuronGroup(
        9,
        "dv/dt = (drive(t, i % 3) - v)/(4*ms) : 1 (unless refractory)\nx : 1\nlow = v < 0.2 : boolean",
        threshold="v > 0.6",
        reset="v = 0",
        refractory=1.5 * ms,
        events={"high": "v > 0.5"},
        method="exact",
        name="cells",
        namespace={"drive": drive},
    )
    cells.v = "0.05*i"
    cells.run_on_event("high", "x += 1")
    given = SpikeGeneratorGroup(3, [0, 1, 2, 0, 1], np.array([1, 2, 3.5, 6, 6]) * ms, name="given")
    first, last = cells[:4], cells[5:]
    parts = [cells, given]
    for name, delay in (("none", None), ("same", 2 * ms), ("own", "own")):
        synapses = Synapses(
            first, last, "w : 1", on_pre="v_post += w*(1 + 0.1*j)", on_post="w *= 1.1", name=f"syn_{name}", namespace={}
        )
        synapses.connect(j="(i + k) % 4 for k in range(2)")
        synapses.w = "0.02*(1 + i)"
        if delay == "own":
            synapses.pre.delay = "0.5*ms*(1 + (i + j) % 4)"
            synapses.post.delay = "1*ms*(1 + j % 2)"
        elif delay is not None:
            synapses.pre.delay = delay
        parts.append(synapses)
    feed = Synapses(given, cells, on_pre="v_post += 0.2", name="feed", namespace={})
    feed.connect(condition="j % 3 == i")
    total = NeuronGroup(4, "sum : 1", name="total", namespace={})
    summed = Synapses(cells, total, "sum_post = v_pre : 1 (summed)", name="summed", namespace={})
    summed.connect(condition="i % 4 == j")
    return Network(
        *parts,
        feed,
        total,
        summed,
        SpikeMonitor(cells, variables="v", name="spikes"),
        EventMonitor(cells, "high", name="events"),
        StateMonitor(cells, ("v", "x"), record=[0, 7], name="states"),
        PopulationRateMonitor(cells[2:], name="rate"),
    )


def one_delay():
    """Two pathways of one event, at once and later, and what counts its events; no cell fires by a list."""
    cells = NeuronGroup(
        6, "dv/dt = (1.1 + 0.1*i - v)/(3*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    after = NeuronGroup(4, "x : 1\ny : 1", name="after", namespace={})
    now = Synapses(cells, after, on_pre="x_post += i + 1", name="now", namespace={})
    later = Synapses(cells, after, on_pre="y_post += x_post*(i + 1)", delay=1.5 * ms, name="later", namespace={})
    for synapses in (now, later):
        synapses.connect(condition="(i + j) % 2 == 0")
    return Network(
        cells, after, now, later, SpikeMonitor(cells, name="spikes"), SpikeMonitor(cells, record=False, name="counted")
    )


def drawing():
    """Numbers drawn in expressions, in synapses and by cells that fire at random; the same in distribution only."""
    cells = NeuronGroup(
        400,
        "dv/dt = -v/(5*ms) + 0.3*xi/sqrt(5*ms) : 1\nuniform : 1\nnormal : 1\ncounts : integer",
        threshold="rand() < 0.02",
        reset="v = 0",
        method="euler",
        name="cells",
        namespace={},
    )
    cells.run_regularly("uniform = rand()\nnormal = randn()\ncounts = poisson(3.5)", dt=1 * ms, name="anew")
    source = PoissonGroup(300, "100*Hz", name="source")
    synapses = Synapses(source, cells, "p : 1\nw : 1", on_pre="v_post += w*(rand() < p)", name="syn", namespace={})
    synapses.connect(p=0.1)
    synapses.p, synapses.w = "rand()", "0.01*randn()"
    return Network(cells, source, synapses, SpikeMonitor(cells, name="spikes"), SpikeMonitor(source, name="fired"))
