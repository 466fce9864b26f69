"""``sbp sweep``: a protocol over values of its parameters, in parallel, going on where it stopped."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from sbp_brian.cli import completing
from sbp_brian.cli.catalogue import Catalogue, protocol_named
from sbp_brian.cli.options import keep_option, on_cpu_options, run_options, set_option, settings
from sbp_brian.errors import CommandError, SBPError

__all__ = ["sweep"]


@click.command(short_help="Run a protocol over values of its parameters, in parallel.")
@click.argument("protocol", shell_complete=completing.protocols)
@run_options
@on_cpu_options
@set_option(
    "Values of a parameter: a,b,c or first:last:step, e.g. lambda_p=0.05,0.1:1.0:0.1; one value holds it"
    " fixed; may be given often, and every combination is run.",
    "NAME=VALUES",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="Seeds of each combination: --seed and those that follow it.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    help="Runs at once on this machine; cuda: copies in one program.  [default: its cores; cuda: 256]",
)
@click.option("--scheduler", metavar="ADDRESS", help="Run on the Dask cluster of this scheduler, e.g. tcp://host:8786.")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="NAME",
    help="Show this metric in the table; may be given often.  [default: those that differ among the runs, "
    "without scores on test samples]",
)
@click.option(
    "--max-runs", type=click.IntRange(1), default=1000, show_default=True, help="Refuse a sweep of more runs than this."
)
@click.option("--fresh", is_flag=True, help="Do runs again that are done already.")
@click.option(
    "--take-over",
    is_flag=True,
    help="Count runs as done even where they were made with other data, code or versions, or keep less.",
)
@keep_option
@click.pass_obj
def sweep(
    catalogue: Catalogue,
    protocol: str,
    target: str,
    seed: int,
    out: Path,
    size: str | None,
    given: tuple[str, ...],
    seeds: int,
    workers: int | None,
    scheduler: str | None,
    metrics: tuple[str, ...],
    max_runs: int,
    fresh: bool,
    take_over: bool,
    keep: tuple[str, ...],
    on_cpu,
) -> None:
    """Run PROTOCOL for every combination of values, with several seeds each.

    \b
    sbp sweep mnist -s lambda_p=0.05,0.1:1.0:0.1 -s lambda_f=0.1:1.0:0.1
    sbp sweep mnist -s learning=weighted/activity,frozen --seeds 5 --full

    Each run leaves its own record, as 'sbp run' does. What is done with the same data and code is not done again: after
    Ctrl+C, or with more values or seeds, the same command goes on. At the end a table shows mean and standard deviation
    over seeds, and a record of the whole sweep is written for the figures. A run that fails does not stop the others.

    With --target cuda, runs whose networks differ in values alone (seeds, rates, lambda_p, lambda_f, orders of samples)
    are copies within one program, since one small network does not fill a GPU.
    """
    from sbp_brian.experiments import records

    if scheduler and workers:
        raise CommandError("--workers is for this machine and --scheduler for a cluster; give one of them")
    chosen = settings(given)
    found = protocol_named(catalogue, protocol)  # before what imports Brian2
    from sbp_brian.experiments.gathering import gather
    from sbp_brian.experiments.sweep import Sweep

    if target not in found.targets:
        raise CommandError(f"{found.name} cannot run on {target}; use --target {found.targets[0]}")
    if seed + seeds > 2**32:
        raise CommandError(f"--seed {seed} leaves no {seeds} seeds below {2**32}; begin with a smaller one")
    if out.exists() and not out.is_dir():
        raise records.RecordError(f"{out} is a file, not a folder; remove it or give another --out")
    if on_cpu is not None and target != "cuda":
        raise CommandError(f"--on-cpu is for --target cuda, not for {target}, which runs on the CPU in any case")
    if on_cpu is not None and scheduler:
        raise CommandError("--on-cpu is for this machine and --scheduler for a cluster; give one of them")
    if fresh and take_over:
        raise CommandError("--fresh does runs again and --take-over does not; give one of them")
    plan = Sweep(
        found,
        chosen,
        range(seed, seed + seeds),
        target=target if on_cpu is None else on_cpu.label,
        size=size or "default",
        limit=max_runs,
        take_over=take_over,
        keep=keep,
    )
    todo = {point.run: point for point in plan.points if fresh or not plan.done(out, point)}
    todo = list(todo.values())  # points that differ in what has no effect there are one run
    total, began = len(plan.points), time.perf_counter()
    click.echo(f"{total:,} runs, {total - len(todo):,} of them done before", err=True)
    if not fresh:
        _say_what_differs(plan, todo, out)
    failures = []
    try:
        if todo:
            here = _as_one_program if target == "cuda" else _on_this_machine
            run_all = _on_cluster(scheduler) if scheduler else here(workers, fresh)
            failures = run_all(protocol, plan, todo, out)
    except KeyboardInterrupt:
        done = sum(plan.done(out, point) for point in plan.points)
        click.echo(f"{done:,} of {total:,} runs are done", err=True)
        raise
    record = gather(plan, out, time.perf_counter() - began)
    for label, text in failures:
        click.echo(f"{label} failed: {text}", err=True)
    if record is not None:
        _show(plan, out, metrics)
        click.echo(record.summary)
        for note in record.notes:
            click.echo(note)
        click.echo(f"Record: {record.folder}")
    if failures:
        raise click.ClickException(
            f"{total - len(failures):,} of {total:,} runs done; the same command tries the others again"
        )


def _say_what_differs(plan, todo, out: Path) -> None:
    """One line for each reason why earlier records are not taken over."""
    counts = Counter(filter(None, (plan.other(out, point) for point in todo)))
    for reason, count in counts.items():
        remedy = "" if reason == "damaged" else "; --take-over counts them as done all the same"
        click.echo(
            f"{count:,} earlier records are not taken over, their runs are done anew: {reason}{remedy}", err=True
        )


def _on_this_machine(workers: int | None, fresh: bool):
    def run(protocol, plan, todo, out):
        from sbp_brian.cli.jobs import Job, bars_or_lines, run_all, run_command
        from sbp_brian.machine import cores

        jobs = [
            Job(
                point.label,
                run_command(
                    protocol,
                    target=plan.target,
                    seed=point.seed,
                    out=out,
                    size=plan.size,
                    settings=point.asked,
                    fresh=fresh or plan.stale(out, point),
                    take_over=plan.take_over,
                    keep=plan.keep,
                    one_program=plan.one_program,
                ),
            )
            for point in todo
        ]
        run_all(jobs, workers or cores(), bars_or_lines(len(jobs)))
        return [(job.name, job.error) for job in jobs if job.error]

    return run


def _as_one_program(workers: int | None, fresh: bool):
    def run(_protocol, plan, todo, out):
        from sbp_brian.cli.jobs import bars_or_lines
        from sbp_brian.experiments.executing import execute
        from sbp_brian.training.together import MOST, train_together

        failures = []

        def one(point, show):
            @contextmanager
            def bar(description):
                show(point.label, description, 0.0)
                yield lambda fraction, elapsed_s=None: show(point.label, description, fraction)

            try:
                execute(
                    plan.protocol,
                    target=plan.target,
                    seed=point.seed,
                    out=out,
                    size=plan.size,
                    parameters=point.asked,
                    fresh=fresh or plan.stale(out, point),
                    take_over=plan.take_over,
                    keep=plan.keep,
                    progress=bar,
                )
            except Exception as error:
                told = " ".join(str(error).split())
                failures.append(
                    (point.label, told if isinstance(error, SBPError) else f"{type(error).__name__}: {told}")
                )
                show(point.label, "failed", 1.0)
            else:
                show(point.label, "done", 1.0)

        with bars_or_lines(len(todo)) as show:
            train_together([partial(one, point, show) for point in todo], workers or MOST)
        return failures

    return run


def _on_cluster(address: str):
    def run(protocol, plan, todo, out):
        from sbp_brian.cli.cluster import run_on_cluster
        from sbp_brian.cli.jobs import bars_or_lines
        from sbp_brian.experiments import records

        own = Path(protocol) if protocol.endswith(".py") else None
        runs = [
            {
                "protocol": own.name if own else protocol,
                "text": own.read_text(encoding="utf-8") if own else None,
                "target": plan.target,
                "seed": point.seed,
                "size": plan.size,
                "settings": point.asked,
                "keep": plan.keep,
                "one_program": plan.one_program,
            }
            for point in todo
        ]

        other = []

        def keep(number, files):
            records.put(plan.folder(out, todo[number]), files)
            if said := plan.other(out, todo[number]):
                other.append((number, f"the worker computed with what is not here: {said}"))

        with bars_or_lines(len(todo)) as progress:
            failures = run_on_cluster(
                address,
                runs,
                keep,
                lambda number, text: progress(todo[number].label, "done" if text == "done" else "failed", 1.0),
            )
        return [(todo[number].label, text) for number, text in [*failures, *other]]

    return run


def _show(plan, out: Path, metrics: tuple[str, ...]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from sbp_brian.experiments import records
    from sbp_brian.experiments.gathering import columns, summary_rows
    from sbp_brian.report.text import console, number, shown_unit
    from sbp_brian.wording import unknown

    found = {point: records.read(plan.folder(out, point)) for point in plan.points if plan.done(out, point)}
    rows = {row["name"]: row for record in found.values() for row in record.metrics}
    for name in metrics:
        if name not in rows:
            raise CommandError(unknown("metric", name, rows))
    names = list(metrics) or columns(list(found.values()))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in [*plan.axes, *(name.replace("_", " ") for name in names), "n"]:
        table.add_column(heading)
    for row in summary_rows(plan, found, names):
        cells = row[: len(plan.axes)]
        for k, name in enumerate(names):
            mean, spread, _ = row[len(plan.axes) + 3 * k :][:3]
            unit = shown_unit(rows[name])
            cells.append(number(mean, unit) + (f" \u00b1 {number(spread, unit)}" if spread is not None else ""))
        counts = {row[len(plan.axes) + 3 * k + 2] for k in range(len(names))}
        cells.append(" to ".join(map(str, sorted(counts)[:: max(1, len(counts) - 1)])))
        table.add_row(*map(Text, cells))
    console().print(table)
