#!/bin/sh
# Print a Python that can run sbp_brian (3.12 or newer, with venv), or say in one sentence what to install.
good() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}
for name in python3.12 python3.13 python3.14 python3 python; do
    if good "$name"; then
        command -v "$name"
        exit 0
    fi
done
root="${PYENV_ROOT:-$HOME/.pyenv}"
for wanted in 3.12 3.13 3.14; do
    for python in "$root"/versions/"$wanted"*/bin/python; do
        if good "$python"; then
            echo "$python"
            exit 0
        fi
    done
done
echo "sbp_brian needs Python 3.12 or newer with venv: install it (for example 'apt install python3.12-venv' or" \
     "'pyenv install 3.12'), or name one with 'make PYTHON=/path/to/python ...'." >&2
exit 1
