"""Link what a page cites as ``doi:10...`` to where a DOI leads; in a heading it stays text."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

#: A DOI as papers are cited by it; it ends before the sign that ends a sentence or a bracket.
DOI = re.compile(r"doi:\s?(10\.\d{4,9}/(?:[\w./;:-]|\([\w-]+\))*[\w/])")
_STAYS = (nodes.reference, nodes.literal, nodes.literal_block, nodes.title, nodes.math, nodes.raw)


class Dois(SphinxPostTransform):
    """Puts the links in."""

    default_priority = 700

    def run(self, **_kwargs) -> None:
        """See `SphinxPostTransform`."""
        for text in list(self.document.findall(nodes.Text)):
            if DOI.search(text) and not _within(text, _STAYS):
                text.parent.replace(text, linked(str(text)))


def linked(text: str) -> list[nodes.Node]:
    """The text in parts, its DOIs as links."""
    parts: list[nodes.Node] = []
    end = 0
    for found in DOI.finditer(text):
        parts.append(nodes.Text(text[end : found.start()]))
        parts.append(nodes.reference("", found[0], refuri=f"https://doi.org/{found[1]}", internal=False))
        end = found.end()
    return [part for part in (*parts, nodes.Text(text[end:])) if part.astext()]


def _within(node: nodes.Node, kinds: tuple[type, ...]) -> bool:
    while node := node.parent:
        if isinstance(node, kinds):
            return True
    return False


def setup(app):
    """Sphinx calls this."""
    app.add_post_transform(Dois)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
