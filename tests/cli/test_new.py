"""Files that ``sbp new`` writes: each runs as it stands, and says what it does."""

import importlib.util
import sys

import numpy as np
import pytest

from sbp_brian.cli.new import KINDS
from sbp_brian.experiments.executing import execute
from tests.helpers.commands import refused, sbp


def written(kind, folder, monkeypatch):
    """The module of a fresh starter."""
    monkeypatch.chdir(folder)
    done = sbp("new", kind, f"my-{kind}")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-1] == f"Run it: {KINDS[kind].format(f'my_{kind}.py')}"
    text = (folder / f"my_{kind}.py").read_text()
    assert "NAME" not in text
    assert "FILE" not in text
    assert max(map(len, text.splitlines())) <= 120
    spec = importlib.util.spec_from_file_location(f"my_{kind}", folder / f"my_{kind}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, f"my_{kind}", module)
    spec.loader.exec_module(module)
    return module


def test_the_network_learns_at_both_synapses(tmp_path, monkeypatch, capsys):
    result = written("network", tmp_path, monkeypatch).main()
    direct, spread = float(result["A_B.w"][0]), float(result["I_A.w"][0])
    assert direct > 1.1
    assert spread > 1.1
    assert f"A_B: weight {direct:.3f}" in capsys.readouterr().out
    rising = np.asarray(result["I_A_w.w"])[0]
    assert rising[0] == 1
    assert np.all(np.diff(rising) >= 0)


def test_the_rule_strengthens(tmp_path, monkeypatch, capsys):
    module = written("rule", tmp_path, monkeypatch)
    result = module.main()
    expected = 1 + 0.02 * np.exp(-5 / 20) * sum(np.exp(-200 / 20 * np.arange(k)).sum() for k in range(1, 11))
    assert float(result["synapses.w"][0]) == pytest.approx(expected, rel=1e-9)
    assert "SynapseRule 'my_rule'" in capsys.readouterr().out


def test_the_experiment_has_the_signs_it_expects(tmp_path, monkeypatch):
    module = written("experiment", tmp_path, monkeypatch)
    record = execute(module.PROTOCOL, target="numpy", out=tmp_path, size="quick", keep=("weights", "spikes"))
    assert record.protocol == "my-experiment"
    assert [row["verdict"] for row in record.metrics] == ["pattern only"] * 4
    assert np.array_equal(record.runs["pairs 1"].weights[0].values - 1, record.array("change"))
    assert {spikes.object for spikes in record.runs["pairs 1"].spikes} == {"before", "behind"}


def test_what_cannot_be_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "my_rule.py is there already" in [sbp("new", "rule", "my_rule"), refused("new", "rule", "my_rule")][1]
    assert "'1st' is no name for a file of Python" in refused("new", "rule", "1st")
    assert "'class' is no name" in refused("new", "rule", "class")
    assert "nowhere is no folder" in refused("new", "rule", "mine", "--out", "nowhere")
    assert "'rul' is not one of" in refused("new", "rul", "mine")
