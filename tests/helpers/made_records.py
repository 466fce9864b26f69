"""Made-up records, as learning tasks leave them."""

import numpy as np

from sbp_brian.experiments import records

DEFAULTS = {
    "model": "sbp_network",
    "learning": None,
    "epochs": 4,
    "lambda_p": 1.0,
    "lambda_f": 1.0,
    "rate_hidden": None,
    "rate_output": None,
    "depth": 1,
    "learning_share": 1.0,
}


def run(folder, score=0.9, seed=0, protocol="mnist", curves=None, arrays=None, metrics=(), **parameters):
    """A record as a learning task leaves it."""
    own = {"lambda_f": 0.2} if parameters.get("model") == "sbp_published" else {}
    given = {**DEFAULTS, **own, **parameters}
    described = {name: {"value": value, "unit": ""} for name, value in given.items()}
    validation = np.linspace(score / 2, score, given["epochs"]) if curves is None else np.asarray(curves)
    kept = {
        "epoch": np.arange(1, len(validation) + 1),
        "validation_accuracy_by_epoch": validation,
        "running_accuracy_by_epoch": validation,
        **(arrays or {}),
    }
    kind = "cosine" if protocol == "nettalk" else "accuracy"
    rows = {f"test_{kind}": score, f"validation_{kind}": score, "train_samples": 20_000, **dict(metrics)}
    record = records.Record(
        protocol=protocol,
        title="A task",
        kind="benchmark",
        source={"citation": "", "doi": ""},
        parameters=described,
        target="cpp",
        seed=seed,
        versions={},
        machine={},
        started=f"2026-01-01T00:00:{seed:02d}",
        metrics=[
            {
                "name": name,
                "value": value,
                "unit": "",
                "spread": None,
                "n": None,
                "paper_value": None,
                "provenance": "",
                "band": None,
                "verdict": "no reference",
            }
            for name, value in rows.items()
        ],
        array_info={name: {"shape": list(a.shape), "dtype": str(a.dtype), "unit": ""} for name, a in kept.items()},
    )
    return records.read(records.write(record, folder / protocol / record.run, kept))
