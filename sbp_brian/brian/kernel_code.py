"""What code the pathways of shared kernels can carry: sums whose order does not matter.

The synapses that share a weight are taken in a defined order, event by event, but none of them comes first in the model
that is meant: they act at the same time. So each one may add to the weight, to its cells and to nothing that another
one reads. Then the outcome is that of the unrolled form up to rounding, whatever the order.

Where the order of events is meant (`sbp_brian.brian.event_order`), an event still reaches each cell of the other side
once. So the code of a pathway that is said to be in order may do to that cell's variables what it likes.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Mapping
from typing import Any

from sbp_brian.brian import language
from sbp_brian.brian.variables import Subexpression
from sbp_brian.errors import KernelError

__all__ = ["OF_SYNAPSES", "CodeCheck", "as_sums", "check_model"]

#: Names of a `Synapses` object that count its synapses, of which there are none here.
OF_SYNAPSES = frozenset({"i", "j", "N", "N_incoming", "N_outgoing", "lastupdate"})


def as_sums(code: str) -> str:
    """The code with ``x = x + change`` (and ``-``) written as ``x += change``, which is what it says.

    Examples
    --------
    >>> as_sums("w = w - a_post + b_pre*(c + d)")
    'w += -a_post + b_pre * (c + d)'
    >>> as_sums("w = 2*w + 1")
    'w = 2*w + 1'
    """
    return "\n".join(_as_sum(*language.statement(line)) for line in code.splitlines() if line.split("#")[0].strip())


def _as_sum(variable: str, operator: str, expression: str) -> str:
    plain = f"{variable} {operator} {expression.strip()}"
    node, signs, terms = ast.parse(expression.strip(), mode="eval").body, [], []
    while isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        signs.append(" - " if isinstance(node.op, ast.Sub) else " + ")
        terms.append(_bracketed(node.right))
        node = node.left
    if operator != "=" or not terms or not isinstance(node, ast.Name) or node.id != variable:
        return plain
    change = "".join(sign + term for sign, term in zip(reversed(signs), reversed(terms), strict=True))
    return f"{variable} += {'-' if signs[-1] == ' - ' else ''}{change[3:]}"


def _bracketed(node: ast.expr) -> str:
    """A term as it may stand behind a minus sign."""
    product = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.Pow))
    text = ast.unparse(node)
    return text if product or isinstance(node, (ast.Name, ast.Call, ast.Constant)) else f"({text})"


def check_model(name: str, equations: Mapping[str, Any]) -> None:
    """Refuse equations of a weight that name cells, or that only a synapse can have.

    Raises
    ------
    KernelError
    """
    for variable, equation in equations.items():
        for flag in ("event-driven", "clock-driven", "summed", "linked"):
            if flag in equation.flags:
                raise KernelError(
                    f"{name}: {variable!r} is ({flag}), which a shared weight, that belongs to no one synapse, cannot "
                    "be; keep what follows a cell's events in the cell"
                )
        for used in sorted(equation.identifiers):
            if used.endswith(("_pre", "_post")):
                raise KernelError(
                    f"{name}: the equation of {variable!r} names {used!r}, and a shared weight has no one cell; "
                    "compute it in the pathway's code, or in the cell"
                )


class CodeCheck:
    """Whether code is made of sums alone.

    Parameters
    ----------
    name : str
        Of the kernels, for messages.
    equations : mapping of str to SingleEquation
        The kernels' own variables.
    source, target : brian2 groups
    """

    def __init__(self, name: str, equations: Mapping[str, Any], source: Any, target: Any):
        self.name, self.equations, self.groups = name, equations, {"pre": source, "post": target}

    def check(self, pathway: str, code: str, free: str | None = None) -> tuple[str, frozenset[str]]:
        """The code as sums (`as_sums`), and the variables that it adds to.

        Parameters
        ----------
        pathway, code : str
        free : {'_pre', '_post'} or None
            Ending of variables that need not be added to, where the pathway is in order.

        Raises
        ------
        KernelError
            Code that the kernels cannot carry.
        """
        where = f"{self.name}: pathway {pathway!r}"
        code = as_sums(code)
        lines = [language.statement(line) for line in code.splitlines()]
        written = {variable for variable, _, _ in lines if self._of(variable) is not None}
        for variable, operator, expression in lines:
            if variable in written:
                self._check_write(where, variable, operator, expression, free)
        for _, _, expression in lines:
            for used in sorted(language.names_in(expression)):
                own = free is not None and used.endswith(free)
                others = [variable for variable in sorted(written) if not (own and variable.endswith(free))]
                keys: dict[Hashable, str] = {key: variable for variable in others for key in self._reached(variable)}
                self._check_read(where, used, keys)
        return code, frozenset(written)

    def _check_write(self, where: str, variable: str, operator: str, expression: str, free: str | None) -> None:
        if operator not in ("+=", "-=") and not (free is not None and variable.endswith(free)):
            raise KernelError(
                f"{where}: '{variable} {operator} {expression.strip()}' depends on which of the synapses that share a "
                f"weight comes first; add to it, as in '{variable} += change', and bound or scale it in code that runs "
                "for the weights or the cells"
            )
        group, found = self._of(variable)
        if group is None:
            if "shared" in found.flags:
                raise KernelError(f"{where}: {variable!r} is one for all weights, and read only; add to a weight's own")
            return
        if found.scalar:
            raise KernelError(f"{where}: {variable!r} is one for all cells of its group, and read only here")
        if found.conditional_write is not None:
            raise KernelError(
                f"{where}: {variable!r} is (unless refractory), which shared kernels do not see; add to a variable "
                "without it, and let the cell take it over"
            )

    def _check_read(self, where: str, used: str, written: Mapping[Hashable, str]) -> None:
        if used in OF_SYNAPSES:
            raise KernelError(
                f"{where}: {used!r} counts synapses, of which shared kernels have none; keep the number in a variable "
                "of the cells"
            )
        for key in self._reached(used):
            if key in written:
                raise KernelError(
                    f"{where}: reads {used!r} and adds to {written[key]!r}, so it would depend on which of the "
                    "synapses that share a weight comes first; read a copy that the cells or weights keep, or split "
                    "the pathway"
                )

    def _of(self, name: str) -> tuple[Any, Any] | None:
        """The group of cells (None: the kernels) and the variable behind a name; None: it is no variable of either."""
        if name in self.equations:
            return None, self.equations[name]
        base, _, side = name.rpartition("_")
        group = self.groups.get(side)
        return None if group is None or base not in group.variables else (group, group.variables[base])

    def _reached(self, name: str) -> set[Hashable]:
        """What a name reads: a key for each array, through expressions."""
        if name in self.equations:
            equation = self.equations[name]
            if equation.type == language.SUBEXPRESSION:
                return set().union(*map(self._reached, equation.identifiers))
            return {name}
        found = self._of(name)
        return set() if found is None else self._of_cell(*found)

    def _of_cell(self, group: Any, variable: Any) -> set[Hashable]:
        if not isinstance(variable, Subexpression):
            return {id(variable)}
        names = language.names_in(variable.expr) & set(group.variables)
        return set().union(*(self._of_cell(group, group.variables[each]) for each in names if each != variable.name))
