"""A protocol in a user's own file: no network, every outcome a command can meet."""

import time

import numpy as np

from sbp_brian.experiments.protocol import Parameter, Protocol, Source


def run(context):
    p = context.parameters
    (context.folder / "checkpoint").write_text("epoch 1")
    with context.progress("pairing") as bar:
        bar(0.5, 0.1)
        if p.wait:
            print("waiting", flush=True)
            time.sleep(p.wait)
    if p.outcome == "fail":
        raise RuntimeError("the cell died\nof boredom")
    context.metric("A->B", 0.43, spread=0.08, n=10, paper_value=0.4, band=(0.3, 0.6), provenance="read: figure 1")
    context.metric("I->A", -0.2 if p.outcome == "wrong" else 0.2, pattern="up", provenance="read: abstract")
    context.metric("test_accuracy", float("nan") if p.outcome == "nan" else 0.9812)
    context.array("window", np.linspace(-0.3, 0.7, p.pairs))
    context.table("Accuracy by epoch", ["epoch", "accuracy"], [[1, 0.9], [2, 0.98]])
    context.note("MNIST (embedded sample of 5,000), train split: 4,000 images")
    context.summary("The synapse grows by 43 %.")
    context.timing(samples_per_s=6650)


PROTOCOL = Protocol(
    name="demo",
    title="A demonstration <without> a network",
    source=Source("Nobody (1900)", "10.1000/demo"),
    run=run,
    parameters={
        "pairs": Parameter(60, minimum=1, maximum=1000, help="Number of pairings."),
        "delay": Parameter(10.0, unit="ms", minimum=0.0, help="Between the two spikes."),
        "wait": Parameter(0.0),
        "outcome": Parameter("good", choices=("good", "wrong", "nan", "fail")),
    },
    quick={"pairs": 5},
    full={"pairs": 500},
)
