"""The catalogue on CUDA, carried out on the CPU: every experiment gives what it gives in C++.

Each setting runs once in C++ and fifteen times as a CUDA program: three numbers of threads in a block, five orders of
blocks and threads. Spikes have to be equal, and every variable of every run within 1e-10 of its largest value. Where a
program draws random numbers of its own, other ones than C++, fifteen seeds are compared by Wilcoxon's signed-rank
test: spikes and mean weights of the same seed, p above 0.001. What CUDA refuses has to be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from campaigns.base import Campaign, Case, Outcome

__all__ = ["CAMPAIGN", "SETTINGS", "Setting", "gathered", "means", "ran"]

THREADS, ORDERS = (32, 1, 256), (1, 2, 3, 4, 0)
#: By how much the place of an order is beyond that of the threads, in the order in which ways are tried.
_BEYOND = (0, 3, 1, 2, 4)
#: Fifteen ways; the first three have other threads and another order each, the first five all orders.
HOWS = sorted(
    ((threads, order) for threads in THREADS for order in ORDERS),
    key=lambda way: (
        _BEYOND.index((ORDERS.index(way[1]) - THREADS.index(way[0])) % len(ORDERS)),
        THREADS.index(way[0]),
    ),
)
FIRST = 5
RELATIVE, LEAST_P = 1e-10, 1e-3


@dataclass(frozen=True)
class Setting:
    """One line of the table.

    Attributes
    ----------
    name : str
    protocol : str
    given : dict
        Parameters over those of the quick size.
    random : bool
        Whether the program draws numbers of its own, so that only their distribution is the same.
    refused : str
        What the refusal says, where CUDA cannot do it; empty: it can.
    """

    name: str
    protocol: str
    given: dict[str, Any] = field(default_factory=dict, compare=False)
    random: bool = False
    refused: str = ""


_BRIEF = {"seeds": 1, "pairs": 8}
_DIGITS = {"epochs": 1, "hidden": 30, "train_samples": 12, "validation_samples": 4, "test_samples": 4}
_GRID = {"model": "stdbp", "step": "1ms", "optimiser": "momentum", "drop_input": 0.0}
_LATE = {"late": 5, "signal_order": 4, "tag": "delay", "tag_centred": True}
SETTINGS = (
    Setting("bi-poo-1998", "bi-poo-1998", {"seeds": 2}),
    Setting("tao-2000", "tao-2000", _BRIEF),
    Setting("fitzsimonds-1997", "fitzsimonds-1997", _BRIEF),
    Setting("zhang-1998", "zhang-1998", _BRIEF),
    Setting("bi-poo-1999", "bi-poo-1999", _BRIEF),
    Setting("du-2009", "du-2009", _BRIEF),
    Setting("tsodyks-1998", "tsodyks-1998", {"seeds": 1, "sweeps": 2}),
    Setting("turrigiano-1998", "turrigiano-1998", {"seeds": 1, "inputs": 20, "minis": 2}),
    Setting("mnist", "mnist", _DIGITS),
    Setting("mnist, two hidden layers", "mnist", _DIGITS | {"depth": 2}),
    Setting("mnist, changes as such", "mnist", _DIGITS | {"learning": "change"}),
    Setting("mnist, one bit", "mnist", _DIGITS | {"learning": "bit"}),
    Setting("mnist, late signal and tag", "mnist", _DIGITS | _LATE),
    Setting("mnist, short-term depression", "mnist", _DIGITS | {"short_term": True}),
    Setting("mnist, Dale's law", "mnist", _DIGITS | {"dale": True}),
    Setting("mnist, spike timing", "mnist", _DIGITS | {"tau_stdp": 5.0}),
    Setting("mnist, latency", "mnist", _DIGITS | {"input": "latency"}),
    Setting("mnist, Poisson input", "mnist", _DIGITS | {"input": "poisson"}, random=True),
    Setting("mnist, dropped cells", "mnist", _DIGITS | {"drop_hidden": 0.3, "drop_input": 0.2}, random=True),
    Setting("mnist, noisy reports", "mnist", _DIGITS | {"emission_noise": 0.5, "emission_loss": 0.2}),
    Setting("mnist, STDBP on a grid", "mnist", _DIGITS | _GRID),
    Setting("mnist, STDBP, exact times", "mnist", _DIGITS | {"model": "stdbp"}, refused="does one thing after another"),
    Setting(
        "mnist, STDBP on a grid, Adam",
        "mnist",
        _DIGITS | _GRID | {"optimiser": "adam"},
        refused="does one thing after another",
    ),
    Setting("mnist, DECOLLE", "mnist", {**_DIGITS, "model": "decolle"}, random=True),
    Setting("mnist-in-turn", "mnist-in-turn", _DIGITS | {"train_samples": 60}),
    Setting("nettalk", "nettalk", {"hidden": 20, "train_samples": 60}, random=True),
    Setting("fashion-mnist", "fashion-mnist", {"model": "sbp_network", "hidden": 30, "train_samples": 12}),
    Setting("dvsgesture", "dvsgesture", {"hidden": 20, "epochs": 1}),
    Setting(
        "yin-yang", "yin-yang", {"step": 0.1, "optimiser": "momentum", "hidden": 10, "train_samples": 5, "epochs": 1}
    ),
    Setting("nmnist, DECOLLE", "nmnist", {"hidden": 12, "train_samples": 10, "test_samples": 4, "epochs": 1}),
    Setting("braille", "braille", {"hidden": 20, "epochs": 1, "train_samples": 27, "test_samples": 9}),
    Setting("decolle-regression", "decolle-regression", {"hidden": 20, "passes": 2, "every": 1}, random=True),
    Setting("du-poo-2004", "du-poo-2004", {"seeds": 1}),
    Setting("sbp-predictions", "sbp-predictions", {"seeds": 1, "alternating": 4, "numbers": "5,10"}),
)


def draw(_seed: int, n: int) -> list[Case]:
    """All ways of settings that need fifteen seeds, five ways of each other one, and then the other ways."""
    seeds, first, rest = [], [], []
    for setting in SETTINGS:
        kind = setting.name + (" (in distribution)" if setting.random else " (refused)" if setting.refused else "")
        for k, (threads, order) in enumerate(HOWS):
            told = f"{setting.name}, {threads} threads a block, order {order}"
            given = {"setting": setting, "how": (threads, order)}
            (seeds if setting.random else first if k < FIRST else rest).append((kind, told, given))
    return [Case(index, *made) for index, made in enumerate([*seeds, *first, *rest][:n])]


def check(cases: Sequence[Case], place: Path) -> Iterator[Outcome]:
    """Each setting once in C++, and in each way on CUDA."""
    for setting, group in groupby(cases, key=lambda case: case.given["setting"]):
        own = list(group)
        if setting.refused:
            yield from _refused(setting, own, place)
        elif setting.random:
            yield from _in_distribution(setting, own, place)
        else:
            yield from _equal(setting, own, place)


def short() -> list[Case]:
    """One protocol in a few ways."""
    every = draw(0, len(SETTINGS) * len(HOWS))
    return [case for case in every if case.told.startswith("turrigiano-1998, 32 threads")]


@contextmanager
def gathered() -> Iterator[list[dict[str, np.ndarray]]]:
    """What every run of a compiled program within gives, in turn."""
    from sbp_brian.targets.standalone import StandaloneBackend
    from tests.helpers.compared import in_order

    found: list[dict[str, np.ndarray]] = []
    run = StandaloneBackend.run

    def kept(self, *given, **more):
        result = run(self, *given, **more)
        found.append({name: in_order(result, name) for name in result})
        return result

    StandaloneBackend.run = kept
    try:
        yield found
    finally:
        StandaloneBackend.run = run


def ran(setting: Setting, place: Path, seed: int = 0, target: str = "cpp", on_cpu=None) -> list[dict]:
    """The results of all runs of a setting on a target; with an `OnCpu`, of CUDA programs carried out on the CPU."""
    import shutil

    from sbp_brian import protocols
    from sbp_brian.experiments.context import Context
    from sbp_brian.targets import carried_out_on_cpu

    protocol = protocols.get(setting.protocol)
    folder = place / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    context = Context(protocol.resolve("quick", **setting.given), target, seed, folder, "quick", on_cpu=on_cpu)
    with gathered() as found, carried_out_on_cpu(on_cpu):
        protocol.run(context)
    return found


def _on_cuda(setting: Setting, place: Path, how: tuple[int, int], seed: int = 0) -> list[dict]:
    from sbp_brian.targets import OnCpu

    return ran(setting, place, seed, "cuda", OnCpu(*how))


def _equal(setting: Setting, cases: Sequence[Case], place: Path) -> Iterator[Outcome]:
    from tests.helpers.compared import apart, differences

    try:
        expected = ran(setting, place)
    except Exception as error:  # the others' outcomes are not to be lost with it
        yield from (Outcome(case.index, f"in C++: {type(error).__name__}: {error}"[:400]) for case in cases)
        return
    for case in cases:
        try:
            found = _on_cuda(setting, place, case.given["how"])
        except Exception as error:
            yield Outcome(case.index, f"{type(error).__name__}: {error}"[:400])
            continue
        wrong = [] if len(found) == len(expected) else [f"{len(found)} runs and not {len(expected)}"]
        worst = 0.0
        for one, other in zip(expected, found, strict=False):
            wrong += differences(one, other, RELATIVE)
            worst = max(worst, apart(one, other))
        yield Outcome(case.index, "; ".join(wrong[:3]), {"relative difference": worst})


def _refused(setting: Setting, cases: Sequence[Case], place: Path) -> Iterator[Outcome]:
    from sbp_brian.errors import SBPError

    for case in cases:
        try:
            _on_cuda(setting, place, case.given["how"])
            why = "it is not refused"
        except SBPError as error:
            why = "" if setting.refused in str(error) else f"refused otherwise: {error}"
        yield Outcome(case.index, why)


def _in_distribution(setting: Setting, cases: Sequence[Case], place: Path) -> Iterator[Outcome]:
    from scipy.stats import wilcoxon

    pairs = []
    for seed, how in enumerate(HOWS):  # all of them, whatever is asked for: of fewer no p would be small enough
        try:
            pairs.append((means(ran(setting, place, seed)), means(_on_cuda(setting, place, how, seed))))
        except Exception as error:
            yield from (Outcome(each.index, f"{type(error).__name__}: {error}"[:400]) for each in cases)
            return
    wrong, least = [], 1.0
    for name in pairs[0][0]:
        apart = np.array([one[name] - other[name] for one, other in pairs])
        p = wilcoxon(apart).pvalue if apart.any() else 1.0
        least = min(least, float(p))
        if p < LEAST_P:
            wrong.append(f"{name}: p = {p:.2g}, mean difference {apart.mean():.3g}")
    yield from (Outcome(case.index, "; ".join(wrong[:3]), {"1 - p": 1 - least}) for case in cases)


def means(results: Sequence[dict], of: Callable[[np.ndarray], np.ndarray] = np.asarray) -> dict[str, float]:
    """Numbers of spikes and mean weights of each run, or the mean of what `of` makes of them."""
    return {
        f"run {k}, {name}": float(np.mean(of(values)))
        for k, result in enumerate(results)
        for name, values in result.items()
        if name.endswith((".count", ".w", ".N")) and np.size(values)
    }


CAMPAIGN = Campaign(
    "cuda",
    "Every experiment gives as a CUDA program, carried out on the CPU, what it gives in C++.",
    len(SETTINGS) * len(HOWS),
    draw,
    check,
    short,
    chunk=len(HOWS),
    against="brian2cuda",
)
