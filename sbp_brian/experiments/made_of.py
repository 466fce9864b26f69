"""What a run is made of: protocol, parameters, target, seed, data, code and versions; whether two runs are the same.

========================= =============================================================================================
``identity`` of a record  content
========================= =============================================================================================
``protocol``              name
``parameters``            those that differ from their defaults, and ``model``: name -> ``{"value", "unit"}``
``target``, ``seed``      as asked for
``data``                  what was asked for -> ``{"what", "digest"}`` (`sbp_brian.identity.used`)
``code``                  digest of the code that computes (`sbp_brian.identity.code_of`)
``versions``              of this package, Brian2 and numpy
``commit``                told, not compared: of the checkout, ``+`` where files have changed since; else null
``digest``                of all of it that is compared
========================= =============================================================================================

A new parameter with its default changes none of it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sbp_brian import identity
from sbp_brian.experiments.parameters import Parameters
from sbp_brian.identity import differences

__all__ = ["complete", "given", "made_of", "other", "tell", "tell_own"]

#: What is compared; the rest of an identity is told.
COMPARED = ("protocol", "parameters", "target", "seed", "data", "code", "versions")


def given(protocol, parameters: Parameters) -> dict[str, dict[str, Any]]:
    """The parameters of a run that differ from their defaults, and its model: name -> ``{"value", "unit"}``."""
    described = parameters.described()
    model = {name: described[name]["value"] for name in ("model",) if name in described}
    defaults = protocol.resolve("default", **model).described()
    found = {name: p for name, p in described.items() if name in model or p != defaults.get(name)}
    return json.loads(json.dumps(found, default=str))  # as it is read back from a file


def made_of(protocol, parameters: Parameters, target: str, seed: int) -> dict[str, Any]:
    """The identity of a run as far as it is known before its data are read."""
    return {
        "protocol": protocol.name,
        "parameters": given(protocol, parameters),
        "target": target,
        "seed": int(seed),
        "data": {},
        "code": identity.code_of(protocol),
        "versions": identity.versions(),
    }


def tell(name: str, *content: Any, what: str = "") -> None:
    """Tell of data that a run uses: arrays and values, or paths of files, whose content then counts."""
    read = [part.read_bytes() if isinstance(part, Path) else part for part in content]
    identity.used(name, what or name, identity.digest(*read))


def tell_own(protocol, parameters: Parameters) -> None:
    """Tell of the data that a protocol names by `Protocol.data`."""
    for name, content in (protocol.data(parameters) if protocol.data is not None else {}).items():
        tell(name, content)


def complete(known: Mapping[str, Any], data: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The whole identity of a run: what was known before, the data it used, its digest, and the commit."""
    whole = {**known, "data": {name: dict(part) for name, part in sorted(data.items())}}
    counted = {**whole, "data": {name: part["digest"] for name, part in whole["data"].items()}}
    return {"digest": identity.digest({name: counted[name] for name in COMPARED}), **whole, "commit": commit()}


def other(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What an earlier run differs in from one that would be made now, in one line; empty where they are the same."""
    if not earlier:
        return "it does not say of which data and code it is"
    was, is_now = ({name: each.get(name) for name in COMPARED} for each in (earlier, now))
    return ", ".join(differences(was, is_now))


@lru_cache(maxsize=1)
def commit() -> str | None:
    """The commit of the checkout that this package runs from, with ``+`` where files have changed since."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + (
            "+" if git("status", "--porcelain", "--untracked-files=no") else ""
        )
    except (OSError, subprocess.SubprocessError):
        return None
