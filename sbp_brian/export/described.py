r"""A network as a paper describes it: equations as LaTeX, and the tables of Nordlie, Gewaltig & Plesser (2009).

PLoS Comput Biol 5:e1000456, doi:10.1371/journal.pcbi.1000456: summary, populations, connectivity, neuron and synapse
models, plasticity, input, measurements, parameters. Everything is read from the Brian2 objects, nothing is typed twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from brian2 import (
    EventMonitor,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    Quantity,
    SpikeGeneratorGroup,
    StateMonitor,
    Synapses,
    TimedArray,
)

from sbp_brian.brian.groups import code_beside, rates_of, target_of
from sbp_brian.brian.kernels import KernelPathway, Kernels
from sbp_brian.brian.language import DIFFERENTIAL_EQUATION, PARAMETER
from sbp_brian.brian.sympy_text import to_sympy
from sbp_brian.brian.variables import SynapticPathway
from sbp_brian.targets.recordings import unit_text

__all__ = ["Description", "Part", "describe", "to_latex", "to_markdown"]

_CELLS = (NeuronGroup, PoissonGroup, SpikeGeneratorGroup)
_MONITORS = (EventMonitor, StateMonitor, PopulationRateMonitor)
_GREEK = {"alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "kappa", "lambda", "mu", "nu", "rho", "sigma"}
_GREEK |= {"tau", "phi", "psi", "omega", "Delta", "Theta", "Lambda", "Sigma", "Phi", "Psi", "Omega"}
_ASSIGNED = re.compile(r"^(\w+)\s*([-+*/]?)=(?!=)\s*(.+)$")


@dataclass(frozen=True)
class Part:
    """One table, the equations of one model, or a paragraph.

    Attributes
    ----------
    title : str
    columns : tuple of str
        Of a table; empty for equations.
    rows : tuple of tuple of str
        Plain text; of equations one text in LaTeX each, as it stands in ``align*``.
    text : str
        Of a paragraph, which has neither; formulas in it stand as ``:math:`` has them.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: str = ""


@dataclass(frozen=True)
class Description:
    """All parts of a network, in the order of Nordlie's tables.

    Attributes
    ----------
    title : str
    parts : tuple of Part
    """

    title: str
    parts: tuple[Part, ...]


def describe(network: Network, title: str = "") -> Description:
    """Describe a network.

    Parameters
    ----------
    network : brian2.Network
    title : str

    Returns
    -------
    Description
    """
    objects = sorted(network.objects, key=lambda obj: obj.name)
    cells = [obj for obj in objects if isinstance(obj, _CELLS) and not isinstance(obj, Kernels)]
    synapses = [obj for obj in objects if isinstance(obj, (Synapses, Kernels))]
    inputs = [obj for obj in objects if isinstance(obj, (PoissonGroup, SpikeGeneratorGroup, PoissonInput))]
    monitors = [obj for obj in objects if isinstance(obj, _MONITORS)]
    parts = [
        _summary(cells, synapses, inputs, monitors),
        Part("Populations", ("Name", "Elements", "Size"), tuple((g.name, _kind(g), f"{len(g):,}") for g in cells)),
        Part("Connectivity", ("Name", "Source", "Target", "Pattern"), tuple(_connection(s) for s in synapses)),
        *(Part(f"Neuron model: {g.name}", (), _cell_lines(g)) for g in cells if isinstance(g, NeuronGroup)),
        *(Part(f"Synapse model: {s.name}", (), _synapse_lines(s)) for s in synapses),
        Part("Input", ("Name", "What it is"), tuple((i.name, _input(i)) for i in inputs)),
        Part("Measurements", ("Name", "What is recorded"), tuple((m.name, _measured(m)) for m in monitors)),
        Part("Parameters", ("Object", "Name", "Value as made"), tuple(_parameters([*cells, *synapses]))),
    ]
    return Description(title, tuple(part for part in parts if part.rows))


def _summary(cells: list, synapses: list, inputs: list, monitors: list) -> Part:
    plastic = [s for s in synapses if s.namespace is not None and _plastic(s)]
    rules = dict.fromkeys(filter(None, (getattr(getattr(s, "rule", None), "name", "") for s in synapses)))
    equations = {str(g.user_equations): None for g in cells if isinstance(g, NeuronGroup)}
    rows = (
        ("Populations", ", ".join(g.name for g in cells)),
        ("Topology", "none"),
        ("Connectivity", ", ".join(f"{s.source.name} to {s.target.name}" for s in synapses)),
        ("Neuron models", f"{len(equations)}, see below"),
        ("Synapse models", ", ".join(rules) if rules else f"{len(synapses)}, see below"),
        ("Plasticity", ", ".join(s.name for s in plastic) or "none"),
        ("Input", ", ".join(i.name for i in inputs) or "none of its own"),
        ("Measurements", ", ".join(m.name for m in monitors) or "none"),
    )
    return Part("Model summary", ("", ""), tuple((name, text or "none") for name, text in rows))


def _plastic(synapses: Synapses) -> bool:
    rule = getattr(synapses, "rule", None)
    weight = "w" if rule is None else rule.weight
    found = [code for _, code in _pathways(synapses)]
    return any(match and match[1] == weight for code in found for match in map(_ASSIGNED.match, code.split("\n")))


def _kind(group: Any) -> str:
    return {"PoissonGroup": "Poisson", "SpikeGeneratorGroup": "given spike times"}.get(type(group).__name__, "cells")


def _connection(synapses: Synapses) -> tuple[str, ...]:
    names = synapses.name, synapses.source.name, synapses.target.name
    if isinstance(synapses, Kernels):
        return *names, synapses.convolution.told
    try:
        n = len(synapses)
    except TypeError:
        return *names, "connected when it is built"
    sources, targets = len(synapses.source), len(synapses.target)
    pattern = "all to all" if n == sources * targets else f"{n:,} synapses, {n / targets:.3g} to each target"
    return *names, pattern


def _cell_lines(group: NeuronGroup) -> tuple[tuple[str, ...], ...]:
    lines = [_equation(each) for each in group.user_equations.values()]
    for event, condition in group.events.items():
        lines.append(rf"\text{{{_escaped(event)} where}}\quad & {_latex(condition)}")
        if code := group.event_codes.get(event):
            lines += _code(f"at each {event}", code)
    if group._refractory is not False:
        lines.append(rf"\text{{refractory for}}\quad & {_latex(str(group._refractory))}")
    for when, code in code_beside(group):
        lines += _code(when, code)
    return tuple((line,) for line in lines)


def _synapse_lines(synapses: Synapses) -> tuple[tuple[str, ...], ...]:
    rule = getattr(synapses, "rule", None)  # its equations hold those that Brian2 integrates at events, too
    equations = synapses.equations.values() if rule is None else rule.equations.values()
    lines = [_equation(each) for each in equations]
    for name, code in [*_pathways(synapses), *code_beside(synapses)]:
        lines += _code(name, code)
    return tuple((line,) for line in lines)


def _pathways(synapses: Synapses) -> list[tuple[str, str]]:
    found = []
    for updater in synapses.contained_objects:
        if isinstance(updater, SynapticPathway):
            side = "presynaptic" if updater.prepost == "pre" else "postsynaptic"
            found.append((f"at a {side} {updater.event}", updater.code))
        elif isinstance(updater, KernelPathway):
            found.append((f"at a {updater.side}synaptic {updater.event}", updater.abstract_code))
    return found


def _equation(equation: Any) -> str:
    """One line of ``align*``."""
    name, flags = _symbol(equation.varname), ", ".join(equation.flags)
    unit = unit_text(Quantity(1.0, dim=equation.dim))
    after = ", ".join(filter(None, (f"in {unit}" if unit else "", flags)))
    told = rf" && \text{{{_escaped(after)}}}" if after else ""
    if equation.type == PARAMETER:
        return rf"{name} & \quad\text{{of each}}{told}"
    left = rf"\frac{{\mathrm{{d}}{name}}}{{\mathrm{{d}}t}}" if equation.type == DIFFERENTIAL_EQUATION else name
    return f"{left} &= {_latex(equation.expr.code)}{told}"


def _code(when: str, code: str) -> list[str]:
    """The statements of some code, a line each."""
    lines = []
    for statement in filter(None, (line.partition("#")[0].strip() for line in code.replace(";", "\n").splitlines())):
        before = rf"\text{{{_escaped(when)}:}}\quad " if not lines else ""
        if match := _ASSIGNED.match(statement):
            name, operation, value = match.groups()
            new = f"{name} {operation} ({value})" if operation else value
            lines.append(rf"{before}{_symbol(name)} &\leftarrow {_latex(new)}")
        else:
            lines.append(rf"{before}& \text{{{_escaped(statement)}}}")
    return lines


def _latex(expression: str) -> str:
    """An expression of Brian2's language as LaTeX; as it stands where sympy does not read it."""
    found = to_sympy(expression)
    if found is None:
        return rf"\text{{{_escaped(expression)}}}"
    names = {symbol: _symbol(symbol.name) for symbol in found.atoms(sympy.Symbol)}
    return sympy.latex(found, symbol_names=names, mul_symbol=r"\, ").replace("}_{}{", "}{")


def _symbol(name: str) -> str:
    """A name as it stands in the code: letters with their index, Greek letters as such, words upright."""
    word, _, index = name.partition("_")
    if (len(word) == 1 or word in _GREEK) and index:
        return rf"{_letter(word)}_{{\mathrm{{{_escaped(index)}}}}}"
    return _letter(name) if len(name) == 1 or name in _GREEK else rf"\mathrm{{{_escaped(name)}}}"


def _letter(word: str) -> str:
    return rf"\{word}" if word in _GREEK else word


def _input(source: Any) -> str:
    if isinstance(source, PoissonGroup):
        return f"independent Poisson trains, {len(source):,}, at {rates_of(source)}"
    if isinstance(source, PoissonInput):
        return f"{source.N:,} Poisson trains of {source.rate} onto each cell's {target_of(source)}"
    return f"{len(source):,} cells with given spike times"


def _measured(monitor: Any) -> str:
    if isinstance(monitor, StateMonitor):
        return f"{', '.join(monitor.record_variables)} of {monitor.source.name}, every {monitor.clock.dt}"
    if isinstance(monitor, PopulationRateMonitor):
        return f"rate of {monitor.source.name}"
    what = "times" if monitor.record else "number"
    return f"{what} of each {monitor.event} of {monitor.source.name}"


def _parameters(objects: Iterable[Any]) -> list[tuple[str, str, str]]:
    """A row for each name and value; objects that have both alike stand together."""
    found: dict[tuple[str, str], list[str]] = {}
    for obj in objects:
        for name, value in sorted((obj.namespace or {}).items()):
            if isinstance(value, TimedArray):
                found.setdefault((name, f"values over time, every {value.dt} s"), []).append(obj.name)
            elif np.ndim(value) == 0 and isinstance(value, (int, float, np.number, Quantity)) and str(value) != name:
                found.setdefault((name, str(value)), []).append(obj.name)
        for equation in getattr(obj, "equations", {}).values():
            if equation.type == PARAMETER and {"constant", "shared"} & set(equation.flags):
                found.setdefault((equation.varname, _constant(obj, equation)), []).append(obj.name)
    return [(", ".join(names), name, value) for (name, value), names in found.items()]


def _constant(group: Any, equation: Any) -> str:
    """The value of a variable before the run; of many the smallest and the largest."""
    values = np.asarray(group.variables[equation.varname].get_value())
    if not values.size:
        return "set when it is built"
    low, high = (str(Quantity(end(values), dim=equation.dim)) for end in (np.min, np.max))
    return low if low == high else f"{low} to {high}"


# ------------------------------------------------------------------------------------------------------------- texts
def to_markdown(described: Description) -> str:
    """The description in Markdown, with equations in LaTeX between ``$$``."""
    lines = [f"# {described.title}", ""] if described.title else []
    for before, part in _with_before(described.parts):
        lines += [] if part.title == before else [f"## {part.title}", ""]
        if part.text:
            lines += [_prose(part.text, str, "`{}`".format), ""]
        elif part.columns:
            lines += [_row(part.columns), _row(["---"] * len(part.columns)), *map(_row, part.rows), ""]
        else:
            lines += ["$$", r"\begin{aligned}", _aligned(part.rows), r"\end{aligned}", "$$", ""]
    return "\n".join(lines)


def to_latex(described: Description) -> str:
    """The description in LaTeX: ``tabular`` and ``align*`` (package amsmath)."""
    lines = [rf"\section*{{{_escaped(described.title)}}}", ""] if described.title else []
    for before, part in _with_before(described.parts):
        lines += [] if part.title == before else [rf"\subsection*{{{_escaped(part.title)}}}"]
        if part.text:
            lines += [_prose(part.text, _escaped, lambda code: rf"\texttt{{{_escaped(code)}}}"), ""]
        elif part.columns:
            head = [] if not any(part.columns) else [rf"{' & '.join(map(_escaped, part.columns))} \\ \hline"]
            rows = [" & ".join(map(_escaped, row)) + r" \\" for row in part.rows]
            width = rf"{{{'l' * (len(part.columns) - 1)}p{{0.6\linewidth}}}}"
            lines += [rf"\begin{{tabular}}{width}", r"\hline", *head, *rows, r"\hline", r"\end{tabular}", ""]
        else:
            lines += [r"\begin{align*}", _aligned(part.rows), r"\end{align*}", ""]
    return "\n".join(lines)


def _with_before(parts: Sequence[Part]) -> Iterable[tuple[str, Part]]:
    """Each part, and the title of the one before it, which paragraphs that go on share."""
    return zip(("", *(part.title for part in parts)), parts, strict=False)


def _prose(text: str, plain: Callable[[str], str], code: Callable[[str], str]) -> str:
    """A paragraph of a docstring: its formulas between dollars, its code as `code` has it."""
    found = []
    for k, piece in enumerate(re.split(r"(:math:`[^`]*`|``[^`]*``|`[^`]*`)", text)):
        if k % 2 and piece.startswith(":math:"):
            found.append(f"${piece[7:-1]}$")
        else:
            found.append(code(piece.strip("`")) if k % 2 else plain(piece))
    return "".join(found)


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    return " \\\\\n".join(row[0] for row in rows)


def _row(texts: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", r"\|").replace("\n", " ") for text in texts) + " |"


def _escaped(text: str) -> str:
    """Plain text within LaTeX."""
    text = text.replace("\\", r"\textbackslash ")
    return re.sub(r"([_%&#${}])", r"\\\1", text).replace("^", r"\^{}").replace("~", r"\~{}").replace("\n", " ")
