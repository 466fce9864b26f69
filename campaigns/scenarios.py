"""What the campaign of kills kills: commands and calls, from what state they begin, and what they must end with."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["SCENARIOS", "Scenario", "paths", "prepare"]

VICTIM = str(Path(__file__).with_name("victim.py"))
CLIPS = 30


@dataclass(frozen=True)
class Scenario:
    """One sort of work.

    Attributes
    ----------
    name : str
    share : float
        Of the cases.
    arguments : sequence of str
        Of the command ``sbp``; ``--out`` is added. Empty for work that is no command.
    compiled : bool
        Whether it takes programs from a cache that was filled before.
    without : sequence of str
        What is taken out of that cache first.
    twice : bool
        Whether its record is there already, and is replaced.
    """

    name: str
    share: float
    arguments: Sequence[str] = ()
    compiled: bool = False
    without: Sequence[str] = ()
    twice: bool = False

    def act(self, place: Path) -> Any:
        """The work itself, in a process of its own; gives the exit status."""
        if not self.arguments:
            return _unpack(place)
        from sbp_brian.__main__ import main

        try:
            main([*self.arguments, "--out", str(place / "out")], prog_name="sbp")
        except SystemExit as ended:
            return ended.code or 0
        return 0

    def result(self, place: Path) -> dict[str, Any]:
        """What it left: metrics of each record, and a digest of each array."""
        found: dict[str, Any] = {}
        for file in sorted((place / "out").rglob("record.json")):
            record, name = json.loads(file.read_text()), str(file.parent.relative_to(place))
            rows = {row["name"]: row["value"] for row in record["metrics"]}
            found[name] = {"metrics": {k: v for k, v in rows.items() if not k.endswith("_seconds")}}
            with np.load(file.with_name("arrays.npz")) as kept:
                found[name] |= {array: _digest(kept[array]) for array in kept.files}
        told = place / "out" / "clips.json"
        return found | ({"clips": json.loads(told.read_text())} if told.is_file() else {})


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("training on numpy", 0.15, ("run", VICTIM, "--target", "numpy", "-s", "sort=spiking")),
        Scenario("training in batches", 0.25, ("run", VICTIM, "--target", "numpy", "-s", "epochs=6")),
        Scenario("replacing a record", 0.12, ("run", VICTIM, "--target", "numpy", "-s", "epochs=1"), twice=True),
        Scenario(
            "sweep",
            0.06,
            ("sweep", VICTIM, "--target", "numpy", "-s", "epochs=1,2", "--seeds", "2", "--workers", "2"),
        ),
        Scenario("filling the cache", 0.2, ("run", VICTIM, "-s", "sort=simulated"), True, ("networks",)),
        Scenario("building", 0.04, ("run", VICTIM, "-s", "sort=simulated"), True, ("networks", "programs")),
        Scenario("unpacking", 0.18),
    )
}


def prepare(scenario: Scenario, place: Path, cache: Path) -> dict[str, str]:
    """Lay out the state in which a scenario begins; gives its environment.

    Parameters
    ----------
    scenario : Scenario
    place : Path
        An empty folder.
    cache : Path
        Of programs that were compiled before.
    """
    for name in ("out", "tmp", "data", "home"):
        (place / name).mkdir(parents=True)
    if scenario.compiled:
        shutil.copytree(cache, place / "cache")
        for name in scenario.without:
            shutil.rmtree(place / "cache" / name, ignore_errors=True)
    else:
        (place / "cache").mkdir()
    if not scenario.arguments:
        _pack(place / "data" / "dvsgesture")
    return {
        "SBP_CACHE": str(place / "cache"),
        "SBP_DATA": str(place / "data"),
        "TMPDIR": str(place / "tmp"),
        "HOME": str(place / "home"),
        "XDG_CACHE_HOME": str(place / "home" / "cache"),
        "COLUMNS": "120",
    }


def paths(place: Path, *names: str) -> set[str]:
    """Names of all files and folders below some folders of a place."""
    return {str(path.relative_to(place)) for name in names for path in (place / name).rglob("*")}


def _pack(folder: Path) -> None:
    """An archive of gestures as the published ones are, of made-up events."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(3)
    for split in ("Train", "Test"):
        with tarfile.open(folder / f"ibmGesture{split}.tar.gz", "w:gz") as archive:
            for clip in range(CLIPS):
                events = np.column_stack([rng.integers(0, 128, (50, 2)), rng.integers(0, 2, 50), np.arange(50)])
                file = io.BytesIO()
                np.save(file, events.astype(float))
                entry = tarfile.TarInfo(f"ibmGesture{split}/user{clip // 10 + 1:02d}_led/{clip % 10}.npy")
                entry.size = len(file.getvalue())
                archive.addfile(entry, io.BytesIO(file.getvalue()))


def _unpack(place: Path) -> int:
    """Load the gestures, which unpacks the archive where that has not been done; tell what they hold."""
    from sbp_brian.datasets import catalogue, dvsgesture

    entry = catalogue.CATALOGUE["dvsgesture"]
    folder = place / "data" / "dvsgesture"
    files = {
        role: replace(file, md5=hashlib.md5((folder / file.name).read_bytes()).hexdigest())
        for role, file in entry.files.items()
    }
    catalogue.CATALOGUE["dvsgesture"] = replace(entry, files=files, numbers=dict.fromkeys(files, CLIPS))
    found = [(clip.label, clip.recording, _digest(clip.read().t)) for clip in dvsgesture.load_dvsgesture("train")]
    (place / "out" / "clips.json").write_text(json.dumps(found))
    return 0


def _digest(values: np.ndarray) -> str:
    return hashlib.sha256(f"{values.dtype}{values.shape}".encode() + np.ascontiguousarray(values).tobytes()).hexdigest()


def set_environment(environment: dict[str, str]) -> None:
    """Take an environment over, in a child."""
    import tempfile

    os.environ.update(environment)
    tempfile.tempdir = None


Work = Callable[[], Any]
