"""What a training sample costs with one hidden layer and with two, of STDBP and of DECOLLE, beside what it visits.

Run it from the checkout, on a quiet machine: ``python -m benchmarks.depth [images] [repeats]``. Processor time on
MNIST in double precision, C++ standalone, the best of all repeats, which take turns, and what a run takes without
images taken off. The synapses that are visited are counted by the network's own monitors in the same run: each active
input reaches all cells of the first layer, once when it delivers and once more where its synapses learn, and each
spike of a hidden cell those of the next, whose synapses learn likewise.
"""

import sys

from benchmarks._common import Learner, write
from benchmarks.peers import best, some_images
from sbp_brian.models.decolle import Decolle
from sbp_brian.models.sbp_network import SBPNetwork
from sbp_brian.models.stdbp import STDBP
from tools.measure import commit

NETWORKS = {
    "SBP, 500": SBPNetwork(),
    "SBP, 300": SBPNetwork(n_hidden=300),
    "SBP, 300 and 300": SBPNetwork(n_hidden=(300, 300)),
    "STDBP, 400": STDBP((784, 400, 10)),
    "DECOLLE, 150": Decolle(layers=(784, 150)),
}
#: Of these a sample costs ten times as much as of the others.
SLOW = ("DECOLLE, 150",)


class Counted(Learner):
    """A network whose monitors count what its events visit."""

    def measure(self):
        """Microseconds of all images but one, of the first alone, spikes of each group a sample."""
        result, spent = self.run(self.n)
        spikes = {name[: -len("_spikes.N")]: float(result[name]) for name in result if name.endswith("_spikes.N")}
        spikes |= {name[:-2]: float(result[name]) for name in result if name.endswith("_sample_ends.N")}
        spikes |= {"pixels": float(result["onsets.N"])} if "onsets.N" in result else {}
        told = {name: count / self.n for name, count in spikes.items()}
        return 1e6 * spent / (self.n - 1), 1e6 * self.run(1)[1] / (self.n - 1), told


def visited(model, spikes):
    """Synapses that a sample's events visit; `spikes` are those of each group, the one next to the input first."""
    if isinstance(model, SBPNetwork):
        names, sizes = ["pixels", *model.hidden_names], (*model.hidden_sizes, model.n_output)
        learning = ["pixels", *(f"{name}_sample_ends" for name in model.hidden_names[:-1])]
        reached = zip([*names, *learning], (*sizes, *model.hidden_sizes), strict=True)
        return sum(spikes[name] * size for name, size in reached)
    return sum(spikes[name] * size for name, size in zip(model.names, model.layers[1:], strict=False))


def main():
    """Measure all in turn, print them, and write the result of the recipe ``speed-depth``."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    repeats = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    at, cells = commit(), {}
    peers = {
        name: Counted(model.trial_model(), *some_images(n // 8 if name in SLOW else n))
        for name, model in NETWORKS.items()
    }
    for name, (spent, spikes) in best(peers, repeats).items():
        reached = visited(NETWORKS[name], spikes)
        cells[name] = {"microseconds": spent, "visited": reached, "nanoseconds": 1e3 * spent / reached}
        print(f"{name:18s} {spent:8.1f} us, {reached:11,.0f} synapses visited, {1e3 * spent / reached:.3f} ns each")
    write("speed-depth", at, cells)


if __name__ == "__main__":
    main()
