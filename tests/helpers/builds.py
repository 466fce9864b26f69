"""How many pieces of code the tests have Cython compile: from an empty cache, each is some seconds of work."""

import sys
from hashlib import sha256

import pytest

#: That the tests not marked slow may have together. How to share them: CONTRIBUTING, "Tests".
MOST = 36


def telling(create, tell):
    """What makes an extension of a text, and first calls `tell` with the text."""

    def create_extension(code, *args, **kwds):
        tell(code)
        return create(code, *args, **kwds)

    return create_extension


class Builds:
    """A plugin of pytest: counts the texts that Cython is given, in all workers; more than `MOST` are a failure."""

    def __init__(self, config):
        self.config = config
        self.texts = {}  # digest -> the test that first asked for it
        self._test = None

    @property
    def too_many(self):
        """Whether the tests that are fast by default have more than they may."""
        return "not slow" in self.config.option.markexpr and len(self.texts) > MOST

    def told(self):
        """One line, and where there are too many how many each test asked for first."""
        tests = list(self.texts.values())
        counts = sorted({(tests.count(test), test) for test in tests}, reverse=True)
        lines = [f"Cython: {len(tests)} pieces of code, each compiled once, for {len(counts)} tests."]
        if self.too_many:
            lines += [
                f"At most {MOST} are meant to be; share them, or mark a test slow.",
                *(f"{n:4} {test}" for n, test in counts),
            ]
        return lines

    def count(self, text):
        """Remember a text."""
        self.texts.setdefault(sha256(text.encode()).hexdigest(), self._test)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        self._test = item.nodeid
        yield

    def pytest_collection_finish(self):
        module = sys.modules.get("brian2.codegen.runtime.cython_rt.extension_manager")
        if module is None:  # no test needs Brian2
            return
        manager = module.cython_extension_manager
        manager.create_extension = telling(manager.create_extension, self.count)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.texts |= getattr(node, "workeroutput", {}).get("cython_texts", {})

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session):
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["cython_texts"] = self.texts
        elif self.too_many and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.texts:
            for line in self.told():
                terminalreporter.line(line, red=self.too_many)
