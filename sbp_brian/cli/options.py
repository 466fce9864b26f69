"""Options that several commands share, and options that exclude one another."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from sbp_brian.cli import completing
from sbp_brian.errors import CommandError
from sbp_brian.kinds import KINDS
from sbp_brian.machine import TARGETS
from sbp_brian.wording import unknown

__all__ = [
    "Alternative",
    "keep_option",
    "on_cpu_options",
    "recipe_option",
    "run_options",
    "seed_option",
    "set_option",
    "settings",
    "size_options",
    "was_given",
]


def was_given(ctx: click.Context, name: str) -> bool:
    """Whether a parameter of a command was given, and is not the default."""
    return ctx.get_parameter_source(name) not in (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP, None)


class Alternative(click.Option):
    """An option that excludes the others of its kind: a command takes one of them at most.

    ``@click.option("--recipe", cls=Alternative)`` stands beside ``--quick`` and ``--full``.
    """

    def handle_parse_result(self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]) -> Any:
        """As of any option; refused where another one of its kind was given before it."""
        if self.name in opts:
            given = ctx.meta.setdefault(f"sbp_brian.alternatives.{id(ctx)}", [])
            given.append(self.opts[0])
            if len(given) > 1:
                raise click.UsageError(f"{' and '.join(given)} exclude one another; give one of them", ctx)
        return super().handle_parse_result(ctx, opts, args)


def size_options(command: Callable) -> Callable:
    """The options ``--quick`` and ``--full``, which exclude one another; the command is given ``size`` or None."""

    @functools.wraps(command)
    def sized(*args: Any, quick: bool, full: bool, **kwds: Any) -> Any:
        return command(*args, size="quick" if quick else "full" if full else None, **kwds)

    whole = click.option("--full", is_flag=True, cls=Alternative, help="The size that the published numbers need.")
    small = click.option("--quick", is_flag=True, cls=Alternative, help="A small version, to see that it works.")
    return small(whole(sized))


class Kinds(click.ParamType):
    """Names of `KINDS`, comma between them."""

    name = "kinds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The names, each once."""
        if not isinstance(value, str):
            return tuple(value)
        names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
        for name in names:
            if name not in KINDS:
                self.fail(unknown("kind of what can be kept", name, KINDS), param, ctx)
        return names

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """What may follow what is typed."""
        done, comma, last = incomplete.rpartition(",")
        return [
            CompletionItem(f"{done}{comma}{name}")
            for name in KINDS
            if name.startswith(last) and name not in done.split(",")
        ]


def keep_option(command: Callable) -> Callable:
    """The option ``--keep``; the command is given ``keep``, a tuple of names."""
    text = "Keep these in the record, too, comma between them: weights, spikes, states."
    return click.option("--keep", type=Kinds(), metavar="KINDS", default=(), help=text)(command)


def recipe_option(text: str, **options: Any) -> Callable:
    """The option ``--recipe``, which excludes ``--quick`` and ``--full``."""
    return click.option(
        "--recipe", metavar="NAME", cls=Alternative, help=text, shell_complete=completing.recipes, **options
    )


def run_options(command: Callable) -> Callable:
    """The options that ``run``, ``sweep``, ``benchmark`` and ``reproduce`` share: target, seed, out, quick, full."""
    for option in (
        size_options,
        click.option(
            "--out",
            type=click.Path(path_type=Path),
            default="results",
            show_default=True,
            help="Folder for the records.",
        ),
        seed_option("All randomness derives from it: same seed and target, same result."),
        click.option(
            "--target",
            type=click.Choice(TARGETS),
            default="cpp",
            show_default=True,
            help="How Brian2 computes: numpy (needs nothing), cython, cpp (fast; needs g++), cuda.",
        ),
    ):
        command = option(command)
    return command


def on_cpu_options(command: Callable) -> Callable:
    """The options of target cuda without a GPU; the command is given ``on_cpu``, an `OnCpu` or None.

    Raises
    ------
    CommandError
        How the CPU does it is told, and not that it shall.
    """

    @functools.wraps(command)
    def placed(*args: Any, on_cpu: bool, block_threads: int | None, block_order: int | None, **kwds: Any) -> Any:
        if not on_cpu:
            for name, value in (("threads", block_threads), ("order", block_order)):
                if value is not None:
                    raise CommandError(f"--block-{name} is for --target cuda --on-cpu; add --on-cpu")
            return command(*args, on_cpu=None, **kwds)
        from sbp_brian.targets.cuda.on_cpu.settings import OnCpu  # imports Brian2, which a command does when it must

        threads = OnCpu.threads if block_threads is None else block_threads
        order = OnCpu.order if block_order is None else block_order
        return command(*args, on_cpu=OnCpu(threads, order), **kwds)

    for option in (
        click.option(
            "--block-order",
            type=click.IntRange(0, 2**32 - 1),
            metavar="SEED",
            help="With --on-cpu: draws the order of blocks and threads; 0 leaves them as numbered.  [default: 1]",
        ),
        click.option(
            "--block-threads",
            type=click.IntRange(1, 1024),
            metavar="N",
            help="With --on-cpu: threads in a block.  [default: 32]",
        ),
        click.option(
            "--on-cpu",
            is_flag=True,
            help="cuda: carry the CUDA program out on the CPU; needs a C++ compiler, no GPU and no nvcc.",
        ),
    ):
        placed = option(placed)
    return placed


def seed_option(text: str) -> Callable:
    """The option ``--seed``."""
    return click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help=text)


def set_option(text: str, metavar: str = "NAME=VALUE") -> Callable:
    """The option ``-s name=value``, which may be given often; `settings` reads what it gives."""
    return click.option(
        "-s", "--set", "given", multiple=True, metavar=metavar, help=text, shell_complete=completing.run_settings
    )


def settings(texts: tuple[str, ...]) -> dict[str, str]:
    """``-s name=value`` options as a mapping.

    Raises
    ------
    CommandError
        One has no ``=``, or a name comes twice.
    """
    chosen: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise CommandError(f"-s {text!r} is not name=value; write e.g. -s pairs=30")
        if name in chosen:
            raise CommandError(f"-s {name} is given twice; give it once")
        chosen[name] = value
    return chosen
