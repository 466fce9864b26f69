"""C++ that this package writes otherwise than Brian2 gives the same numbers."""

import shutil
import subprocess

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, ms
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from sbp_brian.brian.device import CanonicalDevice
from sbp_brian.brian.state import brian_state
from sbp_brian.brian.vector_code import CLIP

VALUES = (-np.inf, -1.5, -1.0, -0.0, 0.0, 0.3, 1.0, 1.5, 2.0, np.inf, np.nan)
BOUNDS = ((0, 1), (-1, 1), (0, np.inf), (-np.inf, 0.3), (1, 0), (1, 1))
PROGRAM = """
#include <cmath>
#include <cstdio>
namespace theirs { %s }
namespace ours { %s }
template <typename T> int differ()
{
    const double values[] = {%s}, low[] = {%s}, high[] = {%s};
    int differ = 0;
    for(int b = 0; b < %d; b++)
        for(int k = 0; k < %d; k++)
        {
            const T one = theirs::_clip((T)values[k], low[b], high[b]);
            const T other = ours::_clip((T)values[k], low[b], high[b]);
            differ += !(one == other || (std::isnan(one) && std::isnan(other)));
        }
    return differ;
}
int main()
{
    std::printf("%%d %%d", differ<float>(), differ<double>());
}
"""


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
def test_clip_is_that_of_brian(tmp_path):
    theirs = DEFAULT_FUNCTIONS["clip"].implementations[CPPStandaloneCodeObject].get_code(None)
    assert "_clip(" in theirs
    numbers = [", ".join(map(_cpp, some)) for some in (VALUES, *zip(*BOUNDS, strict=True))]
    source = PROGRAM % (theirs, CLIP, *numbers, len(BOUNDS), len(VALUES))
    (tmp_path / "clip.cpp").write_text(source)
    flags = brian2.prefs["codegen.cpp.extra_compile_args_gcc"]
    subprocess.run(["g++", *flags, "clip.cpp", "-o", "clip"], cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "clip"], capture_output=True, text=True, check=True).stdout == "0 0"


def _cpp(number: float) -> str:
    return "NAN" if np.isnan(number) else f"{'-' if number < 0 else ''}INFINITY" if np.isinf(number) else repr(number)


def test_numbers_of_cells_are_known_and_those_of_others_read(tmp_path):
    device = CanonicalDevice()
    with brian_state(device, preferences={}):
        cells = NeuronGroup(5, "x : 1\nplace : integer", name="cells")
        cells.run_regularly("x = i + place", name="cells_count")
        net = Network(cells)
        net.run(1 * ms)
        device.build(directory=str(tmp_path), compile=False, run=False)
    (text,) = [path.read_text() for path in tmp_path.glob("code_objects/cells_count*.cpp")]
    assert "i = _idx;" in text
    assert "place = _ptr_array_cells_place[_idx];" in text
