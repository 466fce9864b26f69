"""Scripts that docs/biology.md shows."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "biology.md"


def example(heading=""):
    """``main`` of the first script of the page, or of the first one after a heading; each is short."""
    page = PAGE.read_text(encoding="utf-8")
    code = re.search(re.escape(heading) + r".*?```python\n(.*?)```", page, re.DOTALL)[1]
    assert len(code.splitlines()) < 40
    names = {"__name__": "example"}
    exec(compile(code, "docs/biology.md", "exec"), names)
    return names["main"]
