"""The data of the page as scripts: what is written is read back, in groups of a size."""

import pytest
from atlas_pages import put
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.atlas.shards import by_size, write_packed, write_plain


@pytest.mark.parametrize("write", [write_plain, write_packed])
@pytest.mark.parametrize("payload", [{"a": [1, "λ", None]}, [], {"x": "y" * 5000}])
def test_what_is_written_is_read_back(write, payload, tmp_path):
    size = write(tmp_path, "name", payload)
    assert (tmp_path / "name.js").stat().st_size == size
    assert put(tmp_path / "name.js") == ("name", payload)


def test_packed_data_are_smaller(tmp_path):
    payload = {"x": ["the same words"] * 500}
    assert write_packed(tmp_path, "a", payload) < write_plain(tmp_path, "b", payload) / 5


@settings(max_examples=20)
@given(st.lists(st.text(max_size=20), max_size=8), st.integers(5, 60))
def test_groups_keep_order_and_size(texts, most):
    items = [(f"k{i}", t) for i, t in enumerate(texts)]
    groups = list(by_size(iter(items), most))
    assert [pair for group, _ in groups for pair in group.items()] == items
    assert all(size <= most or len(group) == 1 for group, size in groups)
