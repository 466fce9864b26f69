"""What README and docs show is run as it stands there."""

import itertools
import pkgutil
import re
import runpy
from pathlib import Path
from urllib.parse import urlsplit

import brian2
import matplotlib.pyplot as plt
import numpy as np
import pytest

import sbp_brian as sbp
from sbp_brian import figures, protocols, recipes, targets
from sbp_brian.experiments import sweep
from tests.helpers import made_records
from tests.helpers.nest_settings import with_coincidences_of_nest

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "docs/tutorial.md",
    "docs/theory.md",
    *sorted(f"docs/guide/{path.name}" for path in (ROOT / "docs" / "guide").glob("*.md")),
    "docs/from_brian2.md",
    "docs/stdbp.md",
    "docs/artificial.md",
    "docs/decolle.md",
    "docs/nest.md",
    "docs/findings.md",
    "docs/mnist.md",
]
#: Pages whose blocks have a test of their own, since they need more than the page says.
ELSEWHERE = {"docs/biology.md": "tests/helpers/manual.py", "docs/cuda.md": __file__, "docs/sweep.md": __file__}


DOCS = [
    path.relative_to(ROOT).as_posix() for room in ("docs", "docs/guide") for path in sorted((ROOT / room).glob("*.md"))
]
ALL = ["README.md", "CONTRIBUTING.md", *DOCS]


def blocks(page):
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def test_no_block_of_code_is_left_out():
    assert {page for page in ALL if blocks(page)} == {*PAGES, *ELSEWHERE}
    for page, where in ELSEWHERE.items():
        assert Path(page).name in (ROOT / where).read_text(encoding="utf-8")


def test_the_trainings_of_the_page_on_cuda_run_side_by_side(tmp_path, monkeypatch):
    """On numpy, which runs them one after the other: two of them, of few samples."""
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("docs/cuda.md")
    for before, now in (('target="cuda"', 'target="numpy"'), ("range(16)", "range(1)"), ("epochs=3", "epochs=1")):
        assert before in block
        block = block.replace(before, now)
    rng = np.random.default_rng(1)
    images, labels = rng.integers(0, 255, (9, 784), dtype=np.uint8), rng.integers(0, 10, 9)
    names = {"samples": sbp.Samples(images, labels, 10, *np.split(np.arange(9), 3))}
    exec(compile(block, "docs/cuda.md", "exec"), names)
    assert [len(history) for history in names["histories"]] == [1, 1]


def test_the_sweep_of_the_page_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("docs/sweep.md")
    scores = np.array([[0.9, 0.92], [0.8, 0.84]])
    made_records.run(tmp_path / "results", protocol="sweep", arrays={"validation_accuracy": scores})
    names = {}
    exec(compile(block, "docs/sweep.md", "exec"), names)
    np.testing.assert_allclose(names["mean"], [0.91, 0.82])


@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run_in_order(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    targets.use("numpy")
    step = brian2.defaultclock.dt
    names = {"__name__": "page"}
    found = blocks(page)
    assert found
    try:
        for block in found:
            exec(compile(block, page, "exec"), names)
    finally:
        targets.use("numpy")
        brian2.defaultclock.dt = step
        plt.close("all")
    if page == "README.md":
        assert len(found[0].splitlines()) <= 25
        assert capsys.readouterr().out.strip() in (ROOT / page).read_text(), "what it prints stands below it"
        own, other = names["chain"].w[:] - 1
        assert own == pytest.approx(other * names["sbp"].rate, rel=1e-9)
        assert other == pytest.approx(19 * 0.02 * np.exp(-10 / 20), rel=0.01), "a trace of 0.02 after 10 ms, 19 times"
        assert Path("spread.svg").stat().st_size > 5000
    elif page == "docs/tutorial.md":
        assert names["plain"][0] == names["blocked"][0] == 0
        assert names["spread"][0] == pytest.approx(names["spread"][1] / 2)
        assert names["right"]["SBP"][-1] > 0.9
        assert names["right"]["SBP"][-3:].mean() > names["right"]["blocked"][-3:].mean() + 0.1
        assert Path("learning.svg").exists()
    elif page == "docs/theory.md":
        for report, angle in names["angles"].items():
            assert angle == pytest.approx(names["predicted"][report], abs=1), report
    elif page == "docs/guide/signal.md":
        assert names["moved"].sum() == 4, "a proportion of 0.4 of ten inputs"
    elif page == "docs/guide/targets.md":
        change = names["result"]["chain.w"] - 1
        assert change[0] == pytest.approx(change[1] / 2, rel=1e-6)
        assert change[1] > 0.2
        assert names["blocked"]["chain.w"][0] == 1
    elif page == "docs/guide/experiments.md":
        changes = [record.metric("A->B")["value"] for record in names["read_records"]("results", "three-cells")]
        assert len(set(changes)) == 4
        assert all(path.stat().st_size > 1000 for path in names["paths"])
    elif page == "docs/guide/export.md":
        assert names["spikes"].groupby("cell").size().to_dict() == {0: 5, 1: 5, 2: 5}, "every 10 ms ln 6"
        with np.load(names["path"]) as arrays:
            assert len(arrays.files) > 3
    elif page == "docs/guide/training.md":
        learned, found = names["training"].learned, names["again"].learned
        assert len(names["again"].history) == 1
        assert all(np.array_equal(learned[name], found[name]) for name in learned)
    elif page == "docs/guide/records.md":
        assert names["row"]["verdict"] == "within"
    elif page == "docs/from_brian2.md":
        assert names["into"].w[:].max() > 0.2, "the inputs followed the outputs"
        assert names["recurrent"].w[:].max() > 0, "what the third factor changed has come back"
        cuba = next(block for block in found if "4000" in block)
        assert len(cuba.splitlines()) == 12
        assert names["M"].num_spikes > 1000
        assert names["Ce"].retro_rate == 0.1
        assert names["Ce"].w[:].mean() > 1.0001 * 1.62 * names["mV"]
    elif page == "docs/stdbp.md":
        assert names["history"][-1].validation > 0.75, "a linear classifier reaches 0.64"
        assert len(found[-1].splitlines()) < 40
    elif page == "docs/artificial.md":
        score = {arm: min(values) for arm, values in names["score"].items()}
        assert score["weighted/activity"] > 0.93 > max(names["score"]["frozen"])
        assert names["low"] > 0
        assert len(found[-1].splitlines()) < 40
    elif page == "docs/decolle.md":
        assert (names["answers"] == names["truth"]).mean() > 0.7, "chance is a third"
        assert len(found[-1].splitlines()) < 40
    elif page == "docs/nest.md":
        tested = with_coincidences_of_nest(names["ours"])
        for side in ("on_pre", "on_post", "schedule"):
            assert getattr(names["as_in_nest"], side) == getattr(tested, side)
    elif page == "docs/findings.md":
        size = [np.abs(x).mean() / np.sqrt((x**2).mean()) for x in (names["weights"], names["errors"][:4])]
        angle = names["angles"]
        assert angle["mixed signs", "one bit"] == pytest.approx(np.degrees(np.arccos(size[0] * size[1])), abs=1)
        assert angle["mixed signs", "sign(w) dw"] == pytest.approx(np.degrees(np.arccos(size[0])), abs=1)
        assert min(angle["Dale's law", report] for report in ("one bit", "sign(w) dw", "dw")) > 80


#: Pages that `make docs` and `make docs-check` write; those check the links to them.
MADE = {ROOT / "docs/figures/index.rst", ROOT / "docs/networks/index.rst"}


def test_links_between_pages_lead_somewhere():
    for page in ALL:
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text()):
            place = (ROOT / page).parent / target
            assert place in MADE or place.exists(), f"{page}: {target}"


#: Where addresses and DOIs stand: pages, notebooks, citation, docstrings and recipes.
CITING = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "environment.yml", "pyproject.toml")
] + sorted(
    path
    for room in ("docs", "sbp_brian", "models", "protocols", "figures", "recipes", "examples")
    for path in (ROOT / room).rglob("*")
    if path.suffix in (".md", ".py", ".ipynb", ".toml") and "upstream" not in path.parts
)
_ADDRESS = re.compile(r"\bhttps?://[^\s\"'`<>|]+")
#: Data sets of which there is no address with https.
OLD_ADDRESSES = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)


def test_addresses_of_other_places_are_whole_and_encrypted():
    found = {
        (address.rstrip(".,;:)]}"), path.relative_to(ROOT).as_posix())
        for path in CITING
        for address in _ADDRESS.findall(path.read_text(encoding="utf-8"))
        if not set(address) & set("{\\") and not re.match(r"https?://(localhost|127|host|example)", address)
    }
    assert len(found) > 10
    for address, where in found:
        if address.startswith(OLD_ADDRESSES):
            continue
        parts = urlsplit(address)
        assert parts.scheme == "https", f"{where}: {address} is not encrypted"
        assert re.fullmatch(r"[\w-]+(\.[\w-]+)+", parts.netloc), f"{where}: {address}"


def test_every_doi_can_be_one_and_is_spelled_alike_everywhere(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    from dois import DOI

    spelled = {}
    for path in CITING:
        text, where = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        for told in re.findall(r"\bdoi:\s?10\.[^.\s][^\s\"]*", text):
            assert DOI.match(told), f"{where}: {told}"
        for doi in [*DOI.findall(text), *re.findall(r"https://doi\.org/([^\s)>\"'`{]+[\w])", text)]:
            spelled.setdefault(doi.lower(), set()).add(doi)
    assert len(spelled) > 40
    assert not [forms for forms in spelled.values() if len(forms) > 1]


def test_a_doi_ends_where_its_sentence_does(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    from dois import linked

    text = "See (A 2003, doi:10.1016/S0896-6273(03)00761-X), and doi:10.1523/JNEUROSCI.20-09-03233.2000."
    parts = linked(text)
    assert "".join(part.astext() for part in parts) == text
    assert [part["refuri"] for part in parts[1::2]] == [
        "https://doi.org/10.1016/S0896-6273(03)00761-X",
        "https://doi.org/10.1523/JNEUROSCI.20-09-03233.2000",
    ]


@pytest.fixture(scope="module")
def tables():
    return runpy.run_path(str(ROOT / "tools" / "tables.py"))


def test_tables_are_those_of_the_committed_results(tables):
    for page in tables["PAGES"]:
        text = page.read_text(encoding="utf-8")
        assert tables["render"](text) == text, f"{page.name} is not up to date: make tables"


def test_a_number_in_the_text_is_made_too(tables):
    text = '<!--r score("mnist")-->1 %<!--/r--> and <!--r count("mnist")-->2<!--/r--> seeds'
    made = tables["render"](text)
    assert re.sub("<!--.*?-->", "", made) == f"{tables['score']('mnist')} and 5 seeds"
    assert tables["render"](made) == made


def test_a_recipe_names_the_pages_that_have_its_numbers(tables, monkeypatch):
    used, page, read = {}, "", recipes.result

    def noted(name):
        used.setdefault(name, set()).add(page)
        return read(name)

    every = recipes.entries()
    monkeypatch.setattr(recipes, "result", noted)
    monkeypatch.setattr(recipes, "entries", tuple)  # the list of older ones reads them all
    for path in tables["PAGES"]:
        page = path.relative_to(ROOT).as_posix()
        tables["render"](path.read_text(encoding="utf-8"))
    assert {entry.name: set(entry.shown) for entry in every if not entry.pending} == used
    assert not any(entry.shown for entry in every if entry.pending), "no page has numbers that nobody has measured"


def test_no_line_begins_with_a_number_that_is_made(tables):
    for page in tables["PAGES"]:  # Markdown would take the line for a block of HTML
        assert not re.findall(r"^\s*<!--r .*", page.read_text(encoding="utf-8"), re.MULTILINE), page.name


def test_every_block_has_an_end_and_every_template_a_page(tables):
    pages = [page.read_text(encoding="utf-8") for page in tables["PAGES"]]
    begun = re.findall(r"<!-- results: ([\w-]+) -->", "".join(pages))
    assert len(begun) == len(set(begun)) == "".join(pages).count("<!-- end -->")
    assert sorted(begun) == sorted(path.stem for path in tables["TEMPLATES"].glob("*.md"))


def test_numbers_are_written_as_in_a_paper(tables, monkeypatch):
    from sbp_brian.experiments.results import Number, Result

    cells = {
        "": {
            "test_accuracy": Number(0.98284, n=2, sd=0.00079, by_seed={"0": 0.9827, "1": 0.983}, verdict="within"),
            "A->B, blocked": Number(-0.0021, by_seed={"0": -0.0021}, verdict="pattern only"),
            "I->A, blocked": Number(0.4, by_seed={"0": 0.4}, verdict="outside"),
        },
        "deep": {"test_cosine": Number(0.9081, n=3, sd=0.0011, rounded_to=0.001)},
    }
    monkeypatch.setattr(recipes, "result", lambda name: Result(name, {"commit": "abc"}, cells))
    assert tables["score"]("x") == "98.28 \u00b1 0.08 %"
    assert tables["score"]("x", "deep") == "0.908 \u00b1 0.001"
    assert tables["seeds"]("x") == "98.27, 98.30"
    assert tables["number"]("x", "A->B, blocked", scale=100, digits=1, sign=True) == "\u22120.2"
    assert tables["holds"]("x", ", ") == "1 of 2"
    assert tables["gain"]("x", "", "x", "deep") == "7.5"
    assert tables["at"]("x") == "measured at abc"
    assert tables["cells"]("x") == ["", "deep"]
    assert tables["cells"]("x", "de") == ["deep"]


def commands(page):
    """Every ``sbp run`` and ``sbp sweep`` of a page that is no pattern, as words."""
    text = (ROOT / page).read_text(encoding="utf-8")
    fences = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = "".join(fences).replace("\\\n", " ").splitlines()
    lines += [" ".join(code.split()) for code in re.findall(r"`(sbp (?:run|sweep) [^`]*)`", _without_fences(text))]
    names = dict(re.findall(r'^(\w+)="(.*)"$', "\n".join(lines), re.MULTILINE))
    for line in lines:
        words = [names.get(word.lstrip("$"), word) for word in line.split("#")[0].split()]
        line = " ".join(words)
        words = line.split()
        if words[:1] == ["sbp"] and words[1] in ("run", "sweep") and not re.search(r"\b[A-Z]{2,}|\.py\b", line):
            yield words[1:]


def _without_fences(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def test_enough_commands_are_found():
    assert sum(1 for page in ALL for _ in commands(page)) > 45


@pytest.mark.parametrize("page", ALL)
def test_the_commands_of_a_page_are_accepted_and_have_no_parameter_without_effect(page):
    for verb, name, *words in commands(page):
        given = dict(words[k + 1].split("=", 1) for k, word in enumerate(words) if word == "-s")
        size = next((word[2:] for word in words if word in ("--quick", "--full")), "default")
        if name == "--recipe":
            recipes.get(words[0])
            continue
        protocol = protocols.get(name)
        if verb == "run":
            protocol.resolve(size, **given)
            continue
        declared, used = protocol.declared(), set()
        found = {key: sweep.values(key, declared[key], text) for key, text in given.items()}
        for chosen in itertools.product(*found.values()):
            asked = protocol.effective(size, **dict(zip(found, chosen, strict=True)))
            protocol.resolve(size, **asked)
            used |= set(asked)
        assert used >= set(given), f"{page}: {name} has no use for {set(given) - used}"


@pytest.mark.parametrize("page", ALL)
def test_an_option_named_in_the_text_is_one_of_a_protocol(page):
    known = {name for protocol in protocols.entries() for name in protocols.get(protocol.name).declared()}
    text = _without_fences((ROOT / page).read_text(encoding="utf-8"))
    for code in re.findall(r"`(-s [^`]*)`", text):
        for name in re.findall(r"-s\s+(\w+)=", code):
            assert name in known | {"name"}, f"{page}: -s {name}="


@pytest.mark.parametrize("page", ALL)
def test_modules_and_files_named_in_the_text_are_there(page):
    text = _without_fences((ROOT / page).read_text(encoding="utf-8"))
    for name in re.findall(r"`(sbp_brian(?:\.\w+)+)`", text):
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError) as error:
            pytest.fail(f"{page}: {name}: {error}")
    for name in re.findall(r"`((?:sbp_brian|models|protocols|figures|tests|benchmarks)/[\w/.]*)`", text):
        assert (ROOT / name).exists(), f"{page}: {name}"


def test_every_public_name_is_in_the_reference():
    listed = set(re.findall(r"^   ([\w.]+)$", (ROOT / "docs/api.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(sbp.__all__) - {"__version__", "datasets", "errors", "models"} <= listed
    for name in listed:
        pkgutil.resolve_name(f"sbp_brian.{name}")


def test_every_page_has_a_place_in_the_contents():
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    trees = re.findall(r"^```{toctree}\n(.*?)^```", index, re.MULTILINE | re.DOTALL)
    placed = {line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")}
    pages = {page.removeprefix("docs/").removesuffix(".md") for page in DOCS} - {"index"}
    assert pages <= placed


def test_every_figure_of_the_gallery_names_what_makes_it(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    import galleries

    assert set(galleries.SHOWS) <= set(figures.names())
    for name in figures.names():
        told = galleries.command(name)
        assert f"sbp figures {name}" in told, name
