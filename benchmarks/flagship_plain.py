"""The flagship as plain Brian2 writes it, its retrograde signal moved by Python; see `benchmarks.peers`.

``python -m benchmarks.flagship_plain CASE.npz IMAGES``: learns so many images of the file, on Cython, and prints
microseconds of processor an image and the share of right answers. The equations are those of `SBPNetwork`; nothing of
this package is used: synapses are Brian2's, and an operation in Python shows samples and lets input synapses learn.
"""

import sys
import time

import brian2
import numpy as np
from brian2 import Network, NeuronGroup, Synapses, ms, network_operation

STEPS, FIRST_TAUGHT = 20, 4


def main():
    """Learn, and print what it took."""
    brian2.prefs.codegen.target = "cython"
    case, n = np.load(sys.argv[1]), int(sys.argv[2])
    images, labels = case["images"][:n] / 255, case["labels"][:n]
    weights, rate_hidden = case["hidden"].copy(), float(case["rate_hidden"])
    step = 1 * ms
    hidden = NeuronGroup(
        weights.shape[1],
        "drive : 1\nbias : 1\nv : 1\ns : 1\nreported : 1",
        threshold="v >= 1",
        reset="v -= 1\ns += 1",
        dt=step,
        name="hidden",
    )
    hidden.run_regularly("v += clip(drive + bias, 0, 1)", when="groups", dt=step)
    output = NeuronGroup(
        case["output"].shape[1],
        "arriving : 1\nv : 1\nc : 1\nwanted : 1\nphase : integer (shared)\nteacher : 1 (shared)",
        threshold="v >= 1",
        reset="v -= 1\nc += 1",
        events={
            "missing": "teacher > 0 and wanted > 0 and v < 1",
            "excess": "teacher > 0 and wanted == 0 and v >= 1",
        },
        dt=step,
        name="output",
    )
    output.run_regularly("v = clip(v + arriving, 0, 2)\narriving = 0", when="groups", dt=step)
    change = """before = w
    w = w {}rate*s_pre/(phase_post + 1)
    reported_pre += before*(w - before)/clip(s_pre, 1, inf)"""
    synapses = Synapses(
        hidden,
        output,
        "w : 1\nrate : 1 (shared)",
        on_pre="arriving_post += w",
        on_post={"missing": change.format("+"), "excess": change.format("-")},
        on_event={"missing": "missing", "excess": "excess"},
        name="outputs",
    )
    synapses.connect()
    synapses.w, synapses.rate = case["output"].ravel(), float(case["rate_output"])
    answers = []

    @network_operation(dt=STEPS * step, when="start")
    def show(t):
        number = round(float(t / (STEPS * step)))
        if number:
            answers.append(int(np.argmax(output.c[:] + output.v[:] / 2)))
            signal = rate_hidden * np.asarray(hidden.reported[:])
            weights[:] += images[number - 1][:, None] * signal
            hidden.bias[:] += signal
        if number < n:
            hidden.drive = images[number] @ weights
            output.wanted = np.arange(len(output)) == labels[number]
        hidden.v, hidden.s, hidden.reported, output.v, output.c, output.arriving = 0, 0, 0, 0.5, 0, 0

    @network_operation(dt=step, when="before_groups")
    def phase(t):
        output.phase = round(float(t / step)) % STEPS
        output.teacher = float(output.phase >= FIRST_TAUGHT)

    net = Network(hidden, output, synapses, show, phase)
    net.run(step)  # compiles
    began = time.process_time()
    net.run(n * STEPS * step, namespace={})
    print(1e6 * (time.process_time() - began) / n, np.mean(np.array(answers[:n]) == labels))


if __name__ == "__main__":
    main()
