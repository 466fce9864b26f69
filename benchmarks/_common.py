"""What several benchmarks need."""

import resource
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sbp_brian.datasets import load_mnist
from sbp_brian.experiments.results import Number, Result
from sbp_brian.identity import versions
from sbp_brian.training.batches import Patterns, one_hot

ROOT = Path(__file__).parents[1]


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


def result(recipe: str, at: str, cells: Mapping[str, Mapping[str, Number | float]], **told: str) -> Result:
    """What a command measured.

    Parameters
    ----------
    recipe : str
    at : str
        The commit (`tools.measure.commit`), asked for before anything was measured; empty where it is not known.
    cells : mapping of str to mapping
        Cell -> metric -> its number; a plain one is that of seed 0.
    **told : str
        What else is to be known of the measurement.
    """
    measured = {"commit": at, "date": datetime.now(UTC).date().isoformat(), "versions": dict(versions()), **told}
    numbers = {name: {metric: _number(value) for metric, value in cell.items()} for name, cell in cells.items()}
    return Result(recipe, measured, numbers)


def write(recipe: str, at: str, cells: Mapping[str, Mapping[str, Number | float]], **told: str) -> None:
    """Write the committed result of a recipe, as of `result`."""
    path = ROOT / "recipes" / "results" / f"{recipe}.json"
    path.write_text(result(recipe, at, cells, **told).to_json(), encoding="utf-8")


def _number(value: Number | float) -> Number:
    return value if isinstance(value, Number) else Number(value, by_seed={"0": value})
