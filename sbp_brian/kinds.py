"""What a run can keep beside its metrics: the names that commands, records and exports share."""

from __future__ import annotations

__all__ = ["KINDS"]

#: Weights at the end, spikes, states over time.
KINDS = ("weights", "spikes", "states")
