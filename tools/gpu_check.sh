#!/bin/sh
# The day a GPU is lent: parity of four networks, 1, 16 and 256 flagships side by side, a short list of the catalogue and
# the benchmark, in under eight minutes.
#   sh tools/gpu_check.sh pack [DIR]     with a network: all that is needed into DIR (gpu-wheels), as wheels
#   sh DIR/gpu_check.sh run [OUT] [...]  without one, on the machine with the GPU: the record is OUT/gpu.json
# The wheels are for Python 3.12 on Linux, x86-64, and CUDA 13. Further words go to `python -m campaigns.gpu`; --on-cpu
# tries all of it without a GPU. The digits are carried along.
set -e
here=$(cd "$(dirname "$0")" && pwd)
case "$1" in
pack)
    cd "$here/.."
    python=${PYTHON:-.venv/bin/python}
    to=${2:-gpu-wheels}
    data=$("$python" -c 'from sbp_brian.datasets import catalogue, lookup
print(lookup.locate(catalogue.entry("mnist")) or "")')
    [ -n "$data" ] || { echo "the data set mnist is not here: .venv/bin/sbp data fetch mnist" >&2; exit 1; }
    mkdir -p "$to/check" "$to/data/mnist"
    cp -f "$data"/* "$to/data/mnist"
    "$python" -m pip wheel --quiet --disable-pip-version-check --wheel-dir "$to" '.[cuda,cuda-on-cpu]' nvidia-curand
    git rev-parse --short HEAD >"$to/commit"
    cp tools/gpu_check.sh tools/find_python.sh "$to"
    cp -R campaigns tests "$to/check"
    du -sh "$to"
    ;;
run)
    out=${2:-gpu-check}
    mkdir -p "$out"
    out=$(cd "$out" && pwd)
    [ $# -lt 2 ] && shift 1 || shift 2
    python=${PYTHON:-$(sh "$here/find_python.sh")}
    place=$(mktemp -d)
    trap 'rm -rf "$place"' EXIT
    "$python" -m venv "$place/venv"
    "$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "$here" \
        'sbp_brian[cuda,cuda-on-cpu]' nvidia-curand
    cd "$here/check"
    SBP_DATA=$here/data SBP_CACHE=${SBP_CACHE:-$place/cache} "$place/venv/bin/python" -m campaigns.gpu --out "$out" \
        --commit "$(cat "$here/commit")" "$@"
    ;;
*)
    echo "usage: sh tools/gpu_check.sh pack [DIR], sh DIR/gpu_check.sh run [OUT] [--on-cpu] [--minutes M]" >&2
    exit 2
    ;;
esac
