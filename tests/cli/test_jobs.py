"""Runs in processes of their own: stopped before and while they start, killed, and what they say of themselves."""

import signal
import subprocess
from contextlib import nullcontext

import pytest

from sbp_brian.cli import cluster, jobs, sweep
from sbp_brian.cli.jobs import Job, run_all
from sbp_brian.errors import ClusterError
from sbp_brian.experiments import records
from tests.helpers.commands import DEMO, refused, sbp
from tests.helpers.cuda_marks import cuda_on_cpu


def nobody(*_told):
    """Progress that nobody looks at."""


def deaf():
    """A process that Ctrl+C does not end."""
    return subprocess.Popen(
        ["sleep", "60"], preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN), start_new_session=True
    )


def test_a_job_that_was_stopped_does_not_begin(tmp_path):
    job = Job("late", ["touch", str(tmp_path / "begun")])
    job.stop()
    assert job.run(nobody) is job
    assert job.process is None
    assert not (tmp_path / "begun").exists()


def test_a_job_that_is_stopped_while_it_starts_ends(monkeypatch):
    job, popen = Job("starting", ["sleep", "60"]), subprocess.Popen

    def start(*words, **how):
        job.stop()  # another thread does, when there is no process yet
        return popen(*words, **how)

    monkeypatch.setattr(jobs.subprocess, "Popen", start)
    job.run(nobody)
    assert job.process.returncode == -signal.SIGINT
    assert job.error == "it ended with status -2"


def test_a_job_that_has_ended_is_not_signalled():
    job = Job("quick", ["true"]).run(nobody)
    assert job.error == "it wrote no record"
    job.process.send_signal = job.process.kill = pytest.fail
    job.stop()
    job.kill()
    assert job.stopped


def test_what_only_looks_like_progress_is_the_jobs_own_line():
    job = Job("talking", ["sh", "-c", "echo 'see @{this, and that' >&2; exit 3"]).run(nobody)
    assert job.error == "see @{this, and that"
    assert job.folder is None


def test_a_failure_of_the_display_stops_what_runs_and_what_waits():
    def show(name, description, fraction):
        raise KeyboardInterrupt

    going = [Job("quick", ["true"]), Job("long", ["sleep", "60"]), Job("waiting", ["sleep", "60"])]
    with pytest.raises(KeyboardInterrupt):
        run_all(going, 1, nullcontext(show))
    assert all(job.stopped for job in going)
    assert going[2].process is None
    assert going[1].process is None or going[1].process.returncode == -signal.SIGINT


def test_what_does_not_end_when_asked_is_killed(monkeypatch):
    monkeypatch.setattr(jobs, "_PATIENCE", 0)
    job = Job("deaf", [], process=deaf())
    jobs._stop_all([job])
    assert job.process.wait(60) == -signal.SIGKILL


def test_a_second_ctrl_c_kills_at_once():
    going = [Job(f"deaf {k}", [], process=deaf()) for k in range(2)]
    going[0].process.wait = lambda patience: signal.raise_signal(signal.SIGINT)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            jobs._stop_all(going)
    finally:
        signal.signal(signal.SIGINT, before)
    for job in going:
        assert subprocess.Popen.wait(job.process, 60) == -signal.SIGKILL
        assert job.stopped


# on a cluster


def test_a_cluster_without_workers_is_refused(monkeypatch):
    import distributed

    class Empty:
        def __init__(self, **where):
            assert where["address"] == "tcp://here:8786"

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            return None

        def scheduler_info(self):
            return {"workers": {}}

    monkeypatch.setattr(distributed, "Client", Empty)
    with pytest.raises(ClusterError, match="has no workers; start some with 'dask worker tcp://here:8786'"):
        cluster.run_on_cluster("tcp://here:8786", [{}], nobody, nobody)


@pytest.mark.parametrize("text", [None, "PROTOCOL = 1"])
def test_a_worker_gives_the_files_of_a_record_and_keeps_nothing(text, monkeypatch):
    places = []

    def run(job, progress):
        words = job.command
        out = words[words.index("--out") + 1]
        job.folder = f"{out}/demo/run"
        cluster.Path(job.folder).mkdir(parents=True)
        assert words[words.index("--keep") + 1] == "weights"
        for name in ("record.json", "arrays.npz", "kept.npz"):
            (cluster.Path(job.folder) / name).write_text(f"{name} of seed {words[words.index('--seed') + 1]}")
        places.append(cluster.Path(out).parent)
        own = places[-1] / "own.py"
        assert words[words.index("run") + 1] == (str(own) if text else "own.py")
        assert not text or own.read_text() == text
        return job

    monkeypatch.setattr(Job, "run", run)
    files, error = cluster.run_here("own.py", text, "numpy", 5, "quick", {"pairs": "7"}, ("weights",))
    assert (files["record.json"], files["arrays.npz"]) == (b"record.json of seed 5", b"arrays.npz of seed 5")
    assert files["kept.npz"] == b"kept.npz of seed 5"
    assert error == ""
    assert not places[0].exists()


# sweeps


def test_a_sweep_is_refused_on_a_target_that_its_protocol_lacks(tmp_path):
    own = tmp_path / "own.py"
    own.write_text(cluster.Path(DEMO).read_text().replace("    run=run,", '    run=run,\n    targets=("numpy",),'))
    told = refused("sweep", own, "--target", "cpp", "--out", tmp_path / "out")
    assert told == "Error: demo cannot run on cpp; use --target numpy"
    (tmp_path / "file").write_text("mine")
    told = refused("sweep", DEMO, "--out", tmp_path / "file")
    assert "file is a file, not a folder; remove it or give another --out" in told


def test_a_sweep_that_is_stopped_says_how_far_it_came(tmp_path, monkeypatch):
    assert sbp("run", DEMO, "--target", "numpy", "--out", tmp_path, "-s", "pairs=7").exit_code == 0

    def stopped(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "_on_this_machine", lambda *_how: stopped)
    done = sbp("sweep", DEMO, "--target", "numpy", "--out", tmp_path, "-s", "pairs=7,8,9")
    assert done.exit_code == 130
    assert done.stderr.splitlines() == [
        "3 runs, 1 of them done before",
        "1 of 3 runs are done",
        "Interrupted: what is done is kept; the same command goes on from there.",
    ]


@cuda_on_cpu
def test_a_sweep_on_cuda_runs_side_by_side_in_one_process(tmp_path):
    """A run that fails does not stop the others, and is tried again; their records are those of single runs."""
    asked = ("sweep", DEMO, "--target", "cuda", "--on-cpu", "--out", tmp_path, "-s", "pairs=7,8")
    done = sbp(*asked, "-s", "outcome=good,fail")
    assert done.exit_code == 1
    assert "pairs=8, outcome=fail, seed 0 failed: RuntimeError: the cell died of boredom" in done.stderr
    assert "2 of 4 runs done; the same command tries the others again" in done.stderr
    again = sbp(*asked)
    assert again.exit_code == 0
    assert "2 runs, 2 of them done before" in again.stderr
    assert len(list((tmp_path / "demo").glob("cuda-on-cpu-seed0-*"))) == 2


@pytest.mark.slow
@cuda_on_cpu
def test_networks_of_a_sweep_are_copies_in_one_program(tmp_path):
    """Each record is that of its own run in C++."""
    small = {"epochs": 1, "hidden": 12, "train_samples": 12, "validation_samples": 4, "test_samples": 10}
    words = [word for name, value in small.items() for word in ("-s", f"{name}={value}")]
    asked = ("sweep", "mnist", "--quick", *words, "-s", "lambda_f=0.5,1.0", "--out", tmp_path, "--seeds", "2")
    for more in (("--target", "cuda", "--on-cpu"), ("--target", "cpp", "--workers", "1")):
        done = sbp(*asked, *more)
        assert done.exit_code == 0, done.stderr
    found = {folder.name: records.read(folder) for folder in (tmp_path / "mnist").iterdir() if folder.name[0] == "c"}
    together = {name: record for name, record in found.items() if record.target == "cuda-on-cpu"}
    assert len(together) == 4
    for name, record in together.items():
        own = found[name.replace("cuda-on-cpu", "cpp")]
        values = [{row["name"]: row["value"] for row in each.metrics} for each in (record, own)]
        assert values[0] == pytest.approx(values[1], rel=1e-9, nan_ok=True)
        assert "trained in one program with 3 other networks" in " ".join(record.notes)


def test_on_cpu_is_for_cuda_here():
    assert "--on-cpu is for --target cuda, not for cpp" in refused("sweep", DEMO, "--on-cpu")
    told = refused("sweep", DEMO, "--target", "cuda", "--on-cpu", "--scheduler", "tcp://127.0.0.1:1")
    assert "--on-cpu is for this machine and --scheduler for a cluster" in told


def test_a_metric_that_no_run_has_is_refused_with_the_nearest(tmp_path):
    assert sbp("run", DEMO, "--target", "numpy", "--out", tmp_path).exit_code == 0
    asked = ("sweep", DEMO, "--target", "numpy", "--out", tmp_path)
    assert "98.12" in sbp(*asked, "--metric", "test_accuracy").stdout
    done = sbp(*asked, "--metric", "test_acuracy")
    assert done.exit_code == 1
    assert "unknown metric 'test_acuracy'; did you mean 'test_accuracy'?" in done.stderr
