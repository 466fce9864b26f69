"""``model=stdbp_conv``: training by single spike times with a first layer of shared kernels.

Source: as ``model=stdbp``, Zhang M. et al. 2022, IEEE TNNLS 33:1947, doi:10.1109/TNNLS.2021.3110991.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sbp_brian.errors import ParameterError
from sbp_brian.experiments.protocol import Context, Parameter, Parameters
from sbp_brian.models.stdbp import options
from sbp_brian.models.stdbp.conv import ConvSTDBP
from sbp_brian.models.stdbp.network import EMISSION
from sbp_brian.protocols.benchmarks.learners import stdbp
from sbp_brian.protocols.benchmarks.learning import Data, Outcome

__all__ = ["LEARNER"]

PARAMETERS = {
    "maps": Parameter(None, kind=int, minimum=1, maximum=1000, help="kernels, and maps of the first hidden layer"),
    "kernel": Parameter(None, kind=int, minimum=1, maximum=28, help="pixels of a kernel's side"),
    "stride": Parameter(None, kind=int, minimum=1, maximum=28, help="pixels between neighbouring patches"),
    "pooling": Parameter(
        None, kind=int, minimum=1, maximum=28, help="side of windows of which the earliest spike goes on; 1: none"
    ),
    "dense": Parameter(
        None, kind=int, minimum=0, maximum=100_000, help="cells of a dense hidden layer behind the kernels; 0: none"
    ),
    **{
        name: stdbp.PARAMETERS[name]
        for name in ("epochs", "rate_hidden", "rate_output", "decay", "average", "optimiser", "drop_input", "jitter")
    },
}


class ConvolutionalLearner(stdbp.STDBPLearner):
    """The networks of `sbp_brian.models.stdbp.conv`."""

    name = "stdbp_conv"
    usual = ("jitter", "maps", "kernel", "stride", "pooling", "dense")
    parameters = PARAMETERS
    called: Mapping[str, str] = {"size": "kernel"}

    def own(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The model's defaults."""
        names = ("rate_hidden", "rate_output", "optimiser", "maps", "stride", "pooling")
        known = {name: getattr(ConvSTDBP, name) for name in names}
        return {"average": 1, "drop_input": options.Dropout().input, "kernel": ConvSTDBP.size, "dense": 0, **known}

    def check(self, p: Parameters, target: str) -> None:
        """See `Learner.check`; also what CUDA and a signal cannot do."""
        if target == "cuda":
            raise ParameterError(
                "model=stdbp_conv takes spikes in their exact order, and CUDA all at once; choose another target, or "
                "model=stdbp with a step"
            )
        if p.average > p.epochs:
            raise ParameterError(
                f"average={p.average} is more than the {p.epochs} epochs there are; take at most these"
            )
        for name, none in (("pooling", 1), ("dense", 0)):
            if p.learning in EMISSION and p[name] != none:
                raise ParameterError(
                    f"learning={p.learning} reports one synapse back, from the outputs to the cells of the kernels, "
                    f"and {name}={p[name]} puts others between; leave {name} at {none}"
                )

    def network(self, p: Parameters, data: Data, seed: int, settings: Mapping[str, Any]) -> ConvSTDBP:
        """The network that the parameters ask for."""
        asked = {name: p[name] for name in ("learning", "rate_hidden", "rate_output", "optimiser")}
        kernels = {"maps": p.maps, "size": p.kernel, "stride": p.stride, "pooling": p.pooling}
        image = settings["image"]
        first = ConvSTDBP.first_layer(image, **kernels)
        layers = (data.samples.images.shape[1], first, *([p.dense] if p.dense else []), data.samples.classes)
        chosen = [
            options.Dropout(input=p.drop_input) if p.drop_input else None,
            options.Displacement(p.jitter) if p.jitter else None,
        ]
        return ConvSTDBP(
            layers, width=image[1], options=tuple(filter(None, chosen)), **{**asked, **kernels, **settings}
        )

    def operations(self, outcome: Outcome, spikes: Mapping[str, float]) -> float:
        """A pixel reaches the cells whose patches hold it, the others all cells of the next layer."""
        network, samples = outcome.plan.network, outcome.plan.samples
        first = ((samples.images[samples.test] > 0) @ network.convolution.fan_out()).mean()
        behind = zip(network.names[1:-1], network.layers[2:], strict=True)
        return float(first) + sum(spikes[name] * cells for name, cells in behind)

    def arrays(self, context: Context, outcome: Outcome) -> None:
        """The kernels before and after learning, too, of shape (maps, height, width)."""
        super().arrays(context, outcome)
        convolution, training = outcome.plan.network.convolution, outcome.training
        for name, values in (("before", training.model.initial(training.seed)), ("after", training.learned)):
            context.array(f"kernels_{name}", convolution.array(values["kernels.w"])[:, 0])

    def says(self, context: Context, outcome: Outcome) -> tuple[str, str]:
        """With the kernels."""
        told, more = super().says(context, outcome)
        network = outcome.plan.network
        return f"{told} with {network.maps} kernels of {network.size} x {network.size}", more


LEARNER = ConvolutionalLearner()
