"""Carrying a campaign out: its cases in processes side by side, each chunk in a folder that is removed."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from campaigns import catalogue
from campaigns.base import Campaign, Case, Outcome
from campaigns.summary import summary

__all__ = ["run"]


def run(
    campaign: Campaign,
    n: int | None = None,
    seed: int = 0,
    only: Sequence[int] = (),
    workers: int | None = None,
    say: Callable[[str], None] = print,
) -> dict:
    """Carry out the first `n` cases of a seed, or `only` those of some indices; gives the summary.

    Without `n` they are those of the short form. With `workers` of 0 all is done in this process, which forks.
    """
    if n is None:
        cases = list(campaign.short())
    else:
        cases = list(campaign.draw(seed, max([n, *(k + 1 for k in only)])))
    if only:
        cases = [case for case in cases if case.index in only]
    began = time.perf_counter()
    chunks = [cases[k : k + campaign.chunk] for k in range(0, len(cases), campaign.chunk)]
    outcomes: dict[int, Outcome] = {}
    told = {case.index: case for case in cases}

    def take(found: Sequence[Outcome]) -> None:
        for outcome in found:
            outcomes[outcome.index] = outcome
            if outcome.why:
                case = told[outcome.index]
                say(f"{campaign.name} {case.index} ({case.kind}): {case.told}: {outcome.why}")
        took = time.perf_counter() - began
        say(
            f"{len(outcomes)} of {len(cases)} cases, {sum(bool(o.why) for o in outcomes.values())} failed, {took:.0f} s"
        )

    if workers == 0:
        for chunk in chunks:
            take(_chunk(campaign.name, chunk))
        return summary(campaign, seed, cases, outcomes, time.perf_counter() - began)
    # processes are spawned, so that each forks its children from a single thread
    workers = min(workers or os.cpu_count() or 1, campaign.workers or 1024, len(chunks))
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), max_tasks_per_child=None) as pool:
        for done in as_completed([pool.submit(_chunk, campaign.name, chunk) for chunk in chunks]):
            if error := done.exception():
                say(f"{type(error).__name__}: {error}")
            else:
                take(done.result())
    return summary(campaign, seed, cases, outcomes, time.perf_counter() - began)


def _chunk(name: str, cases: Sequence[Case]) -> list[Outcome]:
    place = Path(tempfile.mkdtemp(prefix=f"campaign-{name}-"))
    try:
        return list(catalogue.get(name).check(cases, place))
    finally:
        shutil.rmtree(place, ignore_errors=True)
