"""What is asked of all biological protocols alike: bad input at the command line, blockers, convergence, the manual."""

from dataclasses import dataclass

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import biology_checks
from benchmarks.biology_checks import NAMES, converged, halved
from sbp_brian.__main__ import main
from sbp_brian.experiments.parameters import Parameters
from sbp_brian.experiments.protocol import Context
from sbp_brian.protocols.biology import bi_poo_1998, du_poo_2004
from sbp_brian.protocols.biology.reporting import report_change
from tests.helpers.manual import example


@dataclass
class Recorded:
    """What an experiment recorded of one synapse that stays as it was."""

    changes: np.ndarray

    def change(self, condition, synapse):
        return self.changes

    def noise_free(self, condition, synapse):
        return np.zeros_like(self.changes)


@pytest.mark.parametrize(
    ("seeds", "told"),
    [
        (1, "One seed has no spread, and 'no change' is judged without it; take -s seeds=10 or more."),
        (3, "3 seeds are too few to tell 'no change' from a change: some bands are wider than 25%"),
        (40, None),
    ],
)
def test_too_few_seeds_are_said_as_such(seeds, told, tmp_path):
    context = Context(Parameters({}, {}), "numpy", 0, tmp_path)
    recorded = Recorded(np.linspace(-0.05, 0.05, seeds))
    for name in ("A->G", "D->B"):
        report_change(context, name, recorded, "LTP", name, "none", "control")
    report_change(context, "A->B", recorded, "LTP", "A->B", "up", "abstract")
    if told is None:
        assert not context.notes
    else:
        (note,) = context.notes
        assert note.startswith(told)


#: A user's own experiment, with one line to go wrong.
OWN = """from brian2 import ms, pA, second, um
from sbp_brian.models.circuits import SPREAD, culture_sbp
from sbp_brian.experiments.protocol import Protocol, Source
from sbp_brian.protocols.biology.experiment import Condition, Experiment
from sbp_brian.retrograde.transport import Chain


def run(context):
    {line}


PROTOCOL = Protocol(name="mine", title="mine", source=Source("mine"), parameters={{}}, run=run)
"""


def refused(*args) -> str:
    """The one line with which ``sbp run`` fails."""
    result = CliRunner(env={"COLUMNS": "120"}).invoke(main, ["run", *map(str, args)], prog_name="sbp")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize(
    ("name", "setting", "message"),
    [
        ("tao-2000", "interval=1500ms", "the pairing interval 1.5 s is longer than the period 1. s"),
        (
            "tao-2000",
            "interval=250ms",
            "the pairing interval 250. ms is longer than the 200. ms that are simulated finely",
        ),
        ("fitzsimonds-1997", "interval=1500ms", "the pairing interval 1.5 s is longer than the period 1. s"),
        (
            "bi-poo-1998",
            "intervals=1500,10,20,-10,-20,-30",
            "the pairing interval 1.5 s is longer than the period 1. s",
        ),
        (
            "zhang-1998",
            "intervals=1500,10,20,-10,-20,-30",
            "the pairing interval 1.498 s is longer than the period 1. s",
        ),
        ("bi-poo-1999", "control=1500ms", "pulses 1.5 s apart and a route of 140. ms do not end within 0.4 s"),
        ("tao-2000", "period=5ms", "longer than the period of 5. ms"),
        ("du-2009", "length=-700", "length = -700.0 um is out of range; it must be between 10.0 and 5000.0 um"),
        ("du-2009", "velocity=-1", "velocity = -1.0 um/s is out of range; it must be between 0.01 and 10.0 um/s"),
        ("du-2009", "velocities=-1um/s,2um/s", "velocities = -1.0 um/s is out of range"),
        ("du-poo-2004", "trkb=1.5", "trkb = 1.5 is out of range; it must be between 0.0 and 1.0"),
        ("sbp-predictions", "shares=-0.1", "shares = -0.1 is out of range; it must be between 0.0 and 1.0"),
        *((name, "seeds=0", "seeds = 0 is out of range; it must be between 1 and 1000") for name in NAMES),
    ],
)
def test_bad_parameters_at_the_command_line(tmp_path, name, setting, message):
    assert message in refused(name, "-s", setting, "--out", tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "SPREAD.synapse('A->D')",
            "the circuit has no synapse 'A->D'; it has A->B, I->A, J->A, A->C, A->G, D->B, B->E, H",
        ),
        (
            "Experiment(SPREAD, 'numpy').run([Condition('x', {}, strengths={'A->D': 9*pA})])",
            "no synapse 'A->D'; it has A",
        ),
        ("Condition('x', {}, nmda=1.5)", "condition 'x': nmda = 1.5 is outside [0, 1]; 0 is a full block, 1 is none"),
        ("Condition('x', {}, length=-5*um)", "length = -5. * umetre is not a positive length; give one such as 150*um"),
        ("culture_sbp(transport=Chain(length=150*um, velocity=-1*um/second))", "velocity must be positive and finite"),
        ("Experiment(SPREAD, 'numpy').run([Condition('x', {})], seeds=0)", "seeds = 0; give at least one"),
        (
            "Experiment(SPREAD, 'numpy').run([Condition('x', {'A': 0*ms, 'B': 2*second})])",
            "longer than the period 1. s",
        ),
    ],
)
def test_what_goes_wrong_in_ones_own_experiment(tmp_path, line, message):
    file = tmp_path / "own.py"
    file.write_text(OWN.format(line=line))
    assert message in refused(file, "--out", tmp_path)


def test_negative_controls_are_always_among_the_conditions():
    tried = [condition.name for condition in bi_poo_1998.conditions((5, 10, 20), (100,))]
    for control in (
        "GABAergic target",
        "NMDA receptors blocked",
        "no postsynaptic spikes",
        "retrograde signal blocked",
        "three-hop chain",
    ):
        assert {f"+10 ms, {control}", f"-10 ms, {control}"} <= set(tried)


def test_blocks_of_trkb_are_named_by_what_they_leave():
    assert [du_poo_2004.blocked(left) for left in (0.0, 0.125, 0.5, 1.0)] == [
        "TrkB blocked",
        "12.5% of TrkB",
        "50% of TrkB",
        "BDNF",
    ]


def test_the_blocker_of_the_manual(capsys):
    recordings = example("## A blocker of your own")(target="numpy")
    assert len(capsys.readouterr().out.splitlines()) == 4
    full, half, none = (recordings.noise_free(name, "I->A").mean() for name in ("control", "50% in A", "0% in A"))
    assert (none, full > 0.2, 0.3 * full < half < 0.8 * full) == (0, True, True)
    assert recordings.noise_free("0% in B", "I->A").mean() == pytest.approx(full, abs=0.03)
    assert recordings.noise_free("0% in A", "A->C").mean() > 0.1


def test_which_steps_are_halved():
    assert {name: halved(name) for name in ("tao-2000", "tsodyks-1998", "turrigiano-1998")} == {
        "tao-2000": {"step": 0.25, "tick": 0.5},
        "tsodyks-1998": {"step": 0.5},
        "turrigiano-1998": {"tick": 300},
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--seeds", "3", "tao-2000", "du-2009"], (["tao-2000", "du-2009"], 3)),
        (["tao-2000"], (["tao-2000"], 10)),
        ([], (NAMES, 10)),
    ],
)
def test_the_command_takes_names_and_seeds(monkeypatch, given, expected):
    called = []
    monkeypatch.setattr(biology_checks, "targets", lambda *arguments: called.append(arguments))
    monkeypatch.setattr("sys.argv", ["biology_checks", "targets", *given])
    biology_checks.main()
    assert called == [expected]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_halving_the_time_steps_changes_no_entry_of_a_table(tmp_path, name):
    """0.2 percentage points; times by 5 s, or 0.2 ms."""
    record, found = converged(name, 10, tmp_path)
    assert not [row["name"] for row in record.metrics if row["verdict"] == "outside"]
    for unit, (difference, entry) in found.items():
        assert difference <= {"min": 5 / 60}.get(unit, 0.2), entry
