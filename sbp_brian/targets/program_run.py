"""One run of a compiled program: its working folder, its arguments, its progress, and its end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from brian2 import prefs

from sbp_brian.errors import RunFailed
from sbp_brian.targets.programs import PROGRESS

#: What Brian2's programs print where they go on although something is missing.
_FAILURES = (
    "Error reading '",
    "Could not read '",
    "Cannot set unknown variable",
    "Error opening static array",
    "Error writing ",
)
#: Words before each program, as of a profiler; filled within `launched_by`.
_LAUNCHER: list[str] = []
_WRONG_SIZE = re.compile(r"file size (\d+) does not match expected size (\d+)")


@contextmanager
def launched_by(*words: str) -> Iterator[None]:
    """Start compiled programs by another one, such as a profiler or `numactl`.

    Parameters
    ----------
    *words : str
        The command and its own arguments; the program and its arguments follow. Files that it is to write need absolute
        paths, since a program runs in a folder of its own.

    Examples
    --------
    ::

        with launched_by("valgrind", "--tool=callgrind", f"--callgrind-out-file={Path('counts').absolute()}"):
            simulation.run()
    """
    _LAUNCHER.extend(words)
    try:
        yield
    finally:
        del _LAUNCHER[len(_LAUNCHER) - len(words) :]


class ProgramRun:
    """A run that can be started, waited for (in any thread) and interrupted (from another).

    Parameters
    ----------
    program : Path
        The binary.
    static_arrays : Path
        Folder of the data that it loads; only linked to, never written.
    results : Path
        Folder that receives its arrays.
    settings : dict of str to ndarray
        Values to set, by name; 0-d arrays for one value for all.
    seed : int
    duration : float, optional
        Simulated time (s), where it is not the one the program was built for.
    environment : dict of str to str, optional
        Variables of the environment for the program besides those of this process.
    """

    def __init__(
        self,
        program: Path,
        static_arrays: Path,
        results: Path,
        settings: dict[str, np.ndarray],
        seed: int,
        duration: float | None = None,
        environment: dict[str, str] | None = None,
    ):
        self.program, self.static_arrays, self.results = program, static_arrays, results
        self.settings, self.seed, self.duration = settings, seed, duration
        self.environment = environment or {}
        self.completed = 0.0
        self.interrupted = False
        self._failure = ""
        self._begun = False
        self._process: subprocess.Popen | None = None
        self._lock = threading.Lock()

    def run(self, progress: Callable[[float, float], None] | None = None) -> float:
        """Run to the end and return the wall time (s).

        Parameters
        ----------
        progress : callable, optional
            Called as ``progress(fraction, elapsed_s)`` about twice a second.

        Raises
        ------
        RunFailed
            If the program fails; one line of its output is in the message.
        ValueError
            If values to set turn out to have the wrong number where only the program knows it.
        """
        place = Path(tempfile.mkdtemp(prefix="sbp-run-"))
        try:
            arguments = self._arguments(place)
            os.symlink(self.static_arrays, place / "static_arrays")
            start = time.perf_counter()
            self._execute(place, arguments, progress)
            elapsed = time.perf_counter() - start
        finally:
            shutil.rmtree(place, ignore_errors=True)
        self._check_end()
        return elapsed

    def interrupt(self) -> None:
        """Let the program finish its time step and write its arrays; before its first step, end it."""
        with self._lock:
            self.interrupted = True
            # after its last report it is writing arrays, which a signal would cut short
            if self.completed < 1 and self._process is not None and self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End the program at once; what it has done is lost."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                self._process.kill()

    def _arguments(self, place: Path) -> list[str]:
        arguments = ["--results_dir", os.path.join(self.results, ""), "--seed", str(self.seed)]
        if self.duration is not None:
            arguments += ["--duration", repr(self.duration)]
        (place / "set").mkdir()
        for number, (name, values) in enumerate(self.settings.items()):
            if values.ndim == 0:
                text = repr(values.item())
                text = {"inf": "1e999", "nan": "-nan"}.get(text, text)  # a number has to start with - or a digit
            else:
                text = f"set/{number}"
                np.ascontiguousarray(values).tofile(place / text)
            arguments.append(f"{name}={text}")
        return arguments

    def _execute(self, place: Path, arguments: list[str], progress) -> None:
        own = prefs["devices.cpp_standalone.run_environment_variables"]
        environment = {**os.environ, **own, **self.environment}
        with self._lock:
            if self.interrupted:
                return
            # a session of its own: Ctrl+C in the terminal reaches it once, through us
            self._process = subprocess.Popen(
                [*_LAUNCHER, str(self.program), *arguments],
                cwd=place,
                env=environment,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                errors="replace",
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        with self._process, open(self.results / "output.txt", "w") as log:
            while True:
                try:
                    self._follow(log, progress)
                    self._process.wait()
                    return
                except KeyboardInterrupt:
                    if self.interrupted:  # the second time: no patience left
                        self.kill()
                        raise
                    self.interrupt()
                except BaseException:
                    self.kill()
                    raise

    def _follow(self, log, progress) -> None:
        for line in self._process.stdout:
            if line.startswith(PROGRESS):
                fraction, elapsed = (float(word) for word in line.split()[1:3])
                self._begun = True
                self.completed = fraction
                if progress is not None:
                    progress(fraction, elapsed)
            else:
                log.write(line)
                if not self._failure and line.startswith(_FAILURES):
                    self._failure = line.strip()
                    if not line.startswith("Error writing "):
                        self.kill()

    def _check_end(self) -> None:
        if self._failure:
            raise self._explained(self._failure)
        if self._process is None:
            return
        code = self._process.returncode
        if self.interrupted and code == -signal.SIGINT:  # it was not in its time steps yet
            self._begun = False
            return
        if code:
            lines = (self.results / "output.txt").read_text(errors="replace").strip().splitlines()
            how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            failed = RunFailed(f"the compiled simulation ended with {how}" + (f": {_telling(lines)}" if lines else ""))
            failed.findings = _findings(lines)
            raise failed
        if not self._begun:
            return
        try:
            self.completed = float((self.results / "last_run_info.txt").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            raise RunFailed(
                f"the compiled simulation left no complete results in {self.results}: is the disk full?"
            ) from None

    def _explained(self, line: str) -> Exception:
        wrong = _WRONG_SIZE.search(line)
        for number, (name, values) in enumerate(self.settings.items()):
            if wrong and f"'set/{number}'" in line:
                needed = int(wrong.group(2)) // values.itemsize
                return ValueError(f"values: {name!r} needs one value or {needed} values, {values.size} were given")
        return RunFailed(f"the compiled simulation failed: {line}")

    @property
    def begun(self) -> bool:
        """Whether the first time step was reached."""
        return self._begun


def _findings(lines: list[str]) -> tuple[str, ...]:
    """What sanitizers found, a line each, none twice."""
    found = (line.strip() for line in lines if line.startswith("SUMMARY: ") or " runtime error: " in line)
    return tuple(dict.fromkeys(found))


def _telling(lines: list[str]) -> str:
    """The line that says why a program ended: the first finding of a sanitizer, or the last."""
    found = _findings(lines)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return found[0] + more if found else lines[-1]
