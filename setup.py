"""What is installed stands in setup.cfg; here an older Python is told what is wrong, before anything else."""

import sys

if sys.version_info < (3, 12):  # noqa: UP036
    sys.exit(
        "sbp_brian needs Python 3.12 or newer, and this is {}.{}: make an environment with a newer one, for example "
        "'python3.12 -m venv env' and 'env/bin/pip install .', or 'conda env create -f environment.yml'.".format(
            *sys.version_info
        )
    )

import setuptools

setuptools.setup()
