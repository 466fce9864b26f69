"""Signals that ask for an end: heeded in the main thread alone, once, and not lost where Python drops exceptions."""

import signal
import threading
from types import SimpleNamespace

import pytest

from sbp_brian import interruption
from sbp_brian.interruption import heeded, undisturbed

HEEDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def usual():
    """The handlers that Python begins with, in the main thread."""
    assert threading.current_thread() is threading.main_thread()
    before = [signal.signal(number, signal.SIG_DFL) for number in HEEDED]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in zip(HEEDED, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("within", [heeded, undisturbed])
def test_in_other_threads_handlers_stay_as_they_are(within):
    seen = []

    def work():
        with within():
            seen.extend(signal.getsignal(number) for number in HEEDED)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler, signal.SIG_DFL, signal.SIG_DFL]
    with within():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL


def test_what_a_closed_terminal_sends_twice_is_one_request(monkeypatch):
    now = SimpleNamespace(at=100.0)
    monkeypatch.setattr(interruption, "time", SimpleNamespace(monotonic=lambda: now.at))
    monkeypatch.setattr(interruption, "_last", {"number": int(signal.SIGINT), "at": 0.0})
    with heeded():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
        now.at += 1.0
        signal.raise_signal(signal.SIGTERM)  # the same request: nothing
        now.at += 1.5
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)


class Freed:
    """An object that raises an error when it is freed, where Python drops it."""

    def __init__(self, error):
        self.error = error

    def __del__(self):
        raise self.error


def test_a_ctrl_c_while_an_object_is_freed_is_sent_again(monkeypatch, capsys):
    sent = []
    monkeypatch.setattr(interruption, "again", lambda: sent.append("again"))
    with heeded():
        Freed(KeyboardInterrupt())
        assert sent == ["again"]
        assert capsys.readouterr().err == ""
        Freed(ValueError("of the object"))
    assert sent == ["again"]
    assert "ValueError: of the object" in capsys.readouterr().err
