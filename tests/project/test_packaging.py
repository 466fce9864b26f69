"""The package as users get it: a wheel and a source archive, in an environment that holds nothing else of it."""

import configparser
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import brian2
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from platformdirs import user_cache_dir

ROOT = Path(__file__).parents[2]


def run(*command, cwd, **environment):
    return subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env={**os.environ, **environment},
        text=True,
        capture_output=True,
        check=False,
    )


#: What conda calls otherwise than pip.
CALLED = {"matplotlib-base": "matplotlib"}


def test_the_environment_of_conda_asks_for_what_pip_asks_for():
    asked = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")

    def listed(text):
        return {CALLED.get(r.name, r.name): r.specifier for r in map(Requirement, text)}

    ours = listed(line for line in setup["options"]["install_requires"].splitlines() if line)
    digits = listed(line for line in setup["options.extras_require"]["digits"].splitlines() if line)
    packages = [entry for entry in asked["dependencies"] if isinstance(entry, str)]
    python = next(entry for entry in packages if entry.startswith("python="))
    others = listed(entry for entry in packages if entry not in (python, "pip", "make", "gxx_linux-64"))
    assert others == ours | digits, "the digits are there too"
    assert SpecifierSet(setup["options"]["python_requires"]).contains(python.removeprefix("python="))
    assert asked["dependencies"][-1] == {"pip": ["."]}, "the package itself, by pip, last"
    assert "conda-forge" in asked["channels"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Source archive, and the wheel made from it."""
    out = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.tar.gz")), next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def clean(built, tmp_path_factory):
    """An environment with the wheel and, by a path, the installed dependencies; the checkout is not on it."""
    folder = tmp_path_factory.mktemp("clean") / "env"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    done = run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-deps",
        "--no-index",
        "--quiet",
        built[1],
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    site = next((folder / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(f"{Path(brian2.__file__).parent.parent}\nimport setuptools\n")
    return folder


def sources():
    """The files of the package, where they lie in the repository."""
    folders = ("sbp_brian", "models", "protocols", "figures", "recipes")
    tracked = run("git", "ls-files", *folders, cwd=ROOT)
    if tracked.returncode:  # not a git checkout
        files = [p for folder in folders for p in (ROOT / folder).rglob("*") if p.is_file()]
        return {str(p.relative_to(ROOT)) for p in files if "__pycache__" not in p.parts}
    return {name for name in tracked.stdout.split() if (ROOT / name).is_file()}


def test_the_wheel_holds_every_file(built):
    sdist, wheel = built
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    expected = {name if name.startswith("sbp_brian/") else f"sbp_brian/{name}" for name in sources()}
    assert len(expected) > 40
    assert "sbp_brian/py.typed" in expected
    assert expected <= inside
    assert not [name for name in inside if name.startswith(("tests/", "docs/", "benchmarks/"))]
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"LICENSE", "README.md", "CITATION.cff", "CONTRIBUTING.md", "setup.cfg"} | sources() <= names


def test_the_wheel_works_from_any_folder(clean, tmp_path):
    python = clean / "bin" / "python"
    code = (
        "import sbp_brian as sbp, sbp_brian.models.sbp_network as m; sbp.RetrogradeSBP, sbp.pair_stdp, sbp.Simulation; "
        "print(sbp.__file__, m.__file__)"
    )
    where = run(python, "-c", code, cwd=tmp_path)
    assert where.returncode == 0, where.stderr
    assert all(str(clean) in path for path in where.stdout.split()), where.stdout
    listed = run(clean / "bin" / "sbp", "list", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert "tao-2000" in listed.stdout
    # no data beside this copy: the sample that a dependency ships, named as such
    quick = [
        "-s",
        "epochs=1",
        "-s",
        "train_samples=200",
        "-s",
        "validation_samples=50",
        "-s",
        "test_samples=50",
        "-s",
        "hidden=20",
    ]
    ran = run(
        clean / "bin" / "sbp",
        "run",
        "mnist",
        *quick,
        "--out",
        tmp_path / "out",
        cwd=tmp_path,
        SBP_DATA=str(tmp_path),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
        SBP_CACHE=os.environ.get("SBP_CACHE", user_cache_dir("sbp_brian")),
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "embedded sample" in ran.stdout
    report = run(clean / "bin" / "sbp", "report", tmp_path / "out", cwd=tmp_path)
    assert report.returncode == 0, report.stderr
