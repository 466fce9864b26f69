"""Digests by content: equal for equal content in any process, different for any difference that counts."""

import functools
import subprocess
import sys
from dataclasses import dataclass, field

import numpy as np
import pytest
from brian2 import ms, mV, second

from sbp_brian import identity, protocols
from sbp_brian.identity import code_of, digest, library_code, noting, used
from sbp_brian.models.sbp_network import SBPNetwork


def one(x=1):
    return x + HELPED


def two(x=1):
    return x - HELPED


HELPED = 3


@dataclass
class Described:
    rate: float = 1.0
    seen: int = field(default=0, compare=False)


class Plain:
    def __init__(self, value):
        self.value = value


def closing(value):
    def inner():
        return value

    return inner


DIFFERENT = [
    1, 1.0, "1", True, None, b"1", [1], [1, 2], [[1], 2], {"a": 1}, {"a": 2}, {"b": 1}, {1}, {1, 2},
    np.arange(3), np.arange(3.0), np.arange(3).reshape(1, 3), np.arange(3) * ms, np.arange(3) * mV,
    one, two, functools.partial(one, 2), functools.partial(one, 3), Described(), Described(2.0), Plain(1), Plain(2),
    closing(1), closing(2), SBPNetwork(), SBPNetwork(n_hidden=3), SBPNetwork().initial, SBPNetwork(n_hidden=3).initial,
    np.argmax, np.argmin,
]  # fmt: skip


def test_other_content_has_another_digest():
    digests = [digest(value) for value in DIFFERENT]
    assert len(set(digests)) == len(digests)


def test_equal_content_has_the_same_digest():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(np.arange(6).reshape(2, 3).T) == digest(np.arange(6).reshape(2, 3).T.copy())
    assert digest(1000 * ms) == digest(1 * second)
    assert digest(SBPNetwork()) == digest(SBPNetwork())
    assert digest(Described(1.0, 5)) == digest(Described(1.0, 6)), "what is not compared does not count"
    assert digest(Plain([1, 2])) == digest(Plain([1, 2]))
    itself = Plain(0)
    itself.value = itself
    digest(itself)  # ends


def test_what_a_function_refers_to_counts(monkeypatch):
    before = digest(one)
    monkeypatch.setitem(globals(), "HELPED", 4)
    assert digest(one) != before


def test_digests_are_the_same_in_another_process():
    code = (
        "from sbp_brian.identity import digest, library_code; from sbp_brian.models.sbp_network import SBPNetwork; "
        "print(digest(SBPNetwork().trial_model().make, {'b', 'a'}), library_code())"
    )
    here = [digest(SBPNetwork().trial_model().make, {"a", "b"}), library_code()]
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        )
        assert run.stdout.split() == here


def test_code_is_that_of_the_protocol_and_what_it_imports():
    tao, mnist = (protocols.get(name) for name in ("tao-2000", "mnist"))
    assert code_of(tao) != code_of(mnist)
    assert code_of(tao) == code_of(protocols.get("tao-2000"))


def test_code_of_a_file_of_ones_own(tmp_path):
    file, beside = tmp_path / "mine.py", tmp_path / "helped_by.py"
    beside.write_text("x = 1\n")
    file.write_text(
        "from sbp_brian.experiments.protocol import Protocol, Source\n\n\ndef run(context):\n    import helped_by\n\n\n"
        "PROTOCOL = Protocol('mine', 'Mine', Source('Nobody'), {}, run)\n"
    )
    first = code_of(protocols.get(str(file)))
    assert code_of(protocols.get(str(file))) == first
    beside.write_text("x = 2\n")
    assert code_of(protocols.get(str(file))) != first


def test_the_code_that_shows_results_does_not_count():
    names = {name.split("/")[0] for name, _ in identity.source_files("sbp_brian")}
    assert set(identity.SHOWING) <= names


def test_what_is_used_is_noted_where_somebody_listens():
    used("nobody/listens", "x", "1")
    with noting() as outer:
        used("a", "A", "1")
        with noting() as inner:
            used("b", "B", "2")
        used("a", "A", "3")
    assert outer.data == {"a": {"what": "A", "digest": "3"}}
    assert inner.data == {"b": {"what": "B", "digest": "2"}}


@pytest.mark.parametrize(
    ("earlier", "now", "said"),
    [
        ({"seed": 1}, {"seed": 2}, ["other seed (1 instead of 2)"]),
        ({"labels": "0" * 16}, {"labels": "1" * 16}, ["other labels"]),
        ({"rates": {"a": 1}}, {"rates": {"a": 2}}, ["other rates"]),
        (
            {"code": "a" * 16},
            {"code": "b" * 16, "versions": {"sbp_brian": "1"}},
            ["other code (aaaaaaaaaaaaaaaa instead of bbbbbbbbbbbbbbbb of version 1)",
             "other versions (sbp_brian unknown instead of 1)"],
        ),
        ({"data": {"d": {"what": "x", "digest": "1"}}}, {"data": {"d": {"what": "y", "digest": "1"}}}, []),
        ({"data": {}}, {"data": {"d": {"what": "y", "digest": "1"}}}, ["other data (d: nothing instead of y)"]),
    ],
)  # fmt: skip
def test_differences_are_said_in_words(earlier, now, said):
    assert identity.differences(earlier, now) == said
