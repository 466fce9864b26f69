"""What several benchmarks need."""

import resource

from sbp_brian.datasets import load_mnist
from sbp_brian.training.batches import Patterns, one_hot


def children_s() -> float:
    """Processor time of all finished programs that this one started (s)."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def mnist_patterns(images: int | None = None, load=load_mnist) -> Patterns:
    """MNIST (or what `load` loads) as its protocol divides it, with so many training images; None: all 55,000."""
    parts = {}
    for name, split in (("training", "fit"), ("validation", "validation"), ("test", "test")):
        data, n = load(split), images if name == "training" else None
        parts[name] = data.images[:n], one_hot(data.labels[:n], 10)
    return Patterns.join(parts, scale=1 / 255)
