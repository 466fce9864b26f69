"""``sbp reproduce``: every protocol, all figures, one report page; goes on past a protocol that fails."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import click

from sbp_brian.cli_run import run_options

__all__ = ["reproduce"]

#: What ``--quick`` without names runs: one road through all parts, in minutes.
QUICK = ("mnist", "bi-poo-1998", "tao-2000")
_PATIENCE = 60          # seconds that an interrupted run gets to keep what it has done


@dataclass
class Job:
    """One protocol in a process of its own."""

    name: str
    command: list[str]
    process: subprocess.Popen | None = None
    folder: str | None = None
    output: str = ""
    error: str = ""
    stopped: bool = field(default=False)

    def run(self, progress: Callable[[str, str, float], None]) -> Job:
        """Run it to its end; ``progress(name, description, fraction)`` is called as it goes on."""
        if self.stopped:
            return self
        # a session of its own: Ctrl+C reaches it once, through `stop`
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        encoding="utf-8", errors="replace", start_new_session=True, env=_environment())
        if self.stopped:
            self.stop()
        reader = threading.Thread(target=self._read_output, daemon=True)
        reader.start()
        lines = []
        for line in self.process.stderr:
            if line.startswith("@{"):
                said = json.loads(line[1:])
                self.folder = said.get("folder", self.folder)
                if "fraction" in said:
                    progress(self.name, said["description"], said["fraction"])
            elif line.strip():
                lines.append(line.strip())
        code = self.process.wait()
        reader.join()
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
            os.killpg(self.process.pid, signal.SIGKILL)

    def _read_output(self) -> None:
        self.output = self.process.stdout.read()


@click.command(short_help="Run all protocols, draw all figures, write the report.")
@click.argument("names", nargs=-1, metavar="[PROTOCOL ...]")
@run_options
@click.option("--workers", type=click.IntRange(1), help="Protocols run at once.  [default: 2, or 1 on one core]")
def reproduce(names: tuple[str, ...], target: str, seed: int, out: Path, size: str | None, workers: int | None) -> None:
    """Run all protocols (or those named), draw all figures and write one report page.

    With --quick and without names: two biological protocols and MNIST, in minutes. Without it: everything.

    A protocol that fails does not stop the others: it is named at the end, and the exit status is not 0. The page is
    OUT/report.html, the drawings are in OUT/figures.
    """
    from sbp_brian import protocols, records, report
    from sbp_brian.cli_output import draw_figures

    known = {entry.name: entry for entry in protocols.entries()}
    for name in names:
        if name not in known and not name.endswith(".py"):
            protocols.get(name)                                       # refuses it
    if out.exists() and not out.is_dir():
        raise records.RecordError(f"{out} is a file, not a folder; remove it or give another --out")
    # benchmarks take longest: they start first
    chosen = names or (QUICK if size == "quick" else sorted(known, key=lambda name: known[name].kind != "benchmark"))
    jobs = [Job(name, [sys.executable, "-m", "sbp_brian.cli", "run", name, "--progress-lines", "--target", target,
                       "--seed", str(seed), "--out", str(out), *([f"--{size}"] if size else [])]) for name in chosen]
    _run_all(jobs, workers or min(2, len(os.sched_getaffinity(0))))
    for job in jobs:
        click.echo(job.output)
    failures = [(job.name, job.error) for job in jobs if job.error]
    done = [records.read(job.folder) for job in jobs if job.folder]
    if done:
        undrawn: list[tuple[str, str]] = []
        draw_figures(done, (), out / "figures", undrawn)
        page = report.write(done, out / "report.html", failures=failures)
        click.echo(f"Report: {page}")
        failures += undrawn
    for name, text in failures:
        click.echo(f"{name} failed: {text}", err=True)
    if failures:
        raise click.ClickException(f"{len(done)} of {len(jobs)} protocols done; failed: "
                                   f"{', '.join(name for name, _ in failures)}")


def _run_all(jobs: list[Job], workers: int) -> None:
    from sbp_brian._tables import console

    def interrupt(*_signal):
        raise KeyboardInterrupt

    screen = console(stderr=True)
    earlier = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with _display(screen) as progress, ThreadPoolExecutor(workers) as pool:
            try:
                for future in as_completed([pool.submit(job.run, progress) for job in jobs]):
                    job = future.result()
                    progress(job.name, "failed" if job.error else "done", 1.0)
            except BaseException:
                _stop_all(jobs)
                raise
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _stop_all(jobs: list[Job]) -> None:
    for job in jobs:
        job.stop()
    for job in jobs:
        if job.process is not None:
            try:
                job.process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                job.kill()


def _display(screen):
    """A context manager giving ``progress(name, description, fraction)``: bars on a terminal, else lines."""
    from contextlib import contextmanager

    @contextmanager
    def bars():
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        tasks = {}
        with Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
                      console=screen, redirect_stdout=False, redirect_stderr=False) as shown:
            def progress(name: str, description: str, fraction: float) -> None:
                if name not in tasks:
                    tasks[name] = shown.add_task(name, total=1.0)
                shown.update(tasks[name], description=f"{name}: {description}", completed=fraction)
            yield progress

    @contextmanager
    def lines():
        def progress(name: str, description: str, fraction: float) -> None:
            if description in ("done", "failed"):
                click.echo(f"{name}: {description}", err=True)
        yield progress

    return bars() if screen.is_terminal else lines()


def _environment() -> dict[str, str]:
    from sbp_brian._tables import console

    return {**os.environ, "COLUMNS": str(console().width), "PYTHONUNBUFFERED": "1"}
