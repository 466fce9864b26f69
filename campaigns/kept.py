"""Outcomes that are kept while a campaign goes on, so that one that was stopped begins where it was."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from campaigns.base import Outcome
from campaigns.summary import commit
from sbp_brian.errors import SettingError

__all__ = ["Kept"]


class Kept:
    """The outcomes of one campaign, seed and commit, a line each.

    Parameters
    ----------
    folder : Path
    campaign : str
    seed : int

    Attributes
    ----------
    outcomes : dict of int to Outcome
        Those that were there.
    seconds : float
        How long they took.

    Raises
    ------
    SettingError
        Where the package was changed since the commit: outcomes of two packages would be told as those of one.
    """

    def __init__(self, folder: Path, campaign: str, seed: int):
        at = commit()
        if at.endswith("+"):
            raise SettingError(
                "outcomes are kept by commit, and the package was changed since: commit it, or leave --keep out"
            )
        self._file = Path(folder) / f"{campaign}-{seed}-{at}.jsonl"
        self.outcomes: dict[int, Outcome] = {}
        self.seconds = 0.0
        for line in self._file.read_text(encoding="utf-8").splitlines() if self._file.is_file() else ():
            told = json.loads(line)
            self.seconds += told["seconds"]
            self.outcomes |= {one["index"]: Outcome(**one) for one in told["outcomes"]}

    def add(self, outcomes: Iterable[Outcome], seconds: float) -> None:
        """Keep the outcomes of a chunk that took so long (s)."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"seconds": round(seconds, 1), "outcomes": [asdict(one) for one in outcomes]})
        with open(self._file, "a", encoding="utf-8") as file:
            file.write(line + "\n")
