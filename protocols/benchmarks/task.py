"""A task: its data, the models that it offers with the settings it chose for each, and the protocol made of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sbp_brian.experiments.protocol import Context, ModelParameters, Parameter, Parameters, Protocol, Source
from sbp_brian.protocols.benchmarks import learning
from sbp_brian.protocols.benchmarks.learning import Data, Learner, Outcome, Plan

__all__ = ["SHUFFLED", "Offer", "Task"]

#: The control of every model: training labels that tell nothing about the samples.
SHUFFLED = "shuffled-labels"


@dataclass(frozen=True)
class Offer:
    """A model as a task offers it; settings were chosen on validation samples.

    Parameters
    ----------
    learner : Learner
    settings : mapping of str to value
        What is in force of the model's parameters whose default is None, as plain numbers.
    by_learning : mapping of str to mapping
        What a way of learning changes of these.
    network : mapping
        Settings of the network that are no parameters.
    network_by_learning : mapping of str to mapping
        What a way of learning changes of these.
    parameters : mapping of str to Parameter
        What the task adds to the model's parameters, or declares in another way.
    without : tuple of str
        Parameters of the model that mean nothing here.
    quick, full : mapping
        As in `Protocol`; full is the recipe of the published number.
    published : mapping of str to mapping
        Way of learning -> what a source reports of the test score, as for `Context.metric`.
    bands : mapping of str to mapping of int to float
        The project's own acceptance: way of learning -> least epochs -> least test score.
    whole, tested : int
        Training and test samples from which the acceptance holds.
    """

    learner: Learner
    settings: Mapping[str, Any] = field(default_factory=dict)
    by_learning: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)
    network_by_learning: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    quick: Mapping[str, Any] = field(default_factory=dict)
    full: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    bands: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    whole: int = 0
    tested: int = 0

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is in force of values that are None: the task's, then the learner's."""
        chosen = {**self.settings, **self.by_learning.get(values["learning"], {})}
        known = {name: chosen.get(name) if value is None else value for name, value in values.items()}
        found = {**self.learner.own(known), **chosen}
        if "average" in found and known.get("epochs"):
            found["average"] = min(found["average"], known["epochs"])
        return found

    def usual(self, p: Parameters) -> bool:
        """Whether nothing was asked for that makes it another network than the one judged."""
        return not p.given.intersection(self.learner.usual)

    def plan(self, p: Parameters, data: Data, seed: int) -> Plan:
        """What a run with these parameters is going to do with these data."""
        return self.learner.plan(p, data, seed, {**self.network, **self.network_by_learning.get(p.learning, {})})

    def band(self, outcome: Outcome) -> tuple[float, None] | None:
        """The acceptance of the test score, where the run is one that is judged."""
        samples, p, epochs = outcome.plan.samples, outcome.parameters, len(outcome.history)
        reached = [score for least, score in sorted(self.bands.get(p.learning, {}).items()) if epochs >= least]
        whole = len(samples.training) >= self.whole and len(samples.test) >= self.tested
        return (reached[-1], None) if reached and whole and self.usual(p) else None


@dataclass(frozen=True)
class Task:
    """What is learned, from what, by which models.

    Parameters
    ----------
    name, title : str
    source : Source
    parameters : mapping of str to Parameter
        Of its data; every model has them.
    load : callable
        ``load(context)`` gives its `Data`, and notes what they are.
    offers : mapping of str to Offer
        Value of ``model=`` -> how the task offers that model; the first is the default.
    figures : tuple of str
    beside : callable, optional
        ``beside(context, data)`` reports what is reached without the network.
    """

    name: str
    title: str
    source: Source
    parameters: Mapping[str, Parameter]
    load: Callable[[Context], Data]
    offers: Mapping[str, Offer]
    figures: tuple[str, ...] = ()
    beside: Callable[[Context, Data], None] | None = None

    def declared(self, model: str) -> dict[str, Parameter]:
        """The parameters of one model: how it learns, its own, those of the data."""
        offer = self.offers[model]
        ways = Parameter(
            offer.learner.learning[0], choices=offer.learner.learning, help="how hidden layers learn, and controls"
        )
        its = {"learning": ways, **offer.learner.parameters, **self.parameters, **offer.parameters}
        return {name: parameter for name, parameter in its.items() if name not in offer.without}

    def prepare(self, context: Context) -> tuple[Offer, Data, Plan]:
        """Load the data that a run is to learn from, and plan the run; nothing is built."""
        p = context.parameters
        offer = self.offers[p.model]
        offer.learner.check(p, context.target)
        data = self.load(context)
        if p.learning == SHUFFLED:
            data = replace(data, samples=data.samples.with_shuffled_training_labels(context.seed))
        return offer, data, offer.plan(p, data, context.seed)

    def run(self, context: Context) -> None:
        """Load, train, validate after each epoch, test once, report."""
        offer, data, plan = self.prepare(context)
        p = context.parameters
        published = offer.learner.published(offer.published.get(p.learning, {}), offer.usual(p))
        learning.run(context, offer.learner, data, plan, published, offer.band)
        if self.beside:
            with context.progress("comparing with classifiers without hidden cells", part="beside_s"):
                self.beside(context, data)

    def protocol(self) -> Protocol:
        """The protocol that commands run."""
        models = {
            model: ModelParameters(self.declared(model), offer.quick, offer.full, offer.own)
            for model, offer in self.offers.items()
        }
        return Protocol(
            name=self.name,
            title=self.title,
            kind="benchmark",
            source=self.source,
            parameters={},
            run=self.run,
            figures=self.figures,
            models=models,
            lacks=lambda p: self.offers[p.model].learner.lacks(p),
        )
