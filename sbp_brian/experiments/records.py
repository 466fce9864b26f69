"""What a run leaves behind: a folder with record.json, arrays.npz and what was asked to be kept, whole or not at all.

A record holds everything that a figure or a report needs; nothing reads a model again.  Layout::

    DIR/<protocol>/<run>/record.json, arrays.npz, kept.npz
                                                      run = <target>-seed<seed>-<digest of the parameters given>
    DIR/<protocol>/.<run>.work/                       checkpoints of an unfinished run
    DIR/<protocol>/.<run>.lock                        held while the run is going on
"""

from __future__ import annotations

import glob
import hashlib
import io
import json
import math
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sbp_brian.errors import RecordError, SettingError
from sbp_brian.experiments.record_format import FORMAT, VERDICTS, digest_of, from_format_1, wrong_with
from sbp_brian.experiments.record_rows import to_csv, to_dataframe
from sbp_brian.wording import names_parameters

if TYPE_CHECKING:
    from sbp_brian.targets.recordings import Recordings

__all__ = [
    "FORMAT",
    "VERDICTS",
    "Record",
    "find",
    "latest",
    "put",
    "read",
    "run_name",
    "to_csv",
    "to_dataframe",
    "write",
]

_CHANGED = "it is not what was written"


@dataclass
class Record:
    """One run of one protocol.

    Attributes
    ----------
    protocol, title, kind : str
        Name, plain title, ``"biology"`` or ``"benchmark"``.
    source : dict
        ``{"citation", "doi"}``.
    parameters : dict
        name -> ``{"value", "unit"}``.
    target, seed, size : str, int, str
        Brian2 target; the one seed; ``"quick"``, ``"full"`` or ``"default"``.
    versions, machine : dict
        Software versions; cores, memory in GiB, processor.  No host name, no path.
    started : str
        UTC, ISO 8601.
    timing : dict
        ``preparing_s``, ``build_s``, ``run_s``, ``beside_s``, ``rest_s`` (seconds, wall), which add up to ``total_s``;
        ``samples_per_s`` and ``resumed``. A sweep has ``total_s``, and in ``runs_s`` the sum over its runs.
    metrics : list of dict
        Rows {name, value, unit, spread, spread_kind, n, paper_value, provenance, band, verdict}. ``spread`` is a
        standard deviation over n runs where ``spread_kind`` is ``"sd"``, a standard error over the n items of one run
        where it is ``"se"``; where it is None there is no spread, or an old record does not say which it is.
    tables : list of dict
        {name, columns, rows}.
    summary, notes : str, list of str
        The result in plain language; where the data came from and other remarks.
    array_info : dict
        name -> {"shape", "dtype", "unit"} of what ``array`` returns.
    identity : dict
        What it was made of (`sbp_brian.experiments.made_of`); empty in records of before.
    digests : dict
        SHA-256 of ``arrays.npz``, of ``kept.npz`` where there is one, and of ``record.json`` without this entry; empty
        in records of before.
    kept : dict
        name -> what it is (`sbp_brian.experiments.kept`) of the arrays in ``kept.npz``; empty where nothing was asked
        to be kept.
    folder : Path or None
        Where it was read from; not part of the record.
    """

    protocol: str
    title: str
    kind: str
    source: dict[str, str]
    parameters: dict[str, dict[str, Any]]
    target: str
    seed: int
    versions: dict[str, str]
    machine: dict[str, Any]
    started: str
    size: str = "default"
    timing: dict[str, Any] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    summary: str = ""
    notes: list[str] = field(default_factory=list)
    array_info: dict[str, dict[str, Any]] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict, compare=False)
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    folder: Path | None = field(default=None, compare=False)

    @property
    def run(self) -> str:
        """The name of the run's folder."""
        if self.folder is not None:
            return Path(self.folder).name
        return run_name(self.target, self.seed, self.identity.get("parameters", self.parameters))

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays by name, read from arrays.npz on first use; a file that was changed is refused."""
        return self._file("arrays.npz")

    @cached_property
    def runs(self) -> dict[str, Recordings]:
        """What was kept on request, by run: spikes, states and weights (`sbp_brian.targets.recordings`).

        Raises
        ------
        RecordError
            Nothing was kept, or the file was changed.
        """
        if not self.kept:
            raise RecordError(
                f"{self.folder or self.protocol} keeps no weights, spikes or states; run it again with "
                "--keep weights,spikes,states (of a sweep: export one of its runs)"
            )
        from sbp_brian.experiments.kept import runs  # imports Brian2, which readers of records alone do not need

        return runs(self._file("kept.npz"), self.kept)

    def _file(self, name: str) -> dict[str, np.ndarray]:
        """The arrays of one file of the record; one that was changed is refused."""
        if self.folder is None:
            return {}
        try:
            content = (self.folder / name).read_bytes()
            if self.digests and hashlib.sha256(content).hexdigest() != self.digests.get(name):
                raise _broken(self.folder, name, _CHANGED)
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
        except RecordError:
            raise
        except Exception as error:  # whatever numpy, zipfile and zlib make of a damaged file
            raise _broken(self.folder, name, error) from error

    def array(self, name: str) -> np.ndarray:
        """One array, in the unit that ``array_info[name]["unit"]`` gives; an unknown name is refused."""
        if name not in self.arrays:
            from sbp_brian.wording import unknown

            raise RecordError(f"{self.protocol}: {unknown('array', name, self.arrays)}")
        return self.arrays[name]

    def metric(self, name: str) -> dict[str, Any]:
        """The row of one metric; an unknown name is refused."""
        for row in self.metrics:
            if row["name"] == name:
                return row
        from sbp_brian.wording import unknown

        raise RecordError(f"{self.protocol}: {unknown('metric', name, [row['name'] for row in self.metrics])}")

    def to_json(self) -> str:
        """The text of record.json; what is not finite becomes null."""
        content = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "folder"}
        if not self.kept:
            del content["kept"]  # most records keep nothing
        content = _clean({"format": FORMAT, **content})
        content["digests"]["record.json"] = digest_of(content)
        text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
        return text.encode("utf-8", "replace").decode() + "\n"


def run_name(target: str, seed: int, parameters: Mapping[str, Mapping[str, Any]]) -> str:
    """``<target>-seed<seed>-<digest>``: the same command has the same name, other parameters never collide."""
    text = json.dumps(_clean(parameters), sort_keys=True, allow_nan=False)
    return f"{target}-seed{seed}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def write(
    record: Record,
    folder: str | os.PathLike,
    arrays: Mapping[str, np.ndarray] | None = None,
    kept: Mapping[str, np.ndarray] | None = None,
) -> Path:
    """Write ``folder`` whole or not at all, replacing an earlier record of the same name.

    `kept` are the arrays that `Record.kept` describes. All files are written into a hidden folder beside it, forced to
    the disk, and renamed into place.

    Raises
    ------
    RecordError
        Where it cannot be written (disk full, path is a file, no permission); an earlier record stays as it was.
    """
    folder = Path(folder)
    with _whole(folder) as fresh:
        record.digests = {}
        for name, content in {"arrays.npz": arrays or {}, **({"kept.npz": kept} if kept else {})}.items():
            with open(fresh / name, "wb") as file:
                np.savez_compressed(file, **dict(content))
                _sync(file)
            record.digests[name] = hashlib.sha256((fresh / name).read_bytes()).hexdigest()
        with open(fresh / "record.json", "w", encoding="utf-8") as file:
            file.write(record.to_json())
            _sync(file)
    record.folder = folder
    for name in ("arrays", "runs"):
        record.__dict__.pop(name, None)
    return folder


def put(folder: str | os.PathLike, files: Mapping[str, bytes]) -> Path:
    """Put the files of a record that was made elsewhere in place, whole or not at all; see `write`."""
    folder = Path(folder)
    with _whole(folder) as fresh:
        for name, content in files.items():
            with open(fresh / name, "wb") as file:
                file.write(content)
                _sync(file)
    return folder


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A hidden folder beside ``folder`` that takes its place where nothing fails; a link stays, its end is replaced."""
    folder = _end_of(folder)
    fresh = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.new"
    try:
        fresh.mkdir(parents=True)
        yield fresh
        _put_in_place(fresh, folder)
    except OSError as error:
        raise RecordError(
            f"cannot write the record {folder}: {error.strerror or error}; make room or choose another "
            "--out, then give the same command again (earlier records are whole)"
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def recover(folder: str | os.PathLike) -> None:
    """Undo a replacement that a crash cut in two: put the earlier record back where no new one took its place."""
    folder = _end_of(folder)
    earlier = _earlier(folder)
    if earlier.is_dir() and not folder.exists():
        earlier.rename(folder)


def sweep_up(folder: str | os.PathLike) -> None:
    """Remove what killed processes left half written beside a record; nobody else may be writing it."""
    folder = _end_of(folder)
    for place in folder.parent.glob(f".{glob.escape(folder.name)}.*.new"):
        shutil.rmtree(place, ignore_errors=True)


def read(folder: str | os.PathLike) -> Record:
    """Read one record; arrays are loaded when first asked for.

    Raises
    ------
    RecordError
        Where there is none, or it is damaged, changed since it was written, or of a later format.
    """
    folder = Path(folder)
    path = folder / "record.json"
    if not path.is_file():
        raise RecordError(f"{folder} holds no record.json; give the folder of a run, or make one with 'sbp run'")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version, written = content["format"], content.get("digests", {}).get("record.json")
        if version > FORMAT:
            raise RecordError(f"{path} has format {version}, but this version reads {FORMAT}; update sbp_brian")
        if written and written != digest_of(content):
            raise _broken(folder, "record.json", _CHANGED)
        del content["format"]
        if version < 2:
            content = from_format_1(content)
        if wrong := wrong_with(content):
            raise _broken(folder, "record.json", wrong)
        return Record(**content, folder=folder)
    except RecordError:
        raise
    except Exception as error:  # RecursionError and MemoryError, too
        raise _broken(folder, "record.json", error) from error


@names_parameters
def find(folder: str | os.PathLike, protocol: str | None = None) -> list[Record]:
    """All records below ``folder`` (of one protocol where named), newest first; none is an empty list.

    Raises
    ------
    RecordError
        Where ``folder`` does not exist or is a file, or one of the records is damaged.
    """
    if not isinstance(folder, (str, os.PathLike)):
        raise RecordError(f"folder must be the path of a folder of records, not {folder!r}")
    folder = Path(folder)
    if not folder.is_dir():
        raise RecordError(
            f"{folder} is {'a file' if folder.exists() else 'not there'}; give the folder that 'sbp run --out' wrote to"
        )
    paths = [folder / "record.json", *sorted(folder.glob("*/record.json")), *sorted(folder.glob("*/*/record.json"))]
    found = [read(p.parent) for p in paths if p.is_file() and not p.parent.name.startswith(".")]
    return sorted((r for r in found if protocol in (None, r.protocol)), key=lambda r: r.started, reverse=True)


def latest(records: Iterable[Record], protocol: str, **wanted: Any) -> Record | None:
    """The newest record of a protocol with the parameters, target, seed or size ``wanted``, or None."""

    def matches(record: Record) -> bool:
        own = {"target": record.target, "seed": record.seed, "size": record.size}
        own = {k: p["value"] for k, p in record.parameters.items()} | own
        return all(own.get(k) == v for k, v in wanted.items())

    return max((r for r in records if r.protocol == protocol and matches(r)), key=lambda r: r.started, default=None)


def _put_in_place(fresh: Path, folder: Path) -> None:
    earlier = _earlier(folder)
    if folder.exists():
        if not folder.is_dir():
            raise NotADirectoryError(20, "it is a file")
        shutil.rmtree(earlier, ignore_errors=True)
        folder.rename(earlier)
    try:
        fresh.rename(folder)
    except BaseException:
        recover(folder)
        raise
    parent = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
    shutil.rmtree(earlier, ignore_errors=True)


def _end_of(folder: str | os.PathLike) -> Path:
    """The folder itself, where it is a link."""
    folder = Path(folder)
    return folder.resolve() if folder.is_symlink() else folder


def _earlier(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.earlier"


def _sync(file) -> None:
    file.flush()
    os.fsync(file.fileno())


def _broken(folder: Path, name: str, error: Exception | str) -> RecordError:
    reason = (str(error).splitlines() or [""])[0] or type(error).__name__
    return RecordError(f"{folder / name} is damaged ({reason}); remove {folder} and run the protocol again")


def _clean(value: Any) -> Any:
    """JSON-safe: numpy scalars and arrays become Python's, what is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(k): _clean(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return _clean(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    if isinstance(value, np.generic):
        return _clean(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise SettingError(f"a record cannot hold {type(value).__name__} ({value!r}); give numbers, texts, lists or dicts")
