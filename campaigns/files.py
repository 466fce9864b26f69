"""Hostile files: what is damaged or lies is refused in one line that names it, or read for what it is.

Valid files of each format that the package reads are damaged at random (cut, changed, exchanged, extended, emptied),
replaced by what they should not be (a folder, a pipe, a link to nothing), or made to lie in the way of their format,
and read in a process of their own: within seconds and bounded memory, without writing anywhere else. Formats whose
damage shows must never be read as something else.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from campaigns.base import Campaign, Case, Outcome, one_by_one
from campaigns.child import forked

__all__ = ["CAMPAIGN"]

LIMIT_S, PEAK_MIB = 5.0, 200.0
#: Formats of which every so many are read where others are read each time, since each may take a compilation.
RARE = {"program": 4}
#: In the place of a file.
OBJECTS = ("a folder", "a link to nothing", "a link to itself", "a pipe", "an endless device")
#: What is no file may be passed over, if the message says that nothing is there.
ABSENT = re.compile(r"not found|holds no|is not there|lacks")
#: Data formats with a checksum of what they hold, in which random damage must show.
SEEN = ("idx.gz",)


@cache
def _own() -> tuple[str, ...]:
    from campaigns.own_formats import OWN

    return tuple(OWN)


@cache
def _kinds() -> tuple[str, ...]:
    from tests.helpers.hostile import formats

    return (*formats(), *_own())


def draw(seed: int, n: int) -> list[Case]:
    """Formats in turn; what is done to each is drawn."""
    cases = []
    for index in range(n):
        rng = np.random.default_rng([seed, index])
        turn, place = divmod(index, len(_kinds()))
        kind = _kinds()[place]
        if turn % RARE.get(kind, 1):
            kind = "arrays.npz"
        objects = OBJECTS if kind in _kinds()[: -len(_own())] else OBJECTS[:3]  # ours lie in folders of the user
        instead = objects[int(rng.integers(len(objects)))] if rng.random() < 0.1 else None
        chosen = int(rng.integers(2**31))
        told = f"{kind}, {instead or f'damaged by the seed {chosen}'}"
        cases.append(Case(index, kind, told, {"kind": kind, "instead": instead, "chosen": chosen}))
    return cases


def check(case: Case, place: Path) -> Outcome:
    """Lay the file out, read it in a process of its own, judge."""
    kind, folder = case.given["kind"], place / "folder"
    folder.mkdir()
    act, whole, name, done = _attempt(kind, case.given["instead"], case.given["chosen"], folder)
    before = _outside(place)

    def work() -> tuple[str, str, float]:
        began = time.process_time()
        how, said = _ended(act)
        return how, said, time.process_time() - began

    ended = forked(work, 300.0, mib=2048)
    why = ""
    if ended.value is None:
        how = "it is not read within five minutes" if ended.late else f"the process ended with {ended.status}"
        return Outcome(case.index, f"{done}: {how} {ended.error[-200:]}".strip())
    how, said, seconds = ended.value
    if how == "foreign":
        why = f"an error of another kind: {said}"
    elif how == "refused" and ("\n" in said or not said.strip()):
        why = f"the message has {said.count(chr(10)) + 1} lines: {said[:100]!r}"
    elif how == "refused" and name not in said and not (case.given["instead"] and ABSENT.search(said)):
        why = f"the message does not name {name}: {said[:200]}"
    elif how == "read" and whole is not None and said not in ("", whole):
        why = "it is read as something else"
    elif seconds > _limit(kind):
        why = f"it takes {seconds:.1f} s"
    elif ended.mib > PEAK_MIB:
        why = f"it takes {ended.mib:.0f} MiB"
    elif _outside(place) != before:
        why = f"it writes elsewhere: {', '.join(sorted(_outside(place) - before))}"
    return Outcome(case.index, why and f"{done}: {why}", {"s": seconds, "MiB": ended.mib})


def _attempt(
    kind: str, instead: str | None, chosen: int, folder: Path
) -> tuple[Callable[[], Any], str | None, str, str]:
    """What reads a hostile file, the digest of the valid one where damage shows, its name, and what was done."""
    from campaigns.own_formats import OWN, digest
    from tests.helpers import hostile

    if kind in OWN:
        own = OWN[kind]
        own.lay(folder)
        found = sorted(path for path in folder.glob(own.path) if path.is_file())
        path = found[chosen % len(found)]
        whole = _valid(kind) if own.whole else None
        done = _replace(path, instead) if instead else _damage(path, own.text, chosen)
        name = path.name.removesuffix(".toml")

        def act() -> Any:
            found = own.read(folder)
            return None if found is None else digest(found)

        return act, whole, name, done
    damage, content = hostile.variant(kind, chosen)
    form = hostile.formats()[kind]

    def read() -> Any:
        with hostile.laid(kind, content, folder) as path:
            if instead:
                _replace(path, instead)
            found = form.read(path)
            return digest(np.asarray(found)) if kind in SEEN else None

    whole = _valid_data(kind) if kind in SEEN and damage != "packed_idx_lie" else None
    return read, whole, form.path.rpartition("/")[2], instead or damage


@cache
def _valid(kind: str) -> str:
    from tempfile import TemporaryDirectory

    from campaigns.own_formats import OWN, digest

    with TemporaryDirectory() as folder:
        OWN[kind].lay(Path(folder))
        return digest(OWN[kind].read(Path(folder)))


@cache
def _valid_data(kind: str) -> str:
    from tempfile import TemporaryDirectory

    from campaigns.own_formats import digest
    from tests.helpers import hostile

    form = hostile.formats()[kind]
    with TemporaryDirectory() as folder, hostile.laid(kind, form.content, Path(folder)) as path:
        return digest(np.asarray(form.read(path)))


def _ended(act: Callable[[], Any]) -> tuple[str, str]:
    """How reading ended: ``read`` and a digest, ``refused`` or ``foreign`` and a message."""
    from sbp_brian.errors import SBPError

    try:
        return "read", act() or ""
    except SBPError as error:
        return "refused", str(error)
    except Exception as error:
        return "foreign", " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _limit(kind: str) -> float:
    from campaigns.own_formats import OWN

    return OWN[kind].limit_s if kind in OWN else LIMIT_S


def short() -> list[Case]:
    """A few files of each format that needs no compiler."""
    return [case for case in draw(1, 22) if case.kind not in ("cache entry", "program")]


def _replace(path: Path, instead: str) -> str:
    """Put something else in the place of a file."""
    path.unlink()
    if instead == "a folder":
        path.mkdir()
    elif instead == "a pipe":
        os.mkfifo(path)
    elif instead == "a link to nothing":
        path.symlink_to("nothing")
    elif instead == "a link to itself":
        path.symlink_to(path.name)
    else:
        path.symlink_to("/dev/zero")
    return instead


def _damage(path: Path, text: bool, chosen: int) -> str:
    """Change the content of a file; gives what was done."""
    from tests.helpers.hostile import DAMAGES

    rng = np.random.default_rng([chosen, 23])
    damages = [*DAMAGES, *([_exchange] * 4 if text else [])]
    damage = damages[int(rng.integers(len(damages)))]
    path.write_bytes(damage(path.read_bytes(), rng))
    return damage.__name__.strip("_")


def _exchange(content: bytes, rng: np.random.Generator) -> bytes:
    """JSON in which one value is exchanged for one of another type, or the text for one that is hard to read."""
    strange = ([], {}, "", "text", None, True, -1, 1e308, 10**400, [[1], 2], {"a": {"b": 1}}, "\u0000\ud83d\ude00")
    if rng.random() < 0.15:
        return (b"[" * 100_000, b'{"a":' * 100_000, b"NaN", b"5", b'"text"', b"\xff\xfe{}", b"\xef\xbb\xbf{}")[
            int(rng.integers(7))
        ]
    tree = json.loads(content)
    places: list[tuple[Any, Any]] = []

    def collect(part: Any) -> None:
        for key in part if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ():
            places.append((part, key))
            collect(part[key])

    collect(tree)
    part, key = places[int(rng.integers(len(places)))]
    if isinstance(part, dict) and rng.random() < 0.3:
        del part[key]
    else:
        part[key] = strange[int(rng.integers(len(strange)))]
    return json.dumps(tree).encode()


def _outside(place: Path) -> set[str]:
    """What lies beside the folder of the case, where nothing may be written."""
    return {path.name for path in place.iterdir()}


CAMPAIGN = Campaign(
    "files",
    "A file that is damaged or lies is refused in one line that names it, or read for what it is.",
    400,
    draw,
    one_by_one(check),
    short,
    chunk=20,
)
