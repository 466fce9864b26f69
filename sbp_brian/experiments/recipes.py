"""Recipes: the commands behind published numbers, by name.

A recipe is a small TOML file::

    title = "SBP spiking network, 784-500-10"
    protocol = "mnist"                  # or command = "python -m benchmarks.rate_ceiling mnist", for no protocol
                                        # or withdrawn = "why", where no command gives these numbers any more
    pending = "takes a night"           # why nothing is committed yet; without it, something is
    seeds = [0, 1, 2]
    data = ["mnist"]                    # data sets that have to be there
    time = "25 s a seed"                # what a run is expected to take, on two cores
    shown = ["README.md"]               # the pages that have its numbers
    metrics = ["test_*"]                # which metrics its result keeps; without it, all
    full = true                         # what `--full` runs; without it, false
    target = "cpp"                      # which is the default

    [parameters]                        # as for `sbp run -s`; a list holds several values, each of them a cell
    epochs = 6
    learning = ["own", "frozen"]

    [variants.sparse]                   # named settings that are no grid; every variant is combined with every list
    steps = 10

Its cells are the settings that are run, each with every seed; what they gave is a `Result` of
`sbp_brian.experiments.results`.
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbp_brian.errors import RecipeError
from sbp_brian.wording import unknown

__all__ = ["Cell", "Recipe", "parse", "read"]

_FIELDS = (
    "title",
    "protocol",
    "command",
    "withdrawn",
    "seeds",
    "data",
    "time",
    "shown",
    "metrics",
    "full",
    "target",
    "pending",
)
_TABLES = ("parameters", "variants")


@dataclass(frozen=True)
class Cell:
    """One setting of a recipe.

    Attributes
    ----------
    name : str
        The variant and what else tells it from the others, e.g. ``"sparse, learning=frozen"``; empty where the recipe
        has one setting.
    settings : dict of str to str
        The parameters that tell it from the other cells, as a user types them.
    parameters : dict of str to str
        All parameters, as a user types them.
    """

    name: str
    settings: dict[str, str]
    parameters: dict[str, str]


@dataclass(frozen=True)
class Recipe:
    """What has to be run for a number.

    Attributes
    ----------
    name, title : str
    protocol : str
        Empty where ``command`` makes the numbers.
    command : str
        A command line in the checkout, for numbers that no protocol makes.
    withdrawn : str
        Why no command gives these numbers any more; empty where one does.
    cells : tuple of Cell
        At least one.
    seeds : tuple of int
    target : str
    data : tuple of str
        Data sets that have to be there.
    time : str
        What a run is expected to take.
    shown : tuple of str
        Pages that have its numbers.
    metrics : tuple of str
        Which metrics its result keeps; ``*`` stands for any text.
    full : bool
        Whether ``--full`` of its protocol and model is this.
    pending : str
        Why it has no committed result yet, and no page its numbers; empty where it has one.
    """

    name: str
    title: str
    protocol: str
    command: str
    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    target: str = "cpp"
    data: tuple[str, ...] = ()
    time: str = ""
    shown: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ("*",)
    full: bool = False
    withdrawn: str = ""
    pending: str = ""

    def cell(self, chosen: Mapping[str, str]) -> Cell:
        """The cell with these settings (none: the first), each a parameter and its value, or ``variant`` and its name.

        Raises
        ------
        RecipeError
            A parameter that the recipe fixes or does not have, or a value that is in none of its cells.
        """
        if chosen and len(self.cells) == 1:
            raise RecipeError(
                f"recipe {self.name} fixes its parameters, and -s {next(iter(chosen))} changes it: leave it out, or "
                f"add it to '{self.line()}'"
            )
        open_names = {name for cell in self.cells for name in cell.settings} | {"variant"}
        for name in chosen:
            if name not in open_names:
                raise RecipeError(f"recipe {self.name}: {unknown('choice', name, open_names)}")
        for cell in self.cells:
            own = {**cell.settings, "variant": cell.name.split(", ")[0]}
            if all(own.get(name) == text for name, text in chosen.items()):
                return cell
        wanted = ", ".join(f"{name}={text}" for name, text in chosen.items())
        raise RecipeError(f"recipe {self.name} has no {wanted}; it has {'; '.join(cell.name for cell in self.cells)}")

    def line(self, cell: Cell | None = None, seed: int | None = None) -> str:
        """The command line of ``sbp run`` that a cell stands for, or the command; nothing where it is withdrawn."""
        if not self.protocol:
            return self.command
        cell = cell or self.cells[0]
        seed = self.seeds[0] if seed is None else seed
        parts = ["sbp run", self.protocol, *(f"-s {name}={text}" for name, text in cell.parameters.items())]
        parts += [f"--target {self.target}"] if self.target != "cpp" else []
        return " ".join([*parts, f"--seed {seed}"])


def parse(name: str, text: str) -> Recipe:
    """The recipe that a TOML text is.

    Raises
    ------
    RecipeError
        The text is no TOML, or a field is lacking, unknown or of the wrong type.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"recipe {name} is no TOML: {error}") from None
    for key in content:
        if key not in (*_FIELDS, *_TABLES):
            raise RecipeError(f"recipe {name}: {unknown('field', key, (*_FIELDS, *_TABLES))}")
    if not content.get("title") or not content.get("seeds"):
        raise RecipeError(f"recipe {name} needs a title and its seeds, e.g. seeds = [0, 1, 2]")
    if len({"protocol", "command", "withdrawn"} & content.keys()) != 1:
        raise RecipeError(f"recipe {name} needs either a protocol or a command, or says why it is withdrawn")
    return Recipe(
        name=name,
        title=content["title"],
        protocol=content.get("protocol", ""),
        command=content.get("command", ""),
        cells=tuple(_cells(name, content.get("parameters", {}), content.get("variants", {}))),
        seeds=tuple(content["seeds"]),
        target=content.get("target", "cpp"),
        data=tuple(content.get("data", ())),
        time=content.get("time", ""),
        shown=tuple(content.get("shown", ())),
        metrics=tuple(content.get("metrics", ("*",))),
        full=content.get("full", False),
        withdrawn=content.get("withdrawn", ""),
        pending=content.get("pending", ""),
    )


def read(folder: Path) -> dict[str, Recipe]:
    """All recipes of a folder, by name: one for each file ``<name>.toml``."""
    return {path.stem: _in_file(path) for path in sorted(folder.glob("*.toml"), key=lambda p: p.stem)}


def _in_file(path: Path) -> Recipe:
    try:
        return parse(path.stem, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"recipe {path.stem} cannot be read ({error}); restore {path.name}") from None


def _cells(name: str, parameters: Mapping[str, Any], variants: Mapping[str, Mapping[str, Any]]) -> list[Cell]:
    fixed = {key: _text(name, key, value) for key, value in parameters.items() if not isinstance(value, list)}
    axes = {key: [_text(name, key, v) for v in value] for key, value in parameters.items() if isinstance(value, list)}
    cells = []
    for variant, own in (variants or {"": {}}).items():
        said = {key: _text(name, key, value) for key, value in own.items()}
        for values in itertools.product(*axes.values()):
            swept = dict(zip(axes, values, strict=True))
            label = [variant] * bool(variant) + [f"{key}={text}" for key, text in swept.items()]
            cells.append(Cell(", ".join(label), {**said, **swept}, {**fixed, **said, **swept}))
    return cells


def _text(name: str, key: str, value: Any) -> str:
    """A value as a user types it after ``-s key=``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float, str)):
        return str(value)
    raise RecipeError(f"recipe {name}: {key} must be a number, a text, true, false or a list of these, not {value!r}")
