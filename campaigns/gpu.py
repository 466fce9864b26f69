"""``python -m campaigns.gpu``: the day a GPU is lent; four networks, copies side by side, the benchmark, and more.

Networks have their full connectivity. C++ is the reference, on the same machine: spikes within 0.1 %, every variable
within 1e-6 of its largest value; where a program draws random numbers of its own, numbers of spikes and mean weights
within a twentieth. No more is begun after so many minutes, and what was left out is in the record. With ``--on-cpu``
all of it is tried without a GPU.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from campaigns.cuda import Setting, means, ran
from campaigns.side_by_side import COPIES, copies
from campaigns.summary import commit
from sbp_brian.machine import cores

RELATIVE, SPIKES, RANDOM = 1e-6, 1e-3, 0.05
_DIGITS = {"epochs": 1, "train_samples": 60, "validation_samples": 10, "test_samples": 10}
NETWORKS = (
    Setting("the flagship, 784-500-10", "mnist", _DIGITS),
    Setting("the nine-cell circuit of tao-2000", "tao-2000", {"seeds": 2}),
    Setting(
        "STDBP on a grid, 784-400-10",
        "mnist",
        _DIGITS | {"model": "stdbp", "step": "1ms", "optimiser": "momentum", "drop_input": 0.0},
    ),
    Setting("DECOLLE, 784-128-128", "mnist", _DIGITS | {"model": "decolle"}, random=True),
)
SHORT_LIST = (
    Setting("turrigiano-1998", "turrigiano-1998", {"seeds": 1, "inputs": 20, "minis": 2}),
    Setting("du-poo-2004", "du-poo-2004", {"seeds": 1}),
    Setting("mnist, late signal and tag", "mnist", _DIGITS | {"late": 5, "signal_order": 4, "tag": "delay"}),
    Setting("mnist, dropped cells", "mnist", _DIGITS | {"drop_hidden": 0.3, "drop_input": 0.2}, random=True),
)


def compared(setting: Setting, place: Path, on_cpu) -> dict[str, Any]:
    """One setting in C++ and on CUDA: what differs, and how long each took (s)."""
    from tests.helpers.compared import apart, differences

    began = time.perf_counter()
    expected = ran(setting, place)
    between = time.perf_counter()
    found = ran(setting, place, target="cuda", on_cpu=on_cpu)
    ended = time.perf_counter()
    counts = [
        float(sum(np.sum(values) for result in results for name, values in result.items() if name.endswith(".count")))
        for results in (expected, found)
    ]
    told = {
        "network": setting.name,
        "cpp_s": round(between - began, 1),
        "cuda_s": round(ended - between, 1),
        "spikes": counts,
    }
    if setting.random:
        one, other = (means(results, np.abs) for results in (expected, found))  # weights are about 0 on the mean
        wrong = [k for k in one if not abs(one[k] - other[k]) <= RANDOM * max(abs(one[k]), 1e-9)]
        return told | {"agrees": not wrong, "wrong": wrong[:5]}
    wrong = [] if len(expected) == len(found) else [f"{len(found)} runs and not {len(expected)}"]
    if abs(counts[0] - counts[1]) > SPIKES * counts[0]:
        wrong.append("spikes")
    for one, other in zip(expected, found, strict=False):
        wrong += [text for text in differences(one, other, RELATIVE) if "not equal" not in text]
    worst = max((apart(*pair) for pair in zip(expected, found, strict=False)), default=0.0)
    return told | {"agrees": not wrong, "wrong": wrong[:5], "relative_difference": worst}


def build_ahead(settings: Sequence[Setting], numbers: Sequence[int]) -> ThreadPoolExecutor:
    """Let other processes compile what comes later, three cores each; programs are then in the cache.

    Parameters
    ----------
    settings : sequence of Setting
    numbers : sequence of int
        Of copies side by side.
    """

    def build(words: Sequence[str]) -> None:
        # a program of copies is started once it is there: with no GPU in sight it ends at once
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
        command = [sys.executable, "-m", *words]
        quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(command, check=False, env=environment, **quiet)

    pool = ThreadPoolExecutor(max(1, cores() // 3))
    for setting in settings:
        given = [word for name, value in setting.given.items() for word in ("-s", f"{name}={value}")]
        for target in ("cuda", "cpp"):
            pool.submit(build, ["sbp_brian", "build", setting.protocol, "--quick", "--target", target, *given])
    for n in numbers:
        pool.submit(build, ["campaigns.side_by_side", str(n)])
    return pool


def main(arguments: list[str] | None = None) -> int:
    """Carry it out; the exit status is 1 where something differs, and 2 where something was left out."""
    from sbp_brian.machine import machine, versions
    from sbp_brian.targets import OnCpu
    from sbp_brian.targets.cuda.toolkit import find_nvcc, gpus, toolkit

    parser = argparse.ArgumentParser(prog="python -m campaigns.gpu", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("gpu-check"), help="folder for the record")
    parser.add_argument("--minutes", type=float, default=6.0, help="begin nothing more after so long")
    parser.add_argument("--on-cpu", action="store_true", help="try it without a GPU")
    parser.add_argument("--commit", help="what is tried; by default that of this checkout")
    given = parser.parse_args(arguments)
    began = time.perf_counter()
    on_cpu = OnCpu() if given.on_cpu else None
    record: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": given.commit or commit(),
        "gpus": [f"{gpu.name} (sm_{gpu.arch}, {gpu.memory_mib} MiB)" for gpu in gpus()],
        "on_cpu": None if on_cpu is None else on_cpu.identity,
        "nvcc": toolkit().release if find_nvcc() else None,
        "machine": machine(),
        "versions": versions(),
        "networks": [],
        "left_out": [],
    }
    given.out.mkdir(parents=True, exist_ok=True)

    def write() -> None:
        record["seconds"] = round(time.perf_counter() - began, 1)
        (given.out / "gpu.json").write_text(json.dumps(record, indent=1) + "\n")

    early = on_cpu is None and cores() >= 6
    ahead = build_ahead([*NETWORKS[1:], *SHORT_LIST], COPIES) if early else None
    hidden = 20 if on_cpu else 500  # without a GPU it is tried, not measured
    parts = [(setting.name, partial(compared, setting)) for setting in NETWORKS]
    parts += [(f"{n} side by side", partial(copies, n, hidden=hidden)) for n in COPIES]
    parts += [(setting.name, partial(compared, setting)) for setting in SHORT_LIST]
    for name, part in parts:
        if time.perf_counter() - began > 60 * given.minutes:
            record["left_out"].append(name)
            continue
        with tempfile.TemporaryDirectory(prefix="sbp-gpu-") as place:
            try:
                told = part(place=Path(place), on_cpu=on_cpu)
            except Exception as error:  # the others are tried all the same: the GPU is lent for minutes
                told = {"network": name, "agrees": False, "wrong": [f"{type(error).__name__}: {error}"[:500]]}
        record["networks"].append(told)
        print(f"{name}: {'agrees' if told['agrees'] else 'DIFFERS: ' + '; '.join(told['wrong'])}", flush=True)
        write()
    if time.perf_counter() - began > 60 * given.minutes:
        record["left_out"].append("benchmark")
    else:
        options = ["--target", "cuda", *(["--on-cpu"] if given.on_cpu else []), "--quick", "--out", str(given.out)]
        done = subprocess.run([sys.executable, "-m", "sbp_brian", "benchmark", *options], check=False)
        record["benchmark"] = done.returncode == 0
    write()
    if ahead is not None:
        ahead.shutdown(wait=False, cancel_futures=True)
    differs = not all(told["agrees"] for told in record["networks"]) or not record.get("benchmark", True)
    return 1 if differs else 2 if record["left_out"] else 0


if __name__ == "__main__":
    sys.exit(main())
