r"""A model that numpy computes without a network of Brian2, as its file tells it: nothing of it is imported.

Its equations and tables are those of the module's docstring, its parameters with their defaults those of its class.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from sbp_brian.errors import ExportError
from sbp_brian.export.described import Description, Part

__all__ = ["told"]

_MATH = ".. math::"
_RULER = re.compile(r"^=+( +=+)+$")
_ENTRY = re.compile(r"^([\w, *]+?) : (.+)$")


def told(source: str, title: str) -> Description:
    """What the text of a model's file says of it.

    Parameters
    ----------
    source : str
        The file's Python code.
    title : str

    Returns
    -------
    Description

    Raises
    ------
    ExportError
        The file has no docstring.
    """
    tree = ast.parse(source)
    if not (text := ast.get_docstring(tree)):
        raise ExportError(f"{title}: the model's file has no docstring to describe it by; write one")
    summary = (("Computed by", "numpy, a batch of samples at a time; it has no network in Brian2"),)
    parts = [Part("Model summary", ("", ""), summary), *_sections(text)]
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and (rows := _parameters(node)):
            parts.append(Part(f"Parameters: {node.name}", ("Name", "Type", "Default", "What it is"), tuple(rows)))
            break
    return Description(title, tuple(parts))


def _sections(text: str) -> Iterator[Part]:
    """Paragraphs, equations and tables of a docstring, in their order."""
    for block in re.split(r"\n\s*\n", _equations_apart(text)):
        lines = [line for line in block.splitlines() if line.strip()]
        if lines[0].startswith(_MATH):
            body = " ".join([lines[0][len(_MATH) :], *lines[1:]]).strip()
            yield Part("Equations", (), tuple((line.strip(),) for line in body.split("\\\\")))
        elif _RULER.match(lines[0]):
            yield _table(lines)
        else:
            prose = " ".join(map(str.strip, lines))
            yield Part("Sources" if re.match(r"Sources?\b", prose) else "What it is", (), (), prose)


def _equations_apart(text: str) -> str:
    """The lines of each equation as one block, though empty lines stand within."""
    return re.sub(rf"({re.escape(_MATH)}[^\n]*)\n\s*\n(?=    )", r"\1\n", text)


def _table(lines: list[str]) -> Part:
    """A simple table of reStructuredText; a row without its first cell goes on with the one before."""
    starts = [found.start() for found in re.finditer("=+", lines[0])]
    cuts = [slice(start, end) for start, end in zip(starts, [*starts[1:], None], strict=True)]
    cells = [[line[cut].replace("`", "").strip() for cut in cuts] for line in lines if not _RULER.match(line)]
    head, *rows = cells
    whole: list[list[str]] = []
    for row in rows:
        if row[0]:
            whole.append(row)
        else:
            whole[-1] = [f"{before} {more}".strip() for before, more in zip(whole[-1], row, strict=True)]
    return Part(f"By {head[0]}", tuple(head), tuple(map(tuple, whole)))


def _parameters(node: ast.ClassDef) -> Iterator[tuple[str, str, str, str]]:
    """Name, type, default and meaning of each parameter of a class, by its docstring."""
    text = ast.get_docstring(node) or ""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-+\n|\Z)", text, re.MULTILINE | re.DOTALL)
    defaults = _defaults(node)
    for entry in re.split(r"\n(?=\S)", section[1].strip("\n")) if section else ():
        head, _, meaning = entry.partition("\n")
        names, kind = found.groups() if (found := _ENTRY.match(head)) else (head, "")
        meaning = " ".join(meaning.replace("`", "").split())
        for name in names.split(", "):
            yield name, kind.replace("`", ""), defaults.get(name.strip("*"), ""), meaning


def _defaults(node: ast.ClassDef) -> dict[str, str]:
    """Of the fields of a dataclass, or of what makes the object, as they are written."""
    found = {}
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and each.value is not None:
            found[ast.unparse(each.target)] = ast.unparse(each.value)
        elif isinstance(each, ast.FunctionDef) and each.name == "__init__":
            given = each.args.args[len(each.args.args) - len(each.args.defaults) :]
            found |= {arg.arg: ast.unparse(value) for arg, value in zip(given, each.args.defaults, strict=True)}
    return found
