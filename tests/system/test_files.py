"""Files are whole or absent; documents are read with one line for what is wrong."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.errors import BadInput
from singularity_lab.system.files import (
    parse_json,
    read_json,
    read_text,
    replacing,
    set_aside,
    write_bytes,
    write_text,
)


def test_a_file_is_what_it_was_after_an_error(tmp_path):
    path = write_text(tmp_path / "a", "before")
    with pytest.raises(RuntimeError), replacing(path) as part:  # noqa: PT012
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_folders_are_made_and_links_followed(tmp_path):
    target = write_bytes(tmp_path / "deep" / "er" / "file", b"one")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_bytes(link, b"two")
    assert link.is_symlink()
    assert target.read_bytes() == b"two"


@settings(max_examples=15)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
    )
)
def test_json_is_read_back(value):
    assert parse_json(json.dumps(value), "document") == value


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{", "is not JSON"),
        ('{"a": 1, "a": 2}', "the key 'a' is given twice"),
        ("[" * 100_000, "nested too deeply"),
        ("", "is not JSON"),
    ],
)
def test_what_is_no_document(text, match):
    with pytest.raises(BadInput, match=rf"^--batch: .*{match}"):
        parse_json(text, "--batch")


def test_what_cannot_be_read_names_the_argument(tmp_path):
    with pytest.raises(BadInput, match=r"^--in: there is no file"):
        read_text(tmp_path / "none", "--in")
    (tmp_path / "latin").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(BadInput, match=r"^--in: "):
        read_text(tmp_path / "latin", "--in")
    with pytest.raises(BadInput, match=r"^--in: "):
        read_text(write_text(tmp_path / "long", "x" * 100), "--in", most=10)
    assert read_json(write_text(tmp_path / "good", "[1]"), "--in") == [1]


def test_a_damaged_file_is_set_aside_under_a_new_name(tmp_path):
    names = [set_aside(write_text(tmp_path / "a", str(i))).name for i in range(3)]
    assert names == ["a.damaged", "a.damaged-2", "a.damaged-3"]
    assert (tmp_path / "a.damaged-2").read_text() == "1"
