"""Split MNIST: five pairs of digits, one after the other, without replay; ten outputs, of which any may answer.

A network that has learned 0 and 1 learns 2 and 3, then 4 and 5, 6 and 7, 8 and 9; no image comes back. After each pair
all test images are shown. Any of the ten outputs may answer (class-incremental); that the two outputs of the image's
own pair alone compete (task-incremental) is reported beside it: it tells what is lost from what is drowned.
``mixed=yes`` shows the same images in random fifths: what so many presentations teach where nothing comes in turn.

Forgetting is the mean, over all pairs but the last, of the best score that a pair had before the end less its score at
the end (Chaudhry, Dokania, Ajanthan & Torr 2018, ECCV, arXiv:1801.10112).

Rates are those with the best score at the end on validation images of all five pairs (docs/mnist.md).

Source of the task: van de Ven, Tuytelaars & Tolias 2022, Nat Mach Intell 4:1185, doi:10.1038/s42256-022-00568-3.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sbp_brian.errors import DivergedError, ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Source
from sbp_brian.protocols.benchmarks.learners import in_turn, sbp_network
from sbp_brian.protocols.benchmarks.learning import Data, Plan, keep
from sbp_brian.protocols.benchmarks.task import Offer, Task
from sbp_brian.protocols.benchmarks.tasks import mnist
from sbp_brian.training.answers import largest

__all__ = ["PAIRS", "PROTOCOL", "TASK", "forgetting"]

PAIRS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
#: Way of learning -> rates of the hidden layer and the output, chosen on validation images of all pairs, at the end;
#: the other ways have MNIST's.
RATES = sbp_network.RATES | {"bit": (1e-7, 3.2e-10), "weighted/activity": (20.0, 1e-6), "frozen": (0.0, 5e-6)}
RATES_WITHOUT_SPIKES = {"rate_hidden": 5e-4, "rate_output": 5e-8}


def load(context: Context) -> Data:
    """MNIST's images, and the training rows of each part."""
    data = mnist.load(context)
    samples = data.samples
    if context.parameters.mixed:
        context.note("control: the parts are random fifths of all training images")
        parts = np.array_split(np.random.default_rng([context.seed, 21]).permutation(samples.training), len(PAIRS))
    else:
        labels = samples.labels[samples.training]
        parts = [samples.training[np.isin(labels, pair)] for pair in PAIRS]
    if lacking := [pair for pair, rows in zip(PAIRS, parts, strict=True) if not len(rows)]:
        raise ParameterError(f"there are no training images of {lacking[0][0]} and {lacking[0][1]}; take more of them")
    return replace(data, extra={"parts": parts})


def forgetting(scores: np.ndarray) -> float:
    """Mean over all pairs but the last: the best score before the end less that at the end.

    Parameters
    ----------
    scores : ndarray, shape (stages, pairs)
        Of each pair after each stage; a pair counts from its own stage on.
    """
    last = len(scores) - 1
    return float(np.mean([scores[k:last, k].max() - scores[last, k] for k in range(last)]))


def by_pair(evidence: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores of each pair where any output may answer, and where the pair's own two alone compete; NaN without images.

    Parameters
    ----------
    evidence : ndarray, shape (n, 10)
    labels : ndarray of int, shape (n,)
    """
    every, own = np.full(len(PAIRS), np.nan), np.full(len(PAIRS), np.nan)
    for k, pair in enumerate(PAIRS):
        among = np.isin(labels, pair)
        if among.any():
            truth, shown = labels[among], evidence[among]
            every[k] = (largest(shown) == truth).mean()
            own[k] = (largest(shown[:, pair]) == truth - pair[0]).mean()
    return every, own


class TurnTask(Task):
    """A task whose parts come in turn; its report is by part and stage."""

    def run(self, context: Context) -> None:
        """Learn part after part, test all pairs after each, report.

        Raises
        ------
        DivergedError
            As `sbp_brian.protocols.benchmarks.learning.run`.
        """
        offer, data, plan = self.prepare(context)
        try:
            self._run(context, offer.learner, data, plan)
        except DivergedError as error:
            raise error.renamed(offer.learner.called) from error

    def _run(self, context: Context, learner: in_turn.InTurn, data: Data, plan: Plan) -> None:
        p, samples = context.parameters, data.samples
        training = learner.begin(context, plan)
        with context.progress(f"training, {len(PAIRS)} parts, {len(samples.training):,} samples") as bar:
            history = training.run(plan.epochs, bar)
        scores = []
        with context.progress("testing after each part") as bar:
            for stage in range(1, len(PAIRS) + 1):
                found = learner.evidence(training, samples.test, stage * p.epochs)
                scores.append(by_pair(found, samples.labels[samples.test]))
                bar(stage / len(PAIRS))
        keep(context, training)
        every, own = np.array(scores).transpose(1, 0, 2)
        right = float((largest(found) == samples.labels[samples.test]).mean())
        context.metric("test_accuracy", right, standard_error=(right * (1 - right) / len(found)) ** 0.5, n=len(found))
        if len(samples.validation):
            context.metric("validation_accuracy", history[-1].validation, n=len(samples.validation))
        _report(context, every, own)
        context.timing(samples_per_s=sum(e.samples for e in history) / sum(e.seconds for e in history))
        context.note(f"settings: {plan.network!r}; rates are constant, each part is shown {p.epochs} times")
        context.summary(
            f"After five {'random fifths' if p.mixed else 'pairs of digits in turn'} {p.model} ({p.learning}) scores "
            f"{100 * right:.2f} % on all test images, {100 * np.nanmean(own[-1]):.2f} % where the two outputs of a "
            f"pair alone compete; forgetting {100 * forgetting(every):.1f} and {100 * forgetting(own):.1f} points."
        )


def _report(context: Context, every: np.ndarray, own: np.ndarray) -> None:
    """Scores of each pair after each stage, their mean over the pairs seen, what was forgotten."""
    for stage in range(len(PAIRS)):
        for pair in range(stage + 1):
            context.metric(f"accuracy_pair{pair + 1}_after_{stage + 1}", every[stage, pair])
        context.metric(f"accuracy_of_seen_after_{stage + 1}", every[stage, : stage + 1].mean())
    told = "mean over all pairs but the last: best score before the end, less that at the end"
    context.metric("forgetting", forgetting(every), provenance=told)
    two = "the two outputs of the image's pair alone compete"
    context.metric("own_pair_accuracy", own[-1].mean(), provenance=two)
    for pair in range(len(PAIRS)):
        context.metric(f"own_pair_accuracy_pair{pair + 1}", own[-1, pair], provenance=two)
    context.metric("own_pair_forgetting", forgetting(own), provenance=f"{told}; {two}")
    context.array("accuracy_by_stage_and_pair", every)
    context.array("own_pair_accuracy_by_stage_and_pair", own)
    names = [f"{one} and {other}" for one, other in PAIRS]
    rows = [(k, *np.round(row, 4).tolist()) for k, row in enumerate(every, 1)]
    context.table("score of each pair after each part, any output may answer", ("parts", *names), rows)


TASK = TurnTask(
    name="mnist-in-turn",
    title="Five pairs of digits, one after the other, without replay",
    source=Source("van de Ven, Tuytelaars & Tolias (2022) Nat Mach Intell 4:1185", "10.1038/s42256-022-00568-3"),
    parameters={
        **mnist.TASK.parameters,
        "mixed": Parameter(False, help="control: the same images in random fifths, in the place of pairs of digits"),
    },
    load=load,
    offers={
        "sbp_network": Offer(in_turn.SPIKING, {"epochs": 1}, sbp_network.rates(RATES), quick={"train_samples": 5_000}),
        "rate_reference": Offer(
            in_turn.RATE_MODEL,
            {"epochs": 1, **RATES_WITHOUT_SPIKES},
            quick={"train_samples": 5_000},
        ),
    },
)
PROTOCOL = TASK.protocol()
