"""To one npz file that numpy alone reads, with a text that tells what its arrays are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from sbp_brian.experiments.kept import flat
from sbp_brian.export.source import gathered, record_of, whole
from sbp_brian.targets import Result

__all__ = ["to_npz"]


def to_npz(source: Any, path: str | os.PathLike) -> Path:
    """Write all arrays of a result or a record.

    Parameters
    ----------
    source : Result, Record or path of a record's folder
    path : path

    Returns
    -------
    Path
        Of a file with the record's arrays, what it keeps (``"circuit 1/spikes/cells.spike.t"``), and ``about``: a text
        in JSON with each array's unit, and of a record its parameters and metrics.

    Raises
    ------
    ExportError, RecordError
        There is nothing to export.
    """
    about: dict[str, Any]
    if isinstance(source, Result):
        found = gathered(source)
        arrays, each = flat(found.runs)
        about = {"arrays": each, **found.about}
    else:
        record = record_of(source)
        kept, each = flat(record.runs) if record.kept else ({}, {})
        arrays = {**record.arrays, **kept}
        about = {"arrays": {**record.array_info, **each}, **json.loads(record.to_json())}
    with whole(path) as draft, open(draft, "wb") as file:
        np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)
    return Path(path)
