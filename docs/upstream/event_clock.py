"""brian2cuda 1.0b1: kernels read the time of an EventClock on the GPU, where it stays 0. Needs no GPU."""

import re
import tempfile
from pathlib import Path

import brian2cuda  # noqa: F401  (registers the device)
from brian2 import EventClock, Network, NeuronGroup, device, ms, prefs, set_device

prefs.devices.cuda_standalone.cuda_backend.detect_gpus = False
prefs.devices.cuda_standalone.cuda_backend.gpu_id = 0
prefs.devices.cuda_standalone.cuda_backend.compute_capability = 9.0
prefs.devices.cuda_standalone.cuda_backend.cuda_runtime_version = 13.0
set_device("cuda_standalone", build_on_run=False)
clock = EventClock([0, 1, 5] * ms, name="moments")
cells = NeuronGroup(1, "seen : second", clock=clock, name="cells", namespace={"dt": 0.1 * ms})
cells.run_regularly("seen = t", clock=clock, name="look")
Network(cells).run(10 * ms)
folder = Path(tempfile.mkdtemp())
device.build(directory=str(folder), compile=False, run=False)
code = (folder / "code_objects" / "look_codeobject.cu").read_text()
print("by value:   ", sorted(set(re.findall(r"_value_array_moments_\w+", code))))
print("on the GPU: ", sorted(set(re.findall(r"dev_array_moments_\w+", code))))
