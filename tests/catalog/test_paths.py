"""Where the catalog's data lies."""

import re

import pytest

from singularity_lab.catalog import paths
from singularity_lab.catalog.load import entries
from singularity_lab.errors import BadInput


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


def test_a_copy_of_the_catalog_may_be_named(monkeypatch, tmp_path, repository):
    """Rows can be added where the package is nobody's to change; errors name the folder."""
    (tmp_path / "references.bib").write_text("", encoding="utf-8")
    monkeypatch.setenv("SINGLAB_CATALOG", str(tmp_path))
    assert paths.catalog_path() == tmp_path.resolve()
    assert not paths.in_package()
    with pytest.raises(BadInput, match=re.escape(str(tmp_path))):
        entries(family="folds")
    monkeypatch.setenv("SINGLAB_CATALOG", str(tmp_path / "none"))
    with pytest.raises(BadInput, match="SINGLAB_CATALOG"):
        paths.catalog_path()
