"""Runs of ``sbp run`` in processes of their own: several at once, with progress, stopped as Ctrl+C stops one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from sbp_brian import children
from sbp_brian.progress import ENDED, bars

__all__ = ["Job", "bars_or_lines", "run_all", "run_command"]

_PATIENCE = 60  # seconds that an interrupted run gets to keep what it has done


def run_command(
    protocol: str,
    *,
    target: str,
    seed: int,
    out: Path | str,
    size: str | None = None,
    settings: dict[str, str] | None = None,
    fresh: bool = False,
    take_over: bool = False,
    keep: tuple[str, ...] = (),
    one_program: bool = False,
) -> list[str]:
    """The command line of ``sbp run`` that tells its progress in lines.

    With `one_program` its network is the one that serves most others of a sweep, see
    `sbp_brian.training.one_program`; its record is the same.
    """
    chosen = [text for name, value in (settings or {}).items() for text in ("-s", f"{name}={value}")]
    return [
        sys.executable,
        "-m",
        "sbp_brian",
        "run",
        protocol,
        "--progress-lines",
        "--target",
        target,
        "--seed",
        str(seed),
        "--out",
        str(out),
        *([f"--{size}"] if size in ("quick", "full") else []),
        *(["--fresh"] if fresh else []),
        *(["--take-over"] if take_over else []),
        *(["--keep", ",".join(keep)] if keep else []),
        *(["--one-program"] if one_program else []),
        *chosen,
    ]


@dataclass
class Job:
    """One protocol in a process of its own."""

    name: str
    command: list[str]
    process: subprocess.Popen | None = None
    folder: str | None = None
    output: str = ""
    error: str = ""
    seconds: float = 0.0
    stopped: bool = field(default=False)

    def run(self, progress: Callable[[str, str, float], None]) -> Job:
        """Run it to its end; ``progress(name, description, fraction)`` is called as it goes on."""
        if self.stopped:
            return self
        began = time.perf_counter()
        # a session of its own: Ctrl+C reaches it once, through `stop`
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            env=_environment(),
        )
        if self.stopped:
            self.stop()
        reader = threading.Thread(target=self._read_output, daemon=True)
        reader.start()
        lines = []
        for line in self.process.stderr:
            said, line = _told(line)
            self.folder = said.get("folder", self.folder)
            if "fraction" in said:
                progress(self.name, said["description"], said["fraction"])
            if line.strip():
                lines.append(line.strip())
        code = self.process.wait()
        reader.join()
        self.seconds = time.perf_counter() - began
        if code:
            errors = [line for line in lines if line.startswith("Error: ")] or lines
            self.error = errors[-1].removeprefix("Error: ") if errors else f"it ended with status {code}"
        elif self.folder is None:
            self.error = "it wrote no record"
        return self

    def stop(self) -> None:
        """Ask it to stop as Ctrl+C does."""
        self.stopped = True
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it, and what it started, at once."""
        if self.process is not None and self.process.poll() is None:
            for pid in (self.process.pid, *children.of_this_process(self.process.pid)):
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)

    def _read_output(self) -> None:
        self.output = self.process.stdout.read()


def run_all(jobs: list[Job], workers: int, display: AbstractContextManager | None = None) -> None:
    """Run them, `workers` at once; each job then says how it ended.

    Parameters
    ----------
    jobs : list of Job
    workers : int
    display : context manager, optional
        Gives ``progress(name, description, fraction)``; a job that has ended is told as "done" or "failed".

    Raises
    ------
    KeyboardInterrupt
        After Ctrl+C; every job has ended by then and kept what it had done. After a second one they are killed.
    """
    with display or bars_or_lines() as progress, ThreadPoolExecutor(workers) as pool:
        try:
            for future in as_completed([pool.submit(job.run, progress) for job in jobs]):
                job = future.result()
                progress(job.name, "failed" if job.error else "done", 1.0)
        except BaseException:
            _stop_all(jobs)
            raise


def _stop_all(jobs: list[Job]) -> None:
    try:
        for job in jobs:
            job.stop()
        for job in jobs:
            if job.process is not None:
                try:
                    job.process.wait(_PATIENCE)
                except subprocess.TimeoutExpired:
                    job.kill()
    except BaseException:
        for job in jobs:
            job.stopped = True
            job.kill()
        raise


def _told(line: str) -> tuple[dict[str, Any], str]:
    """What a run tells of itself in a line of its standard error stream, and what else stands there."""
    before, mark, text = line.rpartition("@{")
    try:
        said = json.loads(f"{{{text}") if mark else {}
    except (ValueError, RecursionError):  # a line of the protocol's own
        said = {}
    return (said, before) if said else ({}, line)


def bars_or_lines(count: int | None = None) -> AbstractContextManager[Callable[[str, str, float], None]]:
    """A context manager giving ``progress(name, description, fraction)``: bars on a terminal, else a line a run.

    Parameters
    ----------
    count : int, optional
        How many runs there will be: all of them have a bar, and lines tell what is still to go.
    """
    from sbp_brian.report.text import console

    screen = console(stderr=True)
    return bars(screen, count=count) if screen.is_terminal else _lines(count)


@contextmanager
def _lines(count: int | None) -> Iterator[Callable[[str, str, float], None]]:
    from sbp_brian.report.text import duration

    began, ended = time.perf_counter(), 0

    def line(name: str, description: str, fraction: float) -> None:
        nonlocal ended
        if description not in ENDED:
            return
        ended += 1
        if count is None:
            click.echo(f"{name}: {description}", err=True)
        else:
            left = (time.perf_counter() - began) / ended * (count - ended)
            click.echo(f"[{ended}/{count}] {name}: {description}; {duration(left)} to go", err=True)

    yield line


def _environment() -> dict[str, str]:
    from sbp_brian.report.text import console

    return {**os.environ, "COLUMNS": str(console().width), "PYTHONUNBUFFERED": "1"}
