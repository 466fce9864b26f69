"""What is told of a machine and of code, where the system or the installation tells little."""

import functools
from importlib.metadata import PackageNotFoundError

import pytest

from sbp_brian import children, identity, machine
from sbp_brian.experiments.protocol import Protocol, Source


@pytest.mark.parametrize("text", [None, "Hardware : a board\n"])
def test_a_processor_without_a_name_is_told_by_its_kind(text, monkeypatch):
    class File:
        def __init__(self, _path):
            """Of any path."""

        def read_text(self):
            if text is None:
                raise OSError("no such file")
            return text

    monkeypatch.setattr(machine, "Path", File)
    assert machine.machine()["processor"] == machine.platform.machine()


def test_packages_that_are_absent_have_no_version(monkeypatch):
    found = machine.version

    def version(name):
        if name == "brian2cuda":
            raise PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(machine, "version", version)
    assert set(machine.versions()) == {"python", "sbp_brian", "brian2", "numpy"}


def test_a_process_that_has_gone_keeps_no_account():
    assert children._keeps_account(2**22 + 1) is False  # beyond the largest number of a process


def test_a_package_that_is_not_there_has_no_files():
    assert identity.source_files("no_such_package.within") == []


def run(context, times=1):
    """Nothing."""


def protocol(run):
    return Protocol("own", "Own", Source("Nobody"), {}, run)


def test_the_code_of_a_protocol_is_that_of_its_file_however_its_run_is_bound():
    bound = functools.partial(functools.partial(run, times=2), times=3)
    assert identity.code_of(protocol(bound)) == identity.code_of(protocol(run))


def test_the_code_of_a_protocol_without_a_file_is_what_its_run_does():
    codes = set()
    for number in (1, 2):
        space = {"__name__": "typed_at_a_prompt"}
        exec(f"def run(context):\n context.metric('n', {number})", space)
        codes.add(identity.code_of(protocol(space["run"])))
        assert identity.code_of(protocol(space["run"])) in codes
    assert len(codes) == 2


def test_an_import_of_a_protocol_that_is_not_there_does_not_count(tmp_path):
    def code(text):
        path = tmp_path / "own.py"
        path.write_text(text)
        space = {"__name__": "own"}
        exec(compile(text, str(path), "exec"), space)
        assert identity.code_of(protocol(space["run"]))
        return [name for name, _ in identity._imported(path)]

    text = (
        "try:\n  import sbp_brian.protocols.of_another_version\nexcept ImportError:\n  pass\ndef run(context): pass\n"
    )
    assert code(text) == ["own.py"]
