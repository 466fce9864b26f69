"""Presenting samples to a running network: which, for how long, with or without a teacher; training by epochs.

An epoch is one run of one program: all training samples in a fresh random order, then the validation samples. What has
been learned goes from one run to the next as run arguments, so memory does not grow with the number of epochs, every
epoch leaves a checkpoint, and a run that was killed goes on from the last one and ends with the same weights to the
bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Quantity, get_dimensions

from sbp_brian.errors import CheckpointError, DivergedError
from sbp_brian.identity import digest
from sbp_brian.targets import Result, Simulation
from sbp_brian.targets.keeping import not_keeping
from sbp_brian.targets.recordings import Weights, unit_text
from sbp_brian.training import one_program, together
from sbp_brian.training.checkpoints import Checkpoints, Epoch
from sbp_brian.training.divergence import unit_of, what_is_lost
from sbp_brian.training.loop import EpochTraining, identity_of
from sbp_brian.training.readout import Readout
from sbp_brian.training.samples import Presentation, Samples
from sbp_brian.training.scores import cosines, mean_known
from sbp_brian.wording import names_parameters, takes_booleans

__all__ = ["CheckpointError", "Epoch", "Presentation", "Samples", "Shared", "Training", "TrialModel", "total"]


@dataclass(frozen=True)
class Shared:
    """What a network has in common with others that differ from it in values alone; see `sbp_brian.training.together`.

    Parameters
    ----------
    make : callable
        ``make(presentation)`` returns the network that is the same for all of them; picklable.
    own : callable
        ``own()`` -> run arguments that make it this one, beside those that `Training` gives to every run.
    wider : Shared, optional
        What it has in common with still more, where that costs something; see `sbp_brian.training.one_program`.
    """

    make: Callable
    own: Callable[[], Mapping[str, Any]] = dict
    wider: Shared | None = None


@dataclass(frozen=True)
class TrialModel:
    """What `Training` needs to know of a network.

    Parameters
    ----------
    make : callable
        ``make(presentation)`` returns the network; picklable, so that its program can be found again without it.
    duration : Quantity (second)
        How long a sample is shown.
    initial : callable
        ``initial(seed)`` -> {"object.variable": values}: what learning changes, at its start.
    rates : mapping of str to float
        "object.variable" of each learning rate -> its value in the first epoch.
    set_by : mapping of str to str
        "object.variable" of a learning rate -> the parameter of the model that sets it, which a training that diverges
        names as the one to lower; without it the variable itself is named.
    readout : Readout
        How recordings are read as answers, e.g. ``SpikeCounts("answers.c", "answers.v")``.
    counted : mapping of str to str or mapping
        Quantity to report for each sample -> "object.variable" of a total over the run, or several of them with a
        factor each, e.g. ``{"hidden_spikes.N": 10}`` for ten synapses that every spike reaches.
    counted_learning : mapping of str to str or mapping
        The same, for what happens only while there is a teacher: reported for each training sample.
    by_epoch : callable, optional
        ``by_epoch(number)`` -> more run arguments for the epoch `number` (from 0), e.g. a rate with a plan of its own.
    check : callable, optional
        ``check(samples)`` raises for samples that the network cannot show or answer; called before anything is built.
    shared : Shared, optional
        What it has in common with others; without it, it is trained in a program of its own.
    """

    make: Callable
    duration: Quantity
    initial: Callable[[int], dict[str, np.ndarray]]
    rates: Mapping[str, float]
    readout: Readout
    counted: Mapping[str, str | Mapping[str, float]] = field(default_factory=dict)
    counted_learning: Mapping[str, str | Mapping[str, float]] = field(default_factory=dict)
    by_epoch: Callable[[int], Mapping[str, Any]] | None = None
    check: Callable[[Samples], None] | None = None
    set_by: Mapping[str, str] = field(default_factory=dict)
    shared: Shared | None = None

    def moved_by(self, name: str) -> tuple[str, ...]:
        """Parameters by which the variable "object.variable" changes: those of its object's rates, else all."""
        used = [rate for rate, value in self.rates.items() if value] or list(self.rates)
        owner = name.split(".")[0]
        own = [rate for rate in used if rate.split(".")[0] == owner] or [
            rate for rate in used if owner.endswith(f"_{rate.split('.')[0]}")
        ]
        return tuple(dict.fromkeys(self.set_by.get(rate, rate) for rate in own or used))


@names_parameters
@takes_booleans
class Training(EpochTraining):
    """Training of a network by epochs, with checkpoints; see `EpochTraining.run`.

    Parameters
    ----------
    model : TrialModel
    samples : Samples
    folder : path
        For the checkpoints; kept between calls.
    target : str
        numpy, cython or cpp.
    seed : int
        Everything random derives from it.
    decay : float
        All learning rates are multiplied by it after each epoch.
    facts : mapping
        Whatever else identifies this training, beside the content of the samples, the network, the settings and the
        code that computes; checkpoints of another one are refused.
    take_over : bool
        Go on from checkpoints of another training all the same.
    shuffle : bool
        Training samples come in a new order in each epoch; else as they stand.
    turns : sequence of ndarray of int, optional
        Training rows that the first epoch learns from, the second ..., and so on from the first again: what is learned
        one after the other. By default every epoch learns from all.

    Attributes
    ----------
    history : list of Epoch
    learned : dict of str to ndarray
        In base units.
    """

    def __init__(
        self,
        model: TrialModel,
        samples: Samples,
        folder,
        *,
        target: str = "cpp",
        seed: int = 0,
        decay: float = 1.0,
        facts: Mapping[str, Any] | None = None,
        shuffle: bool = True,
        turns: Sequence[np.ndarray] | None = None,
        take_over: bool = False,
    ):
        super().__init__(samples, seed=seed, decay=decay, turns=turns)
        if model.check is not None:
            model.check(samples)
        self.model, self.samples, self.shuffle = model, samples, shuffle
        capacity = max(len(samples.training) + len(samples.validation), len(samples.test))
        self.presentation = Presentation(samples.images, capacity, model.duration, samples.target_table)
        network, self._own = one_program.network(model, target)
        with not_keeping():  # thousands of samples in a run: who trains tells what is worth it
            self.simulation = together.simulation(model, self.presentation, target) or Simulation(
                Maker(network, self.presentation), capacity * model.duration, target, name="trials", key="trials"
            )
        start = model.initial(seed)
        self._dims = {name: get_dimensions(values) for name, values in start.items()}
        self._start_units = {name: unit_of(values) for name, values in start.items()}
        self.learned = {name: np.asarray(values) for name, values in start.items()}
        own = {"seed": seed, "decay": decay, "target": target, "rates": dict(model.rates)}
        own |= {} if shuffle else {"shuffle": False}
        own |= {} if turns is None else {"turns": digest(self.turns)}
        own["network"] = digest(model.make, model.duration, model.readout, model.by_epoch)
        own["initial weights"] = digest(self.learned)
        facts = identity_of(samples, facts or {}, **own)
        self._resume(Checkpoints(folder, facts, take_over=take_over), samples)

    def _state(self) -> dict[str, np.ndarray]:
        return self.learned

    def _restore(self, kept: Mapping[str, np.ndarray]) -> None:
        self.learned = dict(kept)

    def weights(self, result: Result | None = None) -> tuple[Weights, ...]:
        """See `EpochTraining.weights`."""
        found = []
        for name, values in self.learned.items():
            owner, _, variable = name.partition(".")
            unit = unit_text(Quantity(1.0, dim=self._dims[name]))
            ends = [np.array(result[f"{owner}.{end}"]) for end in "ij"] if result and f"{owner}.j" in result else []
            i, j = ends if ends and len(ends[0]) == np.size(values) else (None, None)
            found.append(Weights(owner, variable, unit, np.array(values), i, j))
        return tuple(found)

    def _take(self, given: Mapping[str, np.ndarray]) -> None:
        self._refuse_diverged(given, "before it was asked")
        self.learned = {name: np.array(given[name], values.dtype) for name, values in self.learned.items()}

    def _moved_by(self, name: str) -> tuple[str, ...]:
        return self.model.moved_by(name)

    def _units(self) -> dict[str, float]:
        return self._start_units

    @property
    def build_s(self) -> float:
        """Wall time of code generation and compilation (s)."""
        return self.simulation.build_s

    def _learn(self, number: int, progress: Callable[[float], None]) -> Epoch:
        rng = np.random.default_rng([self.seed, number, 1])
        s, taught = self.samples, self.rows_of(number)
        rows = np.concatenate([rng.permutation(taught) if self.shuffle else taught, s.validation])
        teaching = np.arange(len(rows)) < len(taught)
        rates = {name: rate * self.decay**number for name, rate in self.model.rates.items()}
        rates |= self.model.by_epoch(number) if self.model.by_epoch else {}
        result = self._present(rows, teaching, rates, self._run_seed(number), progress)
        learned = {name: np.array(result[name]) for name in self.learned}
        when, kept = f"in epoch {number + 1}", self._said_kept(number)
        self._refuse_diverged(learned, when, kept)
        self._refuse_recordings(result, len(rows), when, kept)
        self.learned = learned
        right, unanswered = self._scores(result, rows)
        totals = {name: total(result, source) / len(rows) for name, source in self.model.counted.items()}
        totals |= {name: total(result, source) / len(taught) for name, source in self.model.counted_learning.items()}
        scores = mean_known(right[teaching]), mean_known(right[~teaching])
        return Epoch(number + 1, *scores, totals, result.run_s, len(rows), float(unanswered.mean()))

    def evaluate(
        self, rows: np.ndarray, progress=None, learned=None, also: Mapping[str, Any] | None = None
    ) -> tuple[np.ndarray, np.ndarray, Result]:
        """Present samples without a teacher and without learning.

        Parameters
        ----------
        rows : ndarray of int
            Which samples.
        learned : dict, optional
            Weights to use instead of the present ones.
        also : mapping, optional
            More run arguments, "object.variable" -> value, e.g. the strength of a disturbance.

        Returns
        -------
        answers : ndarray of int, shape (len(rows),)
            The class of each by the model's readout; -1 where it has no answer.
        outputs : ndarray, shape (outputs, len(rows))
            What the readout recorded, e.g. output spikes.
        result : Result

        Raises
        ------
        SampleError
            Rows that are none of the samples', or more than one run can show.
        DivergedError
            The weights, or what the network answered, are not finite or beyond what their type can carry.
        """
        kept = self.learned
        self.learned = kept if learned is None else learned
        try:
            self._refuse_diverged(self.learned, "before it was asked")
            rates = dict.fromkeys(self.model.rates, 0.0) | dict(also or {})
            result = self._present(rows, np.zeros(len(rows), bool), rates, self._run_seed(2**20), progress)
        finally:
            self.learned = kept
        readout, n = self.model.readout, len(rows)
        self._refuse_recordings(result, n, "when it was asked")
        return readout.answers(result, n), readout.outputs(result, n), result

    def score(self, rows: np.ndarray, progress=None, learned=None) -> tuple[np.ndarray, np.ndarray, Result]:
        """Present samples as `evaluate` does: each one's score, its answer, the result.

        A score is 1 where the answer is the sample's class, else 0, as where there is none; where samples have targets
        it is the cosine of outputs and targets, NaN where no output responds.
        """
        answers, _, result = self.evaluate(rows, progress, learned)
        return self._scores(result, rows)[0], answers, result

    def changes(self, rows: np.ndarray, learned=None, share: float = 1e-2) -> dict[str, np.ndarray]:
        """What showing these samples with a teacher would change; nothing is kept.

        Parameters
        ----------
        rows : ndarray of int
        learned : dict, optional
            Weights from which to start instead of the present ones.
        share : float
            All rates of the first epoch are multiplied by it, so that every sample meets nearly the same weights.

        Returns
        -------
        dict of str to ndarray
            Name -> learned afterwards minus before, divided by the number of samples and by `share`. Where one rate
            multiplies another's effect (SBP in cascade), higher powers of `share` remain in it.
        """
        kept, start = self.learned, self.learned if learned is None else learned
        self.learned = start
        try:
            rates = {name: rate * share for name, rate in self.model.rates.items()}
            result = self._present(rows, np.ones(len(rows), bool), rates, self._run_seed(2**20 + 1), None)
        finally:
            self.learned = kept
        return {name: (np.array(result[name]) - values) / (share * len(rows)) for name, values in start.items()}

    def _present(self, rows, teaching, rates, seed, progress) -> Result:
        self.presentation.check(rows)
        shown = self.presentation.settings(rows, self.samples.labels[rows], teaching)
        asked = self.simulation.settable  # e.g. without target_class, where the code reads target_value
        learned = {name: Quantity(values, dim=self._dims[name]) for name, values in self.learned.items()}
        shown = {name: values for name, values in shown.items() if name in asked}
        settings = {**self._own, **learned, **rates, **shown}
        return self.simulation.run(
            settings, seed=seed, progress=progress, duration=(len(rows) + 1) * self.model.duration
        )

    def _scores(self, result: Result, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Each sample's score, and whether it has no answer.

        The score is 1 where the answer is its class; with targets the cosine, NaN where there is no answer.
        """
        if self.samples.targets is None:
            answers = self.model.readout.answers(result, len(rows))
            return (answers == self.samples.labels[rows]).astype(float), answers < 0
        found = cosines(self.model.readout.outputs(result, len(rows)).T, self.samples.targets[rows])
        return found, np.isnan(found)

    def _refuse_recordings(self, result: Result, n: int, when: str, kept: str = "") -> None:
        """Stop where what the readout recorded of the first `n` samples means nothing any more."""
        recorded = {name: np.array(result[name])[:, 1 : n + 1] for name in self.model.readout.recordings}
        for name, why in what_is_lost(recorded, {}).items():
            raise DivergedError(f"the network diverged {when}: {name} {why}", self.model.moved_by(name), kept)

    def _run_seed(self, number: int) -> int:
        return int(np.random.SeedSequence([self.seed, number, 2]).generate_state(1)[0])


def total(result: Result, source: str | Mapping[str, float]) -> float:
    """What `TrialModel.counted` asks for: a total of a run, or a sum of several with their factors."""
    parts = {source: 1.0} if isinstance(source, str) else source
    return float(sum(factor * float(result[name]) for name, factor in parts.items()))


@dataclass(frozen=True)
class Maker:
    """Makes the network; picklable and identified by its content."""

    make: Callable
    presentation: Presentation

    def __call__(self):
        return self.make(self.presentation)
