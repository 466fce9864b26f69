"""Bad calls: what is wrong in a call or a command is refused at once, in one line, and costs nothing.

A call of the library must raise an error of `sbp_brian.errors` whose one line names the parameter. A command must end
with another status than 0 and one line on the standard error stream that begins with "Error: ", and write nothing
below its folder. Both within two seconds of computing; the same call once more and again takes no more memory.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from campaigns.base import Campaign, Case, Outcome, one_by_one
from campaigns.child import forked

__all__ = ["CAMPAIGN"]

LIMIT_S, PATIENCE_S = 2.0, 20.0
LONGEST = 500  # characters of a message
TIMES, GROWTH_MIB = 20, 4.0
PEAK_MIB = 200.0


@cache
def _universe() -> tuple[list, list]:
    from campaigns.command_calls import commands
    from campaigns.library_calls import calls

    return calls(), commands()


def draw(seed: int, n: int) -> list[Case]:
    """Calls of the library and commands in turn, in an order that follows from the seed."""
    calls, commands = _universe()
    rng = np.random.default_rng(seed)
    orders = rng.permutation(len(calls)), rng.permutation(len(commands))
    cases = []
    for index in range(n):
        kind, k = index % 2, index // 2
        if k >= len(orders[kind]):
            break
        place = int(orders[kind][k])
        if kind == 0:
            bad = calls[place]
            told = f"{bad.call.name}({bad.parameter}={bad.told})"
        else:
            told = commands[place].told
        cases.append(Case(index, ("library", "command")[kind], told, {"place": place}))
    return cases


def check(case: Case, place: Path) -> Outcome:
    """Make the call in a process of its own, and judge how it ended."""
    calls, commands = _universe()
    if case.kind == "library":
        bad = calls[case.given["place"]]

        def once() -> tuple[str, str]:
            return _refusal(bad.act, bad.named)
    else:
        bad = commands[case.given["place"]]
        bad.lay_out(place)
        once = partial(_command, bad.words)
    before = {path.name for path in place.iterdir()}

    def work():
        os.chdir(place)
        began = time.process_time()
        said = once()
        seconds = time.process_time() - began
        return said, seconds, _growth(once) if seconds < LIMIT_S else 0.0

    ended = forked(work, PATIENCE_S * 3, mib=4096)
    if ended.value is None:
        how = "it does not end" if ended.late else f"the process ended with {ended.status}: {ended.error[-200:]}"
        return Outcome(case.index, how)
    (why, _), seconds, grown = ended.value
    new = {path.name for path in place.iterdir()} - before
    if not why and seconds > LIMIT_S:
        why = f"it takes {seconds:.1f} s"
    if not why and case.kind == "command" and new:
        why = f"it leaves {', '.join(sorted(new))}"
    if not why and grown > GROWTH_MIB:
        why = f"{TIMES} more of it take {grown:.1f} MiB more"
    if not why and ended.mib > PEAK_MIB:
        why = f"it takes {ended.mib:.0f} MiB"
    return Outcome(case.index, why, {"s": seconds, "MiB": ended.mib})


def _refusal(act: Callable[[], Any], names: Sequence[str]) -> tuple[str, str]:
    """What is wrong with the way in which a call of the library is refused, and its message."""
    from sbp_brian.errors import SBPError

    try:
        act()
    except SBPError as error:
        message = str(error)
        named = any(name in message for name in names)
        unnamed = "" if named else f"the message does not name {names[0]}: {message[:200]}"
        return _judged(message) or unnamed, message
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        return f"an error of another kind: {' '.join(message.split())[:200]}", message
    return "it is accepted in silence", ""


def _judged(message: str) -> str:
    if not message.strip():
        return "the message is empty"
    if "\n" in message:
        return f"the message has {message.count(chr(10)) + 1} lines"
    if len(message) > LONGEST:
        return f"the message has {len(message)} characters"
    return ""


def _command(words: tuple[str, ...]) -> tuple[str, str]:
    """What is wrong with the way in which a command is refused, and what it says."""
    from click.testing import CliRunner

    from sbp_brian.__main__ import main

    done = CliRunner(env={"COLUMNS": "120"}).invoke(main, list(words), prog_name="sbp")
    said, shown = done.stderr, " ".join(done.output.split())[-200:]
    if "Traceback" in done.output or (done.exception and not isinstance(done.exception, SystemExit)):
        return f"a traceback: {done.exception!r}"[:300], said
    if done.exit_code == 0:
        return f"it ends with status 0: {shown}", said
    if not said.startswith("Error: ") or said.count("\n") != 1:
        return f"it says {said.count(chr(10))} lines: {shown}", said
    return _judged(said.strip()), said


def _growth(once: Callable[[], Any]) -> float:
    """By how much the memory of this process grows (MiB) when a call is made over and over."""
    began = time.process_time()
    once()
    gc.collect()
    before = _resident()
    for _ in range(TIMES):
        once()
        if time.process_time() - began > PATIENCE_S:
            break
    gc.collect()
    return _resident() - before


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


CAMPAIGN = Campaign(
    "calls",
    "What is wrong in a call or a command is refused at once, in one line, and costs nothing.",
    500,
    draw,
    one_by_one(check),
    partial(draw, 1, 14),
    chunk=25,
)
