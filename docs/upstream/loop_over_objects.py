"""Brian2 2.10: a compiled program asks at every step for every object whether its clock is due."""

import time

from brian2 import Clock, Network, NeuronGroup, device, ms, second, set_device

STEPS = 5_000_000
taken = {}
for n in (0, 8):
    set_device("cpp_standalone", build_on_run=False)
    cells = NeuronGroup(1, "x : 1", dt=0.1 * ms, name="cells")
    cells.run_regularly("x += 1", dt=0.1 * ms, name="every_step")
    rare = Clock(1000 * second, name="rare")
    for k in range(n):  # pieces of code that never run again after the first step
        cells.run_regularly(f"x += {k}", clock=rare, name=f"rare_{k}")
    Network(cells).run(STEPS * 0.1 * ms)
    device.build(directory=None, run=False)
    began = time.perf_counter()
    device.run(device.project_dir, with_output=False)
    taken[n] = time.perf_counter() - began
    print(f"{n} objects that are not due: {1e9 * (taken[n] - taken[0]) / STEPS:.0f} ns more a step")
    device.reinit()
    device.activate()
