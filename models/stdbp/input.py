"""Code of the input cells of `sbp_brian.models.stdbp`: how a sample becomes spike times, and what disturbs them."""

from __future__ import annotations

from sbp_brian.models import displaced as _displaced

__all__ = ["equations", "namespace", "read"]

INPUT = "spike_time : second\nfired : 1\n"
#: Disturbance by hand, for tests of robustness.
NOISE = "jitter : second (shared)\nmissing : 1 (shared)\n"
JITTER = """
spike_time = spike_time + jitter*randn()
fired = fired*int(rand() >= missing)
"""
DISPLACED = _displaced.VARIABLES + "x : 1\n"
READ = "fired = int(sample_value(shown(t), i) > 0)\nspike_time = (1 - sample_value(shown(t), i))*tau\n"


def equations(noisy: bool, displaced: int) -> str:
    """Variables of the input cells, but those of teaching."""
    return INPUT + (NOISE if noisy else "") + (DISPLACED if displaced else "")


def namespace(displaced: int, width: int) -> dict[str, int]:
    """Constants of `read`."""
    return {"jitter": displaced, "width": width} if displaced else {}


def read(*, noisy: bool, displaced: int, drop_input: float, jitter_input: float) -> str:
    """Code by which input cells take their times from the sample; see `STDBP` for what the arguments do."""
    code = f"{_displaced.READ}\nfired = int(x > 0)\nspike_time = (1 - x)*tau\n" if displaced else READ
    if drop_input:
        code += "fired = fired*int(rand() >= drop_input*teacher_on)\n"
    if jitter_input:
        code += f"spike_time = spike_time + {float(jitter_input)!r}*tau*teacher_on*randn()\n"
    return code + (JITTER if noisy else "")
