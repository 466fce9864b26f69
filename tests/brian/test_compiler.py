"""Flags that a compiler does not know are left out, however they are asked for."""

import pytest
from brian2.codegen import cpp_prefs

from sbp_brian.brian import compiler
from sbp_brian.targets.compiling import compiler_command

FLAGS = ["-w", "-O3", "-ffast-math", "-std=c++11"]


@pytest.fixture
def asked(monkeypatch):
    """The flags that are asked for one by one."""
    found, has_flag = [], compiler.has_flag
    monkeypatch.setattr(cpp_prefs, "_compiler_flag_compatibility", {})
    monkeypatch.setattr(compiler, "has_flag", lambda one, flag: (found.append(flag), has_flag(one, flag))[1])
    return found


def test_flags_that_all_are_known_are_asked_for_together(asked):
    compiler_command()
    assert compiler.known_flags(FLAGS) == FLAGS
    assert not asked


def test_where_one_is_not_known_each_is_asked_for(asked):
    assert compiler.known_flags([*FLAGS[:2], "-fno-such-flag", *FLAGS[2:]]) == FLAGS
    assert len(asked) == 5
