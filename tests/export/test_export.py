"""What a run recorded, in other programs' terms: each format read back by its own package, and compared with ours."""

import json
import subprocess
import sys
import warnings

import matplotlib
import numpy as np
import pandas
import pytest
from brian2 import Hz, Network, NeuronGroup, PoissonGroup, SpikeMonitor, StateMonitor, ms
from brian2.monitors.spikemonitor import EventMonitor

from sbp_brian import Simulation, export, pair_stdp
from sbp_brian.errors import ExportError, ExtraMissing, RecordError
from sbp_brian.experiments import records
from sbp_brian.experiments.executing import execute
from sbp_brian.experiments.protocol import Parameter, Protocol, Source
from sbp_brian.export import source as sources

KEPT = ("weights", "spikes", "states")
CELLS, LASTS = 5, 0.2


def make():
    """Poisson inputs on cells that spike, by plastic synapses; a state on a clock of its own, and events."""
    inputs = PoissonGroup(4, 200 * Hz, name="inputs")
    cells = NeuronGroup(
        CELLS,
        "dv/dt = -v/(10*ms) : volt",
        threshold="v > 10*mV",
        reset="v = 0*mV",
        events={"near": "v > 8*mV"},
        method="exact",
        name="cells",
    )
    synapses = pair_stdp(transmit="v_post += w*4*mV").synapses(inputs, cells, name="synapses")
    synapses.connect()
    synapses.w = "0.5 + 0.5*rand()"
    return Network(
        inputs,
        cells,
        synapses,
        SpikeMonitor(cells, name="spikes"),
        EventMonitor(cells, "near", name="nearly"),
        StateMonitor(cells, "v", record=[0, 3], dt=0.5 * ms, name="traces"),
    )


def run(context):
    simulation = Simulation(make, LASTS * 1000 * ms, context.target, name="small")
    simulation.run_many([{"seed": context.seed + k, "names": ["cells.v"]} for k in range(context.parameters.runs)], 1)
    context.metric("I->A / A->B", 0.5, spread=0.1, n=3)
    context.array("curve", np.arange(3.0), "mV")


PROTOCOL = Protocol("small", "A small network", Source("Nobody (1900)", "10.1/x"), {"runs": Parameter(2)}, run)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return execute(PROTOCOL, target="numpy", out=tmp_path_factory.mktemp("small"), keep=KEPT)


@pytest.fixture(scope="module")
def result():
    return Simulation(make, LASTS * 1000 * ms, "numpy").run(seed=0)


def test_the_record_keeps_what_the_runs_recorded(record, result):
    again = records.read(record.folder)
    assert list(again.runs) == ["small 1", "small 2"]
    kept = again.runs["small 1"]
    assert {(s.object, s.event, s.cells) for s in kept.spikes} == {
        ("cells", "spike", CELLS),
        ("cells", "near", CELLS),
        ("inputs", "spike", 4),  # which has no monitor of its own
    }
    own = next(s for s in kept.spikes if (s.object, s.event) == ("cells", "spike"))
    assert own.t.size > 5
    assert np.array_equal(own.t, np.asarray(result["spikes.t"]))
    assert np.array_equal(own.i, result["spikes.i"])
    (states,) = kept.states
    assert (states.object, states.variable, states.unit, kept.duration) == ("cells", "v", "V", pytest.approx(LASTS))
    assert np.array_equal(states.values, np.asarray(result["traces.v"]))
    assert list(states.indices) == [0, 3]
    (weights,) = kept.weights
    assert (weights.name, weights.unit) == ("synapses.w", "")
    assert np.array_equal(weights.values, result["synapses.w"])
    assert np.array_equal(weights.j, result["synapses.j"])
    assert not np.array_equal(weights.values, again.runs["small 2"].weights[0].values)
    with np.load(record.folder / "kept.npz") as stored:
        assert {name: list(stored[name].shape) for name in stored} == {n: e["shape"] for n, e in again.kept.items()}


def test_nothing_else_changes(record, tmp_path):
    without = execute(PROTOCOL, target="numpy", out=tmp_path)
    assert without.metrics == record.metrics
    assert without.identity["digest"] == record.identity["digest"]
    assert "kept" not in json.loads((without.folder / "record.json").read_text())
    assert not (without.folder / "kept.npz").exists()
    with pytest.raises(RecordError, match="keeps no weights, spikes or states; run it again with --keep"):
        without.runs  # noqa: B018


def test_a_changed_file_is_refused(record, tmp_path):
    again = records.read(
        records.write(records.read(record.folder), tmp_path / "copy", record.arrays, {"a": np.ones(1)})
    )
    (again.folder / "kept.npz").write_bytes(b"other")
    with pytest.raises(RecordError, match=r"kept\.npz is damaged \(it is not what was written\)"):
        again.runs  # noqa: B018


def rates(record):
    """Spikes of each cell over the duration (Hz), by run."""
    found = {}
    for name, kept in record.runs.items():
        own = next(s for s in kept.spikes if (s.object, s.event) == ("cells", "spike"))
        found[name] = np.bincount(own.i, minlength=CELLS) / kept.duration
    return found


def test_neo(record, tmp_path):
    import neo

    block = export.to_neo(record, tmp_path / "small.nix")
    reader = neo.NixIO(str(tmp_path / "small.nix"), "ro")
    back = reader.read_block()
    reader.close()
    for found in (block, back):
        assert [segment.name for segment in found.segments] == ["small 1", "small 2"]
        segment, kept = found.segments[0], record.runs["small 1"]
        trains = [train for train in segment.spiketrains if train.annotations["group"] == "cells"]
        spikes = next(s for s in kept.spikes if (s.object, s.event) == ("cells", "spike"))
        for train in trains:
            assert np.allclose(
                train.rescale("s").magnitude, spikes.train(train.annotations["cell"]), rtol=0, atol=1e-12
            )
            assert float(train.t_stop.rescale("ms")) == pytest.approx(1000 * LASTS)
        assert len(trains) == CELLS
        (signal,) = segment.analogsignals
        assert float(signal.sampling_period.rescale("ms")) == pytest.approx(0.5)
        assert np.allclose(signal.rescale("mV").magnitude.T, 1000 * kept.states[0].values)
        assert segment.events[0].name == "cells near"
        assert np.array_equal(segment.annotations["weights of synapses.w"], kept.weights[0].values)


def test_nwb_is_valid_and_elephant_reads_our_rates(record, tmp_path):
    import quantities as pq
    from elephant.statistics import mean_firing_rate
    from neo import SpikeTrain
    from pynwb import NWBHDF5IO, validate

    path = tmp_path / "small.nwb"
    export.to_nwb(record.folder, path)
    assert not validate(path=str(path))
    with NWBHDF5IO(str(path), "r") as reader:
        file = reader.read()
        table = file.units.to_dataframe()
        for run_name, expected in rates(record).items():
            own = table[(table["run"] == run_name) & (table["group"] == "cells")].sort_values("cell")
            found = [
                float(mean_firing_rate(SpikeTrain(row.spike_times * pq.s, t_stop=row.obs_intervals[0][1] * pq.s)))
                for row in own.itertuples()
            ]
            assert np.allclose(found, expected)
            assert expected.max() > 0
        series = file.acquisition["small 1 cells.v"]
        assert series.unit == "V"
        assert series.rate == pytest.approx(2000)
        assert np.array_equal(series.data[:].T, record.runs["small 1"].states[0].values)
        weights = file.processing["weights"]["small 1 synapses.w"].to_dataframe()
        assert np.array_equal(weights["weight"], record.runs["small 1"].weights[0].values)
        assert list(weights["post"][:5]) == list(range(5))
        assert "near" in " ".join(file.processing["events"].data_interfaces)
        assert file.related_publications[0] == "doi:10.1/x"


def test_the_inspector_of_nwb_finds_no_fault_but_that_there_is_no_animal(record, tmp_path):
    from nwbinspector import Importance, inspect_nwbfile

    export.to_nwb(record, tmp_path / "small.nwb")
    found = inspect_nwbfile(nwbfile_path=tmp_path / "small.nwb", importance_threshold=Importance.CRITICAL)
    assert {message.message for message in found} <= {"Subject is missing."}


def test_elephant_reads_a_result_through_neo(result):
    from elephant.statistics import mean_firing_rate

    trains = [t for t in export.to_neo(result).segments[0].spiketrains if t.annotations["group"] == "cells"]
    found = [float(mean_firing_rate(train).rescale("Hz")) for train in trains]
    assert np.allclose(found, result["spikes.count"] / LASTS)


def test_pandas(record, result):
    spikes = export.to_pandas(record, "spikes")
    counted = spikes[(spikes["group"] == "cells") & (spikes["event"] == "spike")].groupby(["run", "cell"]).size()
    assert counted["small 1"].sum() == len(result["spikes.i"])
    states = export.to_pandas(result, "states")
    wide = states.pivot(index="index", columns="t (s)", values="value")
    assert list(wide.index) == [0, 3]
    assert np.array_equal(wide.to_numpy(), np.asarray(result["traces.v"]))
    weights = export.to_pandas(result, "weights")
    assert np.array_equal(weights["value"], result["synapses.w"])
    assert list(weights["pre"][:6]) == [0] * 5 + [1]
    metrics = export.to_pandas([record, record.folder])
    assert isinstance(metrics, pandas.DataFrame)
    assert list(metrics["value"]) == [0.5, 0.5]


def test_npz(record, result, tmp_path):
    with np.load(export.to_npz(record, tmp_path / "record.npz"), allow_pickle=False) as stored:
        about = json.loads(str(stored["about"]))
        assert np.array_equal(stored["curve"], np.arange(3.0))
        assert about["arrays"]["curve"]["unit"] == "mV"
        name = "small 1/states/cells.v"
        assert np.array_equal(stored[name], np.asarray(result["traces.v"]))
        assert about["arrays"][name]["unit"] == "V"
        assert about["metrics"][0]["value"] == 0.5
    with np.load(export.to_npz(result, tmp_path / "result.npz")) as stored:
        assert np.array_equal(stored["run/spikes/cells.spike.t"], np.asarray(result["spikes.t"]))


def test_xarray_of_a_record_and_a_result(record, result, tmp_path):
    import xarray

    export.to_xarray(record, tmp_path / "record.nc")
    with xarray.open_dataset(tmp_path / "record.nc") as back:
        assert float(back["I->A over A->B"]) == 0.5
        assert back["I->A over A->B"].attrs["n"] == 3
        assert list(back["curve"].values) == [0, 1, 2]
        assert back["curve"].attrs["units"] == "mV"
        assert back.attrs["doi"] == "10.1/x"
        assert back.attrs["parameter runs"] == "2"
    states = export.to_xarray(result)["cells.v"]
    assert np.array_equal(states.sel({"cells.v index": 3}).values, np.asarray(result["traces.v"])[1])


def test_weights_load_into_a_network(record, numpy_target):
    network = make()
    assert export.load_weights(network, record, "small 2") == ("synapses.w",)
    assert np.array_equal(network["synapses"].w[:], record.runs["small 2"].weights[0].values)
    with pytest.raises(ExportError, match="2 runs have weights; say which with run="):
        export.load_weights(network, record)
    with pytest.raises(ExportError, match="unknown run 'small 3'"):
        export.load_weights(network, record, "small 3")
    other = Network(*(obj for obj in make().objects if obj.name != "synapses"))
    with pytest.raises(ExportError, match="no 'synapses', of which there are weights"):
        export.load_weights(other, record, "small 1")
    with pytest.raises(ExportError, match=r"into a brian2\.Network or a Training, not into dict"):
        export.load_weights({}, record, "small 1")


def test_brian2tools_plots_our_objects(result, numpy_target):
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import brian2tools

    raster = brian2tools.plot_raster(result["spikes.i"], result["spikes.t"])
    assert len(raster.lines[0].get_xdata()) == len(result["spikes.i"])
    plt.figure()
    state = brian2tools.plot_state(result["traces.t"], result["traces.v"].T, var_name="v")
    assert len(state.lines) == 2
    plt.figure()
    network = make()
    assert brian2tools.brian_plot(network["synapses"]) is not None
    plt.figure()
    shown = brian2tools.plot_synapses(result["synapses.i"], result["synapses.j"], result["synapses.w"], var_name="w")
    assert shown is not None
    plt.close("all")


@pytest.mark.parametrize(
    ("format", "module", "extra"),
    [
        ("to_neo", "neo", "neo"),
        ("to_nwb", "pynwb", "nwb"),
        ("to_xarray", "xarray", "xarray"),
        ("to_pandas", "pandas", "pandas"),
    ],
)
def test_a_missing_package_is_named_with_what_installs_it(format, module, extra, record, monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sources, "importlib", type("absent", (), {"import_module": staticmethod(absent)}))
    with pytest.raises(ExtraMissing, match=rf"^{module} is not installed, .* pip install 'sbp_brian\[{extra}\]'$"):
        getattr(export, format)(record)


def test_what_cannot_be_exported_is_refused(tmp_path, result):
    for function in (export.to_neo, export.to_nwb, export.to_pandas, export.to_xarray):
        with pytest.raises(ExportError, match="dict cannot be exported; give a Result, a Record or the folder"):
            function({})
    with pytest.raises(ExportError, match="a Result has no metrics"):
        export.to_pandas(result)
    with pytest.raises(ExportError, match="unknown table 'spike'; did you mean 'spikes'"):
        export.to_pandas(result, "spike")
    with pytest.raises(ExportError, match="is no folder; make it"):
        export.to_npz(result, tmp_path / "nowhere" / "a.npz")

    def silent():
        cells = NeuronGroup(1, "v : 1", name="cells")
        return Network(cells)

    with pytest.raises(ExportError, match="holds no spikes, states or weights"):
        export.to_neo(Simulation(silent, 1 * ms, "numpy").run(seed=0))


def test_the_room_imports_no_other_package():
    code = (
        "import sys, sbp_brian.export as e\n"
        "[getattr(e, name) for name in e.__all__]\n"
        "print({'neo', 'pynwb', 'xarray', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set()"
