"""Runs on a Dask cluster: each in a process of its own on a worker, its record sent back to this machine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from sbp_brian.cli.jobs import Job, run_command
from sbp_brian.errors import ClusterError

__all__ = ["run_on_cluster"]

_PATIENCE = "15s"  # that a scheduler gets to answer
_FILES = ("record.json", "arrays.npz", "kept.npz")


def run_on_cluster(
    address: str,
    runs: Sequence[dict],
    keep: Callable[[int, dict[str, bytes]], None],
    progress: Callable[[int, str], None],
) -> list[tuple[int, str]]:
    """Run them on the workers of a Dask scheduler.

    Parameters
    ----------
    address : str
        E.g. ``"tcp://host:8786"``, or the path of a scheduler file.
    runs : sequence of dict
        Arguments of `run_here`.
    keep : callable
        ``keep(number, files)`` is called on this machine with the record of each run that has finished.
    progress : callable
        ``progress(number, "done" or an error)``.

    Returns
    -------
    list of (int, str)
        The runs that failed, with the reason.

    Raises
    ------
    ClusterError
        dask.distributed is not installed, no scheduler answers, or it has no workers.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise ClusterError(
            "--scheduler needs dask.distributed, which is not installed; install it with "
            "pip install 'sbp_brian[cluster]', or use --workers on this machine"
        ) from None
    where = {"scheduler_file": address} if Path(address).is_file() else {"address": address}
    try:
        client = Client(**where, timeout=_PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({type(error).__name__}); start one with "
            "'dask scheduler' and workers with 'dask worker ADDRESS'"
        ) from None
    failures = []
    with client:
        if not client.scheduler_info()["workers"]:
            raise ClusterError(
                f"the Dask scheduler at {address} has no workers; start some with 'dask worker {address}'"
            )
        futures = {client.submit(run_here, **run, pure=False, retries=1): number for number, run in enumerate(runs)}
        try:
            for future in as_completed(list(futures)):
                number = futures.pop(future)
                error = future.exception()
                files, text = (None, f"{type(error).__name__}: {error}") if error is not None else future.result()
                if files is not None:
                    keep(number, files)
                else:
                    failures.append((number, text))
                progress(number, text or "done")
        finally:
            client.cancel(list(futures), force=True)
    return failures


def run_here(
    protocol: str,
    text: str | None,
    target: str,
    seed: int,
    size: str,
    settings: dict[str, str],
    keep: tuple[str, ...] = (),
    one_program: bool = False,
) -> tuple[dict[str, bytes] | None, str]:
    """One run in a process of its own on this worker: the files of its record, or None and the reason.

    Parameters
    ----------
    protocol : str
        A name, or where `text` is given the name of the file it stood in.
    text : str, optional
        A user's own protocol file.
    target, seed, size, settings, keep
        As for ``sbp run``.
    one_program : bool
        See `run_command`.
    """
    folder = Path(tempfile.mkdtemp(prefix="sbp-sweep-"))
    try:
        if text is not None:
            protocol = str(folder / protocol)
            Path(protocol).write_text(text, encoding="utf-8")
        out = folder / "out"
        how = {"size": size, "settings": settings, "keep": keep, "one_program": one_program}
        command = run_command(protocol, target=target, seed=seed, out=out, **how)
        job = Job(protocol, command).run(lambda *_progress: None)
        if job.error:
            return None, job.error
        files = [Path(job.folder) / name for name in _FILES]
        return {file.name: file.read_bytes() for file in files if file.exists()}, ""
    finally:
        shutil.rmtree(folder, ignore_errors=True)
