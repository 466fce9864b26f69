"""What must a synapse report? Learning rates for each report, chosen by one and the same search on validation samples.

Run from the checkout:

    python -m benchmarks.reports TASK WORLD [LEARNING ...]

TASK is mnist, fashion-mnist or nettalk; WORLD is mixed (signs as they come) or dale (Dale's law). The search goes
along one rate after the other (`STEPS`, on other tasks `FEWER`), from where `STARTS` has them, with seed 0 on `FEW`; a
best value at the edge moves the search on by a step, up to `FARTHER` times. What was found and all that was tried is
written as the recipe reports-TASK-WORLD-rates with its result, and the rates as the settings of the recipe
reports-TASK-WORLD, which trains with all samples and is run by ``python -m tools.measure``.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._common import ROOT, write
from sbp_brian import protocols
from sbp_brian.datasets import available
from sbp_brian.experiments.executing import execute
from tools.measure import commit

#: Report -> where its search begins: rate of hidden layers, rate of the output.
START = {
    "bit": (1e-4, 5e-4),
    "strength/activity": (1.0, 5e-4),
    "weighted/activity": (20.0, 5e-4),
    "relative/activity": (0.01, 5e-4),
    "change/activity": (0.1, 5e-4),
    "proportion/activity": (20.0, 5e-4),
    "value-bit": (1e-4, 5e-4),
    "frozen": (0.0, 1e-3),
}
#: The same on other tasks: the rates found on MNIST, and the output's of NETtalk as it was before.
NEARER = {
    "bit": (1e-4, 1e-3),
    "strength/activity": (6.0, 2.5e-4),
    "weighted/activity": (60.0, 2.5e-4),
    "relative/activity": (0.09, 5e-4),
    "change/activity": (0.033, 5e-4),
    "proportion/activity": (20.0, 5e-4),
    "value-bit": (1.2e-6, 5e-4),
    "frozen": (0.0, 1e-3),
}
ON_LETTERS = {
    "bit": (1e-3, 3e-3),
    "strength/activity": (2.0, 3e-3),
    "weighted/activity": (20.0, 3e-3),
    "relative/activity": (0.09, 3e-3),
    "change/activity": (0.033, 3e-3),
    "proportion/activity": (20.0, 3e-3),
    "value-bit": (1e-5, 3e-3),
    "frozen": (0.0, 5e-4),
}
#: Under Dale's law on other tasks: the rates found under it on MNIST, and of the hidden layer about as much less on
#: NETtalk than without as it is on MNIST.
NEARER_DALE = {
    "bit": (1e-5, 5e-4),
    "strength/activity": (0.17, 4e-3),
    "weighted/activity": (20.0, 5e-4),
    "relative/activity": (2e-5, 2.5e-4),
    "change/activity": (1e-3, 5e-4),
    "proportion/activity": (7.0, 5e-4),
    "value-bit": (1e-4, 4e-3),
    "frozen": (0.0, 2.5e-4),
}
ON_LETTERS_DALE = {
    "bit": (3e-5, 3e-3),
    "strength/activity": (0.2, 3e-3),
    "weighted/activity": (7.0, 3e-3),
    "relative/activity": (1e-3, 3e-3),
    "change/activity": (1e-3, 3e-3),
    "proportion/activity": (7.0, 3e-3),
    "value-bit": (1e-5, 3e-3),
    "frozen": (0.0, 5e-4),
}
#: Task and world -> where the search begins.
STARTS = {
    ("mnist", "mixed"): START,
    ("mnist", "dale"): START,
    ("fashion-mnist", "mixed"): NEARER,
    ("fashion-mnist", "dale"): NEARER_DALE,
    ("nettalk", "mixed"): ON_LETTERS,
    ("nettalk", "dale"): ON_LETTERS_DALE,
}
#: What a report needs beside its rates.
FLOORED = {"relative/activity": {"relative_floor": 0.02}}
#: What helps on NETtalk those that learn, and the frozen layer, which is nearly silent else (chosen on validation).
ON_NETTALK = {"drop_hidden": 0.3, "homeostasis": 1e-5}
FROZEN_ON_NETTALK = {"drop_hidden": 0.0, "weight_scale": 4.0}
#: Factors of one rate that are tried, of the hidden layers' (0), of the output's (1), and on MNIST the first's again.
STEPS = ((0, (1 / 9, 1 / 3, 1, 3, 9)), (1, (1 / 2, 1, 2, 4)), (0, (1 / 2, 1, 2)))
FEWER = ((0, (1 / 3, 1, 3)), (1, (1 / 2, 1, 2)))
FARTHER = 3
#: Training by which rates are chosen, and with which results are measured.
FEW = {
    "mnist": {"train_samples": 20_000, "epochs": 3, "test_samples": 1},
    "fashion-mnist": {"model": "sbp_network", "train_samples": 20_000, "epochs": 3},
    "nettalk": {"model": "sbp_network"},
}
WHOLE = {
    "mnist": {"epochs": 6},
    "fashion-mnist": {"model": "sbp_network", "epochs": 4},
    "nettalk": {"model": "sbp_network"},
}
WORLDS: dict[str, dict[str, Any]] = {"mixed": {}, "dale": {"dale": True}}
SAID = {"mixed": "signs as they come", "dale": "Dale's law"}
#: Report and its two rates -> score; report -> the rates chosen.
Tried = dict[tuple[str, float, float], float]
Chosen = dict[str, tuple[float, float]]


def beside(task: str, learning: str) -> dict[str, Any]:
    """What a report has beside its rates."""
    if task != "nettalk":
        return FLOORED.get(learning, {})
    return FROZEN_ON_NETTALK if learning == "frozen" else {**ON_NETTALK, **FLOORED.get(learning, {})}


class Search:
    """The search for one task in one world."""

    def __init__(self, task: str, world: str, out: Path):
        self.task, self.protocol, self.out = task, protocols.get(task), out
        self.starts = STARTS[task, world]
        self.settings = {**FEW[task], **WORLDS[world]}
        self.tried: Tried = {}

    def score(self, learning: str, hidden: float, output: float) -> float:
        """Of the validation samples; minus infinity where training diverged."""
        key = (learning, hidden, output)
        if key not in self.tried:
            own = {"learning": learning, "rate_hidden": hidden, "rate_output": output, **beside(self.task, learning)}
            if learning == "frozen":
                del own["rate_hidden"]
            try:
                record = execute(
                    self.protocol, parameters={**self.settings, **own}, out=self.out, say=lambda text: None
                )
                scores = {metric["name"]: metric["value"] for metric in record.metrics}
                found = next(value for name, value in scores.items() if name.startswith("validation_"))
            except FloatingPointError:
                found = -math.inf
            self.tried[key] = found
            print(f"{learning}, {hidden:g}, {output:g}: {found:.4f}", flush=True)
        return self.tried[key]

    def best(self, learning: str) -> tuple[float, float]:
        """The rates of hidden layers and output with the best score."""
        rates = list(self.starts[learning])
        for which, factors in STEPS if self.task == "mnist" else FEWER:
            if not rates[which]:
                continue
            tried = {rates[which] * factor for factor in factors}

            def score(rate, which=which):
                return self.score(learning, *[rate if k == which else rates[k] for k in (0, 1)])

            for _ in range(FARTHER):
                found = max(sorted(tried), key=score)
                step = factors[-1] / factors[-2]
                if found in (min(tried), max(tried)):
                    tried.add(found * step if found == max(tried) else found / step)
            rates[which] = max(sorted(tried), key=score)
        return rates[0], rates[1]


def main(task: str = "mnist", world: str = "mixed", *learnings: str) -> int:
    """Search, then write the rates and the recipe."""
    if task not in FEW or world not in WORLDS:
        sys.exit(f"give a task of {', '.join(FEW)} and a world of {', '.join(WORLDS)}, not {task} {world}")
    for data, _, remedy in available():
        if data == task and remedy:
            sys.exit(f"the data set {task} is not here whole; get it by {remedy}")
    here = commit()
    with tempfile.TemporaryDirectory() as out:
        search = Search(task, world, Path(out))
        chosen = {learning: search.best(learning) for learning in learnings or START}
    _write_rates(task, world, search.tried, chosen, here)
    _write_recipe(task, world, chosen)
    return 0


def _write_rates(task: str, world: str, tried: Tried, chosen: Chosen, at: str) -> None:
    """The recipe of the search, whose command is this module's, and its result."""
    name, cells = f"reports-{task}-{world}-rates", {}
    for learning, rates in chosen.items():
        own = {key[1:]: score for key, score in tried.items() if key[0] == learning}
        finite = {rates: score for rates, score in own.items() if math.isfinite(score)}
        found = {
            "rate_hidden": rates[0],
            "rate_output": rates[1],
            "validation": own[rates],
            "tried": len(own),
            "diverged": len(own) - len(finite),
            **{f"validation, rates {hidden:g} and {output:g}": score for (hidden, output), score in finite.items()},
        }
        cells[learning] = found
    some = "" if chosen.keys() == START.keys() else " " + " ".join(chosen)
    write(name, at, cells)
    lines = [
        f'title = "What a synapse reports, {task}, {SAID[world]}: rates tried on validation samples"',
        f'command = "python -m benchmarks.reports {task} {world}{some}"',
        "seeds = [0]",
        f'data = ["{task}"]',
        'time = "10 min"',
        'shown = ["docs/reports.md"]',
    ]
    (ROOT / "recipes" / f"{name}.toml").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _write_recipe(task: str, world: str, chosen: Chosen) -> None:
    name = f"reports-{task}-{world}"
    lines = [
        f'title = "What a synapse reports, {task}, {SAID[world]}"',
        f'protocol = "{task}"',
        "seeds = [0, 1, 2, 3, 4]",
        f'data = ["{task}"]',
        'time = "30 s a seed"',
        'shown = ["docs/findings.md", "docs/reports.md"]',
        'metrics = ["test_*", "validation_*", "hidden_spikes_per_sample"]',
        "",
        "[parameters]",
        *(f"{key} = {_toml(value)}" for key, value in {**WHOLE[task], **WORLDS[world]}.items()),
    ]
    for learning, (hidden, output) in chosen.items():
        lines += ["", f'[variants."{learning}"]', f'learning = "{learning}"']
        lines += [f"rate_hidden = {hidden:g}"] if hidden else []
        lines += [f"rate_output = {output:g}", *(f"{k} = {_toml(v)}" for k, v in beside(task, learning).items())]
    if "weighted/activity" in chosen:
        hidden, output = chosen["weighted/activity"]
        lines += ["", '[variants."shuffled"]', 'learning = "shuffled-labels"']
        lines += [f"rate_hidden = {hidden:g}", f"rate_output = {output:g}"]
        lines += [f"{k} = {_toml(v)}" for k, v in beside(task, "weighted/activity").items()]
    (ROOT / "recipes" / f"{name}.toml").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else f"{value:g}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
