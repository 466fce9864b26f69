"""The public face: all that it names is there and documented, nothing is imported before it is asked for."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import sbp_brian as sbp

PACKAGES = [sbp, sbp.models]
NAMES = [(package, name) for package in PACKAGES for name in package.__all__]


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(("package", "name"), NAMES, ids=[f"{p.__name__}.{n}" for p, n in NAMES])
def test_every_name_is_there_and_documented(package, name):
    found = getattr(package, name)
    assert name in dir(package)
    if name == "__version__":
        assert found.count(".") == 2
        return
    text = inspect.getdoc(found)
    assert text
    assert not text.startswith(f"{name}("), "a dataclass's signature is no docstring"


def test_the_docstring_tells_every_name():
    assert not [name for name in sbp.__all__ if f"`{name}`" not in sbp.__doc__ and name != "__version__"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_type_checkers_see_the_same_names(package):
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    told = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert {*told, "__version__"} == {*package.__all__, "__version__"}
    for name, (module, own) in told.items():
        __import__(module)
        home = sys.modules[module]
        assert getattr(package, name) is getattr(home, own), f"{name} comes from elsewhere at run time"


def test_importing_it_imports_nothing_heavy():
    done = run(
        "import sys, sbp_brian\n"
        "heavy = {'brian2', 'numpy', 'scipy', 'matplotlib', 'click', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "sbp_brian.models\n"
        "assert 'brian2' not in sys.modules"
    )
    assert done.returncode == 0, done.stderr


def test_the_first_line_of_a_script():
    done = run("from sbp_brian import RetrogradeSBP, SynapseRule, pair_stdp\nprint(RetrogradeSBP(), pair_stdp())")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("package", "name", "nearest"), [(sbp, "RetrogradSBP", "RetrogradeSBP"), (sbp.models, "SBPNetwrk", "SBPNetwork")]
)
def test_an_unknown_name_is_refused_with_the_nearest(package, name, nearest):
    with pytest.raises(
        AttributeError, match=f"{package.__name__}' has no attribute '{name}'; did you mean '{nearest}'"
    ):
        getattr(package, name)
    assert not hasattr(package, "__nothing__")


def test_the_module_is_the_command():
    outputs = [
        subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
        for command in ([sys.executable, "-m", "sbp_brian"], [Path(sys.executable).with_name("sbp")])
    ]
    assert outputs[0].split()[-1] == outputs[1].split()[-1] == sbp.__version__


def test_every_error_is_one_of_ours():
    for name in sbp.errors.__all__:
        error = getattr(sbp.errors, name)
        if isinstance(error, type) and name != "Interrupted":
            assert issubclass(error, sbp.errors.SBPError), name


BUILT_IN = {"ValueError", "TypeError", "RuntimeError", "KeyError", "IndexError", "Exception", "OSError"}


def test_every_refusal_is_one_of_our_errors():
    """Beside ours: what Python asks for of ``__getattr__`` and ``__getitem__``, and abstract methods."""
    root, wrong = Path(__file__).parents[2], []
    for room in ("sbp_brian", "models", "protocols", "figures"):
        for path in sorted((root / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                    name = getattr(node.exc.func, "id", "")
                    if name in BUILT_IN and not (name == "KeyError" and path.name == "parameters.py"):
                        wrong.append(f"{path.relative_to(root)}:{node.lineno} raises {name}")
    assert not wrong
