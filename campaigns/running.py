"""Carrying a campaign out: its cases in processes side by side, each chunk in a folder that is removed."""

from __future__ import annotations

import math
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from itertools import islice
from pathlib import Path

from campaigns import catalogue
from campaigns.base import Campaign, Case, Outcome
from campaigns.kept import Kept
from campaigns.summary import summary

__all__ = ["run"]


def run(
    campaign: Campaign,
    n: int | None = None,
    seed: int = 0,
    only: Sequence[int] = (),
    workers: int | None = None,
    minutes: float = math.inf,
    say: Callable[[str], None] = print,
    keep: Path | None = None,
) -> dict:
    """Carry out the first `n` cases of a seed, or `only` those of some indices; gives the summary.

    Without `n` they are those of the short form. With `workers` of 0 all is done in this process, which forks. After
    so many `minutes` no more are begun, and the summary is of those that were; so it is where a process dies. What came
    out is kept in the folder `keep`, if one is given, and what is there is not carried out again.
    """
    if n is None:
        cases = list(campaign.short())
    else:
        cases = list(campaign.draw(seed, max([n, *(k + 1 for k in only)])))
    if only:
        cases = [case for case in cases if case.index in only]
    began = time.perf_counter()
    kept = None if keep is None else Kept(keep, campaign.name, seed)
    told = {case.index: case for case in cases}
    outcomes = {index: one for index, one in (kept.outcomes if kept else {}).items() if index in told}
    tried: list[Case] = [case for case in cases if case.index in outcomes]
    chunks = [cases[k : k + campaign.chunk] for k in range(0, len(cases), campaign.chunk)]
    chunks = [left for chunk in chunks if (left := [case for case in chunk if case.index not in outcomes])]
    before = kept.seconds if kept else 0.0

    def taken() -> float:
        return before + time.perf_counter() - began

    def take(found: Sequence[Outcome], seconds: float) -> None:
        if kept is not None:
            kept.add(found, seconds)
        for outcome in found:
            outcomes[outcome.index] = outcome
            if outcome.why:
                case = told[outcome.index]
                say(f"{campaign.name} {case.index} ({case.kind}): {case.told}: {outcome.why}")
        failed = sum(bool(outcome.why) for outcome in outcomes.values())
        say(f"{len(outcomes)} of {len(cases)} cases, {failed} failed, {taken():.0f} s")

    def in_time() -> Iterator[list[Case]]:
        for number, chunk in enumerate(chunks):
            if number and time.perf_counter() - began > 60 * minutes:
                say(f"{minutes:g} minutes have passed: {len(cases) - len(tried)} cases are left out")
                return
            tried.extend(chunk)
            yield chunk

    if workers == 0:
        for chunk in in_time():
            take(*_chunk(campaign.name, chunk))
        return summary(campaign, seed, tried, outcomes, taken())
    # processes are spawned, so that each forks its children from a single thread
    workers = min(workers or os.cpu_count() or 1, campaign.workers or 1024, max(1, len(chunks)))
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), max_tasks_per_child=None) as pool:
        waiting: Iterator[list[Case]] = in_time()
        going: set[Future] = set()
        while going := going | {pool.submit(_chunk, campaign.name, c) for c in islice(waiting, workers - len(going))}:
            ended, going = wait(going, return_when=FIRST_COMPLETED)
            for done in ended:
                if error := done.exception():
                    say(f"{type(error).__name__}: {error}")
                    if isinstance(error, BrokenExecutor):
                        return summary(campaign, seed, tried, outcomes, taken())
                else:
                    take(*done.result())
    return summary(campaign, seed, tried, outcomes, taken())


def _chunk(name: str, cases: Sequence[Case]) -> tuple[list[Outcome], float]:
    """The outcomes of some cases, and how long they took (s)."""
    place, began = Path(tempfile.mkdtemp(prefix=f"campaign-{name}-")), time.perf_counter()
    try:
        return list(catalogue.get(name).check(cases, place)), time.perf_counter() - began
    finally:
        shutil.rmtree(place, ignore_errors=True)
