"""What a campaign found, as a small file: how many cases held, of each kind, and how each failure comes back."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from campaigns.base import Campaign, Case, Outcome
from sbp_brian.machine import machine, versions

__all__ = ["RESULTS", "summary", "write"]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("results")


def summary(
    campaign: Campaign, seed: int, cases: Sequence[Case], outcomes: Mapping[int, Outcome], seconds: float
) -> dict[str, Any]:
    """The figures of a campaign; a case without an outcome counts as a failure."""
    kinds: dict[str, dict[str, int]] = {}
    failures, worst = [], {}
    for case in cases:
        outcome = outcomes.get(case.index, Outcome(case.index, "there is no outcome: the campaign itself failed here"))
        counts = kinds.setdefault(case.kind, {"n": 0, "held": 0})
        counts["n"] += 1
        counts["held"] += not outcome.why
        for name, value in outcome.measured.items():
            worst[name] = max(worst.get(name, value), value)
        if outcome.why:
            again = f"python -m campaigns {campaign.name} --seed {seed} --only {case.index}"
            failures.append(
                {"index": case.index, "kind": case.kind, "case": case.told, "why": outcome.why, "again": again}
            )
    return {
        "campaign": campaign.name,
        "title": campaign.title,
        "seed": seed,
        "n": len(cases),
        "held": len(cases) - len(failures),
        "kinds": dict(sorted(kinds.items())),
        "worst": {name: float(f"{value:.3g}") for name, value in sorted(worst.items())},
        "failures": failures,
        "measured": {
            "date": datetime.now(UTC).date().isoformat(),
            "commit": commit(),
            "seconds": round(seconds, 1),
            "versions": versions() | ({campaign.against: version(campaign.against)} if campaign.against else {}),
            "machine": machine(),
        },
    }


def write(found: Mapping[str, Any], folder: Path = RESULTS) -> Path:
    """Write a summary to ``NAME.json``, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{found['campaign']}.json"
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return draft.replace(file)


def commit() -> str:
    """The commit that was measured, with ``+`` where the package was changed since."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--", "sbp_brian", "models", "protocols", "campaigns/*.py")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
