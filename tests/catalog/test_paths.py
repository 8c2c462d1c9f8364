"""Where the catalog's data lies."""

import pytest

from singularity_lab.catalog import paths


def test_the_data_of_a_checkout_are_at_its_top(repository):
    folder = paths.catalog_path()
    assert folder == repository / "catalog"
    assert (folder / "references.bib").is_file()
    assert list(folder.glob("*.toml"))


def test_without_data_the_installation_is_called_incomplete(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "a" / "b" / "paths.py"))
    cached = getattr(paths.catalog_path, "cache_clear", None)
    if cached:
        cached()
    try:
        with pytest.raises(FileNotFoundError, match="no catalog data"):
            paths.catalog_path()
    finally:
        if cached:
            cached()
