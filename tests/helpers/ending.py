"""Commands that are sent a signal, in a process of their own, and what they leave behind."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SBP = (sys.executable, "-m", "sbp_brian")
_MARK = "SBP_TEST_MARK"


@dataclass(frozen=True)
class End:
    """How a command ended.

    Attributes
    ----------
    status : int
        Its exit status; that of a process killed by signal n is -n.
    out, err : str
    alive : list of str
        Command lines of processes that it started, at any remove, and that still run.
    left : list of str
        What lies in its temporary folder.
    sent : bool
        Whether it was still running when the signal was sent.
    """

    status: int
    out: str
    err: str
    alive: list[str]
    left: list[str]
    sent: bool


def struck(
    command: Sequence[str],
    number: int | None,
    place: Path,
    *,
    after: float = 0.0,
    when: Callable[["Going"], bool] | None = None,
    group: bool = False,
    ignored: Sequence[int] = (),
    patience: float = 500.0,
    **environment: str,
) -> End:
    """Start a command, send it a signal, and look at what is left when it has ended.

    Parameters
    ----------
    command : sequence of str
        E.g. ``(*SBP, "run", "tao-2000")``.
    number : int or None
        The signal; None: none.
    place : Path
        A folder for its temporary files, which are in ``place/tmp``.
    after : float
        Seconds from its start, or from when `when` is true, until the signal.
    when : callable, optional
        ``when(going)`` is asked until it is true.
    group : bool
        Send it to all processes of its group, as a terminal does.
    ignored : sequence of int
        Signals that are ignored from its start, as a shell does for background jobs.
    patience : float
        Seconds until it is killed and `TimeoutError` raised.
    **environment
        Variables on top of this process's.
    """
    temporary = place / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex
    going = Going(mark, place)
    with open(place / "stdout", "w+") as out, open(place / "stderr", "w+") as err:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            env={**os.environ, "TMPDIR": str(temporary), **environment, _MARK: mark},
            preexec_fn=lambda: _dispose(ignored),
        )
        try:
            until = time.monotonic() + patience
            while when is not None and not when(going) and process.poll() is None:
                _wait(until, command)
            begun = time.monotonic()
            while time.monotonic() - begun < after and process.poll() is None:
                _wait(until, command)
            sent = number is not None and process.poll() is None
            if sent:
                os.killpg(process.pid, number) if group else process.send_signal(number)
            while process.poll() is None:
                _wait(until, command)
            time.sleep(0.05 if going.alive() else 0)  # what was killed with it may take a moment
            alive = going.alive()
        finally:
            for pid in _marked(mark):
                os.kill(pid, signal.SIGKILL)
            process.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read())
    return End(process.returncode, *texts, alive, sorted(path.name for path in temporary.iterdir()), sent)


@dataclass(frozen=True)
class Going:
    """A command that is going on: what it has printed, and the command lines of all its processes."""

    mark: str
    place: Path

    def out(self) -> str:
        return (self.place / "stdout").read_text(errors="replace")

    def alive(self) -> list[str]:
        found = []
        for pid in _marked(self.mark):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(words):
                found.append(b" ".join(words).decode(errors="replace").strip())
        return found


def _marked(mark: str) -> list[int]:
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{_MARK}={mark}".encode() in environment.read_bytes():
                found.append(int(environment.parent.name))
        except OSError:  # another user's, or it has ended
            continue
    return found


def _dispose(ignored: Sequence[int]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)


def _wait(until: float, command: Sequence[str]) -> None:
    if time.monotonic() > until:
        raise TimeoutError(f"{' '.join(command)} goes on and on")
    time.sleep(0.01)
