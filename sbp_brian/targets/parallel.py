"""Several runs side by side: threads that wait for compiled programs, or processes for the targets inside Python."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, ThreadPoolExecutor, wait

from sbp_brian.children import die_with_parent
from sbp_brian.errors import Interrupted
from sbp_brian.interruption import held, nothing
from sbp_brian.machine import cores


class _Overall:
    """Mean of the fractions of several runs, reported as one."""

    def __init__(self, count: int, progress):
        self.fractions, self.progress, self.start = [0.0] * count, progress, time.perf_counter()
        self.lock = threading.Lock()

    def report(self, index: int, fraction: float) -> None:
        if self.progress is None:
            return
        with self.lock:
            self.fractions[index] = max(fraction, self.fractions[index])
            self.progress(sum(self.fractions) / len(self.fractions), time.perf_counter() - self.start)

    def of(self, index: int, own):
        def progress(fraction, elapsed_s):
            self.report(index, fraction)
            if own is not None:
                own(fraction, elapsed_s)

        return progress


def run_in_threads(run, runs: list[dict], workers: int | None, progress) -> list:
    """Run compiled programs, each waited for by a thread.

    Parameters
    ----------
    run : callable
        `StandaloneBackend.run`.
    runs : list of dict
        Its arguments.
    workers : int or None
    progress : callable or None

    Raises
    ------
    Interrupted
        After Ctrl+C, with all results so far, when every program has written its arrays.
    """
    overall = _Overall(len(runs), progress)
    going: list = []

    def one(index: int, arguments: dict):
        arguments = {**arguments, "progress": overall.of(index, arguments["progress"])}
        try:
            return run(**arguments, register=going.append)
        except Interrupted as stopped:
            return stopped

    with ThreadPoolExecutor(max(1, min(workers or cores(), len(runs) or 1))) as pool:
        futures = [pool.submit(one, index, arguments) for index, arguments in enumerate(runs)]
        interrupted = _wait(
            futures,
            lambda pending: [future.cancel() for future in pending],  # those that run go on: they may be kept
            lambda: [program.interrupt() for program in list(going)],
            lambda: [program.kill() for program in list(going)],
        )
    return _gathered(futures, interrupted)


def _wait(futures, cancel, interrupt, kill) -> bool:
    """Wait for all; the first failure or Ctrl+C cancels what has not begun. True after Ctrl+C."""
    interrupted = False
    pending = set(futures)
    while pending:
        try:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            if any(not f.cancelled() and f.exception() is not None for f in done):
                cancel(pending)
        except KeyboardInterrupt:
            if interrupted:
                kill()
                raise
            interrupted = True
            cancel(pending)
            interrupt()
    return interrupted


def _gathered(futures, interrupted: bool) -> list:
    if not interrupted:
        failed = [f.exception() for f in futures if not f.cancelled() and f.exception() is not None]
        if failed:
            raise failed[0]
    results = []
    for future in futures:
        kept = None if future.cancelled() or future.exception() is not None else future.result()
        if isinstance(kept, Interrupted):
            interrupted, kept = True, kept.result
        results.append(kept)
    if interrupted:
        raise Interrupted(None, results)
    return results


_worker: dict = {}


def _begin_worker(simulation: type, make, duration, arguments, stop) -> None:
    signal.signal(signal.SIGINT, nothing)
    die_with_parent(signal.SIGKILL)
    _worker.update(simulation=simulation(make, duration, **arguments), stop=stop)


def _work(arguments: dict):
    if _worker["stop"].is_set():
        return Interrupted()
    simulation = _worker["simulation"]
    simulation._backend.prepare(arguments["seed"])
    try:
        return simulation._backend.run(**arguments, stop=_worker["stop"])
    except Interrupted as stopped:
        return stopped


def _can_travel(make, duration, arguments) -> bool:
    function = make
    while hasattr(function, "func"):
        function = function.func
    if getattr(function, "__module__", "__main__") == "__main__":
        return False
    try:
        pickle.dumps((make, duration, arguments))
    except Exception:  # pickle raises whatever an object's reduction raises
        return False
    return True


def run_in_processes(
    simulation: type, make, duration, arguments: dict, run, runs: list[dict], workers: int | None, progress
) -> list:
    """Run networks inside Python: in processes of their own where `make` can travel there, else one after another.

    Parameters
    ----------
    simulation : type
        `Simulation`, of which each process makes one.
    make, duration, arguments
        Of it.
    run : callable
        `RuntimeBackend.run` of this process.
    runs : list of dict
        Its arguments.
    workers : int or None
    progress : callable or None
    """
    overall = _Overall(len(runs), progress)
    count = max(1, min(workers or cores(), len(runs) or 1))
    if count == 1 or not _can_travel(make, duration, arguments):
        results: list = []
        for index, one in enumerate(runs):
            try:
                results.append(run(**{**one, "progress": overall.of(index, one["progress"])}))
            except Interrupted as stopped:
                raise Interrupted(None, [*results, stopped.result, *[None] * (len(runs) - index - 1)]) from None
        return results
    context = multiprocessing.get_context("spawn")
    stop, others = context.Event(), multiprocessing.active_children()

    def end_workers() -> None:
        for worker in multiprocessing.active_children():
            if worker not in others:
                worker.kill()

    with ProcessPoolExecutor(count, context, _begin_worker, (simulation, make, duration, arguments, stop)) as pool:
        futures = []
        try:
            for index, one in enumerate(runs):
                # Ctrl+C in the terminal reaches all; who waits for these processes tells them by `stop`
                with held(signal.SIGINT):
                    future = pool.submit(_work, {**one, "progress": None})
                report = overall.of(index, one["progress"])
                future.add_done_callback(lambda done, report=report: report(1.0, 0.0))
                futures.append(future)
            # cancelled futures would stop the thread that manages the pool for good where a process has died
            interrupted = _wait(futures, lambda pending: stop.set(), stop.set, end_workers)
        except BaseException:  # the pool waits at its end for all that it was given
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return _gathered(futures, interrupted)
