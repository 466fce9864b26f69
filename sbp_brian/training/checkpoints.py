"""What a training keeps after each epoch, so that one that was killed goes on and ends with the same weights."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sbp_brian.errors import CheckpointError, StorageError
from sbp_brian.identity import being_noted, differences
from sbp_brian.training.divergence import NO_UNIT, what_is_lost
from sbp_brian.wording import takes_booleans

__all__ = ["Checkpoints", "Epoch"]


@dataclass
class Epoch:
    """One line of a training's history. Scores are fractions.

    `running` is that of the answers given while learning: of each sample as it was shown with a teacher. In a network
    of Brian2 weights change within the sample, so that the answer is one that has begun to learn; in numpy they change
    after the batch has answered. It tells that a training goes on, and is no score of the training samples.

    `no_answer` is the share of all samples of the epoch to which no output answered: none of them counts as right. None
    where it was not noted.
    """

    number: int
    running: float
    validation: float
    per_sample: dict[str, float]
    seconds: float
    samples: int
    no_answer: float | None = None


@takes_booleans
class Checkpoints:
    """Files ``epoch-0001.npz`` ... in a folder, each written whole or not at all.

    Parameters
    ----------
    folder : path
        Made when the first one is written.
    facts : mapping
        What identifies the training; files of another one are refused.
    keep : int, optional
        How many of the newest stay; by default all.
    take_over : bool
        Go on with files of another training all the same, where they hold arrays of the same names and shapes.
    """

    def __init__(self, folder, facts: Mapping[str, Any], keep: int | None = None, take_over: bool = False):
        self.folder, self.keep = Path(folder), keep
        noted = being_noted()
        self.take_over = take_over or (noted is not None and noted.take_over)
        self.facts = json.loads(json.dumps(dict(facts), default=str))

    def file(self, number: int) -> Path:
        """The file of epoch `number` (from 1)."""
        return self.folder / f"epoch-{number:04d}.npz"

    def read(self, number: int) -> dict[str, np.ndarray]:
        """The arrays kept after epoch `number` (from 1).

        Raises
        ------
        CheckpointError
            One of them holds NaN or infinity.
        """
        with np.load(self.file(number)) as kept:
            arrays = {name: kept[name] for name in kept.files if name != "about"}
        for name, why in what_is_lost(arrays, dict.fromkeys(arrays, NO_UNIT)).items():
            raise CheckpointError(f"{self.file(number)} cannot be used: {name} {why}; remove this file and train anew")
        return arrays

    def mean(self, first: int, last: int) -> dict[str, np.ndarray]:
        """The mean of the arrays kept after the epochs `first` to `last` (from 1, both included)."""
        kept = [self.read(number) for number in range(first, last + 1)]
        return {name: np.mean([arrays[name] for arrays in kept], axis=0) for name in kept[0]}

    def save(self, arrays: Mapping[str, np.ndarray], history: Sequence[Epoch]) -> None:
        """Keep `arrays` as those after the last epoch of `history`.

        Raises
        ------
        OSError
            The file could not be written; earlier ones are untouched.
        """
        number = len(history)
        self.folder.mkdir(parents=True, exist_ok=True)
        about = json.dumps({"facts": self.facts, "history": [asdict(epoch) for epoch in history]})
        draft = self.folder / f".epoch-{number:04d}.{os.getpid()}"
        try:
            with open(draft, "wb") as file:
                np.savez(file, about=np.array(about), **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.file(number))
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise StorageError(
                f"the checkpoint of epoch {number} could not be written to {self.folder} ({error.strerror}); "
                "earlier epochs are kept: make room and run the same command again"
            ) from error
        if self.keep is not None:
            for old in sorted(self.folder.glob("epoch-*.npz"))[: -self.keep]:
                old.unlink()

    def newest(self, start: Mapping[str, np.ndarray]) -> tuple[list[Epoch], dict[str, np.ndarray]] | None:
        """History and arrays of the newest file that can be read; None where there is none.

        Parameters
        ----------
        start : mapping of str to ndarray
            The arrays that the training begins with, whose names and shapes are wanted.

        Raises
        ------
        CheckpointError
            It belongs to another training; says what differs.
        """
        for file in sorted(self.folder.glob("epoch-*.npz"), reverse=True):
            try:
                with np.load(file) as kept:
                    about = json.loads(str(kept["about"]))
                    facts, history = about["facts"], [_epoch(line) for line in about["history"]]
                    if facts != self.facts and not self.take_over:
                        raise CheckpointError(
                            f"{file} belongs to another training ({_said(facts, self.facts)}); give this one a folder "
                            "of its own, or go on with it all the same by take_over=True (on the command line: "
                            "--take-over goes on, --fresh starts anew)"
                        )
                    arrays = {name: kept[name] for name in start if name in kept.files}
            except CheckpointError:
                raise
            except (OSError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile, EOFError, zlib.error):
                continue  # damaged: an older one will do
            for name, values in start.items():
                if name not in arrays or arrays[name].shape != np.shape(values):
                    raise CheckpointError(
                        f"{file} cannot be taken over: {name!r} is not there or has another shape; "
                        "give this training a folder of its own"
                    )
            return history, arrays
        return None


def _epoch(line: Mapping[str, Any]) -> Epoch:
    """One line of a history that was kept; what is now `running` was called ``training``."""
    return Epoch(**{"running" if name == "training" else name: value for name, value in line.items()})


def _said(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if "code" not in earlier:
        return "it does not say of which data and code"
    return ", ".join(differences(earlier, now)) or "other settings"
