"""LTP induced at one output of a neuron spreads to its inputs and to its other outputs, and nowhere else.

Tao, Zhang, Bi & Poo 2000, J Neurosci 20:3233-3243, doi:10.1523/JNEUROSCI.20-09-03233.2000: in cultures of hippocampal
neurons, correlated activity of A and B potentiates A->B and with it the glutamatergic and GABAergic inputs of A
(back-propagation) and A's synapses on other glutamatergic cells (presynaptic lateral), but not A's synapses on
GABAergic cells, other inputs of B, outputs of B, nor synapses one step further back. Without postsynaptic spikes or
NMDA receptors nothing changes. The percentages are not known to this project: what is compared is the pattern.

Built in: STDP between glutamatergic cells only, one hop, no lateral spread onto GABAergic cells, none from B's other
inputs for LTP. The sign matrix is therefore a check of consistency, not evidence.

Differs from the paper: pairing is 60 pulses at 1 Hz with the postsynaptic spike 10 ms after the presynaptic one
(numbers unverified, med); all positions are recorded at once instead of in triples; axon length and carrier velocity
are assumptions (see `sbp_brian.models.circuits.culture_sbp`).
"""

from __future__ import annotations

import numpy as np
from brian2 import ms

from sbp_brian.experiments.protocol import Context, Parameter, Protocol, Source
from sbp_brian.models.circuits import SPREAD, culture_sbp
from sbp_brian.protocols.biology.experiment import Experiment
from sbp_brian.protocols.biology.ltp import INDUCED, conditions
from sbp_brian.protocols.biology.reporting import PAIRING, TABLE_COLUMNS, report_change, timeline

__all__ = ["CONTROLS", "MATRIX", "PROTOCOL"]

READ = "read: abstract; percentage not known"
OWN = "control of the model"

#: synapse -> (where it lies, what is reported)
MATRIX = {
    "A->B": ("induced", "up"),
    "I->A": ("back, glutamatergic input", "up"),
    "J->A": ("back, GABAergic input", "up"),
    "A->C": ("presynaptic lateral", "up"),
    "A->G": ("lateral, GABAergic target", "none"),
    "D->B": ("postsynaptic lateral", "none"),
    "B->E": ("forward", "none"),
    "H->I": ("secondary, one step further back", "none"),
}
#: condition -> (what is expected of some synapses, provenance)
CONTROLS = {
    "NMDA receptors blocked": ({s: "none" for s in ("A->B", "I->A", "J->A", "A->C")}, READ),
    "no postsynaptic spikes": ({s: "none" for s in ("A->B", "I->A", "J->A", "A->C")}, READ),
    "pairing with a GABAergic target": ({s: "none" for s in ("A->G", "I->A", "J->A", "A->C")}, READ),
    "retrograde signal blocked": ({"A->B": "up"} | {s: "none" for s in ("I->A", "J->A", "A->C")}, OWN),
}


def run(context: Context) -> None:
    """Induce LTP at A->B in the nine-cell circuit, run the controls, and report all positions."""
    p = context.parameters
    experiment = Experiment(SPREAD, context.target, timeline(p), culture_sbp(tick=p.tick))
    tried = conditions(p.interval)
    with context.progress("nine-cell circuit") as bar:
        recordings = experiment.run(tried, seeds=p.seeds, seed=context.seed, progress=bar)
    report(context, recordings, float(p.interval / ms), p.pairs)
    names = [condition.name for condition in tried]
    context.array("minutes", recordings.minutes, "min")
    context.array("conditions", np.array(names))
    context.array("synapses", np.array(SPREAD.synapses))
    context.array("course", np.array([recordings.course(INDUCED, s) for s in SPREAD.synapses], dtype=np.float32))
    context.array("changes", np.array([[recordings.change(n, s) for s in SPREAD.synapses] for n in names]))
    context.array("noise_free", np.array([[recordings.noise_free(n, s) for s in SPREAD.synapses] for n in names]))


def report(context: Context, recordings, interval_ms: float, pairs: int) -> None:
    """The sign matrix, the size of back-propagation, and the controls."""
    expected = [pattern for _, pattern in MATRIX.values()] + [e for row, _ in CONTROLS.values() for e in row.values()]
    statements = expected.count("none")
    rows = []
    for synapse, (_, pattern) in MATRIX.items():
        standard = synapse == "A->B" and (interval_ms, pairs) == (10, 60)
        rows.append(
            report_change(
                context,
                synapse,
                recordings,
                INDUCED,
                synapse,
                pattern,
                READ,
                statements=statements,
                band=(0.378, 0.478) if standard else None,
            )
        )
    agreeing = sum(row[-1] in ("within", "pattern only") for row in rows)
    context.metric(
        "signs_agreeing", agreeing, n=len(MATRIX), paper_value=len(MATRIX), band=(8, 8), provenance="read: abstract"
    )
    induced = recordings.change(INDUCED, "A->B").mean()
    for synapse in ("I->A", "J->A"):
        context.metric(
            f"{synapse} / A->B",
            recordings.change(INDUCED, synapse).mean() / induced,
            band=(0.3, 1.0),
            provenance="not known; project's acceptance band",
        )
    context.table("spread of LTP", (*TABLE_COLUMNS, "position"), [[*row, MATRIX[row[0]][0]] for row in rows])
    rows = [
        report_change(
            context, f"{synapse}, {name}", recordings, name, synapse, pattern, provenance, statements=statements
        )
        for name, (patterns, provenance) in CONTROLS.items()
        for synapse, pattern in patterns.items()
    ]
    context.table("controls", TABLE_COLUMNS, rows)
    passed = sum(row[-1] != "outside" for row in rows)
    change = {s: recordings.change(INDUCED, s).mean() for s in MATRIX}
    context.summary(
        f"LTP of {change['A->B']:+.0%} at A->B spread to the inputs of A ({change['I->A']:+.0%} glutamatergic, "
        f"{change['J->A']:+.0%} GABAergic) and to its other glutamatergic target ({change['A->C']:+.0%}); {agreeing} "
        f"of {len(MATRIX)} positions agree with the paper in sign, {passed} of {len(rows)} control statements hold."
    )
    context.note(
        "Built in: STDP between glutamatergic cells only, one hop, no lateral spread onto GABAergic cells, "
        "no postsynaptic-lateral arm for LTP. Agreement in sign is a check of consistency, not evidence."
    )
    context.note(
        "Sizes follow from choices: saturation +60 %, rate 1.4, lateral arm 0.8; axon 150 um and velocity 1 "
        "um/s are assumptions. The paper's percentages are not known to this project, so rows are compared "
        "by pattern; the band of A->B is that of the STDP window (see bi-poo-1998)."
    )
    context.note(
        "Measured 20 to 30 min after pairing with test pulses of 0.05 Hz that change nothing; 'no change' "
        "allows for EPSC noise (CV 0.15) so that all such statements hold together with 99.9 %."
    )


PROTOCOL = Protocol(
    name="tao-2000",
    title="Which synapses change when LTP is induced at one output of a neuron",
    source=Source("Tao, Zhang, Bi & Poo (2000) J Neurosci 20:3233", "10.1523/JNEUROSCI.20-09-03233.2000"),
    parameters={
        "interval": Parameter(10.0, unit="ms", help="from the presynaptic to the postsynaptic spike"),
        **PAIRING,
    },
    run=run,
    quick={"seeds": 20},
    full={"seeds": 100},
    figures=("tao-2000",),
)
