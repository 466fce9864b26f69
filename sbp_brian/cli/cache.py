"""``sbp cache``: what the cache of compiled programs holds, how much it may hold, and how to empty it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from sbp_brian.errors import CommandError

__all__ = ["cache"]


@click.command(short_help="Show, limit or clear the cache of compiled programs.")
@click.option(
    "--limit",
    metavar="SIZE",
    help="Keep at most SIZE from now on, e.g. 500MB: what was used longest ago goes.  [default: 2GB]",
)
@click.option("--clear", is_flag=True, help="Remove all that no run uses now.")
def cache(limit: str | None, clear: bool) -> None:
    """Show the cache of compiled programs: its folder, its entries with size and last use, its limit.

    All of it can be removed: what is needed again is made again. What a run uses is never removed. SBP_CACHE names
    another folder, SBP_CACHE_LIMIT another limit for one command.
    """
    from sbp_brian.targets import cache_room
    from sbp_brian.targets.cache_place import cache_folder, one_line, trouble_with

    folder = cache_folder()
    trouble = trouble_with(folder)
    if trouble is not None:
        raise CommandError(f"the cache {one_line(folder)} is not used: {trouble[0]}; {trouble[1]}")
    if limit is not None:
        size = cache_room.parse_size(limit, "--limit")
        cache_room.set_limit(folder, size)
        cache_room.make_room(folder, size)
    if clear:
        before = cache_room.total(cache_room.contents(folder))
        left = cache_room.clear(folder)
        freed = cache_room.show_size(before - cache_room.total(left))
        in_use = f" {_number(left)} {'is' if len(left) == 1 else 'are'} in use." if left else ""
        click.echo(f"Removed {freed}.{in_use}")
    _show(folder)


def _show(folder: Path) -> None:
    from sbp_brian.targets import cache_room
    from sbp_brian.targets.cache_place import one_line

    kept = cache_room.contents(folder)
    click.echo(f"Folder: {one_line(folder)}")
    for entry in kept:
        used = datetime.fromtimestamp(entry.used).isoformat(sep=" ", timespec="minutes")
        click.echo(f"{entry.kind:9} {entry.name[:45]:45} {cache_room.show_size(entry.size):>8}  last used {used}")
    size, limit = cache_room.total(kept), cache_room.limit_of(folder)
    click.echo(f"{_number(kept)}, {cache_room.show_size(size)} of at most {cache_room.show_size(limit)}.")
    shared = sum(entry.size for entry in kept) - size
    if shared > 0:
        click.echo(f"Arrays that networks share are counted once, which saves {cache_room.show_size(shared)}.")


def _number(entries: list) -> str:
    return "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
