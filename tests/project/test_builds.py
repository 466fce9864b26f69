"""The tests tell how many pieces of code Cython compiled for them, and fail where there are too many."""

from types import SimpleNamespace

import pytest
from brian2.codegen.runtime.cython_rt.extension_manager import cython_extension_manager

from tests.helpers import builds


@pytest.fixture
def counted(monkeypatch):
    """A count of its own, of code that nobody compiles."""
    monkeypatch.setattr(cython_extension_manager, "create_extension", lambda code, *args, **kwds: code)
    counted = builds.Builds(SimpleNamespace(option=SimpleNamespace(markexpr="not slow and not browser")))
    counted.pytest_collection_finish()
    return counted


def compile_for(counted, test, texts):
    running = counted.pytest_runtest_protocol(SimpleNamespace(nodeid=test))
    next(running)
    for text in texts:
        assert cython_extension_manager.create_extension(text) == text


def status(counted):
    session = SimpleNamespace(exitstatus=pytest.ExitCode.OK)
    counted.pytest_sessionfinish(session)
    return session.exitstatus


def test_equal_texts_count_once(counted):
    compile_for(counted, "one", ["a", "b", "a"])
    compile_for(counted, "other", ["b", "c"])
    assert counted.told() == ["Cython: 3 pieces of code, each compiled once, for 2 tests."]
    assert status(counted) == pytest.ExitCode.OK


def test_too_many_are_a_failure_that_names_the_tests(counted):
    compile_for(counted, "one", map(str, range(builds.MOST)))
    assert status(counted) == pytest.ExitCode.OK
    compile_for(counted, "other", ["one more"])
    assert status(counted) == pytest.ExitCode.TESTS_FAILED
    assert counted.told()[2:] == [f"{builds.MOST:4} one", "   1 other"]
    counted.config.option.markexpr = "slow"
    assert status(counted) == pytest.ExitCode.OK, "slow tests may have more"


def test_workers_tell_theirs(counted):
    compile_for(counted, "one", ["a", "b"])
    counted.config.workeroutput = {}
    status(counted)
    whole = builds.Builds(SimpleNamespace(option=SimpleNamespace(markexpr="not slow")))
    whole.pytest_testnodedown(SimpleNamespace(workeroutput=counted.config.workeroutput))
    whole.pytest_testnodedown(SimpleNamespace())  # a worker that broke down
    assert set(whole.texts.values()) == {"one"}
    assert len(whole.texts) == 2
