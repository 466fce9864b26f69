"""Files of the package's own formats, valid ones and how each is read, for the campaign of hostile files."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from brian2 import ms

from campaigns.victim import ROWS, circuit, images
from sbp_brian.errors import RecordError
from sbp_brian.experiments import recipes, records, results, run_folder
from sbp_brian.experiments.protocol import Protocol
from sbp_brian.models.artificial.perceptron import SBPPerceptron
from sbp_brian.targets import Simulation
from sbp_brian.training.batches import NumpyTraining, Patterns, one_hot

__all__ = ["OWN", "Own", "digest"]

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Own:
    """One format.

    Attributes
    ----------
    path : str
        Of the file, below the folder of the case; a pattern where one of several is taken.
    lay : callable
        ``lay(folder)`` writes all that belongs together, the valid file among it.
    read : callable
        ``read(folder)`` reads it, and gives what must be the same however it was damaged; None where it tells nothing.
    text : bool
        Whether it is JSON, in which a value may be exchanged for one of another type.
    whole : bool
        Whether damage shows, so that what is read without an error must equal the valid content.
    limit_s : float
        How long it may take.
    """

    path: str
    lay: Callable[[Path], None]
    read: Callable[[Path], Any]
    text: bool = False
    whole: bool = True
    limit_s: float = 5.0


def digest(value: Any) -> str:
    """Digest of arrays, numbers and texts, nested in lists and mappings."""
    if isinstance(value, dict):
        return digest([[str(name), digest(value[name])] for name in sorted(value, key=str)])
    if isinstance(value, (list, tuple)):
        return hashlib.sha256("".join(map(digest, value)).encode()).hexdigest()
    array = np.asarray(value)
    return hashlib.sha256(f"{array.dtype.kind}{array.shape}".encode() + array.tobytes()).hexdigest()


def _train(folder: Path, epochs: int) -> dict[str, np.ndarray]:
    inputs, labels = images()
    patterns = Patterns(inputs, one_hot(labels, 3), *ROWS, scale=1 / 255)
    training = NumpyTraining(SBPPerceptron((16, 8, 3)), patterns, folder, batch=5)
    training.run(epochs)
    return dict(training.model.arrays)


@lru_cache(maxsize=1)
def _checkpoint() -> bytes:
    with TemporaryDirectory() as folder:
        _train(Path(folder), 1)
        return (Path(folder) / "epoch-0001.npz").read_bytes()


def _lay_checkpoint(folder: Path) -> None:
    (folder / "run").mkdir()
    (folder / "run" / "epoch-0001.npz").write_bytes(_checkpoint())


def _record() -> tuple[records.Record, dict[str, np.ndarray]]:
    arrays = {"w": np.linspace(0, 1, 50), "n": np.arange(5)}
    row = {"unit": "", "spread": None, "spread_kind": None, "n": None, "paper_value": None, "provenance": ""}
    row |= {"band": None, "verdict": "no reference"}
    made = records.Record(
        protocol="mnist",
        title="A task",
        kind="benchmark",
        source={"citation": "Nobody (1900)", "doi": ""},
        parameters={"model": {"value": "sbp_network", "unit": ""}, "epochs": {"value": 2, "unit": ""}},
        target="cpp",
        seed=0,
        versions={"python": "3.12"},
        machine={"cores": 2},
        started="2026-01-01T00:00:00",
        timing={"total_s": 2.0, "run_s": 1.0},
        metrics=[{"name": "test_accuracy", "value": 0.5, **row}, {"name": "spikes", "value": 12, **row}],
        tables=[{"name": "Accuracy by epoch", "columns": ["epoch", "accuracy"], "rows": [[1, 0.4], [2, 0.5]]}],
        summary="It learns.",
        notes=["A note."],
        array_info={name: {"shape": list(a.shape), "dtype": str(a.dtype), "unit": ""} for name, a in arrays.items()},
    )
    return made, arrays


def _lay_record(folder: Path) -> None:
    made, arrays = _record()
    records.write(made, folder / "mnist" / "run", arrays)


def _report(folder: Path) -> None:
    """The page of a record, as `sbp report` makes it; its failures are those of the command."""
    from click.testing import CliRunner

    from sbp_brian.__main__ import main

    records.find(folder)
    words = ["report", str(folder), "--out", str(folder / "page")]
    done = CliRunner(env={"COLUMNS": "120"}).invoke(main, words, prog_name="sbp")
    if done.exit_code == 0:
        return
    if done.exit_code == 1 and done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1:
        raise RecordError(done.stderr.removeprefix("Error: ").strip())
    raise AssertionError(f"sbp report ended with {done.exit_code}: {' '.join(done.output.split())[-200:]}")


def _lay_identity(folder: Path) -> None:
    (folder / "run.work").mkdir()
    told = {"protocol": "victim", "parameters": {"epochs": {"value": 2}}, "data": {"mnist": {"digest": "ab"}}}
    (folder / "run.identity").write_text(json.dumps(told))


def _lay_cache(folder: Path) -> None:
    """A cache that holds the program of a network, and the network by its key."""
    shutil.copytree(Path(_filled_cache().name) / "cache", folder / "cache")


@lru_cache(maxsize=1)
def _filled_cache() -> TemporaryDirectory:
    from campaigns.kills import programs

    folder = TemporaryDirectory(prefix="campaign-cache-")
    shutil.copytree(programs(), Path(folder.name) / "cache")
    shutil.rmtree(Path(folder.name) / "cache" / "networks")
    _simulate(Path(folder.name))
    return folder


def _simulate(folder: Path) -> dict[str, np.ndarray]:
    """Run the network that the cache holds; where it is damaged, it is made anew."""
    simulation = Simulation(circuit, 50 * ms, key="victim", dt=0.1 * ms, cache=folder / "cache")
    result = simulation.run(seed=0)
    return {name: np.asarray(result[name]) for name in ("pairs.w", "spikes.count")}


def _copied(source: str, name: str) -> Callable[[Path], None]:
    return lambda folder: shutil.copyfile(ROOT / source, folder / name) and None


def _protocol(folder: Path) -> None:
    from sbp_brian import protocols

    assert isinstance(protocols.get(str(folder / "own.py")), Protocol)


OWN: dict[str, Own] = {
    "checkpoint": Own("run/epoch-0001.npz", _lay_checkpoint, lambda folder: _train(folder / "run", 3)),
    "record.json": Own("mnist/run/record.json", _lay_record, _report, text=True, whole=False),
    "arrays.npz": Own(
        "mnist/run/arrays.npz", _lay_record, lambda folder: dict(records.read(folder / "mnist" / "run").arrays)
    ),
    "cache entry": Own("cache/networks/*/**/*", _lay_cache, _simulate, limit_s=60.0),
    "program": Own("cache/programs/*/main", _lay_cache, _simulate, limit_s=120.0),
    "identity": Own(
        "run.identity",
        _lay_identity,
        lambda folder: dict(run_folder.interrupted(folder / "run.work")) and None,
        text=True,
        whole=False,
    ),
    "recipe": Own(
        "mnist.toml",
        _copied("recipes/mnist.toml", "mnist.toml"),
        lambda folder: recipes.read(folder) and None,
        whole=False,
    ),
    "result": Own(
        "mnist.json",
        _copied("recipes/results/mnist.json", "mnist.json"),
        lambda folder: results.read(folder / "mnist.json").to_json() and None,
        text=True,
        whole=False,
    ),
}
