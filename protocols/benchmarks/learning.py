"""How a benchmark learns, whatever the model: train, validate after each epoch, test once, report.

A `Learner` is one model as benchmarks train it: its name in ``model=``, its parameters, its network, and what it has to
report beside the scores. What is to be done is a `Plan`, made before anything is built; `run` carries it out. The test
set is shown once, with the weights after the last epoch or their mean over the last epochs (``average``).

A training that diverges leaves no record: a record is of a run that was carried out. The command fails; what its last
good epoch left stays in the run's folder for checkpoints, which the error names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from sbp_brian.errors import DivergedError, ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Parameters
from sbp_brian.protocols.benchmarks import operations
from sbp_brian.training.answers import largest
from sbp_brian.training.checkpoints import Epoch
from sbp_brian.training.samples import Samples
from sbp_brian.training.scores import mean_known
from sbp_brian.training.spiking import Training

__all__ = ["EPOCHS_PUBLISHED", "Data", "Learner", "Outcome", "Plan", "keep", "run"]


#: What Zhang et al. (2021) say of the number of epochs, beside which ours stands.
EPOCHS_PUBLISHED = {"paper_value": 100, "provenance": "read: authors' code"}


@dataclass(frozen=True, eq=False)
class Data:
    """What a task gives to learn from.

    Parameters
    ----------
    samples : Samples
        With targets: the score is the cosine of output and target.
    repeated : ndarray of bool, optional
        Test rows that occur among the training rows too; the score without them is reported as well.
    features : ndarray, shape (n, features), optional
        What classifiers without hidden cells see of each sample; the images themselves by default.
    network : mapping
        What the samples settle of the network, e.g. ``{"n_input": 1024, "step": 5 * ms}``.
    extra : mapping
        What else the task needs for what stands beside a run.
    """

    samples: Samples
    repeated: np.ndarray | None = None
    features: np.ndarray | None = None
    network: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Plan:
    """What a run is going to do.

    Parameters
    ----------
    network : object
        Identified by its ``repr``.
    samples : Samples or Patterns
        What it is shown.
    epochs : int
    training : mapping
        Arguments of its training, e.g. ``decay``.
    average : int
        The test is by the mean of the weights after each of so many last epochs.
    tests : mapping
        What is measured beside the score of the test samples: name -> setting.
    """

    network: Any
    samples: Any
    epochs: int
    training: Mapping[str, Any] = field(default_factory=dict)
    average: int = 1
    tests: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run gave.

    Parameters
    ----------
    parameters : Parameters
    data : Data
    plan : Plan
    training : Training or NumpyTraining
    history : sequence of Epoch
    scores : ndarray, shape (test samples,)
        NaN where a sample has none.
    answers : ndarray
        What was answered to each test sample: its class, or the outputs themselves.
    result : Result or None
        Of the test.
    averaged : int
        Epochs whose last weights were averaged.
    kept : dict
        What a learner has measured already and needs again.
    """

    parameters: Parameters
    data: Data
    plan: Plan
    training: Any
    history: Sequence[Epoch]
    scores: np.ndarray
    answers: np.ndarray
    result: Any
    averaged: int
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def graded(self) -> bool:
        """Whether scores are cosines with targets instead of right answers."""
        return self.data.samples.targets is not None

    @property
    def kind(self) -> str:
        """``accuracy`` or ``cosine``."""
        return "cosine" if self.graded else "accuracy"

    @property
    def known(self) -> np.ndarray:
        """Which test samples have a score."""
        return np.isfinite(self.scores)

    @property
    def unanswered(self) -> np.ndarray:
        """Which test samples no output answered: with targets, those whose outputs have no direction."""
        if np.ndim(self.answers) == 2:
            return self.plan.samples.unanswered(self.answers)
        return ~self.known if self.graded else np.asarray(self.answers) < 0

    @property
    def speed(self) -> float:
        """Samples trained and validated in a second."""
        return sum(e.samples for e in self.history) / sum(e.seconds for e in self.history)


class Learner:
    """One model as benchmarks train it; what follows is that of networks in Brian2 unless a model says otherwise.

    Attributes
    ----------
    name : str
        Its value of ``model=``.
    learning : tuple of str
        How its hidden layers may learn; the first is the default.
    parameters : mapping of str to Parameter
        What it uses. A default of None is the task's own value, or what `own` gives.
    usual : tuple of str
        Parameters that the project's acceptance and published values do not hold for once a user changes them.
    running : bool
        Whether the score of the answers that are given while learning is reported.
    epochs_published : mapping
        What the source says of the number of epochs, as for `Context.metric`.
    keeps : tuple of str
        What ``--keep`` finds of it: weights after training, states that were recorded of the test samples.
    called : mapping of str to str
        Parameter of the model -> what it is called here, where that is another name.
    """

    name = ""
    learning: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = MappingProxyType({})
    usual: tuple[str, ...] = ("depth", "hidden", "lambda_p", "lambda_f", "jitter", "learning_share")
    running = True
    epochs_published: Mapping[str, Any] = MappingProxyType({})
    keeps: tuple[str, ...] = ("weights", "states")
    called: Mapping[str, str] = MappingProxyType({})

    def lacks(self, p: Parameters) -> dict[str, str]:
        """Which of weights, spikes and states cannot be kept, with the reason; see `Protocol.lacks`."""
        reasons = {
            "weights": "it keeps none after training",
            "spikes": "its spikes are counted while it is trained and tested, not recorded",
            "states": "it has no states over time",
        }
        return {kind: reason for kind, reason in reasons.items() if kind not in self.keeps}

    # ------------------------------------------------------------------------------------------------------ planning
    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is in force of parameters that neither the user nor the task has set, given the plain values set."""
        return {}

    def check(self, p: Parameters, target: str) -> None:
        """Refuse what cannot be before data are loaded."""
        if p.get("average", 1) > p.epochs:
            raise ParameterError(
                f"average={p.average} is more than the {p.epochs} epochs there are; take at most these"
            )

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> Any:
        """The network that the parameters ask for; `settings` are the task's, of what is no parameter."""
        raise NotImplementedError

    def plan(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> Plan:
        """What a run with these parameters is going to do."""
        return Plan(
            self.network(p, data, seed, settings),
            data.samples,
            p.epochs,
            {"decay": p.decay},
            p.get("average", 1),
            {name: p[name] for name in ("angle", "raster", "robustness", "test_each_epoch") if p.get(name)},
        )

    # ---------------------------------------------------------------------------------------------------- a plan's run
    def begin(self, context: Context, plan: Plan) -> Any:
        """The training, its program built."""
        training = Training(
            plan.network.trial_model(),
            plan.samples,
            context.folder,
            target=context.target,
            seed=context.seed,
            facts={"model": self.name, "network": repr(plan.network)},
            **plan.training,
        )
        with context.progress("building", "build_s"):
            training.simulation.build()
        return training

    def test(self, context: Context, training: Any, bar) -> tuple[np.ndarray, np.ndarray, Any]:
        """Score and answer of each test sample, and the result."""
        return training.score(training.samples.test, bar)

    def validation(self, context: Context, outcome: Outcome) -> float:
        """Score of the validation samples by the weights that were tested."""
        if outcome.averaged > 1:
            return mean_known(outcome.training.score(outcome.plan.samples.validation)[0])
        return outcome.history[-1].validation

    # ----------------------------------------------------------------------------------------------------- its report
    def published(self, known: Mapping[str, Any], usual: bool) -> Mapping[str, Any]:
        """What of a source's result stands beside the test score; `usual`: the network is as the task sets it."""
        return known

    def silence(self, outcome: Outcome) -> str:
        """What a sample without an answer counts as."""
        return "their cosine is left out" if outcome.graded else "none counts as right"

    def beside(self, context: Context, outcome: Outcome, published: Mapping[str, Any]) -> None:
        """Report what belongs next to the test score."""

    def counted(self, context: Context, outcome: Outcome) -> None:
        """Report spikes, operations and the like."""

    def arrays(self, context: Context, outcome: Outcome) -> None:
        """Keep arrays beyond the scores by epoch and the confusion."""

    def after(self, context: Context, outcome: Outcome) -> None:
        """Measure what is asked for beside the score."""

    def hidden_spikes(self, epoch: Epoch) -> float | None:
        """Hidden spikes of a sample in an epoch, where they are counted."""
        return None

    def says(self, context: Context, outcome: Outcome) -> tuple[str, str]:
        """For the summary: what was trained, and what there is to add to its score."""
        return "the network", ""

    def notes(self, context: Context, outcome: Outcome) -> list[str]:
        """Remarks for the record."""
        return [f"settings: {outcome.plan.network!r}; rates times {outcome.parameters.decay:g} after each epoch"]


def run(
    context: Context, learner: Learner, data: Data, plan: Plan, published: Mapping[str, Any], band: Any = None
) -> Outcome:
    """Carry out a plan and report it.

    Parameters
    ----------
    context : Context
    learner : Learner
    data : Data
    plan : Plan
    published : mapping
        What a source reports of the test score, as for `Context.metric`.
    band : callable, optional
        ``band(outcome)`` gives the project's own acceptance of the test score, or None.

    Raises
    ------
    DivergedError
        Weights, states or outputs are no longer finite, or beyond what their type can carry; says which parameter to
        lower, by the name it has here.
    """
    try:
        return _run(context, learner, data, plan, published, band)
    except DivergedError as error:
        raise error.renamed(learner.called) from error


def _run(
    context: Context, learner: Learner, data: Data, plan: Plan, published: Mapping[str, Any], band: Any
) -> Outcome:
    training = learner.begin(context, plan)
    rows = plan.samples.test
    with context.progress(f"training, {plan.epochs} epochs of {len(plan.samples.training):,} samples") as bar:
        history = training.run(plan.epochs, bar)
    averaged = take_mean(context, training, len(history), plan.average)
    with context.progress(f"testing, {len(rows):,} samples") as bar:
        scores, answers, result = learner.test(context, training, bar)
    keep(context, training, result)
    outcome = Outcome(context.parameters, data, plan, training, history, scores, answers, result, averaged)
    _scores(context, learner, outcome, published, band)
    learner.counted(context, outcome)
    operations.report(context, history, len(plan.samples.training))
    context.timing(samples_per_s=outcome.speed)
    _by_epoch(context, learner, outcome)
    learner.arrays(context, outcome)
    learner.after(context, outcome)
    for note in (*learner.notes(context, outcome), *_beside(training)):
        context.note(note)
    _summary(context, learner, outcome)
    return outcome


def _beside(training: Any) -> list[str]:
    """What a record says of a training that was a copy within a program of several."""
    others = getattr(getattr(training, "simulation", None), "beside", 0)
    told = "another network" if others == 1 else f"{others} other networks"
    return [f"trained in one program with {told}; times are those of all together"] if others else []


def keep(context: Context, training: Any, result: Any = None) -> None:
    """Keep the weights that were tested, and what the test recorded, where it was asked for."""
    context.keep_weights("training", training.weights(result))
    if result is not None:
        context.keep_runs("test", result)


def take_mean(context: Context, training: Any, done: int, wanted: int) -> int:
    """Replace what `done` epochs taught by the mean over the last `wanted` of them, or all; note it; their number."""
    last = min(wanted, done)
    if last > 1:
        training.learned = training.checkpoints.mean(done - last + 1, done)
        context.note(f"tested with the mean of the weights after each of the last {last} epochs")
    return last


def _scores(context: Context, learner: Learner, outcome: Outcome, published: Mapping[str, Any], band: Any) -> None:
    """The scores of test, validation and training samples."""
    scores, known, samples, history = outcome.scores, outcome.known, outcome.plan.samples, outcome.history
    kind, repeated = outcome.kind, outcome.data.repeated
    context.metric(
        f"test_{kind}",
        mean_known(scores[known]),
        standard_error=float(scores[known].std() / np.sqrt(known.sum())) if known.any() else None,
        n=int(known.sum()),
        band=band(outcome) if band else None,
        **published,
    )
    told = f"share of test samples that no output answered; {learner.silence(outcome)}"
    context.metric("no_answer", float(outcome.unanswered.mean()), n=len(scores), provenance=told)
    learner.beside(context, outcome, published)
    if repeated is not None:
        unseen = scores[known & ~repeated]
        told = "without test samples that occur in training"
        context.metric(f"test_{kind}_unseen", mean_known(unseen), n=len(unseen), provenance=told)
    if len(samples.validation):
        context.metric(f"validation_{kind}", learner.validation(context, outcome), n=len(samples.validation))
    if learner.running:
        context.metric(
            f"running_{kind}",
            history[-1].running,
            n=len(samples.training),
            provenance="answers given while learning, in the last epoch: weights change, in Brian2 within a sample",
        )
    context.metric("train_samples", len(samples.training))
    context.metric("epochs", len(history), **learner.epochs_published)


def _by_epoch(context: Context, learner: Learner, outcome: Outcome) -> None:
    """Arrays and the table of scores by epoch, and what was confused with what."""
    samples, history, spikes = outcome.data.samples, outcome.history, learner.hidden_spikes(outcome.history[-1])
    if not outcome.graded:
        confusion, answers = np.zeros((samples.classes, samples.classes), int), np.asarray(outcome.answers)
        answers = largest(answers) if answers.ndim == 2 else answers
        np.add.at(confusion, (samples.labels[samples.test][answers >= 0], answers[answers >= 0]), 1)
        context.array("confusion", confusion)
    context.array("epoch", [e.number for e in history])
    context.array("samples_per_s_by_epoch", [e.samples / e.seconds for e in history])
    context.array("no_answer_by_epoch", [np.nan if e.no_answer is None else e.no_answer for e in history])
    if learner.running:
        context.array("validation_accuracy_by_epoch", [e.validation for e in history])
        context.array("running_accuracy_by_epoch", [e.running for e in history])
    columns = ["epoch", "while learning", "validation"]
    rows = [[e.number, round(e.running, 4), round(e.validation, 4)] for e in history]
    if spikes is not None:
        columns.append("hidden spikes a sample")
        counted = [learner.hidden_spikes(e) for e in history]
        rows = [[*row, round(n, 1)] for row, n in zip(rows, counted, strict=True)]
        context.array("hidden_spikes_by_epoch", counted)
    context.table("score by epoch", columns, rows)


def _summary(context: Context, learner: Learner, outcome: Outcome) -> None:
    who, more = learner.says(context, outcome)
    context.summary(
        f"After {len(outcome.history)} epochs of {len(outcome.plan.samples.training):,} samples {who} "
        f"({outcome.parameters.learning}) scores {100 * context.metrics[0]['value']:.2f} % on "
        f"{len(outcome.scores):,} test samples{more}, trained at {outcome.speed:,.0f} samples a second."
    )
