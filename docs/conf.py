"""How the site is built: `make docs`, or `make docs-check` without running its networks and notebooks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE / "_ext"), str(ROOT)]  # the extensions below; the networks of examples/

import galleries  # noqa: E402

from sbp_brian._version import __version__  # noqa: E402

project, author, version, release = "sbp_brian", "The sbp_brian developers", __version__, __version__
project_copyright = f"2026, {author}"
root_doc = "index"
exclude_patterns = ["_ext", "_static", "upstream", "**.ipynb_checkpoints", "networks/*.ipynb", "figures/*.ipynb"]

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "dois",
    "made_numbers",
    "mathml",
]

# pages
myst_enable_extensions = ["amsmath", "attrs_block", "colon_fence", "deflist", "dollarmath", "substitution"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
html_math_renderer = "mathml"
suppress_warnings = [
    "config.cache",
    "myst.header",
]  # the gallery's own order; pages of the repository begin at any level

os.environ.pop("MPLBACKEND", None)  # which would keep the pictures out of the notebooks
# what is carried out: everything by `make docs`, nothing by `make docs-check`
RUNS = os.environ.get("SBP_DOCS_RUN", "1") == "1"
nb_execution_mode = "cache" if RUNS else "off"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_cache_path = str(ROOT / "build" / "notebooks")

# links to other places (`make links`): what stands behind a login or refuses programs cannot be asked
linkcheck_timeout, linkcheck_workers, linkcheck_retries = 20, 4, 2
linkcheck_allowed_redirects = {r"https://doi\.org/.*": r"https?://.*"}
linkcheck_report_timeouts_as_broken = True

# the public face
autosummary_generate = True
autosummary_imported_members = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

# the gallery
STAGED, RECORDS = ROOT / "build" / "gallery", Path(os.environ.get("SBP_DOCS_RECORDS", ROOT / "build" / "records"))
galleries.networks(STAGED / "networks", ROOT / "examples")
galleries.pictures(STAGED / "figures", RECORDS, RUNS)
sphinx_gallery_conf = {
    "examples_dirs": [str(STAGED / "networks"), str(STAGED / "figures")],
    "gallery_dirs": ["networks", "figures"],
    "filename_pattern": r"\.py$",
    "plot_gallery": RUNS,
    "image_scrapers": (galleries.scraper,),
    "reset_modules": (),
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "within_subsection_order": "FileNameSortKey",
    "min_reported_time": 10_000,
}

# looks
html_theme = "furo"
html_title = f"sbp_brian {__version__}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
