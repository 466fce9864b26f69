"""Parameters that several models declare alike. None: the task's own value, or the model's."""

from __future__ import annotations

from sbp_brian.experiments.protocol import Above, Parameter

__all__ = [
    "AVERAGE",
    "BATCH",
    "DECAY",
    "DEFORM",
    "DEPTH",
    "EPOCHS",
    "HIDDEN",
    "JITTER",
    "LAMBDA_F",
    "LAMBDA_P",
    "rate",
    "share",
]

EPOCHS = Parameter(None, kind=int, minimum=1, maximum=10_000, help="times all training samples are shown")
HIDDEN = Parameter(None, kind=int, minimum=1, maximum=100_000, help="cells of each hidden layer")
DEPTH = Parameter(1, minimum=1, maximum=8, help="hidden layers")
DECAY = Parameter(
    None,
    kind=float,
    minimum=0.01,
    maximum=1.0,
    help="factor on learning rates after each epoch",
    needs={"epochs": Above(1)},
)
BATCH = Parameter(None, kind=int, minimum=1, maximum=100_000, help="samples between two changes of the weights")
AVERAGE = Parameter(
    None,
    kind=int,
    minimum=1,
    maximum=1000,
    help="epochs whose last weights are averaged for the test",
    needs={"epochs": Above(1)},
)
DEFORM = {
    "elastic": Parameter(
        0.0,
        minimum=0.0,
        maximum=10.0,
        help="root of the mean square of a random elastic deformation of training images, which adds to the data",
    ),
    "elastic_smooth": Parameter(
        4.0,
        minimum=0.1,
        maximum=100.0,
        help="pixels over which it is smooth: standard deviation of a Gaussian",
        needs={"elastic": Above(0)},
    ),
    "rotate": Parameter(0.0, minimum=0.0, maximum=180.0, help="degrees by which training images are turned, at most"),
    "stretch": Parameter(
        0.0,
        minimum=0.0,
        maximum=0.9,
        help="share by which training images are stretched, squeezed and sheared, at most",
    ),
}
JITTER = Parameter(
    0,
    minimum=0,
    maximum=10,
    help="pixels by which training images are displaced at random, which adds to the data",
)
LAMBDA_P = Parameter(1.0, minimum=0.001, maximum=1.0, help="share of input synapses that take part", one_program=True)
LAMBDA_F = Parameter(1.0, minimum=0.0, maximum=1.0, help="share of the signal that they express")


def rate(of: str, needs=()) -> Parameter:
    """A learning rate; `of` says what learns by it."""
    return Parameter(None, kind=float, minimum=0.0, maximum=1e6, help=f"learning rate of {of}", needs=needs)


def share(help: str, needs=()) -> Parameter:
    """A share of something that is lost in training."""
    return Parameter(None, kind=float, minimum=0.0, maximum=0.99, help=help, needs=needs)
