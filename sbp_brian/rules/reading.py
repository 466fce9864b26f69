"""From the arguments of `brian2.Synapses` to a rule, read as Brian2 reads them.

A bare name belongs to the synapse, else to the target cell, else to Brian2 or the script. What the script calls by name
stays a name: Brian2 looks it up where the simulation is run, so that its value may change between runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from brian2 import Equations

from sbp_brian.brian import language
from sbp_brian.errors import RuleError
from sbp_brian.rules import checks

__all__ = ["read"]

#: Names that need no definition, see `language.BUILT_IN`.
_OWN = frozenset(language.BUILT_IN) | {"lastupdate"}
_DEFAULTS = frozenset({*language.DEFAULT_UNITS, *language.DEFAULT_CONSTANTS, *language.DEFAULT_FUNCTIONS})


def read(
    model: str | Equations | None = None,
    on_pre: str | Mapping[str, str] | None = None,
    on_post: str | Mapping[str, str] | None = None,
    *,
    source: Any = None,
    target: Any = None,
    on_event: str | Mapping[str, str] = "spike",
    namespace: Mapping[str, Any] | None = None,
    weight: str | None = "w",
) -> dict[str, Any]:
    """What `SynapseRule` is to be given, see `SynapseRule.from_brian`."""
    definitions = _definitions(model)
    code = {"pre": _pathways("on_pre", "pre", on_pre), "post": _pathways("on_post", "post", on_post)}
    there = _variables(target) - definitions.keys()
    definitions = {n: (_completed(text, there), flags) for n, (text, flags) in definitions.items()}
    code = {side: {p: _completed(text, there) for p, text in texts.items()} for side, texts in code.items()}
    used = _used(definitions, code)
    given = {n: value for n, value in (namespace or {}).items() if n in used and n not in definitions}
    external = {n for n in used - given.keys() if not _of_a_cell(n, source, target)}
    if weight is not None and weight not in definitions:
        constants = sorted((given.keys() | external) & _used({}, code))
        raise _no_weight(weight, definitions, weight in used or weight in (namespace or {}), constants)
    pathways = [*code["pre"], *code["post"]]
    events = dict.fromkeys(pathways, on_event) if isinstance(on_event, str) else on_event
    return {
        "model": "\n".join(text + flags for text, flags in definitions.values()),
        "on_pre": code["pre"],
        "on_post": code["post"],
        "on_event": events,
        "namespace": given,
        "weight": weight,
        "external": frozenset(external),
    }


def _definitions(model: str | Equations | None) -> dict[str, tuple[str, str]]:
    """Variable -> its definition as a text, and what follows it: unit and flags."""
    return {name: language.definition(equation) for name, equation in language.equations(model or "").items()}


def _pathways(argument: str, alone: str, given: str | Mapping[str, str] | None) -> dict[str, str]:
    """Pathway -> code, one statement a line; a single text is the pathway that Brian2 makes of it."""
    if given is None:
        return {}
    if not isinstance(given, (str, Mapping)):
        raise RuleError(
            f"{argument} must be the code in one string, or a mapping of pathways to code, not {type(given).__name__}"
        )
    texts = {alone: given} if isinstance(given, str) else dict(given)
    return {name: checks.tidy(code, f"pathway {name!r}") for name, code in texts.items()}


def _variables(group: Any) -> set[str]:
    """Names of a group's variables that code may use bare."""
    return {name for name in getattr(group, "variables", ()) if not name.startswith("_")} - _OWN - {"lastspike"}


def _completed(text: str, names: set[str]) -> str:
    """The text, `names` of the target cell written with ``_post``."""
    return re.sub(r"(?<![\w.])[A-Za-z_]\w*\b", lambda m: m[0] + "_post" if m[0] in names else m[0], text)


def _used(definitions: Mapping[str, tuple[str, str]], code: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Names that are read and that neither the synapse nor Brian2 defines."""
    found: set[str] = set()
    for text, _ in definitions.values():
        found |= language.names_in(text.partition("=")[2])
    for texts in code.values():
        for piece in texts.values():
            local: set[str] = set()
            for variable, operator, expression in checks.statements(piece):
                found |= language.names_in(expression) - local
                if operator == "=" and variable not in definitions:
                    local.add(variable)
                else:
                    found.add(variable)
                found |= {variable} if checks.belongs_to_cell(variable) else set()
    return {n for n in found - definitions.keys() - _OWN - _DEFAULTS if n != "xi" and not n.startswith("xi_")}


def _of_a_cell(name: str, source: Any, target: Any) -> bool:
    """Whether a name is a variable of one of the cells; without groups every name with its ending is."""
    if not checks.belongs_to_cell(name):
        return False
    base, side = name.rsplit("_", 1)
    group = source if side == "pre" else target
    return group is None or base in group.variables


def _no_weight(weight: str, definitions: Mapping[str, Any], constant: bool, constants: list[str]) -> RuleError:
    """The refusal of a weight that is no variable: `constants` of the code may be what the script has as its weight."""
    if constant:
        return RuleError(
            f"the weight {weight!r} is a constant, the same in all synapses, and cannot change: make it a variable, "
            f"model='{weight} : 1' (with its unit), and give it its value after connect(), synapses.{weight} = ..."
        )
    has = ", ".join(map(repr, definitions)) or "no variable"
    told = f"the weight {weight!r} is not in the model, which has {has}; name it with weight=..., or add "
    told += f"'{weight} : 1' (with its unit) to the model"
    if constants:
        of, first = ", ".join(map(repr, constants)), constants[0]
        told += f"; where {of} of the script is the weight, make it a variable: model='{first} : 1', weight='{first}'"
    return RuleError(told)
