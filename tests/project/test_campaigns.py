"""The campaigns: their short forms find nothing, and each finds the fault that it is for."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from campaigns import calls, catalogue, files, kept, kills, nest, networks, running, soak
from campaigns.bad_values import misspelled
from campaigns.base import Case, Outcome
from campaigns.child import Ended, forked
from campaigns.kills import Undisturbed
from campaigns.scenarios import SCENARIOS
from campaigns.summary import summary
from sbp_brian.errors import SettingError
from sbp_brian.targets import Simulation
from tests.reference import nest_run, retrograde_cases

ROOT = Path(__file__).parents[2]
NAMES = [name for name in catalogue.NAMES if name != "nest" or nest_run.WHEELS]
WELL = Ended(0, "", 0, 0.1, 0.1, False, ())


def test_the_short_forms_find_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "campaigns", *NAMES, "--short", "--workers", "0", "--out", tmp_path],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
    assert set(found) == set(NAMES), done.stderr[-2000:]
    assert {name: each["failures"] for name, each in found.items()} == {name: [] for name in found}
    assert done.returncode == 0
    assert all(each["held"] == each["n"] >= 5 for each in found.values())


@pytest.mark.parametrize("name", ["kills", "calls", "files", "networks", "nest", "soak"])
def test_a_case_follows_from_the_seed_and_its_index(name):
    draw = catalogue.get(name).draw
    few, more, other = draw(0, 5), draw(0, 150)[:5], draw(1, 150)[:5]
    assert [case.index for case in few] == list(range(len(few)))
    if name != "soak":  # whose first case is a hundred runs, or fewer
        assert [case.told for case in few] == [case.told for case in more]
        assert [case.told for case in few] != [case.told for case in other]
    assert [case.told for case in more] == [case.told for case in draw(0, 150)[:5]]


def test_a_summary_tells_how_a_failure_comes_back():
    cases = [Case(k, "ab"[k % 2], f"case {k}") for k in range(4)]
    outcomes = {0: Outcome(0, measured={"s": 0.25}), 1: Outcome(1, "it breaks", {"s": 1.5}), 2: Outcome(2)}
    found = summary(catalogue.get("calls"), 7, cases, outcomes, 3.0)
    assert (found["n"], found["held"]) == (4, 2)
    assert found["kinds"] == {"a": {"n": 2, "held": 2}, "b": {"n": 2, "held": 0}}
    assert found["worst"] == {"s": 1.5}
    assert [failure["index"] for failure in found["failures"]] == [1, 3]
    assert found["failures"][0]["again"] == "python -m campaigns calls --seed 7 --only 1"
    assert "no outcome" in found["failures"][1]["why"]


@pytest.mark.parametrize(("minutes", "n"), [(0.0, 2), (10.0, 5)])
def test_a_campaign_ends_in_time_and_tells_how_many_cases_that_were(minutes, n, monkeypatch):
    campaign = replace(
        calls.CAMPAIGN,
        draw=lambda seed, n: [Case(k, "a", f"case {k}") for k in range(n)],
        check=lambda cases, place: [Outcome(case.index, "no" * (case.index == 1)) for case in cases],
        chunk=2,
    )
    monkeypatch.setattr(catalogue, "get", lambda name: campaign)
    said = []
    found = running.run(campaign, 5, workers=0, minutes=minutes, say=said.append)
    assert (found["n"], found["held"]) == (n, n - 1)
    assert ("0 minutes have passed: 3 cases are left out" in said) == (n < 5)


def test_a_campaign_that_was_stopped_goes_on_where_it_was(tmp_path, monkeypatch):
    asked = []

    def check(cases, place):
        asked.extend(case.index for case in cases)
        return [Outcome(case.index, "no" * (case.index == 1), {"s": float(case.index)}) for case in cases]

    campaign = replace(
        calls.CAMPAIGN, draw=lambda seed, n: [Case(k, "a", f"case {k}") for k in range(n)], check=check, chunk=2
    )
    monkeypatch.setattr(catalogue, "get", lambda name: campaign)
    monkeypatch.setattr(kept, "commit", lambda: "abc1234")
    options = dict(workers=0, say=lambda text: None, keep=tmp_path)
    assert running.run(campaign, 5, minutes=0.0, **options)["n"] == 2
    found = running.run(campaign, 5, **options)
    assert asked == [0, 1, 2, 3, 4]
    assert (found["n"], found["held"], found["worst"]) == (5, 4, {"s": 4.0})
    assert running.run(campaign, 5, seed=1, **options)["n"] == 5
    assert asked == [0, 1, 2, 3, 4] * 2, "another seed has other cases"
    monkeypatch.setattr(kept, "commit", lambda: "abc1234+")
    with pytest.raises(SettingError, match="changed since"):
        running.run(campaign, 5, **options)


# ----------------------------------------------------------------------------------------------------------- children
def test_a_child_is_bounded_and_told():
    assert forked(lambda: 6 * 7, 10).value == 42
    assert "ZeroDivisionError" in forked(lambda: 1 / 0, 10).error
    began = time.perf_counter()
    late = forked(lambda: time.sleep(60), 0.2)
    assert (late.late, late.value) == (True, None)
    assert time.perf_counter() - began < 10
    assert forked(lambda: len(bytearray(os.urandom(1)) * (100 << 20)), 10).mib > 80
    assert "MemoryError" in forked(lambda: bytearray(300 << 20), 10, mib=100).error
    killed = forked(lambda: time.sleep(60), 10, signal_after=(0.1, signal.SIGKILL))
    assert (killed.status, killed.late) == (-signal.SIGKILL, False)


def test_processes_that_a_child_leaves_are_found(tmp_path):
    def leave():
        environment = {**os.environ, "PLACE": str(tmp_path)}
        subprocess.Popen(["sleep", "60"], start_new_session=True, env=environment)

    left = forked(leave, 10, mark=str(tmp_path)).left
    assert len(left) == 1
    state = Path(f"/proc/{left[0]}/stat")
    assert not state.is_file() or state.read_text().rpartition(")")[2].split()[0] in "ZX"


# -------------------------------------------------------------------------------------------------------------- kills
def test_the_signal_comes_at_the_file_operation_that_was_drawn(tmp_path):
    def work():
        kills._count(tmp_path, 4, signal.SIGKILL)
        for k in range(10):
            open(tmp_path / f"{k}", "w").close()

    assert forked(work, 10).status == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 3


@pytest.fixture
def place(tmp_path):
    for name in ("out", "cache", "data", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "output").write_text("Error: it is broken\n")
    return tmp_path


def judged(place, which="KILL", stopped=WELL, again=WELL, left=(), result=None, paths=frozenset()):
    wanted = Undisturbed(result or {}, set(paths), set(), 10, 0.1)
    return kills._wrong(which, stopped, set(left), again, SCENARIOS["training in batches"], place, wanted)


def test_what_a_kill_leaves_is_told(place):
    assert judged(place) == ""
    assert judged(place, again=replace(WELL, value=1)) == "the second run ended with 1: Error: it is broken"
    assert judged(place, result={"clips": []}) == "the second run differs from the undisturbed one in clips"
    assert judged(place, paths={"out/lost"}) == "lacks out/lost"
    (place / "out" / ".run.5.new").mkdir()
    assert judged(place) == "left behind: out/.run.5.new"
    assert judged(place, "TERM", stopped=replace(WELL, left=(7,))) == "1 processes went on after TERM"
    assert judged(place, "TERM", left={"tmp/a"}) == "TERM left tmp/a"
    assert "did not end" in judged(place, "TERM", stopped=replace(WELL, late=True))


# -------------------------------------------------------------------------------------------------------------- calls
def test_a_call_that_is_accepted_or_refused_badly_is_told():
    def refused(error):
        def act():
            raise error

        return calls._refusal(act, ("rate", "speed"))[0]

    assert calls._refusal(lambda: None, ("rate",))[0] == "it is accepted in silence"
    assert refused(SettingError("rate must be a number")) == ""
    assert refused(SettingError("speed must be a number")) == ""
    assert refused(SettingError("give a number")).startswith("the message does not name rate")
    assert refused(SettingError("rate must be\na number")) == "the message has 2 lines"
    assert refused(KeyError("rate")) == "an error of another kind: KeyError: 'rate'"


def test_a_call_that_keeps_memory_is_told():
    kept = []
    assert calls._growth(lambda: kept.append(np.ones(1 << 19))) > 10
    assert calls._growth(lambda: None) < 2


def test_what_a_command_says_is_judged(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert calls._command(("run", "nonesuch"))[0] == ""
    assert calls._command(("list",))[0].startswith("it ends with status 0")


def test_no_misspelled_name_is_a_name():
    from campaigns.library_calls import CALLS

    for call in CALLS:
        names = {**call.sorts, **call.wrong}
        assert not {misspelled(name) for name in names} & set(names)


def test_each_bad_call_is_wrong_by_its_one_argument():
    from campaigns.library_calls import CALLS

    for call in CALLS:
        if call.name not in ("Training", "NumpyTraining", "load_nettalk"):  # which train, or need the data
            call.act(**call.good)


# -------------------------------------------------------------------------------------------------------------- files
def test_a_reader_that_fails_in_a_way_of_its_own_is_told():
    def act(error):
        raise error

    assert files._ended(lambda: "a1") == ("read", "a1")
    assert files._ended(lambda: act(SettingError("no"))) == ("refused", "no")
    assert files._ended(lambda: act(EOFError("no"))) == ("foreign", "EOFError: no")


def test_what_is_read_as_something_else_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_attempt", lambda *_: (lambda: "other", "valid", "name", "flip"))
    case = Case(0, "arrays.npz", "", {"kind": "arrays.npz", "instead": None, "chosen": 1})
    assert files.check(case, tmp_path).why == "flip: it is read as something else"


# ----------------------------------------------------------------------------------------------------------- networks
def test_a_network_that_differs_from_the_reference_is_told():
    case = networks.short()[0]
    assert next(networks.compare([case], ["numpy"])).why == ""
    network = case.given["network"]
    options = {**network.options, "rate": network.options["rate"] * (1 + 1e-6)}
    make = partial(retrograde_cases.network, [replace(network, options=options)], seed=0)
    duration = retrograde_cases.STEPS * retrograde_cases.DT
    result = Simulation(make, duration, target="numpy", dt=retrograde_cases.DT).run(seed=1)
    assert "from the reference" in networks._judge(case, {"numpy": result}, 0).why


# --------------------------------------------------------------------------------------------------------------- nest
def test_a_weight_that_differs_from_nest_is_told():
    case = nest.draw(0, 1)[0]
    assert nest.judge(case, [[0.5, 0.4]], [np.array([0.5, 0.4])]).why == ""
    assert nest.judge(case, [[0.5, 0.4]], [np.array([0.5, 0.4 + 1e-9])]).why == "it is 1e-09 from NEST"


# --------------------------------------------------------------------------------------------------------------- soak
def test_growth_is_told():
    cases = [Case(k, "run", f"runs {k}") for k in range(6)]
    still = {"MiB": 100.0, "open files": 5, "threads": 2}
    assert not any(outcome.why for outcome in soak.judge(cases, [still] * 6))
    grown = [{**still, "MiB": 100 + 6.0 * k} for k in range(6)]
    assert [bool(outcome.why) for outcome in soak.judge(cases, grown)] == [False] * 6
    grown = [{**still, "MiB": 100 + 15.0 * k} for k in range(6)]
    assert "MiB from 145 to 175" in list(soak.judge(cases, grown))[-1].why
    opened = [{**still, "open files": 5 + (k > 4)} for k in range(6)]
    assert [outcome.why for outcome in soak.judge(cases, opened)][-1] == "open files from 5 to 6"


def test_what_a_process_holds_is_counted(tmp_path):
    (tmp_path / "tmp").mkdir()
    before = soak.counts(tmp_path)
    (tmp_path / "tmp" / "file").touch()
    with open(tmp_path / "tmp" / "file") as _:
        after = soak.counts(tmp_path)
    assert after["open files"] == before["open files"] + 1
    assert after["temporary files"] == before["temporary files"] + 1
    assert before["MiB"] > 10
