"""Run a protocol and write its record: the commands, tests and a user's script all go through `execute`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sbp_brian import identity
from sbp_brian.errors import KeepError, ParameterError, ProtocolError, RecordError
from sbp_brian.experiments import records
from sbp_brian.experiments.context import Context
from sbp_brian.experiments.kept import flat, refuse_lacking
from sbp_brian.experiments.made_of import complete, made_of, other, tell_own
from sbp_brian.experiments.protocol import Protocol
from sbp_brian.experiments.run_folder import RunFolder
from sbp_brian.machine import machine, versions
from sbp_brian.stopwatch import Stopwatch
from sbp_brian.targets.cuda.on_cpu.settings import SAID, OnCpu, carried_out_on_cpu, labelled, on_cpu_settings
from sbp_brian.targets.keeping import keeping
from sbp_brian.wording import takes_booleans, unknown

__all__ = ["execute"]

#: What to do where a protocol tells of nothing.
_REMEDIES = {
    "weights": "since no network of it has synapses with a weight",
    "spikes": "since no network of it has cells that spike",
    "states": "since no network of it has a StateMonitor; add one",
}


@takes_booleans
def execute(
    protocol: Protocol,
    *,
    target: str = "cpp",
    on_cpu: bool | OnCpu | None = None,
    seed: int = 0,
    out: str | os.PathLike = "results",
    size: str = "default",
    parameters: Mapping[str, Any] | None = None,
    fresh: bool = False,
    take_over: bool = False,
    keep: Sequence[str] = (),
    progress: Callable[[str], AbstractContextManager] | None = None,
    say: Callable[[str], None] | None = None,
) -> records.Record:
    """Run a protocol and write its record; all input is checked before anything is built.

    Parameters
    ----------
    protocol : Protocol
    target, seed, size
        As in `Context`.
    on_cpu : bool or OnCpu, optional
        Carry the programs of target cuda out on the CPU, as in `sbp_brian.targets.Simulation`; the record says so, and
        its target is then called ``cuda-on-cpu``.
    out : path
        The record goes to ``out/<protocol>/<run>``.
    parameters : mapping, optional
        Values, Quantities or texts over the defaults of ``size``.
    fresh : bool
        Start anew even where an interrupted run left checkpoints.
    take_over : bool
        Go on with an interrupted run even where it was made of other data, code or versions.
    keep : sequence of str
        What the record keeps beside metrics and arrays: ``"weights"``, ``"spikes"``, ``"states"``; see `Record.runs`.
        Nothing that is computed depends on it.
    progress : callable, optional
        ``progress(description)`` gives a context manager around a callable ``(fraction, elapsed_s)``.
    say : callable, optional
        ``say(text)`` is told where an earlier record is replaced, and what differs; by default it is printed on the
        standard error stream.

    Returns
    -------
    Record
        As written, with its ``folder``.

    Raises
    ------
    ParameterError, RecordError
        Bad parameters, or a folder that cannot be used or is in use.
    KeepError
        The protocol has nothing of what is to be kept: before anything runs where it says so itself, else at the end,
        with a record of the rest.
    ProtocolError
        It ends Python instead of returning.
    CheckpointError
        An interrupted run of the same command was made of other data, code or versions; says what differs.
    DeviceMissing
        Target cuda where something is missing for it.
    """
    target, told = labelled(target)
    settings = on_cpu_settings(told if on_cpu is None else on_cpu, target)
    if target not in protocol.targets:
        raise ParameterError(f"{protocol.name}: {unknown('target', target, protocol.targets)}")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ParameterError(f"seed must be a whole number from 0 to {2**32 - 1}, not {seed!r}")
    chosen = protocol.resolve(size, **(parameters or {}))
    refuse_lacking(protocol, chosen, keep)
    if target == "cuda":
        _need_cuda(settings)
    label = target if settings is None else settings.label
    described, known = chosen.described(), made_of(protocol, chosen, label, int(seed))
    with RunFolder(out, protocol.name, records.run_name(label, int(seed), known["parameters"])) as place:
        if fresh:
            place.restart()
        context = Context(chosen, target, int(seed), place.work, size, progress, settings)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        if settings is not None:
            context.note(f"{SAID} ({settings.identity}).")
        with (
            Stopwatch() as watch,
            _noting(place, known, take_over) as noted,
            carried_out_on_cpu(settings),
            keeping(tuple(dict.fromkeys(keep))) as kept,
        ):
            tell_own(protocol, chosen)
            _run(protocol, context)
        kept_arrays, about = flat(kept.runs)
        times = context.times | watch.seconds | {"total_s": watch.total_s, "resumed": place.resumed}
        record = records.Record(
            protocol=protocol.name,
            title=protocol.title,
            kind=protocol.kind,
            parameters=described,
            target=label,
            source={"citation": protocol.source.citation, "doi": protocol.source.doi},
            seed=int(seed),
            size=size,
            versions=versions(),
            machine=machine(),
            started=started,
            timing=times,
            metrics=context.metrics,
            tables=context.tables,
            summary=context.summary_text,
            notes=context.notes,
            array_info=context.array_info,
            identity=complete(known, noted.data),
            kept=about,
        )
        _say_what_is_replaced(place.final, record, say or _print)
        records.write(record, place.final, context.arrays, kept_arrays)
        place.finish()
    if lacking := kept.lacking():
        raise KeepError(
            f"{protocol.name} told of no {' and no '.join(lacking)} to keep, {_REMEDIES[lacking[0]]}; "
            f"the record of the rest is in {record.folder}"
        )
    return record


def _run(protocol: Protocol, context: Context) -> None:
    try:
        protocol.run(context)
    except SystemExit as error:
        raise ProtocolError(
            f"{protocol.name}: its run() called sys.exit({'' if error.code is None else repr(error.code)}) before its "
            "record was written; let it return, or raise an error"
        ) from error


@contextmanager
def _noting(place: RunFolder, known: dict[str, Any], take_over: bool) -> Iterator[identity.Noted]:
    """Listen to what a run uses; refuse at once what does not agree with the interrupted run that it goes on with."""
    noted = identity.Noted(take_over=take_over)
    resumed = place.resumed and not take_over

    def told(name: str) -> None:
        now = {**known, "data": noted.data}
        if resumed:
            place.compare(now, (name,))
        place.tell(now)

    if resumed:
        place.compare(known, ())
    noted.told = told
    with identity.noting(noted):
        if not resumed:
            place.tell(known)
        yield noted


def _say_what_is_replaced(final: Path, record: records.Record, say: Callable[[str], None]) -> None:
    try:
        earlier = records.read(final)
    except RecordError:
        return
    said = other(earlier.identity, record.identity)
    if not said:
        how = "the same data and code"
    elif earlier.identity:
        how = said
    else:
        how = "unknown data and code"
    say(f"replaces the record of this command of {earlier.started}, made with {how}")


def _print(text: str) -> None:
    print(text, file=sys.stderr)


def _need_cuda(on_cpu: OnCpu | None) -> None:
    """Refuse the target cuda before data are loaded, where it cannot run; says what is missing."""
    from sbp_brian.targets.cuda.requirements import cuda_archs

    cuda_archs(None, on_cpu)
