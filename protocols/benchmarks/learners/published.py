"""What protocols do with ``model=sbp_published``: the released model, its arms, and the measures of its authors.

Nothing is chosen here: rates, batch and iterations are the authors'. Samples come in the order of their file, as in
the released code. The test set is shown once, with the weights after the last epoch; ``test_each_epoch=yes`` shows it
after every epoch and adds the authors' measure, the best epoch on the test set, which is no estimate of generalisation.

Source: Zhang et al. 2021, doi:10.1126/sciadv.abh0146.
"""

from __future__ import annotations

import numpy as np

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter
from sbp_brian.models.published import ARMS, ReleasedModel
from sbp_brian.protocols.benchmarks.learners import sbp_network as spiking
from sbp_brian.training.spiking import Samples, Training

__all__ = ["ARMS", "PARAMETERS", "run"]

#: What this model adds to a protocol's parameters.
PARAMETERS = {
    "released_lambda_f": Parameter(0.2, minimum=0.0, maximum=1e3, help="sbp_published: lambda_f of the gains"),
    "lif": Parameter(False, help="sbp_published: with the LIF phase of 100 steps before each sample"),
    "short_term": spiking.PARAMETERS["short_term"],
    "dale": spiking.PARAMETERS["dale"],
    "noise": Parameter("none", choices=("none", "norm", "poisson"), help="sbp_published: noise on the steps"),
    "test_each_epoch": Parameter(False, help="sbp_published: also the best epoch on the test set"),
}
#: The authors' batch by task, and their results by (task, arm): best epoch on the test set, five seeds.
BATCH = {"mnist": 50, "nettalk": 1, "dvsgesture": 50}
PAPER = {
    ("mnist", "symmetric"): 0.9367,
    ("mnist", "sbp-released"): 0.9514,
    ("nettalk", "symmetric"): 0.8426,
    ("nettalk", "sbp-released"): 0.8558,
}
READ = "read: authors' notebook, best epoch on the test set, 5 seeds, 100 epochs"


def run(context: Context, samples: Samples, task: str, repeated: np.ndarray | None = None) -> None:
    """Train, validate after each epoch, test, report.

    Parameters
    ----------
    context : Context
        Its parameters include `PARAMETERS`, and depth and batch of `artificial.PARAMETERS`.
    samples : Samples
        With targets: the score is the cosine of output and target.
    task : str
        A key of `BATCH`.
    repeated : ndarray of bool, optional
        Test rows that occur among the training rows too; the score without them is reported as well.
    """
    p = context.parameters
    arm = "sbp-released" if p.arm == "own" else p.arm
    if arm not in ARMS:
        raise ParameterError(f"arm={arm} is none of model=sbp_published, which has {', '.join(ARMS)}")
    network = ReleasedModel(
        layers=(samples.images.shape[1], *[p.hidden or 500] * p.depth, samples.target_table.shape[1]),
        arm=arm,
        rates=tuple(own if given < 0 else given for own, given in ((0.1, p.rate_hidden), (0.05, p.rate_output))),
        batch=p.batch or BATCH[task],
        lif=p.lif,
        short_term=p.short_term,
        dale=p.dale,
        noise=p.noise,
        lambda_p=p.lambda_p,
        lambda_f=p.released_lambda_f,
    )
    training = Training(
        network.trial_model(),
        samples,
        context.folder,
        target=context.target,
        seed=context.seed,
        facts={"model": "sbp_published", "network": repr(network)},
        shuffle=False,
    )
    with context.progress("building"):
        training.simulation.build()
    with context.progress(f"training, {p.epochs} epochs of {len(samples.training):,} samples") as bar:
        history = training.run(p.epochs, bar)
    tested = []
    with context.progress(f"testing, {len(samples.test):,} samples") as bar:
        first = 1 if p.test_each_epoch else len(history)
        for number in range(first, len(history) + 1):
            scores, _, result = training.score(samples.test, learned=training.checkpoint(number))
            tested.append(scores)
            bar((number + 1 - first) / (len(history) + 1 - first))
    _report(context, network, training, task, tested, result, repeated)


def _report(context, network, training, task, tested, result, repeated) -> None:
    p, samples, history, last = context.parameters, training.samples, training.history, tested[-1]
    kind = "accuracy" if samples.targets is None else "cosine"
    known = np.isfinite(last)
    own_rates = network.rates == (0.1, 0.05)
    paper = PAPER.get((task, network.arm)) if own_rates and p.depth == 1 else None
    paper = {"paper_value": paper, "provenance": READ} if paper else {}
    context.metric(
        f"test_{kind}",
        float(last[known].mean()),
        n=int(known.sum()),
        standard_error=float(last[known].std() / np.sqrt(known.sum())),
        **paper,
    )
    if kind == "cosine":
        context.metric("outputs_omitted", int((~known).sum()), provenance="test outputs that are all zero: no cosine")
    if repeated is not None:
        unseen = last[known & ~repeated]
        context.metric(
            f"test_{kind}_unseen",
            float(unseen.mean()),
            n=len(unseen),
            provenance="without test samples that occur in training",
        )
    if p.test_each_epoch:
        means = [float(np.nanmean(scores)) for scores in tested]
        context.metric(f"best_test_{kind}", max(means), **paper)
        context.metric("best_epoch", 1 + int(np.argmax(means)), provenance="by the test set: no fair choice")
        context.array(f"test_{kind}_by_epoch", means)
    if len(samples.validation):
        context.metric(f"validation_{kind}", history[-1].validation, n=len(samples.validation))
    context.metric(
        f"training_{kind}",
        history[-1].training,
        n=len(samples.training),
        provenance="running score of the last epoch, before each update",
    )
    context.metric("train_samples", len(samples.training))
    context.metric("epochs", len(history), paper_value=100, provenance="read: authors' code")
    for name in network.trial_model().counted:
        context.metric(
            f"{name}_per_sample",
            float(result[f"{name}.N"]) / len(samples.test),
            provenance="counted in the LIF phase of the test samples; sent nowhere",
        )
    seconds = sum(e.seconds for e in history)
    speed = sum(e.samples for e in history) / seconds
    context.timing(build_s=training.build_s, run_s=seconds, samples_per_s=speed)
    context.array("epoch", [e.number for e in history])
    context.array("validation_accuracy_by_epoch", [e.validation for e in history])
    context.array("training_accuracy_by_epoch", [e.training for e in history])
    context.table(
        "score by epoch",
        ("epoch", "training (running)", "validation"),
        [(e.number, round(e.training, 4), round(e.validation, 4)) for e in history],
    )
    context.note(f"settings: {network!r}")
    context.summary(
        f"After {len(history)} epochs of {len(samples.training):,} samples the released model "
        f"({'-'.join(map(str, network.layers))}, {network.arm}, LIF phase {'on' if network.lif else 'off'}) has a test "
        f"{kind} of {100 * float(last[known].mean()):.2f} % on {len(last):,} samples, trained at {speed:,.0f} samples "
        f"a second."
    )
