"""The campaigns by name; each is imported when it is asked for.

Those of `ON_REQUEST` are carried out where they are named: they take an hour, and need what carries CUDA programs out.
"""

from __future__ import annotations

import importlib

from campaigns.base import Campaign

__all__ = ["NAMES", "ON_REQUEST", "get"]

NAMES = ("kills", "calls", "files", "networks", "nest", "soak")
ON_REQUEST = ("cuda", "cuda_networks")


def get(name: str) -> Campaign:
    """The campaign of this name."""
    return importlib.import_module(f"campaigns.{name}").CAMPAIGN
