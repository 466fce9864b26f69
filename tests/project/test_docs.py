"""What README and docs show is run as it stands there."""

import re
from pathlib import Path

import pytest

from sbp_brian import targets

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/guide.md", "docs/stdbp.md", "docs/artificial.md", "docs/decolle.md"]


def blocks(page):
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run_in_order(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    targets.use("numpy")
    names = {"__name__": "page"}
    found = blocks(page)
    assert found
    for block in found:
        exec(compile(block, page, "exec"), names)
    if page == "docs/guide.md":
        moved = (names["result"]["inputs.w"] != 0.3).sum()
        assert moved == 4, "a proportion of 0.4 of ten inputs"
        assert (names["blocked"]["inputs.w"] <= 0.3).all()
    elif page == "docs/stdbp.md":
        assert names["history"][-1].validation > 0.75, "a linear classifier reaches 0.64"
        assert len(found[-1].splitlines()) < 40
    elif page == "docs/artificial.md":
        score = {arm: min(values) for arm, values in names["score"].items()}
        assert score["weighted/activity"] > 0.93 > max(names["score"]["frozen"])
        assert names["low"] > 0
        assert len(found[-1].splitlines()) < 40
    elif page == "docs/decolle.md":
        votes = names["votes"]
        assert (votes.argmax(0) == names["truth"]).mean() > 0.7, "chance is a third"
        assert len(found[-1].splitlines()) < 40
    else:
        from brian2 import ms

        names["network"].run(1 * ms, namespace={})


def test_links_between_pages_lead_somewhere():
    for page in [*PAGES, *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text()):
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"
