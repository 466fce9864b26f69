"""The flagship as copies in one program: how many samples a second all of them learn from, and that each is right.

Copies differ in their seed, rates, lambda_p, lambda_f and order of samples. Images are made up: a fifth of the pixels
is active. The first copy and the last are held to their own runs in C++, every weight within 1e-6 of the largest.
``python -m campaigns.side_by_side N`` does it for N copies in a folder that is removed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["COPIES", "copies"]

COPIES = (1, 16, 256)
RELATIVE = 1e-6
TAUGHT, ASKED = 40, 5


def made_up() -> Any:
    """Images of 784 pixels in ten classes."""
    from sbp_brian.training.samples import Samples

    rng, n = np.random.default_rng(0), TAUGHT + 2 * ASKED
    images = (rng.random((n, 784)) < 0.19) * rng.integers(1, 256, (n, 784))
    rows = np.split(np.arange(n), [TAUGHT, TAUGHT + ASKED])
    return Samples(images.astype(np.uint8), rng.integers(0, 10, n), 10, *rows)


def copies(n: int, place: Path, on_cpu=None, hidden: int = 500) -> dict[str, Any]:
    """Train `n` copies for two epochs, the second of which is timed.

    Parameters
    ----------
    n : int
    place : Path
        An empty folder.
    on_cpu : OnCpu, optional
    hidden : int
        Hidden cells of each copy.

    Returns
    -------
    dict
        ``copies``, ``samples_per_s`` of all together, ``agrees``, ``wrong``, ``relative_difference``, ``cuda_s``.
    """
    from sbp_brian.targets import carried_out_on_cpu
    from sbp_brian.training.together import train_together

    samples, began = made_up(), time.perf_counter()
    ends = sorted({0, n - 1})
    own = [_trained(k, samples, hidden, "cpp", place / "cpp") for k in ends]
    between = time.perf_counter()
    with carried_out_on_cpu(on_cpu):
        found = train_together([partial(_trained, k, samples, hidden, "cuda", place / "cuda") for k in range(n)], n)
    ended = time.perf_counter()
    worst, wrong = 0.0, []
    for k, (learned, _) in zip(ends, own, strict=True):
        for name, values in learned.items():
            apart = float(np.abs(found[k][0][name] - values).max() / max(np.abs(values).max(), 1e-300))
            worst = max(worst, apart)
            if not apart <= RELATIVE:
                wrong.append(f"{name} of copy {k}: {apart:.2g}")
    return {
        "network": f"{n} flagships side by side, 784-{hidden}-10",
        "copies": n,
        "cpp_s": round(between - began, 1),
        "cuda_s": round(ended - between, 1),
        "samples_per_s": round(n * (TAUGHT + ASKED) / found[0][1], 1),
        "agrees": not wrong,
        "wrong": wrong[:5],
        "relative_difference": worst,
    }


def _trained(k: int, samples: Any, hidden: int, target: str, place: Path) -> tuple[dict[str, np.ndarray], float]:
    """What one copy has learned, and the time of its second epoch (s)."""
    from sbp_brian.models.sbp_network import SBPNetwork
    from sbp_brian.models.sbp_network.options import Subset
    from sbp_brian.training.spiking import Training

    network = SBPNetwork(
        n_hidden=hidden,
        rate_hidden=10.0 + k % 5,
        rate_output=0.001 * (1 + k % 3),
        lambda_p=0.5 + 0.1 * (k % 4),
        lambda_f=1 - 0.1 * (k % 6),
        options=(Subset(k),),
    )
    training = Training(network.trial_model(), samples, place / str(k), target=target, seed=k)
    history = training.run(2)
    return training.learned, history[1].seconds


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="sbp-copies-") as made:
        print(copies(int(sys.argv[1]), Path(made)))
