"""Comparisons as factors of C++ code: a choice between 1 and 0, where a whole number would have to be turned into one.

``x*int(a < b)`` compares, makes a whole number of what holds, and turns that into a float to multiply by it, which
takes most of the time of such a line in a loop of vector instructions. A float that is chosen, 1 or 0, is the same
number in fewer steps. It is taken where nothing but floats is computed with it, by ``+``, ``-``, ``*`` and ``/``: there
the two cannot be told apart. The choice is of single precision, so that neither makes the other numbers wider. Code
that runs cell by cell, without vector instructions, gains nothing by it and stays as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from brian2.parsing.rendering import CPPNodeRenderer
from brian2.utils.stringtools import word_substitute

__all__ = ["FlagsAsFloats"]

#: In the place of ``int`` where a float is chosen.
_CHOICE = "_sbp_choice"
#: Templates whose loops become vector instructions.
_VECTORS = ("dense_pathway",)
_ALLOWED = (ast.Add, ast.Sub, ast.Mult, ast.Div)


class _Renderer(CPPNodeRenderer):
    """Brian2's C++, with choices."""

    def render_Call(self, node):
        if getattr(node.func, "id", "") != _CHOICE:
            return super().render_Call(node)
        return f"(({self.render_node(node.args[0])}) ? 1.0f : 0.0f)"


class FlagsAsFloats:
    """A mixin for Brian2's C++ generator."""

    def translate_statement_sequence(self, sc_statements, ve_statements):
        """As Brian2's, of statements with choices."""
        if self.template_name not in _VECTORS:
            return super().translate_statement_sequence(sc_statements, ve_statements)
        blocks = {
            name: _with_choices(block, _floats(_made(sc_statements[name])) | _floats(self.variables.items()))
            for name, block in ve_statements.items()
        }
        return super().translate_statement_sequence(sc_statements, blocks)

    def translate_expression(self, expr):
        """As Brian2's, which knows no choices."""
        if _CHOICE not in expr:
            return super().translate_expression(expr)
        named = word_substitute(expr, self.func_name_replacements)
        return _Renderer(auto_vectorise=self.auto_vectorise).render_expr(named).strip()


def _floats(named: Iterable[tuple[str, Any]]) -> set[str]:
    """The names of what has a type, and one of floats."""
    types = ((name, getattr(one, "dtype", None)) for name, one in named)
    return {name for name, dtype in types if dtype is not None and np.dtype(dtype).kind == "f"}


def _made(statements: Sequence[Any]) -> Iterable[tuple[str, Any]]:
    """Names that statements make, each with its statement, which has a type."""
    return ((each.var, each) for each in statements if each.op == ":=")


def _with_choices(statements: Sequence[Any], outside: set[str]) -> Sequence[Any]:
    """The statements, those in which a float can be chosen by a copy that says so.

    Parameters
    ----------
    statements : sequence of Statement
    outside : set of str
        Names of floats that they do not make themselves.
    """
    made = dict(_made(statements))
    floats = outside - made.keys() | _floats(made.items())
    trees = [ast.parse(each.expr, mode="eval").body for each in statements]
    defined = [each.var for each in statements]
    flags = {
        each.var
        for each, tree in zip(statements, trees, strict=True)
        if each.op == ":=" and np.dtype(each.dtype).kind == "i" and _compared(tree) and _plain(each)
        if defined.count(each.var) == 1
    }
    while True:
        known = floats | flags
        able = {
            k: _plain(each) and each.var in known and _only_floats(tree, known)
            for k, (each, tree) in enumerate(zip(statements, trees, strict=True))
        }
        lost = {
            name
            for k, tree in enumerate(trees)
            if not able[k]
            for name in flags & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        }
        if not lost:
            break
        flags -= lost
    return [
        _chosen(each, tree, each.var in flags) if able[k] and (each.var in flags or _has_choice(tree)) else each
        for k, (each, tree) in enumerate(zip(statements, trees, strict=True))
    ]


def _plain(statement: Any) -> bool:
    """Whether Brian2 writes it as it stands, without asking variables that are true or false."""
    return not statement.used_boolean_variables and statement.op in ("=", ":=", "+=", "-=", "*=", "/=")


def _compared(node: ast.expr) -> bool:
    """Whether it is ``int(a < b)`` or another comparison."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "int"
    return called and len(node.args) == 1 and isinstance(node.args[0], ast.Compare)


def _has_choice(tree: ast.expr) -> bool:
    return any(_compared(node) for node in ast.walk(tree))


def _only_floats(node: ast.expr, known: set[str]) -> bool:
    """Whether it is a sum or product of known names, of constants and of comparisons."""
    if _compared(node):
        return True
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, _ALLOWED) and _only_floats(node.left, known) and _only_floats(node.right, known)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, (ast.USub, ast.UAdd)) and _only_floats(node.operand, known)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    return isinstance(node, ast.Name) and node.id in known


class _Choosing(ast.NodeTransformer):
    def visit_Call(self, node):
        if _compared(node):
            return ast.Call(ast.Name(_CHOICE), node.args, [])
        return self.generic_visit(node)


def _chosen(statement: Any, tree: ast.expr, is_flag: bool) -> Any:
    """A copy of a statement in which comparisons choose a float."""
    made = type(statement).__new__(type(statement))
    made.__dict__.update(statement.__dict__)
    made.expr = ast.unparse(_Choosing().visit(tree))
    if is_flag:
        made.dtype = np.float32
    return made
