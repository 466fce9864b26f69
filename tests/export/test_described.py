"""Equations as LaTeX and a paper's tables, read from the objects of a network."""

from brian2 import Hz, Network, NeuronGroup, PoissonGroup, SpikeMonitor, StateMonitor, ms, mV

from sbp_brian import pair_stdp
from sbp_brian.export.described import describe, to_latex, to_markdown
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
    ):
        assert wanted in text, wanted
    latex = to_latex(describe(network(), "Mine & yours"))
    assert r"\section*{Mine \& yours}" in latex
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 6
    assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}") == 2
    assert r"cells & E\_L & -65. mV \\" in latex


def test_the_command_describes_models_and_protocols():
    done = sbp("describe", "culture", "--quick")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("# culture, as tao-2000 has it")
    assert "| cells | cells | 900 |" in done.output
    assert "did you mean 'culture'" in refused("describe", "cultur")
    assert "makes 1 network(s); give --network 1" in refused("describe", "culture", "--quick", "--network", "2")
