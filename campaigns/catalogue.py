"""The campaigns by name; each is imported when it is asked for."""

from __future__ import annotations

import importlib

from campaigns.base import Campaign

__all__ = ["NAMES", "get"]

NAMES = ("kills", "calls", "files", "networks", "nest", "soak")


def get(name: str) -> Campaign:
    """The campaign of this name."""
    return importlib.import_module(f"campaigns.{name}").CAMPAIGN
