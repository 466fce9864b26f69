#!/bin/sh
# setup_cuda.sh PYTHON: install what target 'cuda' needs: brian2cuda and the headers of thrust, with which CUDA programs
# are carried out on the CPU; and where nvcc is, curand, if the toolkit has none. A lack is told and is no failure: all
# other targets work without.
python=$1
pip() { "$python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip --editable '.[cuda-on-cpu]' || { echo "Target 'cuda' is left out: brian2cuda could not be installed here" >&2; exit 0; }
"$python" -c 'import sys; from sbp_brian.targets.cuda.toolkit import find_nvcc; sys.exit(find_nvcc() is None)' || exit 0
lack=$("$python" -c '
from sbp_brian.targets.cuda.toolkit import curand, curand_package, toolkit
try:
    curand(toolkit())
except Exception:
    print(curand_package(toolkit()))')
[ -z "$lack" ] || pip "$lack" || echo "Target 'cuda' lacks curand: $lack could not be installed here" >&2
exit 0
