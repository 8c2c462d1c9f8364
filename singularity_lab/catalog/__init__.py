"""The catalog: rows of models with points, claims of papers, and checks. ``catalog/*.toml`` holds
the data."""

from singularity_lab.catalog.entry import Claim, Entry
from singularity_lab.catalog.load import CatalogFamily, entries, families, load

__all__ = ["CatalogFamily", "Claim", "Entry", "entries", "families", "load"]
