"""The number of events of a step is asked once: the generated text, and that a network gives what it gave."""

import re

import pytest
from brian2 import ms

from sbp_brian.targets import OnCpu, Simulation
from tests.helpers import cuda_networks
from tests.helpers.compared import differences
from tests.helpers.cuda_marks import cuda_on_cpu

MONITOR = """#include "objects.h"
CUDA_SAFE_CALL(
        cudaMemcpy(
            &_num_events,
            &_eventspace[_num_spikespace - 1],
            sizeof(int32_t),
            cudaMemcpyDeviceToHost
            )
        );
"""
PATHWAY = """#include "objects.h"
            cudaMemcpy(&num_spiking_neurons,
                    &dev_array_cells__spikespace[pre_eventspace_idx][_num__array_cells__spikespace - 1],
                    sizeof(int32_t), cudaMemcpyDeviceToHost);
            cudaMemcpy(&other, &dev_array_cells__spikespace[0][7], sizeof(int32_t), cudaMemcpyDeviceToHost);
"""
THRESHOLD = """#include "objects.h"
        _reset_cells_codeobject<<<num_blocks, num_threads>>>(
                dev_array_cells__spikespace[current_idx_array_cells__spikespace]
            );
"""


def project(folder, **files):
    (folder / "code_objects").mkdir()
    for name, text in files.items():
        (folder / "code_objects" / f"{name}.cu").write_text(text)
    return folder


def test_questions_are_rewritten_and_thresholds_forget(tmp_path):
    counting = pytest.importorskip("sbp_brian.targets.cuda.counting")
    folder = project(tmp_path, monitor=MONITOR, pathway=PATHWAY, threshold=THRESHOLD, other="int x;")
    assert counting.ask_once(folder, {"_array_cells__spikespace": 12}, ["threshold", "synapses"]) == 2
    monitor, pathway, threshold, other = (
        (folder / "code_objects" / f"{name}.cu").read_text() for name in ("monitor", "pathway", "threshold", "other")
    )
    assert "::sbp_events::ask(&_num_events, &_eventspace[_num_spikespace - 1])" in monitor
    assert monitor.startswith('#include "objects.h"\n#include "sbp_events.h"')
    assert pathway.count("sbp_events::ask") == 1
    assert pathway.count("cudaMemcpy(") == 1
    place = "dev_array_cells__spikespace[current_idx_array_cells__spikespace] + 12"
    assert threshold.index(f"::sbp_events::forget({place});") < threshold.index("_reset_cells_codeobject<<<")
    assert other == "int x;"
    assert (folder / "sbp_events.h").is_file()


def test_events_from_elsewhere_are_left_alone(tmp_path):
    counting = pytest.importorskip("sbp_brian.targets.cuda.counting")
    folder = project(tmp_path, monitor=MONITOR)
    assert counting.ask_once(folder, {}, ["spikegenerator"]) == 0
    assert (folder / "code_objects" / "monitor.cu").read_text() == MONITOR
    assert not (folder / "sbp_events.h").exists()


@cuda_on_cpu
def test_nothing_asks_past_it(tmp_path):
    """In a generated project every question of a number of events is rewritten, and every list that is cleared told."""
    simulation = Simulation(cuda_networks.on_clocks, cuda_networks.STEP, target="cuda", on_cpu=OnCpu())
    simulation._backend.generate(tmp_path)
    texts = {path.name: path.read_text() for path in (tmp_path / "code_objects").glob("*.cu")}
    assert sum(text.count("sbp_events::ask") for text in texts.values()) >= 4
    for name, text in texts.items():
        bare = re.sub(r"//[^\n]*", "", text)
        assert not re.search(r"cudaMemcpy\(\s*&(_num_events|num_spiking_neurons)", bare), name
        assert bare.count("sbp_events::forget") == len(re.findall(r"launch\(_reset_\w+thresholder", bare)), name


@cuda_on_cpu
def test_a_pathway_with_a_delay_asks_for_its_own_step():
    asked = dict(dt=cuda_networks.STEP)
    expected = Simulation(cuda_networks.one_delay, 15 * ms, target="numpy", **asked).run(seed=1)
    found = Simulation(cuda_networks.one_delay, 15 * ms, target="cuda", on_cpu=OnCpu(order=2), **asked).run(seed=1)
    assert len(expected["spikes.t"]) > 6
    assert not differences(expected, found)
    assert found["counted.N"] == len(expected["spikes.t"])
