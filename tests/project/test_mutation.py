"""What `make mutation` names is there: files, tests, and the lines of mutants that nothing can notice."""

import importlib.util
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tool():
    spec = importlib.util.spec_from_file_location("mutation_tool", ROOT / "tools" / "mutation.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize("name", list(tool().GROUPS))
def test_files_and_tests_of_a_group_are_there(name):
    group = tool().GROUPS[name]
    for pattern in (*group.files, *group.tests):
        assert list(ROOT.glob(pattern)), pattern
    module, _, function = group.first.rpartition(".x_")
    assert f"def {function.split('__mutmut')[0]}(" in (ROOT / f"{module.replace('.', '/')}.py").read_text()


def test_mutants_that_nothing_can_notice_are_of_the_code_as_it_is():
    for entry in tomllib.loads((ROOT / "tools" / "equivalent.toml").read_text())["mutant"]:
        lines = [line.strip() for line in (ROOT / f"{entry['module'].replace('.', '/')}.py").read_text().splitlines()]
        assert set(entry["was"].splitlines()) <= set(lines), entry["was"]
        assert entry["was"] != entry["became"]
        assert entry["why"]
