"""A small network for the tests of targets: random start, noisy synapses with delays, a TimedArray, monitors."""

import numpy as np
from brian2 import (
    Network,
    NetworkOperation,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    mV,
    network_operation,
)

N = 6
DURATION = 40 * ms


def make():
    stimulus = TimedArray(np.full(8, 1.5), dt=5 * ms, name="stimulus")
    cells = NeuronGroup(
        N,
        """
        dv/dt = (gain * stimulus(t) * mV - v) / tau : volt
        gain : 1
        tau : second (shared, constant)
        """,
        threshold="v > 1*mV",
        reset="v = 0*mV",
        method="exact",
        name="cells",
        namespace=dict(stimulus=stimulus),
    )
    cells.v = "rand() * mV"
    cells.gain = 1
    cells.tau = 5 * ms
    synapses = Synapses(
        cells,
        cells,
        "w : volt\njitter : 1 (shared)",
        name="AB",
        namespace={},
        on_pre="v_post += w * (1 + jitter * (rand() - 0.5))",
    )
    synapses.connect(condition="i != j")
    synapses.w = 0.05 * mV
    synapses.delay = 1 * ms
    return Network(
        cells, synapses, SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", record=[1, 4], name="recorder")
    )


def make_with_operation():
    net = make()

    @network_operation(name="look")
    def look():
        pass

    assert isinstance(look, NetworkOperation)
    net.add(look)
    return net


def make_counting():
    """A network whose Python operation remembers how often it was called."""
    net = make()
    calls = []

    def count():
        calls.append(1)
        net["cells"].gain = len(calls)

    net.add(NetworkOperation(count, dt=1 * ms, name="count"))
    return net
