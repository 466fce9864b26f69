"""The command ``sbp``, also ``python -m sbp_brian``: the only place that knows every room."""

from __future__ import annotations

from sbp_brian.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
