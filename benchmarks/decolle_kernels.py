"""DECOLLE's convolutional network on a digit of N-MNIST: processor time, beside the multiplications that it does.

Run it from the checkout: ``python -m benchmarks.decolle_kernels [digits] [part of the maps] [double]``. The network is
the paper's (7 x 7 kernels, 64-128-128 maps, pooling; `sbp_brian.models.decolle.conv.PAPER`), or one with a part of its
maps, in single precision unless told ``double``; every digit is shown once, 300 steps, weights change at every step
after the first 60. Counted are the multiplications of kernels with traces (arriving) and of changes with traces
(learning), a cell from its first spike on: what the program does. Were no cell left out, it would be every pair of
cells twice a step.
"""

import functools
import resource
import sys
from dataclasses import replace

import numpy as np
from brian2 import Network, SpikeMonitor

from benchmarks._common import Learner
from sbp_brian.datasets.nmnist import SIDE, nmnist_small, packed_events
from sbp_brian.models.decolle.conv import PAPER, ConvDecolle
from sbp_brian.protocols.benchmarks.tasks.nmnist import LENGTH_US, LOCAL, STEPS
from sbp_brian.training.spiking import Presentation


def watched(model: ConvDecolle, presentation: Presentation) -> Network:
    """The network, with all spikes recorded but those of the last layer."""
    net = model.network(presentation)
    groups = [net[name] for name in model.names[:-1]]
    return Network(*net.objects, *(SpikeMonitor(group, name=f"{group.name}_times") for group in groups))


def multiplications(model: ConvDecolle, result, digits: int) -> tuple[float, float]:
    """Of kernels with traces, and of changes with traces, in all layers and digits."""
    arriving = learning = 0.0
    for k, name in enumerate(model.names[:-1], 1):
        pairs = model.convolution(k).fan_out()
        steps = np.rint(np.asarray(result[f"{name}_times.t"]) / float(model.step)).astype(int)
        cells = np.asarray(result[f"{name}_times.i"])
        for digit in range(digits):
            of_digit = steps // model.steps == digit
            first = np.full(model.layers[k - 1], model.steps)
            np.minimum.at(first, cells[of_digit], steps[of_digit] % model.steps)
            from_step = np.minimum(first + 2, model.steps)  # a spike reaches the second trace two steps later
            arriving += (pairs * (model.steps - from_step)).sum()
            learning += (pairs * (model.steps - np.maximum(from_step, model.burn_in))).sum()
    return arriving, learning


def main():
    """Print what a digit costs."""
    digits = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    part = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    settings = {name: value for name, value in LOCAL.items() if name not in ("inputs", "final")}
    kernels = tuple((round(maps * part), *rest) for maps, *rest in PAPER)
    model = ConvDecolle(
        image=(2, SIDE, SIDE), kernels=kernels, rate=0.1, single="double" not in sys.argv[3:], **settings
    )
    bits, labels = packed_events(nmnist_small("train")[:digits], STEPS, LENGTH_US // STEPS)
    trial = replace(model.trial_model(), make=functools.partial(watched, model))
    result, seconds = Learner(trial, bits, labels).without_start(model.step)
    arriving, learning = (count / digits for count in multiplications(model, result, digits))
    pairs = sum(model.convolution(k).fan_out().sum() for k in range(1, len(model.layers)))
    moved = [
        float(np.abs(result[f"kernels{k}.w"] - model.initial(0)[f"kernels{k}.w"]).max())
        for k in range(1, len(model.layers))
    ]
    weights = sum(model.convolution(k).weights for k in range(1, len(model.layers)))
    spikes = [float(result[f"{name}_spikes.N"]) / digits / n for name, n in zip(model.names, model.layers, strict=True)]
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{'-'.join(map(str, model.layers))} cells, {pairs / 1e6:.1f} million pairs of cells, {weights:,} weights, "
        f"{'single' if model.single else 'double'} precision: {seconds:.2f} s of processor time a digit\n"
        f"multiplications a digit: {(arriving + learning) / 1e9:.1f} G done ({arriving / 1e9:.1f} arriving, "
        f"{learning / 1e9:.1f} learning), {2 * pairs * model.steps / 1e9:.1f} G if none were left out; "
        f"{(arriving + learning) / seconds / 1e9:.1f} G a second\n"
        f"spikes a cell: {', '.join(f'{count:.2f}' for count in spikes)}; largest change of a weight by layer: "
        f"{', '.join(f'{change:.2g}' for change in moved)}\n"
        f"memory of the program: {memory:.0f} MB (the compiler's, if it was built now)"
    )


if __name__ == "__main__":
    main()
