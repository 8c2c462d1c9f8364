"""Where the catalog's data lies: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

import os
from pathlib import Path

from singularity_lab.errors import BadInput


def in_package() -> bool:
    """True if the catalog's data lies inside an installed package, which is nobody's to change."""
    return catalog_path().parent == Path(__file__).resolve().parents[1]


def catalog_path() -> Path:
    """The folder of the catalog: one TOML file per family, and ``references.bib``.

    It is the folder that the variable ``SINGLAB_CATALOG`` names, where that is set: a copy to which
    rows are added, or rows of one's own alone (then ``references.bib`` is needed for claims of
    papers only). Else a wheel carries the data as ``singularity_lab/_catalog``; a checkout, and
    an editable install of it, has it at the top level.

    Raises FileNotFoundError if neither is there: the installation is incomplete. Raises BadInput if
    the folder that is named has neither ``references.bib`` nor a TOML file.

    >>> (catalog_path() / "references.bib").is_file()
    True
    """
    if chosen := os.environ.get("SINGLAB_CATALOG"):
        folder = Path(chosen)
        if (folder / "references.bib").is_file() or any(folder.glob("*.toml")):
            return folder.resolve()
        where = "" if folder.is_absolute() else f" (in {Path.cwd()})"
        raise BadInput(
            "SINGLAB_CATALOG: a folder with a TOML file for each family is needed, received "
            f"{chosen}{where}"
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
