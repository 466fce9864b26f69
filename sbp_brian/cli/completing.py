"""Completion of names in the shell, and ``sbp completion``, which prints what a shell needs for it."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem, get_completion_class, split_arg_string

from sbp_brian.cli.catalogue import Catalogue, protocol_named

__all__ = ["completion", "data_sets", "described", "figures", "protocols", "recipes", "run_settings"]

_SHELLS = {"bash": "~/.bashrc", "zsh": "~/.zshrc"}


@click.command(short_help="Print the completion of names for bash or zsh.")
@click.argument("shell", type=click.Choice(tuple(_SHELLS)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what lets SHELL complete commands, protocols, parameters, figures, recipes and data sets.

    \b
    bash: echo 'eval "$(sbp completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(sbp completion zsh)"' >> ~/.zshrc
    """
    made = get_completion_class(shell)
    root = ctx.find_root()
    click.echo(made(root.command, {}, "sbp", "_SBP_COMPLETE").source())


def _catalogue(ctx: click.Context) -> Catalogue:
    found = ctx.find_object(Catalogue)
    assert found is not None  # every command has it
    return found


def _items(names, incomplete: str, helps=None) -> list[CompletionItem]:
    return [CompletionItem(n, help=(helps or {}).get(n)) for n in names if n.startswith(incomplete)]


def protocols(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of protocols, and Python files."""
    entries = {entry.name: entry.title for entry in _catalogue(ctx).protocols.entries()}
    files = sorted(str(path) for path in Path().glob(f"{incomplete}*.py")) if "*" not in incomplete else []
    return _items(entries, incomplete, entries) + [CompletionItem(name) for name in files]


def described(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of models and protocols, and Python files."""
    from sbp_brian.cli.list import model_files

    return _items(model_files(_catalogue(ctx).models()), incomplete) + protocols(ctx, param, incomplete)


def figures(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of figures."""
    return _items(_catalogue(ctx).figures.names(), incomplete)


def recipes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of recipes."""
    return _items(_catalogue(ctx).recipes.names(), incomplete)


def data_sets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of data sets."""
    from sbp_brian.datasets.catalogue import CATALOGUE

    titles = {name: entry.title for name, entry in CATALOGUE.items()}
    return _items(titles, incomplete, titles)


def run_settings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """``name=`` of the protocol's parameters, then the values that one of these may have."""
    words = split_arg_string(os.environ.get("COMP_WORDS", ""))  # an option without its value hides them from click
    known = _catalogue(ctx).protocols.names()
    protocol = next((word for word in words[2:] if word in known or word.endswith(".py")), None)
    if protocol is None:
        return []
    told = [after for word, after in itertools.pairwise(words) if word in ("-s", "--set")]
    given = dict(text.partition("=")[::2] for text in told if text != incomplete)
    declared = protocol_named(_catalogue(ctx), protocol).declared(given.get("model"))
    name, equals, value = incomplete.partition("=")
    if not equals:
        found = [CompletionItem(f"{each}=", help=p.help) for each, p in declared.items() if each not in given]
        return [item for item in found if item.value.startswith(incomplete)]
    if name not in declared:
        return []
    parameter = declared[name]
    choices = map(str, parameter.choices or (("yes", "no") if isinstance(parameter.default, bool) else ()))
    return [CompletionItem(f"{name}={choice}") for choice in choices if choice.startswith(value)]
