"""The bounds within which a rule keeps its own weight, as read from its code: ``w = clip(..., low, high)``.

What such a bound cuts off was no change that activity made: it is not reported. And what a synapse expresses stays
within them: the rule's next event would take it back.
"""

from __future__ import annotations

import ast

from sbp_brian.brian import language
from sbp_brian.rules import SynapseRule
from sbp_brian.rules.checks import statements

__all__ = ["of_code", "of_rule"]


def of_code(weight: str, code: str) -> tuple[str, str] | None:
    """(low, high) where the last that the code does to the weight is to clip it; else None.

    Bounds that the code itself computes are not known before it runs, and count as none.
    """
    found = [(operator, text) for name, operator, text in statements(code) if name == weight]
    if not found or found[-1][0] != "=":
        return None
    call = ast.parse(found[-1][1].strip(), mode="eval").body
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "clip"):
        return None
    if len(call.args) != 3:
        return None
    low, high = (ast.unparse(each) for each in call.args[1:])
    computed = {name for name, _, _ in statements(code)}
    return None if computed & (language.names_in(low) | language.names_in(high)) else (low, high)


def of_rule(rule: SynapseRule, without: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    """The bounds of all pathways that change the weight, each once; `without` are pathways that do not count."""
    found = [of_code(rule.weight, code) for name, code in rule.pathways.items() if name not in without]
    return tuple(dict.fromkeys(each for each in found if each is not None))
