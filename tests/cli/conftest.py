"""What tests of commands share: a cache of their own, and a wide terminal."""

import pytest


@pytest.fixture
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SINGLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("COLUMNS", "160")
