"""What learning with shared kernels costs beside a synapse for each pair of cells, in C++ standalone.

Run it from the checkout: ``python -m benchmarks.kernels [repeats]``. Two networks, each in both forms: STDBP with 16
kernels of 5 x 5 on MNIST's digits, and DECOLLE with three layers of kernels on the events of N-MNIST. In the form that
is unrolled every synapse holds the number of its weight, and reads and changes it where the kernel's weights are
(linked variables). The forms take turns, the best of all repeats counts; processor time of the program, less that of a
program that shows a single sample. Both must learn the same.
"""

import sys
from dataclasses import replace

import numpy as np
from brian2 import NeuronGroup

from benchmarks._common import Learner, write
from sbp_brian.datasets import load_mnist
from sbp_brian.datasets.nmnist import SIDE, nmnist_small, packed_events
from sbp_brian.models.decolle.conv import ConvDecolle
from sbp_brian.models.stdbp.conv import COMPLETE, ConvSTDBP
from sbp_brian.models.stdbp.first_spike import backward
from sbp_brian.protocols.benchmarks.learners.decolle import KERNELS
from sbp_brian.protocols.benchmarks.tasks.nmnist import LENGTH_US, LOCAL, STEPS
from tests.helpers.unrolled_kernels import link
from tools.measure import commit

#: Largest difference of a weight between the forms.
ALIKE = 1e-9


class UnrolledSTDBP(ConvSTDBP):
    """`ConvSTDBP` with a synapse for each pair of cells."""

    def _between(self, k, source, target, shown):
        if k:
            return super()._between(k, source, target, shown)
        arriving, places, others = self._arriving(0, source, self._cells(1))
        rule = replace(
            arriving + backward(self._cells(1), "learn"), model="w : 1 (linked)\ngrad : 1 (linked)\nkernel : integer"
        )
        places |= {"learn": ("start", 600 + 10 * (len(self.layers) - 2) + 1)}
        rule = rule.scheduled(**{pathway: places[pathway] for pathway in rule.pathways})
        synapses = rule.synapses(source, target, name="into_hidden1", clock=source.clock)
        improve, before = self._learner()
        kernels = NeuronGroup(
            self.convolution.weights,
            f"{improve.model}\ncomplete : 1 (shared)",
            clock=source.clock,
            name="kernels",
            namespace={**shown, **improve.namespace},
            events={"improve": "complete > 0"},
        )
        kernels.run_regularly(COMPLETE, clock=source.clock, when="start", order=-10, name="kernels_begin")
        kernels.set_event_schedule("improve", when="start", order=900)
        kernels.run_on_event("improve", improve.pathways["improve"], when="start", order=902)
        if before:
            kernels.run_regularly(before, dt=self.batch * self.duration, when="start", order=901, name="kernels_stride")
        link(self.convolution, synapses, kernels, "w", "grad")
        return [kernels, synapses, *others]


class UnrolledDecolle(ConvDecolle):
    """`ConvDecolle` with a synapse for each pair of cells."""

    def _plastic(self, k, rule, source, target, step):
        convolution = self.convolution(k)
        kernels = NeuronGroup(convolution.weights, "w : 1", clock=step, name=f"kernels{k}")
        learn = {**rule.on_pre, "learn": "w += change_post*p_trace_pre"}
        rule = replace(rule, model="w : 1 (linked)\nkernel : integer", on_pre=learn)
        synapses = rule.synapses(source, target, name=f"into_hidden{k}", clock=step)
        link(convolution, synapses, kernels, "w")
        return [synapses, kernels]


class Form(Learner):
    """A network that is built, and the samples that it learns."""

    def __init__(self, model, images, labels):
        super().__init__(model.trial_model(), images, labels)
        self.model, start = model, model.initial(0)
        self.start = {name: start[name] for name in start if name.startswith("kernels") and name.endswith(".w")}

    def measure(self) -> float:
        """Processor time of a sample (s); the kernels are kept in `learned`."""
        result, spent = self.per_sample(self.n)
        self.learned = {name: np.array(result[name]) for name in self.start}
        return spent


def stdbp(kind, n=2000):
    """784-2304-10 on images of MNIST."""
    digits = load_mnist("fit")
    return Form(kind(), digits.images[:n], digits.labels[:n])


def decolle(kind, n=10):
    """2048-1352-400-144 on digits of N-MNIST."""
    settings = {name: value for name, value in LOCAL.items() if name not in ("inputs", "final")}
    bits, labels = packed_events(nmnist_small("train")[:n], STEPS, LENGTH_US // STEPS)
    return Form(kind(image=(2, SIDE, SIDE), kernels=KERNELS, rate=0.3, **settings), bits, labels)


def convolutions(model):
    """Those of a network."""
    if isinstance(model, ConvSTDBP):
        return [model.convolution]
    return [model.convolution(k) for k in range(1, len(model.layers))]


def compared(make, kinds, repeats):
    """Form -> what a sample costs and what it stores."""
    forms = {name: make(kind) for name, kind in kinds.items()}
    best = dict.fromkeys(forms, np.inf)
    for _ in range(repeats):
        for name, form in forms.items():
            best[name] = min(best[name], form.measure())
    unrolled, shared = forms.values()
    for name, learned in shared.learned.items():
        apart = np.abs(learned - unrolled.learned[name]).max()
        moved = np.abs(learned - shared.start[name]).max()
        if not (apart < ALIKE and moved > 1000 * ALIKE):
            sys.exit(f"{name}: the forms are {apart:.2g} apart, and learning moved weights by {moved:.2g}")
    each = convolutions(shared.model)
    pairs, weights = (sum(map(count, each)) for count in (lambda c: c.fan_out().sum(), lambda c: c.weights))
    return {
        "unrolled": {"milliseconds": 1e3 * best["unrolled"], "stored": int(pairs)},
        "shared": {
            "milliseconds": 1e3 * best["shared"],
            "stored": int(weights),
            "factor": best["unrolled"] / best["shared"],
        },
    }


def main():
    """Measure, print and write the results of the recipe ``speed-kernels``."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    at, cells = commit(), {}
    for network, make, kinds in (
        ("STDBP", stdbp, {"unrolled": UnrolledSTDBP, "shared": ConvSTDBP}),
        ("DECOLLE", decolle, {"unrolled": UnrolledDecolle, "shared": ConvDecolle}),
    ):
        for name, cell in compared(make, kinds, repeats).items():
            cells[f"{network}, {name}"] = cell
            told = ", ".join(f"{metric} {value:.4g}" for metric, value in cell.items())
            print(f"{network}, {name}: {told}", flush=True)
    write("speed-kernels", at, cells)


if __name__ == "__main__":
    main()
