"""How the house of the tests stands: they mirror the rooms, and none imports another."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
SHARED = ("tests.helpers", "tests.reference")


def imported(tree):
    """The modules that a file imports, in full; a name taken from a package counts as a module of it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_test_imports_another():
    wrong = []
    for path in sorted(TESTS.rglob("*.py")):
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            shared = f"{name}.".startswith(tuple(f"{room}." for room in SHARED))
            if name.split(".")[0] == "tests" and not shared:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong, "what tests share lives in tests/helpers: " + "; ".join(wrong)


def test_every_room_of_tests_is_one_of_the_house():
    rooms = {p.name for p in (ROOT / "sbp_brian").iterdir() if p.is_dir()} | {
        "models",
        "protocols",
        "figures",
        "examples",
    }
    own = {p.name for p in TESTS.iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    assert own <= rooms | {"helpers", "reference", "project"}
