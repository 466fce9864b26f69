"""Equations as LaTeX and a paper's tables, read from the objects of a network."""

import re

import pytest
from brian2 import Hz, Network, NeuronGroup, PoissonGroup, SpikeMonitor, StateMonitor, ms, mV

from sbp_brian import RetrogradeSBP, models, pair_stdp, protocols
from sbp_brian.cli.list import model_files
from sbp_brian.errors import ExportError
from sbp_brian.export.described import describe, to_latex, to_markdown
from sbp_brian.export.told import told
from tests.helpers.commands import refused, sbp


def network():
    inputs = PoissonGroup(4, 20 * Hz, name="inputs")
    cells = NeuronGroup(
        3,
        "dv/dt = (E_L - v)/tau_m : volt (unless refractory)\ngain : 1 (constant)",
        threshold="v > -50*mV",
        reset="v = E_L; gain += 1",
        refractory=2 * ms,
        method="exact",
        namespace={"E_L": -65 * mV, "tau_m": 20 * ms},
        name="cells",
    )
    cells.gain = [0, 1, 2]
    synapses = pair_stdp(transmit="v_post += w*mV").synapses(inputs, cells, name="synapses")
    synapses.connect()
    return Network(
        inputs, cells, synapses, SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", record=True, name="trace")
    )


def test_every_table_and_equation(numpy_target):
    text = to_markdown(describe(network(), "Mine"))
    for wanted in (
        "# Mine",
        "| Populations | cells, inputs |",
        "| Synapse models | pair STDP (additive, all-to-all) |",
        "| Plasticity | synapses |",
        "| inputs | Poisson | 4 |",
        "| synapses | inputs | cells | all to all |",
        r"\frac{\mathrm{d}v}{\mathrm{d}t} &= \frac{E_{\mathrm{L}} - v}{\tau_{\mathrm{m}}} && \text{in V, ",
        r"\text{spike where}\quad & v > - 50\, \mathrm{mV}",
        r"\text{at each spike:}\quad v &\leftarrow E_{\mathrm{L}}",
        r"\mathrm{gain} &\leftarrow \mathrm{gain} + 1",
        r"\text{refractory for}\quad & \text{2. ms}",
        r"\frac{\mathrm{d}\mathrm{pair\_x}}{\mathrm{d}t} &= - \frac{\mathrm{pair\_x}}{\tau_{\mathrm{plus}}}",
        r"\text{at a presynaptic spike:}\quad",
        r"\text{at a postsynaptic spike:}\quad",
        "| spikes | times of each spike of cells |",
        "| trace | v of cells, every 100. us |",
        "| cells | E_L | -65. mV |",
        "| synapses | tau_plus | 16.8 ms |",
        "| cells | gain | 0.0 to 2.0 |",
    ):
        assert wanted in text, wanted
    latex = to_latex(describe(network(), "Mine & yours"))
    assert r"\section*{Mine \& yours}" in latex
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 6
    assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}") == 2
    assert r"cells & E\_L & -65. mV \\" in latex


def test_code_at_each_step_and_at_an_event_is_told(numpy_target):
    sbp_signal = RetrogradeSBP()
    cells = sbp_signal.neurons(2, "v : 1\nu : 1", threshold="v > 1", reset="v = 0", name="cells")
    cells.run_regularly("u = 0.5*u; v += u", dt=2 * ms, when="after_synapses")
    text = to_markdown(describe(Network(cells)))
    assert r"\text{every 2. ms (after\_synapses):}\quad u &\leftarrow 0.5\, u" in text
    assert r"v &\leftarrow u + v" in text
    assert r"\text{then, at each retrograde:}\quad" in text


#: Parts of models: they are described with the network that they are part of.
PARTS = {"cell": "decolle", "readout": "decolle", "rules": "decolle", "first_spike": "stdbp"}


@pytest.mark.parametrize("name", sorted(set(model_files(models.__path__)) - set(PARTS)))
def test_every_model_of_the_list_is_described(name):
    done = sbp("describe", name, *(["--quick"] if name in protocols.models() else []))
    assert done.exit_code == 0, done.output
    text = done.output
    assert text.startswith(f"# {name}"), "its title"
    assert r"\begin{aligned}" in text, "equations"
    assert re.search(r"^## Parameters", text, re.MULTILINE)
    assert text.count("$$") % 2 == 0
    if name == "culture":
        assert text.startswith("# culture, as tao-2000 has it")
        assert "| cells | cells | 900 |" in text


def test_a_part_is_described_with_its_network():
    assert set(PARTS) | set(PARTS.values()) <= set(model_files(models.__path__))
    for part, whole in PARTS.items():
        assert protocols.of_model(part) == protocols.of_model(whole)


def test_a_model_that_numpy_computes_is_told_from_its_file():
    text = '''r"""Mine: a sum.

States ``s`` of :math:`N_i` cells follow

.. math::

    E = \\sum_i s_i

========= ======
learning  gain
========= ======
fast      2 and
          more
========= ======

Source: Nobody 1900, doi:10.1/x.
"""
class Mine:
    """Settings.

    Parameters
    ----------
    n, m : int
        How many, ``2`` at least.

    Raises
    ------
    ValueError
    """
    n: int = 3
'''
    made = told(text, "mine")
    markdown = to_markdown(made)
    assert "States `s` of $N_i$ cells follow" in markdown
    assert "E = \\sum_i s_i" in markdown
    assert "| fast | 2 and more |" in markdown
    assert "| n | int | 3 | How many, 2 at least. |" in markdown
    assert "| m | int |  | How many, 2 at least. |" in markdown
    assert "ValueError" not in markdown
    assert r"\texttt{s} of $N_i$ cells" in to_latex(made)
    with pytest.raises(ExportError, match="mine: the model's file has no docstring"):
        told("a = 1", "mine")
    assert "perceptron is described as its file states it" in refused("describe", "perceptron", "-s", "a=1")


def test_the_command_describes_protocols_and_refuses_what_there_is_not():
    assert sbp("describe", "turrigiano-1998", "--quick").output.startswith("# turrigiano-1998: Two days of changed")
    assert "did you mean 'culture'" in refused("describe", "cultur")
    assert "makes 1 network(s); give --network 1" in refused("describe", "culture", "--quick", "--network", "2")
