"""Settings of `nest_cases` in NEST: the weight at each presynaptic spike, or what that spike sends.

    python -m tests.reference.nest_run            # the settings of `COMMITTED`, to nest.json beside this file
    python -m tests.reference.nest_run IN OUT     # those of a file, to another, as `in_nest` does

NEST keeps one kernel a process and prints at its import, so that `in_nest` starts a process of its own.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.reference.nest_cases import STEP, STEPS, settings

#: Seed and number of the settings whose results are kept: each kind without coincidences and with them.
COMMITTED = (2006, 18)
FILE = Path(__file__).with_name("nest.json")
#: Published parameters that NEST ships, by model.
DEFAULTS = {
    "stdp_triplet_synapse": ("Aplus", "Aplus_triplet", "Aminus", "Aminus_triplet", "tau_plus", "tau_plus_triplet"),
    "tsodyks2_synapse": ("U", "tau_rec", "tau_fac"),
}
#: Where the package index has wheels of NEST.
WHEELS = (platform.machine(), sys.platform) == ("x86_64", "linux")
#: All spikes in NEST are so much later (ms): its nearest-neighbour synapse holds the start, time 0, for a
#: presynaptic spike, of which nothing may be left when the first real one comes.
OFFSET = 2000.0


def in_nest(wanted: list[dict]) -> dict:
    """Run settings in a process of its own: their ``results``, and what else `main` keeps."""
    with tempfile.TemporaryDirectory() as folder:
        asked, found = Path(folder) / "asked.json", Path(folder) / "found.json"
        asked.write_text(json.dumps(wanted), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(asked), str(found)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"NEST did not run (pip install nest-simulator): {done.stderr.strip()[-500:]}")
        return json.loads(found.read_text(encoding="utf-8"))


def _synapse(model: str, given: dict) -> tuple[dict, dict]:
    """Parameters of NEST's synapse, and of the cell behind it, which holds the postsynaptic traces."""
    p = dict(given)
    if model in ("stdp_synapse", "stdp_nn_symm_synapse"):
        additive = p["dependence"] == "additive"
        synapse = {
            "lambda": p["A_plus"] / (p["w_max"] if additive else 1),
            "alpha": -p["A_minus"] / p["A_plus"],
            "mu_plus": 0.0 if additive else 1.0,
            "mu_minus": 0.0 if additive else 1.0,
            "tau_plus": p["tau_plus"],
            "Wmax": p["w_max"],
        }
        return synapse, {"tau_minus": p["tau_minus"]}
    if model == "stdp_triplet_synapse":
        synapse = {
            "Aplus": p["A2_plus"],
            "Aplus_triplet": p["A3_plus"],
            "Aminus": p["A2_minus"],
            "Aminus_triplet": p["A3_minus"],
            "tau_plus": p["tau_plus"],
            "tau_plus_triplet": p["tau_x"] or 100.0,  # with an amplitude of 0 it has no effect
            "Wmax": p["w_max"],
        }
        return synapse, {"tau_minus": p["tau_minus"], "tau_minus_triplet": p["tau_y"]}
    synapse = {"U": p["U"], "tau_rec": p["tau_rec"], "tau_fac": p["tau_facil"] or 0.0}
    if model == "tsodyks2_synapse":
        return {**synapse, "u": p["U"]}, {}  # the share of the first spike; tsodyks_synapse adds it itself
    return {**synapse, "tau_psc": 1e-12}, {}


def run(wanted: list[dict]) -> list[list[list[float]]]:
    """For each setting and synapse the values at its presynaptic spikes, all in one run of NEST."""
    import nest

    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = STEP
    recorder = nest.Create("weight_recorder")
    for model in sorted({setting["model"] for setting in wanted}):
        nest.CopyModel(model, f"recorded_{model}", {"weight_recorder": recorder})
    places = {}
    for k, setting in enumerate(wanted):
        synapse, cell = _synapse(setting["model"], setting["parameters"])
        for s, trains in enumerate(setting["trains"]):
            sides = []
            for side in ("pre", "post"):  # a parrot repeats what it receives, one step after the generator sent it
                times = OFFSET + (np.array(trains[side]) - 1) * STEP
                generator = nest.Create("spike_generator", params={"spike_times": times})
                parrot = nest.Create("parrot_neuron", params=cell if side == "post" else {})
                nest.Connect(generator, parrot, syn_spec={"delay": STEP})
                sides.append(parrot)
            given = {"weight": setting["w"][s], "delay": setting["delay"] * STEP, "receptor_type": 1, **synapse}
            nest.Connect(*sides, syn_spec={"synapse_model": f"recorded_{setting['model']}", **given})
            places[sides[0].get("global_id")] = (k, s)
    nest.Simulate(OFFSET + (STEPS + 10) * STEP)
    events = recorder.events
    found: list[list[list[float]]] = [[[] for _ in setting["trains"]] for setting in wanted]
    steps: list[list[list[int]]] = [[[] for _ in setting["trains"]] for setting in wanted]
    for index in np.argsort(events["times"], kind="stable"):
        k, s = places[int(events["senders"][index])]
        found[k][s].append(float(events["weights"][index]))
        steps[k][s].append(round((float(events["times"][index]) - OFFSET) / STEP))
    for k, setting in enumerate(wanted):  # so that nothing is compared with a spike of another time
        assert steps[k] == [trains["pre"] for trains in setting["trains"]], setting["kind"]
    return found


def main(wanted: list[dict], file: Path) -> None:
    import nest

    defaults = {model: {name: nest.GetDefaults(model, name) for name in names} for model, names in DEFAULTS.items()}
    found = {"nest": nest.__version__, "defaults": defaults, "settings": wanted, "results": run(wanted)}
    file.write_text(json.dumps(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
    else:
        main(settings(*COMMITTED), FILE)
