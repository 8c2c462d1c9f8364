"""Sphinx configuration: Furo, MyST for pages and notebooks, autodoc for the reference."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import singularity_lab

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # catalog_tables.py, device_tables.py, plain_mathematics.py

project = "singularity_lab"
author = "the singularity_lab contributors"
copyright = f"2026, {author}"
release = singularity_lab.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "catalog_tables",
    "device_tables",
    "offline_mathematics",
    "plain_mathematics",
]
exclude_patterns = ["_build", "jupyter_execute"]
html_theme = "furo"
html_title = "singularity_lab"
html_math_renderer = "mathml"  # of offline_mathematics.py: no script, nothing from a server

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3  # pages link to sections: theory.md#blowup
nb_execution_mode = "off"  # `make notebooks` executes them; the site shows the outputs on file
autodoc_member_order = "bysource"
autodoc_typehints = "signature"

# Notebooks live at the top level, where people look for them; Sphinx wants its pages below docs/.
shutil.rmtree(HERE / "notebooks", ignore_errors=True)
shutil.copytree(HERE.parent / "notebooks", HERE / "notebooks")

# A page for each family of the catalog, of its data.
import family_pages  # noqa: E402 - found through the path above

shutil.rmtree(HERE / "families", ignore_errors=True)
family_pages.write(HERE / "families")
