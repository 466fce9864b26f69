"""Kills: what is stopped at any moment is whole when it is run again, equals the undisturbed run, and leaves nothing.

Work of each sort (`campaigns.scenarios`) is sent a signal at a random file operation of its own, told by Python's
audit events, or after a random time. Then the same command runs to its end. It must end well, its records and data
must equal those of a run that nothing disturbed, to the bit, and the files there must be the same ones. After TERM, HUP
and INT no process and no temporary file of the stopped run may be left either.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from campaigns.base import Campaign, Case, Outcome, one_by_one
from campaigns.child import Ended, forked
from campaigns.scenarios import SCENARIOS, Scenario, paths, prepare, set_environment

__all__ = ["CAMPAIGN"]

SIGNALS = {"KILL": 0.7, "TERM": 0.12, "INT": 0.1, "HUP": 0.08}
KEPT = Path(__file__).resolve().parents[1] / "build" / "campaigns"
LIMIT_S = 300.0
#: Audit events of what changes files or starts programs, as far as they concern the folder of the case.
EVENTS = frozenset(
    {
        "open",
        "os.mkdir",
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.link",
        "os.utime",
        "os.chmod",
        "os.scandir",
        "shutil.copyfile",
        "shutil.copytree",
        "shutil.rmtree",
        "subprocess.Popen",
        "tempfile.mkdtemp",
    }
)


@dataclass(frozen=True)
class Undisturbed:
    """How a scenario ends where nothing disturbs it."""

    result: dict[str, Any]
    paths: set[str]
    temporary: set[str]
    operations: int
    seconds: float


def draw(seed: int, n: int, names: Sequence[str] = tuple(SCENARIOS)) -> list[Case]:
    """The cases of a seed, of all scenarios or of some."""
    shares = np.array([SCENARIOS[name].share for name in names])
    cases = []
    for index in range(n):
        rng = np.random.default_rng([seed, index])
        name = str(rng.choice(list(names), p=shares / shares.sum()))
        which = str(rng.choice(list(SIGNALS), p=list(SIGNALS.values())))
        by_time = bool(rng.random() < 0.4)
        part, group = float(rng.random()), bool(rng.random() < 0.5)
        at = f"at {100 * part:.1f} % of its {'time' if by_time else 'file operations'}"
        whom = ", with its group" if by_time and group else ""
        given = {"name": name, "signal": which, "by_time": by_time, "part": part, "group": group}
        cases.append(Case(index, name, f"{name}, {which} {at}{whom}", given))
    return cases


def short() -> list[Case]:
    """A few kills that need no compiler."""
    names = ("training in batches", "replacing a record", "unpacking")
    return [case for case in draw(1, 40) if case.kind in names][:5]


def check(case: Case, place: Path) -> Outcome:
    """Stop the work, run it again, compare."""
    load()
    given, scenario = case.given, SCENARIOS[case.given["name"]]
    wanted = undisturbed(scenario.name)
    environment = _begin(scenario, place)
    which = signal.Signals[f"SIG{given['signal']}"]
    if given["by_time"]:
        stopped = _run(scenario, place, environment, after=(given["part"] * wanted.seconds, which, given["group"]))
    else:
        stopped = _run(scenario, place, environment, at=(1 + int(given["part"] * wanted.operations), which))
    left = _temporary(place) - wanted.temporary
    again = _run(scenario, place, environment)
    return Outcome(case.index, _wrong(given["signal"], stopped, left, again, scenario, place, wanted))


def _temporary(place: Path) -> set[str]:
    """Temporary files, but for the one by which Python's `tempfile` asks whether it can write there.

    A process that is killed between making that file (eight characters, in it "blat") and removing it leaves it, as
    any program of Python would; it cannot be caught, and nothing ever reads it.
    """
    return {name for name in paths(place, "tmp") if not _is_probe(place / name)}


def _is_probe(path: Path) -> bool:
    return bool(re.fullmatch(r"[a-z0-9_]{8}", path.name)) and path.is_file() and path.read_bytes() in (b"", b"blat")


def _wrong(which: str, stopped: Ended, left: set[str], again: Ended, scenario, place: Path, wanted) -> str:
    said = _last_line(place / "output")
    if stopped.late:
        return f"after the signal it did not end within {LIMIT_S:g} s"
    if which != "KILL" and stopped.left:
        return f"{len(stopped.left)} processes went on after {which}"
    if which != "KILL" and left:
        return f"{which} left {_some(left)}"
    if again.late or again.error or again.value != 0:
        return f"the second run ended with {again.value if again.status == 0 else again.status}: {said}"
    if (found := scenario.result(place)) != wanted.result:
        differ = sorted({*found, *wanted.result} - {k for k in found if found[k] == wanted.result.get(k)})
        return f"the second run differs from the undisturbed one in {', '.join(differ)}"
    there, beyond = paths(place, "out", "cache", "data"), _temporary(place) - wanted.temporary
    if there - wanted.paths or beyond:
        return f"left behind: {_some((there - wanted.paths) | beyond)}"
    if wanted.paths - there:
        return f"lacks {_some(wanted.paths - there)}"
    return ""


@functools.cache
def load() -> None:
    """Import what the work needs, once for all children."""
    from campaigns import victim
    from sbp_brian import __main__, identity, protocols
    from sbp_brian.cli import jobs, running
    from sbp_brian.experiments import gathering

    assert all((victim, __main__, protocols, jobs, running, gathering))
    identity.library_code()


def _begin(scenario: Scenario, place: Path) -> dict[str, str]:
    environment = prepare(scenario, place, programs() if scenario.compiled else place)
    if scenario.twice:
        _run(scenario, place, environment)
    return environment


@functools.cache
def undisturbed(name: str) -> Undisturbed:
    """A scenario from its beginning to its end; once a process."""
    scenario = SCENARIOS[name]
    place = Path(tempfile.mkdtemp(prefix="campaign-undisturbed-"))
    try:
        environment = _begin(scenario, place)
        ended = _run(scenario, place, environment, at=(sys.maxsize, signal.SIGKILL))
        if ended.error or ended.value is None or ended.value[0] != 0:
            raise RuntimeError(f"{name} fails undisturbed: {_last_line(place / 'output')} {ended.error}")
        there = paths(place, "out", "cache", "data")
        result, temporary = scenario.result(place), paths(place, "tmp")
        return Undisturbed(result, there, temporary, ended.value[1], ended.seconds)
    finally:
        shutil.rmtree(place)


@functools.cache
def programs() -> Path:
    """A cache that holds the programs of the scenarios, compiled once for a checkout."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with FileLock(KEPT / "cache.lock"):
        scenario = SCENARIOS["building"]
        with tempfile.TemporaryDirectory(prefix="campaign-programs-") as name:
            place = Path(name)
            environment = prepare(scenario, place, Path(tempfile.mkdtemp(dir=place))) | {
                "SBP_CACHE": str(KEPT / "cache")
            }
            ended = _run(scenario, place, environment)
            if ended.error or ended.value != 0:
                raise RuntimeError(f"the programs cannot be built: {_last_line(place / 'output')} {ended.error}")
    return KEPT / "cache"


def _run(
    scenario: Scenario, place: Path, environment: dict[str, str], at=None, after: tuple[float, int, bool] | None = None
) -> Ended:
    """The work in a child; `at` a count of file operations, or `after` a time, it is sent a signal.

    With `at` its value is (status, operations); without, the status.
    """

    def work():
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
        set_environment(environment)
        os.chdir(place)
        if at is None:
            return scenario.act(place)
        counted = _count(place, *at)
        return scenario.act(place), counted[0]

    output = place / "output"
    output.write_bytes(b"")
    when = None if after is None else after[:2]
    return forked(work, LIMIT_S, output, when, bool(after and after[2]), mark=str(place))


def _count(place: Path, limit: int, which: int) -> list[int]:
    """Count this process's file operations below `place`; at the `limit`-th it gets the signal."""
    counted, below = [0], str(place)

    def heard(event: str, arguments: tuple) -> None:
        if event not in EVENTS or not any(below in str(part) for part in arguments[:3]):
            return
        counted[0] += 1
        if counted[0] == limit:
            os.kill(os.getpid(), which)

    sys.addaudithook(heard)
    return counted


def _last_line(file: Path) -> str:
    lines = [line for line in file.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no word"


def _some(names: set[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")


CAMPAIGN = Campaign(
    "kills",
    "Work that is stopped at any moment, and run again, equals the undisturbed run and leaves nothing behind.",
    500,
    draw,
    one_by_one(check),
    short,
)
