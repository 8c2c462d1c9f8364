"""Where the catalog's data lies: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

import os
from pathlib import Path


def in_package() -> bool:
    """True if the catalog's data lies inside an installed package, which is nobody's to change."""
    return catalog_path().parent == Path(__file__).resolve().parents[1]


def catalog_path() -> Path:
    """The folder of the catalog: one TOML file per family, and ``references.bib``.

    It is the folder that the variable ``SINGLAB_CATALOG`` names, where that is set: a copy to which
    rows are added. Else a wheel carries the data as ``singularity_lab/_catalog``; a checkout, and
    an editable install of it, has it at the top level.

    Raises FileNotFoundError if neither is there: the installation is incomplete; and if the folder
    that is named has no ``references.bib``.

    >>> (catalog_path() / "references.bib").is_file()
    True
    """
    if chosen := os.environ.get("SINGLAB_CATALOG"):
        if (Path(chosen) / "references.bib").is_file():
            return Path(chosen).resolve()
        raise FileNotFoundError(
            f"SINGLAB_CATALOG: {chosen} is no catalog: it has no references.bib"
        )
    package = Path(__file__).resolve().parents[1]
    places = (package / "_catalog", package.parent / "catalog")
    for place in places:
        # The bibliography tells the catalog from any other folder of that name in site-packages.
        if (place / "references.bib").is_file():
            return place
    raise FileNotFoundError(
        f"no catalog data: neither {places[0]} nor {places[1]} has a references.bib; "
        "install singularity-lab again, or work in a complete checkout"
    )
