"""Generated CUDA programs under the sanitizers: four networks, and one with delays of every kind. Minutes each."""

import pytest
from brian2 import ms, second

from campaigns.cuda import Setting, ran
from sbp_brian import protocols
from sbp_brian.errors import RunFailed
from sbp_brian.experiments.context import Context
from sbp_brian.targets import OnCpu, Simulation, carried_out_on_cpu, collecting
from sbp_brian.targets.cuda import device
from tests.helpers import cuda_networks
from tests.helpers.cuda_marks import cuda_on_cpu

DIGITS = {"epochs": 1, "hidden": 20, "train_samples": 3, "validation_samples": 1, "test_samples": 1}
NETWORKS = {
    "the flagship": Setting("", "mnist", DIGITS),
    "the circuit": Setting("", "tao-2000", {"seeds": 1, "pairs": 2}),
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
    protocol = protocols.get(setting.protocol)
    context = Context(protocol.resolve("quick", **setting.given), "cuda", 0, tmp_path, "quick", on_cpu=how)
    with carried_out_on_cpu(how), collecting() as found:
        protocol.run(context)
    result = found[0].run(seed=0, duration=601.5 * second)  # the first pairing, and the signal that it sets off
    assert len(result["spikes.t"]) > 10


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
