"""Samples displaced by a random number of pixels each way while there is a teacher: code of input cells."""

from __future__ import annotations

__all__ = ["READ", "VARIABLES", "check"]

#: Besides ``x``, ``teacher_on`` and ``jitter``, the largest displacement.
VARIABLES = """
to_right : 1 (shared)    # displacement of this sample, in pixels
down : 1 (shared)
column : 1
"""
READ = """
teacher_on = teaching(t)
to_right = teacher_on*(floor((2*jitter + 1)*rand()) - jitter)
down = teacher_on*(floor((2*jitter + 1)*rand()) - jitter)
x = sample_value(shown(t), int(clip(i - to_right - width*down, 0, N - 1)))\
*int(column >= to_right and column - to_right < width)*int(i >= width*down and i - width*down < N)"""


def check(name: str, pixels: int, width: int, n_input: int) -> None:
    """Refuse a displacement, called `name`, that rows of `width` pixels cannot have."""
    if pixels < 0 or (pixels and (width < 1 or n_input % width)):
        raise ValueError(f"{name} needs 0 or more pixels, and rows of a width that divides the {n_input} inputs; got "
                         f"{name}={pixels}, width={width}")
