"""Run a network of the gallery and draw it: ``python -m examples NAME [FILE]``; without a name, list them."""

from __future__ import annotations

import sys

from examples import GALLERY, load


def main(arguments: list[str]) -> None:
    """Draw the network that is named, or say which there are."""
    if not arguments or arguments[0] not in GALLERY:
        print("\n".join(f"{name:20} {shows}" for name, shows in GALLERY.items()))
        return
    load(arguments[0]).main(*arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
