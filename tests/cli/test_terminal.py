"""What commands print: tables that lose nothing where the terminal is narrow, records shown, names completed."""

import json
import re
from dataclasses import replace

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner
from rich.console import Console

from sbp_brian import datasets
from sbp_brian.__main__ import CATALOGUE, main
from sbp_brian.cli import tables
from sbp_brian.cli.main import command_line
from sbp_brian.experiments import records
from sbp_brian.figures.base import Figure, new
from sbp_brian.report import text
from tests.helpers import made_records
from tests.helpers.commands import DEMO, refused, sbp

ROWS = [
    ("A->B", 0.418, "read: abstract; percentage not known", [0.378, 0.478], "within", 20),
    ("I->A", 0.27, "read: abstract; percentage not known", None, "pattern only", 20),
    ("A->B, pairing with a GABAergic target", 0.006, "control of the model", None, "pattern only", 20),
    ("I->A, pairing with a GABAergic target", 0.002, "control of the model", None, "outside", 20),
    ("a_quantity_of_a_very_long_name_that_nobody_would_shorten", 8, "", None, "no reference", 8),
]


@pytest.fixture
def record(tmp_path):
    made = made_records.run(tmp_path)
    made.metrics = [
        {
            "name": name,
            "value": value,
            "unit": "",
            "spread": None if n == 8 else 0.05,
            "spread_kind": None if n == 8 else "sd",
            "n": n,
            "paper_value": "increase" if verdict == "within" else None,
            "provenance": provenance,
            "band": band,
            "verdict": verdict,
            **({"pattern": "none", "tolerance": 0.04} if "," in name else {}),
        }
        for name, value, provenance, band, verdict, n in ROWS
    ]
    return made


def printed(record, width):
    screen = Console(width=width, record=True, file=open("/dev/null", "w"), highlight=False)  # noqa: SIM115
    tables.results(record, screen)
    return screen.export_text()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_tables_lose_nothing_and_are_not_wider_than_the_terminal(record, width):
    shown = printed(record, width)
    assert max(map(len, shown.splitlines())) <= width
    assert "\u2026" not in shown
    together = re.sub(r"\s+", "", shown)
    for row in record.metrics:
        name, value, published, _, accepted, provenance = text.cells(row)
        for part in (*name.split(", "), value.rpartition(" (SD")[0] or value, published, accepted, provenance):
            assert part == "\u2013" or re.sub(r"\s+", "", part) in together, (part, width)
        assert text.MARKS[row["verdict"]] in shown
    for once in ("read: abstract; percentage not known", "pairing with a GABAergic target", "n = 20 runs"):
        assert together.count(re.sub(r"\s+", "", once)) == 1, once


def test_spreads_over_several_numbers_of_runs_are_said_in_each_row(record):
    record.metrics[1]["n"] = 10
    shown = printed(record, 200)
    assert "(SD, n = 20 runs)" in shown
    assert "(SD, n = 10 runs)" in shown
    assert "where nothing else" not in shown


def narrow(*args, columns):
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(main, [str(a) for a in args], prog_name="sbp")


@pytest.mark.parametrize("columns", [60, 80])
def test_a_run_fits_and_tells_how_to_see_it(columns, tmp_path):
    out = tmp_path / "r"
    done = narrow("run", DEMO, "--target", "numpy", "--out", out, columns=columns)
    assert done.exit_code == 0, done.output
    lines = [line for line in done.stdout.splitlines() if str(tmp_path) not in line]
    assert max(map(len, lines)) <= columns
    assert "Picture" not in done.stdout  # it has no figures
    words = re.sub(r"\s+", " ", " ".join(lines))
    assert "Values against their bands and patterns: \u2713 1 within, \u2248 1 pattern only" in words
    (folder,) = (path.parent for path in out.glob("demo/*/record.json"))
    shown = narrow("show", folder, columns=columns)
    assert shown.exit_code == 0, shown.output
    assert "Parameters: pairs 60, delay 10.0 ms, wait 0.0, outcome good" in re.sub(r"\s+", " ", shown.output)
    assert "no figure is drawn from this record alone" in shown.output


class Figures(dict):
    """Figures by name, two of those of mnist: one needs another record as well."""

    def __init__(self):
        needs = {"mnist-learning": ("mnist",), "artificial": ("mnist", "nettalk")}
        drawn = {name: Figure(name, "", "", own, lambda records: new()[0]) for name, own in needs.items()}
        super().__init__(drawn)

    def names(self):
        return tuple(self)

    def get(self, name):
        return self[name]


def test_show_draws_the_picture_of_a_record(tmp_path):
    record = made_records.run(tmp_path / "r")
    known = command_line(replace(CATALOGUE, figures=Figures()))
    done = CliRunner().invoke(known, ["show", str(record.folder)], prog_name="sbp")
    assert done.exit_code == 0, done.output
    pictures = re.findall(r"^Picture: (.*)$", done.output, re.MULTILINE)
    assert [path.rpartition("/")[2] for path in pictures] == ["mnist-learning.png"]
    assert (tmp_path / "r" / "figures" / "mnist-learning.pdf").is_file()
    assert refused("show", tmp_path).endswith("make one with 'sbp run'")


def test_export_writes_each_format_and_refuses_what_is_not_kept(tmp_path, monkeypatch):
    record = made_records.run(tmp_path / "r")
    monkeypatch.chdir(tmp_path)
    assert sbp("export", record.folder, "--to", "csv", "--out", "a.csv").output.strip() == "a.csv"
    assert (tmp_path / "a.csv").read_text().startswith("protocol,run,target,seed")
    done = sbp("export", record.folder, "--to", "npz")
    assert done.exit_code == 0
    assert (tmp_path / f"mnist-{record.run}.npz").is_file()
    said = refused("export", record.folder, "--to", "nwb", "--out", "a.nwb")
    assert "keeps no weights, spikes or states; run it again with --keep" in said
    assert "does not end in .nc" in refused("export", record.folder, "--to", "netcdf", "--out", "a.nwb")


def test_kinds_to_keep_are_checked():
    assert "did you mean 'spikes'" in refused("run", DEMO, "--keep", "spike", code=2)
    assert "Error: mnist has no states to keep" in sbp("run", "--recipe", "perceptron", "--keep", "states").stderr
    assert "--keep goes with --recipe here" in refused("reproduce", "--quick", "--keep", "spikes", code=2)
    assert "mnist has no spikes to keep" in refused("sweep", "mnist", "--seeds", "2", "--keep", "spikes")


@pytest.mark.parametrize("words", [("sweep", DEMO, "-s", "pairs=5,6"), ("reproduce", "--recipe", "tao-2000")])
def test_what_is_to_be_kept_is_told_to_each_run(words, monkeypatch, tmp_path):
    told = []

    def run_all(jobs, *_more):
        told.extend(job.command for job in jobs)
        for job in jobs:
            job.error = "not run"

    monkeypatch.setattr("sbp_brian.cli.jobs.run_all", run_all)
    assert sbp(*words, "--keep", "weights,spikes", "--out", tmp_path).exit_code == 1
    assert told
    for command in told:
        assert command[command.index("--keep") + 1] == "weights,spikes"


def completed(*words, monkeypatch):
    monkeypatch.setenv("COMP_WORDS", " ".join(["sbp", *words]))
    found = BashComplete(main, {"obj": CATALOGUE}, "sbp", "_SBP_COMPLETE")
    return [item.value for item in found.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("run", "tao"), ["tao-2000"]),
        (("sweep", "bi-poo-19"), ["bi-poo-1998", "bi-poo-1999"]),
        (("run", "tao-2000", "-s", "pa"), ["pairs="]),
        (("run", "mnist", "-s", "model=sbp_network", "-s", "learning=fro"), ["learning=frozen"]),
        (("run", "--recipe", "mnist-in-turn"), None),
        (("data", "fetch", "fash"), ["fashion-mnist"]),
        (("figures", "tao"), ["tao-2000"]),
        (("run", "x", "--keep", "weights,s"), ["weights,spikes", "weights,states"]),
        (("describe", "cult"), ["culture"]),
    ],
    ids=lambda words: words[-1] if isinstance(words, tuple) else "",
)
def test_names_are_completed(words, wanted, monkeypatch):
    found = completed(*words, monkeypatch=monkeypatch)
    assert found == wanted if wanted is not None else all(name.startswith(words[-1]) for name in found) and found


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_completion_of_a_shell_is_printed(shell):
    done = sbp("completion", shell)
    assert done.exit_code == 0
    assert f"_SBP_COMPLETE={shell}_complete" in done.output


def test_exit_statuses_are_documented():
    shown = sbp("--help").output
    for status in ("0    done", "1    it failed", "2    the command cannot be read", "130  stopped by Ctrl+C"):
        assert status in shown


def test_parts_of_data_sets_are_told(tmp_path, monkeypatch):
    from sbp_brian.datasets import lookup

    place = tmp_path / "data" / "nmnist_small"
    place.mkdir(parents=True)
    (place / "nmnist_small.npz").write_bytes(b"")
    monkeypatch.setattr(lookup, "places", lambda: [tmp_path / "data"])
    found = {name: (where, remedy) for name, where, remedy in datasets.available()}
    assert found["nmnist"] == (f"a part, 1,100 digits: {place}", "all of it by 'sbp data fetch nmnist'")
    assert found["dvsgesture"] == (None, "'sbp data fetch dvsgesture'")
    shown = sbp("data", "list").output
    assert f"nmnist                a part, 1,100 digits: {place}\n" in shown
    assert "dvsgesture            not found\n" in shown


def test_a_record_of_a_run_says_what_it_keeps(tmp_path):
    record = made_records.run(tmp_path / "r")
    content = json.loads((record.folder / "record.json").read_text())
    assert "kept" not in content
    assert records.read(record.folder).kept == {}
