"""What a record.json holds: its format, older formats in today's names, and whether all of it is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["FLAT", "FORMAT", "VERDICTS", "digest_of", "from_format_1", "wrong_with"]

#: What a record.json says it is written in: 2 since its spreads are typed and "arm" is called "learning".
FORMAT = 2
VERDICTS = ("within", "outside", "pattern only", "no reference")
#: The entries of a metric's row.
FLAT = ("name", "value", "unit", "spread", "spread_kind", "n", "paper_value", "provenance", "band", "verdict")
_NUMBER = (int, float, type(None))
_FIELDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("protocol", "title", "kind", "target", "started", "size", "summary"), str),
    **dict.fromkeys(("source", "parameters", "versions", "machine", "timing", "array_info", "identity", "kept"), dict),
    **dict.fromkeys(("metrics", "tables", "notes"), list),
    "seed": int,
    "digests": dict,
}
_PARTS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "metrics": {
        **dict.fromkeys(("name", "unit", "provenance"), str),
        **dict.fromkeys(("value", "spread", "n"), _NUMBER),
        "paper_value": (*_NUMBER, str),
        "band": (list, type(None)),
    },
    "tables": {"name": str, "columns": list, "rows": list},
    "parameters": {"value": object, "unit": str},
    "array_info": {"shape": list, "dtype": str, "unit": str},
    "kept": {**dict.fromkeys(("kind", "run", "object", "of", "variable", "unit", "dtype"), str), "shape": list},
}


def wrong_with(content: Mapping[str, Any]) -> str:
    """What is lacking in the content of a record.json, or of another type than it should be; empty where nothing is."""
    wrong = [
        f"its {name} is {type(content[name]).__name__}"
        for name, kind in _FIELDS.items()
        if name in content and not isinstance(content[name], kind)
    ]
    for name, wanted in {} if wrong else _PARTS.items():
        parts = content.get(name, ())
        for part in parts.values() if isinstance(parts, dict) else parts:
            wrong += _wrong_in(name, part, wanted)
    if not wrong:
        wrong = [
            f"the verdict of its metric {row['name']} is {row.get('verdict')!r}"
            for row in content.get("metrics", ())
            if row.get("verdict") not in VERDICTS
        ]
        source = content.get("source", {})
        wrong += [f"its source has no {key}" for key in ("citation", "doi") if not isinstance(source.get(key), str)]
    return wrong[0] if wrong else ""


def _wrong_in(name: str, part: Any, wanted: Mapping[str, type | tuple[type, ...]]) -> list[str]:
    if not isinstance(part, dict):
        return [f"an entry of its {name} is {type(part).__name__}"]
    lacking = [f"an entry of its {name} has no {key}" for key in wanted if key not in part]
    return lacking or [
        f"{key} in its {name} is {type(part[key]).__name__}"
        for key, kind in wanted.items()
        if not isinstance(part[key], kind)
    ]


def digest_of(content: Mapping[str, Any]) -> str:
    """Digest of what a record.json holds beside its own digest; how the text is set does not count."""
    digests = {name: own for name, own in content.get("digests", {}).items() if name != "record.json"}
    text = json.dumps({**content, "digests": digests}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


#: What parameters were called in format 1, and the numbers that stood there for "the model's own" (None now).
_RENAMED = {"arm": "learning", "share": "learning_share"}
_OWN = {
    **dict.fromkeys(("rate", "rate_hidden", "rate_output", "drop_input", "drop_hidden"), -1),
    **dict.fromkeys(("homeostasis", "first_taught", "jitter_input"), -1),
    **dict.fromkeys(("hidden", "steps", "average", "batch", "top_maps", "free_steps", "nudged_steps"), 0),
    **dict.fromkeys(("beta", "epsilon", "tau_stdp", "step", "train_samples", "validation_samples", "test_samples"), 0),
}


def from_format_1(content: dict[str, Any]) -> dict[str, Any]:
    """A record of format 1 as one of format 2: parameters as they are called now, spreads of unknown kind."""
    old, parameters = dict(content["parameters"]), {}
    if old.get("model", {}).get("value") == "sbp_published" and "released_lambda_f" in old:
        old["lambda_f"] = old.pop("released_lambda_f")  # what stood there as lambda_f had no effect on this model
    for name, described in old.items():
        own = name in _OWN and described["value"] == _OWN[name]
        parameters[_RENAMED.get(name, name)] = {**described, "value": None} if own else described
    metrics = [{**row, "spread_kind": None} for row in content.get("metrics", [])]
    return {**content, "parameters": parameters, "metrics": metrics}
