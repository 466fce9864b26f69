"""Brian2 2.10: in compiled programs, clocks that meet come apart from 64 s of simulated time on."""

from brian2 import Clock, Network, NeuronGroup, device, ms, second, set_device

set_device("cpp_standalone", build_on_run=False)
fast, slow = Clock(0.1 * ms, name="fast"), Clock(2.5 * ms, name="slow")
cells = NeuronGroup(1, "n : 1\nlooks : 1\napart : 1\nfirst : second", clock=fast, name="cells")
cells.run_regularly("n += 1", clock=fast, when="start", order=0, name="count")
cells.run_regularly(
    """looks += 1
    first += t * int(n != 25 * (looks - 1) + 1) * int(apart == 0)
    apart += int(n != 25 * (looks - 1) + 1)""",
    clock=slow,
    when="start",
    order=1,
    name="look",
)
Network(cells).run(100 * second)
device.build(directory=None)
print(f"{cells.looks[0]:.0f} looks, {cells.apart[0]:.0f} too early, the first at {cells.first[0]}")
