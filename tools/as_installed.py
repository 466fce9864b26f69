"""Lay out the package as it is installed, from the folders that setup.cfg maps into it: for tools that read source.

    python tools/as_installed.py FOLDER

Type checkers and import-linter find modules by their place, and know nothing of the mapping. They get a copy.
"""

from __future__ import annotations

import configparser
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def lay_out(folder: Path, root: Path = ROOT) -> Path:
    """Copy the sources of the package to `folder`, which is made anew; gives the folder."""
    config = configparser.ConfigParser()
    config.read(root / "setup.cfg", encoding="utf-8")
    mapped = [line.split("=") for line in config["options"]["package_dir"].strip().splitlines()]
    shutil.rmtree(folder, ignore_errors=True)
    for package, source in sorted((name.strip(), place.strip()) for name, place in mapped):
        shutil.copytree(
            root / source,
            folder.joinpath(*package.split(".")),
            ignore=shutil.ignore_patterns("__pycache__", "*.so"),
            dirs_exist_ok=True,
        )
    return folder


if __name__ == "__main__":
    print(lay_out(Path(sys.argv[1])))
