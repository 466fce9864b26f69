"""The doctor finds what is there and names the remedy for what is not."""

import sys

import pytest

from sbp_brian.cli import doctor


@pytest.fixture
def by_name():
    return {check.name: check for check in doctor.checks()}


def test_this_machine_is_well(by_name):
    for name in ("Python", "brian2", "numpy", "C++ compiler", "cache folder"):
        assert by_name[name].ok, by_name[name]
        assert by_name[name].found
        assert not by_name[name].remedy
    assert not by_name["nvcc"].required
    assert not by_name["brian2cuda"].required
    assert any(name.startswith("data: ") for name in by_name)


def test_all_lacks_have_a_remedy(by_name):
    for check in by_name.values():
        assert check.ok or check.remedy, check


def test_no_compiler(monkeypatch):
    monkeypatch.setenv("CXX", "/nowhere/g++")
    check = next(c for c in doctor.checks() if c.name == "C++ compiler")
    assert not check.ok
    assert check.required
    assert "install g++" in check.remedy


def test_a_compiler_that_does_not_compile(monkeypatch, tmp_path):
    broken = tmp_path / "g++"
    broken.write_text(
        "#!/bin/sh\n[ \"$1\" = --version ] && echo broken 1.0 && exit\necho 'fatal error: no iostream' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    check = next(c for c in doctor.checks() if c.name == "C++ compiler")
    assert not check.ok
    assert check.found == "broken 1.0: fatal error: no iostream"
    assert "reinstall g++" in check.remedy


def test_a_cache_that_is_a_file(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SBP_CACHE", str(tmp_path / "file"))
    check = next(c for c in doctor.checks() if c.name == "cache folder")
    assert not check.ok
    assert "SBP_CACHE" in check.remedy


def test_old_packages_are_told(monkeypatch):
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: "1.9.2")
    check = next(c for c in doctor.checks() if c.name == "brian2")
    assert not check.ok
    assert check.remedy == "pip install 'brian2>=2.10'"


def test_a_check_that_fails_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, "sbp_brian.datasets", None)
    check = next(c for c in doctor.checks() if c.name == "data")
    assert not check.ok
    assert not check.required
