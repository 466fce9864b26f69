"""Records of learning tasks: what tasks, networks and ways of learning are called, and which runs are compared.

The tables here are the one place that knows what is particular to a task or a network: how it learns where nothing is
asked for, which of its ways of learning are controls, and which parameters have to be as usual in a run that stands for
its way of learning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sbp_brian.experiments.records import Record
from sbp_brian.report.together import groups, one_a_seed, setting, value

__all__ = [
    "NETWORKS",
    "SHUFFLED",
    "TASKS",
    "TEN_RECORDINGS",
    "USUAL",
    "OWN",
    "Network",
    "agree",
    "artificial",
    "by_depth",
    "by_learning",
    "by_value",
    "curve",
    "hidden_cells",
    "learning",
    "model",
    "own_choice",
    "score",
    "scores",
    "setting_words",
    "task_words",
    "ten_recordings",
    "usual",
    "validated",
]

#: Protocols of the tasks of Zhang et al. 2021 (doi:10.1126/sciadv.abh0146), and what they are called.
TASKS = {"mnist": "MNIST", "nettalk": "NETtalk", "dvsgesture": "DvsGesture"}
TEN_RECORDINGS = "ten recordings, one subject"
SHUFFLED = "shuffled-labels"  # the way of learning of a control that has nothing to learn


@dataclass(frozen=True)
class Network:
    """What is known here of a model.

    Attributes
    ----------
    name : str
        In words.
    learning : str
        How its hidden layers learn where nothing is asked for.
    controls : tuple of str
        Ways of "learning" in which hidden layers never learn.
    hidden : int, optional
        Its own number of hidden cells a layer, on the tasks of `TASKS`; None where layers differ.
    """

    name: str
    learning: str
    controls: tuple[str, ...] = ("frozen",)
    hidden: int | None = 500


#: By the value of the parameter ``model``.
NETWORKS = {
    "sbp_network": Network("network of real spikes", "weighted/activity"),
    "sbp_published": Network("released model", "sbp-released", ("published-frozen",)),
    "sbp_perceptron": Network("perceptron", "weighted/activity"),
    "sbp_spiking_perceptron": Network("spiking perceptron", "pseudo-bp", ("zero",)),
    "sbp_energy": Network("energy-based", "sbp", ("frozen", "sbp-frozen")),
    "rbm": Network("restricted Boltzmann machine", "cd"),
    "stdbp": Network("single spike times", "exact", hidden=400),
    "stdbp_conv": Network("single spike times, shared kernels", "exact", hidden=None),
    "decolle": Network("local losses", "local", hidden=128),
    "decolle_conv": Network("local losses, shared kernels", "local", hidden=None),
}
#: Values that these parameters must have in a run that stands for its way of learning, where it has them at all; so
#: must ``hidden`` that of its model.
USUAL = {
    "lambda_p": 1.0,
    "lambda_f": 1.0,
    "released_lambda_f": 0.2,
    "depth": 1,
    "dale": False,
    "learning_share": 1.0,
    "short_term": False,
    "noise": "none",
    "lif": False,
    "free_steps": 10,
    "nudged_steps": 10,
    "hold_out": True,
    "input": "graded",
    "jitter": 0,
    "persistent": True,
}
#: Where samples are so few that the task itself holds none out.
_USUAL_OF = {"dvsgesture": {"hold_out": False}}
#: What makes a setting of an artificial network; other parameters of its tasks belong to other networks.
_ARTIFICIAL = (
    "epochs",
    "hidden",
    "lambda_p",
    "lambda_f",
    "decay",
    "hold_out",
    "train_samples",
    "validation_samples",
    "test_samples",
    "learning_share",
    "depth",
    "free_steps",
    "nudged_steps",
    "batch",
)
#: What a way of learning may have of its own where nobody chose it: these need not agree between ways of learning.
OWN = (
    "rate_hidden",
    "rate_output",
    "beta",
    "epsilon",
    "drop_input",
    "drop_hidden",
    "homeostasis",
    "hidden_decays",
)
_NO_EFFECT = ("raster", "robustness", "test_each_epoch", "angle")  # on the result
#: Parameter -> what a network settles by it where nobody chose it.
_FOLLOWS = {"depth": ("first_taught",)}


def model(record: Record) -> str:
    """The model of a learning task's record."""
    return value(record, "model", "sbp_network")


def learning(record: Record) -> str:
    """How the hidden layers learned: the parameter, or what its model does where nothing is asked for."""
    name = value(record, "learning", "own")
    return NETWORKS[model(record)].learning if name == "own" and model(record) in NETWORKS else name


def hidden_cells(record: Record) -> int | None:
    """Hidden cells of a layer, as given or the model's own."""
    return value(record, "hidden", usual(record)["hidden"])


def usual(record: Record) -> dict[str, Any]:
    """What the parameters of such a run are where nobody chose them."""
    of, network = model(record), NETWORKS.get(model(record))
    found = {**USUAL, **_USUAL_OF.get(record.protocol, {}), "hidden": network.hidden if network else None}
    if of == "sbp_published":  # lambda_p cancels in it; its lambda_f had a name of its own beside that of other models
        found["lambda_f"] = 1.0 if "released_lambda_f" in record.parameters else USUAL["released_lambda_f"]
    return found


def _stands_for_its_learning(record: Record, free: Sequence[str]) -> bool:
    free = (*free, "lambda_p") if model(record) == "sbp_published" else free
    return all(value(record, name, own) == own for name, own in usual(record).items() if name not in free)


def own_choice(record: Record, names: Sequence[str] = OWN) -> dict[str, Any]:
    """What a run had of `OWN` parameters; None: left to its way of learning. One that has no effect is not in it."""
    return {name: record.parameters[name]["value"] for name in names if name in record.parameters}


def agree(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two choices are alike in what both have."""
    return all(other[name] == chosen for name, chosen in one.items() if name in other)


def _alike(runs: Sequence[Record], names: Sequence[str] = OWN) -> list[list[Record]]:
    """The runs that agree in what they had of their own, for each choice that was made."""
    choices = []
    for run in runs:
        choice = own_choice(run, names)
        if choice not in choices:
            choices.append(choice)
    return [[r for r in runs if agree(choice, own_choice(r, names))] for choice in choices]


def _left_to_itself(runs: Sequence[Record]) -> bool:
    return all(chosen is None for run in runs for chosen in own_choice(run, OWN[:2]).values())


def _usable(records: Sequence[Record], task: str, of: str, free: Sequence[str]) -> list[Record]:
    return [
        r
        for r in records
        if r.protocol == task and model(r) == of and "epoch" in r.array_info and _stands_for_its_learning(r, free)
    ]


def _size(runs: Sequence[Record]) -> tuple[int, int, int]:
    return runs[0].metric("train_samples")["value"], len(runs[0].array("epoch")), len(runs)


def by_learning(records: Sequence[Record], task: str, of: str, **fixed: Any) -> dict[str, list[Record]]:
    """How hidden layers learned -> the runs, one a seed; all in one setting but for what each may choose, its rates.

    Of several settings the one with most ways of learning, then most training samples, then most epochs, then most
    seeds. Sweeps over lambda, depth and the like are left out; `fixed` asks for another value of one of these.

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
    but = ("learning", *OWN, *_NO_EFFECT)
    settings = groups(found, key=learning, of=lambda r: setting(r, but, usual(r)))
    if not settings:
        return {}

    def rank(compared):
        runs = [r for same in compared.values() for r in same]
        return len(compared), *_size(runs), max(r.started for r in runs)

    # of several choices that which was left to the way of learning, then that of most runs
    return {
        name: one_a_seed(max(_alike(runs), key=lambda same: (_left_to_itself(same), len(same))))
        for name, runs in max(settings.values(), key=rank).items()
    }


def by_value(
    records: Sequence[Record], task: str, of: str, name: str, which: str, free: Sequence[str] = ()
) -> dict[Any, list[Record]]:
    """Value of a parameter -> runs of one way of learning that differ in it and the seed alone, ascending.

    Of several settings the one with most values, then as for `by_learning`; `free` are parameters that need not be as
    usual, though all runs share them.
    """
    usable = [
        r
        for r in _usable(records, task, of, (name, *free))
        if learning(r) == which and value(r, name, USUAL.get(name)) is not None
    ]
    but = (name, "learning", *OWN, *_FOLLOWS.get(name, ()), *_NO_EFFECT)
    settings = groups(usable, key=lambda r: value(r, name, USUAL.get(name)), of=lambda r: setting(r, but, usual(r)))
    found = [
        groups(same, key=lambda r: value(r, name, USUAL.get(name)), of=lambda r: None)[None]
        for by in settings.values()
        for same in _alike([r for runs in by.values() for r in runs])
    ]
    if not found:
        return {}
    best = max(found, key=lambda by: (len(by), *_size([r for runs in by.values() for r in runs])))
    return {key: one_a_seed(best[key]) for key in sorted(best)}


def by_depth(records: Sequence[Record], task: str, of: str, which: str) -> dict[int, list[Record]]:
    """Number of hidden layers -> runs; layers of any size, with or without held-out data, but all alike."""
    return by_value(records, task, of, "depth", which, ("hidden", "hold_out"))


def artificial(
    records: Sequence[Record], models: Sequence[str], *varied: str
) -> dict[tuple, dict[tuple, list[Record]]]:
    """(task, model, setting but for `varied`) -> (way of learning, values of `varied`) -> runs, one a seed.

    All runs of a way of learning have the same rates, those of which there are most runs.

    Parameters
    ----------
    records : sequence of Record
    models : sequence of str
        Artificial networks.
    *varied : str
        Parameters that runs of a setting may differ in.
    """
    ours = sorted((r for r in records if model(r) in models and "model" in r.parameters), key=lambda r: r.started)
    names = [name for name in _ARTIFICIAL if name not in varied]
    settings = groups(ours, key=learning, of=lambda r: (r.protocol, model(r), setting(r, (), usual(r), names)))
    found: dict[tuple, dict[tuple, list[Record]]] = {}
    for of, ways in settings.items():
        for name, runs in ways.items():
            for run in max(_alike(runs, OWN[:2]), key=len):  # the rates of most runs
                at = name, *(value(run, each, USUAL.get(each)) for each in varied)
                found.setdefault(of, {}).setdefault(at, []).append(run)
    return {of: {key: one_a_seed(same) for key, same in runs.items()} for of, runs in found.items()}


def validated(compared: Mapping[str, Sequence[Record]], names: Sequence[str]) -> Sequence[Record]:
    """The runs of that of the ways of learning `names` which scores best on validation samples; empty without one."""
    return max(
        (compared[name] for name in names if name in compared),
        key=lambda same: np.mean([r.array("validation_accuracy_by_epoch")[-1] for r in same]),
        default=(),
    )


def score(record: Record) -> str:
    """What is scored: ``accuracy`` or ``cosine``."""
    return "cosine" if any(row["name"] == "test_cosine" for row in record.metrics) else "accuracy"


def scores(runs: Sequence[Record]) -> np.ndarray:
    """The test score of each run as a fraction, with the weights after the last epoch; shape (runs,)."""
    return np.array([run.metric(f"test_{score(run)}")["value"] for run in runs], float)


def curve(run: Record) -> tuple[str, np.ndarray]:
    """What was scored in each epoch, and the scores: of test samples, of validation samples, or while learning."""
    for name, words in ((f"test_{score(run)}_by_epoch", "test"), ("validation_accuracy_by_epoch", "validation")):
        if name in run.array_info and np.isfinite(run.array(name)).all() and len(run.array(name)):
            return words, run.array(name)
    own = "running_accuracy_by_epoch"
    return "running", run.array(own if own in run.array_info else "training_accuracy_by_epoch")  # its earlier name


def ten_recordings(runs: Sequence[Record]) -> bool:
    """Whether runs saw the ten recordings of one subject, with which nothing published of DvsGesture compares."""
    return any(r.protocol == "dvsgesture" and value(r, "recordings", "ten") == "ten" for r in runs)


def task_words(task: str, runs: Sequence[Record]) -> str:
    """What a task is called where these runs of it are shown."""
    return TASKS[task] + (f", {TEN_RECORDINGS}" if ten_recordings(runs) else "")


def setting_words(runs: Sequence[Record]) -> str:
    """E.g. ``3 seeds, 6 epochs of 55,000 samples``."""
    samples, epochs, _ = _size(runs)
    seeds, one = len({r.seed for r in runs}), "" if epochs == 1 else "s"
    return f"{seeds} seed{'s' if seeds != 1 else ''}, {epochs} epoch{one} of {samples:,} samples"
