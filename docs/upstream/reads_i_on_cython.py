"""Brian2 2.10: on the target cython, code of a pathway that reads ``i`` moves the count of synapses.

Two cells out of four fire once, to three cells each; each of their synapses should add 1 and a bit.
"""

from brian2 import Network, NeuronGroup, Synapses, defaultclock, prefs

for target in ("numpy", "cython"):
    prefs.codegen.target = target
    cells = NeuronGroup(4, "v : 1", threshold="i > 1 and t_in_timesteps == 0", name=f"cells_{target}")
    others = NeuronGroup(3, "v : 1", name=f"others_{target}")
    synapses = Synapses(cells, others, "w : 1", on_pre="w += 1 + i/1000", name=f"synapses_{target}")
    synapses.connect()
    Network(cells, others, synapses).run(2 * defaultclock.dt)
    print(f"{target}: {synapses.w[:].tolist()}")
