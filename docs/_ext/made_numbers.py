"""Leave the comments by which numbers and tables are made (tools/tables.py) out of the pages of the site."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"<!--/?(?:r|given)\b.*?-->|<!-- (?:results: [\w-]+|end) -->\n?", re.DOTALL)


def without(text: str) -> str:
    """A page without them."""
    return _COMMENT.sub("", text)


def _read(app, name: str, source: list[str]) -> None:
    source[0] = without(source[0])


def _included(app, relative_path, parent_name, content: list[str]) -> None:
    content[0] = without(content[0])


def setup(app):
    """Sphinx calls this."""
    app.connect("source-read", _read)
    app.connect("include-read", _included)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
