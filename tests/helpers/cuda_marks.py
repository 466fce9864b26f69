"""Marks of tests that need what compiles for CUDA, or what carries a CUDA program out on the CPU, and no GPU."""

import pytest

from tests.helpers.cuda_lack import cuda_lack, on_cpu_lack, thrust_lack

LACK = cuda_lack()
needs_cuda = [pytest.mark.cuda, pytest.mark.skipif(bool(LACK), reason=f"CUDA tests did not run: {LACK}")]
ON_CPU_LACK = on_cpu_lack()
#: For tests of the executor alone: it needs a compiler and the headers of thrust.
thrust_there = pytest.mark.skipif(bool(thrust_lack()), reason=f"CUDA tests did not run: {thrust_lack()}")


def cuda(decorated):
    """Put both marks on a test."""
    for mark in needs_cuda:
        decorated = mark(decorated)
    return decorated


needs_cuda_on_cpu = [
    pytest.mark.skipif(bool(ON_CPU_LACK), reason=f"CUDA tests did not run: {ON_CPU_LACK}"),
    pytest.mark.cuda,
]


def cuda_on_cpu(decorated):
    """Put the marks of a CUDA program that is carried out on the CPU on a test."""
    for mark in needs_cuda_on_cpu:
        decorated = mark(decorated)
    return decorated
