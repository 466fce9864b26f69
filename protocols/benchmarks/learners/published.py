"""``model=sbp_published``: the released model, its ways of learning, and the measures of its authors.

Nothing is chosen here: rates, batch and iterations are the authors'. Samples come in the order of their file, as in
the released code. The test set is shown once, with the weights after the last epoch; ``test_each_epoch=yes`` shows it
after every epoch and adds the authors' measure, the best epoch on the test set, which is no estimate of generalisation.

Source: Zhang et al. 2021, doi:10.1126/sciadv.abh0146.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from sbp_brian.experiments.protocol import Context, Parameter, Parameters
from sbp_brian.models.published import LEARNING, ReleasedModel
from sbp_brian.protocols.benchmarks.learners import common
from sbp_brian.protocols.benchmarks.learning import EPOCHS_PUBLISHED, Data, Learner, Outcome, Plan
from sbp_brian.training.scores import mean_known

__all__ = ["LEARNER", "paper"]

RELEASED = "sbp-released"
READ = "read: authors' notebook, best epoch on the test set, 5 seeds, 100 epochs"
#: The authors' learning rates of hidden layers and output.
RATES = (0.1, 0.05)


def paper(symmetric: float, released: float) -> dict[str, dict[str, Any]]:
    """The authors' results of a task without and with SBP."""
    values = {"symmetric": symmetric, RELEASED: released}
    return {name: {"paper_value": value, "provenance": READ} for name, value in values.items()}


PARAMETERS = {
    "epochs": common.EPOCHS,
    "hidden": common.HIDDEN,
    "depth": common.DEPTH,
    "lambda_f": Parameter(0.2, minimum=0.0, maximum=1e3, help="lambda_f of the gains", needs={"learning": (RELEASED,)}),
    "rate_hidden": common.rate(
        "the first hidden layer", {"learning": tuple(name for name in LEARNING if name != "published-frozen")}
    ),
    "rate_output": common.rate("all other layers"),
    "batch": common.BATCH,
    "lif": Parameter(False, help="with the LIF phase of 100 steps before each sample"),
    "short_term": Parameter(False, help="short-term plasticity in the LIF phase", needs={"lif": (True,)}),
    "dale": Parameter(False, help="half of the cells are inhibitory, and signs stay"),
    "noise": Parameter("none", choices=("none", "norm", "poisson"), help="noise on the steps"),
    "test_each_epoch": Parameter(False, help="also the best epoch on the test set"),
}


class ReleasedLearner(Learner):
    """The network of `sbp_brian.models.published`; lambda_p cancels in it and is no parameter."""

    name = "sbp_published"
    learning = (RELEASED, *(name for name in LEARNING if name != RELEASED))
    usual = ("depth", "rate_hidden", "rate_output")
    epochs_published = EPOCHS_PUBLISHED
    called = MappingProxyType({"rates[0]": "rate_hidden", **{f"rates[{k}]": "rate_output" for k in range(1, 20)}})
    parameters = PARAMETERS

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The authors' values."""
        return {"hidden": 500, "rate_hidden": RATES[0], "rate_output": RATES[1], "batch": ReleasedModel.batch}

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> ReleasedModel:
        """The network that the parameters ask for."""
        samples = data.samples
        asked = {name: p[name] for name in ("lambda_f", "batch", "lif", "short_term", "dale", "noise")}
        return ReleasedModel(
            layers=(samples.images.shape[1], *[p.hidden] * p.depth, samples.target_table.shape[1]),
            learning=p.learning,
            rates=(p.rate_hidden, p.rate_output),
            lambda_p=1.0,
            **asked,
            **settings,
        )

    def plan(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> Plan:
        """See `Learner.plan`; rates stay, and so does the order of the samples."""
        tests = {"test_each_epoch": True} if p.test_each_epoch else {}
        return Plan(self.network(p, data, seed, settings), data.samples, p.epochs, {"shuffle": False}, tests=tests)

    def published(self, known: Mapping[str, Any], usual: bool) -> Mapping[str, Any]:
        """The authors' result, for their own network alone."""
        return known if usual else {}

    # ----------------------------------------------------------------------------------------------------- its report
    def beside(self, context: Context, outcome: Outcome, published: Mapping[str, Any]) -> None:
        """The authors' measure, where it is asked for."""
        if "test_each_epoch" not in outcome.plan.tests:
            return
        training, means = outcome.training, []
        with context.progress("testing after each epoch") as bar:
            for number in range(1, len(outcome.history)):
                scores, _, _ = training.score(outcome.plan.samples.test, learned=training.checkpoint(number))
                means.append(mean_known(scores))
                bar(number / len(outcome.history))
        means.append(mean_known(outcome.scores))
        best = int(np.argmax(np.nan_to_num(means, nan=-np.inf)))  # an epoch without any score is not the best
        context.metric(f"best_test_{outcome.kind}", means[best], **published)
        context.metric("best_epoch", 1 + best, provenance="by the test set: no fair choice")
        context.array(f"test_{outcome.kind}_by_epoch", means)

    def counted(self, context: Context, outcome: Outcome) -> None:
        """Spikes of the LIF phase."""
        for name in outcome.training.model.counted:
            context.metric(
                f"{name}_per_sample",
                float(outcome.result[f"{name}.N"]) / len(outcome.scores),
                provenance="counted in the LIF phase of the test samples; sent nowhere",
            )

    def says(self, context: Context, outcome: Outcome) -> tuple[str, str]:
        """With its layers and phases."""
        network = outcome.plan.network
        return (
            f"the released model {'-'.join(map(str, network.layers))}",
            f", LIF phase {'on' if network.lif else 'off'}",
        )

    def notes(self, context: Context, outcome: Outcome) -> list[str]:
        """See `Learner.notes`."""
        return [f"settings: {outcome.plan.network!r}"]


LEARNER = ReleasedLearner()
