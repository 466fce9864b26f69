"""What a campaign is: cases drawn from a seed, and the check that tells which of them fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Campaign", "Case", "Outcome", "one_by_one"]


@dataclass(frozen=True)
class Case:
    """One thing to try.

    Attributes
    ----------
    index : int
        From 0; with the seed it names the case.
    kind : str
        The group that it counts in.
    told : str
        What is done, in one line.
    given : dict
        What the check needs.
    """

    index: int
    kind: str
    told: str
    given: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes
    ----------
    index : int
    why : str
        What is wrong, in one line; empty where the case held.
    measured : dict of str to float
        E.g. ``{"s": 0.2}``; the summary tells the largest of each.
    """

    index: int
    why: str = ""
    measured: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Campaign:
    """A search for faults of one sort.

    Attributes
    ----------
    name : str
    title : str
        What holds where nothing is found, as a sentence.
    n : int
        How many cases the published figures are of.
    draw : callable
        ``draw(seed, n)`` gives the first n cases of a seed; fewer where there are no more.
    check : callable
        ``check(cases, place)`` carries cases out in the empty folder `place` and gives their outcomes as they come.
    short : callable
        ``short()`` gives a few cases that take seconds.
    chunk : int
        How many cases a process is given at a time; those of one chunk may share what is costly.
    workers : int or None
        How many processes at most; None for one a core.
    against : str
        The package it compares with, whose version the summary tells as well.
    """

    name: str
    title: str
    n: int
    draw: Callable[[int, int], Sequence[Case]]
    check: Callable[[Sequence[Case], Path], Iterable[Outcome]]
    short: Callable[[], Sequence[Case]]
    chunk: int = 10
    workers: int | None = None
    against: str = ""


def one_by_one(check: Callable[[Case, Path], Outcome]) -> Callable[[Sequence[Case], Path], Iterator[Outcome]]:
    """The check of many cases from that of one, each in a folder of its own."""

    def every(cases: Sequence[Case], place: Path) -> Iterator[Outcome]:
        for case in cases:
            own = place / str(case.index)
            own.mkdir(parents=True)
            try:
                yield check(case, own)
            except Exception as error:
                yield Outcome(case.index, f"the campaign itself fails: {type(error).__name__}: {error}"[:500])

    return every
