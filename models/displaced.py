"""Samples displaced by a random number of pixels each way while there is a teacher: code of input cells."""

from __future__ import annotations

__all__ = ["LINES", "READ", "VARIABLES"]

#: Besides ``x``, ``teacher_on`` and ``jitter``, the largest displacement.
VARIABLES = """
to_right : 1 (shared)    # displacement of this sample, in pixels
down : 1 (shared)
column : 1
"""
#: How x is read, once ``teacher_on`` is known.
LINES = (
    "to_right = teacher_on*(floor((2*jitter + 1)*rand()) - jitter)",
    "down = teacher_on*(floor((2*jitter + 1)*rand()) - jitter)",
    "x = sample_value(shown(t), int(clip(i - to_right - width*down, 0, N - 1)))"
    "*int(column >= to_right and column - to_right < width)*int(i >= width*down and i - width*down < N)",
)
READ = "\n".join(["teacher_on = teaching(t)", *LINES])
