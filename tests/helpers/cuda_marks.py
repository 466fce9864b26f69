"""Marks of tests that need what compiles for CUDA, and no GPU."""

import pytest

from tests.helpers.cuda_lack import cuda_lack

LACK = cuda_lack()
needs_cuda = [pytest.mark.cuda, pytest.mark.skipif(bool(LACK), reason=f"CUDA tests did not run: {LACK}")]


def cuda(decorated):
    """Put both marks on a test."""
    for mark in needs_cuda:
        decorated = mark(decorated)
    return decorated
