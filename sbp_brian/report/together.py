"""Which records of a learning task belong together: runs of one setting, by how their hidden layers learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sbp_brian.experiments.records import Record

__all__ = [
    "arm",
    "by_arm",
    "by_depth",
    "by_value",
    "cell",
    "curve",
    "model",
    "score",
    "scores",
    "setting_words",
    "ten_recordings",
]

#: What `arm=own` stands for, by model.
_OWN = {
    "sbp_network": "weighted/activity",
    "sbp_perceptron": "weighted/activity",
    "sbp_published": "sbp-released",
    "sbp_spiking_perceptron": "pseudo-bp",
    "sbp_energy": "sbp",
    "rbm": "cd",
    "stdbp": "exact",
    "decolle": "local",
}
#: Values that these parameters must have in a record that stands for its arm, where it has them at all.
_PLAIN = {
    "lambda_p": 1.0,
    "lambda_f": 1.0,
    "released_lambda_f": 0.2,
    "depth": 1,
    "dale": False,
    "share": 1.0,
    "short_term": False,
    "noise": "none",
    "hidden": 0,
    "lif": False,
    "free_steps": 0,
    "nudged_steps": 0,
    "hold_out": True,
    "input": "graded",
    "jitter": 0,
    "persistent": True,
}
#: Where samples are so few that the task itself holds none out.
_PLAIN_OF = {"dvsgesture": {"hold_out": False}}
#: What an arm may choose for itself, or what changes nothing of the result.
_OF_ARM = {"arm", "rate_hidden", "rate_output", "raster", "robustness", "test_each_epoch"}


def value(record: Record, name: str, default: Any = None) -> Any:
    """A parameter of a record; `default` where it has none of this name."""
    return record.parameters.get(name, {"value": default})["value"]


def model(record: Record) -> str:
    """The model of a benchmark's record."""
    return value(record, "model", "sbp_network")


def arm(record: Record) -> str:
    """How the hidden layer learned; ``own`` is resolved."""
    name = value(record, "arm", "")
    return _OWN.get(model(record), name) if name == "own" else name


def _plain(record: Record, free: Sequence[str]) -> bool:
    # lambda_p cancels in the released model, and its lambda_f has a name of its own
    free = (*free, "lambda_p", "lambda_f") if model(record) == "sbp_published" else free
    plain = {**_PLAIN, **_PLAIN_OF.get(record.protocol, {})}
    return all(value(record, name, usual) == usual for name, usual in plain.items() if name not in free)


def _setting(record: Record, but: Sequence[str]) -> tuple:
    given = {name: str(p["value"]) for name, p in record.parameters.items() if name not in but}
    return record.target, *sorted(given.items())


def _seeds(runs: Sequence[Record]) -> list[Record]:
    """The newest run of each seed, by seed."""
    newest = {r.seed: r for r in sorted(runs, key=lambda r: r.started)}
    return [newest[seed] for seed in sorted(newest)]


def _size(runs: Sequence[Record]) -> tuple:
    return runs[0].metric("train_samples")["value"], len(runs[0].array("epoch")), len(runs)


def _usable(records: Sequence[Record], task: str, of: str, free: Sequence[str]) -> list[Record]:
    return [r for r in records if r.protocol == task and model(r) == of and "epoch" in r.array_info and _plain(r, free)]


def by_arm(records: Sequence[Record], task: str, of: str, **fixed: Any) -> dict[str, list[Record]]:
    """Arm -> its runs, one a seed; all arms with the same setting but for what is an arm's own, such as its rates.

    Of several settings the one with most arms, then most training samples, then most epochs, then most seeds. Sweeps
    over lambda, depth and the like are left out; `fixed` asks for another value of one of these.

    Parameters
    ----------
    records : sequence of Record
    task : str
        Name of the protocol.
    of : str
        Name of the model.
    **fixed
        Parameter -> value, e.g. ``depth=2``.
    """
    found = [
        r
        for r in _usable(records, task, of, tuple(fixed))
        if all(value(r, name) == wanted for name, wanted in fixed.items())
    ]
    settings: dict[tuple, dict[str, dict[tuple, list[Record]]]] = {}
    for record in found:
        arms = settings.setdefault(_setting(record, tuple(_OF_ARM)), {})
        rates = value(record, "rate_hidden"), value(record, "rate_output")
        arms.setdefault(arm(record), {}).setdefault(rates, []).append(record)
    if not settings:
        return {}

    def rank(arms):
        runs = [r for rates in arms.values() for group in rates.values() for r in group]
        return len(arms), *_size(runs), max(r.started for r in runs)

    best = max(settings.values(), key=rank)
    # of several rates of an arm its own (-1), then the ones with most seeds
    return {
        name: _seeds(max(rates.items(), key=lambda item: (item[0] == (-1.0, -1.0), len(item[1])))[1])
        for name, rates in best.items()
    }


def by_value(
    records: Sequence[Record], task: str, of: str, name: str, which: str, free: Sequence[str] = ()
) -> dict[Any, list[Record]]:
    """Value of a parameter -> runs of an arm that differ in it and the seed alone, ascending.

    Of several settings the one with most values, then as for `by_arm`; `free` are parameters that need not have the
    value that stands for the arm, though all runs share it.
    """
    settings: dict[tuple, dict[Any, list[Record]]] = {}
    for record in _usable(records, task, of, (name, *free)):
        if arm(record) == which and name in record.parameters:
            but = (name, "arm", "raster", "robustness", "test_each_epoch")
            settings.setdefault(_setting(record, but), {}).setdefault(value(record, name), []).append(record)
    if not settings:
        return {}
    best = max(settings.values(), key=lambda found: (len(found), *_size([r for runs in found.values() for r in runs])))
    return {key: _seeds(best[key]) for key in sorted(best)}


def by_depth(records: Sequence[Record], task: str, of: str, which: str) -> dict[int, list[Record]]:
    """Number of hidden layers -> runs of an arm; layers of any size, with or without held-out data, but all alike."""
    return by_value(records, task, of, "depth", which, ("hidden", "hold_out"))


def score(record: Record) -> str:
    """What is scored: ``accuracy`` or ``cosine``."""
    return "cosine" if any(row["name"] == "test_cosine" for row in record.metrics) else "accuracy"


def ten_recordings(runs: Sequence[Record]) -> bool:
    """Whether runs saw the ten recordings of one subject, with which nothing published of DvsGesture compares."""
    return any(r.protocol == "dvsgesture" and value(r, "recordings", "ten") == "ten" for r in runs)


def scores(runs: Sequence[Record]) -> np.ndarray:
    """The test score of each run as a fraction, with the weights after the last epoch; shape (runs,)."""
    return np.array([run.metric(f"test_{score(run)}")["value"] for run in runs], float)


def curve(run: Record) -> tuple[str, np.ndarray]:
    """What was scored after each epoch, and the scores: test samples where they were shown, or validation samples."""
    for name, words in ((f"test_{score(run)}_by_epoch", "test"), ("validation_accuracy_by_epoch", "validation")):
        if name in run.array_info and np.isfinite(run.array(name)).all() and len(run.array(name)):
            return words, run.array(name)
    return "training", run.array("training_accuracy_by_epoch")


def setting_words(runs: Sequence[Record]) -> str:
    """E.g. ``3 seeds, 6 epochs of 55,000 samples``."""
    samples, epochs, _ = _size(runs)
    seeds, one = len({r.seed for r in runs}), "" if epochs == 1 else "s"
    return f"{seeds} seed{'s' if seeds != 1 else ''}, {epochs} epoch{one} of {samples:,} samples"


def cell(values: Sequence[float], digits: int = 2, factor: float = 100) -> str:
    """Mean and sample standard deviation of fractions in percent, e.g. ``98.28 ± 0.02``."""
    values = factor * np.asarray(values, float)
    spread = f" \u00b1 {values.std(ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{values.mean():.{digits}f}{spread}".replace("-", "\u2212")
