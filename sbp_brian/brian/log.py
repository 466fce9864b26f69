"""What Brian2's log leaves behind: a file and a copy of the script, and warnings while Python ends."""

from __future__ import annotations

import sys

__all__ = ["forget_files", "no_unused_objects"]


def forget_files() -> None:
    """Let Brian2, where it was imported, not look for its temporary files any more: their folder is gone."""
    if "brian2" in sys.modules:
        from brian2.utils.logger import BrianLogger

        BrianLogger.tmp_log = BrianLogger.tmp_script = None


def no_unused_objects() -> None:
    """Let it not warn of objects that are in no network: an interruption left them half made."""
    if "brian2" in sys.modules:
        from brian2 import BrianLogger

        BrianLogger.suppress_name("unused_brian_object")
