"""Code of the input cells of `sbp_brian.models.stdbp`: how a sample becomes spike times, and what disturbs them."""

from __future__ import annotations

from sbp_brian.models import displaced
from sbp_brian.models.stdbp.options import Displacement, Dropout, InputJitter, Noise

__all__ = ["equations", "read"]

INPUT = "spike_time : second\nfired : 1\n"
#: Disturbance by hand, for tests of robustness.
NOISE = "jitter : second (shared)\nmissing : 1 (shared)\n"
JITTER = """
spike_time = spike_time + jitter*randn()
fired = fired*int(rand() >= missing)
"""
DISPLACED = displaced.VARIABLES + "x : 1\n"
READ = "fired = int(sample_value(shown(t), i) > 0)\nspike_time = (1 - sample_value(shown(t), i))*tau\n"


def equations(network) -> str:
    """Variables of the input cells, but those of teaching."""
    noise, displacement = network.option(Noise), network.option(Displacement)
    return INPUT + (NOISE if noise else "") + (DISPLACED if displacement else "")


def read(network) -> str:
    """Code by which input cells take their times from the sample."""
    displacement, jitter = network.option(Displacement), network.option(InputJitter)
    code = f"{displaced.READ}\nfired = int(x > 0)\nspike_time = (1 - x)*tau\n" if displacement else READ
    if network.option(Dropout).input:
        code += "fired = fired*int(rand() >= drop_input*teacher_on)\n"
    if jitter:
        code += f"spike_time = spike_time + {float(jitter.deviation)!r}*tau*teacher_on*randn()\n"
    return code + (JITTER if network.option(Noise) else "")
