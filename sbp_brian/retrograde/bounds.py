"""The bounds within which a rule keeps its own weight, as read from its code: ``w = clip(..., low, high)``.

What such a bound cuts off was no change that activity made: it is not reported. And what a synapse expresses stays
within them: the rule's next event would take it back.
"""

from __future__ import annotations

import ast

from sbp_brian.brian import language
from sbp_brian.rules import SynapseRule
from sbp_brian.rules.checks import statements

__all__ = ["of_code", "of_rule", "set_anew"]


def of_code(weight: str, code: str) -> tuple[tuple[str, str], ...]:
    """(low, high) of each clip, the inner one first, where the last that the code does to the weight is to clip it.

    Bounds that the code itself computes are not known before it runs, and count as none.
    """
    found = [(operator, text) for name, operator, text in statements(code) if name == weight]
    if not found or found[-1][0] != "=":
        return ()
    clips: list[tuple[str, str]] = []
    call, computed = ast.parse(found[-1][1].strip(), mode="eval").body, {name for name, _, _ in statements(code)}
    while isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "clip":
        if len(call.args) != 3:
            break
        low, high = (ast.unparse(each) for each in call.args[1:])
        if computed & (language.names_in(low) | language.names_in(high)):
            break
        clips.insert(0, (low, high))
        call = call.args[0]
    return tuple(clips)


def of_rule(rule: SynapseRule, without: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    """The bounds of all pathways that change the weight, each once; `without` are pathways that do not count."""
    found = [of_code(rule.weight, code) for name, code in rule.pathways.items() if name not in without]
    return tuple(dict.fromkeys(each for clips in found for each in clips))


def set_anew(rule: SynapseRule) -> dict[str, str]:
    """Piece of code -> the statement by which it gives the weight a value that does not depend on the one it had.

    What else has changed the weight is lost there. A number, from which the weight is to begin
    again, is meant so.
    """
    defined = {name: set(eq.identifiers) for name, eq in rule.equations.items() if eq.type == language.SUBEXPRESSION}
    found = {}
    for where, code in rule.pieces().items():
        depends: dict[str, set[str]] = {}

        def reached(name: str, depends=depends) -> set[str]:
            if name in depends:
                return depends[name]
            return {name}.union(*map(reached, defined[name])) if name in defined else {name}

        for name, operator, text in statements(code):
            new = set().union(*map(reached, language.names_in(text)))
            depends[name] = new if operator == "=" else new | reached(name)
            if name == rule.weight:
                last = f"{name} {operator} {text.strip()}"
        of = depends.get(rule.weight, set()) - language.DEFAULT_UNITS.keys()
        if of and rule.weight not in of:
            found[where] = last
    return found
