"""Generated CUDA programs under the sanitizers: four networks, and one with delays of every kind. Minutes each."""

import pytest
from brian2 import ms, second

from campaigns.cuda import Setting, ran
from sbp_brian.errors import RunFailed
from sbp_brian.models.circuits.culture import Timeline
from sbp_brian.protocols.biology.experiment import Condition, Experiment
from sbp_brian.protocols.biology.tao_2000 import SPREAD
from sbp_brian.targets import OnCpu, Simulation, carried_out_on_cpu
from sbp_brian.targets.cuda import device
from tests.helpers import cuda_networks
from tests.helpers.cuda_marks import cuda_on_cpu

DIGITS = {"epochs": 1, "hidden": 20, "train_samples": 3, "validation_samples": 1, "test_samples": 1}
NETWORKS = {
    "the flagship": Setting("", "mnist", DIGITS),
    "the circuit": None,
    "STDBP on a grid": Setting(
        "", "mnist", DIGITS | {"model": "stdbp", "step": "1ms", "optimiser": "momentum", "drop_input": 0.1}
    ),
    "DECOLLE": Setting("", "mnist", DIGITS | {"model": "decolle"}),
}


@pytest.mark.slow
@cuda_on_cpu
@pytest.mark.parametrize("sanitizer", ["memory", "races"])
@pytest.mark.parametrize("name", NETWORKS)
def test_four_networks_are_clean(name, sanitizer, tmp_path):
    how, setting = OnCpu(threads=8, sanitizer=sanitizer), NETWORKS[name]
    if name != "the circuit":
        assert ran(setting, tmp_path, target="cuda", on_cpu=how)
        return
    soon = Timeline(pairs=2, baseline=20 * second, after=20 * second, reach=20 * ms)  # each step takes long here
    with carried_out_on_cpu(how):
        experiment = Experiment(SPREAD, "cuda", soon, copies=2)
        tried = experiment.run([Condition("paired", pulses={"A": 0 * ms, "B": 10 * ms})], seeds=2)
    assert (tried.course("paired", "A->B")[:, -1] > 1.1).all()  # it was paired, and has become stronger


@pytest.mark.slow
@cuda_on_cpu
@pytest.mark.parametrize("sanitizer", ["memory", "races"])
def test_delays_of_every_kind_are_clean(sanitizer):
    how = OnCpu(threads=8, sanitizer=sanitizer)
    make = cuda_networks.with_delays
    assert Simulation(make, 20 * ms, target="cuda", dt=cuda_networks.STEP, on_cpu=how).run(seed=1)


@pytest.mark.slow
@cuda_on_cpu
def test_what_is_mended_in_the_headers_is_found_where_it_is_not(monkeypatch):
    monkeypatch.setattr(device, "mend", lambda project: None)
    how = OnCpu(threads=8, sanitizer="races")
    make = cuda_networks.with_delays
    with pytest.raises(RunFailed) as caught:
        Simulation(make, 20 * ms, target="cuda", dt=cuda_networks.STEP, on_cpu=how).run(seed=1)
    places = " ".join(caught.value.findings)
    assert "brianlib/spikequeue.h" in places or "brianlib/cudaVector.h" in places
