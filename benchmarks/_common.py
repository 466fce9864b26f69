"""What several benchmarks need."""

import resource
from datetime import UTC, datetime
from pathlib import Path

from sbp_brian.datasets import load_mnist
from sbp_brian.experiments.results import Number, Result
from sbp_brian.identity import versions
from sbp_brian.training.batches import Patterns, one_hot
from tools.measure import commit


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


def write(recipe: str, cells: dict[str, dict[str, float]]) -> None:
    """Write a result that this command made: cell -> metric -> value."""
    measured = {"commit": commit(), "date": datetime.now(UTC).date().isoformat(), "versions": dict(versions())}
    numbers = {
        name: {metric: Number(value, by_seed={"0": value}) for metric, value in cell.items()}
        for name, cell in cells.items()
    }
    path = Path(__file__).parents[1] / "recipes" / "results" / f"{recipe}.json"
    path.write_text(Result(recipe, measured, numbers).to_json(), encoding="utf-8")
