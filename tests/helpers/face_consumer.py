"""A user's script that uses every name of the public face; it is type-checked, and never run."""

from __future__ import annotations

from typing import Any, assert_type

import sbp_brian as sbp


def rules() -> list[sbp.SynapseRule]:
    assert_type(sbp.pair_stdp(transmit="g_post += w"), sbp.SynapseRule)
    assert_type(sbp.SynapseRule("w : 1") + sbp.pair_stdp(), sbp.SynapseRule)
    sbp.Regular("w = w", 1.0)
    return [
        sbp.pair_stdp(),
        sbp.triplet_stdp(),
        sbp.teacher_stdp(learning_rate=0.1),
        sbp.short_term_plasticity(U=0.5, tau_rec=0.8),
        sbp.synaptic_scaling(target_rate=5.0, tau_scaling=1.0),
    ]


def shared(cells: Any, others: Any) -> sbp.Kernels:
    convolution = sbp.Convolution(sbp.Maps(2, 8, 8), 4, kernel=3, padding=1)
    assert_type(convolution.target, sbp.Maps)
    return sbp.SynapseRule("w : 1", on_pre={"pre": "g_post += w"}).kernels(cells, others, convolution)


def cells() -> list[sbp.NeuronModel]:
    assert_type(sbp.lif_current() + sbp.firing_rate(), sbp.NeuronModel)
    return [
        sbp.lif_current(),
        sbp.lif_conductance(),
        sbp.soft_reset(),
        sbp.firing_rate(),
        sbp.relpsp(),
        sbp.homeostatic_v(),
        sbp.threshold_homeostasis(),
    ]


def signals() -> list[sbp.RetrogradeSBP]:
    signal = sbp.RetrogradeSBP(emission=sbp.Emission("bit", noise=1.0), transport=sbp.Chain(), lambda_f=0.5)
    assert_type(signal.emitting(sbp.pair_stdp()), sbp.SynapseRule)
    assert_type(signal.receiving(sbp.SynapseRule("w : 1")), sbp.SynapseRule)
    return [signal, *(sbp.RetrogradeSBP(transport=t) for t in (sbp.Delay(0.1), sbp.Window()))]


def results(simulation: sbp.Simulation) -> sbp.Result:
    sbp.use("numpy")
    return simulation.run(seed=1)


def trained(training: sbp.Training, samples: sbp.Samples) -> None:
    training.run(3)
    training.evaluate(samples.test)


def experiment() -> None:
    protocol = sbp.Protocol(
        name="mine",
        title="An experiment of my own",
        source=sbp.Source("Nobody (1900)"),
        parameters={"pairs": sbp.Parameter(60, minimum=1)},
        run=lambda context: context.metric("change", 0.3),
    )
    record = sbp.execute(protocol, target="numpy", seed=1, out="results")
    assert_type(record.seed, int)
    for found in sbp.read_records("results"):
        print(found.protocol, found.parameters)


def rooms() -> str:
    try:
        sbp.datasets.load_mnist("test")
        sbp.models.SBPNetwork(64, 20, 10)
    except sbp.errors.DatasetError as error:
        return str(error)
    assert_type(sbp.__version__, str)
    return sbp.__version__
